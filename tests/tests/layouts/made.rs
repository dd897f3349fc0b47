//! One small model with random weights, in every layout that models are published in.

use std::{collections::BTreeMap, fs, path::Path};

use burn::tensor::Device;
use serde_json::{Value, json};
use skeletonllm_network::{
    checkpoint::{self, HostTensor, Precision, TensorMap},
    config::InternVlConfig,
    internvl::InternVl,
    tokenizer::Tokenizer,
};

use super::gguf::Writer;

/// Side of the pictures that it looks at.
const SIDE: usize = 28;

/// Width of its decoder.
const WIDTH: usize = 32;

/// Its config in the layout of `-hf`, around a decoder of the given family and width.
fn config(family: &str, width: usize, vocabulary: usize, image_token: u32) -> Value {
    json!({
        "model_type": "internvl", "image_token_id": image_token, "downsample_ratio": 0.5,
        "vision_config": {
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "image_size": [SIDE, SIDE], "patch_size": [14, 14], "attention_bias": true, "initializer_range": 0.2
        },
        "text_config": {
            "model_type": family, "hidden_size": width, "intermediate_size": width, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": width / 4, "vocab_size": vocabulary,
            "rope_theta": 1e6, "rope_scaling": {"factor": 2.0, "rope_type": "dynamic", "type": "dynamic"},
            "max_position_embeddings": 4096, "tie_word_embeddings": false, "initializer_range": 0.2
        },
        "tie_word_embeddings": false
    })
}

fn tokenizer() -> Tokenizer {
    Tokenizer::train(["Frame: user assistant system wave left hand", "What is the person doing?"], 320)
}

fn model(config: &Value) -> InternVl {
    let config = InternVlConfig::parse(config.to_string(), "made").unwrap();
    InternVl::random(&config, 7, &Device::flex())
}

fn write_json(path: &Path, value: &Value) {
    fs::write(path, value.to_string()).unwrap();
}

/// As we save it, which is `-hf` of InternVL3.
pub fn hf(folder: &Path, family: &str, precision: Precision) {
    let tokenizer = tokenizer();
    let config = config(family, WIDTH, tokenizer.vocabulary(), tokenizer.image_context());
    checkpoint::save_model(&model(&config), folder, precision).unwrap();
    write_json(&folder.join("config.json"), &config);
    fs::write(folder.join("tokenizer.json"), tokenizer.to_json()).unwrap();
}

/// As newer releases of the transformers library save it: all below `model.`, and no word of whether the head is tied.
pub fn newer_hf(folder: &Path) {
    hf(folder, "qwen2", Precision::F32);
    let path = folder.join("model.safetensors");
    let renamed = checkpoint::read(&path).unwrap().into_iter().map(|(name, tensor)| {
        let name = match name.strip_prefix("language_model.") {
            Some("lm_head.weight") => "lm_head.weight".to_owned(),
            Some(decoder) => format!("model.language_model.{}", decoder.trim_start_matches("model.")),
            None => format!("model.{name}"),
        };
        (name, tensor)
    });
    checkpoint::write(&path, &renamed.collect(), Precision::Bf16).unwrap();
    let mut config: Value = serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap();
    config["tie_word_embeddings"] = true.into();
    write_json(&folder.join("config.json"), &config);
}

/// As InternVL's authors publish it: fused queries, keys and values, two shards, a tokenizer in parts, and nobody who says
/// which token stands for a picture.
pub fn authors(folder: &Path, family: &str) {
    let tokenizer = tokenizer();
    let config = config(family, WIDTH, tokenizer.vocabulary(), tokenizer.image_context());
    let ours = checkpoint::tensors_of(&model(&config));
    let mut shards = [TensorMap::new(), TensorMap::new()];
    let mut index = BTreeMap::new();
    for (i, (name, tensor)) in fused(ours).into_iter().enumerate() {
        index.insert(name.clone(), format!("model-0000{}-of-00002.safetensors", i % 2 + 1));
        shards[i % 2].insert(name, tensor);
    }
    for (i, shard) in shards.iter().enumerate() {
        let path = folder.join(format!("model-0000{}-of-00002.safetensors", i + 1));
        checkpoint::write(path, shard, Precision::Bf16).unwrap();
    }
    write_json(&folder.join("model.safetensors.index.json"), &json!({"weight_map": index}));
    let vision = &config["vision_config"];
    let theirs = json!({
        "architectures": ["InternVLChatModel"], "model_type": "internvl_chat", "downsample_ratio": 0.5,
        "force_image_size": SIDE, "ps_version": "v2", "select_layer": -1, "template": "internvl2_5",
        "llm_config": config["text_config"],
        "vision_config": {
            "model_type": "intern_vit_6b", "image_size": SIDE, "patch_size": 14, "qkv_bias": true,
            "qk_normalization": false, "norm_type": "layer_norm", "hidden_size": vision["hidden_size"],
            "intermediate_size": vision["intermediate_size"], "num_hidden_layers": vision["num_hidden_layers"],
            "num_attention_heads": vision["num_attention_heads"]
        }
    });
    write_json(&folder.join("config.json"), &theirs);
    in_parts(&tokenizer, folder);
}

