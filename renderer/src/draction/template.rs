//! The canonical template: which Gaussians a skeleton gets, and which joints carry them (spec A.2).

mod rule;
#[cfg(test)]
pub(crate) mod tests;

pub use rule::{LinePoints, ScaleRange, Scales, TemplateRule};

use draction_shaders::rows::{CanonicalJoint, Symmetric, TemplateRow};
use glam::{DVec3, Vec3};
use rule::{joint_scales, line_scale, longest};

/// Logit of a joint that carries a Gaussian; those that do not have its negative.
const CARRIED: f64 = 10.0;
/// Largest `K·J` a template may have: its blend weights must fit one 128 MiB binding (WebGPU's default limit).
const MAX_WEIGHTS: usize = (128 << 20) / 4;

/// Gaussians in their reference pose. Nothing in it is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Number of joints `J`.
    pub joints: usize,
    /// Number of Gaussians `K`: first the joints, then the points along each bone.
    pub gaussians: usize,
    /// `[J, 3]` metres.
    pub canonical_joints: Vec<f32>,
    /// `[K, 3]` metres.
    pub means: Vec<f32>,
    /// `[K, 3]` standard deviations in metres.
    pub scales: Vec<f32>,
    /// `[K, 4]` quaternions, scalar first.
    pub quats: Vec<f32>,
    /// `[K, 1]`, carried along for interchange; the renderer never reads it.
    pub opacities: Vec<f32>,
    /// `[K, J]` logits of the blend weights; the weights are their softmax over joints.
    pub lbs_logits: Vec<f32>,
}

/// Why no template could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// No joints, or not as many as expected.
    #[error("a template for {expected} joints was given {got}")]
    Joints {
        /// How many were needed.
        expected: usize,
        /// How many there were.
        got: usize,
    },
    /// A bone names a joint that the skeleton does not have.
    #[error("bone {bone} joins joints {a} and {b}, but there are only {joints} joints")]
    Bone {
        /// Index of the bone.
        bone: usize,
        /// Its first joint.
        a: usize,
        /// Its second joint.
        b: usize,
        /// Number of joints.
        joints: usize,
    },
    /// A reference pose with NaN or infinity.
    #[error("joint {0} of the reference pose is not finite")]
    NotFinite(usize),
    /// Too many joints and Gaussians for one GPU binding.
    #[error("{joints} joints with {gaussians} Gaussians are more than a GPU binding holds")]
    TooLarge {
        /// Number of joints.
        joints: usize,
        /// Number of Gaussians.
        gaussians: usize,
    },
}

/// The middle of `values`; of an even count the lower middle one, as the reference takes it.
pub(crate) fn lower_median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// The point at the head of `numbers`.
fn wide(numbers: &[f32]) -> DVec3 {
    Vec3::from_slice(numbers).as_dvec3()
}

impl Template {
    /// The template of a skeleton with `bones`, standing as `pose [J, 3]` (metres).
    ///
    /// # Errors
    /// [`TemplateError`] for no joints, bones beyond them, coordinates that are not finite, or more Gaussians than one
    /// GPU binding can blend.
    pub fn build(bones: &[[usize; 2]], pose: &[f32], rule: &TemplateRule) -> Result<Template, TemplateError> {
        let joints = pose.len() / 3;
        if joints == 0 || !pose.len().is_multiple_of(3) {
            return Err(TemplateError::Joints { expected: joints.max(1), got: 0 });
        }
        if let Some(at) = pose.iter().position(|x| !x.is_finite()) {
            return Err(TemplateError::NotFinite(at / 3));
        }
        if let Some((bone, &[a, b])) = bones.iter().enumerate().find(|(_, b)| b[0] >= joints || b[1] >= joints) {
            return Err(TemplateError::Bone { bone, a, b, joints });
        }
        let at = |j: usize| wide(&pose[3 * j..]);
        let lengths: Vec<f64> = bones.iter().map(|&[a, b]| at(a).distance(at(b))).collect();
        let points = rule.points_per_bone(&lengths);
        let gaussians = points.iter().fold(joints, |sum, &n| sum.saturating_add(n));
        if gaussians.saturating_mul(joints) > MAX_WEIGHTS {
            return Err(TemplateError::TooLarge { joints, gaussians });
        }

        let mut means = pose.to_vec();
        let mut scales = joint_scales(joints, bones, &lengths, rule);
        let mut lbs_logits = vec![-CARRIED as f32; gaussians * joints];
        for j in 0..joints {
            lbs_logits[j * joints + j] = CARRIED as f32;
        }
        let mut k = joints;
        for ((&[a, b], &n), &length) in bones.iter().zip(&points).zip(&lengths) {
            let scale = line_scale(length / longest(&lengths), rule);
            for s in 1..=n {
                let share = s as f64 / (n + 1) as f64;
                means.extend(at(a).lerp(at(b), share).as_vec3().to_array());
                let row = &mut lbs_logits[k * joints..][..joints];
                row[a] = ((1.0 - share).max(1e-6).ln() + CARRIED) as f32;
                row[b] = (share.max(1e-6).ln() + CARRIED) as f32;
                scales.push(scale);
                k += 1;
            }
        }
        Ok(Template {
            joints,
            gaussians,
            canonical_joints: pose.to_vec(),
            means,
            scales: scales.iter().flat_map(|&s| [s as f32; 3]).collect(),
            quats: [1.0, 0.0, 0.0, 0.0].repeat(gaussians),
            opacities: vec![1.0; gaussians],
            lbs_logits,
        })
    }

