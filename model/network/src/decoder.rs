//! The language model: Llama (Touvron et al., arXiv 2302.13971) with grouped-query attention, rotary positions, RMSNorm
//! and a gated inner layer; Qwen2 (arXiv 2407.10671) with biases, Qwen3 (arXiv 2505.09388) with a norm on each head of
//! queries and keys.

#[cfg(feature = "cpu")]
mod one_token;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;

use crate::config::TextConfig;
use crate::kv_cache::{KvCache, LayerCache};
use crate::layers::{Attention, AttentionMask, Embedding, Linear, Lora, RmsNorm, Rotary, ops};
use crate::recompute;
use crate::weight::Weight;

/// `language_model.*` of a checkpoint.
#[derive(Module, Debug)]
pub struct LanguageModel {
    /// Table, layers and final norm.
    pub model: Decoder,
    /// Output head; absent where it is the embedding table.
    pub lm_head: Option<Linear>,
}

impl LanguageModel {
    /// A model without values yet; `tied` leaves out the output head.
    #[must_use]
    pub fn new(config: &TextConfig, tied: bool, device: &Device) -> Self {
        let head = || Linear::new(config.hidden_size, config.vocab_size, false, device);
        Self { model: Decoder::new(config, device), lm_head: (!tied).then(head) }
    }

    /// The matrices, and their layers' names.
    pub(crate) fn weights(&mut self) -> Vec<(String, &mut Weight)> {
        let mut weights = vec![("model.embed_tokens".to_string(), &mut self.model.embed_tokens.weight)];
        for (index, layer) in self.model.layers.iter_mut().enumerate() {
            let layers = layer.projections();
            weights.extend(layers.map(|(name, linear)| (format!("model.layers.{index}.{name}"), &mut linear.weight)));
        }
        weights.extend(self.lm_head.as_mut().map(|head| ("lm_head".to_string(), &mut head.weight)));
        weights
    }

    /// `[rows, hidden]` → `[rows, vocabulary]`.
    #[must_use]
    pub fn head(&self, hidden: Tensor<2>) -> Tensor<2> {
        match &self.lm_head {
            Some(head) => head.forward(hidden),
            None => self.model.embed_tokens.weight.product(hidden, None),
        }
    }
}

/// The decoder without its output head.
#[derive(Module, Debug)]
pub struct Decoder {
    /// Token table.
    pub embed_tokens: Embedding,
    /// Layers in order.
    pub layers: Vec<DecoderLayer>,
    /// Final norm.
    pub norm: RmsNorm,
    head_dim: usize,
    theta: f64,
    recompute: bool,
}

impl Decoder {
    fn new(config: &TextConfig, device: &Device) -> Self {
        Self {
            embed_tokens: Embedding::new(config.vocab_size, config.hidden_size, device),
            layers: (0..config.num_hidden_layers).map(|_| DecoderLayer::new(config, device)).collect(),
            norm: RmsNorm::new(config.hidden_size, config.rms_norm_eps, device),
            head_dim: config.head_dim(),
            theta: config.theta(),
            recompute: false,
        }
    }

    /// Whether layers keep nothing but their inputs for the way back, and run a second time then.
    pub(crate) fn set_recompute(&mut self, recompute: bool) {
        self.recompute = recompute;
    }

    /// How layers run on these features.
    fn passes(&self, hidden: &Tensor<2>) -> Passes {
        let device = hidden.device();
        if !self.recompute || !device.is_autodiff() {
            return Passes::Once;
        }
        let drops = self.layers.iter().any(DecoderLayer::drops);
        Passes::Twice { seed: drops.then(|| recompute::seed(&device)) }
    }

    /// `[batch, length, hidden]` → `[batch·length, hidden]`, final norm applied.
    ///
    /// Rows shorter than `length` are padded on the right. Causality hides that padding from every real token, so no
    /// lengths are needed; what comes out at padded places means nothing.
    #[must_use]
    pub fn forward(&self, embedded: Tensor<3>) -> Tensor<2> {
        self.forward_seen(embedded, |_| ())
    }

    /// As [`Decoder::forward`]; `see` is shown what each layer leaves, `[batch·length, hidden]`.
    #[must_use]
    pub fn forward_seen(&self, embedded: Tensor<3>, mut see: impl FnMut(&Tensor<2>)) -> Tensor<2> {
        let [batch, length, _] = embedded.dims();
        let device = embedded.device().without_autodiff();
        let positions: Vec<usize> = (0..length).collect();
        let rotary = Rotary::new(&positions, self.head_dim, self.theta, &device);
        let mask = AttentionMask::causal(length, 0, &[], &device);
        let mut hidden = flatten(embedded);
        let passes = self.passes(&hidden);
        for (index, layer) in self.layers.iter().enumerate() {
            hidden = layer.pass(passes.of(index), hidden, batch, &rotary, &mask, None);
            see(&hidden);
        }
        self.norm.forward(hidden)
    }