fn fused(ours: TensorMap) -> TensorMap {
    let mut theirs = TensorMap::new();
    for (name, tensor) in ours {
        let mut renamed = name.clone();
        for (from, to) in [
            ("multi_modal_projector.layer_norm", "mlp1.0"),
            ("multi_modal_projector.linear_1", "mlp1.1"),
            ("multi_modal_projector.linear_2", "mlp1.3"),
            ("vision_tower.", "vision_model."),
            ("cls_token", "class_embedding"),
            ("position_embeddings", "position_embedding"),
            ("patch_embeddings.projection", "patch_embedding"),
            ("encoder.layer.", "encoder.layers."),
            ("layernorm_before", "norm1"),
            ("layernorm_after", "norm2"),
            ("lambda_1", "ls1"),
            ("lambda_2", "ls2"),
            ("attention.projection_layer", "attn.proj"),
        ] {
            renamed = renamed.replace(from, to);
        }
        let third = ["attention.q_proj", "attention.k_proj", "attention.v_proj"];
        let Some(place) = third.iter().position(|part| renamed.contains(part)) else {
            theirs.insert(renamed, tensor);
            continue;
        };
        let count = tensor.values.len();
        let whole = theirs.entry(renamed.replace(third[place], "attn.qkv")).or_insert_with(|| {
            let mut shape = tensor.shape.clone();
            shape[0] *= 3;
            HostTensor { shape, values: vec![0.0; 3 * count] }
        });
        whole.values[place * count..][..count].copy_from_slice(&tensor.values);
    }
    theirs
}

