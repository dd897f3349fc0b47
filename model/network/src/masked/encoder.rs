//! The ViT (Dosovitskiy et al., arXiv 2010.11929), of whole pictures or of the patches that are seen.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::{Device, TensorData};

use super::block::Block;
use super::{Masks, VitConfig, patchify, sin_cos};
use crate::layers::{LayerNorm, PatchProjection};
use crate::tensors::{indices, parameter};

/// Patch embedding, class token, positions, blocks and final norm.
#[derive(Module, Debug)]
pub struct VitEncoder {
    /// `[1, 1, width]`.
    pub cls_token: Param<Tensor<3>>,
    /// `[1, 1 + patches, width]`; the class token's first, then the grid row by row.
    pub pos_embed: Param<Tensor<3>>,
    /// The patch convolution.
    pub patch_embed: PatchEmbed,
    /// Blocks in order.
    pub blocks: Vec<Block>,
    /// Norm of the last block's output.
    pub norm: LayerNorm,
}

impl VitEncoder {
    /// A ViT without values yet, but with the fixed positions.
    #[must_use]
    pub fn new(config: &VitConfig, device: &Device) -> Self {
        let VitConfig { patch, width, depth, heads, inner, eps, .. } = *config;
        Self {
            cls_token: parameter([1, 1, width], device),
            pos_embed: positions(config.side(), width, device),
            patch_embed: PatchEmbed { proj: PatchProjection::new(width, 3, [patch; 2], device) },
            blocks: (0..depth).map(|_| Block::new(width, heads, inner, eps, device)).collect(),
            norm: LayerNorm::new(width, eps, device),
        }
    }

    /// Width and height of a patch in pixels.
    #[must_use]
    pub fn patch(&self) -> usize {
        self.patch_embed.proj.weight.lazy_shape()[2]
    }

    /// `[N, 3, height, width]` → `[N, 1 + patches, width]` before the final norm, class token first.
    ///
    /// # Panics
    /// When the pictures are of another size than the positions.
    #[must_use]
    pub fn tokens(&self, pictures: Tensor<4>) -> Tensor<3> {
        self.tokens_dropping(pictures, 0.0)
    }

    /// As [`VitEncoder::tokens`]; blocks are left out for whole pictures at random, none of the first and `drop_path` of the
    /// last (stochastic depth, Huang et al., arXiv 1603.09382).
    ///
    /// # Panics
    /// As [`VitEncoder::tokens`].
    #[must_use]
    pub fn tokens_dropping(&self, pictures: Tensor<4>, drop_path: f64) -> Tensor<3> {
        let patches = patchify(pictures, self.patch());
        let [count, number, size] = patches.dims();
        let table = self.pos_embed.val();
        let [_, places, width] = table.dims();
        assert_eq!(places, 1 + number, "patches and positions");
        let embedded = self.patch_embed.proj.forward(patches.reshape([count * number, size]));
        let class = self.cls_token.val().expand([count, 1, width]);
        self.run(Tensor::cat(vec![class, embedded.reshape([count, number, width])], 1) + table, drop_path)
    }

    /// `[N, L, patch²·3]` → `[N, 1 + seen, width]` after the final norm, class token first, then the seen patches in the
    /// masks' order. The others cost nothing.
    ///
    /// # Panics
    /// When masks and patches are not of the same pictures.
    #[must_use]
    pub fn latent(&self, patches: Tensor<3>, masks: &Masks) -> Tensor<3> {
        let [count, number, size] = patches.dims();
        assert_eq!((count, number), (masks.pictures(), masks.patches()), "pictures and patches of the masks");
        let device = patches.device().without_autodiff();
        let seen = masks.seen_count();
        let rows = masks.seen().enumerate().flat_map(|(n, seen)| seen.iter().map(move |&p| (n * number + p) as i64));
        let patches = patches.reshape([count * number, size]).select(0, indices(rows.collect(), &device));
        let table = self.pos_embed.val();
        let [_, places, width] = table.dims();
        let table = table.reshape([places, width]);
        let rows = masks.seen().flatten().map(|&patch| 1 + patch as i64).collect();
        let embedded = self.patch_embed.proj.forward(patches) + table.clone().select(0, indices(rows, &device));
        let class = self.cls_token.val().reshape([1, width]) + table.narrow(0, 0, 1);
        let class = class.reshape([1, 1, width]).expand([count, 1, width]);
        let hidden = self.run(Tensor::cat(vec![class, embedded.reshape([count, seen, width])], 1), 0.0);
        self.norm.forward(hidden.reshape([count * (1 + seen), width])).reshape([count, 1 + seen, width])
    }

    fn run(&self, tokens: Tensor<3>, drop_path: f64) -> Tensor<3> {
        let [count, number, width] = tokens.dims();
        let mut hidden = tokens.reshape([count * number, width]);
        let last = self.blocks.len().saturating_sub(1).max(1) as f64;
        for (i, block) in self.blocks.iter().enumerate() {
            hidden = block.forward_dropping(hidden, count, drop_path * i as f64 / last);
        }
        hidden.reshape([count, number, width])
    }

    /// `[N, 1 + patches, width]` tokens → `[N, width]` the mean of the patches' tokens.
    #[must_use]
    pub fn pooled(tokens: Tensor<3>) -> Tensor<2> {
        let [count, number, width] = tokens.dims();
        tokens.narrow(1, 1, number - 1).mean_dim(1).reshape([count, width])
    }

    /// `[N, 3, height, width]` → `[N, width]`: what probes read, the mean of the patches' tokens after the final norm.
    #[must_use]
    pub fn features(&self, pictures: Tensor<4>) -> Tensor<2> {
        let tokens = self.tokens(pictures);
        let [count, number, width] = tokens.dims();
        let normed = self.norm.forward(tokens.reshape([count * number, width]));
        Self::pooled(normed.reshape([count, number, width]))
    }
}

/// `[1, 1 + side², width]` of [`sin_cos`].
pub(super) fn positions(side: usize, width: usize, device: &Device) -> Param<Tensor<3>> {
    let table = TensorData::new(sin_cos(side, width), [1, 1 + side * side, width]);
    Param::from_tensor(Tensor::from_data(table, device))
}

/// Wrapper that gives the convolution its name in the files.
#[derive(Module, Debug)]
pub struct PatchEmbed {
    /// The convolution.
    pub proj: PatchProjection,
}