    /// The bones it was made for, in the order of its lines, read off the blend weights: every line point hangs on two
    /// joints. Bones without points are not among them.
    pub fn bones(&self) -> Vec<[usize; 2]> {
        let mut bones = Vec::new();
        for row in self.lbs_logits.chunks_exact(self.joints).skip(self.joints) {
            let mut carriers: Vec<usize> = (0..self.joints).filter(|&j| row[j] > 0.0).collect();
            carriers.sort_by(|&a, &b| row[b].total_cmp(&row[a])); // more than two in templates made elsewhere
            let Some(&[a, b]) = carriers.get(..2) else { continue };
            let bone = [a.min(b), a.max(b)];
            if bones.last() != Some(&bone) {
                bones.push(bone);
            }
        }
        bones
    }

    /// Whether it belongs to a skeleton of `joints` joints with these `bones`, in this order.
    pub fn fits(&self, joints: usize, bones: &[[usize; 2]]) -> bool {
        let sorted = bones.iter().map(|&[a, b]| [a.min(b), a.max(b)]);
        self.joints == joints && self.bones().into_iter().eq(sorted)
    }

    /// `[K, J]` blend weights: the softmax of each row's logits, computed in f64.
    pub fn lbs_weights(&self) -> Vec<f32> {
        let mut weights = Vec::with_capacity(self.lbs_logits.len());
        for row in self.lbs_logits.chunks_exact(self.joints) {
            let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let powers = row.iter().map(|&l| f64::from(l - highest).exp());
            let sum: f64 = powers.clone().sum();
            weights.extend(powers.map(|p| (p / sum) as f32));
        }
        weights
    }

    /// `[K]` rows of [`crate::passes::Buffer::Template`]. `lbs_weights` are those of [`Template::lbs_weights`].
    ///
    /// The offset is taken in f64 against the very weights that passes will use: then a body standing in the
    /// reference pose is drawn exactly there, whatever the weights' rounding.
    pub fn rows(&self, lbs_weights: &[f32]) -> Vec<TemplateRow> {
        let row = |k: usize| {
            let mut offset = wide(&self.means[3 * k..]);
            for j in 0..self.joints {
                let w = f64::from(lbs_weights[k * self.joints + j]);
                offset -= w * wide(&self.canonical_joints[3 * j..]);
            }
            let [xx, xy, xz, yy, yz, zz] = self.covariance(k).map(|x| x as f32);
            TemplateRow {
                offset: offset.as_vec3().to_array(),
                mean: [0, 1, 2].map(|c| self.means[3 * k + c]),
                covariance: Symmetric { xx, xy, xz, yy, yz, zz },
                ..TemplateRow::default()
            }
        };
        (0..self.gaussians).map(row).collect()
    }

    /// `[J]` rows of [`crate::passes::Buffer::CanonicalJoints`].
    pub fn canonical_joint_rows(&self) -> Vec<CanonicalJoint> {
        let row = |c: &[f32]| CanonicalJoint { position: [c[0], c[1], c[2]], padding: 0.0 };
        self.canonical_joints.chunks_exact(3).map(row).collect()
    }

    /// `R diag(s²) Rᵀ` of Gaussian `k` as `xx xy xz yy yz zz`, m² (spec A.3).
    fn covariance(&self, k: usize) -> [f64; 6] {
        let q = [0, 1, 2, 3].map(|c| f64::from(self.quats[4 * k + c]));
        let norm = q.iter().map(|x| x * x).sum::<f64>().sqrt() + 1e-8;
        let [w, x, y, z] = q.map(|c| c / norm);
        let r = [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
        ];
        let s = [0, 1, 2].map(|c| f64::from(self.scales[3 * k + c]).powi(2));
        let entry = |a: usize, b: usize| (0..3).map(|i| r[a][i] * s[i] * r[b][i]).sum();
        [entry(0, 0), entry(0, 1), entry(0, 2), entry(1, 1), entry(1, 2), entry(2, 2)]
    }
}
