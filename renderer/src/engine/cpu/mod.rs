//! The engine of machines without a GPU, and the oracle of the one with: each pass once more in plain Rust.
//!
//! Every frame is computed by one thread in a fixed order, so results are the same bits on every run and with any
//! number of threads.

mod backward;
mod exp;
mod forward;
#[cfg(test)]
mod gold;
mod math;
mod rasterize;

use super::{EngineError, Gradients, Inputs};
use crate::{
    draction::Parameters,
    passes::{self, Buffer, Dims, Pass},
};

/// Replays passes in plain Rust on all cores.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuEngine;

impl CpuEngine {
    /// Draws `frames [B, T, H, W, 3]`.
    ///
    /// # Errors
    /// [`EngineError`] when a slice does not fit `inputs.dims`.
    pub fn forward(&self, inputs: &Inputs<'_>) -> Result<Vec<f32>, EngineError> {
        let mut run = Run::new(inputs)?;
        for pass in passes::forward(&inputs.dims) {
            run.replay(pass);
        }
        Ok(run.buffers.frames)
    }

    /// Gradients of a loss from `∂L/∂frames`; `frames` and `grad_frames` are `[B, T, H, W, 3]`.
    ///
    /// # Errors
    /// As [`CpuEngine::forward`].
    pub fn backward(&self, inputs: &Inputs<'_>, frames: &[f32], grad_frames: &[f32]) -> Result<Gradients, EngineError> {
        let mut run = Run::new(inputs)?;
        run.set_frames(frames, grad_frames)?;
        for pass in passes::backward(&inputs.dims) {
            run.replay(pass);
        }
        let buffers = run.buffers;
        Ok(Gradients {
            parameters: Parameters::from_packed(buffers.grad_features, &buffers.grad_weights, inputs.dims.nfm),
            positions: buffers.grad_positions,
            velocities: buffers.grad_velocities,
        })
    }

    /// Runs `passes` and returns the named buffers as the last pass left them ([`Buffer::Order`] as numbers).
    /// `backward` gives the frames and their upstream gradient where the passes need them.
    ///
    /// # Errors
    /// As [`CpuEngine::forward`].
    pub fn capture(
        &self,
        inputs: &Inputs<'_>,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        self.watch(inputs, passes, backward, buffers, |_| {})
    }

    /// [`CpuEngine::capture`] that tells `ran` of each pass as soon as it has run.
    ///
    /// # Errors
    /// As [`CpuEngine::forward`].
    pub fn watch(
        &self,
        inputs: &Inputs<'_>,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
        mut ran: impl FnMut(Pass),
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        let mut run = Run::new(inputs)?;
        if let Some((frames, grad_frames)) = backward {
            run.set_frames(frames, grad_frames)?;
        }
        for &pass in passes {
            run.replay(pass);
            ran(pass);
        }
        Ok(buffers.iter().map(|&buffer| run.buffers.get(buffer)).collect())
    }
}

/// The buffers of [`Buffer`] that live on the CPU; each is empty until its pass has run.
#[derive(Default)]
struct Buffers {
    head: Vec<f32>,
    skinned: Vec<f32>,
    projected: Vec<f32>,
    depth_range: Vec<f32>,
    shaded: Vec<f32>,
    order: Vec<u32>,
    frames: Vec<f32>,
    grad_frames: Vec<f32>,
    grad_splats: Vec<f32>,
    grad_appearance: Vec<f32>,
    grad_depth_range: Vec<f32>,
    grad_means: Vec<f32>,
    grad_head: Vec<f32>,
    grad_positions: Vec<f32>,
    grad_velocities: Vec<f32>,
    grad_features: Vec<f32>,
    grad_weights: Vec<f32>,
}

impl Buffers {
    fn get(&self, buffer: Buffer) -> Vec<f32> {
        match buffer {
            Buffer::Head => self.head.clone(),
            Buffer::Skinned => self.skinned.clone(),
            Buffer::Projected => self.projected.clone(),
            Buffer::DepthRange => self.depth_range.clone(),
            Buffer::Shaded => self.shaded.clone(),
            Buffer::Order => self.order.iter().map(|&i| i as f32).collect(),
            Buffer::Frames => self.frames.clone(),
            Buffer::GradSplats => self.grad_splats.clone(),
            Buffer::GradAppearance => self.grad_appearance.clone(),
            Buffer::GradDepthRange => self.grad_depth_range.clone(),
            Buffer::GradMeans => self.grad_means.clone(),
            Buffer::GradHead => self.grad_head.clone(),
            Buffer::GradPositions => self.grad_positions.clone(),
            Buffer::GradVelocities => self.grad_velocities.clone(),
            Buffer::GradFeatures => self.grad_features.clone(),
            Buffer::GradWeights => self.grad_weights.clone(),
            // inputs, and scratch that only the GPU needs
            _ => Vec::new(),
        }
    }
}

struct Run<'a> {
    inputs: &'a Inputs<'a>,
    cameras: Vec<f32>,
    template: Vec<f32>,
    canonical_joints: Vec<f32>,
    lbs: Vec<f32>,
    weights: Vec<f32>,
    buffers: Buffers,
}

