//! The body that features are kept on, and the renderer that a run from nothing begins with.

use anyhow::Result;
use burn::tensor::Device;
use draction::{
    draction::{DrAction, LinePoints, Scales, Template, TemplateRule},
    motion::{Layout, Skeleton},
};

use super::{Drawing, DrawingConfig, HostDrawing};

/// The body that a model keeps its features on: NTU's 25 joints, as the released renderers do.
pub fn bank_skeleton() -> Skeleton {
    Layout::Ntu25.skeleton()
}

/// A fresh renderer on the bank's body: painted by body part, with an NFM that does nothing yet.
///
/// # Errors
/// Never for the built-in body.
pub fn fresh_draction(config: DrawingConfig, seed: u64) -> Result<DrAction> {
    let skeleton = bank_skeleton();
    let rule = TemplateRule { points: LinePoints::Fixed(10), scales: Scales::Constant(config.scale) };
    let template = Template::build(&skeleton.bones, &BANK_POSE.concat(), &rule)?;
    let mut draction = DrAction::painted(&skeleton, template)?;
    let random = DrAction::init(draction.template.clone(), seed);
    draction.parameters.nfm = random.parameters.nfm;
    Ok(draction)
}

/// [`fresh_draction`] as a module of the model.
///
/// # Errors
/// As [`fresh_draction`].
pub fn fresh_drawing(config: DrawingConfig, seed: u64, device: &Device) -> Result<Drawing> {
    Ok(Drawing::new(HostDrawing::new(fresh_draction(config, seed)?, config)?, device))
}

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
