use burn::tensor::Device;
use draction::motion::{ReadOptions, read_file};
use skeletonllm_checks::{asset, case, max_abs};
use skeletonllm_data::streams::Input;
use skeletonllm_network::{device::DeviceChoice, graph::PUBLISHED_WIDTH};

use super::*;
use crate::graph_recogniser::graph_of;

fn sample(name: &str) -> Motion {
    read_file(asset(&format!("samples/{name}")), &ReadOptions::default()).unwrap()
}

/// A model of a few frames that was taught nothing, beside the small sentence encoder.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    let (text, sentences) = TextEncoder::of(&case("sentence-tiny"), &device).unwrap();
    let input = Input { window: 8, ..Input::default() };
    let network = graph_of(&sample("walk.bvh"), &input, text.width, PUBLISHED_WIDTH);
    let labels = vec!["sit down".to_owned(), "walk".to_owned()];
    let encoder = SkeletonEncoder::new(&network, &device).unwrap().fresh(3);
    let config =
        SugarModelConfig { system: SYSTEM.into(), labels: labels.clone(), input, network, text, narrator: None };
    let vectors = sentences.embed(&["sit down", "walk"]).unwrap();
    let known = labels.into_iter().zip(vectors.into_iter().map(unit)).collect();
    write(&encoder, &config, &known, folder.path(), Precision::F32).unwrap();
    folder
}

#[test]
fn a_label_scores_its_cosine_over_tau_whoever_reads_it() {
    let folder = folder();
    let sugar = Sugar::load(folder.path(), None, DeviceChoice::Cpu).unwrap();
    let (walk, squat) = (sample("walk.bvh"), sample("squat.bvh"));
    let vectors = sugar.embed(&[&walk, &squat]).unwrap();
    let alone = sugar.embed(&[&walk]).unwrap();
    assert!(max_abs(&vectors[0], &alone[0]) < 1e-5 && max_abs(&vectors[0], &vectors[1]) > 1e-3);
    assert!((vectors[0].iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
    let found = sugar.rank(&vectors, &["Sit_down".into(), "kick".into()]).unwrap();
    let sentences = SentenceEncoder::load(case("sentence-tiny"), &Device::flex()).unwrap();
    let texts = sentences.embed(&["sit down", "kick"]).unwrap();
    for (row, vector) in found.iter().zip(&vectors) {
        let expected: Vec<f32> =
            texts.iter().map(|text| vector.iter().zip(text).map(|(a, b)| a * b).sum::<f32>() / 0.07).collect();
        assert!(max_abs(row, &expected) < 1e-3, "{row:?} {expected:?}");
    }
}

#[test]
fn labels_are_known_without_the_sentence_encoder_and_others_ask_for_it() {
    let folder = folder();
    let nowhere = folder.path().join("nowhere");
    let sugar = Sugar::load(folder.path(), Some(&nowhere), DeviceChoice::Cpu).unwrap();
    sugar.read_texts(&["walk"]).unwrap();
    let error = format!("{:#}", sugar.read_texts(&["kick"]).unwrap_err());
    assert!(error.contains("--text") && error.contains("nowhere"), "{error}");
    // another encoder is told apart by its weights
    let other = folder.path().join("other");
    std::fs::create_dir_all(other.join("1_Pooling")).unwrap();
    for name in ["config.json", "modules.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json"] {
        std::fs::copy(case("sentence-tiny").join(name), other.join(name)).unwrap();
    }
    let weights = other.join("model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    let sugar = Sugar::load(folder.path(), Some(&other), DeviceChoice::Cpu).unwrap();
    let error = sugar.read_texts(&["kick"]).unwrap_err().to_string();
    assert!(error.contains("not the sentence encoder"), "{error}");
}

#[test]
fn what_is_wrong_with_a_folder_is_named() {
    let folder = folder();
    let path = folder.path().join("config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    for (from, to, said) in [
        ("\"sugar\"", "\"salt\"", "salt"),
        ("\"window\": 8", "\"window\": 0", "window"),
        ("\"classes\": 48", "\"classes\": 49", "network.classes"),
        ("\"bodies\": 1", "\"bodies\": 0", "bodies"),
        ("\"sit down\"", "\"sit down\", \"run\"", "3×48"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let error = Sugar::load(folder.path(), None, DeviceChoice::Cpu).map(|_| ()).unwrap_err();
        assert!(format!("{error:#}").contains(said), "{said}: {error:#}");
    }
}
