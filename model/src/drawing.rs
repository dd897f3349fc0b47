//! DrAction as a module of the model: its trained numbers as burn parameters, and clips of any skeletons drawn as one
//! batch.

mod bank;
mod config;
mod host;
mod settings;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

pub use bank::{bank_skeleton, fresh_draction};
pub use config::DrawingConfig;
pub use host::HostDrawing;
pub use settings::{CameraMode, DrawSettings};

use anyhow::Result;
use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor, TensorData},
};
use draction::{
    clip::Clip,
    draction::{DrAction, HEAD_LEN, NFM_LEN, Parameters, TemplateError},
    motion::Part,
    passes::Dims,
};
use skeletonllm_network::draction_op::{RenderConstants, render};

/// The trained renderer. Features are kept for one bank of Gaussians on a known body; a clip with another skeleton
/// borrows from the same places of the body ([`DrAction::fitted`]).
#[derive(Module, Debug)]
pub struct Drawing {
    /// `[K, 3]` features of the bank.
    pub canonical_features: Param<Tensor<2>>,
    /// `[HEAD_LEN]` the appearance head.
    pub appearance_head: Param<Tensor<1>>,
    /// `[NFM_LEN]` the NFM; zeros where it is off.
    pub nfm: Param<Tensor<1>>,
    /// `[1]` the logit of the share of depth colour.
    pub depth_mix_logit: Param<Tensor<1>>,
    /// What it was made from: template, skeleton and switches are taken from it, the numbers are those above.
    #[module(skip)]
    origin: HostDrawing,
}

impl Drawing {
    /// Puts a renderer's numbers on a device.
    pub fn new(origin: HostDrawing, device: &Device) -> Drawing {
        let DrAction { template, parameters, .. } = origin.draction();
        let vector = |values: Vec<f32>| {
            let len = values.len();
            Param::from_tensor(Tensor::<1>::from_data(TensorData::new(values, [len]), device))
        };
        let features = TensorData::new(parameters.features.clone(), [template.gaussians, 3]);
        Drawing {
            canonical_features: Param::from_tensor(Tensor::from_data(features, device)),
            appearance_head: vector(parameters.head.clone()),
            nfm: vector(parameters.nfm.clone().unwrap_or_else(|| vec![0.0; NFM_LEN])),
            depth_mix_logit: vector(vec![parameters.depth_mix_logit]),
            origin,
        }
    }

    /// What it was made from. Training may have moved its numbers since; [`Drawing::to_draction`] reads them.
    pub fn origin(&self) -> &HostDrawing {
        &self.origin
    }

    /// Where it draws.
    pub fn device(&self) -> Device {
        self.canonical_features.val().device()
    }

    /// The renderer with its present numbers, ready to be saved or run without burn. Waits for the device.
    pub fn to_draction(&self) -> DrAction {
        let host = |t: Tensor<1>| t.into_data().try_into_vec::<f32>().expect("parameters are f32");
        let [gaussians, width] = self.canonical_features.val().dims();
        let head = host(self.appearance_head.val());
        assert_eq!(head.len(), HEAD_LEN);
        DrAction {
            parameters: Parameters {
                features: host(self.canonical_features.val().reshape([gaussians * width])),
                head,
                nfm: self.origin.draction().nfm().then(|| host(self.nfm.val())),
                depth_mix_logit: host(self.depth_mix_logit.val())[0],
            },
            ..self.origin.draction().clone()
        }
    }

    /// The renderer with its present numbers in host memory. Waits for the device.
    pub fn present(&self) -> HostDrawing {
        self.origin.retrained(self.to_draction())
    }

