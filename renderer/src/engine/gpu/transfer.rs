//! What goes in and what comes out, in the layout of the GPU's buffers.

use super::GpuError;
use crate::{
    draction::Template,
    engine::Inputs,
    gpu::{BufferRange, Source},
    passes::{Buffer, Dims},
};

/// Every input of a rendering, laid out as [`Buffer`] says.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// [`Buffer::Positions`] `[B, T, P, J, 3]` metres.
    pub positions: Source<'a>,
    /// [`Buffer::Velocities`] `[B, T, P, J, 3]` metres per four frames.
    pub velocities: Source<'a>,
    /// [`Buffer::Orientations`] `[B, T, P, J, 4]`; ignored unless `dims.oriented`.
    pub orientations: Option<Source<'a>>,
    /// [`Buffer::Cameras`] `[B, 16]`, from [`crate::camera::Camera::to_array`].
    pub cameras: Source<'a>,
    /// [`Buffer::CanonicalJoints`] `[J, 4]`.
    pub canonical_joints: Source<'a>,
    /// [`Buffer::Template`] `[K, 16]`.
    pub template: Source<'a>,
    /// [`Buffer::LbsWeights`] `[K, J]`.
    pub lbs_weights: Source<'a>,
    /// [`Buffer::Features`] `[K, 3]`.
    pub features: Source<'a>,
    /// [`Buffer::Weights`] `[WEIGHTS_LEN]`.
    pub weights: Source<'a>,
}

impl<'a> Sources<'a> {
    pub(super) fn list(&self, dims: &Dims) -> Vec<(Buffer, Source<'a>)> {
        let mut list = vec![
            (Buffer::Positions, self.positions),
            (Buffer::Velocities, self.velocities),
            (Buffer::Cameras, self.cameras),
            (Buffer::Template, self.template),
            (Buffer::LbsWeights, self.lbs_weights),
            (Buffer::Features, self.features),
            (Buffer::Weights, self.weights),
        ];
        if dims.oriented {
            list.push((Buffer::CanonicalJoints, self.canonical_joints));
            list.push((Buffer::Orientations, self.orientations.unwrap_or(Source::Host(&[]))));
        }
        list
    }
}

/// Where gradients go; `None` for those that nobody asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct GradientTargets<'a> {
    /// [`Buffer::GradPositions`] `[B, T, P, J, 3]`.
    pub positions: Option<BufferRange<'a>>,
    /// [`Buffer::GradVelocities`] `[B, T, P, J, 3]`.
    pub velocities: Option<BufferRange<'a>>,
    /// [`Buffer::GradFeatures`] `[K, 3]`.
    pub features: Option<BufferRange<'a>>,
    /// [`Buffer::GradWeights`] `[WEIGHTS_LEN]`.
    pub weights: Option<BufferRange<'a>>,
}

impl<'a> GradientTargets<'a> {
    pub(super) fn list(&self) -> Vec<(Buffer, Target<'a>)> {
        let all = [
            (Buffer::GradPositions, self.positions),
            (Buffer::GradVelocities, self.velocities),
            (Buffer::GradFeatures, self.features),
            (Buffer::GradWeights, self.weights),
        ];
        all.into_iter().filter_map(|(buffer, range)| Some((buffer, Target::Range(range?)))).collect()
    }
}

/// A template in the layout of the GPU's buffers. Pack it once and render many clips.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedTemplate {
    /// [`Buffer::Template`] `[K, 16]`.
    pub rows: Vec<f32>,
    /// [`Buffer::LbsWeights`] `[K, J]`.
    pub lbs_weights: Vec<f32>,
    /// [`Buffer::CanonicalJoints`] `[J, 4]`.
    pub canonical_joints: Vec<f32>,
}

impl PackedTemplate {
    /// Packs `template`.
    pub fn new(template: &Template) -> PackedTemplate {
        let lbs_weights = template.lbs_weights();
        PackedTemplate {
            rows: template.gpu_template(&lbs_weights),
            canonical_joints: template.gpu_canonical_joints(),
            lbs_weights,
        }
    }
}

/// Host inputs in the layout of the GPU's buffers.
pub(super) struct Packed<'a> {
    inputs: &'a Inputs<'a>,
    template: PackedTemplate,
    cameras: Vec<f32>,
    weights: Vec<f32>,
}

impl<'a> Packed<'a> {
    pub fn new(inputs: &'a Inputs<'a>) -> Result<Packed<'a>, GpuError> {
        inputs.check()?;
        Ok(Packed {
            inputs,
            template: PackedTemplate::new(inputs.template),
            cameras: inputs.camera_rows(),
            weights: inputs.parameters.pack(),
        })
    }

    /// Everything that passes read; `backward` gives the frames and their upstream gradient where passes need them.
    pub fn list(&self, backward: Option<(&'a [f32], &'a [f32])>) -> Vec<(Buffer, Source<'_>)> {
        let mut list = self.sources().list(&self.inputs.dims);
        if let Some((frames, grad_frames)) = backward {
            list.extend([(Buffer::Frames, Source::Host(frames)), (Buffer::GradFrames, Source::Host(grad_frames))]);
        }
        list
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            positions: Source::Host(self.inputs.positions),
            velocities: Source::Host(self.inputs.velocities),
            orientations: self.inputs.orientations.map(Source::Host),
            cameras: Source::Host(&self.cameras),
            canonical_joints: Source::Host(&self.template.canonical_joints),
            template: Source::Host(&self.template.rows),
            lbs_weights: Source::Host(&self.template.lbs_weights),
            features: Source::Host(&self.inputs.parameters.features),
            weights: Source::Host(&self.weights),
        }
    }
}

/// Where an output goes.
pub(super) enum Target<'a> {
    /// A caller's buffer.
    Range(BufferRange<'a>),
    /// The n-th of the buffers to be read back, which hold one chunk of frames each.
    ReadBack(usize),
}

impl Target<'_> {
    /// Reads `buffers` back, in that order.
    pub fn read_backs(buffers: &[Buffer]) -> Vec<(Buffer, Self)> {
        buffers.iter().enumerate().map(|(index, &buffer)| (buffer, Target::ReadBack(index))).collect()
    }
}
