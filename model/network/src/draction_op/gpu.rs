//! DrAction on burn's GPU tensors. Buffer to buffer on the device that both share: nothing is read back.

use std::sync::Arc;

use burn::{
    backend::{DispatchDevice, tensor::FloatTensor},
    tensor::{DType, Shape},
};
use burn_cubecl::{
    CubeBackend, kernel::into_contiguous, ops::numeric::empty_device_contiguous_dtype, tensor::CubeTensor,
};
use cubecl_wgpu::{AutoCompiler, WgpuResource, WgpuServer};
use draction::{
    engine::gpu::{GpuEngine, GradientTargets, PackedTemplate, Sources},
    gpu::{BufferRange, Source},
    passes::WEIGHTS_LEN,
};

use super::{DrActionBackward, DrActionOps, Four, RenderConstants};
use crate::device;

/// The renderer on a tensor's device; its shaders are compiled once.
fn engine(tensor: &CubeTensor) -> Arc<GpuEngine> {
    device::engine(&DispatchDevice::Cube(tensor.device.clone()).into())
        .expect("a GPU tensor exists, so its device was opened by `device`")
}

/// A tensor's place in burn's memory. The tensor itself must outlive the submission of what uses the place.
struct Place {
    resource: WgpuResource,
    bytes: u64,
}

impl Place {
    /// Waits for nothing, but makes sure that all work on the tensor has been submitted.
    fn of(tensor: &CubeTensor) -> Place {
        let resource = tensor
            .client
            .get_resource::<WgpuServer<AutoCompiler>>(tensor.handle.clone())
            .expect("the tensor lives on the wgpu device");
        Place { resource: resource.resource().clone(), bytes: tensor.meta.shape().num_elements() as u64 * 4 }
    }

    fn range(&self) -> BufferRange<'_> {
        BufferRange { buffer: &self.resource.buffer, offset: self.resource.offset, size: self.bytes }
    }
}

/// Inputs of the renderer: four tensors, and the constants from the host.
struct GpuInputs {
    tensors: Four<Place>,
    template: PackedTemplate,
    cameras: Vec<f32>,
}

impl GpuInputs {
    fn new(tensors: &Four<CubeTensor>, constants: &RenderConstants) -> GpuInputs {
        let (width, height) = (constants.dims.width, constants.dims.height);
        GpuInputs {
            tensors: tensors.each_ref().map(Place::of),
            template: PackedTemplate::new(&constants.template),
            cameras: constants.cameras.iter().flat_map(|c| c.to_array(width, height)).collect(),
        }
    }

    fn sources<'a>(&'a self, constants: &'a RenderConstants) -> Sources<'a> {
        let [features, weights, positions, velocities] = self.tensors.each_ref().map(|p| Source::Gpu(p.range()));
        Sources {
            positions,
            velocities,
            orientations: constants.orientations.as_deref().map(Source::Host),
            cameras: Source::Host(&self.cameras),
            canonical_joints: Source::Host(&self.template.canonical_joints),
            template: Source::Host(&self.template.rows),
            lbs_weights: Source::Host(&self.template.lbs_weights),
            features,
            weights,
        }
    }
}

fn empty_like(tensor: &CubeTensor, shape: &[usize]) -> CubeTensor {
    let shape = Shape::from(shape.to_vec());
    empty_device_contiguous_dtype(tensor.client.clone(), tensor.device.clone(), shape, DType::F32)
}

fn submit(engine: &GpuEngine, record: impl FnOnce(&mut wgpu::CommandEncoder)) {
    let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    record(&mut encoder);
    engine.queue().submit([encoder.finish()]);
}

impl DrActionOps for CubeBackend {
    fn draction(
        features: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        positions: FloatTensor<Self>,
        velocities: FloatTensor<Self>,
        constants: Arc<RenderConstants>,
    ) -> FloatTensor<Self> {
        let tensors = [features, weights, positions, velocities].map(into_contiguous);
        let d = &constants.dims;
        let frames = empty_like(&tensors[0], &[d.clips, d.frames, d.height, d.width, 3]);
        let inputs = GpuInputs::new(&tensors, &constants);
        let target = Place::of(&frames);
        let engine = engine(&frames);
        submit(&engine, |encoder| {
            engine
                .record_forward(encoder, d, &inputs.sources(&constants), target.range())
                .expect("shapes were checked by `render`");
        });
        frames
    }
}

impl DrActionBackward for CubeBackend {
    fn draction_backward(
        inputs: Four<CubeTensor>,
        frames: CubeTensor,
        grad_frames: CubeTensor,
        constants: &RenderConstants,
    ) -> Four<CubeTensor> {
        let tensors = inputs.map(into_contiguous);
        let (frames, grad_frames) = (into_contiguous(frames), into_contiguous(grad_frames));
        let d = &constants.dims;
        let joints = [d.clips, d.frames, d.bodies, d.joints, 3];
        let gradients = [
            empty_like(&tensors[0], &[d.gaussians, 3]),
            empty_like(&tensors[0], &[WEIGHTS_LEN]),
            empty_like(&tensors[0], &joints),
            empty_like(&tensors[0], &joints),
        ];
        let inputs = GpuInputs::new(&tensors, constants);
        let engine = engine(&frames);
        let (frames, grad_frames) = (Place::of(&frames), Place::of(&grad_frames));
        let places = gradients.each_ref().map(Place::of);
        let [features, weights, positions, velocities] = places.each_ref().map(|p| Some(p.range()));
        let targets = GradientTargets { positions, velocities, features, weights };
        submit(&engine, |encoder| {
            engine
                .record_backward(
                    encoder,
                    d,
                    &inputs.sources(constants),
                    Source::Gpu(frames.range()),
                    Source::Gpu(grad_frames.range()),
                    &targets,
                )
                .expect("shapes were checked by `render`");
        });
        gradients
    }
}
