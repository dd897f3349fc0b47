//! Turns the joints of one body into a handful of robust numbers, free of opinion; the parent module draws the lines.
//!
//! Lengths are in the performer's own arm or leg length, so that a child and a scaled clip give the same numbers.

use std::ops::{AddAssign, Div};

use draction::{
    figure::{Anatomy, Limb},
    motion::Motion,
};
use glam::Vec3;

/// Smoothing window, seconds: long enough to calm a depth camera, short enough to keep a wave.
pub(super) const SMOOTHING_S: f32 = 0.17;
/// A limb's end must move this far, in limb lengths, before the movement counts: what remains of sensor noise is less.
const DEAD_BAND: f32 = 0.08;
/// Heading is smoothed longer: shoulders sway with every step.
const HEADING_SMOOTHING_S: f32 = 0.5;

/// How one arm or leg moves relative to the trunk: its wrist or ankle, its elbow or knee, whichever moves more.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LimbMeasure {
    /// Path length, in limb lengths, after a dead band.
    pub path: f32,
    /// Diagonal of the box that holds the path, in limb lengths.
    pub extent: f32,
    /// 95th percentile of the speed, in limb lengths per second.
    pub peak_speed: f32,
    /// Of the end's height above the head (arms; limb lengths): the largest, and what a tenth of the time exceeds.
    pub above_head: Option<[f32; 2]>,
    /// The same above the shoulders.
    pub above_shoulder: [f32; 2],
}

/// What is measured of one body.
#[derive(Clone, Debug, PartialEq)]
pub struct Measures {
    /// Length of what was seen, seconds.
    pub seconds: f32,
    /// Left arm, right arm; `None` where the layout lacks them.
    pub arms: Option<[LimbMeasure; 2]>,
    /// Left leg, right leg.
    pub legs: Option<[LimbMeasure; 2]>,
    /// Path of the pelvis along the performer's own axes, `[to the left, forward]`, metres.
    pub travel: [f32; 2],
    /// Height of the person, used as a unit for `travel`, metres.
    pub height: f32,
    /// Turn about the vertical from first to last frame, radians, positive to the performer's left, and the difference
    /// between the largest and the smallest heading.
    pub turn: Option<[f32; 2]>,
    /// How far the foot that moves more is from its first place in the last frame, in leg lengths.
    pub foot: Option<f32>,
    /// Height of the pelvis above the lower ankle, in leg lengths: at the start, at the end, lowest, highest.
    pub pelvis: Option<[f32; 4]>,
}

/// Centred moving average; near the ends the window shrinks on both sides alike, which keeps a moving end in place.
pub(super) fn smooth<T>(values: &[T], radius: usize) -> Vec<T>
where
    T: Copy + Default + AddAssign + Div<f32, Output = T>,
{
    let mean = |t: usize| {
        let r = radius.min(t).min(values.len() - 1 - t);
        let mut sum = T::default();
        for &value in &values[t - r..=t + r] {
            sum += value;
        }
        sum / (2 * r + 1) as f32
    };
    (0..values.len()).map(mean).collect()
}

/// The value that a fraction `q` of the values stays below.
fn quantile(mut values: Vec<f32>, q: f32) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(((values.len() as f32 - 1.0) * q).round().max(0.0) as usize).copied().unwrap_or(0.0)
}

impl Measures {
    /// Measures the motion's main body; `None` when it is not present in two frames.
    pub fn of(motion: &Motion) -> Option<Measures> {
        Some(Observed::of(motion)?.measures())
    }
}

/// How one joint moves, in limb lengths (and seconds).
struct Moved {
    path: f32,
    extent: f32,
    peak_speed: f32,
}

/// One body of a motion in the frames that show it.
pub(super) struct Observed<'a> {
    pub(super) motion: &'a Motion,
    pub(super) body: usize,
    pub(super) frames: Vec<usize>,
    pub(super) anatomy: Anatomy,
}

