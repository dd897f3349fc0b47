//! Runs of SUGAR's second half: on an encoder and a language model that stay as they are, stopped and resumed, and what
//! comes out names motions.

#[path = "common/alone.rs"]
mod alone;
mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::AtomicBool,
};

use alone::alone;
use common::losses;
use skeletonllm::sugar::{Sugar, narrates, narrator::SugarNarrator};
use skeletonllm_checks::{asset, case, data_set};
use skeletonllm_network::{
    checkpoint,
    device::{DeviceChoice, cpu},
};
use skeletonllm_train::{
    RunOptions,
    sugar::{
        self, SugarConfig,
        narrator::{self, NarratorRecipe},
    },
};

/// A data set of the shipped samples, an encoder of them, and a language model: nano's decoder, which knows the words.
fn beginning(parent: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let set = data_set(parent, &["train", "val"]);
    let settings =
        r#"{"stages": [{"epochs": 40, "learning_rate": 0.01}], "input": {"window": 8}, "batch": 4, "augment": null}"#;
    let mut config: SugarConfig = serde_json::from_str(settings).unwrap();
    config.text = Some(case("sentence-tiny"));
    let encoder = parent.join("encoder");
    common::train(sugar::run, config, &set, &encoder, false, None).unwrap();
    let base = parent.join("words");
    alone(&asset("nano"), &base);
    (set, encoder.join("model"), base)
}

fn recipe(base: &Path, epochs: u64) -> NarratorRecipe {
    let settings = r#"{
        "tqp": {"width": 32, "layers": 2, "heads": 4, "inner": 64, "queries": 4, "segments": 2},
        "lora_rank": 4, "lora_alpha": 8.0, "batch": 3, "rotation": 0.0, "checkpoint_every": 2
    }"#;
    let mut recipe: NarratorRecipe = serde_json::from_str(settings).unwrap();
    recipe.stages[0].epochs = epochs;
    recipe.stages[0].learning_rate = 4e-3;
    recipe.base = Some(base.to_owned());
    recipe
}

fn train(
    recipe: NarratorRecipe,
    from: Option<&Path>,
    data: &Path,
    out: &Path,
    most: Option<u64>,
) -> anyhow::Result<()> {
    let stop = AtomicBool::new(false);
    let device = cpu().expect("part of this build");
    let options = RunOptions::new(vec![data.into()], out.into(), recipe, device, &stop);
    let (from, resume) = (from.map(Path::to_owned), from.is_none());
    narrator::run(RunOptions { from, resume, quiet: true, max_steps: most, ..options })
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => BTreeMap::from([(path.clone(), fs::read(path).unwrap())]),
        })
        .collect()
}

#[test]
fn a_run_that_is_stopped_and_resumed_is_the_run_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let (set, encoder, base) = beginning(folder.path());
    let before = [&encoder, &base].map(|folder| files(folder));
    let [whole, cut] = ["whole", "cut"].map(|name| folder.path().join(name));
    train(recipe(&base, 3), Some(&encoder), &set, &whole, None).unwrap();
    train(recipe(&base, 3), Some(&encoder), &set, &cut, Some(3)).unwrap();
    let kept = checkpoint::read(cut.join("checkpoint/model.safetensors")).unwrap();
    let learns = |name: &String| name.contains(".tqp.") || name.contains(".lora_");
    assert_eq!(kept.keys().find(|name| !learns(name)), None, "a checkpoint holds what stays as it is");
    train(NarratorRecipe::default(), None, &set, &cut, None).unwrap();
    assert!(losses(&whole).len() > 4);
    assert_eq!(losses(&whole), losses(&cut));
    let learned = |out: &Path| files(&out.join("model")).into_values().collect::<Vec<_>>();
    assert!(learned(&whole) == learned(&cut), "a run that was cut gives another model");
    assert!(before == [&encoder, &base].map(|folder| files(folder)), "what stays as it is was changed");

    // its first half is the encoder still
    let (model, walk) = (whole.join("model"), set.join("0_walk.bvh"));
    assert!(narrates(&model) && !narrates(&encoder));
    let walk = draction::motion::read_file(walk, &Default::default()).unwrap();
    let embed = |folder: &Path| Sugar::load(folder, None, DeviceChoice::Cpu).unwrap().embed(&[&walk]).unwrap();
    assert_eq!(embed(&model), embed(&encoder));
    // the second half moved, projection and adapters alike
    let start = whole.join("start");
    for file in ["tqp.safetensors", "language/adapter_model.safetensors"] {
        assert_ne!(fs::read(start.join(file)).unwrap(), fs::read(model.join(file)).unwrap(), "{file}");
    }
    // adapters have the names that peft gives those of a language model
    let adapters = fs::read(model.join("language/adapter_model.safetensors")).unwrap();
    let layer = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
    assert!(String::from_utf8_lossy(&adapters).contains(layer));
}

