//! Products with packed matrices as operations of burn, with gradients to what is multiplied.

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
    tensor::{DType, Device, Tensor},
};

use super::Packed;

/// A matrix that operations share, and its copy on a GPU.
#[derive(Debug)]
pub struct Shared {
    /// The matrix.
    pub matrix: Packed,
    #[cfg(feature = "gpu")]
    uploaded: gpu::Uploaded,
}

impl Shared {
    pub(crate) fn new(matrix: Packed) -> Arc<Self> {
        Arc::new(Self {
            matrix,
            #[cfg(feature = "gpu")]
            uploaded: gpu::Uploaded::default(),
        })
    }
}

/// Whether there are kernels for packed matrices on a device. Not on a browser's GPU.
pub(crate) fn has_kernels(device: &Device) -> bool {
    #[cfg(feature = "gpu")]
    let gpu = !cfg!(target_family = "wasm") && crate::device::engine(&device.clone().without_autodiff()).is_some();
    #[cfg(not(feature = "gpu"))]
    let gpu = false;
    gpu || crate::tensors::on_cpu(device)
}

/// `[rows, inputs]` → `[rows, outputs]`: `x·Wᵀ`.
///
/// # Panics
/// When the input is not of f32, or not as wide as the matrix: a defect of the caller, not of a file.
pub(crate) fn product(input: Tensor<2>, weight: &Arc<Shared>) -> Tensor<2> {
    assert_eq!(input.dims()[1], weight.matrix.shape()[1], "inputs");
    assert_eq!(input.dtype(), DType::F32, "packed matrices multiply f32");
    Tensor::from_dispatch(Dispatch::packed_product(input.into_dispatch(), weight.clone()))
}

/// The products on every backend, with burn's automatic differentiation around them.
#[cfg_attr(all(feature = "gpu", feature = "cpu"), backend_extension(Cube, Flex, Autodiff))]
#[cfg_attr(all(feature = "gpu", not(feature = "cpu")), backend_extension(Cube, Autodiff))]
#[cfg_attr(all(feature = "cpu", not(feature = "gpu")), backend_extension(Flex, Autodiff))]
pub trait PackedOps: Backend {
    /// `[rows, inputs]` → `[rows, outputs]`: `x·Wᵀ`.
    fn packed_product(input: FloatTensor<Self>, weight: Arc<Shared>) -> FloatTensor<Self>;
}

/// The gradient, on backends that compute.
pub trait PackedBackward: PackedOps {
    /// `[rows, outputs]` → `[rows, inputs]`: `y·W`.
    fn packed_transposed(upstream: FloatTensor<Self>, weight: Arc<Shared>) -> FloatTensor<Self>;
}

impl<B: PackedBackward, C: CheckpointStrategy> PackedOps for Autodiff<B, C> {
    fn packed_product(input: FloatTensor<Self>, weight: Arc<Shared>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Product;

        impl<B: PackedBackward> Backward<B, 1> for Product {
            type State = Arc<Shared>;

            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let upstream = grads.consume::<B>(&ops.node);
                if let [Some(input)] = ops.parents {
                    grads.register::<B>(input.id, B::packed_transposed(upstream, ops.state));
                }
            }
        }

        let node = input.node();
        // nothing of the input is needed on the way back
        match Product.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(weight.clone(), B::packed_product(input.into_primitive(), weight)),
            OpsKind::UnTracked(prep) => prep.finish(B::packed_product(input.into_primitive(), weight)),
        }
    }
}
