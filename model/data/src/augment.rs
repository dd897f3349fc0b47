//! A clip is never shown twice in the same way: turned, mirrored, resized, faster, cut, flat, wrong.

use draction::motion::Motion;
use serde::{Deserialize, Serialize};

mod errors;
mod flat;
mod style;
mod time;

pub use errors::spoilt;

use super::rng::Rng;

/// What may happen to a clip in training. Every range is uniform unless said otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentOptions {
    /// Turn about the vertical, up to this many degrees to either side, 0..180.
    pub yaw_deg: f32,
    /// Probability of a mirrored clip. Left and right change places in its label, too: see [`Augmented::mirrored`].
    pub mirror: f32,
    /// Size, smallest and largest factor.
    pub scale: [f32; 2],
    /// Speed, smallest and largest factor. Acts on the frame rate, which changes velocities but costs nothing.
    pub tempo: [f32; 2],
    /// Fraction of the clip that is kept, smallest and largest; where it is cut is random, too.
    pub keep: [f32; 2],
    /// Uneven tempo, 0..1: the clip runs up to this much faster at one end, and slower at the other.
    pub warp: f32,
    /// Probability that only each second or third frame is there, as of a slower recording (never below 10 a second).
    pub slow_recording: f32,
    /// Largest share of lost frames, 0..1: the pose before stays in their place. A clip's share is mostly small.
    pub lost_frames: f32,
    /// Probability of a flat clip, as an estimate from a video without depth: everything in one upright plane, which
    /// the performer faces up to 40° askew.
    pub flat: f32,
    /// Largest amplitude in metres of a slow error of each joint (about one sway a second), as of a tracker that
    /// drifts. A clip's amplitude is mostly small.
    pub drift_m: f32,
    /// Largest amplitude in metres of an error that is new in each frame, uniform within it. Half of the clips have less
    /// than a sixteenth of this, one in six more than a half.
    pub jitter_m: f32,
    /// Largest share of joints that are lost and held at the next joint towards the root, 0..1. As for jitter, only few
    /// clips lose many.
    pub lost_joints: f32,
    /// Largest relative change of a bone's length; both sides of the body change alike. Does not apply to joints
    /// without a parent.
    pub bone_length: f32,
    /// Largest relative change of how far gestures go: every joint's way about its mean.
    pub amplitude: f32,
    /// Arms and legs are held up to this many degrees otherwise, the whole clip long.
    pub limb_deg: f32,
}

impl Default for AugmentOptions {
    fn default() -> AugmentOptions {
        AugmentOptions {
            yaw_deg: 35.0,
            mirror: 0.5,
            scale: [0.9, 1.1],
            tempo: [0.7, 1.4],
            keep: [0.8, 1.0],
            warp: 0.2,
            slow_recording: 0.15,
            lost_frames: 0.2,
            flat: 0.07,
            drift_m: 0.03,
            jitter_m: 0.12,
            lost_joints: 0.4,
            bone_length: 0.15,
            amplitude: 0.2,
            limb_deg: 10.0,
        }
    }
}

impl AugmentOptions {
    /// The same with a tracker that makes no errors: nothing drifts, shakes or gets lost.
    pub fn well_tracked(&self) -> AugmentOptions {
        AugmentOptions { lost_frames: 0.0, drift_m: 0.0, jitter_m: 0.0, lost_joints: 0.0, ..self.clone() }
    }

    /// Leaves every clip as it is.
    pub fn none() -> AugmentOptions {
        AugmentOptions {
            yaw_deg: 0.0,
            mirror: 0.0,
            scale: [1.0; 2],
            tempo: [1.0; 2],
            keep: [1.0; 2],
            warp: 0.0,
            slow_recording: 0.0,
            lost_frames: 0.0,
            flat: 0.0,
            drift_m: 0.0,
            jitter_m: 0.0,
            lost_joints: 0.0,
            bone_length: 0.0,
            amplitude: 0.0,
            limb_deg: 0.0,
        }
    }
}

/// A clip as it is shown once.
#[derive(Clone, Debug)]
pub struct Augmented {
    /// The changed motion.
    pub motion: Motion,
    /// Whether left and right changed places; texts about the clip then need [`super::labels::mirrored`].
    pub mirrored: bool,
}

