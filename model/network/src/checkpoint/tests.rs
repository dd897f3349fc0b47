use std::path::PathBuf;

use burn::Tensor;
use burn::tensor::Device;
use skeletonllm_checks::case;

use super::*;
use crate::config::InternVlConfig;
use crate::internvl::InternVl;
use crate::tensors::host;

mod adapters;
mod arriving;
mod hostile;
mod layouts;
mod text;

fn checkpoint() -> PathBuf {
    case("internvl-tiny/checkpoint")
}

fn config() -> InternVlConfig {
    InternVlConfig::load(checkpoint().join("config.json")).expect("the tiny config")
}

fn tensors() -> TensorMap {
    read(checkpoint().join("model.safetensors")).expect("the tiny weights")
}

/// The tensors of a file in memory.
fn parse(bytes: &[u8], origin: &str) -> Result<TensorMap, CheckpointError> {
    Tensors::of_safetensors([Ok(Source::memory(bytes, origin))], names::Layout::InternVl)?.into_map()
}

fn apply_to_tiny(tensors: TensorMap) -> Result<InternVl, CheckpointError> {
    apply(InternVl::new(&config(), &Device::flex()), tensors, "test")
}

#[test]
fn a_model_saves_exactly_what_it_loaded() {
    let model = load_model(checkpoint(), &Device::flex()).expect("loads");
    let folder = tempfile::tempdir().expect("temporary folder");
    save_model(&model, folder.path(), Precision::F32).expect("saves");
    let saved = read(folder.path().join("model.safetensors")).expect("reads");
    assert_eq!(saved, tensors());
    assert_eq!(InternVlConfig::load(folder.path().join("config.json")).expect("reads"), config());
}

#[test]
fn smaller_types_stay_within_their_precision() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let original = tensors();
    for (precision, bound) in [(Precision::F16, 5e-4), (Precision::Bf16, 4e-3), (Precision::Int8, 4.0e-3)] {
        let path = folder.path().join("model.safetensors");
        write(&path, &original, precision).expect("writes");
        let back = read(&path).expect("reads");
        assert_eq!(back.keys().collect::<Vec<_>>(), original.keys().collect::<Vec<_>>());
        for (name, tensor) in &original {
            // half a step of the type, relative to the largest value of the tensor
            let largest = tensor.values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            for (value, back) in tensor.values.iter().zip(&back[name].values) {
                assert!((value - back).abs() <= bound * largest, "{name} {precision:?}: {value} became {back}");
            }
        }
    }
}

#[test]
fn int8_files_are_a_quarter_of_the_size() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("model.safetensors");
    let size = |precision| {
        write(&path, &tensors(), precision).expect("writes");
        std::fs::metadata(&path).expect("there").len()
    };
    assert!(size(Precision::Int8) * 3 < size(Precision::F32));
}

#[test]
fn every_disagreement_names_its_tensor() {
    let mut wrong = tensors();
    let moved = wrong.remove("multi_modal_projector.linear_1.bias").expect("there");
    wrong.insert("multi_modal_projector.linear_9.bias".to_string(), moved);
    wrong.get_mut("language_model.model.norm.weight").expect("there").shape = vec![48, 2];
    let message = apply_to_tiny(wrong).expect_err("three problems").to_string();
    for part in [
        "missing: `multi_modal_projector.linear_1.bias`",
        "unexpected: `multi_modal_projector.linear_9.bias`",
        "`language_model.model.norm.weight is [48, 2], expected [96]`",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn files_that_are_not_safetensors_are_named() {
    let message = parse(b"not a file", "weights.bin").expect_err("not safetensors").to_string();
    assert!(message.starts_with("weights.bin:"), "{message}");
}

#[test]
fn a_tied_model_needs_no_output_head() {
    let mut config = config();
    config.set_tied(true);
    let mut tensors = tensors();
    tensors.remove("language_model.lm_head.weight");
    let table = tensors["language_model.model.embed_tokens.weight"].clone();
    let model = apply(InternVl::new(&config, &Device::flex()), tensors, "test").expect("complete");
    let hidden = Tensor::<2>::ones([1, 96], &Device::flex());
    let logits = host(model.language_model.head(hidden));
    let expected: f32 = table.values[..96].iter().sum();
    assert!((logits[0] - expected).abs() < 1e-4);
}

/// A folder with the tiny model's config, changed, and some tensors.
fn folder(change: impl FnOnce(&mut serde_json::Value), tensors: &TensorMap) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(checkpoint().join("config.json")).expect("there")).expect("JSON");
    change(&mut config);
    std::fs::write(folder.path().join("config.json"), config.to_string()).expect("writes");
    write(folder.path().join("model.safetensors"), tensors, Precision::F32).expect("writes");
    folder
}

fn load(folder: &tempfile::TempDir) -> Result<InternVl, CheckpointError> {
    load_model(folder.path(), &Device::flex())
}

#[test]
fn what_the_files_hold_decides_whether_the_head_is_the_table() {
    const HEAD: &str = "language_model.lm_head.weight";
    let says = |tied: Option<bool>| {
        move |config: &mut serde_json::Value| {
            for block in ["", "/text_config"] {
                let block = config.pointer_mut(block).and_then(|block| block.as_object_mut()).expect("an object");
                block.remove("tie_word_embeddings");
                block.extend(tied.map(|tied| ("tie_word_embeddings".to_string(), tied.into())));
            }
        }
    };
    let untied = tensors();
    let mut copied = untied.clone();
    copied.insert(HEAD.into(), untied["language_model.model.embed_tokens.weight"].clone());
    let mut without = untied.clone();
    without.remove(HEAD);
    for config in [None, Some(true), Some(false)] {
        // a head of its own is never dropped, whatever a default says, and a model that is saved says what it is
        let model = load(&folder(says(config), &untied)).expect("complete");
        assert_eq!(tensors_of(&model)[HEAD], untied[HEAD], "{config:?}");
        assert_ne!(model.config().tied(), Some(true));
        let model = load(&folder(says(config), &copied)).expect("complete");
        assert_eq!(model.language_model.lm_head.is_none(), config == Some(true), "{config:?}");
    }
    for config in [None, Some(true)] {
        let model = load(&folder(says(config), &without)).expect("complete");
        assert!(model.language_model.lm_head.is_none() && model.config().tied() == Some(true));
    }
    let message = load(&folder(says(Some(false)), &without)).expect_err("no head").to_string();
    assert!(message.contains("missing: `language_model.lm_head.weight`"), "{message}");
}
