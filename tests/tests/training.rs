//! Training as a user runs it, at a size that takes seconds.

#[path = "../../model/train/tests/common/tiny.rs"]
mod tiny;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, atomic::AtomicBool},
};

use skeletonllm::assistant::Assistant;
use skeletonllm_checks::asset;
use skeletonllm_network::device::{DeviceChoice, cpu};
use skeletonllm_train::{RunOptions, Stage, StageConfig, TrainConfig, run};
use tempfile::TempDir;

/// A data set of this project's own samples.
fn data(folder: &Path) {
    let lines = [
        ("wave_left_hand.bvh", "wave left hand", "train"),
        ("raise_right_hand.bvh", "raise right hand", "train"),
        ("squat.bvh", "squat", "train"),
        ("walk.bvh", "walk", "train"),
        ("clap.bvh", "clap", "val"),
    ];
    let (mut metadata, mut rationales) = (String::new(), String::new());
    for (file, label, split) in lines {
        fs::copy(asset("samples").join(file), folder.join(file)).unwrap();
        metadata += &format!("{{\"file_name\": \"{file}\", \"label\": \"{label}\", \"split\": \"{split}\"}}\n");
        // nobody explains the squat: the stage goes on without it
        if label != "squat" {
            rationales += &format!("{{\"file_name\": \"{file}\", \"rationale\": \"It moves.\\nLabel: {label}\"}}\n");
        }
    }
    fs::write(folder.join("metadata.jsonl"), metadata).unwrap();
    fs::write(folder.join("rationales.jsonl"), rationales).unwrap();
}

fn config(data: &Path) -> TrainConfig {
    let mut value = tiny::settings();
    value["batch"] = 2.into();
    value["checkpoint_every"] = 3.into();
    value["stages"] = serde_json::json!([
        {"stage": "warm-up", "epochs": 2, "learning_rate": 1e-3},
        {"stage": "disc-ft", "epochs": 1, "learning_rate": 1e-3},
        {"stage": "cr-distill", "epochs": 1, "learning_rate": 1e-3, "lora_rank": 4, "lora_alpha": 8.0},
        {"stage": "refine", "epochs": 2, "learning_rate": 1e-3, "lora_rank": 4, "lora_alpha": 8.0}
    ]);
    value["rationales"] = data.join("rationales.jsonl").to_str().into();
    serde_json::from_value(value).unwrap()
}

/// burn's random numbers have one seed a process: runs that shall be repeatable go one after the other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The only run for now, a folder for it, and a data set in there.
fn a_set() -> (MutexGuard<'static, ()>, TempDir, PathBuf) {
    let alone = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    fs::create_dir(&set).unwrap();
    data(&set);
    (alone, folder, set)
}

fn train(data: &Path, out: &Path, resume: bool, max_steps: Option<u64>) {
    train_as(config(data), data, out, resume, max_steps);
}

fn train_as(config: TrainConfig, data: &Path, out: &Path, resume: bool, max_steps: Option<u64>) {
    let device = cpu().expect("the CPU backend is part of this build");
    let stop = AtomicBool::new(false);
    let options = RunOptions::new(vec![data.into()], out.into(), config, device, &stop);
    run(RunOptions { resume, quiet: true, max_steps, ..options }).unwrap();
}

/// `step,epoch,loss,gradient,rate` of each row: all but the speed.
fn losses(out: &Path) -> Vec<String> {
    let text = fs::read_to_string(out.join("loss.csv")).unwrap();
    text.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}

