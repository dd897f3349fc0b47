//! The whole chain, from joints through DrAction, vision tower, projector and decoder to the loss, and back.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use draction::conformance::Case;
use skeletonllm::folder::see;
use skeletonllm_checks::case;
use skeletonllm_network::{
    checkpoint::load_model,
    draction_op::{RenderConstants, render},
    internvl::InternVl,
    token_reader::TokenBatch,
};
use skeletonllm_tests::devices;

/// Frames that the tiny golden model looks at.
const FRAMES: usize = 3;
/// Their side in pixels.
const SIDE: usize = 56;

/// The four inputs of the renderer, flat.
type Inputs = [Vec<f32>; 4];

struct Chain {
    model: InternVl,
    constants: Arc<RenderConstants>,
    shapes: [Vec<usize>; 4],
    tokens: TokenBatch,
    labels: Vec<Vec<i64>>,
    device: Device,
}

impl Chain {
    fn new(device: &Device) -> (Chain, Inputs) {
        let device = device.clone().autodiff();
        let case = Case::load(&std::fs::read(case_file()).unwrap()).unwrap();
        let dims = draction::passes::Dims { width: SIDE, height: SIDE, ..case.scene.dims };
        assert_eq!(dims.frames, FRAMES);
        let folder = case_folder();
        let ids: Vec<i64> = integers(&folder, "input_ids");
        let labels: Vec<i64> = integers(&folder, "labels");
        let joints = vec![1, dims.frames, dims.bodies, dims.joints, 3];
        let inputs = [
            case.scene.parameters.features.clone(),
            case.scene.parameters.pack(),
            case.scene.positions.clone(),
            case.scene.velocities.clone(),
        ];
        let chain = Chain {
            model: load_model(folder.join("checkpoint"), &device).unwrap(),
            constants: Arc::new(RenderConstants {
                dims,
                template: case.scene.template.clone(),
                cameras: case.scene.cameras.clone(),
                orientations: None,
            }),
            shapes: [vec![dims.gaussians, 3], vec![inputs[1].len()], joints.clone(), joints],
            tokens: TokenBatch::new(vec![ids.iter().map(|&i| i as u32).collect()]),
            labels: vec![labels],
            device,
        };
        (chain, inputs)
    }

    fn tensor<const D: usize>(&self, which: usize, values: &[f32]) -> Tensor<D> {
        let data = TensorData::new(values.to_vec(), self.shapes[which].clone());
        Tensor::from_data(data, &self.device).require_grad()
    }

    /// The loss, and its gradients to the four inputs.
    fn run(&self, inputs: &Inputs) -> (f64, Inputs) {
        let (features, weights) = (self.tensor::<2>(0, &inputs[0]), self.tensor::<1>(1, &inputs[1]));
        let (positions, velocities) = (self.tensor::<5>(2, &inputs[2]), self.tensor::<5>(3, &inputs[3]));
        let frames =
            render(features.clone(), weights.clone(), positions.clone(), velocities.clone(), self.constants.clone());
        let visual = see(&self.model, frames);
        let loss = self.model.reader().loss(&self.tokens, &self.labels, Some(visual)).unwrap();
        let value = f64::from(loss.clone().into_scalar::<f32>());
        let gradients = loss.backward();
        let host = |data: TensorData| data.try_to_vec::<f32>().unwrap();
        let all = [
            host(features.grad(&gradients).unwrap().into_data()),
            host(weights.grad(&gradients).unwrap().into_data()),
            host(positions.grad(&gradients).unwrap().into_data()),
            host(velocities.grad(&gradients).unwrap().into_data()),
        ];
        (value, all)
    }
}

fn case_file() -> std::path::PathBuf {
    case("draction/two_bodies_nfm.safetensors")
}

fn case_folder() -> std::path::PathBuf {
    case("internvl-tiny")
}

fn integers(folder: &std::path::Path, name: &str) -> Vec<i64> {
    let bytes = std::fs::read(folder.join("expected.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let data = file.tensor(name).unwrap().data().to_vec();
    data.chunks_exact(4).map(|b| i64::from(i32::from_le_bytes(b.try_into().unwrap()))).collect()
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt()
}

/// Moves along `direction` and watches the loss: a central difference with one Richardson step, which leaves an error
/// of fourth order in the step. In f32 a loss has seven digits, so the step is made large enough for them to matter.
fn slope(chain: &Chain, inputs: &Inputs, which: usize, direction: &[f32], step: f64) -> f64 {
    let at = |h: f64| {
        let mut moved = inputs.clone();
        for (value, d) in moved[which].iter_mut().zip(direction) {
            *value += (h * f64::from(*d)) as f32;
        }
        chain.run(&moved).0
    };
    let central = |h: f64| (at(h) - at(-h)) / (2.0 * h);
    (4.0 * central(step / 2.0) - central(step)) / 3.0
}

#[test]
fn the_loss_moves_as_its_gradient_says() {
    let (chain, inputs) =
        Chain::new(&skeletonllm_network::device::cpu().expect("the CPU backend is part of this build").device);
    let (_, gradients) = chain.run(&inputs);
    for (which, name) in ["features", "weights", "positions", "velocities"].into_iter().enumerate() {
        let gradient = &gradients[which];
        let length = norm(gradient);
        assert!(length > 1e-6, "{name}: the gradient is zero");
        // along the gradient itself the slope is its length
        let direction: Vec<f32> = gradient.iter().map(|&g| (f64::from(g) / length) as f32).collect();
        let measured = slope(&chain, &inputs, which, &direction, 4e-3 / length.max(1.0));
        assert!((measured / length - 1.0).abs() < 0.02, "{name}: slope {measured}, gradient {length}");
        // and along its three largest entries alone it is each of them
        let mut order: Vec<usize> = (0..gradient.len()).collect();
        order.sort_by(|&a, &b| gradient[b].abs().total_cmp(&gradient[a].abs()));
        for &i in &order[..3] {
            let mut direction = vec![0.0; gradient.len()];
            direction[i] = 1.0;
            let expected = f64::from(gradient[i]);
            let measured = slope(&chain, &inputs, which, &direction, 4e-3 / expected.abs().max(1.0));
            assert!((measured / expected - 1.0).abs() < 0.05, "{name}[{i}]: slope {measured}, gradient {expected}");
        }
    }
}

#[test]
fn loss_and_gradients_are_the_same_on_every_device() {
    let results: Vec<_> = devices()
        .iter()
        .map(|selected| {
            let (chain, inputs) = Chain::new(&selected.device);
            (selected.name.clone(), chain.run(&inputs))
        })
        .collect();
    let (_, (loss, gradients)) = &results[0];
    for (device, (other_loss, others)) in &results[1..] {
        assert!((loss - other_loss).abs() < 1e-4 * loss.abs(), "{device}: loss {other_loss}, not {loss}");
        for (which, (ours, theirs)) in gradients.iter().zip(others).enumerate() {
            let difference: Vec<f32> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
            let relative = norm(&difference) / norm(ours);
            assert!(relative < 2e-3, "{device}: gradient {which} differs by {relative}");
        }
    }
}
