//! A pre-norm transformer block: `h += attn(LN₁(h)); h += mlp(LN₂(h))`.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, Distribution};

use crate::layers::{Attention, AttentionMask, LayerNorm, Linear, Mlp, ops};

/// One block of a ViT or of a decoder.
#[derive(Module, Debug)]
pub struct Block {
    /// Norm before the attention.
    pub norm1: LayerNorm,
    /// Attention of all tokens to all.
    pub attn: SelfAttention,
    /// Norm before the two-layer network.
    pub norm2: LayerNorm,
    /// The two-layer network.
    pub mlp: Mlp,
}

impl Block {
    /// A block without values yet.
    #[must_use]
    pub fn new(width: usize, heads: usize, inner: usize, eps: f64, device: &Device) -> Self {
        Self {
            norm1: LayerNorm::new(width, eps, device),
            attn: SelfAttention::new(width, heads, device),
            norm2: LayerNorm::new(width, eps, device),
            mlp: Mlp::new(width, inner, device),
        }
    }

    /// `[N·tokens, width]` → the same, each of `count` pictures by itself.
    #[must_use]
    pub fn forward(&self, hidden: Tensor<2>, count: usize) -> Tensor<2> {
        self.forward_dropping(hidden, count, 0.0)
    }

    /// As [`Block::forward`]; each of the two updates is left out for whole pictures with the probability `drop`.
    #[must_use]
    pub fn forward_dropping(&self, hidden: Tensor<2>, count: usize, drop: f64) -> Tensor<2> {
        let [rows, width] = hidden.dims();
        let dropped = |update: Tensor<2>| match drop > 0.0 {
            true => drop_pictures(update.reshape([count, rows / count, width]), drop).reshape([rows, width]),
            false => update,
        };
        let hidden = hidden.clone() + dropped(self.attn.forward(self.norm1.forward(hidden), count));
        hidden.clone() + dropped(self.mlp.forward(self.norm2.forward(hidden)))
    }
}

/// `[N, tokens, width]` a block's update → the same, left out for whole pictures with the probability `rate`, and
/// enlarged for the others.
fn drop_pictures(update: Tensor<3>, rate: f64) -> Tensor<3> {
    if rate <= 0.0 {
        return update;
    }
    let keep = 1.0 - rate;
    let device = update.device().without_autodiff();
    let mask = Tensor::<3>::random([update.dims()[0], 1, 1], Distribution::Bernoulli(keep), &device);
    update * mask / keep
}

/// Multi-head self-attention whose three projections are stored as one matrix.
#[derive(Module, Debug)]
pub struct SelfAttention {
    /// Queries, keys and values, `[3·width, width]`.
    pub qkv: Linear,
    /// Output.
    pub proj: Linear,
    heads: usize,
}

impl SelfAttention {
    /// Attention without values yet.
    #[must_use]
    pub fn new(width: usize, heads: usize, device: &Device) -> Self {
        Self { qkv: Linear::new(width, 3 * width, true, device), proj: Linear::new(width, width, true, device), heads }
    }

    /// `[N·tokens, width]` → the same, each of `count` pictures by itself.
    #[must_use]
    pub fn forward(&self, hidden: Tensor<2>, count: usize) -> Tensor<2> {
        let [query, key, value] = parts(&self.qkv, hidden, count, self.heads);
        self.proj.forward(Attention { query, key, value }.run(&AttentionMask::none()))
    }
}

/// `[N·tokens, inputs]` → `PARTS` times `[N, tokens, heads, width/heads]`, of a layer whose rows are so many matrices.
/// The weight is cut rather than the result: the pieces are contiguous, and a weight is smaller than a batch of tokens.
pub(super) fn parts<const PARTS: usize>(
    layer: &Linear,
    input: Tensor<2>,
    count: usize,
    heads: usize,
) -> [Tensor<4>; PARTS] {
    let width = layer.outputs() / PARTS;
    let tokens = input.dims()[0] / count;
    let (weight, bias) = (layer.weight.val(), layer.bias.as_ref().map(burn::module::Param::val));
    std::array::from_fn(|part| {
        let weight = weight.clone().narrow(0, part * width, width);
        let bias = bias.clone().map(|bias| bias.narrow(0, part * width, width));
        ops::linear(input.clone(), weight, bias).reshape([count, tokens, heads, width / heads])
    })
}
