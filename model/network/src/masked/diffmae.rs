//! DiffMAE: hidden patches from noisy ones and from what is seen (after Wei et al., arXiv 2304.03283; where that leaves
//! room, spec C.2's own choices).

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::{Device, TensorData};

use super::block::{SelfAttention, parts};
use super::encoder::positions;
use super::{MaskedConfig, Masks, VitEncoder, patchify};
use crate::layers::{Attention, AttentionMask, LayerNorm, Linear, Mlp};
use crate::tensors::indices;

/// Steps of the noise schedule.
const STEPS: usize = 1000;
/// Least and greatest share of noise that a step adds.
const BETA: [f64; 2] = [1e-4, 0.02];

/// What is left of a picture's variance after step `t`, 1 to 1000: ∏ (1 − β) with β growing linearly. Steps beyond count as
/// the nearest.
#[must_use]
pub fn alpha_bar(t: usize) -> f64 {
    let beta = |s: usize| BETA[0] + (BETA[1] - BETA[0]) * s as f64 / (STEPS - 1) as f64;
    (0..t.clamp(1, STEPS)).map(|s| 1.0 - beta(s)).product()
}

/// The noise on the hidden patches of some pictures.
#[derive(Debug, Clone)]
pub struct Noise {
    /// The step of each picture, 1 to 1000.
    pub steps: Vec<usize>,
    /// `[N, hidden, patch²·3]` with mean 0 and variance 1, in the masks' order.
    pub epsilon: Tensor<3>,
}

/// A ViT that sees a part of each picture, and a decoder that takes the noise off the rest.
#[derive(Module, Debug)]
pub struct DiffMae {
    /// Sees.
    pub encoder: VitEncoder,
    /// Takes noise off.
    pub decoder: DiffDecoder,
}

/// `noise_embed` and `decoder_*` of a checkpoint.
#[derive(Module, Debug)]
pub struct DiffDecoder {
    /// From a noisy patch.
    pub noise_embed: Linear,
    /// From the encoder's width.
    pub embed: Linear,
    /// `[1, 1 + patches, width]`.
    pub pos_embed: Param<Tensor<3>>,
    /// Blocks in order.
    pub blocks: Vec<DiffBlock>,
    /// Norm of the last block's output.
    pub norm: LayerNorm,
    /// To the numbers of a patch.
    pub pred: Linear,
}

/// `h += cross(LN₁(h), context); h += attn(LN₂(h)); h += mlp(LN₃(h))`.
#[derive(Module, Debug)]
pub struct DiffBlock {
    /// Norm before looking at the context.
    pub norm1: LayerNorm,
    /// Attention of hidden patches to what is seen.
    pub cross: CrossAttention,
    /// Norm before the attention.
    pub norm2: LayerNorm,
    /// Attention of hidden patches to each other.
    pub attn: SelfAttention,
    /// Norm before the two-layer network.
    pub norm3: LayerNorm,
    /// The two-layer network.
    pub mlp: Mlp,
}

/// Multi-head attention to other tokens.
#[derive(Module, Debug)]
pub struct CrossAttention {
    /// Queries.
    pub q: Linear,
    /// Keys and values, `[2·width, width]`.
    pub kv: Linear,
    /// Output.
    pub proj: Linear,
    heads: usize,
}

impl CrossAttention {
    fn forward(&self, hidden: Tensor<2>, context: Tensor<2>, count: usize) -> Tensor<2> {
        let [query] = parts(&self.q, hidden, count, self.heads);
        let [key, value] = parts(&self.kv, context, count, self.heads);
        self.proj.forward(Attention { query, key, value }.run(&AttentionMask::none()))
    }
}

impl DiffBlock {
    fn forward(&self, hidden: Tensor<2>, context: Tensor<2>, count: usize) -> Tensor<2> {
        let hidden = hidden.clone() + self.cross.forward(self.norm1.forward(hidden), context, count);
        let hidden = hidden.clone() + self.attn.forward(self.norm2.forward(hidden), count);
        hidden.clone() + self.mlp.forward(self.norm3.forward(hidden))
    }
}

impl DiffMae {
    /// A model without values yet, but with the fixed positions.
    #[must_use]
    pub fn new(config: &MaskedConfig, device: &Device) -> Self {
        Self { encoder: VitEncoder::new(&config.encoder(), device), decoder: DiffDecoder::new(config, device) }
    }
}

