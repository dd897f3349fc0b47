//! DrAction itself: the canonical template (spec A.2), the trained parameters (spec A.4), their files and their
//! transfer to other skeletons (spec A.7).
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `template` | Gaussians in their reference pose, and the rules that place and size them |
//! | `parameters` | the trained numbers, and where they start |
//! | `file` | weight files, their headers and manifests |
//! | `transfer` | the published way to another skeleton |
//! | `body_map` | ours: features follow the place on the body (`figure`) |

mod body_map;
mod file;
mod parameters;
mod template;
mod transfer;

pub use body_map::{body_transfer, gaussian_places};
pub use file::{Loaded, Metadata, WeightsError};
pub use parameters::{HEAD_LEN, HIDDEN, NFM_LEN, Parameters};
pub use template::{LinePoints, ScaleRange, Scales, Template, TemplateError, TemplateRule};
pub use transfer::{BoneSamples, SparseRows, feature_transfer, feature_transfer_per_bone};

use crate::motion::{Part, Skeleton};

pub(crate) use template::lower_median;
#[cfg(test)]
pub(crate) use template::tests::spec_template;

/// A renderer: Gaussians in their reference pose, and what training made of them.
#[derive(Clone, Debug, PartialEq)]
pub struct DrAction {
    /// Where the Gaussians are and which joints carry them.
    pub template: Template,
    /// How they look.
    pub parameters: Parameters,
    /// What its file says about it.
    pub metadata: Metadata,
}

impl DrAction {
    /// An untrained renderer with the random start of spec A.4; the same `seed` gives the same numbers.
    pub fn init(template: Template, seed: u64) -> DrAction {
        let parameters = Parameters::init(template.gaussians, seed);
        DrAction { template, parameters, metadata: Metadata::default() }
    }

    /// A renderer to look at without any training: every body part has its own clear colour, nearer parts turn bluer
    /// and farther ones redder. The head is the identity here, so the features *are* the colours' logits and training
    /// may start from it too.
    ///
    /// # Errors
    /// [`TemplateError`] when `template` was not made for a skeleton with as many joints as `skeleton`.
    pub fn painted(skeleton: &Skeleton, template: Template) -> Result<DrAction, TemplateError> {
        if skeleton.parts.len() != template.joints {
            return Err(TemplateError::Joints { expected: template.joints, got: skeleton.parts.len() });
        }
        let weights = template.lbs_weights();
        let colours = weights.chunks_exact(template.joints).map(|row| {
            let mut shares: Vec<(usize, f32)> = row.iter().copied().enumerate().filter(|&(_, w)| w > 1e-3).collect();
            shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            // a bone from the trunk to a limb belongs to the limb, so that shoulders and hips stay readable
            let limb = shares.iter().find(|(j, _)| skeleton.parts[*j] != Part::Torso);
            colour(limb.map_or(Part::Torso, |&(j, _)| skeleton.parts[j]))
        });
        let parameters = Parameters::painted(colours, 0.8, -1.2);
        let metadata = Metadata {
            name: "painted".into(),
            description: "Not trained: one colour a body part, blended with depth.".into(),
            ..Metadata::default()
        };
        Ok(DrAction { template, parameters, metadata })
    }

    /// Whether the NFM runs (spec A.4 steps 3–7).
    pub fn nfm(&self) -> bool {
        self.parameters.nfm.is_some()
    }

    /// The same with its NFM switched off.
    #[must_use]
    pub fn without_nfm(mut self) -> DrAction {
        self.parameters.nfm = None;
        self
    }

    /// The share of depth colour `λ = σ(logit)`, 0..1.
    pub fn depth_mix(&self) -> f32 {
        1.0 / (1.0 + (-self.parameters.depth_mix_logit).exp())
    }

    /// The same with another share of depth colour, 0..1. The ends are missed by a millionth: their logits are infinite.
    #[must_use]
    pub fn with_depth_mix(mut self, share: f32) -> DrAction {
        let share = f64::from(share).clamp(1e-6, 1.0 - 1e-6);
        self.parameters.depth_mix_logit = (share / (1.0 - share)).ln() as f32;
        self
    }
}

/// `r, g, b` in `(0, 1)`. Left is warm, right is cold; told apart also without seeing red from green.
fn colour(part: Part) -> [f32; 3] {
    match part {
        Part::Torso => [0.93, 0.93, 0.88],
        Part::LeftArm => [0.98, 0.62, 0.10],
        Part::RightArm => [0.12, 0.66, 0.97],
        Part::LeftLeg => [0.90, 0.24, 0.42],
        Part::RightLeg => [0.16, 0.80, 0.52],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_change_what_they_name_and_nothing_else() {
        let own = DrAction::init(spec_template(), 3);
        let off = own.clone().without_nfm();
        assert!(own.nfm() && !off.nfm());
        assert_eq!(
            DrAction { parameters: Parameters { nfm: own.parameters.nfm.clone(), ..off.parameters }, ..off },
            own
        );
        assert!((own.depth_mix() - 0.377_540_67).abs() < 1e-6, "sigmoid of −0.5");
        for share in [0.0, 0.25, 0.9, 1.0] {
            let mixed = own.clone().with_depth_mix(share);
            assert!((mixed.depth_mix() - share).abs() < 2e-6 && mixed.parameters.depth_mix_logit.is_finite());
            assert_eq!(mixed.parameters.features, own.parameters.features);
        }
    }
}
