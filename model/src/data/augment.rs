//! A clip is never shown twice in the same way: turned, mirrored, resized, faster, cut, a little wrong.

use draction::motion::Motion;
use serde::{Deserialize, Serialize};

use super::rng::Rng;

/// What may happen to a clip in training. Every range is uniform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentOptions {
    /// Turn about the vertical, up to this many degrees to either side.
    pub yaw_deg: f32,
    /// Probability of a mirrored clip. Left and right change places in its label, too: see [`Augmented::mirrored`].
    pub mirror: f32,
    /// Size, smallest and largest factor.
    pub scale: [f32; 2],
    /// Speed, smallest and largest factor. Acts on the frame rate, which changes velocities but costs nothing.
    pub tempo: [f32; 2],
    /// Fraction of the clip that is kept, smallest and largest; where it is cut is random, too.
    pub keep: [f32; 2],
    /// Largest amplitude in metres of a slow error of each joint (about one sway a second), as of a tracker that
    /// drifts. The amplitude of a clip is drawn between zero and this.
    pub drift_m: f32,
    /// Largest amplitude in metres of an error that is new in each frame. Costs more than the rest together.
    pub jitter_m: f32,
    /// Largest relative change of a bone's length; both sides of the body change alike. Does not apply to joints
    /// without a parent.
    pub bone_length: f32,
}

impl Default for AugmentOptions {
    fn default() -> AugmentOptions {
        AugmentOptions {
            yaw_deg: 30.0,
            mirror: 0.5,
            scale: [0.9, 1.1],
            tempo: [0.8, 1.25],
            keep: [0.8, 1.0],
            drift_m: 0.015,
            jitter_m: 0.0,
            bone_length: 0.05,
        }
    }
}

