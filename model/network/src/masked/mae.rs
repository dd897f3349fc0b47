//! MAE: hidden patches from seen ones (He et al., arXiv 2111.06377).

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::{Device, TensorData};

use super::block::Block;
use super::encoder::positions;
use super::{MaskedConfig, Masks, VitEncoder, patchify};
use crate::layers::{LayerNorm, Linear};
use crate::tensors::{indices, parameter};

/// A ViT that sees a part of each picture, and a decoder that says what the rest looks like.
#[derive(Module, Debug)]
pub struct Mae {
    /// Sees.
    pub encoder: VitEncoder,
    /// Says.
    pub decoder: MaeDecoder,
}

/// `mask_token` and `decoder_*` of a checkpoint.
#[derive(Module, Debug)]
pub struct MaeDecoder {
    /// `[1, 1, width]` stands where a patch is hidden.
    pub mask_token: Param<Tensor<3>>,
    /// From the encoder's width.
    pub embed: Linear,
    /// `[1, 1 + patches, width]`.
    pub pos_embed: Param<Tensor<3>>,
    /// Blocks in order.
    pub blocks: Vec<Block>,
    /// Norm of the last block's output.
    pub norm: LayerNorm,
    /// To the numbers of a patch.
    pub pred: Linear,
}

impl Mae {
    /// A model without values yet, but with the fixed positions.
    #[must_use]
    pub fn new(config: &MaskedConfig, device: &Device) -> Self {
        Self { encoder: VitEncoder::new(&config.encoder(), device), decoder: MaeDecoder::new(config, device) }
    }
}

impl MaeDecoder {
    /// A decoder without values yet, but with the fixed positions.
    #[must_use]
    pub fn new(config: &MaskedConfig, device: &Device) -> Self {
        let (vit, sizes) = (config.encoder(), config.decoder());
        let block = |_| Block::new(sizes.width, sizes.heads, sizes.inner, vit.eps, device);
        Self {
            mask_token: parameter([1, 1, sizes.width], device),
            embed: Linear::new(vit.width, sizes.width, true, device),
            pos_embed: positions(vit.side(), sizes.width, device),
            blocks: (0..sizes.depth).map(block).collect(),
            norm: LayerNorm::new(sizes.width, vit.eps, device),
            pred: Linear::new(sizes.width, vit.numbers(), true, device),
        }
    }

    /// `[N, 1 + seen, encoder's width]` of [`VitEncoder::latent`] → `[N, L, patch²·3]`, what every patch may look like.
    #[must_use]
    pub fn forward(&self, latent: Tensor<3>, masks: &Masks) -> Tensor<3> {
        let [count, seen, width] = latent.dims();
        let device = latent.device().without_autodiff();
        let known = self.embed.forward(latent.reshape([count * seen, width]));
        let [rows, width] = known.dims();
        let tokens = Tensor::cat(vec![known, self.mask_token.val().reshape([1, width])], 0);
        let number = 1 + masks.patches();
        let mut order = Vec::with_capacity(count * number);
        for (n, places) in masks.places().iter().enumerate() {
            order.push((n * seen) as i64);
            let row = |&place: &usize| if place + 1 < seen { n * seen + 1 + place } else { rows };
            order.extend(places.iter().map(|place| row(place) as i64));
        }
        let hidden = tokens.select(0, indices(order, &device)).reshape([count, number, width]);
        let mut hidden = (hidden + self.pos_embed.val()).reshape([count * number, width]);
        for block in &self.blocks {
            hidden = block.forward(hidden, count);
        }
        let pred = self.pred.forward(self.norm.forward(hidden));
        let size = pred.dims()[1];
        pred.reshape([count, number, size]).narrow(1, 1, number - 1)
    }

    /// `[N, 3, height, width]` → `[1]`: the mean squared error of hidden patches, said of what `encoder` sees. `normalise`
    /// as of [`target`].
    ///
    /// # Panics
    /// When masks and pictures do not belong together.
    #[must_use]
    pub fn loss(&self, encoder: &VitEncoder, pictures: Tensor<4>, masks: &Masks, normalise: bool) -> Tensor<1> {
        let patches = patchify(pictures, encoder.patch());
        let pred = self.forward(encoder.latent(patches.clone(), masks), masks);
        error(pred, target(patches.detach(), normalise), masks)
    }
}

/// `[N, L, patch²·3]` → the same: what is to be said of each patch. With `normalise` each patch less its mean, over its
/// standard deviation (variance over n − 1, 1e-6 added).
#[must_use]
pub fn target(patches: Tensor<3>, normalise: bool) -> Tensor<3> {
    if !normalise {
        return patches;
    }
    let centred = patches.clone() - patches.mean_dim(2);
    centred.clone() / deviation_of(centred)
}

/// `[N, L, numbers]` patches less their means → `[N, L, 1]` what [`target`] divides them by.
#[must_use]
pub fn deviation_of(centred: Tensor<3>) -> Tensor<3> {
    let size = centred.dims()[2];
    let variance = centred.square().sum_dim(2) / (size - 1).max(1) as f64;
    (variance + 1e-6).sqrt()
}

/// Mean over a patch's numbers, then over hidden patches.
fn error(pred: Tensor<3>, target: Tensor<3>, masks: &Masks) -> Tensor<1> {
    let device = pred.device().without_autodiff();
    let flags = TensorData::new(masks.flags(), [masks.pictures(), masks.patches(), 1]);
    let hidden = masks.pictures() * (masks.patches() - masks.seen_count());
    let errors = (pred - target).square().mean_dim(2) * Tensor::<3>::from_data(flags, &device);
    errors.sum() / hidden.max(1) as f64
}
