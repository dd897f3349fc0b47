//! `config.json` as InternVL's authors publish it.

use serde::Deserialize;

use super::vision::NumberOrPair;
use super::{
    ConfigError, InternVlConfig, Names, SkeletonConfig, TextConfig, VisionConfig, default_architectures,
    default_model_type, default_strategy, defaults, refuse,
};

/// What they call fields that are checked once they are translated.
pub(super) const THEIRS: Names = Names { text: "llm_config.", render_size: "force_image_size" };

/// Whether the text is a config of this layout.
pub(super) fn is_theirs(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Blocks {
        llm_config: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Blocks>(text).is_ok_and(|blocks| blocks.llm_config.is_some())
}

/// The whole file. Defaults are those of the authors' code.
#[derive(Deserialize)]
pub(super) struct ChatConfig {
    llm_config: TextConfig,
    vision_config: Tower,
    #[serde(default = "defaults::half")]
    downsample_ratio: f64,
    /// Order of the patches that become one token; `v1` has rows and columns the other way round.
    #[serde(default = "v1")]
    ps_version: String,
    #[serde(default = "defaults::last_layer")]
    select_layer: i64,
    /// Side of the pictures where it is not that of the position table.
    force_image_size: Option<usize>,
    tie_word_embeddings: Option<bool>,
}

#[derive(Deserialize)]
struct Tower {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    image_size: NumberOrPair,
    patch_size: NumberOrPair,
    #[serde(default)]
    qkv_bias: bool,
    #[serde(default = "defaults::yes")]
    qk_normalization: bool,
    #[serde(default = "rms_norm")]
    norm_type: String,
    #[serde(default = "defaults::gelu")]
    hidden_act: String,
    #[serde(default = "defaults::millionth")]
    layer_norm_eps: f64,
    #[serde(default = "defaults::tenth")]
    initializer_factor: f64,
    #[serde(default = "defaults::three")]
    num_channels: usize,
}

fn v1() -> String {
    "v1".to_string()
}

fn rms_norm() -> String {
    "rms_norm".to_string()
}

impl ChatConfig {
    /// The same in the layout of `-hf`. The id of the image token is only in the tokenizer.
    pub fn translated(self) -> Result<InternVlConfig, ConfigError> {
        if self.ps_version != "v2" {
            return Err(refuse("ps_version", &self.ps_version, "only `v2` is supported"));
        }
        if self.select_layer != -1 {
            return Err(refuse("select_layer", self.select_layer, "only -1 is supported"));
        }
        let tower = self.vision_config;
        if tower.qk_normalization {
            return Err(refuse("vision_config.qk_normalization", true, "query/key norms are not supported"));
        }
        let vision_config = VisionConfig {
            hidden_size: tower.hidden_size,
            intermediate_size: tower.intermediate_size,
            num_hidden_layers: tower.num_hidden_layers,
            num_attention_heads: tower.num_attention_heads,
            image_size: tower.image_size.into(),
            patch_size: tower.patch_size.into(),
            num_channels: tower.num_channels,
            attention_bias: tower.qkv_bias,
            hidden_act: tower.hidden_act,
            layer_norm_eps: tower.layer_norm_eps,
            norm_type: tower.norm_type,
            layer_scale_init_value: tower.initializer_factor,
            // theirs is 1e-10, of models that are never trained from nothing
            initializer_range: defaults::fiftieth(),
            use_qk_norm: false,
            use_mean_pooling: true,
            use_absolute_position_embeddings: true,
        };
        let forced = self.force_image_size.map(|side| [side, side]).filter(|size| *size != vision_config.image_size);
        let skeleton = forced.map(|size| SkeletonConfig { render_size: Some(size), ..SkeletonConfig::default() });
        Ok(InternVlConfig {
            architectures: default_architectures(),
            model_type: default_model_type(),
            vision_config,
            text_config: self.llm_config,
            downsample_ratio: self.downsample_ratio,
            image_token_id: None,
            image_seq_length: None,
            projector_hidden_act: defaults::gelu(),
            vision_feature_layer: defaults::last_layer(),
            vision_feature_select_strategy: default_strategy(),
            tie_word_embeddings: self.tie_word_embeddings,
            skeleton,
        })
    }
}
