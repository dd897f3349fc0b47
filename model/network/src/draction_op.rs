//! DrAction as a differentiable operation of burn: joints and trained numbers in, pictures out, gradients back.
//!
//! The one place where burn's tensors meet the renderer's buffers. On the CPU backend the twin reads the tensors'
//! memory; on a GPU the tensors are copied buffer to buffer on the device that burn and the renderer share, and
//! nothing is read back.

#[cfg(feature = "cpu")]
mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

use std::sync::Arc;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::Tensor,
};
use draction::{camera::Camera, draction::Template, passes::Dims};

/// What a rendering needs besides tensors: nothing in it is trained.
#[derive(Clone, Debug)]
pub struct RenderConstants {
    /// Sizes; `clips` is the batch.
    pub dims: Dims,
    /// The Gaussians in their reference pose, one template for the whole batch.
    pub template: Arc<Template>,
    /// `[B]` one camera a clip.
    pub cameras: Vec<Camera>,
    /// `[B, T, P, J, 4]` where `dims.oriented`.
    pub orientations: Option<Vec<f32>>,
}

/// Draws a batch of clips.
///
/// * `features` — `[K, 3]`
/// * `weights` — `[HEAD_LEN + NFM_LEN + 1]`: head, NFM (ignored when off), depth-mix logit
/// * `positions`, `velocities` — `[B, T, P, J, 3]`
///
/// Returns `[B, T, H, W, 3]` in `[0, 1]`. Gradients flow to all four.
///
/// # Panics
/// When a tensor does not have the shape that `constants.dims` asks for: a defect of the caller, not of a file.
pub fn render(
    features: Tensor<2>,
    weights: Tensor<1>,
    positions: Tensor<5>,
    velocities: Tensor<5>,
    constants: Arc<RenderConstants>,
) -> Tensor<5> {
    let d = &constants.dims;
    let joints = [d.clips, d.frames, d.bodies, d.joints, 3];
    assert_eq!(features.dims(), [d.gaussians, 3], "features");
    assert_eq!(weights.dims(), [draction::passes::WEIGHTS_LEN], "weights");
    assert_eq!(positions.dims(), joints, "positions");
    assert_eq!(velocities.dims(), joints, "velocities");
    Tensor::from_dispatch(Dispatch::draction(
        features.into_dispatch(),
        weights.into_dispatch(),
        positions.into_dispatch(),
        velocities.into_dispatch(),
        constants,
    ))
}

/// The operation on every backend, with burn's automatic differentiation around it.
#[cfg_attr(all(feature = "gpu", feature = "cpu"), backend_extension(Cube, Flex, Autodiff))]
#[cfg_attr(all(feature = "gpu", not(feature = "cpu")), backend_extension(Cube, Autodiff))]
#[cfg_attr(all(feature = "cpu", not(feature = "gpu")), backend_extension(Flex, Autodiff))]
pub trait DrActionOps: Backend {
    /// See [`render`].
    fn draction(
        features: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        positions: FloatTensor<Self>,
        velocities: FloatTensor<Self>,
        constants: Arc<RenderConstants>,
    ) -> FloatTensor<Self>;
}

/// The four inputs that gradients flow to, in the order of [`render`].
type Four<T> = [T; 4];

/// The hand-written backward, on backends that compute.
pub trait DrActionBackward: DrActionOps {
    /// `∂L/∂` the four inputs, from the frames drawn and `∂L/∂frames`, both `[B, T, H, W, 3]`.
    fn draction_backward(
        inputs: Four<FloatTensor<Self>>,
        frames: FloatTensor<Self>,
        grad_frames: FloatTensor<Self>,
        constants: &RenderConstants,
    ) -> Four<FloatTensor<Self>>;
}

impl<B: DrActionBackward, C: CheckpointStrategy> DrActionOps for Autodiff<B, C> {
    fn draction(
        features: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        positions: FloatTensor<Self>,
        velocities: FloatTensor<Self>,
        constants: Arc<RenderConstants>,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct DrAction;

        impl<B: DrActionBackward> Backward<B, 4> for DrAction {
            type State = (Four<FloatTensor<B>>, FloatTensor<B>, Arc<RenderConstants>);

            fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
                let (inputs, frames, constants) = ops.state;
                let upstream = grads.consume::<B>(&ops.node);
                let gradients = B::draction_backward(inputs, frames, upstream, &constants);
                for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
                    if let Some(parent) = parent {
                        grads.register::<B>(parent.id, gradient);
                    }
                }
            }
        }

        let parts = [features, weights, positions, velocities].map(|tensor| tensor.into_parts());
        let inputs = parts.each_ref().map(|(primitive, _)| primitive.clone());
        let [features, weights, positions, velocities] = inputs.clone();
        let frames = B::draction(features, weights, positions, velocities, constants.clone());
        match DrAction.prepare::<C>(parts.map(|(_, node)| node)).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((inputs, frames.clone(), constants), frames),
            OpsKind::UnTracked(prep) => prep.finish(frames),
        }
    }
}
