//! The body that features are kept on, and the renderer that a run from nothing begins with.

use anyhow::Result;
use draction::{
    draction::{DrAction, HIDDEN, LinePoints, Scales, Template, TemplateRule},
    motion::{Layout, Skeleton},
};

use super::DrawingConfig;

/// The body that a model keeps its features on: NTU's 25 joints, as the released renderers do.
pub fn bank_skeleton() -> Skeleton {
    Layout::Ntu25.skeleton()
}

/// A fresh renderer on the bank's body: painted by body part, with an NFM that tints what moves (see [`tinting`]).
///
/// # Errors
/// Never for the built-in body.
pub fn fresh_draction(config: DrawingConfig, seed: u64) -> Result<DrAction> {
    let skeleton = bank_skeleton();
    let rule = TemplateRule { points: LinePoints::Fixed(10), scales: Scales::Constant(config.scale) };
    let template = Template::build(&skeleton.bones, &BANK_POSE.concat(), &rule)?;
    let mut draction = DrAction::painted(&skeleton, template)?;
    let random = DrAction::init(draction.template.clone(), seed);
    draction.parameters.nfm = random.parameters.nfm.filter(|_| config.nfm).map(tinting);
    Ok(draction)
}

/// Fresh NFM weights, changed so that they begin with what a single picture cannot show otherwise: movement to the
/// performer's left, up and forward adds red, green and blue, [`TINT`] for each metre in 4/30 s; the opposite takes it
/// away. Six hidden units carry `relu(±v)`; the others stay as they are for training to use.
fn tinting(mut nfm: Vec<f32>) -> Vec<f32> {
    // N1 [64, 10] over (position, velocity, head), d1 [64], N2 [5, 64] to (red, green, blue, opacity, gate), d2 [5]
    const INPUTS: usize = 10;
    let (d1, n2, d2) = (HIDDEN * INPUTS, HIDDEN * (INPUTS + 1), HIDDEN * (INPUTS + 6));
    for axis in 0..3 {
        for (unit, sign) in [(axis, 1.0), (axis + 3, -1.0)] {
            nfm[unit * INPUTS..(unit + 1) * INPUTS].fill(0.0);
            nfm[unit * INPUTS + 3 + axis] = sign;
            nfm[d1 + unit] = 0.0;
            (0..5).for_each(|output| nfm[n2 + output * HIDDEN + unit] = 0.0);
            nfm[n2 + axis * HIDDEN + unit] = sign * TINT;
        }
    }
    // two sigmoids more would leave a third of the painted opacity
    nfm[d2 + 3] = OPEN;
    nfm[d2 + 4] = OPEN;
    nfm
}

/// Colour for each metre in 4/30 s: a hand at 2 m/s changes by half of a channel's range.
const TINT: f32 = 2.0;
/// Logit added to the NFM's opacity and gate.
const OPEN: f32 = 2.0;

/// NTU's joints standing with arms hanging, metres: 1.7 m tall, 3 m before the camera.
const BANK_POSE: [[f32; 3]; 25] = [
    [0.0, 0.0, 3.0],
    [0.0, 0.28, 3.0],
    [0.0, 0.58, 3.0],
    [0.0, 0.72, 3.0],
    [0.18, 0.48, 3.0],
    [0.22, 0.20, 3.0],
    [0.24, -0.05, 2.98],
    [0.24, -0.13, 2.97],
    [-0.18, 0.48, 3.0],
    [-0.22, 0.20, 3.0],
    [-0.24, -0.05, 2.98],
    [-0.24, -0.13, 2.97],
    [0.09, -0.02, 3.0],
    [0.11, -0.44, 3.0],
    [0.12, -0.84, 3.02],
    [0.13, -0.92, 2.90],
    [-0.09, -0.02, 3.0],
    [-0.11, -0.44, 3.0],
    [-0.12, -0.84, 3.02],
    [-0.13, -0.92, 2.90],
    [0.0, 0.50, 3.0],
    [0.24, -0.20, 2.96],
    [0.21, -0.14, 2.94],
    [-0.24, -0.20, 2.96],
    [-0.21, -0.14, 2.94],
];