#[test]
fn a_run_that_is_killed_and_resumed_is_the_run_that_was_not() {
    let (_alone, folder, set) = a_set();
    let [whole, cut] = ["whole", "cut"].map(|name| folder.path().join(name));

    train(&set, &whole, false, None);
    // 2 steps an epoch: stopped within the first stage, then within each of the others, then to the end
    train(&set, &cut, false, Some(3));
    assert!(!cut.join("model").exists(), "stopped before the end");
    for steps in [5, 7, 9] {
        train(&set, &cut, true, Some(steps));
    }
    // rows that a killed run wrote after its last checkpoint are written again
    let mut file = fs::OpenOptions::new().append(true).open(cut.join("loss.csv")).unwrap();
    std::io::Write::write_all(&mut file, b"9,1,1.0,0.1,1.0,0.1,1.0\n10,1,").unwrap();
    train(&set, &cut, true, None);

    assert_eq!(losses(&whole).len(), 12);
    assert_eq!(losses(&whole), losses(&cut));
    // one that was killed after its last step has its model still to write
    fs::remove_dir_all(cut.join("model")).unwrap();
    train(&set, &cut, true, None);
    for file in ["model/model.safetensors", "model/draction.safetensors", "model-int8/model.safetensors"] {
        assert!(fs::read(whole.join(file)).unwrap() == fs::read(cut.join(file)).unwrap(), "{file} differs");
    }
    for file in ["loss.png", "validation.csv", "drawings/step_000002.png", "similar.json"] {
        assert!(whole.join(file).exists(), "{file} is missing");
    }

    // learned or not, what was written can be asked
    let assistant = Assistant::load(&whole.join("model-int8"), DeviceChoice::Cpu).unwrap();
    assert_eq!(assistant.labels(), ["raise right hand", "squat", "walk", "wave left hand"]);
    let motion = draction::motion::read_file(asset("samples/walk.bvh"), &Default::default()).unwrap();
    let observation = assistant.observe(&[&motion]).unwrap();
    let ranked = assistant.recognise(&observation).unwrap();
    assert!((ranked.iter().map(|r| r.1).sum::<f32>() - 1.0).abs() < 1e-4);
    assert!(ranked.windows(2).all(|w| w[0].1 >= w[1].1));
    assistant.ask(&observation, "What is the person doing?", |_| {}).unwrap();
}

#[test]
fn a_new_run_does_not_overwrite_an_old_one() {
    let (_alone, folder, set) = a_set();
    let out = folder.path().join("out");
    train(&set, &out, false, Some(1));
    let again = std::panic::catch_unwind(|| train(&set, &out, false, Some(1)));
    assert!(again.is_err());
    assert_eq!(losses(&out).len(), 1);
}

/// Leaves of a run what is there before its first checkpoint, and rows of steps that nobody will remember.
fn killed_early(out: &Path) {
    fs::remove_dir_all(out.join("checkpoint")).unwrap();
    assert_eq!(losses(out).len(), 1);
}

#[test]
fn a_run_that_is_killed_before_its_first_checkpoint_begins_again_when_resumed() {
    let (_alone, folder, set) = a_set();
    let [whole, cut] = ["whole", "cut"].map(|name| folder.path().join(name));
    train(&set, &whole, false, Some(3));
    train(&set, &cut, false, Some(1));
    killed_early(&cut);
    // the command line of a resumed run says nothing of data and settings
    let other = folder.path().join("other");
    train_as(TrainConfig::default(), &other, &cut, true, Some(3));
    assert_eq!(losses(&whole).len(), 3);
    assert_eq!(losses(&whole), losses(&cut));
    // an empty folder is no run
    fs::create_dir(&other).unwrap();
    let nothing = std::panic::catch_unwind(|| train(&set, &other, true, Some(1))).unwrap_err();
    let said = nothing.downcast_ref::<String>().unwrap();
    assert!(said.contains("no run to resume"), "{said}");
}

#[test]
fn a_run_that_is_killed_before_its_first_checkpoint_gives_way_to_a_new_one() {
    let (_alone, folder, set) = a_set();
    let [plain, reused] = ["plain", "reused"].map(|name| folder.path().join(name));
    train(&set, &reused, false, Some(1));
    killed_early(&reused);
    // similar labels of data that the new run does not see
    fs::write(reused.join("similar.json"), r#"{"moonwalk": ["somersault"]}"#).unwrap();
    let config = TrainConfig { seed: 7, ..config(&set) };
    for out in [&plain, &reused] {
        train_as(config.clone(), &set, out, false, Some(2));
    }
    assert_eq!(losses(&plain).len(), 2);
    assert_eq!(losses(&plain), losses(&reused));
    let similar = |out: &Path| fs::read_to_string(out.join("similar.json")).unwrap();
    assert_eq!(similar(&plain), similar(&reused));
}

#[test]
fn a_stage_does_not_show_again_what_an_earlier_one_showed() {
    let (_alone, folder, set) = a_set();
    let out = folder.path().join("out");
    let mut config = config(&set);
    // nothing is learned: the losses tell the clips apart
    let standstill = StageConfig { stage: Stage::Refine, epochs: 1, learning_rate: 0.0, lora_rank: 0, lora_alpha: 0.0 };
    config.stages = vec![standstill.clone(), standstill];
    train_as(config, &set, &out, false, None);
    let rows = losses(&out);
    let losses: Vec<&str> = rows.iter().map(|row| row.split(',').nth(2).unwrap()).collect();
    assert_eq!(losses.len(), 4);
    assert!(losses[..2].iter().all(|loss| !losses[2..].contains(loss)), "{losses:?}");
}
