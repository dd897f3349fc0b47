//! What the tensors of published files are called here.
//!
//! A module's field path is the tensor's name: that of the `-hf` checkpoints of InternVL3. Other layouts differ in
//! names, and one in that it keeps queries, keys and values of the vision tower in one tensor.

/// Which family of names a file uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Layout {
    /// A whole model: ours, `-hf` of either generation, the authors'.
    InternVl,
    /// A language model alone, as the transformers library saves it.
    Text,
    /// Adapters alone, as the peft library saves them.
    Peft,
}

/// What a tensor of a file is here.
#[derive(Debug, PartialEq)]
pub(super) enum Place {
    /// A tensor.
    Whole(String),
    /// Three tensors of as many rows each, one below the other.
    Thirds([String; 3]),
    /// One of the two matrices of an adapter, `a` or `b`, which is added to the tensor of this name.
    Adapter(String, char),
    /// Nothing that is learned.
    Nowhere,
}

/// Where full checkpoints of SkeletonLLM's authors keep the renderer (spec A.7.1); what follows are the names of a
/// renderer's own file.
pub const RENDERER: &str = "_skeleton_renderer_module._renderer.";

pub(super) fn place(layout: Layout, name: &str) -> Place {
    // tables that older libraries saved beside the weights, and how often a batch norm was trained
    if ["rotary_emb.inv_freq", "position_ids", ".num_batches_tracked"].iter().any(|end| name.ends_with(end)) {
        return Place::Nowhere;
    }
    let name = name.strip_prefix("module.").unwrap_or(name);
    if layout == Layout::Peft {
        let name = without_peft(name);
        return Place::Whole(name.replace(".lora_A.default.", ".lora_A.").replace(".lora_B.default.", ".lora_B."));
    }
    if let Some((layer, part)) = adapter(name) {
        return Place::Adapter(format!("{}.weight", canonical(layout, &layer)), part);
    }
    let name = without_peft(name);
    if let Some(block) = name.strip_prefix("vision_model.encoder.layers.")
        && let Some((number, rest)) = block.split_once('.')
        && let Some(kind) = rest.strip_prefix("attn.qkv.")
    {
        return Place::Thirds(["q", "k", "v"].map(|part| format!("{TOWER}.{number}.attention.{part}_proj.{kind}")));
    }
    Place::Whole(canonical(layout, &name))
}

const TOWER: &str = "vision_tower.encoder.layer";

/// The layer and the part of an adapter that peft saved with its base: `….q_proj.lora_A.default.weight`. Our own
/// checkpoints of a run hold `lora_A.weight`, which is a tensor of its own.
fn adapter(name: &str) -> Option<(String, char)> {
    let layer = |suffix| name.strip_suffix(suffix).map(without_peft);
    let a = layer(".lora_A.default.weight").map(|layer| (layer, 'a'));
    a.or_else(|| layer(".lora_B.default.weight").map(|layer| (layer, 'b')))
}

/// Without what peft puts around a model and around a layer.
pub(super) fn without_peft(name: &str) -> String {
    name.replace("base_model.model.", "").replace(".base_layer.", ".")
}

/// The name here of a tensor, or of a layer, of a file.
pub(super) fn canonical(layout: Layout, name: &str) -> String {
    if layout == Layout::Text {
        return format!("language_model.{name}");
    }
    if let Some(authors) = of_the_authors(name) {
        return authors;
    }
    if name == "lm_head.weight" || name == "lm_head" {
        return format!("language_model.{name}");
    }
    // newer transformers releases put everything below `model.`
    match name.strip_prefix("model.") {
        Some(rest) => match rest.strip_prefix("language_model.") {
            Some(decoder) => format!("language_model.model.{decoder}"),
            None => rest.to_string(),
        },
        None => name.to_string(),
    }
}

/// InternVL's own names of tower and projector; its decoder has the names of `-hf`.
fn of_the_authors(name: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix("mlp1.") {
        let (number, kind) = rest.split_once('.').unwrap_or((rest, ""));
        let layer = ["layer_norm", "linear_1", "", "linear_2"][number.parse::<usize>().ok().filter(|n| *n < 4)?];
        return Some(format!("multi_modal_projector.{layer}.{kind}"));
    }
    let rest = name.strip_prefix("vision_model.")?;
    if let Some(rest) = rest.strip_prefix("embeddings.") {
        let rest = match rest {
            "class_embedding" => "cls_token".to_string(),
            "position_embedding" => "position_embeddings".to_string(),
            other => other.replace("patch_embedding.", "patch_embeddings.projection."),
        };
        return Some(format!("vision_tower.embeddings.{rest}"));
    }
    let (number, rest) = rest.strip_prefix("encoder.layers.")?.split_once('.')?;
    let rest = match rest.split_once('.').unwrap_or((rest, "")) {
        ("ls1", _) => "lambda_1".to_string(),
        ("ls2", _) => "lambda_2".to_string(),
        ("norm1", kind) => format!("layernorm_before.{kind}"),
        ("norm2", kind) => format!("layernorm_after.{kind}"),
        // a weight, or as adapters name it the layer alone
        ("attn", kind) => match kind.strip_prefix("proj").filter(|rest| rest.is_empty() || rest.starts_with('.')) {
            Some(rest) => format!("attention.projection_layer{rest}"),
            None => format!("attention.{kind}"),
        },
        _ => rest.to_string(),
    };
    Some(format!("{TOWER}.{number}.{rest}"))
}