impl AugmentOptions {
    /// Leaves every clip as it is.
    pub fn none() -> AugmentOptions {
        AugmentOptions {
            yaw_deg: 0.0,
            mirror: 0.0,
            scale: [1.0; 2],
            tempo: [1.0; 2],
            keep: [1.0; 2],
            drift_m: 0.0,
            jitter_m: 0.0,
            bone_length: 0.0,
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

/// Seconds between the random values that a drift is interpolated from.
const DRIFT_KNOT_S: f32 = 0.5;
/// Fewest frames that a cut leaves, where there are that many.
const MIN_FRAMES: usize = 12;

/// Changes a clip at random. The result depends on the motion, the options and the state of `rng` alone; `rng` advances
/// by the same amount whatever the options, so that switching one off leaves the others as they were.
pub fn augment(motion: &Motion, options: &AugmentOptions, rng: &mut Rng) -> Augmented {
    let yaw = rng.range(-1.0, 1.0) * options.yaw_deg.to_radians();
    let mirrored = rng.chance(options.mirror);
    let scale = rng.range(options.scale[0], options.scale[1]);
    let tempo = rng.range(options.tempo[0], options.tempo[1]);
    let keep = rng.range(options.keep[0], options.keep[1]);
    let place = rng.unit();
    let (mut bone_rng, mut drift_rng, mut jitter_rng) = (rng.fork(), rng.fork(), rng.fork());

    let (frames, joints, bodies) = (motion.frames(), motion.joints(), motion.bodies);
    let kept = ((frames as f32 * keep).round() as usize).max(MIN_FRAMES).min(frames);
    let start = ((frames - kept) as f32 * place).round() as usize;

    let skeleton = &motion.skeleton;
    let source: Vec<usize> = (0..joints).map(|j| if mirrored { skeleton.mirror[j] } else { j }).collect();
    let bones = (options.bone_length > 0.0).then(|| Bones::draw(motion, options.bone_length, &mut bone_rng));
    let drift = Drift::draw(motion, kept, options.drift_m, &mut drift_rng);
    let jitter = jitter_rng.unit() * options.jitter_m;

    let center = center(motion, start, kept);
    let (sin, cos) = yaw.sin_cos();
    let side = if mirrored { -scale } else { scale };
    let mut out = Vec::with_capacity(kept * bodies * joints * 3);
    let mut body_now = vec![[0.0f32; 3]; joints];
    for t in 0..kept {
        for body in 0..bodies {
            let slot = (start + t) * bodies + body;
            if !motion.present[slot] {
                out.resize(out.len() + joints * 3, 0.0);
                continue;
            }
            let row = &motion.positions[slot * joints * 3..][..joints * 3];
            for (joint, p) in body_now.iter_mut().enumerate() {
                p.copy_from_slice(&row[joint * 3..joint * 3 + 3]);
            }
            if let Some(bones) = &bones {
                bones.apply(&mut body_now, row);
            }
            for (joint, &from) in source.iter().enumerate() {
                let p = body_now[from];
                let [x, y, z] = [(p[0] - center[0]) * side, p[1] * scale, (p[2] - center[1]) * scale];
                let mut moved = [x * cos + z * sin + center[0], y, z * cos - x * sin + center[1]];
                if options.drift_m > 0.0 {
                    let error = drift.at(t, body * joints + joint);
                    (0..3).for_each(|i| moved[i] += error[i]);
                }
                if jitter > 0.0 {
                    moved.iter_mut().for_each(|v| *v += jitter_rng.range(-jitter, jitter));
                }
                out.extend_from_slice(&moved);
            }
        }
    }
    let orientations = motion.orientations.as_ref().map(|all| {
        let frames = &all[start * bodies * joints * 4..(start + kept) * bodies * joints * 4];
        turned(frames, &source, mirrored, yaw)
    });
    let motion = Motion {
        skeleton: skeleton.clone(),
        fps: motion.fps * tempo,
        bodies,
        positions: out,
        present: motion.present[start * bodies..(start + kept) * bodies].to_vec(),
        orientations,
        source: motion.source.clone(),
    };
    Augmented { motion, mirrored }
}

/// `[x, z]` that a clip turns about: the mean of the first joint, so that nobody leaves their place.
fn center(motion: &Motion, start: usize, kept: usize) -> [f32; 2] {
    let (mut sum, mut n) = ([0.0f64; 2], 0u32);
    for t in start..start + kept {
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

/// Factors of bone lengths, one a joint for the bone to its parent.
struct Bones {
    /// Joints with a parent, parents first, with their parent and factor.
    order: Vec<(usize, usize, f32)>,
}

impl Bones {
    fn draw(motion: &Motion, most: f32, rng: &mut Rng) -> Bones {
        let skeleton = &motion.skeleton;
        let drawn: Vec<f32> = (0..motion.joints()).map(|_| 1.0 + rng.range(-most, most)).collect();
        let mut placed: Vec<bool> = skeleton.parents.iter().map(Option::is_none).collect();
        let mut order = Vec::new();
        // a pass places at least one more level; a tree written parents first takes one
        loop {
            let before = order.len();
            for joint in 0..motion.joints() {
                if let Some(parent) = skeleton.parents[joint].filter(|&p| placed[p] && !placed[joint]) {
                    placed[joint] = true;
                    order.push((joint, parent, drawn[joint.min(skeleton.mirror[joint])]));
                }
            }
            if order.len() == before {
                return Bones { order };
            }
        }
    }

    /// Changes the lengths in one pose; `row` is the pose before, `[J, 3]`.
    fn apply(&self, pose: &mut [[f32; 3]], row: &[f32]) {
        for &(joint, parent, factor) in &self.order {
            for i in 0..3 {
                pose[joint][i] = pose[parent][i] + factor * (row[joint * 3 + i] - row[parent * 3 + i]);
            }
        }
    }
}

/// A slow error of every joint.
struct Drift {
    /// `[knots, P·J, 3]`.
    knots: Vec<f32>,
    rows: usize,
    knots_per_frame: f32,
}

impl Drift {
    fn draw(motion: &Motion, frames: usize, most: f32, rng: &mut Rng) -> Drift {
        let knots_per_frame = 1.0 / (motion.fps * DRIFT_KNOT_S).max(1.0);
        let rows = motion.bodies * motion.joints();
        let amplitude = rng.unit() * most;
        let n = if most > 0.0 { (frames as f32 * knots_per_frame) as usize + 2 } else { 0 };
        let knots = (0..n * rows * 3).map(|_| rng.range(-amplitude, amplitude)).collect();
        Drift { knots, rows, knots_per_frame }
    }

    fn at(&self, frame: usize, row: usize) -> [f32; 3] {
        let at = frame as f32 * self.knots_per_frame;
        let (knot, part) = (at as usize, at.fract());
        let [a, b] = [knot, knot + 1].map(|k| &self.knots[(k * self.rows + row) * 3..][..3]);
        [0, 1, 2].map(|i| a[i] + part * (b[i] - a[i]))
    }
}

#[cfg(test)]
mod tests;
