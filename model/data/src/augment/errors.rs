//! What another person and a worse recording make of a motion: frames lost, bones of another length, joints that drift
//! and shake, no depth.

use draction::motion::Motion;

use super::{AugmentOptions, flat, style};
use crate::rng::Rng;

/// Seconds between the random values that a drift is interpolated from.
const DRIFT_KNOT_S: f32 = 0.5;
/// A flat clip's plane is this far askew at most, degrees.
const ASKEW: f32 = 40.0;

/// The motion as somebody else does it and a worse recording has it; what it is a recording of stays true. Randomness as in [`super::augment`].
pub fn degraded(motion: &Motion, options: &AugmentOptions, rng: &mut Rng) -> Motion {
    let (mut bone_rng, mut drift_rng, mut jitter_rng) = (rng.fork(), rng.fork(), rng.fork());
    let (mut lost_rng, mut flat_rng, mut style_rng) = (rng.fork(), rng.fork(), rng.fork());
    let mut joints_rng = rng.fork();
    let mut out = motion.clone();
    if options.amplitude > 0.0 || options.limb_deg > 0.0 {
        style::restyle(&mut out, options.amplitude, options.limb_deg, &mut style_rng);
    }
    let motion = &out.clone();
    let (joints, bodies) = (motion.joints(), motion.bodies);
    let bones = (options.bone_length > 0.0).then(|| Bones::draw(motion, options.bone_length, &mut bone_rng));
    let drift = Drift::draw(motion, motion.frames(), options.drift_m, &mut drift_rng);
    let jitter = rarely_large(&mut jitter_rng) * options.jitter_m;
    let lost = mostly_small(&mut lost_rng) * options.lost_frames;

    let frame = bodies * joints * 3;
    let mut pose = vec![[0.0f32; 3]; joints];
    for t in 0..motion.frames() {
        if t > 0 && lost_rng.chance(lost) {
            // the tracker repeats itself
            out.positions.copy_within((t - 1) * frame..t * frame, t * frame);
            out.present.copy_within((t - 1) * bodies..t * bodies, t * bodies);
            continue;
        }
        for body in (0..bodies).filter(|&b| motion.is_present(t, b)) {
            let at = (t * bodies + body) * joints * 3;
            let row = &motion.positions[at..][..joints * 3];
            for (p, from) in pose.iter_mut().zip(row.chunks_exact(3)) {
                p.copy_from_slice(from);
            }
            if let Some(bones) = &bones {
                bones.apply(&mut pose, row);
            }
            for (joint, p) in pose.iter_mut().enumerate() {
                if options.drift_m > 0.0 {
                    let error = drift.at(t, body * joints + joint);
                    (0..3).for_each(|i| p[i] += error[i]);
                }
                if jitter > 0.0 {
                    p.iter_mut().for_each(|v| *v += jitter_rng.range(-jitter, jitter));
                }
            }
            out.positions[at..][..joints * 3].copy_from_slice(pose.as_flattened());
        }
    }
    let lost = rarely_large(&mut joints_rng) * options.lost_joints;
    out = hold_lost_joints(out, lost, &mut joints_rng);
    if flat_rng.chance(options.flat) {
        flat::flatten(&mut out, flat_rng.range(-ASKEW, ASKEW).to_radians());
    }
    out
}

/// Holds a share of the joints, the same ones the whole clip long, at the next joint towards the root that is there, as
/// body trackers do. The root is always there.
fn hold_lost_joints(mut motion: Motion, share: f32, rng: &mut Rng) -> Motion {
    let skeleton = motion.skeleton.clone();
    let joints = skeleton.joints();
    let mut order: Vec<usize> = (0..joints).filter(|&j| skeleton.parents[j].is_some()).collect();
    rng.shuffle(&mut order);
    let lost = &order[..((share * joints as f32) as usize).min(order.len())];
    let held: Vec<(usize, usize)> = lost
        .iter()
        .filter_map(|&joint| {
            let mut up = std::iter::successors(skeleton.parents[joint], |&j| skeleton.parents[j]).take(joints);
            Some((joint, up.find(|j| !lost.contains(j))?))
        })
        .collect();
    for body in motion.positions.chunks_exact_mut(joints * 3) {
        held.iter().for_each(|&(joint, at)| body.copy_within(at * 3..at * 3 + 3, joint * 3));
    }
    motion
}

/// In 0..1, below a quarter half of the time: errors are small more often than large.
fn mostly_small(rng: &mut Rng) -> f32 {
    rng.unit().powi(2)
}

/// In 0..1, below a sixteenth half of the time, above a half in one of six cases.
fn rarely_large(rng: &mut Rng) -> f32 {
    rng.unit().powi(4)
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
        let factor = |(joint, parent): (usize, usize)| (joint, parent, drawn[joint.min(skeleton.mirror[joint])]);
        Bones { order: skeleton.parents_first().map(factor).collect() }
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
        let amplitude = mostly_small(rng) * most;
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