    /// `[batch, length, hidden]` → `[batch·length, hidden]`, continuing what `cache` holds and adding to it.
    ///
    /// `lengths` counts the real tokens of each row; the padding after them stays hidden from all later calls, and the
    /// row's positions continue from its real length.
    ///
    /// # Panics
    /// When `lengths` or the cache disagree with the batch.
    #[must_use]
    pub fn forward_cached(&self, embedded: Tensor<3>, lengths: &[usize], cache: &mut KvCache) -> Tensor<2> {
        let [batch, length, _] = embedded.dims();
        assert_eq!(lengths.len(), batch, "one length per row");
        let device = embedded.device().without_autodiff();
        let mask = AttentionMask::causal(length, cache.slots(), cache.gaps(), &device);
        let hidden = self.behind(embedded, &mask, cache);
        cache.advance(length, lengths);
        hidden
    }

    /// `[batch, length, hidden]` → `[batch·length, hidden]`, each row behind its own in `cache`. That it grew is for the
    /// caller to record.
    fn behind(&self, embedded: Tensor<3>, mask: &AttentionMask, cache: &mut KvCache) -> Tensor<2> {
        #[cfg(feature = "cpu")]
        if one_token::applies(self, &embedded, cache) {
            return one_token::forward(self, embedded, mask, cache);
        }
        let [batch, length, _] = embedded.dims();
        let positions = cache.positions(batch, length);
        self.continued(embedded, &positions, mask, cache)
    }

    /// `[1, tokens, hidden]` → `[tokens, hidden]`: the tokens of a tree that goes on from the one row that `cache` holds.
    /// Each sees what the cache holds and the tokens on its way to the root; `parents` says which those are, and a token
    /// comes after its parent. The cache is used up.
    ///
    /// # Panics
    /// When the cache holds another number of rows, or there are not as many parents as tokens.
    #[must_use]
    pub fn forward_tree(&self, embedded: Tensor<3>, parents: &[Option<usize>], mut cache: KvCache) -> Tensor<2> {
        let device = embedded.device().without_autodiff();
        assert_eq!(embedded.dims()[..2], [1, parents.len()], "one row of as many tokens as parents");
        let start = cache.positions(1, 1)[0];
        let mut positions: Vec<usize> = Vec::with_capacity(parents.len());
        for parent in parents {
            positions.push(parent.map_or(start, |parent| positions[parent] + 1));
        }
        let gaps = cache.gaps().first().map_or(&[][..], Vec::as_slice);
        let mask = AttentionMask::tree(parents, cache.slots(), gaps, &device);
        self.continued(embedded, &positions, &mask, &mut cache)
    }

    /// `[batch, length, hidden]` → `[batch·length, hidden]`, behind what `cache` holds. Keys and values are added to its
    /// layers; that it grew is for the caller to record.
    fn continued(
        &self,
        embedded: Tensor<3>,
        positions: &[usize],
        mask: &AttentionMask,
        cache: &mut KvCache,
    ) -> Tensor<2> {
        let batch = embedded.dims()[0];
        let rotary = Rotary::new(positions, self.head_dim, self.theta, &embedded.device().without_autodiff());
        let mut hidden = flatten(embedded);
        let passes = self.passes(&hidden);
        for (index, layer) in self.layers.iter().enumerate() {
            hidden = layer.pass(passes.of(index), hidden, batch, &rotary, mask, Some(cache.layer(index)));
        }
        self.norm.forward(hidden)
    }
}

/// How often a layer computes what lies between its inputs and its outputs.
#[derive(Clone, Copy)]
enum Passes {
    /// All of it is kept for the way back.
    Once,
    /// Its inputs are kept, and a seed, if it draws random numbers.
    Twice { seed: Option<u64> },
}

impl Passes {
    /// Of one of the layers: each draws numbers of its own.
    fn of(self, layer: usize) -> Passes {
        match self {
            Passes::Once => Passes::Once,
            Passes::Twice { seed } => Passes::Twice { seed: seed.map(|seed| seed + (layer as u64) * (1 << 24)) },
        }
    }
}

