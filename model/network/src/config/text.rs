//! The `text_config` block, and the `config.json` of a language model alone: a decoder of the Llama family.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ConfigError, LARGEST, from_json, read, refuse, save};

/// The families of decoders. They differ in biases and in norms of queries and keys.
pub(super) const FAMILIES: [&str; 3] = ["qwen2", "qwen3", "llama"];

/// Sizes and constants of the language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextConfig {
    /// `qwen2` (biases on queries, keys and values), `qwen3` (a norm on each head of queries and keys) or `llama`
    /// (neither).
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
    /// Width of a head; `hidden_size / num_attention_heads` if absent, in Qwen3 128.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_dim: Option<usize>,
    /// Rows of the embedding table.
    pub vocab_size: usize,
    /// Added to the mean square in every RMSNorm.
    #[serde(default = "super::defaults::millionth")]
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
    /// The same in older files, where it counts more; `dynamic` is accepted because it does nothing within the trained
    /// length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_scaling: Option<RopeParameters>,
    /// Standard deviation of freshly made weights.
    #[serde(default = "super::defaults::fiftieth")]
    pub initializer_range: f64,
    /// Whether the output head shares the embedding table. What the weight files hold counts more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tie_word_embeddings: Option<bool>,
    /// Biases on all projections of the attention, in Llama and Qwen3.
    #[serde(default, skip_serializing_if = "is_false")]
    pub attention_bias: bool,
    /// Biases on the gated inner layer; not supported.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mlp_bias: bool,
    /// Rotation of neighbours instead of halves; not supported.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rope_interleaved: bool,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_type: Option<String>,
    /// The same under its older name; published files have both.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub older_rope_type: Option<String>,
    /// Stretch of the `dynamic` kind beyond the trained length; kept for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// What else stands there; blocks for kinds of layers are refused.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

fn qwen2() -> String {
    "qwen2".to_string()
}

fn silu() -> String {
    "silu".to_string()
}

fn positions() -> usize {
    32_768
}

fn is_false(answer: &bool) -> bool {
    !answer
}

impl TextConfig {
    /// Reads and checks the `config.json` of a language model alone.
    ///
    /// # Errors
    /// When the file cannot be read or parsed, or a field cannot be used.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        Self::parse(&read(path)?, &path.display().to_string())
    }

    /// As [`TextConfig::load`], from the text; `origin` names it in errors.
    ///
    /// # Errors
    /// When the text cannot be parsed or a field cannot be used.
    pub fn parse(text: &[u8], origin: &str) -> Result<Self, ConfigError> {
        /// Without it any JSON with the right sizes would do.
        #[derive(Deserialize)]
        struct Family {
            #[serde(rename = "model_type")]
            _model_type: String,
        }
        let json = |cause| ConfigError::Json { path: origin.to_string(), cause };
        from_json::<Family>(text).map_err(json)?;
        let config: Self = from_json(text).map_err(json)?;
        config.validate("").map_err(|error| error.of(origin))?;
        Ok(config)
    }

    /// Writes the config of a language model alone.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ConfigError> {
        save(self, path.as_ref())
    }

    /// Key and value heads.
    #[must_use]
    pub fn kv_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    /// Width of one head.
    #[must_use]
    pub fn head_dim(&self) -> usize {
        let even = self.hidden_size / self.num_attention_heads.max(1);
        self.head_dim.unwrap_or(if self.model_type == "qwen3" { 128 } else { even })
    }

    /// Whether queries, keys and values have a bias.
    #[must_use]
    pub fn query_bias(&self) -> bool {
        self.model_type == "qwen2" || self.attention_bias
    }

    /// Whether the attention's output has a bias.
    #[must_use]
    pub fn output_bias(&self) -> bool {
        self.model_type != "qwen2" && self.attention_bias
    }

    /// Whether each head of queries and keys is normed before it is rotated.
    #[must_use]
    pub fn head_norms(&self) -> bool {
        self.model_type == "qwen3"
    }

    /// Whether the output head is the embedding table itself; `None` where the file leaves it open.
    #[must_use]
    pub fn tied(&self) -> Option<bool> {
        self.tie_word_embeddings
    }

    /// Base of the rotary frequencies: that of a block before the one beside it, as in transformers; 10,000 where the
    /// file says nothing, as there for Qwen2.
    #[must_use]
    pub fn theta(&self) -> f64 {
        let mut blocks = [&self.rope_scaling, &self.rope_parameters].into_iter().flatten();
        blocks.find_map(|rope| rope.rope_theta).or(self.rope_theta).unwrap_or(10_000.0)
    }

    /// `block` is what stands before the fields' names in errors.
    pub(super) fn validate(&self, block: &str) -> Result<(), ConfigError> {
        let refuse = |field: &str, value: &dyn ToString, problem: &str| {
            Err(refuse(&format!("{block}{field}"), value.to_string(), problem))
        };
        if !FAMILIES.contains(&self.model_type.as_str()) {
            return refuse("model_type", &self.model_type, &format!("supported are {}", FAMILIES.join(", ")));
        }
        let sizes = [
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.kv_heads()),
            ("vocab_size", self.vocab_size),
        ];
        for (field, value) in sizes {
            if value == 0 || value > LARGEST {
                return refuse(field, &value, &format!("must be in 1..={LARGEST}"));
            }
        }
        let even = self.hidden_size.is_multiple_of(self.num_attention_heads);
        if self.head_dim.is_none() && self.model_type != "qwen3" && !even {
            let problem = format!("does not divide hidden_size = {}", self.hidden_size);
            return refuse("num_attention_heads", &self.num_attention_heads, &problem);
        }
        if !self.num_attention_heads.is_multiple_of(self.kv_heads()) {
            let problem = format!("does not divide num_attention_heads = {}", self.num_attention_heads);
            return refuse("num_key_value_heads", &self.kv_heads(), &problem);
        }
        if self.head_dim() == 0 || self.head_dim() > LARGEST || !self.head_dim().is_multiple_of(2) {
            return refuse("head_dim", &self.head_dim(), "rotary positions need an even width");
        }
        if self.hidden_act != "silu" {
            return refuse("hidden_act", &self.hidden_act, "only `silu` is supported");
        }
        for (field, is_set) in [
            ("use_sliding_window", self.use_sliding_window),
            ("mlp_bias", self.mlp_bias),
            ("rope_interleaved", self.rope_interleaved),
        ] {
            if is_set {
                return refuse(field, &true, "not supported");
            }
        }
        let blocks = [("rope_parameters", &self.rope_parameters), ("rope_scaling", &self.rope_scaling)];
        for (rope_block, rope) in blocks {
            let Some(rope) = rope else { continue };
            if let Some((name, value)) = rope.other.iter().find(|(_, value)| value.is_object()) {
                return refuse(&format!("{rope_block}.{name}"), value, "rotations by kind of layer are not supported");
            }
            for (name, kind) in [("rope_type", &rope.rope_type), ("type", &rope.older_rope_type)] {
                if let Some(kind) = kind
                    && !["default", "dynamic"].contains(&kind.as_str())
                {
                    let field = format!("{rope_block}.{name}");
                    return refuse(&field, kind, "only `default` and `dynamic` are supported");
                }
            }
        }
        if self.theta().is_nan() || self.theta() <= 1.0 {
            return refuse("rope_theta", &self.theta(), "must be above 1");
        }
        Ok(())
    }
}
