//! One token behind a cache on the processor, as when an answer is written.
//!
//! The arithmetic is that of the layers, by the same kernels, but numbers go from one to the next without becoming tensors:
//! beside matrices of few bits, some thirty small tensors a layer would take a quarter of the time.

use burn::Tensor;
use burn::backend::Flex;
use burn::module::Param;
use burn::tensor::TensorData;

use super::{Decoder, DecoderLayer};
use crate::kv_cache::{KvCache, LayerCache};
use crate::layers::fused::{self, attention, flex::Floats, norm, pointwise, rotate};
use crate::layers::{AttentionMask, Linear, RmsNorm, Rotary, Table, Visibility};
use crate::packed::{Packed, kernels};

/// Whether [`forward`] can take this: one token of one row behind others, no tape, and all matrices packed with nothing
/// beside them.
pub(super) fn applies(decoder: &Decoder, embedded: &Tensor<3>, cache: &KvCache) -> bool {
    embedded.dims()[..2] == [1, 1]
        && cache.slots() > 0
        && fused::applies(embedded)
        && !embedded.device().is_autodiff()
        && !decoder.norm.weight.lazy_device().is_autodiff()
        && decoder.layers.iter().flat_map(DecoderLayer::linears).all(|linear| alone(linear).is_some())
}

/// The packed matrix of a layer that has nothing beside it but a bias.
fn alone(linear: &Linear) -> Option<&Packed> {
    linear.weight.alone().filter(|_| linear.lora.is_none())
}

/// `[1, 1, hidden]` → `[1, hidden]`, all layers and the final norm. Keys and values are added to the cache's layers; that it
/// grew is for the caller to record.
///
/// # Panics
/// When it does not [apply](applies).
pub(super) fn forward(decoder: &Decoder, embedded: Tensor<3>, mask: &AttentionMask, cache: &mut KvCache) -> Tensor<2> {
    let device = embedded.device();
    let rotary = Rotary::new(&cache.positions(1, 1), decoder.head_dim, decoder.theta, &device);
    let token = Token { table: &rotary.table(), visible: mask.visible() };
    let mut hidden = floats(embedded).slice().to_vec();
    for (index, layer) in decoder.layers.iter().enumerate() {
        token.pass(layer, &mut hidden, cache.layer(index));
    }
    let hidden = normed(&decoder.norm, &hidden);
    let shape = [1, hidden.len()];
    Tensor::from_data(TensorData::new(hidden, shape), &device)
}

/// Where a token stands.
struct Token<'a> {
    table: &'a Table,
    visible: &'a Visibility,
}

impl Token<'_> {
    /// One layer.
    fn pass(&self, layer: &DecoderLayer, hidden: &mut [f32], cache: &mut LayerCache) {
        let attention = &layer.self_attn;
        let [query, key, value] = products(
            [&attention.q_proj, &attention.k_proj, &attention.v_proj],
            &normed(&layer.input_layernorm, hidden),
        );
        let query = self.turned(query, attention.q_norm.as_ref(), attention.head_dim);
        let key = self.turned(key, attention.k_norm.as_ref(), attention.head_dim);
        let [heads, kv_heads] = [&query, &key].map(|numbers| numbers.len() / attention.head_dim);
        let mixed = cache.with_token(&key, &value, |keys, values| {
            let slots = keys.len() / key.len();
            let sizes =
                attention::Sizes::new([1, 1, heads, attention.head_dim], [1, slots, kv_heads, attention.head_dim]);
            attention::forward(&query, keys, values, sizes, self.visible)
        });
        let [attended] = products([&attention.o_proj], &mixed);
        add(hidden, &attended);
        let mlp = &layer.mlp;
        let [gate, up] = products([&mlp.gate_proj, &mlp.up_proj], &normed(&layer.post_attention_layernorm, hidden));
        let [inner] = products([&mlp.down_proj], &pointwise::swiglu(&gate, &up));
        add(hidden, &inner);
    }

    /// Heads with their norm, where they have one, turned by their place.
    fn turned(&self, mut heads: Vec<f32>, norm: Option<&RmsNorm>, width: usize) -> Vec<f32> {
        if let Some(norm) = norm {
            heads = normed(norm, &heads);
        }
        rotate::rotate(&heads, [1, 1, heads.len() / width, width], self.table, 1.0)
    }
}

/// What several layers make of the same row, computed together: threads part and meet once.
fn products<const N: usize>(layers: [&Linear; N], row: &[f32]) -> [Vec<f32>; N] {
    let weights = layers.map(|layer| alone(layer).expect("`applies` saw to it"));
    let all = kernels::one_row(row, &weights);
    let mut rest = &all[..];
    layers.map(|layer| {
        let (product, others) = rest.split_at(layer.outputs());
        rest = others;
        let mut product = product.to_vec();
        if let Some(bias) = &layer.bias {
            add(&mut product, of(bias).slice());
        }
        product
    })
}

