//! How a skeleton becomes Gaussians: how many lie along a bone, and how large they are (spec A.2).

use super::lower_median;

/// How many points lie along a bone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LinePoints {
    /// As many on every bone.
    Fixed(usize),
    /// More on longer bones: `clamp(round(max·(L/L_max)^exponent), min, max)`, ties to even.
    LengthAdaptive {
        /// Points on the longest bone.
        max: usize,
        /// Points on the shortest.
        min: usize,
        /// How fast they become fewer.
        exponent: f64,
    },
}

/// A size that is kept within bounds, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleRange {
    /// The size at the longest bone.
    pub size: f64,
    /// Lower bound.
    pub min: f64,
    /// Upper bound.
    pub max: f64,
}

/// How large Gaussians are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scales {
    /// One standard deviation for all, metres.
    Constant(f64),
    /// Sized by the bones they lie on: `clamp(size·r^gamma, min, max)`, where `r` is the bone's length over the
    /// longest, and for a joint the lower median over its bones (0.5 without any).
    BoneAdaptive {
        /// Of joints.
        joint: ScaleRange,
        /// Of points along bones.
        line: ScaleRange,
        /// How much size follows length; 0 not at all.
        gamma: f64,
    },
}

impl Scales {
    /// The bone-adaptive rule with the authors' defaults.
    pub fn bone_adaptive() -> Scales {
        Scales::BoneAdaptive {
            joint: ScaleRange { size: 0.030, min: 0.010, max: 0.035 },
            line: ScaleRange { size: 0.020, min: 0.006, max: 0.030 },
            gamma: 1.0,
        }
    }
}

/// How a template is made from a skeleton.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TemplateRule {
    /// Points along bones.
    pub points: LinePoints,
    /// Sizes of the Gaussians.
    pub scales: Scales,
}

impl TemplateRule {
    /// What the released renderers were trained with: 10 points a bone, 0.02 m everywhere.
    pub fn released() -> TemplateRule {
        TemplateRule { points: LinePoints::Fixed(10), scales: Scales::Constant(0.02) }
    }

    /// What transfers to other skeletons: up to 24 points on the longest bone, joints 0.026 m, lines 0.016 m.
    pub fn transfer() -> TemplateRule {
        TemplateRule {
            points: LinePoints::LengthAdaptive { max: 24, min: 2, exponent: 1.0 },
            scales: Scales::BoneAdaptive {
                joint: ScaleRange { size: 0.026, min: 0.006, max: 0.026 },
                line: ScaleRange { size: 0.016, min: 0.004, max: 0.016 },
                gamma: 0.0,
            },
        }
    }

    /// `[bones]` points along each bone. `lengths [bones]` in metres.
    pub fn points_per_bone(&self, lengths: &[f64]) -> Vec<usize> {
        let longest = longest(lengths);
        let points = |length: f64| match self.points {
            LinePoints::Fixed(n) => n,
            LinePoints::LengthAdaptive { max, min, exponent } => {
                let share = (max as f64 * (length / longest).powf(exponent)).round_ties_even();
                (share as usize).min(max).max(min.min(max))
            }
        };
        lengths.iter().map(|&l| points(l)).collect()
    }
}

/// The longest bone in metres, never zero.
pub(super) fn longest(lengths: &[f64]) -> f64 {
    lengths.iter().copied().fold(1e-6, f64::max)
}

fn sized(range: ScaleRange, ratio: f64, gamma: f64) -> f64 {
    (range.size * ratio.powf(gamma)).max(range.min).min(range.max)
}

/// Of a point on a bone `ratio` times as long as the longest, metres.
pub(super) fn line_scale(ratio: f64, rule: &TemplateRule) -> f64 {
    match rule.scales {
        Scales::Constant(size) => size,
        Scales::BoneAdaptive { line, gamma, .. } => sized(line, ratio, gamma),
    }
}

/// `[joints]` metres.
pub(super) fn joint_scales(joints: usize, bones: &[[usize; 2]], lengths: &[f64], rule: &TemplateRule) -> Vec<f64> {
    let (range, gamma) = match rule.scales {
        Scales::Constant(size) => return vec![size; joints],
        Scales::BoneAdaptive { joint, gamma, .. } => (joint, gamma),
    };
    let mut touching = vec![Vec::new(); joints];
    for (&[a, b], &length) in bones.iter().zip(lengths) {
        touching[a].push(length);
        touching[b].push(length);
    }
    let longest = longest(lengths);
    touching.iter_mut().map(|own| sized(range, lower_median(own).map_or(0.5, |l| l / longest), gamma)).collect()
}