/// Fewest frames that a cut leaves, where there are that many.
const MIN_FRAMES: usize = 12;

/// Shows a clip in another way that is as true as the first: cut, faster, turned, mirrored, resized. What is asked
/// about a clip is read off this one; what is seen of it may be [`spoilt`] as well.
///
/// The result depends on the motion, the options and the state of `rng` alone; `rng` advances by the same amount
/// whatever the options, so that switching one off leaves the others as they were.
pub fn augment(motion: &Motion, options: &AugmentOptions, rng: &mut Rng) -> Augmented {
    let yaw = rng.range(-1.0, 1.0) * options.yaw_deg.to_radians();
    let mirrored = rng.chance(options.mirror);
    let scale = rng.range(options.scale[0], options.scale[1]);
    let tempo = rng.range(options.tempo[0], options.tempo[1]);
    let (times, rate) = time::frames(motion, options, &mut rng.fork());

    let (kept, joints, bodies) = (times.len(), motion.joints(), motion.bodies);
    let skeleton = &motion.skeleton;
    let source: Vec<usize> = (0..joints).map(|j| if mirrored { skeleton.mirror[j] } else { j }).collect();
    let center = center(motion, &times);
    let (sin, cos) = yaw.sin_cos();
    let side = if mirrored { -scale } else { scale };
    let mut out = Vec::with_capacity(kept * bodies * joints * 3);
    for slot in times.iter().flat_map(|&t| t * bodies..(t + 1) * bodies) {
        if !motion.present[slot] {
            out.resize(out.len() + joints * 3, 0.0);
            continue;
        }
        let body = &motion.positions[slot * joints * 3..][..joints * 3];
        for &from in &source {
            let p = &body[from * 3..][..3];
            let [x, y, z] = [(p[0] - center[0]) * side, p[1] * scale, (p[2] - center[1]) * scale];
            out.extend([x * cos + z * sin + center[0], y, z * cos - x * sin + center[1]]);
        }
    }
    let orientations = motion.orientations.as_ref().map(|all| {
        let frame = bodies * joints * 4;
        let frames: Vec<f32> = times.iter().flat_map(|&t| &all[t * frame..][..frame]).copied().collect();
        turned(&frames, &source, mirrored, yaw)
    });
    let motion = Motion {
        skeleton: skeleton.clone(),
        fps: motion.fps * tempo * rate,
        bodies,
        positions: out,
        present: times.iter().flat_map(|&t| &motion.present[t * bodies..][..bodies]).copied().collect(),
        orientations,
        source: motion.source.clone(),
    };
    Augmented { motion, mirrored }
}

/// `[x, z]` that a clip turns about: the mean of the first joint, so that nobody leaves their place.
fn center(motion: &Motion, times: &[usize]) -> [f32; 2] {
    let (mut sum, mut n) = ([0.0f64; 2], 0u32);
    for &t in times {
        for body in (0..motion.bodies).filter(|&b| motion.is_present(t, b)) {
            let [x, _, z] = motion.position(t, body, 0);
            sum = [sum[0] + f64::from(x), sum[1] + f64::from(z)];
            n += 1;
        }
    }
    sum.map(|s| (s / f64::from(n.max(1))) as f32)
}

/// Mirrors (x changes its sign) and turns global orientations, `[N, J, 4]`, scalar first.
fn turned(orientations: &[f32], source: &[usize], mirrored: bool, yaw: f32) -> Vec<f32> {
    let (sin, cos) = (yaw / 2.0).sin_cos();
    let side = if mirrored { -1.0 } else { 1.0 };
    let mut out = Vec::with_capacity(orientations.len());
    for body in orientations.chunks_exact(source.len() * 4) {
        for &from in source {
            // a rotation seen in a mirror keeps its part about the mirror's normal and loses the sign of the rest
            let [w, x, y, z] =
                [body[from * 4], body[from * 4 + 1], side * body[from * 4 + 2], side * body[from * 4 + 3]];
            // (cos, 0, sin, 0) ⊗ (w, x, y, z)
            out.extend([cos * w - sin * y, cos * x + sin * z, cos * y + sin * w, cos * z - sin * x]);
        }
    }
    out
}

#[cfg(test)]
mod tests;
