//! DrAction on the CPU backend's tensors: the twin reads their memory.

use burn::{backend::Flex, tensor::TensorData};
use burn_flex::FlexTensor;
use draction::{
    draction::Parameters,
    engine::{Scene, cpu::CpuEngine},
};
use std::sync::Arc;

use super::{DrActionBackward, DrActionOps, Four, RenderConstants};

impl DrActionOps for Flex {
    fn draction(
        features: FlexTensor,
        weights: FlexTensor,
        positions: FlexTensor,
        velocities: FlexTensor,
        constants: Arc<RenderConstants>,
    ) -> FlexTensor {
        let scene = scene([features, weights, positions, velocities], &constants);
        let frames = CpuEngine.forward(&scene).expect("shapes were checked by `render`");
        let d = &constants.dims;
        to_flex(frames, &[d.clips, d.frames, d.height, d.width, 3])
    }
}

impl DrActionBackward for Flex {
    fn draction_backward(
        inputs: Four<FlexTensor>,
        frames: FlexTensor,
        grad_frames: FlexTensor,
        constants: &RenderConstants,
    ) -> Four<FlexTensor> {
        let gradients = CpuEngine
            .backward(&scene(inputs, constants), &from_flex(frames), &from_flex(grad_frames))
            .expect("shapes were checked by `render`");
        let d = &constants.dims;
        let joints = [d.clips, d.frames, d.bodies, d.joints, 3];
        let weights = gradients.parameters.pack();
        [
            to_flex(gradients.parameters.features, &[d.gaussians, 3]),
            to_flex(weights, &[draction::passes::WEIGHTS_LEN]),
            to_flex(gradients.positions, &joints),
            to_flex(gradients.velocities, &joints),
        ]
    }
}

/// The four inputs read to host memory.
fn scene(inputs: Four<FlexTensor>, constants: &RenderConstants) -> Scene {
    let [features, weights, positions, velocities] = inputs.map(from_flex);
    Scene {
        dims: constants.dims,
        template: constants.template.clone(),
        parameters: Parameters::from_packed(features, &weights, constants.dims.nfm),
        cameras: constants.cameras.clone(),
        positions,
        velocities,
        orientations: constants.orientations.clone(),
    }
}

fn from_flex(tensor: FlexTensor) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("DrAction computes in f32")
}

fn to_flex(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.to_vec()))
}
