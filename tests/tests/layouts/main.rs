//! A folder of each layout goes through everything that people do with models: asking, evaluating, training.

mod gguf;
mod made;

use std::{fs, path::Path, sync::atomic::AtomicBool};

use draction::motion::read_file;
use skeletonllm::{assistant::Assistant, folder::shrink, given::Answering};
use skeletonllm_checks::asset;
use skeletonllm_data::{DataSet, Split};
use skeletonllm_network::checkpoint::{Bits, Opened, Precision, is_text_model, tensors_of};
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

fn load(model: &Path) -> Assistant {
    Assistant::load(model, DeviceChoice::Cpu).unwrap_or_else(|e| panic!("{}: {e:#}", model.display()))
}

/// What the model says to one question.
fn ask(assistant: &Assistant) -> String {
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
    train(config, Some(from), data, out.path());
    out
}

/// What a model that looks at motions is asked and judged by.
fn is_asked_and_evaluated(model: &Path, data: &Path) {
    let assistant = load(model);
    ask(&assistant);
    let sets = [DataSet::load(data, Split::Val).unwrap()];
    let scores = evaluate(&assistant, &sets, 2, None, |_| ()).unwrap();
    assert_eq!(scores.ranked[0].len(), sets[0].clips.len());
}

fn is_trained(model: &Path, data: &Path) -> TempDir {
    let trained = one_step(model, data);
    assert!(fs::read_to_string(trained.path().join("loss.csv")).unwrap().lines().count() >= 2, "a step was made");
    trained
}

/// Its files given one by one, as a page gets them, are the same model.
fn is_the_same_in_pieces(model: &Path) {
    if model.join("adapter_config.json").exists() {
        let refused = Answering::open(model, DeviceChoice::Cpu).err().unwrap();
        assert!(refused.to_string().contains("an adapter without its base"), "{refused:#}");
        return;
    }
    let Ok(Answering::Seeing(given)) = Answering::open(model, DeviceChoice::Cpu) else { panic!("it cannot be read") };
    assert_eq!(ask(&given), ask(&load(model)));
    let (given, whole) = (given.drawing().draction(), load(model));
    assert_eq!(given.parameters.features, whole.drawing().draction().parameters.features);
}

fn goes_through_everything(model: &Path) {
    is_the_same_in_pieces(model);
    let data = data();
    is_asked_and_evaluated(model, data.path());
    ask(&load(&is_trained(model, data.path()).path().join("model")));
    goes_through_everything_in(Bits::Four, model, data.path());
}

/// The same as a folder in few bits; and what is learned on top of it, and of what becomes so while it is read.
fn goes_through_everything_in(bits: Bits, model: &Path, data: &Path) {
    let few = folder(|folder| {
        shrink(model, None, bits, folder, |_| ()).unwrap();
    });
    is_asked_and_evaluated(few.path(), data);
    ask(&load(&is_trained(few.path(), data).path().join("model")));
    is_trained_upon(few.path(), None, data);
    is_trained_upon(model, Some(bits), data);
}

/// One step of a stage without adapters and one of a stage with them, on top of a model that stays as it is; what was
/// learned is asked and evaluated.
fn is_trained_upon(base: &Path, bits: Option<Bits>, data: &Path) {
    let mut config = TrainConfig { base: Some(base.into()), base_bits: bits, batch: 1, ..TrainConfig::on_a_base() };
    config.adapt(Some(2), None);
    config.stages.retain(|stage| [1, 4].contains(&stage.stage.number()));
    config.stages.iter_mut().for_each(|stage| (stage.epochs, stage.learning_rate) = (1, 1e-2));
    let out = tempfile::tempdir().unwrap();
    train(config, None, data, out.path());
    let learned = out.path().join("model");
    for file in ["adapter_config.json", "adapter_model.safetensors", "config.json", "draction.safetensors"] {
        assert!(learned.join(file).exists(), "{file} is missing");
    }
    assert!(!learned.join("model.safetensors").exists(), "nothing of the base");
    is_asked_and_evaluated(&learned, data);
}

fn train(config: TrainConfig, from: Option<&Path>, data: &Path, out: &Path) {
    let device = cpu().expect("the CPU backend is part of this build");
    let stop = AtomicBool::new(false);
    let options = RunOptions::new(vec![data.into()], out.into(), config, device, &stop);
    run(RunOptions { from: from.map(Into::into), quiet: true, ..options }).unwrap_or_else(|error| panic!("{error:#}"));
}

