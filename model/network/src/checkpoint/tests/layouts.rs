//! The same model in every layout that models are published in.

use super::*;

/// Replaces each tensor by those that `change` makes of it.
fn renamed(change: impl Fn(&str) -> String) -> TensorMap {
    tensors().into_iter().map(|(name, tensor)| (change(&name), tensor)).collect()
}

fn same(model: &InternVl) {
    assert!(tensors_of(model) == tensors(), "another model");
}

#[test]
fn newer_releases_put_everything_below_model() {
    let tensors = renamed(|name| match name.strip_prefix("language_model.") {
        Some("lm_head.weight") => "lm_head.weight".to_string(),
        Some(decoder) => format!("model.language_model.{}", decoder.trim_start_matches("model.")),
        None => format!("model.{name}"),
    });
    assert!(tensors.contains_key("model.language_model.layers.0.mlp.up_proj.weight"));
    same(&load(&folder(|_| (), &tensors)).expect("complete"));
}

/// The tiny model as the authors lay it out: other names, queries, keys and values in one tensor.
fn of_the_authors() -> TensorMap {
    let mut theirs = TensorMap::new();
    for (name, tensor) in tensors() {
        let name = name.replace("multi_modal_projector.layer_norm", "mlp1.0");
        let name = name.replace("multi_modal_projector.linear_1", "mlp1.1");
        let name = name.replace("multi_modal_projector.linear_2", "mlp1.3");
        let Some(rest) = name.strip_prefix("vision_tower.") else {
            theirs.insert(name, tensor);
            continue;
        };
        let rest = rest
            .replace("cls_token", "class_embedding")
            .replace("position_embeddings", "position_embedding")
            .replace("patch_embeddings.projection", "patch_embedding")
            .replace("encoder.layer.", "encoder.layers.")
            .replace("layernorm_before", "norm1")
            .replace("layernorm_after", "norm2")
            .replace("lambda_1", "ls1")
            .replace("lambda_2", "ls2")
            .replace("attention.projection_layer", "attn.proj");
        let name = format!("vision_model.{rest}");
        // in the order of their names keys come before queries
        let places = [("q_proj", 0), ("k_proj", 1), ("v_proj", 2)];
        let Some((part, place)) = places.iter().find(|(part, _)| rest.contains(part)) else {
            theirs.insert(name, tensor);
            continue;
        };
        let name = name.replace(&format!("attention.{part}"), "attn.qkv");
        let count = tensor.values.len();
        let whole = theirs.entry(name).or_insert_with(|| {
            let mut shape = tensor.shape.clone();
            shape[0] *= 3;
            HostTensor { shape, values: vec![0.0; 3 * count] }
        });
        whole.values[place * count..][..count].copy_from_slice(&tensor.values);
    }
    theirs
}

fn authors_config(ours: &mut serde_json::Value) {
    let vision = &ours["vision_config"];
    *ours = serde_json::json!({
        "architectures": ["InternVLChatModel"], "model_type": "internvl_chat", "downsample_ratio": 0.5,
        "force_image_size": 56, "ps_version": "v2", "select_layer": -1, "template": "internvl2_5",
        "vision_config": {
            "image_size": 56, "patch_size": 14, "qkv_bias": true, "qk_normalization": false,
            "norm_type": "layer_norm", "hidden_size": vision["hidden_size"],
            "intermediate_size": vision["intermediate_size"], "num_hidden_layers": vision["num_hidden_layers"],
            "num_attention_heads": vision["num_attention_heads"], "initializer_factor": 0.1
        },
        "llm_config": ours["text_config"]
    });
    ours["llm_config"]["rope_scaling"] = serde_json::json!({"factor": 2.0, "rope_type": "dynamic", "type": "dynamic"});
}

#[test]
fn the_authors_layout_is_the_same_model() {
    let theirs = folder(authors_config, &of_the_authors());
    let opened = Opened::model(theirs.path()).expect("opens");
    assert_eq!(opened.config.image_token_id, None, "only the tokenizer knows");
    let model = opened.read(&Device::flex()).expect("complete");
    same(&model);
    let (found, expected) = (model.config(), config());
    assert_eq!(found.vision_config.grid(), expected.vision_config.grid());
    assert_eq!(found.vision_config.attention_bias, expected.vision_config.attention_bias);
    assert_eq!(found.text_config.theta(), expected.text_config.theta());
}