#[test]
fn what_was_told_is_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let (set, encoder, base) = beginning(folder.path());
    let out = folder.path().join("run");
    train(recipe(&base, 150), Some(&encoder), &set, &out, None).unwrap();
    let narrator = SugarNarrator::load(&out.join("model"), None, DeviceChoice::Cpu).unwrap();
    let labels = narrator.labels().to_vec();
    assert!(labels.len() >= 4, "{labels:?}");
    let (mut named, mut ranked) = (0, 0);
    for label in &labels {
        let file = set.join(format!("0_{}.bvh", label.replace(' ', "_")));
        let motion = draction::motion::read_file(file, &Default::default()).unwrap();
        let seen = narrator.observe(&[&motion]).unwrap();
        let told = narrator.narrate(&seen, &labels).unwrap().remove(0);
        eprintln!("{label}: {told:?}");
        named += usize::from(told.label == *label && !told.told.is_empty());
        let scores = narrator.rank(&seen, &labels).unwrap().remove(0);
        assert!(scores.iter().all(|score| *score <= 0.0));
        let best = (0..labels.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
        ranked += usize::from(labels[best] == *label);
        // of another list it names something else
        let others: Vec<String> = labels.iter().filter(|other| *other != label).cloned().collect();
        assert_ne!(narrator.narrate(&seen, &others).unwrap()[0].label, *label);
    }
    // one arm up and two arms up are close to each other: which rounding the processor has can decide that they are one
    let most = labels.len() - 1;
    assert!(named >= most && ranked >= most, "{named} named and {ranked} ranked first of {}", labels.len());

    // the programs know such a model
    let json = folder.path().join("scores.json");
    let output = Command::new(env!("CARGO_BIN_EXE_evaluate"))
        .args(["--data", set.to_str().unwrap(), "--model", out.join("model").to_str().unwrap()])
        .args(["--device", "cpu", "--json", json.to_str().unwrap()])
        .output()
        .expect("the program was built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let scores: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    // the same motions stand in the other half
    assert_eq!(scores["sets"]["set"]["top1_own"], ranked as f64 / labels.len() as f64, "{scores:#}");
}

#[test]
fn what_a_run_lacks_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (set, encoder, base) = beginning(folder.path());
    let told = |recipe: NarratorRecipe, from: &Path, out: &str| {
        let outcome = train(recipe, Some(from), &set, &folder.path().join(out), Some(1));
        format!("{:#}", outcome.expect_err("it cannot run"))
    };
    let nowhere = folder.path().join("nowhere");
    assert!(told(recipe(&nowhere, 1), &encoder, "a").contains("nowhere"));
    let mut segments = recipe(&base, 1);
    segments.tqp.segments = 4;
    let error = told(segments, &encoder, "b");
    assert!(error.contains("segments is 4, which does not divide the 2 tokens"), "{error}");
    let out = folder.path().join("c");
    train(recipe(&base, 1), Some(&encoder), &set, &out, None).unwrap();
    assert!(told(recipe(&base, 1), &out.join("model"), "d").contains("has a language model already"));
    // a language model that is gone, or another one, is said
    let model = out.join("model");
    fs::rename(&base, folder.path().join("moved")).unwrap();
    let load = |base: Option<&Path>| SugarNarrator::load(&model, base, DeviceChoice::Cpu).err().map(|e| e.to_string());
    assert!(load(None).is_some_and(|error| error.contains("--base says where another lies")));
    assert_eq!(load(Some(&folder.path().join("moved"))), None);
    // as it is asked for on the command line
    let moved = folder.path().join("moved");
    let settings = folder.path().join("settings.json");
    fs::write(&settings, serde_json::to_vec(&recipe(&moved, 1)).unwrap()).unwrap();
    let run = folder.path().join("run");
    let program = |arguments: &[&str]| {
        let data = ["--data", set.to_str().unwrap(), "--device", "cpu", "--out", run.to_str().unwrap()];
        let output = Command::new(env!("CARGO_BIN_EXE_train")).args(arguments).args(data).output();
        output.expect("the program was built")
    };
    let [base, from, settings] = [&moved, &encoder, &settings].map(|path| path.to_str().unwrap());
    let told = program(&["--system", "sugar", "--base", base, "--from", from, "--config", settings]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert!(narrates(&run.join("model")));
    let refused = program(&["--base", base, "--from", from]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("name either"));
    // the encoder alone has none
    let error = SugarNarrator::load(&encoder, None, DeviceChoice::Cpu).err().unwrap().to_string();
    assert!(error.contains("has no language model"), "{error}");
}
