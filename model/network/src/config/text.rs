//! The `text_config` block: a Qwen2 decoder.

use serde::{Deserialize, Serialize};

use super::{ConfigError, refuse};

/// Sizes and constants of the language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextConfig {
    /// `qwen2`, the only decoder supported.
    #[serde(default = "qwen2")]
    pub model_type: String,
    /// Width of the decoder.
    pub hidden_size: usize,
    /// Width of the gated inner layer.
    pub intermediate_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Query heads.
    pub num_attention_heads: usize,
    /// Key and value heads; each serves `num_attention_heads / num_key_value_heads` query heads. All heads if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_key_value_heads: Option<usize>,
    /// Width of a head; `hidden_size / num_attention_heads` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_dim: Option<usize>,
    /// Rows of the embedding table.
    pub vocab_size: usize,
    /// Added to the mean square in every RMSNorm.
    #[serde(default = "millionth")]
    pub rms_norm_eps: f64,
    /// Activation of the gate; only `silu`.
    #[serde(default = "silu")]
    pub hidden_act: String,
    /// Longest sequence the positions were trained for.
    #[serde(default = "positions")]
    pub max_position_embeddings: usize,
    /// Base of the rotary frequencies, where older files keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_theta: Option<f64>,
    /// Rotary settings, where newer files keep them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_parameters: Option<RopeParameters>,
    /// Rotary scaling of older files; `dynamic` is accepted because it does nothing within the trained length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_scaling: Option<RopeParameters>,
    /// Standard deviation of freshly made weights.
    #[serde(default = "fiftieth")]
    pub initializer_range: f64,
    /// Whether the output head shares the embedding table.
    #[serde(default)]
    pub tie_word_embeddings: bool,
    /// Windowed attention; not supported.
    #[serde(default)]
    pub use_sliding_window: bool,
}

/// Rotary settings. Only the base is used; the kind is checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RopeParameters {
    /// Base of the rotary frequencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_theta: Option<f64>,
    /// `default` or `dynamic`.
    #[serde(default, alias = "type", skip_serializing_if = "Option::is_none")]
    pub rope_type: Option<String>,
    /// Stretch of the `dynamic` kind beyond the trained length; kept for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
}

fn qwen2() -> String {
    "qwen2".to_string()
}

fn millionth() -> f64 {
    1e-6
}

fn silu() -> String {
    "silu".to_string()
}

fn positions() -> usize {
    32_768
}

fn fiftieth() -> f64 {
    0.02
}

impl TextConfig {
    /// Key and value heads.
    #[must_use]
    pub fn kv_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    /// Width of one head.
    #[must_use]
    pub fn head_dim(&self) -> usize {
        self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads.max(1))
    }

    /// Base of the rotary frequencies; 10,000 where the file says nothing, as transformers does for Qwen2.
    #[must_use]
    pub fn theta(&self) -> f64 {
        self.rope_parameters.as_ref().and_then(|rope| rope.rope_theta).or(self.rope_theta).unwrap_or(10_000.0)
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        if self.model_type != "qwen2" {
            return Err(refuse("text_config.model_type", &self.model_type, "only `qwen2` is supported"));
        }
        let sizes = [
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.kv_heads()),
            ("vocab_size", self.vocab_size),
        ];
        for (field, value) in sizes {
            if value == 0 {
                return Err(refuse(&format!("text_config.{field}"), value, "must be at least 1"));
            }
        }
        if self.head_dim.is_none() && !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let problem = format!("does not divide hidden_size = {}", self.hidden_size);
            return Err(refuse("text_config.num_attention_heads", self.num_attention_heads, problem));
        }
        if !self.num_attention_heads.is_multiple_of(self.kv_heads()) {
            let problem = format!("does not divide num_attention_heads = {}", self.num_attention_heads);
            return Err(refuse("text_config.num_key_value_heads", self.kv_heads(), problem));
        }
        if !self.head_dim().is_multiple_of(2) {
            return Err(refuse("text_config.head_dim", self.head_dim(), "rotary positions need an even width"));
        }
        if self.hidden_act != "silu" {
            return Err(refuse("text_config.hidden_act", &self.hidden_act, "only `silu` is supported"));
        }
        if self.use_sliding_window {
            return Err(refuse("text_config.use_sliding_window", true, "windowed attention is not supported"));
        }
        let blocks = [("rope_parameters", &self.rope_parameters), ("rope_scaling", &self.rope_scaling)];
        for (block, rope) in blocks {
            if let Some(kind) = rope.as_ref().and_then(|rope| rope.rope_type.as_deref())
                && !["default", "dynamic"].contains(&kind)
            {
                let field = format!("text_config.{block}.rope_type");
                return Err(refuse(&field, kind, "only `default` and `dynamic` are supported"));
            }
        }
        if self.theta().is_nan() || self.theta() <= 1.0 {
            return Err(refuse("text_config.rope_theta", self.theta(), "must be above 1"));
        }
        Ok(())
    }
}