impl<'a> Observed<'a> {
    /// The motion's main body; `None` when it is not present in two frames.
    pub(super) fn of(motion: &'a Motion) -> Option<Observed<'a>> {
        let body = motion.main_body()?;
        let frames: Vec<usize> = (0..motion.frames()).filter(|&t| motion.is_present(t, body)).collect();
        (frames.len() >= 2).then(|| Observed { motion, body, anatomy: Anatomy::of(motion, body, frames[0]), frames })
    }
}

impl Observed<'_> {
    /// One value a frame, from a function that is handed the joints' positions in that frame.
    pub(super) fn track<R>(&self, of: impl Fn(&dyn Fn(usize) -> Vec3) -> R) -> Vec<R> {
        let frames = self.frames.iter();
        frames.map(|&t| of(&|joint| Vec3::from(self.motion.position(t, self.body, joint)))).collect()
    }

    /// The point between the roots of two limbs: between shoulders or between hips.
    pub(super) fn between(&self, limbs: [Limb; 2]) -> Vec<Vec3> {
        self.track(|at| (at(limbs[0].root) + at(limbs[1].root)) / 2.0)
    }

    pub(super) fn radius(&self, seconds: f32) -> usize {
        (seconds * self.motion.fps / 2.0).round() as usize
    }

    pub(super) fn measures(&self) -> Measures {
        let Anatomy { arms, legs, head } = self.anatomy;
        let pelvis = legs.or(arms).map_or_else(|| self.track(|at| at(0)), |limbs| self.between(limbs));
        let heading = legs.or(arms).map(|pair| self.heading(pair));
        let turn = heading.as_ref().map(|heading| {
            let (low, high) = heading.iter().fold((f32::MAX, f32::MIN), |(l, h), a| (l.min(*a), h.max(*a)));
            [heading[heading.len() - 1] - heading[0], high - low]
        });
        let limbs = |pair: [Limb; 2], head: Option<usize>| {
            let (root, heading) = (self.between(pair), self.heading(pair));
            pair.map(|limb| self.limb(limb, &root, &heading, head))
        };
        Measures {
            seconds: self.frames.len() as f32 / self.motion.fps,
            arms: arms.map(|pair| limbs(pair, head)),
            legs: legs.map(|pair| limbs(pair, None)),
            travel: self.travel(&pelvis, heading.as_deref()).last().copied().unwrap_or_default(),
            height: self.motion.height(),
            turn,
            foot: legs.map(|legs| self.foot(legs, 0, self.frames.len() - 1)),
            pelvis: legs.map(|legs| self.pelvis(legs, &pelvis)),
        }
    }

    /// Heading in each frame, radians about +y, without jumps; 0 looks along +z and grows as the person turns left. Of
    /// the hips it tells where the person faces; of the shoulders, where the chest does.
    pub(super) fn heading(&self, pair: [Limb; 2]) -> Vec<f32> {
        let across = self.track(|at| at(pair[0].root) - at(pair[1].root));
        let mut angle: Option<f32> = None;
        let angles: Vec<f32> = across
            .iter()
            .map(|a| {
                // looking along +z, the left side is +x
                let raw = (-a.z).atan2(a.x);
                let near = angle.map_or(raw, |last| {
                    let turns = ((last - raw) / std::f32::consts::TAU).round();
                    raw + turns * std::f32::consts::TAU
                });
                angle = Some(near);
                near
            })
            .collect();
        smooth(&angles, self.radius(HEADING_SMOOTHING_S))
    }

    /// How far the foot that moves more goes from one frame to another, in leg lengths.
    pub(super) fn foot(&self, legs: [Limb; 2], from: usize, to: usize) -> f32 {
        let moved = legs.map(|leg| {
            let at = |t: usize| Vec3::from(self.motion.position(self.frames[t], self.body, leg.end));
            at(to).distance(at(from)) / self.reach(leg)
        });
        moved[0].max(moved[1])
    }

    /// Length of a limb, metres.
    pub(super) fn reach(&self, limb: Limb) -> f32 {
        let bones = self.track(|at| {
            let [root, middle, end] = [limb.root, limb.middle, limb.end].map(at);
            middle.distance(root) + end.distance(middle)
        });
        // depth cameras shorten limbs that point at them: the long end of what was seen is nearer to the truth
        quantile(bones, 0.9).max(1e-3)
    }