/// `[N, L, patch²·3]` → `[N, hidden, patch²·3]`: the hidden patches, in the masks' order.
#[must_use]
pub fn hidden_patches(patches: Tensor<3>, masks: &Masks) -> Tensor<3> {
    let [count, number, size] = patches.dims();
    let device = patches.device().without_autodiff();
    let rows = masks.hidden().enumerate().flat_map(|(n, rest)| rest.iter().map(move |&p| (n * number + p) as i64));
    let rows = indices(rows.collect(), &device);
    patches.reshape([count * number, size]).select(0, rows).reshape([count, number - masks.seen_count(), size])
}

impl Noise {
    /// `[N, hidden, patch²·3]` → the same under noise: √ᾱ·x + √(1 − ᾱ)·ε.
    #[must_use]
    pub fn on(&self, patches: Tensor<3>) -> Tensor<3> {
        let device = patches.device().without_autodiff();
        let scale = |of: fn(f64) -> f64| {
            let values: Vec<f32> = self.steps.iter().map(|&t| of(alpha_bar(t)).sqrt() as f32).collect();
            Tensor::<3>::from_data(TensorData::new(values, [self.steps.len(), 1, 1]), &device)
        };
        patches * scale(|left| left) + self.epsilon.clone() * scale(|left| 1.0 - left)
    }
}

impl DiffDecoder {
    /// A decoder without values yet, but with the fixed positions.
    #[must_use]
    pub fn new(config: &MaskedConfig, device: &Device) -> Self {
        let (vit, sizes) = (config.encoder(), config.decoder());
        let width = sizes.width;
        let norm = || LayerNorm::new(width, vit.eps, device);
        let linear = |inputs, outputs| Linear::new(inputs, outputs, true, device);
        let block = |_| DiffBlock {
            norm1: norm(),
            cross: CrossAttention {
                q: linear(width, width),
                kv: linear(width, 2 * width),
                proj: linear(width, width),
                heads: sizes.heads,
            },
            norm2: norm(),
            attn: SelfAttention::new(width, sizes.heads, device),
            norm3: norm(),
            mlp: Mlp::new(width, sizes.inner, device),
        };
        Self {
            noise_embed: linear(vit.numbers(), width),
            embed: linear(vit.width, width),
            pos_embed: positions(vit.side(), width, device),
            blocks: (0..sizes.depth).map(block).collect(),
            norm: norm(),
            pred: linear(width, vit.numbers()),
        }
    }

    /// `[N, 1 + seen, encoder's width]` of [`VitEncoder::latent`], `[N, hidden, patch²·3]` noisy patches → `[N, hidden,
    /// patch²·3]` without noise.
    #[must_use]
    pub fn forward(&self, latent: Tensor<3>, noisy: Tensor<3>, masks: &Masks) -> Tensor<3> {
        let [count, seen, width] = latent.dims();
        let [_, number, size] = noisy.dims();
        let device = latent.device().without_autodiff();
        let table = self.pos_embed.val();
        let [_, places, inner] = table.dims();
        let table = table.reshape([places, inner]);
        let own = |patch: &usize| 1 + *patch as i64;
        let rows = masks.hidden().flatten().map(own).collect();
        let positions = table.clone().select(0, indices(rows, &device));
        let mut hidden = self.noise_embed.forward(noisy.reshape([count * number, size])) + positions;
        let rows = masks.seen().flat_map(|seen| std::iter::once(0).chain(seen.iter().map(own))).collect();
        let context = self.embed.forward(latent.reshape([count * seen, width]));
        let context = context + table.select(0, indices(rows, &device));
        for block in &self.blocks {
            hidden = block.forward(hidden, context.clone(), count);
        }
        self.pred.forward(self.norm.forward(hidden)).reshape([count, number, size])
    }

    /// `[N, 3, height, width]` → `[1]`: the mean squared error of hidden patches, their pixels as they are.
    ///
    /// # Panics
    /// When masks, noise and pictures do not belong together.
    #[must_use]
    pub fn loss(&self, encoder: &VitEncoder, pictures: Tensor<4>, masks: &Masks, noise: &Noise) -> Tensor<1> {
        let patches = patchify(pictures, encoder.patch());
        let clean = hidden_patches(patches.clone().detach(), masks);
        let noisy = noise.on(clean.clone());
        let pred = self.forward(encoder.latent(patches, masks), noisy, masks);
        (pred - clean).square().mean()
    }
}