/// `vocab.json`, `merges.txt` and `added_tokens.json`.
fn in_parts(tokenizer: &Tokenizer, folder: &Path) {
    let whole: Value = serde_json::from_str(&tokenizer.to_json()).unwrap();
    let added: BTreeMap<&str, &Value> = whole["added_tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| (token["content"].as_str().unwrap(), &token["id"]))
        .collect();
    let mut vocabulary = whole["model"]["vocab"].as_object().unwrap().clone();
    vocabulary.retain(|token, _| !added.contains_key(token.as_str()));
    let merges: Vec<[String; 2]> = serde_json::from_value(whole["model"]["merges"].clone()).unwrap();
    let merges: String = merges.iter().map(|[a, b]| format!("{a} {b}\n")).collect();
    write_json(&folder.join("vocab.json"), &vocabulary.into());
    write_json(&folder.join("added_tokens.json"), &json!(added));
    fs::write(folder.join("merges.txt"), format!("#version: 0.2\n{merges}")).unwrap();
    write_json(&folder.join("tokenizer_config.json"), &json!({"tokenizer_class": "Qwen2Tokenizer"}));
}

/// The full checkpoint that SkeletonLLM's authors merge: InternVL in their layout, with the renderer's tensors in it.
pub fn merged(folder: &Path, renderer: &Path) {
    authors(folder, "qwen2");
    let renderer = checkpoint::read(renderer).unwrap().into_iter();
    let theirs = renderer.map(|(name, tensor)| (format!("_skeleton_renderer_module._renderer.{name}"), tensor));
    let shard = "model-00003-of-00003.safetensors";
    checkpoint::write(folder.join(shard), &theirs.collect(), Precision::F32).unwrap();
    let path = folder.join("model.safetensors.index.json");
    let mut index: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    index["weight_map"]["_skeleton_renderer_module._renderer.template"] = shard.into();
    write_json(&path, &index);
}

/// What an adapter adds to the queries' matrix of the first layer, `[out, in]`.
pub fn added(row: usize, column: usize, width: usize) -> f32 {
    (0..RANK).map(|r| 2.0 * at(row * RANK + r, 0.3) * at(r * width + column, 0.7)).sum()
}

const RANK: usize = 4;

fn at(place: usize, step: f32) -> f32 {
    (place as f32 * step).sin() / 8.0
}

/// An adapter of peft on top of the model at `base`. `model` is what peft was put around, as its names say.
pub fn adapter(folder: &Path, base: &Path, model: &str, width: usize) {
    let layer = format!("base_model.model.{model}layers.0.self_attn.q_proj");
    let numbers = |shape: [usize; 2], step: f32| HostTensor {
        shape: shape.to_vec(),
        values: (0..shape[0] * shape[1]).map(|place| at(place, step)).collect(),
    };
    let tensors = TensorMap::from([
        (format!("{layer}.lora_A.weight"), numbers([RANK, width], 0.7)),
        (format!("{layer}.lora_B.weight"), numbers([width, RANK], 0.3)),
    ]);
    checkpoint::write(folder.join("adapter_model.safetensors"), &tensors, Precision::F32).unwrap();
    let config = json!({"peft_type": "LORA", "r": RANK, "lora_alpha": 8, "base_model_name_or_path": base});
    write_json(&folder.join("adapter_config.json"), &config);
}

/// What a language model alone is made of, under the names of the transformers library, and its config.
fn text_parts(family: &str, width: usize, tokenizer: &Tokenizer) -> (Value, TensorMap) {
    let whole = config(family, width, tokenizer.vocabulary(), tokenizer.image_context());
    let tensors = checkpoint::tensors_of(&model(&whole)).into_iter();
    let decoder = tensors.filter_map(|(name, t)| Some((name.strip_prefix("language_model.")?.to_owned(), t)));
    (whole["text_config"].clone(), decoder.collect())
}

/// A language model alone, as the transformers library saves it, with a tokenizer that knows no pictures.
pub fn text(folder: &Path, family: &str) {
    let tokenizer = tokenizer();
    let (config, tensors) = text_parts(family, WIDTH, &tokenizer);
    checkpoint::write(folder.join("model.safetensors"), &tensors, Precision::Bf16).unwrap();
    write_json(&folder.join("config.json"), &config);
    // what it calls its picture tokens is not what we call them
    let json = tokenizer.to_json().replace("img>", "pic>").replace("IMG_CONTEXT", "PIC_CONTEXT");
    fs::write(folder.join("tokenizer.json"), json).unwrap();
}

/// Width of the decoder in GGUF files: a row of the largest blocks.
pub const BLOCK: usize = 256;

/// A language model alone in a GGUF file whose matrices have the type of this number. The numbers that it was made
/// from, under the names of the transformers library.
pub fn gguf(path: &Path, kind: u32) -> TensorMap {
    let tokenizer = tokenizer();
    let (config, tensors) = text_parts("llama", BLOCK, &tokenizer);
    let size = |field: &str| config[field].as_u64().unwrap() as u32;
    let mut file = Writer::default()
        .text("general.architecture", "llama")
        .number("llama.block_count", size("num_hidden_layers"))
        .number("llama.context_length", size("max_position_embeddings"))
        .number("llama.embedding_length", size("hidden_size"))
        .number("llama.feed_forward_length", size("intermediate_size"))
        .number("llama.attention.head_count", size("num_attention_heads"))
        .number("llama.attention.head_count_kv", size("num_key_value_heads"))
        .number("llama.rope.dimension_count", size("head_dim"))
        .float("llama.rope.freq_base", 1e6)
        .float("llama.attention.layer_norm_rms_epsilon", 1e-6);
    let whole: Value = serde_json::from_str(&tokenizer.to_json()).unwrap();
    let mut tokens = vec![String::new(); tokenizer.vocabulary()];
    let mut kinds = vec![1; tokens.len()];
    let added = whole["added_tokens"].as_array().unwrap().iter().map(|t| (t["content"].as_str().unwrap(), &t["id"]));
    let learned = whole["model"]["vocab"].as_object().unwrap().iter().map(|(token, id)| (token.as_str(), id));
    for (token, id) in learned.chain(added.clone()) {
        tokens[id.as_u64().unwrap() as usize] = token.to_owned();
    }
    added.for_each(|(_, id)| kinds[id.as_u64().unwrap() as usize] = 3);
    let merges: Vec<[String; 2]> = serde_json::from_value(whole["model"]["merges"].clone()).unwrap();
    let merges: Vec<String> = merges.iter().map(|[a, b]| format!("{a} {b}")).collect();
    file = file.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
    file = file.texts("tokenizer.ggml.tokens", &tokens).texts("tokenizer.ggml.merges", &merges);
    file = file.numbers("tokenizer.ggml.token_type", &kinds);
    for (name, tensor) in &tensors {
        let HostTensor { shape, values } = tensor;
        let kind = if shape.len() == 2 { kind } else { 0 };
        // partners of a rotation lie side by side
        let head = BLOCK / 4 * BLOCK;
        let turned = |values: &[f32]| -> Vec<f32> {
            let rows = |head: &[f32]| head.chunks_exact(BLOCK).map(<[f32]>::to_vec).collect::<Vec<_>>();
            let turn = |head: &[f32]| {
                let rows = rows(head);
                let (first, second) = rows.split_at(rows.len() / 2);
                first.iter().zip(second).flat_map(|(a, b)| [a.clone(), b.clone()].concat()).collect::<Vec<f32>>()
            };
            values.chunks_exact(head).flat_map(turn).collect()
        };
        let values = if name.contains("q_proj") || name.contains("k_proj") { turned(values) } else { values.clone() };
        let mut theirs = name.clone();
        for (from, to) in [
            ("model.embed_tokens", "token_embd"),
            ("model.norm", "output_norm"),
            ("lm_head", "output"),
            ("model.layers", "blk"),
            ("input_layernorm", "attn_norm"),
            ("post_attention_layernorm", "ffn_norm"),
            ("self_attn.q_proj", "attn_q"),
            ("self_attn.k_proj", "attn_k"),
            ("self_attn.v_proj", "attn_v"),
            ("self_attn.o_proj", "attn_output"),
            ("mlp.gate_proj", "ffn_gate"),
            ("mlp.up_proj", "ffn_up"),
            ("mlp.down_proj", "ffn_down"),
        ] {
            theirs = theirs.replace(from, to);
        }
        file = file.tensor(&theirs, shape, kind, &values);
    }
    fs::write(path, file.bytes()).unwrap();
    tensors
}