    fn limb(&self, limb: Limb, trunk: &[Vec3], heading: &[f32], head: Option<usize>) -> LimbMeasure {
        let reach = self.reach(limb);
        // a leg that runs in place shows at the knee, a kick shows at the ankle
        let moves = [limb.end, limb.middle].map(|joint| self.moved(joint, trunk, heading, reach));
        let most = |of: fn(&Moved) -> f32| moves.iter().map(of).fold(0.0, f32::max);
        let ends = self.track(|at| at(limb.end));
        let above = |level: Vec<Vec3>| {
            let heights: Vec<f32> = (0..ends.len()).map(|t| (ends[t].y - level[t].y) / reach).collect();
            let heights = smooth(&heights, self.radius(SMOOTHING_S));
            [quantile(heights.clone(), 1.0), quantile(heights, 0.9)]
        };
        LimbMeasure {
            path: most(|m| m.path),
            extent: most(|m| m.extent),
            peak_speed: most(|m| m.peak_speed),
            above_head: head.map(|head| above(self.track(|at| at(head)))),
            above_shoulder: above(trunk.to_vec()),
        }
    }

    /// Where a joint is from the trunk in each frame, in limb lengths, smoothed: to the left, up, forward.
    pub(super) fn relative(&self, joint: usize, trunk: &[Vec3], heading: &[f32], reach: f32) -> Vec<Vec3> {
        let relative: Vec<Vec3> = self
            .track(|at| at(joint))
            .into_iter()
            .zip(trunk.iter().zip(heading))
            .map(|(joint, (&trunk, &heading))| {
                let Vec3 { x, y, z } = (joint - trunk) / reach;
                let (sin, cos) = heading.sin_cos();
                Vec3::new(x * cos - z * sin, y, x * sin + z * cos)
            })
            .collect();
        smooth(&relative, self.radius(SMOOTHING_S))
    }

    /// How one joint moves relative to the trunk, in limb lengths.
    fn moved(&self, joint: usize, trunk: &[Vec3], heading: &[f32], reach: f32) -> Moved {
        let smoothed = self.relative(joint, trunk, heading, reach);
        let (mut low, mut high) = (smoothed[0], smoothed[0]);
        let (mut path, mut anchor) = (0.0, smoothed[0]);
        for &p in &smoothed {
            (low, high) = (low.min(p), high.max(p));
            let step = p.distance(anchor);
            if step > DEAD_BAND {
                path += step;
                anchor = p;
            }
        }
        let speeds = smoothed.windows(2).map(|w| w[1].distance(w[0]) * self.motion.fps).collect();
        Moved { path, extent: high.distance(low), peak_speed: quantile(speeds, 0.95) }
    }

    /// How far the pelvis has gone by each frame along the performer's own axes: to the left and forward, metres.
    pub(super) fn travel(&self, pelvis: &[Vec3], heading: Option<&[f32]>) -> Vec<[f32; 2]> {
        let path = smooth(pelvis, self.radius(HEADING_SMOOTHING_S));
        let mut travel = [0.0, 0.0];
        let gone = (1..path.len()).map(|t| {
            let step = path[t] - path[t - 1];
            let (sin, cos) = heading.map_or(0.0, |h| h[t]).sin_cos();
            travel[0] += step.x * cos - step.z * sin;
            travel[1] += step.x * sin + step.z * cos;
            travel
        });
        std::iter::once([0.0; 2]).chain(gone).collect()
    }

    /// Height of the pelvis above the lower ankle in each frame, in leg lengths, smoothed.
    pub(super) fn pelvis_heights(&self, legs: [Limb; 2], pelvis: &[Vec3]) -> Vec<f32> {
        let leg = self.track(|at| {
            let side = |l: Limb| at(l.middle).distance(at(l.root)) + at(l.end).distance(at(l.middle));
            (side(legs[0]) + side(legs[1])) / 2.0
        });
        let leg = quantile(leg, 0.9).max(1e-3);
        let ankles = self.track(|at| at(legs[0].end).y.min(at(legs[1].end).y));
        let heights: Vec<f32> = (0..pelvis.len()).map(|t| (pelvis[t].y - ankles[t]) / leg).collect();
        smooth(&heights, self.radius(SMOOTHING_S))
    }

    fn pelvis(&self, legs: [Limb; 2], pelvis: &[Vec3]) -> [f32; 4] {
        let heights = self.pelvis_heights(legs, pelvis);
        let tenth = (heights.len() / 10).max(1);
        let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
        let (low, high) = (quantile(heights.clone(), 0.03), quantile(heights.clone(), 0.97));
        [mean(&heights[..tenth]), mean(&heights[heights.len() - tenth..]), low, high]
    }
}