#[test]
fn what_the_authors_config_asks_for_and_we_lack_is_refused() {
    for (pointer, value, words) in [
        ("/ps_version", serde_json::json!("v1"), "`ps_version` = v1"),
        ("/select_layer", serde_json::json!(-2), "`select_layer` = -2"),
        ("/vision_config/qk_normalization", serde_json::json!(true), "`vision_config.qk_normalization` = true"),
        ("/vision_config/norm_type", serde_json::json!("rms_norm"), "`vision_config.norm_type` = rms_norm"),
        ("/llm_config/model_type", serde_json::json!("internlm2"), "`llm_config.model_type` = internlm2"),
    ] {
        let change = |config: &mut serde_json::Value| {
            authors_config(config);
            *config.pointer_mut(pointer).expect("a field") = value;
        };
        let message = load(&folder(change, &TensorMap::new())).expect_err(pointer).to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn shards_are_found_by_their_index() {
    let whole = folder(authors_config, &TensorMap::new());
    std::fs::remove_file(whole.path().join("model.safetensors")).expect("there");
    let mut map = serde_json::Map::new();
    let (mut a, mut b) = (TensorMap::new(), TensorMap::new());
    for (i, (name, tensor)) in of_the_authors().into_iter().enumerate() {
        let (shard, file) = if i % 2 == 0 { (&mut a, "a.safetensors") } else { (&mut b, "b.safetensors") };
        map.insert(name.clone(), file.into());
        shard.insert(name, tensor);
    }
    write(whole.path().join("a.safetensors"), &a, Precision::F32).expect("writes");
    write(whole.path().join("b.safetensors"), &b, Precision::F32).expect("writes");
    let index = serde_json::json!({"metadata": {"total_size": 1}, "weight_map": map});
    std::fs::write(whole.path().join("model.safetensors.index.json"), index.to_string()).expect("writes");
    same(&load(&whole).expect("complete"));
    // the same tensor in both is a contradiction, and a missing shard is named
    b.extend(a.clone().into_iter().take(1));
    write(whole.path().join("b.safetensors"), &b, Precision::F32).expect("writes");
    let message = load(&whole).expect_err("twice").to_string();
    assert!(message.contains("b.safetensors: tensor `") && message.contains("a.safetensors"), "{message}");
    std::fs::remove_file(whole.path().join("b.safetensors")).expect("there");
    let message = load(&whole).expect_err("a missing shard").to_string();
    assert!(message.contains("b.safetensors"), "{message}");
}

#[test]
fn an_index_of_earlier_shards_is_no_matter_beside_the_whole() {
    let folder = folder(|_| (), &tensors());
    let index = r#"{"weight_map": {"a": "model-00001-of-00002.safetensors"}}"#;
    std::fs::write(folder.path().join("model.safetensors.index.json"), index).expect("writes");
    same(&load(&folder).expect("complete"));
    let names = |whole: bool| crate::checkpoint::weight_names(|_| whole, Some(index.as_bytes())).expect("an index");
    assert_eq!(
        (names(true)[0].as_str(), names(false)[0].as_str()),
        ("model.safetensors", "model-00001-of-00002.safetensors")
    );
}

#[test]
fn half_precision_is_read_as_it_is() {
    for (precision, halved) in [
        (Precision::F16, (|v| half::f16::from_f32(v).to_f32()) as fn(f32) -> f32),
        (Precision::Bf16, |v| half::bf16::from_f32(v).to_f32()),
    ] {
        let folder = folder(|_| (), &TensorMap::new());
        write(folder.path().join("model.safetensors"), &tensors(), precision).expect("writes");
        let model = load(&folder).expect("complete");
        for (name, tensor) in tensors_of(&model) {
            let expected: Vec<f32> = tensors()[&name].values.iter().map(|&value| halved(value)).collect();
            assert!(tensor.values == expected, "{name}");
        }
    }
}

#[test]
fn a_pickle_is_not_read_but_told_how_to_convert() {
    let folder = folder(|_| (), &TensorMap::new());
    std::fs::rename(folder.path().join("model.safetensors"), folder.path().join("pytorch_model.bin")).expect("there");
    let message = load(&folder).expect_err("a pickle").to_string();
    for words in ["pytorch_model.bin: a Python pickle", "python3 -c", "safetensors.torch", "model.safetensors"] {
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn the_renderer_within_a_full_checkpoint_is_set_apart() {
    let mut all = tensors();
    let feature = HostTensor { shape: vec![1, 3], values: vec![1.0, 2.0, 3.0] };
    all.insert("_skeleton_renderer_module._renderer.canonical_features".into(), feature.clone());
    let folder = folder(|_| (), &all);
    let mut opened = Opened::model(folder.path()).expect("opens");
    let renderer = opened.take_renderer().expect("reads");
    assert_eq!(renderer, TensorMap::from([("canonical_features".to_string(), feature)]));
    same(&opened.read(&Device::flex()).expect("the rest is the model"));
}
