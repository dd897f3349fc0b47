//! Adapters on the decoder's projections: attached for a stage of training, merged into the weights after it.

use crate::initialise;
use crate::internvl::InternVl;
use crate::layers::{Linear, Lora, LoraConfig};

/// Attaches a fresh adapter to every targeted projection of the decoder, replacing those that are there.
///
/// The base weights keep their gradient setting; freezing them is the trainer's decision.
#[must_use]
pub fn attach(mut model: InternVl, config: &LoraConfig, seed: u64) -> InternVl {
    for_each_projection(&mut model, |name, linear| {
        let device = linear.weight.device();
        linear.lora = config
            .targets
            .iter()
            .any(|target| target == name)
            .then(|| Lora::new(linear.inputs(), linear.outputs(), config, &device));
    });
    initialise::adapters(model, seed)
}

/// Adds every adapter into its weight, `W += (alpha/r)·B·A`, and removes it (spec A.9). A packed weight becomes floats.
#[must_use]
pub fn merge(mut model: InternVl) -> InternVl {
    for_each_projection(&mut model, |_, linear| {
        if let Some(lora) = linear.lora.take() {
            let update = lora.dense().detach();
            linear.weight = linear.weight.clone().map(|weight| weight + update);
        }
    });
    model
}

/// Whether any projection carries an adapter.
#[must_use]
pub fn attached(model: &InternVl) -> bool {
    let mut model = model.clone();
    let mut found = false;
    for_each_projection(&mut model, |_, linear| found |= linear.lora.is_some());
    found
}

fn for_each_projection(model: &mut InternVl, mut act: impl FnMut(&str, &mut Linear)) {
    for layer in &mut model.language_model.model.layers {
        let attention = &mut layer.self_attn;
        act("q_proj", &mut attention.q_proj);
        act("k_proj", &mut attention.k_proj);
        act("v_proj", &mut attention.v_proj);
        act("o_proj", &mut attention.o_proj);
        act("gate_proj", &mut layer.mlp.gate_proj);
        act("up_proj", &mut layer.mlp.up_proj);
        act("down_proj", &mut layer.mlp.down_proj);
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::internvl::TokenBatch;
    use crate::tensors::host;

    #[test]
    fn merging_an_adapter_leaves_the_answers_as_they_were() {
        let folder = skeletonllm_checks::case("internvl-tiny/checkpoint");
        let base = crate::checkpoint::load_model(folder, &Device::flex()).expect("the tiny checkpoint");
        let batch = TokenBatch::new(vec![vec![1, 2, 3, 4]]);
        let logits = |model: &InternVl| host(model.logits(&batch, None).expect("valid"));
        let before = logits(&base);

        let mut model = attach(base, &LoraConfig { rank: 4, alpha: 8.0, ..Default::default() }, 1);
        assert!(attached(&model));
        assert_eq!(logits(&model), before, "a fresh adapter changes nothing");
        for_each_projection(&mut model, |_, linear| {
            let lora = linear.lora.as_mut().expect("attached to all");
            lora.b = lora.b.clone().map(|b| b.random_like(Distribution::Uniform(-0.3, 0.3)));
        });
        let adapted = logits(&model);
        assert_ne!(adapted, before);

        let merged = merge(model);
        assert!(!attached(&merged));
        for (a, b) in adapted.iter().zip(logits(&merged)) {
            assert!((a - b).abs() < 2e-3, "{a} against {b}");
        }
    }
}