fn flatten(embedded: Tensor<3>) -> Tensor<2> {
    let [batch, length, width] = embedded.dims();
    embedded.reshape([batch * length, width])
}

/// One layer: `h += attn(norm(h)); h += mlp(norm(h))`.
#[derive(Module, Debug)]
pub struct DecoderLayer {
    /// Self-attention.
    pub self_attn: SelfAttention,
    /// Gated inner layer.
    pub mlp: GatedMlp,
    /// Norm before the attention.
    pub input_layernorm: RmsNorm,
    /// Norm before the inner layer.
    pub post_attention_layernorm: RmsNorm,
}

impl DecoderLayer {
    fn new(config: &TextConfig, device: &Device) -> Self {
        let width = config.hidden_size;
        let queries = config.num_attention_heads * config.head_dim();
        let keys = config.kv_heads() * config.head_dim();
        let linear = |inputs, outputs, bias| Linear::new(inputs, outputs, bias, device);
        let norm = || RmsNorm::new(width, config.rms_norm_eps, device);
        let head_norm = || config.head_norms().then(|| RmsNorm::new(config.head_dim(), config.rms_norm_eps, device));
        let (bias, output_bias) = (config.query_bias(), config.output_bias());
        Self {
            self_attn: SelfAttention {
                q_proj: linear(width, queries, bias),
                k_proj: linear(width, keys, bias),
                v_proj: linear(width, keys, bias),
                o_proj: linear(queries, width, output_bias),
                q_norm: head_norm(),
                k_norm: head_norm(),
                head_dim: config.head_dim(),
            },
            mlp: GatedMlp {
                gate_proj: linear(width, config.intermediate_size, false),
                up_proj: linear(width, config.intermediate_size, false),
                down_proj: linear(config.intermediate_size, width, false),
            },
            input_layernorm: norm(),
            post_attention_layernorm: norm(),
        }
    }