impl<'a> Run<'a> {
    fn new(inputs: &'a Inputs<'a>) -> Result<Self, EngineError> {
        inputs.check()?;
        let lbs = inputs.template.lbs_weights();
        Ok(Run {
            inputs,
            cameras: inputs.camera_rows(),
            template: inputs.template.gpu_template(&lbs),
            canonical_joints: inputs.template.gpu_canonical_joints(),
            lbs,
            weights: inputs.parameters.pack(),
            buffers: Buffers::default(),
        })
    }

    fn set_frames(&mut self, frames: &[f32], grad_frames: &[f32]) -> Result<(), EngineError> {
        let d = &self.inputs.dims;
        let expected = d.frame_count() * d.width * d.height * 3;
        for (what, got) in [("frames", frames.len()), ("frame gradients", grad_frames.len())] {
            if got != expected {
                return Err(EngineError::Length { what, expected, got });
            }
        }
        self.buffers.frames = frames.to_vec();
        self.buffers.grad_frames = grad_frames.to_vec();
        Ok(())
    }

    fn replay(&mut self, pass: Pass) {
        let Run { inputs, cameras, template, canonical_joints, lbs, weights, buffers: b } = self;
        let dims: &Dims = &inputs.dims;
        let (total, bodies) = (dims.total(), dims.frame_count() * dims.bodies);
        let features = &inputs.parameters.features;
        match pass {
            Pass::Head => forward::head(features, weights, fresh(&mut b.head, dims.gaussians * 4)),
            Pass::Skin => forward::skin(
                dims,
                inputs.positions,
                inputs.velocities,
                template,
                lbs,
                fresh(&mut b.skinned, total * 16),
            ),
            Pass::SkinOriented => forward::skin_oriented(
                dims,
                inputs.positions,
                inputs.velocities,
                inputs.orientations.unwrap_or_default(),
                canonical_joints,
                template,
                lbs,
                fresh(&mut b.skinned, total * 16),
            ),
            Pass::Project => {
                forward::project(dims, cameras, &b.skinned, fresh(&mut b.projected, total * 12));
            }
            Pass::DepthRange => {
                forward::depth_range(dims, &b.projected, fresh(&mut b.depth_range, bodies * 4));
            }
            Pass::Appearance => forward::appearance(
                dims,
                &b.head,
                &b.skinned,
                &b.projected,
                &b.depth_range,
                weights,
                fresh(&mut b.shaded, total * 4),
            ),
            Pass::Sort => forward::sort(dims, &b.projected, fresh(&mut b.order, total)),
            Pass::Rasterize => {
                let pixels = dims.frame_count() * dims.width * dims.height;
                rasterize::rasterize(dims, &b.projected, &b.shaded, &b.order, fresh(&mut b.frames, pixels * 3));
            }
            Pass::RasterizeBackward => rasterize::rasterize_backward(
                dims,
                &b.projected,
                &b.shaded,
                &b.order,
                &b.frames,
                &b.grad_frames,
                fresh(&mut b.grad_splats, total * 12),
            ),
            // the twins draw splat by splat and know no tiles
            Pass::BinRows | Pass::BinTiles | Pass::GatherTiles => {}
            Pass::AppearanceBackward => backward::appearance_backward(
                dims,
                &b.head,
                &b.skinned,
                &b.projected,
                &b.depth_range,
                weights,
                &b.grad_splats,
                fresh(&mut b.grad_appearance, total * 20),
            ),
            Pass::DepthRangeBackward => backward::depth_range_backward(
                dims,
                &b.projected,
                &b.depth_range,
                &b.grad_appearance,
                fresh(&mut b.grad_depth_range, bodies * 2),
            ),
            Pass::ProjectBackward => backward::project_backward(
                dims,
                cameras,
                &b.skinned,
                &b.projected,
                &b.depth_range,
                &b.grad_splats,
                &b.grad_appearance,
                &b.grad_depth_range,
                fresh(&mut b.grad_means, total * 4),
            ),
            Pass::SkinBackward => {
                let joints = bodies * dims.joints * 3;
                backward::skin_backward(
                    dims,
                    lbs,
                    &b.grad_means,
                    &b.grad_appearance,
                    fresh(&mut b.grad_positions, joints),
                    fresh(&mut b.grad_velocities, joints),
                );
            }
            Pass::NfmWeightsBackward => backward::nfm_weights_backward(
                dims,
                &b.head,
                &b.skinned,
                weights,
                &b.grad_appearance,
                fresh(&mut b.grad_weights, passes::WEIGHTS_LEN),
            ),
            Pass::HeadBackward => backward::head_backward(
                dims,
                features,
                weights,
                &b.grad_appearance,
                fresh(&mut b.grad_head, dims.gaussians * 4),
                fresh(&mut b.grad_features, dims.gaussians * 3),
            ),
            Pass::HeadWeightsBackward => {
                backward::head_weights_backward(dims, features, weights, &b.grad_head, &mut b.grad_weights)
            }
            // the two twins above already sum over everything
            Pass::ReduceWeights => {}
        }
    }
}

/// A buffer of the right length for a pass to fill.
fn fresh<T: Clone + Default>(buffer: &mut Vec<T>, len: usize) -> &mut [T] {
    buffer.clear();
    buffer.resize(len, T::default());
    buffer
}
