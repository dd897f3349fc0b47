//! The `vision_config` block: an InternViT encoder.

use serde::{Deserialize, Serialize};

use super::{ConfigError, LARGEST, refuse};

/// Sizes and constants of the image encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisionConfig {
    /// Width of the encoder.
    pub hidden_size: usize,
    /// Width of the block's inner layer.
    pub intermediate_size: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Attention heads; they divide `hidden_size`.
    pub num_attention_heads: usize,
    /// Height and width in pixels for which the position table was made. One number means a square.
    #[serde(with = "pair")]
    pub image_size: [usize; 2],
    /// Height and width of a patch in pixels.
    #[serde(with = "pair")]
    pub patch_size: [usize; 2],
    /// Colour channels; only 3.
    #[serde(default = "super::defaults::three")]
    pub num_channels: usize,
    /// Whether the query, key and value projections have a bias.
    #[serde(default)]
    pub attention_bias: bool,
    /// Activation of the block; only `gelu` (the exact one).
    #[serde(default = "super::defaults::gelu")]
    pub hidden_act: String,
    /// Added to the variance in every LayerNorm of the encoder.
    #[serde(default = "super::defaults::millionth")]
    pub layer_norm_eps: f64,
    /// Kind of norm; only `layer_norm`.
    #[serde(default = "layer_norm")]
    pub norm_type: String,
    /// Start value of the layer scales λ₁ and λ₂.
    #[serde(default = "super::defaults::tenth")]
    pub layer_scale_init_value: f64,
    /// Standard deviation of freshly made weights.
    #[serde(default = "super::defaults::fiftieth")]
    pub initializer_range: f64,
    /// Norms on queries and keys; not supported.
    #[serde(default)]
    pub use_qk_norm: bool,
    /// `true` leaves out the final norm, as the public checkpoints do.
    #[serde(default = "super::defaults::yes")]
    pub use_mean_pooling: bool,
    /// Learned positions; must be `true`.
    #[serde(default = "super::defaults::yes")]
    pub use_absolute_position_embeddings: bool,
}

fn layer_norm() -> String {
    "layer_norm".to_string()
}

impl VisionConfig {
    /// Rows and columns of patches in an image of the configured size.
    #[must_use]
    pub fn grid(&self) -> [usize; 2] {
        [self.image_size[0] / self.patch_size[0], self.image_size[1] / self.patch_size[1]]
    }

    /// Width of one attention head.
    #[must_use]
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let sizes = [
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_attention_heads", self.num_attention_heads),
            ("patch_size", self.patch_size[0]),
            ("patch_size", self.patch_size[1]),
            ("image_size", self.image_size[0]),
            ("image_size", self.image_size[1]),
        ];
        for (field, value) in sizes {
            if value == 0 || value > LARGEST {
                let problem = format!("must be in 1..={LARGEST}");
                return Err(refuse(&format!("vision_config.{field}"), value, problem));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let problem = format!("does not divide hidden_size = {}", self.hidden_size);
            return Err(refuse("vision_config.num_attention_heads", self.num_attention_heads, problem));
        }
        for axis in 0..2 {
            if !self.image_size[axis].is_multiple_of(self.patch_size[axis]) {
                let value = format!("{:?}", self.image_size);
                let problem = format!("not a multiple of patch_size = {:?}", self.patch_size);
                return Err(refuse("vision_config.image_size", value, problem));
            }
        }
        if self.num_channels != 3 {
            return Err(refuse("vision_config.num_channels", self.num_channels, "frames have 3 channels"));
        }
        if self.hidden_act != "gelu" {
            return Err(refuse("vision_config.hidden_act", &self.hidden_act, "only `gelu` is supported"));
        }
        if self.norm_type != "layer_norm" {
            return Err(refuse("vision_config.norm_type", &self.norm_type, "only `layer_norm` is supported"));
        }
        if self.use_qk_norm {
            return Err(refuse("vision_config.use_qk_norm", true, "query/key norms are not supported"));
        }
        if !self.use_absolute_position_embeddings {
            let field = "vision_config.use_absolute_position_embeddings";
            return Err(refuse(field, false, "an encoder without positions is not supported"));
        }
        Ok(())
    }
}

/// One number or a pair, as both occur in public files; written as a pair.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum NumberOrPair {
    Number(usize),
    Pair([usize; 2]),
}

impl From<NumberOrPair> for [usize; 2] {
    fn from(value: NumberOrPair) -> Self {
        match value {
            NumberOrPair::Number(side) => [side, side],
            NumberOrPair::Pair(pair) => pair,
        }
    }
}

mod pair {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[usize; 2], D::Error> {
        Ok(super::NumberOrPair::deserialize(deserializer)?.into())
    }

    pub fn serialize<S: Serializer>(value: &[usize; 2], serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}

pub(super) mod pair_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[usize; 2]>, D::Error> {
        Ok(Option::<super::NumberOrPair>::deserialize(deserializer)?.map(Into::into))
    }

    pub fn serialize<S: Serializer>(value: &Option<[usize; 2]>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}
