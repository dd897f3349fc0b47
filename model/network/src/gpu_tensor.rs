//! burn's tensors as buffers of the wgpu device that it shares with the renderer, for operations that are not burn's.

use std::sync::Arc;

use burn::{
    backend::DispatchDevice,
    tensor::{DType, Shape},
};
use burn_cubecl::{ops::numeric::empty_device_contiguous_dtype, tensor::CubeTensor};
use cubecl_wgpu::{AutoCompiler, WgpuResource, WgpuServer};
use draction::{engine::gpu::GpuEngine, gpu::BufferRange};

use crate::device;

/// The renderer on a tensor's device; its shaders are compiled once.
pub(crate) fn engine(tensor: &CubeTensor) -> Arc<GpuEngine> {
    device::engine(&DispatchDevice::Cube(tensor.device.clone()).into())
        .expect("a GPU tensor exists, so its device was opened by `device`")
}

/// A tensor's place in burn's memory. The tensor itself must outlive the submission of what uses the place.
pub(crate) struct Place {
    resource: WgpuResource,
    bytes: u64,
}

impl Place {
    /// Waits for nothing, but makes sure that all work on the tensor has been submitted.
    pub(crate) fn of(tensor: &CubeTensor) -> Place {
        let resource = tensor
            .client
            .get_resource::<WgpuServer<AutoCompiler>>(tensor.handle.clone())
            .expect("the tensor lives on the wgpu device");
        Place { resource: resource.resource().clone(), bytes: tensor.meta.shape().num_elements() as u64 * 4 }
    }

    pub(crate) fn range(&self) -> BufferRange<'_> {
        BufferRange { buffer: &self.resource.buffer, offset: self.resource.offset, size: self.bytes }
    }
}

/// A tensor of f32 on the device of another one; what stands in it means nothing yet.
pub(crate) fn empty_like(tensor: &CubeTensor, shape: &[usize]) -> CubeTensor {
    let shape = Shape::from(shape.to_vec());
    empty_device_contiguous_dtype(tensor.client.clone(), tensor.device.clone(), shape, DType::F32)
}

/// Hands over what `record` writes down, behind all that was submitted before.
pub(crate) fn submit(engine: &GpuEngine, record: impl FnOnce(&mut wgpu::CommandEncoder)) {
    let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    record(&mut encoder);
    engine.queue().submit([encoder.finish()]);
}
