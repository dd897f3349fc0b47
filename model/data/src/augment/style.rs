//! Somebody else does the same: gestures larger or smaller, arms and legs held a little otherwise.

use draction::motion::{Motion, Part};

use crate::rng::Rng;

/// Moves every joint's way about its mean, seen from the root, by a factor within `1 ± amplitude`, then turns arms and
/// legs about their first joint by up to `limb_deg` degrees, one turn a limb and clip.
pub(super) fn restyle(motion: &mut Motion, amplitude: f32, limb_deg: f32, rng: &mut Rng) {
    let factor = 1.0 + rng.range(-1.0, 1.0) * amplitude;
    let joints = motion.joints();
    let root = motion.skeleton.root();
    let limbs: Vec<Limb> =
        Part::ALL.into_iter().skip(1).filter_map(|part| Limb::draw(motion, part, limb_deg, rng)).collect();
    let bodies = motion.bodies;
    for body in 0..bodies {
        let rows: Vec<usize> =
            (0..motion.frames()).filter(|&t| motion.is_present(t, body)).map(|t| t * bodies + body).collect();
        let mut mean = vec![[0.0f32; 3]; joints];
        for &row in &rows {
            let pose = &motion.positions[row * joints * 3..][..joints * 3];
            for (j, mean) in mean.iter_mut().enumerate() {
                (0..3).for_each(|c| mean[c] += (pose[j * 3 + c] - pose[root * 3 + c]) / rows.len() as f32);
            }
        }
        for row in rows {
            let pose = &mut motion.positions[row * joints * 3..][..joints * 3];
            for (j, mean) in mean.iter().enumerate() {
                for c in 0..3 {
                    let root = pose[root * 3 + c];
                    // the root itself stays: its mean is zero
                    pose[j * 3 + c] = root + mean[c] + factor * (pose[j * 3 + c] - root - mean[c]);
                }
            }
            limbs.iter().for_each(|limb| limb.turn(pose));
        }
    }
}

/// A limb and its turn.
struct Limb {
    pivot: usize,
    joints: Vec<usize>,
    /// Row-major.
    rotation: [[f32; 3]; 3],
}

impl Limb {
    /// A turn about a random axis; `None` where the skeleton lacks the limb. Draws the same amount either way.
    fn draw(motion: &Motion, part: Part, most_deg: f32, rng: &mut Rng) -> Option<Limb> {
        let axis = [0; 3].map(|_| rng.range(-1.0, 1.0));
        let angle = rng.range(-1.0, 1.0) * most_deg.to_radians();
        let skeleton = &motion.skeleton;
        let first = |&j: &usize| skeleton.parents[j].is_none_or(|p| skeleton.parts[p] != part);
        let pivot = skeleton.joints_of(part).find(first)?;
        let norm = axis.iter().map(|a| a * a).sum::<f32>().sqrt();
        let [x, y, z] = axis.map(|a| if norm > 1e-3 { a / norm } else { 0.0 });
        let (s, c) = angle.sin_cos();
        let d = 1.0 - c;
        let rotation = [
            [c + x * x * d, x * y * d - z * s, x * z * d + y * s],
            [y * x * d + z * s, c + y * y * d, y * z * d - x * s],
            [z * x * d - y * s, z * y * d + x * s, c + z * z * d],
        ];
        Some(Limb { pivot, joints: skeleton.joints_of(part).collect(), rotation })
    }

    fn turn(&self, pose: &mut [f32]) {
        let pivot = [0, 1, 2].map(|c| pose[self.pivot * 3 + c]);
        for &j in &self.joints {
            let arm = [0, 1, 2].map(|c| pose[j * 3 + c] - pivot[c]);
            for (c, row) in self.rotation.iter().enumerate() {
                pose[j * 3 + c] = pivot[c] + (0..3).map(|i| row[i] * arm[i]).sum::<f32>();
            }
        }
    }
}
