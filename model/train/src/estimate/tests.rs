//! What is estimated against what can be counted by hand.

use burn::tensor::Device;
use skeletonllm_network::{config::InternVlConfig, internvl::InternVl};

use super::*;

fn config(path: &str) -> InternVlConfig {
    InternVlConfig::load(skeletonllm_checks::case(path)).unwrap()
}

#[test]
fn layers_have_as_many_weights_as_are_counted() {
    let config = config("internvl-tiny/checkpoint/config.json");
    let model = InternVl::random(&config, 1, &Device::flex());
    let block = &model.vision_tower.encoder.layer[0];
    let matrices = [
        &block.attention.q_proj,
        &block.attention.k_proj,
        &block.attention.v_proj,
        &block.attention.projection_layer,
        &block.mlp.fc1,
        &block.mlp.fc2,
    ];
    let numbers: usize = matrices.iter().map(|linear| linear.inputs() * linear.outputs()).sum();
    assert_eq!(block_of(&config.vision_config).numbers, numbers as u64);
    let layer = &model.language_model.model.layers[0];
    let (attention, mlp) = (&layer.self_attn, &layer.mlp);
    let matrices =
        [&attention.q_proj, &attention.k_proj, &attention.v_proj, &attention.o_proj, &mlp.gate_proj, &mlp.up_proj]
            .into_iter()
            .chain([&mlp.down_proj]);
    let numbers: usize = matrices.map(|linear| linear.inputs() * linear.outputs()).sum();
    assert_eq!(layer_of(&config.text_config).numbers, numbers as u64);
}

#[test]
fn numbers_are_told_with_three_digits() {
    assert_eq!([7.0, 1234.0, 45.6e6, 938e6, 5.25e12].map(count), ["7 ", "1.23 k", "45.6 M", "938 M", "5.25 T"]);
}

#[test]
fn times_are_told_in_units_that_people_use() {
    assert_eq!([3.0, 300.0, 7200.0].map(time), ["3.0 s", "5.0 min", "2.0 h"]);
}
