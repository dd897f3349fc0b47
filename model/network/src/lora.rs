//! Adapters on the decoder's projections: attached for a stage of training, merged into the weights after it; where these
//! stay as they are, beside them.

use burn::Tensor;
use burn::module::{Module, ModuleMapper, Param};

use crate::decoder::LanguageModel;
use crate::initialise;
use crate::internvl::InternVl;
use crate::layers::{Linear, Lora, LoraConfig};
use crate::text_model::TextModel;
use crate::weight::LowRank;

/// A model with a decoder that adapters can be put on.
pub trait Adapted: Module {
    /// What the layers' names begin with in published adapters.
    const LAYERS: &'static str;

    /// The decoder.
    fn decoder(&mut self) -> &mut LanguageModel;
}

impl Adapted for InternVl {
    const LAYERS: &'static str = "language_model.model.layers";

    fn decoder(&mut self) -> &mut LanguageModel {
        &mut self.language_model
    }
}

impl Adapted for TextModel {
    const LAYERS: &'static str = "model.layers";

    fn decoder(&mut self) -> &mut LanguageModel {
        &mut self.language_model
    }
}

/// Attaches a fresh adapter to every targeted projection of the decoder, replacing those that are there.
///
/// The base weights keep their gradient setting; freezing them is the trainer's decision.
#[must_use]
pub fn attach<M: Adapted>(mut model: M, config: &LoraConfig, seed: u64) -> M {
    for_each_projection(&mut model, |name, linear| {
        let device = linear.weight.device();
        linear.lora = config
            .targets
            .iter()
            .any(|target| name.rsplit('.').next() == Some(target))
            .then(|| Lora::new(linear.inputs(), linear.outputs(), config, &device));
    });
    initialise::adapters(model, seed)
}

/// Adds every adapter into its weight, `W += (alpha/r)·B·A`, and removes it (spec A.9). A frozen weight keeps the update
/// beside it.
#[must_use]
pub fn merge<M: Adapted>(mut model: M) -> M {
    for_each_projection(&mut model, |_, linear| {
        let Some(lora) = linear.lora.take() else { return };
        let weight = linear.weight.clone();
        linear.weight = match weight.is_frozen() {
            true => weight.updated(lora.update()),
            false => {
                let update = lora.dense().detach();
                weight.map(|weight| weight + update)
            }
        };
    });
    model
}

/// Whether any projection carries an adapter.
#[must_use]
pub fn attached<M: Adapted>(model: &M) -> bool {
    let mut model = model.clone();
    let mut found = false;
    for_each_projection(&mut model, |_, linear| found |= linear.lora.is_some());
    found
}

/// The model with a tower and a decoder that stay as they are, whatever learns on top of them.
#[must_use]
pub fn freeze(mut model: InternVl) -> InternVl {
    for (_, weight) in model.vision_tower.weights() {
        *weight = weight.clone().frozen();
    }
    model.vision_tower = model.vision_tower.map(&mut Still);
    freeze_decoder(model)
}

/// The model with a decoder that stays as it is, whatever else learns.
#[must_use]
pub fn freeze_decoder<M: Adapted>(mut model: M) -> M {
    let decoder = model.decoder();
    for (_, weight) in decoder.weights() {
        *weight = weight.clone().frozen();
    }
    *decoder = decoder.clone().map(&mut Still);
    model
}

struct Still;

impl ModuleMapper for Still {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.set_require_grad(false)
    }
}

/// What adapters have added to each projection that stays as it is, and what those add that learn now, by the layer's name
/// in published adapters.
#[must_use]
pub fn updates<M: Adapted>(model: &M) -> Vec<(String, LowRank)> {
    let mut model = model.clone();
    let mut found = Vec::new();
    for_each_projection(&mut model, |name, linear| {
        let parts = linear.weight.update().cloned().into_iter().chain(linear.lora.as_ref().map(Lora::update));
        found.extend(parts.reduce(LowRank::joined).map(|update| (name.to_owned(), update)));
    });
    found
}

fn for_each_projection<M: Adapted>(model: &mut M, mut act: impl FnMut(&str, &mut Linear)) {
    for (index, layer) in model.decoder().model.layers.iter_mut().enumerate() {
        for (name, linear) in layer.projections() {
            act(&format!("{}.{index}.{name}", M::LAYERS), linear);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::tensors::host;
    use crate::token_reader::TokenBatch;

    #[test]
    fn a_decoder_that_stays_has_no_gradient_and_lets_it_through_to_the_tower() {
        let (folder, device) = (skeletonllm_checks::case("internvl-tiny/checkpoint"), Device::flex().autodiff());
        let model = freeze_decoder(crate::checkpoint::load_model(folder, &device).expect("the tiny checkpoint"));
        let model = attach(model, &LoraConfig { rank: 2, alpha: 4.0, dropout: 0.0, ..Default::default() }, 1);
        let [height, width] = model.config().vision_config.image_size;
        let frames = Tensor::random([1, height, width, 3], Distribution::Uniform(0.0, 1.0), &device);
        let visual = model.encode_frames(frames);
        let image = model.config().image_token_id.expect("it sees");
        let tokens = [vec![image; model.config().tokens_per_frame()], vec![3, 4]].concat();
        let labels =
            vec![tokens.iter().map(|&token| if token == 4 { 4 } else { crate::token_reader::IGNORED }).collect()];
        let loss = model.reader().loss(&TokenBatch::new(vec![tokens]), &labels, Some(visual)).expect("fits");
        let gradients = loss.backward();
        let decoder = &model.language_model.model;
        assert!(decoder.norm.weight.val().grad(&gradients).is_none());
        assert!(decoder.embed_tokens.weight.is_frozen() && decoder.layers[0].mlp.up_proj.weight.is_frozen());
        let learns = |slope: Option<Tensor<2>>| slope.is_some_and(|slope| host(slope).iter().any(|x| *x != 0.0));
        let lora = decoder.layers[0].mlp.up_proj.lora.as_ref().expect("attached to all");
        assert!(learns(lora.b.val().grad(&gradients)));
        let crate::weight::Weight::Float(tower) = &model.vision_tower.encoder.layer[0].mlp.fc1.weight else {
            panic!("the tower was frozen")
        };
        assert!(learns(tower.val().grad(&gradients)));
    }

    #[test]
    fn merging_an_adapter_leaves_the_answers_as_they_were() {
        let folder = skeletonllm_checks::case("internvl-tiny/checkpoint");
        let base = crate::checkpoint::load_model(folder, &Device::flex()).expect("the tiny checkpoint");
        let batch = TokenBatch::new(vec![vec![1, 2, 3, 4]]);
        let logits = |model: &InternVl| host(model.reader().logits(&batch, None).expect("valid"));
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
