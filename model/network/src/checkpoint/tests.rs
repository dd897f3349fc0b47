use std::path::PathBuf;

use burn::tensor::Device;
use skeletonllm_checks::case;

use super::*;
use crate::config::InternVlConfig;
use crate::internvl::InternVl;

fn checkpoint() -> PathBuf {
    case("internvl-tiny/checkpoint")
}

fn config() -> InternVlConfig {
    InternVlConfig::load(checkpoint().join("config.json")).expect("the tiny config")
}

fn tensors() -> TensorMap {
    read(checkpoint().join("model.safetensors")).expect("the tiny weights")
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
    config.tie_word_embeddings = true;
    let mut tensors = tensors();
    tensors.remove("language_model.lm_head.weight");
    let table = tensors["language_model.model.embed_tokens.weight"].clone();
    let model = apply(InternVl::new(&config, &Device::flex()), tensors, "test").expect("complete");
    let hidden = Tensor::<2>::ones([1, 96], &Device::flex());
    let logits = host(model.language_model.head(hidden));
    let expected: f32 = table.values[..96].iter().sum();
    assert!((logits[0] - expected).abs() < 1e-4);
}

#[test]
fn newer_names_mean_the_same_tensors() {
    assert_eq!(canonical("model.language_model.norm.weight"), "language_model.model.norm.weight");
    assert_eq!(canonical("model.vision_tower.embeddings.cls_token"), "vision_tower.embeddings.cls_token");
    assert_eq!(canonical("lm_head.weight"), "language_model.lm_head.weight");
    assert_eq!(canonical("language_model.lm_head.weight"), "language_model.lm_head.weight");
}

#[test]
fn adapters_are_saved_under_pefts_names() {
    let path = |last: &str| ["q_proj", "lora", last].map(String::from).to_vec();
    assert_eq!(file_name(&path("a")), "q_proj.lora_A.weight");
    assert_eq!(file_name(&path("b")), "q_proj.lora_B.weight");
}
