//! Runs of graph networks: stopped and resumed, with helpers, and what comes out judged.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::losses;
use skeletonllm::{
    folder::system_of,
    graph_recogniser::{GraphRecogniser, SYSTEM},
};
use skeletonllm_checks::{CLIPS, asset, data_set};
use skeletonllm_network::device::DeviceChoice;
use skeletonllm_train::mmcl::{MmclConfig, run};

/// The shipped samples, each to learn from three times and to be judged by once.
fn data(parent: &Path) -> PathBuf {
    data_set(parent, &["train", "train", "train", "val"])
}

fn config(text: &str) -> MmclConfig {
    serde_json::from_str(text).unwrap()
}

/// Two streams of eight frames, three steps each.
const SHORT: &str = r#"{
    "stages": [
        {"stream": "joint", "epochs": 1, "learning_rate": 0.02},
        {"stream": "bone-motion", "epochs": 1, "learning_rate": 0.02}
    ],
    "input": {"window": 8}, "batch": 4, "held_out": 0.4, "checkpoint_every": 2
}"#;

fn train(config: MmclConfig, data: &Path, out: &Path, resume: bool, max_steps: Option<u64>) -> anyhow::Result<()> {
    common::train(run, config, data, out, resume, max_steps)
}

#[test]
fn a_run_that_is_stopped_and_resumed_is_the_run_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    let [whole, cut] = ["whole", "cut"].map(|name| folder.path().join(name));
    train(config(SHORT), &set, &whole, false, None).unwrap();
    train(config(SHORT), &set, &cut, false, Some(1)).unwrap();
    assert!(!cut.join("model").exists(), "stopped before the end");
    // what the command line says counts no more
    train(MmclConfig::default(), &set, &cut, true, Some(3)).unwrap();
    train(MmclConfig::default(), &set, &cut, true, None).unwrap();
    // one of each label's three clips is held out
    assert_eq!(losses(&whole).len(), 4);
    assert_eq!(losses(&whole), losses(&cut));
    for model in ["model", "model-int8"] {
        assert_eq!(system_of(&whole.join(model)).as_deref(), Some(SYSTEM));
        for file in ["config.json", "joint.safetensors", "bone-motion.safetensors"] {
            let [a, b] = [&whole, &cut].map(|out| fs::read(out.join(model).join(file)).unwrap());
            assert!(a == b, "{model}/{file} differs");
        }
    }
    let size = |model: &str| fs::metadata(whole.join(model).join("joint.safetensors")).unwrap().len();
    assert!(size("model-int8") * 3 < size("model"));
    let again = train(config(SHORT), &set, &whole, false, None).unwrap_err().to_string();
    assert!(again.contains("--resume"), "{again}");
}

#[test]
fn few_labels_come_again_so_that_an_epoch_stays_as_long() {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    let steps = |labelled: Option<f64>, name: &str| {
        let mut config = config(SHORT);
        (config.held_out, config.selection.labelled) = (0.0, labelled);
        train(config, &set, &folder.path().join(name), false, None).unwrap();
        losses(&folder.path().join(name))
    };
    let (all, few) = (steps(None, "all"), steps(Some(0.01), "few"));
    // twelve clips in fours, for each of two streams; of four of them the label is known
    assert_eq!((all.len(), few.len()), (6, 6));
}

#[test]
#[ignore = "eighty epochs take minutes: run it by name"]
fn four_clips_are_learned_by_heart_and_judged_by_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (data(folder.path()), folder.path().join("run"));
    let recipe = r#"{
        "stages": [{"stream": "joint", "epochs": 80, "learning_rate": 0.05}],
        "input": {"window": 16}, "rotation": 0.05, "batch": 12, "average": 0.0, "warmup_epochs": 1
    }"#;
    train(config(recipe), &set, &out, false, None).unwrap();
    let evaluate = |arguments: &[&str]| -> serde_json::Value {
        let json = folder.path().join("scores.json");
        let output = Command::new(env!("CARGO_BIN_EXE_evaluate"))
            .args(["--data", set.to_str().unwrap(), "--model", out.join("model-int8").to_str().unwrap()])
            .args(["--device", "cpu", "--json", json.to_str().unwrap()])
            .args(arguments)
            .output()
            .expect("the program was built");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&fs::read(json).unwrap()).unwrap()
    };
    let scores = evaluate(&["--baseline"]);
    assert_eq!(scores["sets"]["set"]["top1_all"], 1.0, "{scores}");
    assert_eq!(scores["sets"]["set"]["clips"], 4);
    // another set's words for two of the labels; clips of the other two are left out
    let mapping = folder.path().join("mapping.json");
    fs::write(&mapping, r#"{"Walk": "walk", "squat": "clap"}"#).unwrap();
    let mapped = evaluate(&["--mapping", mapping.to_str().unwrap()]);
    assert_eq!(mapped["sets"]["set"]["clips"], 2);
    assert_eq!(mapped["sets"]["set"]["top1_all"], 0.5, "a squat is no clap");
    // labels that it never saw are told apart by nothing
    let recogniser = GraphRecogniser::load(&out.join("model"), DeviceChoice::Cpu).unwrap();
    let walk = draction::motion::read_file(set.join("3_walk.bvh"), &Default::default()).unwrap();
    let table = recogniser.look(&[&walk]).unwrap();
    let scores = recogniser.rank(&table, &["fly".into(), "WALK".into()]);
    assert!(scores[0][0] == f32::NEG_INFINITY && scores[0][1].is_finite());
}

#[test]
fn pictures_and_texts_help_and_are_gone_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    let nano = asset("nano");
    let file = folder.path().join("texts.jsonl");
    let line =
        |(i, (_, label)): (usize, &(&str, &str))| format!("{{\"label\": \"{label}\", \"features\": [{i}, 1, {i}]}}");
    let lines: Vec<String> = CLIPS.iter().enumerate().map(line).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let helped = |texts: serde_json::Value| {
        let mut config: serde_json::Value = serde_json::from_str(SHORT).unwrap();
        config["stages"].as_array_mut().unwrap().truncate(1);
        config["pictures"] = serde_json::json!({ "model": nano });
        config["texts"] = texts;
        serde_json::from_value::<MmclConfig>(config).unwrap()
    };
    let [plain, by_file, by_model] = ["plain", "by_file", "by_model"].map(|name| folder.path().join(name));
    let mut alone: serde_json::Value = serde_json::from_str(SHORT).unwrap();
    alone["stages"].as_array_mut().unwrap().truncate(1);
    train(serde_json::from_value(alone).unwrap(), &set, &plain, false, None).unwrap();
    train(helped(serde_json::json!({ "file": file, "width": 3 })), &set, &by_file, false, None).unwrap();
    train(helped(serde_json::json!({ "model": nano })), &set, &by_model, false, None).unwrap();
    let weights = |out: &Path| fs::read(out.join("model/joint.safetensors")).unwrap();
    assert_eq!(weights(&plain).len(), weights(&by_file).len());
    assert!(weights(&plain) != weights(&by_file) && weights(&by_file) != weights(&by_model));
    fs::write(&file, lines[0].as_str()).unwrap();
    let out = folder.path().join("missing");
    let error = train(helped(serde_json::json!({ "file": file })), &set, &out, false, None).unwrap_err();
    assert!(format!("{error:#}").contains("nothing about"), "{error:#}");
}
