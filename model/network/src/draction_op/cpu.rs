//! DrAction on the CPU backend's tensors: the twin reads their memory.

use burn::{backend::Flex, tensor::TensorData};
use burn_flex::FlexTensor;
use draction::{
    draction::Parameters,
    engine::{Inputs, cpu::CpuEngine},
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
        let host = HostInputs::new([features, weights, positions, velocities], &constants);
        let frames = CpuEngine.forward(&host.inputs(&constants)).expect("shapes were checked by `render`");
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
        let host = HostInputs::new(inputs, constants);
        let gradients = CpuEngine
            .backward(&host.inputs(constants), &from_flex(frames), &from_flex(grad_frames))
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

/// The four inputs as host memory.
struct HostInputs {
    parameters: Parameters,
    positions: Vec<f32>,
    velocities: Vec<f32>,
}

impl HostInputs {
    fn new(inputs: Four<FlexTensor>, constants: &RenderConstants) -> Self {
        let [features, weights, positions, velocities] = inputs.map(from_flex);
        HostInputs {
            parameters: Parameters::from_packed(features, &weights, constants.dims.nfm),
            positions,
            velocities,
        }
    }

    fn inputs<'a>(&'a self, constants: &'a RenderConstants) -> Inputs<'a> {
        Inputs {
            dims: constants.dims,
            template: &constants.template,
            parameters: &self.parameters,
            cameras: &constants.cameras,
            positions: &self.positions,
            velocities: &self.velocities,
            orientations: constants.orientations.as_deref(),
        }
    }
}

fn from_flex(tensor: FlexTensor) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("DrAction computes in f32")
}

fn to_flex(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.to_vec()))
}