    /// Its matrices, by their names in the layer.
    pub(crate) fn projections(&mut self) -> [(&'static str, &mut Linear); 7] {
        let (attention, mlp) = (&mut self.self_attn, &mut self.mlp);
        [
            ("self_attn.q_proj", &mut attention.q_proj),
            ("self_attn.k_proj", &mut attention.k_proj),
            ("self_attn.v_proj", &mut attention.v_proj),
            ("self_attn.o_proj", &mut attention.o_proj),
            ("mlp.gate_proj", &mut mlp.gate_proj),
            ("mlp.up_proj", &mut mlp.up_proj),
            ("mlp.down_proj", &mut mlp.down_proj),
        ]
    }

    fn linears(&self) -> [&Linear; 7] {
        let (attention, mlp) = (&self.self_attn, &self.mlp);
        let SelfAttention { q_proj, k_proj, v_proj, o_proj, .. } = attention;
        [q_proj, k_proj, v_proj, o_proj, &mlp.gate_proj, &mlp.up_proj, &mlp.down_proj]
    }

    /// Whether it draws random numbers when it runs.
    fn drops(&self) -> bool {
        self.linears().into_iter().any(|linear| linear.lora.as_ref().is_some_and(Lora::drops))
    }

    /// The same, and what it drops now it drops without a tape as well.
    fn dropping(mut self) -> Self {
        for (_, linear) in self.projections() {
            linear.lora = linear.lora.take().map(Lora::dropping);
        }
        self
    }

    /// [`Self::forward`], once or twice.
    fn pass(
        &self,
        passes: Passes,
        hidden: Tensor<2>,
        batch: usize,
        rotary: &Rotary,
        mask: &AttentionMask,
        cache: Option<&mut LayerCache>,
    ) -> Tensor<2> {
        let Passes::Twice { seed } = passes else { return self.forward(hidden, batch, rotary, mask, cache) };
        let [rows, width] = hidden.dims();
        let past = cache.as_ref().and_then(|cache| cache.in_use());
        let past_shape = past.as_ref().map(|(keys, _)| keys.dims());
        let [heads, head_dim] = [self.self_attn.k_proj.outputs() / self.self_attn.head_dim, self.self_attn.head_dim];
        let new_shape = [batch, rows / batch, heads, head_dim];
        let flat = |tensor: Tensor<4>| tensor.reshape([-1]);
        let mut inputs = vec![hidden.reshape([rows * width])];
        inputs.extend(past.map(|(keys, values)| [flat(keys), flat(values)]).into_iter().flatten());
        let inputs = if inputs.len() == 1 { inputs.swap_remove(0) } else { Tensor::cat(inputs, 0) };
        let (rotary, mask, caches) = (rotary.clone(), mask.clone(), cache.is_some());
        let run = move |layer: &DecoderLayer, inputs: Tensor<1>| {
            let hidden = inputs.clone().narrow(0, 0, rows * width).reshape([rows, width]);
            if !caches {
                return layer.forward(hidden, batch, &rotary, &mask, None).reshape([rows * width]);
            }
            let past = past_shape.map(|shape| two(inputs, rows * width, shape));
            let mut cache = LayerCache::of(past);
            let hidden = layer.forward(hidden, batch, &rotary, &mask, Some(&mut cache)).reshape([rows * width]);
            let (keys, values) = cache.in_use().expect("just filled");
            let new = |all: Tensor<4>| flat(all.narrow(1, past_shape.map_or(0, |shape| shape[1]), new_shape[1]));
            Tensor::cat(vec![hidden, new(keys), new(values)], 0)
        };
        let layer = if seed.is_some() { self.clone().dropping() } else { self.clone() };
        let outputs = recompute::recomputed(&layer, inputs, seed, run);
        if let Some(cache) = cache {
            let (keys, values) = two(outputs.clone(), rows * width, new_shape);
            let _ = cache.append(keys, values);
        }
        outputs.narrow(0, 0, rows * width).reshape([rows, width])
    }

    fn forward(
        &self,
        hidden: Tensor<2>,
        batch: usize,
        rotary: &Rotary,
        mask: &AttentionMask,
        cache: Option<&mut LayerCache>,
    ) -> Tensor<2> {
        let normed = self.input_layernorm.forward(hidden.clone());
        let hidden = hidden + self.self_attn.forward(normed, batch, rotary, mask, cache);
        let normed = self.post_attention_layernorm.forward(hidden.clone());
        hidden + self.mlp.forward(normed)
    }
}

/// Two tensors of the same shape that lie one after the other behind `start` numbers.
fn two(numbers: Tensor<1>, start: usize, shape: [usize; 4]) -> (Tensor<4>, Tensor<4>) {
    let count: usize = shape.iter().product();
    let at = |start: usize| numbers.clone().narrow(0, start, count).reshape(shape);
    (at(start), at(start + count))
}

/// Causal self-attention; several query heads share one key/value head.
#[derive(Module, Debug)]
pub struct SelfAttention {
    /// Queries.
    pub q_proj: Linear,
    /// Keys.
    pub k_proj: Linear,
    /// Values.
    pub v_proj: Linear,
    /// Output.
    pub o_proj: Linear,
    /// Norm of each head of the queries, where the family has one.
    pub q_norm: Option<RmsNorm>,
    /// The same of the keys.
    pub k_norm: Option<RmsNorm>,
    head_dim: usize,
}

impl SelfAttention {
    fn forward(
        &self,
        hidden: Tensor<2>,
        batch: usize,
        rotary: &Rotary,
        mask: &AttentionMask,
        cache: Option<&mut LayerCache>,
    ) -> Tensor<2> {
        let length = hidden.dims()[0] / batch;
        let split = |projected: Tensor<2>, norm: Option<&RmsNorm>| {
            let heads = projected.dims()[1] / self.head_dim;
            let projected = match norm {
                Some(norm) => norm.forward(projected.reshape([batch * length * heads, self.head_dim])),
                None => projected,
            };
            projected.reshape([batch, length, heads, self.head_dim])
        };
        let query = ops::rotate(split(self.q_proj.forward(hidden.clone()), self.q_norm.as_ref()), rotary);
        let key = ops::rotate(split(self.k_proj.forward(hidden.clone()), self.k_norm.as_ref()), rotary);
        let value = split(self.v_proj.forward(hidden), None);
        let (key, value) = match cache {
            Some(cache) => cache.append(key, value),
            None => (key, value),
        };
        self.o_proj.forward(Attention { query, key, value }.run(mask))
    }
}

/// `down(silu(gate(x))·up(x))`.
#[derive(Module, Debug)]
pub struct GatedMlp {
    /// Gate.
    pub gate_proj: Linear,
    /// What the gate lets through.
    pub up_proj: Linear,
    /// Back to the decoder's width.
    pub down_proj: Linear,
}

impl GatedMlp {
    fn forward(&self, hidden: Tensor<2>) -> Tensor<2> {
        let gate = self.gate_proj.forward(hidden.clone());
        self.down_proj.forward(ops::swiglu(gate, self.up_proj.forward(hidden)))
    }
}