fn normed(norm: &RmsNorm, rows: &[f32]) -> Vec<f32> {
    norm::rms_norm(rows, of(&norm.weight).slice(), norm.eps() as f32)
}

fn add(sum: &mut [f32], other: &[f32]) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum += other;
    }
}

fn of(parameter: &Param<Tensor<1>>) -> Floats {
    floats(parameter.val())
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Floats {
    Floats::new(tensor.try_into_primitive::<Flex>().expect("on the processor, without a tape"))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};
    use serde_json::json;

    use super::*;
    use crate::config::TextConfig;
    use crate::decoder::LanguageModel;
    use crate::initialise::{Draw, fill};
    use crate::packed::Packing;
    use crate::storage::Storage;
    use crate::tensors::host;
    use crate::weight::Weight;

    /// A small decoder of a family whose matrices are packed, in turns in four bits with offsets, without, and in eight.
    fn decoder(family: &str, device: &Device) -> Decoder {
        let config = json!({
            "model_type": family, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 8
        });
        let config = TextConfig::parse(config.to_string().as_bytes(), "test").expect("valid");
        let drawn =
            |_: &str, shape: &[usize]| Some(if shape.len() == 1 { Draw::AroundOne(0.3) } else { Draw::Normal(0.2) });
        let mut model = fill(LanguageModel::new(&config, true, device), 5, drawn);
        let packed = |weight: &Weight, storage: Storage| {
            let [rows, columns] = weight.shape();
            let mut bytes = Vec::new();
            host(weight.val()).chunks(columns).for_each(|row| storage.quantise(row, &mut bytes));
            let mut packing = Packing::new(storage, [rows, columns]).expect("whole blocks");
            packing.rows(0, &bytes);
            Weight::packed(packing.finish(None).expect("finite"), device)
        };
        let storages = [Storage::Q4_1, Storage::Q4_0, Storage::Q8_0].into_iter().cycle();
        for ((_, weight), storage) in model.weights().into_iter().zip(storages) {
            *weight = packed(weight, storage);
        }
        model.model
    }

    fn random(length: usize, device: &Device) -> Tensor<3> {
        Tensor::random([1, length, 64], Distribution::Uniform(-1.0, 1.0), device)
    }

    #[test]
    fn a_token_comes_out_as_among_tensors() {
        let device = Device::flex();
        device.seed(7);
        // without biases and head norms, with the one, with the other
        for family in ["llama", "qwen2", "qwen3"] {
            let decoder = decoder(family, &device);
            let mut cache = KvCache::new(3);
            let prompt = random(9, &device);
            assert!(!applies(&decoder, &random(1, &device), &cache), "there is nothing before it");
            // two of the nine are padding, which stays hidden
            let _ = decoder.forward_cached(prompt, &[7], &mut cache);
            let mut among_tensors = cache.clone();
            let before = cache.clone();
            // more than there is room for at first
            for step in 0..70 {
                let token = random(1, &device);
                assert!(applies(&decoder, &token, &cache));
                let found = host(decoder.forward_cached(token.clone(), &[1], &mut cache));
                let mask = AttentionMask::causal(1, among_tensors.slots(), among_tensors.gaps(), &device);
                let positions = among_tensors.positions(1, 1);
                let expected = host(decoder.continued(token, &positions, &mask, &mut among_tensors));
                among_tensors.advance(1, &[1]);
                assert_eq!(found, expected, "{family}, token {step}");
                assert!(found.iter().all(|number| number.is_finite()));
            }
            let [one, other] = [&cache, &among_tensors].map(|cache| {
                let (keys, values) = cache.clone().layer(2).in_use().expect("filled");
                (host(keys), host(values))
            });
            assert_eq!(one, other, "{family}");
            let (keys, _) = before.clone().layer(2).in_use().expect("filled");
            assert_eq!(host(keys), one.0[..9 * 32], "a copy does not see what came after it");
        }
    }

    #[test]
    fn several_rows_several_tokens_and_tapes_stay_tensors() {
        let device = Device::flex();
        let decoder = decoder("llama", &device);
        let mut cache = KvCache::new(3);
        let _ = decoder.forward_cached(random(4, &device), &[4], &mut cache);
        assert!(applies(&decoder, &random(1, &device), &cache));
        assert!(!applies(&decoder, &random(2, &device), &cache));
        assert!(!applies(&decoder, &random(1, &device).reshape([1, 1, 64]).repeat_dim(0, 2), &cache));
        assert!(!applies(&decoder, &random(1, &device.clone().autodiff()), &cache));
        let mut adapted = decoder;
        let linear = &mut adapted.layers[1].mlp.up_proj;
        linear.weight = Weight::new(linear.weight.shape(), &device);
        assert!(!applies(&adapted, &random(1, &device), &cache), "one matrix is of floats");
    }
}
