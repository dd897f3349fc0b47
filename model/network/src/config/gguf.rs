//! What a GGUF file says of its model.

use super::{TextConfig, text::FAMILIES};
use crate::gguf::{Gguf, Problem};

impl TextConfig {
    /// Reads the sizes of a language model from a file's settings, and from its tensors what these leave open.
    ///
    /// # Errors
    /// When the model is of another family, or a setting is missing or cannot be used.
    pub fn of_gguf(file: &Gguf) -> Result<Self, Problem> {
        let settings = &file.settings;
        let family = settings.text("general.architecture")?.ok_or("no setting `general.architecture`")?;
        if !FAMILIES.contains(&family) {
            let known = FAMILIES.join(", ");
            return Err(format!("setting `general.architecture` = {family} is not supported; {known} are"));
        }
        if let Some(files @ 2..) = settings.unsigned("split.count")? {
            return Err(format!("one of {files} files of a model; join them first (llama-gguf-split --merge)"));
        }
        let name = |setting: &str| format!("{family}.{setting}");
        let size = |setting: &str| -> Result<Option<usize>, Problem> {
            let Some(value) = settings.unsigned(&name(setting))? else { return Ok(None) };
            usize::try_from(value)
                .ok()
                .filter(|value| *value < 1 << 31)
                .map(Some)
                .ok_or_else(|| format!("setting `{}` = {value} is no size of a model", name(setting)))
        };
        let needed = |setting: &str| size(setting)?.ok_or_else(|| format!("no setting `{}`", name(setting)));
        let none = |setting: &str, unless: &dyn Fn(f64) -> bool| match settings.float(&name(setting))? {
            Some(value) if !unless(value) => Err(format!("setting `{}` = {value} is not supported", name(setting))),
            _ => Ok(()),
        };
        none("expert_count", &|count| count == 0.0)?;
        // the second is its older name
        for factor in ["rope.scaling.factor", "rope.scale_linear"] {
            none(factor, &|factor| factor == 1.0 || factor == 0.0)?;
        }
        none("attention.sliding_window", &|window| window == 0.0)?;
        if let Some(kind) = settings.text(&name("rope.scaling.type"))?
            && kind != "none"
            && kind != "linear"
        {
            return Err(format!("setting `{}` = {kind} is not supported", name("rope.scaling.type")));
        }
        let (hidden, heads) = (needed("embedding_length")?, needed("attention.head_count")?);
        let table = file.tensors.get("token_embd.weight").ok_or("no tensor `token_embd.weight`")?;
        let config = TextConfig {
            model_type: family.to_string(),
            hidden_size: hidden,
            intermediate_size: needed("feed_forward_length")?,
            num_hidden_layers: needed("block_count")?,
            num_attention_heads: heads,
            num_key_value_heads: size("attention.head_count_kv")?,
            head_dim: Some(size("attention.key_length")?.unwrap_or(hidden / heads.max(1))),
            // what is there counts: some files name a vocabulary without its padding
            vocab_size: table.shape.first().copied().unwrap_or(0),
            rms_norm_eps: settings.float(&name("attention.layer_norm_rms_epsilon"))?.unwrap_or(1e-6),
            hidden_act: "silu".to_string(),
            max_position_embeddings: needed("context_length")?,
            rope_theta: settings.float(&name("rope.freq_base"))?,
            rope_parameters: None,
            rope_scaling: None,
            initializer_range: super::defaults::fiftieth(),
            tie_word_embeddings: Some(!file.tensors.contains_key("output.weight")),
            attention_bias: family != "qwen2" && file.tensors.contains_key("blk.0.attn_q.bias"),
            mlp_bias: false,
            rope_interleaved: false,
            use_sliding_window: false,
        };
        config.validate("").map_err(|error| error.to_string())?;
        let turned = size("rope.dimension_count")?.unwrap_or(config.head_dim());
        if turned != config.head_dim() {
            let whole = config.head_dim();
            return Err(format!(
                "setting `{}` = {turned}: only whole heads of {whole} turn",
                name("rope.dimension_count")
            ));
        }
        let values = size("attention.value_length")?.unwrap_or(config.head_dim());
        if values != config.head_dim() {
            return Err(format!("setting `{}` = {values} differs from the keys'", name("attention.value_length")));
        }
        Ok(config)
    }
}
