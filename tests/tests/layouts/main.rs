//! A folder of each layout goes through everything that people do with models: asking, evaluating, training.

mod made;

use std::{fs, path::Path, sync::atomic::AtomicBool};

use draction::motion::read_file;
use skeletonllm::assistant::Assistant;
use skeletonllm_checks::asset;
use skeletonllm_data::{DataSet, Split};
use skeletonllm_network::device::{DeviceChoice, cpu};
use skeletonllm_train::{RunOptions, TrainConfig, evaluate::evaluate, run};
use tempfile::TempDir;

fn folder(make: impl FnOnce(&Path)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    folder
}

/// A data set of two clips.
fn data() -> TempDir {
    folder(|folder| {
        let mut metadata = String::new();
        for (file, label, split) in [("squat.bvh", "squat", "train"), ("clap.bvh", "clap", "val")] {
            fs::copy(asset("samples").join(file), folder.join(file)).unwrap();
            metadata += &format!("{{\"file_name\": \"{file}\", \"label\": \"{label}\", \"split\": \"{split}\"}}\n");
        }
        fs::write(folder.join("metadata.jsonl"), metadata).unwrap();
    })
}

/// What the model says to one question.
fn ask(model: &Path) -> String {
    let assistant = Assistant::load(model, DeviceChoice::Cpu).unwrap_or_else(|e| panic!("{}: {e:#}", model.display()));
    let motion = read_file(asset("samples/squat.bvh"), &Default::default()).unwrap();
    let seen = assistant.observe(&[&motion]).unwrap();
    assistant.ask(&seen, "What is the person doing?", |_| ()).unwrap().text
}

/// One training step from a model; the folder of what came of it.
fn one_step(from: &Path, data: &Path) -> TempDir {
    let mut config = serde_json::to_value(TrainConfig::default()).unwrap();
    config["batch"] = 1.into();
    config["stages"] = serde_json::json!([{"stage": "warm-up", "epochs": 1, "learning_rate": 1e-3}]);
    for (field, value) in [("hidden_size", 16), ("intermediate_size", 32), ("num_hidden_layers", 1)] {
        config["model"]["vision_config"][field] = value.into();
    }
    let config: TrainConfig = serde_json::from_value(config).unwrap();
    let out = tempfile::tempdir().unwrap();
    let device = cpu().expect("the CPU backend is part of this build");
    run(RunOptions {
        data: vec![data.into()],
        out: out.path().into(),
        config,
        from: Some(from.into()),
        resume: false,
        device: device.device,
        device_name: device.name,
        stop: &AtomicBool::new(false),
        quiet: true,
        max_steps: None,
    })
    .unwrap_or_else(|error| panic!("{}: {error:#}", from.display()));
    out
}

fn goes_through_everything(model: &Path) {
    let data = data();
    ask(model);
    let assistant = Assistant::load(model, DeviceChoice::Cpu).unwrap();
    let sets = [DataSet::load(data.path(), Split::Val).unwrap()];
    let scores = evaluate(&assistant, &sets, 2, None, |_| ()).unwrap();
    assert_eq!(scores.ranked[0].len(), sets[0].clips.len());
    let trained = one_step(model, data.path());
    assert!(fs::read_to_string(trained.path().join("loss.csv")).unwrap().lines().count() >= 2, "a step was made");
    ask(&trained.path().join("model"));
}

#[test]
fn both_generations_of_hf() {
    let first = folder(|folder| made::hf(folder, "qwen2"));
    goes_through_everything(first.path());
    goes_through_everything(folder(made::newer_hf).path());
}

#[test]
fn the_authors_layout_of_both_generations() {
    for family in ["qwen2", "qwen3"] {
        goes_through_everything(folder(|folder| made::authors(folder, family)).path());
    }
}

#[test]
fn an_adapter_on_its_base() {
    let base = folder(|folder| made::hf(folder, "qwen2"));
    let adapter = folder(|folder| made::adapter(folder, base.path()));
    goes_through_everything(adapter.path());
}

#[test]
fn a_language_model_alone_is_trained_before_it_is_asked() {
    let text = folder(made::text);
    let error = Assistant::load(text.path(), DeviceChoice::Cpu).err().unwrap();
    assert!(format!("{error:#}").contains("has never seen a picture"), "{error:#}");
    let trained = one_step(text.path(), data().path());
    goes_through_everything(&trained.path().join("model"));
}
