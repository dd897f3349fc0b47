//! Runs of SUGAR: stopped and resumed, with texts of one's own, and what comes out judged on labels that it never saw.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::losses;
use skeletonllm::{folder::system_of, sugar::Sugar};
use skeletonllm_checks::{case, data_set};
use skeletonllm_network::device::DeviceChoice;
use skeletonllm_train::sugar::{SugarConfig, run};

/// The shipped samples, each to learn from twice and to be judged by once.
fn data(parent: &Path) -> PathBuf {
    data_set(parent, &["train", "train", "val"])
}

fn config() -> SugarConfig {
    let text = r#"{
        "stages": [{"epochs": 3, "learning_rate": 0.01}],
        "input": {"window": 8}, "batch": 4, "checkpoint_every": 2, "average": 0.5
    }"#;
    let mut config: SugarConfig = serde_json::from_str(text).unwrap();
    config.text = Some(case("sentence-tiny"));
    config
}

fn train(config: SugarConfig, data: &Path, out: &Path, resume: bool, max_steps: Option<u64>) -> anyhow::Result<()> {
    common::train(run, config, data, out, resume, max_steps)
}

#[test]
fn a_run_that_is_stopped_and_resumed_is_the_run_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    let [whole, cut] = ["whole", "cut"].map(|name| folder.path().join(name));
    train(config(), &set, &whole, false, None).unwrap();
    train(config(), &set, &cut, false, Some(1)).unwrap();
    assert!(!cut.join("model").exists(), "stopped before the end");
    // what the command line says counts no more
    train(SugarConfig::default(), &set, &cut, true, Some(3)).unwrap();
    train(SugarConfig::default(), &set, &cut, true, None).unwrap();
    assert_eq!(losses(&whole).len(), 6);
    assert_eq!(losses(&whole), losses(&cut));
    for model in ["model", "model-int8"] {
        assert_eq!(system_of(&whole.join(model)).as_deref(), Some("sugar"));
        for file in ["config.json", "graph.safetensors", "labels.safetensors"] {
            let [a, b] = [&whole, &cut].map(|out| fs::read(out.join(model).join(file)).unwrap());
            assert!(a == b, "{model}/{file} differs");
        }
    }
    let size = |model: &str| fs::metadata(whole.join(model).join("graph.safetensors")).unwrap().len();
    assert!(size("model-int8") * 3 < size("model"));
    // the network and τ moved
    let beginning = Sugar::load(&whole.join("start"), None, DeviceChoice::Cpu).unwrap();
    let end = Sugar::load(&whole.join("model"), None, DeviceChoice::Cpu).unwrap();
    let walk = draction::motion::read_file(set.join("2_walk.bvh"), &Default::default()).unwrap();
    assert_ne!(beginning.embed(&[&walk]).unwrap(), end.embed(&[&walk]).unwrap());
    let again = train(config(), &set, &whole, false, None).unwrap_err().to_string();
    assert!(again.contains("--resume"), "{again}");
}

#[test]
fn labels_that_were_left_out_are_judged_by_their_texts() {
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (data(folder.path()), folder.path().join("run"));
    let unseen = folder.path().join("unseen.txt");
    fs::write(&unseen, "squat\nclap\n").unwrap();
    let mut config = config();
    config.selection.unseen = Some(unseen.clone());
    train(config, &set, &out, false, None).unwrap();
    assert_eq!(losses(&out).len(), 3, "two labels are left out");
    let json = folder.path().join("scores.json");
    let evaluate = |extra: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_evaluate"))
            .args(["--data", set.to_str().unwrap(), "--model", out.join("model").to_str().unwrap()])
            .args(["--device", "cpu", "--json", json.to_str().unwrap(), "--unseen", unseen.to_str().unwrap()])
            .args(extra)
            .output()
            .expect("the program was built")
    };
    let output = evaluate(&[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let scores: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!(scores["sets"]["set"]["clips"], 2);
    assert_eq!(scores["sets"]["set"]["top5_own"], 1.0, "there are only two labels");
    // a label that it was not taught has to be read
    let output = evaluate(&["--text", "nowhere"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("nowhere"), "{told}");
}

#[test]
fn texts_of_ones_own_are_taken_and_what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    let texts = folder.path().join("texts.jsonl");
    fs::write(&texts, "{\"label\": \"walk\", \"motion\": {\"leg\": \"steps\"}}\n").unwrap();
    let [plain, own, broken] = ["plain", "own", "broken"].map(|name| folder.path().join(name));
    let short = |change: &dyn Fn(&mut SugarConfig)| {
        let mut config = config();
        config.batch = 8;
        change(&mut config);
        config
    };
    let with_texts = || short(&|config| config.texts = Some(texts.clone()));
    train(short(&|_| ()), &set, &plain, false, None).unwrap();
    train(with_texts(), &set, &own, false, None).unwrap();
    assert_ne!(losses(&plain), losses(&own));
    fs::write(&texts, "{\"label\": \"walk\"}\n").unwrap();
    let error = train(with_texts(), &set, &broken, false, None).unwrap_err();
    assert!(format!("{error:#}").contains("texts.jsonl, line 1"), "{error:#}");
    let nowhere = short(&|config| config.text = Some(folder.path().join("nowhere")));
    let error = format!("{:#}", train(nowhere, &set, &folder.path().join("none"), false, None).unwrap_err());
    assert!(error.contains("nowhere") && error.contains("fetch minilm"), "{error}");
}