/// A language model alone is refused where pictures are looked at, and learns to look in one step; so does what stands
/// before one that stays as it is.
fn learns_to_look(model: &Path) {
    let error = Assistant::load(model, DeviceChoice::Cpu).err().unwrap();
    assert!(format!("{error:#}").contains("has never seen a picture"), "{error:#}");
    let data = data();
    is_asked_and_evaluated(&is_trained(model, data.path()).path().join("model"), data.path());
    // an adapter of one has no weights of its own to be known by
    if !model.join("adapter_config.json").exists() {
        is_trained_upon(model, None, data.path());
    }
}

/// The matrix of the first layer's queries.
fn queries(model: &Path) -> Vec<f32> {
    let device = cpu().expect("the CPU backend is part of this build").device;
    let mut tensors = match is_text_model(model) {
        true => tensors_of(&Opened::text_model(model).unwrap().read(&device).unwrap()),
        false => tensors_of(&Opened::model(model).unwrap().read(&device).unwrap()),
    };
    tensors.remove("language_model.model.layers.0.self_attn.q_proj.weight").expect("there").values
}

/// An adapter on the model at `base`, which was seen to be added.
fn adapter(base: &Path, around: &str, width: usize) -> TempDir {
    let adapter = folder(|folder| made::adapter(folder, base, around, width));
    for (place, (found, before)) in queries(adapter.path()).iter().zip(queries(base)).enumerate() {
        let added = made::added(place / width, place % width, width);
        assert!((found - before - added).abs() < 1e-5, "{place}: {before} became {found} instead of {added} more");
    }
    adapter
}

#[test]
fn both_generations_of_hf_in_every_float_type() {
    let first = folder(|folder| made::hf(folder, "qwen2", Precision::F32));
    goes_through_everything(first.path());
    goes_through_everything_in(Bits::Eight, first.path(), data().path());
    is_trained_upon(first.path(), None, data().path());
    goes_through_everything(folder(|folder| made::hf(folder, "qwen3", Precision::F16)).path());
    goes_through_everything(folder(made::newer_hf).path());
}

#[test]
fn the_authors_layout_of_both_generations() {
    for family in ["qwen2", "qwen3"] {
        goes_through_everything(folder(|folder| made::authors(folder, family)).path());
    }
}

#[test]
fn an_adapter_on_each_layout() {
    let first = folder(|folder| made::hf(folder, "qwen2", Precision::F32));
    let (newer, authors) = (folder(made::newer_hf), folder(|folder| made::authors(folder, "qwen3")));
    for (base, around) in [(&first, "language_model.model."), (&newer, "model.language_model."), (&authors, "model.")] {
        goes_through_everything(adapter(base.path(), around, 32).path());
    }
}

#[test]
fn a_language_model_alone_of_each_family() {
    for family in ["llama", "qwen2", "qwen3"] {
        let text = folder(|folder| made::text(folder, family));
        learns_to_look(text.path());
        if family == "llama" {
            learns_to_look(adapter(text.path(), "model.", 32).path());
        }
    }
}

#[test]
fn a_gguf_file_of_each_type() {
    for (name, kind) in gguf::TYPES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        let made = made::gguf(&path, kind);
        // written and read apart from each other: half a step of the coarsest, and what cutting off a scale costs
        let expected = &made["model.layers.0.self_attn.q_proj.weight"].values;
        let reach = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        for (found, expected) in queries(&path).iter().zip(expected) {
            assert!((found - expected).abs() < 0.1 * reach, "{name}: {expected} became {found}");
        }
        learns_to_look(&path);
        if name == "Q4_K" {
            learns_to_look(adapter(&path, "model.", made::BLOCK).path());
        }
    }
}

#[test]
fn the_authors_own_checkpoint_is_read_once_it_is_converted() {
    let renderer = asset("nano/draction.safetensors");
    let merged = folder(|folder| made::merged(folder, &renderer));
    goes_through_everything(merged.path());
    for i in 1..=3 {
        let (from, to) = (format!("model-0000{i}-of"), format!("pytorch_model-0000{i}-of"));
        let end = if i == 3 { "00003" } else { "00002" };
        let from = merged.path().join(format!("{from}-{end}.safetensors"));
        fs::rename(from, merged.path().join(format!("{to}-{end}.bin"))).unwrap();
    }
    fs::remove_file(merged.path().join("model.safetensors.index.json")).unwrap();
    let adapter = folder(|folder| made::adapter(folder, merged.path(), "model.", 32));
    for folder in [merged.path(), adapter.path()] {
        let error = format!("{:#}", Assistant::load(folder, DeviceChoice::Cpu).err().unwrap());
        assert!(error.contains("a Python pickle") && error.contains("Convert it"), "{error}");
    }
}
