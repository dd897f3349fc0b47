//! Layers that run twice and draw random numbers draw the same ones both times. burn's random numbers have one seed a
//! process, so this is the only test of its program.

#![cfg(feature = "cpu")]

use burn::tensor::{Device, Tensor, TensorData};
use skeletonllm_checks::case;
use skeletonllm_network::{
    checkpoint::load_model, internvl::InternVl, layers::LoraConfig, lora, tensors::host, token_reader::TokenBatch,
};

/// The loss of a conversation, and its gradient at the pictures.
fn slopes(model: &InternVl, frames: &[f32], device: &Device) -> (f64, Vec<f32>) {
    let [height, width] = model.config().vision_config.image_size;
    device.clone().inner().seed(9);
    let frames = TensorData::new(frames.to_vec(), [1, height, width, 3]);
    let frames = Tensor::<4>::from_data(frames, device).require_grad();
    let image = model.config().image_token_id.expect("it sees");
    let tokens = vec![image; model.config().tokens_per_frame()];
    let row = [&[3, 4][..], &tokens, &[7, 11, 12, 13]].concat();
    let labels = vec![row.iter().map(|&token| i64::from(token)).collect::<Vec<_>>()];
    let labels =
        labels.into_iter().map(|row| row.into_iter().map(|t| if t > 10 && t < 14 { t } else { -100 }).collect());
    let visual = model.encode_frames(frames.clone());
    let loss =
        model.reader().loss(&TokenBatch::new(vec![row]), &labels.collect::<Vec<_>>(), Some(visual)).expect("fits");
    let value = f64::from(host(loss.clone())[0]);
    let gradients = loss.backward();
    (value, host(frames.grad(&gradients).expect("tracked")))
}

#[test]
fn gradients_are_slopes_of_what_was_drawn() {
    let device = Device::flex().autodiff();
    let model = load_model(case("internvl-tiny/checkpoint"), &device).expect("the tiny checkpoint");
    let config = LoraConfig { rank: 8, alpha: 64.0, dropout: 0.5, ..LoraConfig::default() };
    let mut model = lora::attach(lora::freeze(model), &config, 1).recomputing(true);
    // adapters begin with nothing: these do something
    for layer in &mut model.language_model.model.layers {
        for linear in [&mut layer.self_attn.v_proj, &mut layer.mlp.up_proj, &mut layer.mlp.down_proj] {
            let lora = linear.lora.as_mut().expect("attached");
            lora.b = lora.b.clone().map(|b| {
                let [rows, rank] = b.dims();
                let numbers = (0..rows * rank).map(|i| 0.3 * (i as f32 * 1.7).sin()).collect();
                Tensor::from_data(TensorData::new(numbers, [rows, rank]), &b.device()).require_grad()
            });
        }
    }
    let [height, width] = model.config().vision_config.image_size;
    let frames: Vec<f32> = (0..height * width * 3).map(|i| 0.5 + 0.4 * (i as f32 * 0.37).sin()).collect();
    let (loss, slope) = slopes(&model, &frames, &device);
    assert_eq!(slopes(&model, &frames, &device), (loss, slope.clone()), "a seed says what is drawn");
    assert_ne!(slopes(&model.clone().recomputing(false), &frames, &device).0, loss, "another order of drawing");
    // along the gradient itself
    let length = slope.iter().map(|x| x * x).sum::<f32>().sqrt();
    let moved = |by: f32| {
        let frames: Vec<f32> = frames.iter().zip(&slope).map(|(x, s)| x + by * s / length).collect();
        slopes(&model, &frames, &device).0
    };
    let step = 0.05;
    let found = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
    assert!((found - f64::from(length)).abs() < 0.02 * f64::from(length), "{found} against {length}");
}