/// The name here of a tensor of a GGUF file; `None` for what we do not know.
pub(super) fn of_gguf(name: &str) -> Option<String> {
    let decoder = "language_model.model";
    match name {
        "token_embd.weight" => return Some(format!("{decoder}.embed_tokens.weight")),
        "output_norm.weight" => return Some(format!("{decoder}.norm.weight")),
        "output.weight" => return Some("language_model.lm_head.weight".to_string()),
        _ => {}
    }
    let (number, rest) = name.strip_prefix("blk.")?.split_once('.')?;
    let (part, kind) = rest.rsplit_once('.')?;
    let part = match part {
        "attn_norm" => "input_layernorm",
        "ffn_norm" => "post_attention_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "attn_q_norm" => "self_attn.q_norm",
        "attn_k_norm" => "self_attn.k_norm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => return None,
    };
    Some(format!("{decoder}.layers.{number}.{part}.{kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(name: &str) -> String {
        match place(Layout::InternVl, name) {
            Place::Whole(name) => name,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn newer_names_mean_the_same_tensors() {
        for (name, here) in [
            ("model.language_model.norm.weight", "language_model.model.norm.weight"),
            ("model.vision_tower.embeddings.cls_token", "vision_tower.embeddings.cls_token"),
            ("model.multi_modal_projector.linear_1.bias", "multi_modal_projector.linear_1.bias"),
            ("lm_head.weight", "language_model.lm_head.weight"),
            ("language_model.lm_head.weight", "language_model.lm_head.weight"),
            ("language_model.model.layers.0.mlp.up_proj.weight", "language_model.model.layers.0.mlp.up_proj.weight"),
        ] {
            assert_eq!(whole(name), here);
        }
    }

    #[test]
    fn the_authors_names_are_those_of_the_modules() {
        let layer = "vision_tower.encoder.layer.3";
        for (name, here) in [
            ("vision_model.embeddings.class_embedding", "vision_tower.embeddings.cls_token".to_string()),
            ("vision_model.embeddings.position_embedding", "vision_tower.embeddings.position_embeddings".to_string()),
            (
                "vision_model.embeddings.patch_embedding.bias",
                "vision_tower.embeddings.patch_embeddings.projection.bias".to_string(),
            ),
            ("vision_model.encoder.layers.3.attn.proj.weight", format!("{layer}.attention.projection_layer.weight")),
            // as adapters name it
            ("vision_model.encoder.layers.3.attn.proj", format!("{layer}.attention.projection_layer")),
            ("vision_model.encoder.layers.3.norm1.weight", format!("{layer}.layernorm_before.weight")),
            ("vision_model.encoder.layers.3.norm2.bias", format!("{layer}.layernorm_after.bias")),
            ("vision_model.encoder.layers.3.ls1", format!("{layer}.lambda_1")),
            ("vision_model.encoder.layers.3.mlp.fc1.bias", format!("{layer}.mlp.fc1.bias")),
            ("mlp1.0.weight", "multi_modal_projector.layer_norm.weight".to_string()),
            ("mlp1.1.bias", "multi_modal_projector.linear_1.bias".to_string()),
            ("mlp1.3.weight", "multi_modal_projector.linear_2.weight".to_string()),
        ] {
            assert_eq!(whole(name), here);
        }
        let thirds = place(Layout::InternVl, "vision_model.encoder.layers.3.attn.qkv.bias");
        assert_eq!(thirds, Place::Thirds(["q", "k", "v"].map(|p| format!("{layer}.attention.{p}_proj.bias"))));
    }

    #[test]
    fn adapters_are_told_from_their_base() {
        let layer = "language_model.model.layers.0.self_attn.q_proj";
        let peft = "language_model.base_model.model.model.layers.0.self_attn.q_proj";
        assert_eq!(whole(&format!("{peft}.base_layer.weight")), format!("{layer}.weight"));
        let place = |suffix: &str| place(Layout::InternVl, &format!("{peft}.{suffix}"));
        assert_eq!(place("lora_A.default.weight"), Place::Adapter(format!("{layer}.weight"), 'a'));
        assert_eq!(place("lora_B.default.weight"), Place::Adapter(format!("{layer}.weight"), 'b'));
        let ours = format!("{layer}.lora_A.weight");
        assert_eq!(whole(&ours), ours, "a training run's own adapters are tensors like others");
        assert_eq!(whole("language_model.base_model.model.lm_head.weight"), "language_model.lm_head.weight");
    }

    #[test]
    fn text_models_are_decoders_here() {
        let place = |name| place(Layout::Text, name);
        let whole = |name: &str| Place::Whole(name.to_string());
        assert_eq!(place("model.norm.weight"), whole("language_model.model.norm.weight"));
        assert_eq!(place("lm_head.weight"), whole("language_model.lm_head.weight"));
        assert_eq!(place("model.layers.0.self_attn.rotary_emb.inv_freq"), Place::Nowhere);
        let q = "language_model.model.layers.12.self_attn.q_proj.bias";
        assert_eq!(of_gguf("blk.12.attn_q.bias").unwrap(), q);
        assert_eq!(of_gguf("output_norm.weight").unwrap(), "language_model.model.norm.weight");
        assert_eq!(of_gguf("blk.0.ffn_gate_exps.weight"), None);
    }
}