    /// Draws clips: `[B, T, H, W, 3]` in `[0, 1]`, in the order given. All clips have the same number of frames;
    /// skeletons and numbers of bodies may differ.
    ///
    /// # Errors
    /// [`TemplateError`] when a clip's skeleton gives no template.
    pub fn render(&self, clips: &[Clip], [height, width]: [usize; 2]) -> Result<Tensor<5>, TemplateError> {
        /// Bones, body parts and number of bodies: what clips drawn together have in common.
        type Kind = (Vec<[usize; 2]>, Vec<u8>, usize);
        let mut groups: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
        for (i, clip) in clips.iter().enumerate() {
            let parts = clip.skeleton.parts.iter().map(|&p| part_code(p)).collect();
            groups.entry((clip.skeleton.bones.clone(), parts, clip.bodies)).or_default().push(i);
        }
        let mut order = Vec::with_capacity(clips.len());
        let mut drawn = Vec::with_capacity(groups.len());
        for members in groups.into_values() {
            let group: Vec<&Clip> = members.iter().map(|&i| &clips[i]).collect();
            drawn.push(self.render_alike(&group, [height, width])?);
            order.extend(members);
        }
        if drawn.len() == 1 {
            return Ok(drawn.remove(0));
        }
        let mut position = vec![0i64; clips.len()];
        for (at, &clip) in order.iter().enumerate() {
            position[clip] = at as i64;
        }
        let drawn = Tensor::cat(drawn, 0);
        let index = Tensor::<1, Int>::from_data(TensorData::new(position, [clips.len()]), &drawn.device());
        Ok(drawn.select(0, index))
    }

    /// Clips of one skeleton and one number of bodies.
    fn render_alike(&self, clips: &[&Clip], size: [usize; 2]) -> Result<Tensor<5>, TemplateError> {
        let device = self.device();
        let positions = joint_tensor(clips, |clip| &clip.positions, &device);
        let velocities = joint_tensor(clips, |clip| &clip.velocities, &device);
        self.render_joints(clips, positions, velocities, size)
    }

    /// Draws clips of one skeleton and one number of bodies with other joints than their own: `positions` and
    /// `velocities` `[B, T, P, J, 3]`, to which gradients flow. Returns `[B, T, H, W, 3]` in `[0, 1]`.
    ///
    /// # Errors
    /// [`TemplateError`] when the first clip's skeleton gives no template.
    ///
    /// # Panics
    /// When the tensors do not have the clips' shape.
    pub fn render_joints(
        &self,
        clips: &[&Clip],
        positions: Tensor<5>,
        velocities: Tensor<5>,
        [height, width]: [usize; 2],
    ) -> Result<Tensor<5>, TemplateError> {
        let first = clips[0];
        // with translation alone the picture does not depend on the pose that the template stands in
        let (template, rows) = self.origin.fitted(first)?;
        let features = match rows {
            None => self.canonical_features.val(),
            Some(rows) => {
                let matrix = TensorData::new(rows.dense(), [rows.rows.len(), rows.columns]);
                Tensor::<2>::from_data(matrix, &self.device()).matmul(self.canonical_features.val())
            }
        };
        let weights = Tensor::cat(vec![self.appearance_head.val(), self.nfm.val(), self.depth_mix_logit.val()], 0);
        let dims = Dims {
            clips: clips.len(),
            frames: first.frames(),
            bodies: first.bodies,
            joints: first.joints(),
            gaussians: template.gaussians,
            width,
            height,
            nfm: self.origin.draction().nfm(),
            oriented: false,
        };
        let cameras = clips.iter().map(|c| c.camera).collect();
        let constants = RenderConstants { dims, template: Arc::new(template), cameras, orientations: None };
        Ok(render(features, weights, positions, velocities, Arc::new(constants)))
    }
}

/// [`fresh_draction`] as a module of the model.
///
/// # Errors
/// As [`fresh_draction`].
pub fn fresh_drawing(config: DrawingConfig, seed: u64, device: &Device) -> Result<Drawing> {
    Ok(Drawing::new(HostDrawing::new(fresh_draction(config, seed)?, config)?, device))
}

/// `[B, T, P, J, 3]` of alike clips.
pub(crate) fn joint_tensor(clips: &[&Clip], list: impl Fn(&Clip) -> &[f32], device: &Device) -> Tensor<5> {
    let first = clips[0];
    let shape = [clips.len(), first.frames(), first.bodies, first.joints(), 3];
    let values: Vec<f32> = clips.iter().flat_map(|clip| list(clip).iter().copied()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn part_code(part: Part) -> u8 {
    Part::ALL.iter().position(|&p| p == part).unwrap_or(0) as u8
}
