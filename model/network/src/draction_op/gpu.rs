//! DrAction on burn's GPU tensors. Buffer to buffer on the device that both share: nothing is read back.

use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn_cubecl::{CubeBackend, kernel::into_contiguous, tensor::CubeTensor};
use draction::{
    engine::gpu::{GradientTargets, Inputs},
    gpu::Source,
    passes::{Buffer, Memory, WEIGHTS_LEN},
};

use super::{DrActionBackward, DrActionOps, Four, RenderConstants};
use crate::gpu_tensor::{Place, empty_like, engine, submit};

/// The constants from the host, as passes read them.
fn packed(constants: &RenderConstants) -> Memory<'_> {
    let mut memory = Memory::new(constants.dims);
    memory.set_template(&constants.template);
    memory.set_cameras(&constants.cameras);
    if let Some(orientations) = constants.orientations.as_deref().filter(|_| constants.dims.oriented) {
        memory.set(Buffer::Orientations, orientations);
    }
    memory
}

/// The constants, and the four tensors where they lie.
fn bound<'a>(constants: &'a Memory<'_>, tensors: &'a Four<Place>) -> Inputs<'a> {
    let buffers = [Buffer::Features, Buffer::Weights, Buffer::Positions, Buffer::Velocities];
    let places = buffers.into_iter().zip(tensors);
    places.fold(Inputs::of(constants), |inputs, (buffer, place)| inputs.with(buffer, Source::Gpu(place.range())))
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
        let (constants, places) = (packed(&constants), tensors.each_ref().map(Place::of));
        let target = Place::of(&frames);
        let engine = engine(&frames);
        submit(&engine, |encoder| {
            engine
                .record_forward(encoder, d, &bound(&constants, &places), target.range())
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
        let (constants, sources) = (packed(constants), tensors.each_ref().map(Place::of));
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
                    &bound(&constants, &sources),
                    Source::Gpu(frames.range()),
                    Source::Gpu(grad_frames.range()),
                    &targets,
                )
                .expect("shapes were checked by `render`");
        });
        gradients
    }
}
