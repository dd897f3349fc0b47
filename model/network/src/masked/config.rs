//! Sizes, in the fields of transformers' `vit_mae` configuration.

use serde::{Deserialize, Serialize};

/// Sizes that a ViT is usually built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VitSize {
    /// Width 192, 12 blocks, 3 heads: 5.5 million parameters.
    Tiny,
    /// Width 384, 12 blocks, 6 heads: 21.7 million.
    Small,
    /// Width 768, 12 blocks, 12 heads: 85.8 million, the size of the public checkpoint.
    Base,
}

impl VitSize {
    /// All three, small ones first.
    pub const ALL: [Self; 3] = [Self::Tiny, Self::Small, Self::Base];

    /// One word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Small => "small",
            Self::Base => "base",
        }
    }
}

/// Sizes of a ViT.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VitConfig {
    /// Width and height of a picture in pixels.
    pub image: usize,
    /// Width and height of a patch in pixels.
    pub patch: usize,
    /// Features of a token.
    pub width: usize,
    /// Blocks.
    pub depth: usize,
    /// Attention heads.
    pub heads: usize,
    /// Features inside a block's two-layer network.
    pub inner: usize,
    /// Added to variances.
    pub eps: f64,
}

impl VitConfig {
    /// Patches along a side.
    #[must_use]
    pub fn side(&self) -> usize {
        self.image / self.patch
    }

    /// Patches of a picture.
    #[must_use]
    pub fn patches(&self) -> usize {
        self.side() * self.side()
    }

    /// Numbers of a patch.
    #[must_use]
    pub fn numbers(&self) -> usize {
        3 * self.patch * self.patch
    }
}

/// Sizes of a decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoderConfig {
    /// Features of a token.
    pub width: usize,
    /// Blocks.
    pub depth: usize,
    /// Attention heads.
    pub heads: usize,
    /// Features inside a block's two-layer network.
    pub inner: usize,
}

/// A ViT and the decoder that it is trained with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaskedConfig {
    /// `vit_mae`.
    #[serde(default = "model_type")]
    pub model_type: String,
    /// Width and height of a picture in pixels.
    pub image_size: usize,
    /// Width and height of a patch in pixels.
    pub patch_size: usize,
    /// Channels of a picture: 3.
    #[serde(default = "channels")]
    pub num_channels: usize,
    /// Features of a token.
    pub hidden_size: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Attention heads.
    pub num_attention_heads: usize,
    /// Features inside a block's two-layer network.
    pub intermediate_size: usize,
    /// Added to variances.
    #[serde(default = "eps")]
    pub layer_norm_eps: f64,
    /// Features of a token in the decoder.
    pub decoder_hidden_size: usize,
    /// Blocks of the decoder.
    pub decoder_num_hidden_layers: usize,
    /// Attention heads of the decoder.
    pub decoder_num_attention_heads: usize,
    /// Features inside the two-layer network of a decoder's block.
    pub decoder_intermediate_size: usize,
}

fn model_type() -> String {
    "vit_mae".to_owned()
}

fn channels() -> usize {
    3
}

fn eps() -> f64 {
    1e-6
}

/// More blocks than any published model has.
const MOST_BLOCKS: usize = 256;
/// A wider token than any published model has.
const WIDEST: usize = 1 << 13;

impl MaskedConfig {
    /// A usual size for pictures of `image` × `image` pixels in patches of `patch` × `patch`.
    #[must_use]
    pub fn of(size: VitSize, image: usize, patch: usize) -> Self {
        let (width, heads, decoder, blocks, decoder_heads) = match size {
            VitSize::Tiny => (192, 3, 128, 4, 4),
            VitSize::Small => (384, 6, 256, 4, 8),
            VitSize::Base => (768, 12, 512, 8, 16),
        };
        Self {
            model_type: model_type(),
            image_size: image,
            patch_size: patch,
            num_channels: 3,
            hidden_size: width,
            num_hidden_layers: 12,
            num_attention_heads: heads,
            intermediate_size: 4 * width,
            layer_norm_eps: eps(),
            decoder_hidden_size: decoder,
            decoder_num_hidden_layers: blocks,
            decoder_num_attention_heads: decoder_heads,
            decoder_intermediate_size: 4 * decoder,
        }
    }

    /// One sentence on a field that no model can be built with; `None` where all is well.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let sizes = [
            ("image_size", self.image_size, 1, WIDEST),
            ("patch_size", self.patch_size, 1, WIDEST),
            ("num_channels", self.num_channels, 3, 3),
            ("hidden_size", self.hidden_size, 4, WIDEST),
            ("num_hidden_layers", self.num_hidden_layers, 1, MOST_BLOCKS),
            ("num_attention_heads", self.num_attention_heads, 1, WIDEST),
            ("intermediate_size", self.intermediate_size, 1, WIDEST),
            ("decoder_hidden_size", self.decoder_hidden_size, 4, WIDEST),
            ("decoder_num_hidden_layers", self.decoder_num_hidden_layers, 1, MOST_BLOCKS),
            ("decoder_num_attention_heads", self.decoder_num_attention_heads, 1, WIDEST),
            ("decoder_intermediate_size", self.decoder_intermediate_size, 1, WIDEST),
        ];
        if let Some((field, value, least, most)) = sizes.into_iter().find(|s| s.1 < s.2 || s.1 > s.3) {
            return Some(format!("`{field}` is {value}; {least} to {most} can be"));
        }
        let divisions = [
            ("image_size", self.image_size, "patch_size", self.patch_size),
            ("hidden_size", self.hidden_size, "num_attention_heads", self.num_attention_heads),
            ("hidden_size", self.hidden_size, "4 (the position table)", 4),
            ("decoder_hidden_size", self.decoder_hidden_size, "decoder_num_attention_heads", self.decoder_heads()),
            ("decoder_hidden_size", self.decoder_hidden_size, "4 (the position table)", 4),
        ];
        let odd = divisions.into_iter().find(|(_, size, _, by)| !size.is_multiple_of(*by));
        if let Some((field, size, name, by)) = odd {
            return Some(format!("`{field}` is {size}, which {name} = {by} does not divide"));
        }
        (!(self.layer_norm_eps > 0.0 && self.layer_norm_eps < 1.0))
            .then(|| format!("`layer_norm_eps` is {}", self.layer_norm_eps))
    }

    fn decoder_heads(&self) -> usize {
        self.decoder_num_attention_heads
    }

    /// The ViT's part.
    #[must_use]
    pub fn encoder(&self) -> VitConfig {
        VitConfig {
            image: self.image_size,
            patch: self.patch_size,
            width: self.hidden_size,
            depth: self.num_hidden_layers,
            heads: self.num_attention_heads,
            inner: self.intermediate_size,
            eps: self.layer_norm_eps,
        }
    }

    /// The decoder's part.
    #[must_use]
    pub fn decoder(&self) -> DecoderConfig {
        DecoderConfig {
            width: self.decoder_hidden_size,
            depth: self.decoder_num_hidden_layers,
            heads: self.decoder_heads(),
            inner: self.decoder_intermediate_size,
        }
    }
}
