//! Training as a user runs it, at a size that takes seconds.

#[path = "../../model/train/tests/common/alone.rs"]
mod alone;
#[path = "../../model/train/tests/common/tiny.rs"]
mod tiny;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, atomic::AtomicBool},
};

use alone::alone;
use skeletonllm::assistant::Assistant;
use skeletonllm_checks::asset;
use skeletonllm_network::{
    checkpoint::{self, Bits},
    device::{DeviceChoice, cpu},
};
use skeletonllm_tests::devices;
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

/// Settings of a run on top of a model that stays as it is, in all four stages, the last two with adapters.
fn on_a_base(base: &Path, data: &Path) -> TrainConfig {
    let TrainConfig { stages, rationales, checkpoint_every, .. } = config(data);
    let base = Some(base.into());
    TrainConfig { base, base_bits: Some(Bits::Four), stages, rationales, checkpoint_every, ..TrainConfig::on_a_base() }
}

/// A folder's files and what is in them.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| (file.clone(), fs::read(&file).unwrap())).collect()
}

#[test]
fn a_run_on_a_base_keeps_what_it_learned_and_nothing_of_the_base() {
    let (_alone, folder, set) = a_set();
    let [made, whole, cut] = ["made", "whole", "cut"].map(|name| folder.path().join(name));
    // what any run begins with is a model
    train(&set, &made, false, Some(1));
    let base = made.join("start");
    let before = files(&base);
    train_as(on_a_base(&base, &set), &set, &whole, false, None);
    train_as(on_a_base(&base, &set), &set, &cut, false, Some(3));
    // within each of the other stages, and between the last two
    for steps in [5, 7, 8, 9] {
        train_as(TrainConfig::default(), &set, &cut, true, Some(steps));
        let kept = checkpoint::read(cut.join("checkpoint/model.safetensors")).unwrap();
        let learned = ["taught.drawing.", "taught.internvl.multi_modal_projector."];
        for name in kept.keys() {
            assert!(name.contains(".lora_") || learned.iter().any(|part| name.starts_with(part)), "{name} is kept");
        }
        assert_eq!(kept.keys().any(|name| name.contains(".lora_")), steps > 6, "adapters of stages 3 and 4: {steps}");
    }
    train_as(TrainConfig::default(), &set, &cut, true, None);
    assert_eq!(losses(&whole).len(), 12);
    assert_eq!(losses(&whole), losses(&cut));
    fs::remove_dir_all(cut.join("model")).unwrap();
    train_as(TrainConfig::default(), &set, &cut, true, None);
    for file in ["adapter_model.safetensors", "adapter_config.json", "config.json", "draction.safetensors"] {
        let [whole, cut] = [&whole, &cut].map(|out| fs::read(out.join("model").join(file)).unwrap());
        assert!(whole == cut, "{file} differs");
    }
    assert!(files(&base) == before, "the base was changed");

    // stage 4 has adapters of its own on those of stage 3, which stay, and the renderer stays as stage 3 left it
    let learned = |folder: &str| checkpoint::read(whole.join(folder).join("adapter_model.safetensors")).unwrap();
    let [third, fourth] = ["start-4", "model"].map(learned);
    let layer = "language_model.model.layers.0.mlp.up_proj.lora_A.weight";
    let ([a, b], width) = ([&third[layer], &fourth[layer]], third[layer].shape[1]);
    assert_eq!((a.shape[0], b.shape[0]), (4, 8), "ranks add up");
    assert!(a.values == b.values[..4 * width] && b.values[4 * width..].iter().any(|x| *x != 0.0));
    let projector = "multi_modal_projector.linear_1.weight";
    assert_ne!(third[projector], fourth[projector], "the projector learns in all stages");
    let renderer = |folder: &str| fs::read(whole.join(folder).join("draction.safetensors")).unwrap();
    assert!(renderer("start-4") == renderer("model"));
    assert!(renderer("start") != renderer("start-2") && renderer("start-2") != renderer("start-3"));

    // whoever reads it asks the same model: the base in four bits, and what was learned beside it
    let assistant = Assistant::load(&whole.join("model"), DeviceChoice::Cpu).unwrap();
    assert_eq!(assistant.labels(), ["raise right hand", "squat", "walk", "wave left hand"]);
    let motion = draction::motion::read_file(asset("samples/walk.bvh"), &Default::default()).unwrap();
    let observation = assistant.observe(&[&motion]).unwrap();
    assistant.ask(&observation, "What is the person doing?", |_| {}).unwrap();
    // and goes on from there
    let further = folder.path().join("further");
    train_as(on_a_base(&whole.join("model"), &set), &set, &further, false, Some(9));
    let rank = |folder: &str| {
        checkpoint::read(further.join(folder).join("adapter_model.safetensors")).unwrap()[layer].shape[0]
    };
    assert_eq!([rank("start"), rank("start-4")], [8, 12]);
}

/// Settings of a run on top of a language model alone that stays as it is: eyes of another model before it, and a stage
/// in which it is not asked.
fn on_a_language_model(base: &Path, eyes: &Path, data: &Path) -> TrainConfig {
    let mut value = serde_json::to_value(on_a_base(base, data)).unwrap();
    value["model"]["skeleton"]["frames"] = 3.into();
    value["eyes"] = eyes.to_str().into();
    value["words"] = asset("nano").to_str().into();
    value["temporal"] = serde_json::json!({"width": 32, "layers": 1});
    value["stages"][0]["questions"] = 0.into();
    for (field, setting) in [("tower", true), ("recompute", false), ("skip_background", false)] {
        value[field] = setting.into();
    }
    for (field, setting) in [("readout", 1.0), ("average", 0.9), ("blind", 0.3), ("lora_dropout", 0.0)] {
        value[field] = setting.into();
    }
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_decoder_sees_with_the_eyes_of_another_model() {
    let (_alone, folder, set) = a_set();
    let [made, stays, learns] = ["made", "stays", "learns"].map(|name| folder.path().join(name));
    train(&set, &made, false, Some(1));
    let eyes = made.join("start");
    let seeing = |tower_rate| {
        let mut config = config(&set);
        config.stages.truncate(1);
        // sizes of a tower that are not those of the eyes give way
        config.model.vision_config.num_hidden_layers += 1;
        // a mean of equal numbers is not exactly that number
        TrainConfig { eyes: Some(eyes.clone()), tower_rate, average: 0.0, seed: 7, ..config }
    };
    train_as(seeing(0.0), &set, &stays, false, None);
    train_as(seeing(0.5), &set, &learns, false, None);
    let weights = |folder: &Path| checkpoint::read(folder.join("model.safetensors")).unwrap();
    let tower = |folder: &Path| -> BTreeMap<_, _> {
        weights(folder).into_iter().filter(|(name, _)| name.starts_with("vision_tower.")).collect()
    };
    let decoder = |folder: &Path| weights(folder)["language_model.model.layers.0.mlp.up_proj.weight"].clone();
    let theirs = tower(&eyes);
    assert!(theirs.len() > 10);
    assert!(tower(&stays.join("start")) == theirs && tower(&stays.join("model")) == theirs, "at a rate of 0 it stays");
    assert!(tower(&learns.join("start")) == theirs && tower(&learns.join("model")) != theirs, "else it learns");
    assert!(decoder(&stays.join("start")) != decoder(&eyes), "the decoder begins anew");
    assert!(decoder(&stays.join("start")) != decoder(&stays.join("model")), "and learns");

    // a model that is gone on with gets them, too; nothing can be seen with a tower of other sizes
    let further = |out: &str, from: &Path| {
        let (stop, out) = (AtomicBool::new(false), folder.path().join(out));
        let config = seeing(0.0);
        let options = RunOptions::new(vec![set.clone()], out, config, cpu().expect("part of this build"), &stop);
        run(RunOptions { from: Some(from.to_owned()), quiet: true, ..options }).map_err(|error| format!("{error:#}"))
    };
    further("further", &learns.join("model")).unwrap();
    let begun = folder.path().join("further/start");
    assert!(tower(&begun) == theirs && decoder(&begun) == decoder(&learns.join("model")));
    let other = folder.path().join("other");
    let mut config = config(&set);
    config.model.vision_config.num_hidden_layers += 1;
    train_as(config, &set, &other, false, Some(1));
    let refused = further("refused", &other.join("start")).err().unwrap();
    assert!(refused.contains("have other sizes than the model's"), "{refused}");
}

#[test]
fn a_run_on_a_language_model_alone_brings_its_eyes_along() {
    let (_alone, folder, set) = a_set();
    let [made, base, whole, cut] = ["made", "base", "whole", "cut"].map(|name| folder.path().join(name));
    train(&set, &made, false, Some(1));
    let eyes = made.join("start");
    alone(&eyes, &base);
    let before = files(&base);
    let config = on_a_language_model(&base, &eyes, &set);
    train_as(config.clone(), &set, &whole, false, None);
    train_as(config, &set, &cut, false, Some(3));
    for steps in [5, 7, 8, 9] {
        train_as(TrainConfig::default(), &set, &cut, true, Some(steps));
        let kept = checkpoint::read(cut.join("checkpoint/model.safetensors")).unwrap();
        let of_the_base = |name: &&String| name.contains("language_model") && !name.contains(".lora_");
        assert_eq!(kept.keys().find(of_the_base), None);
        assert!(kept.contains_key("taught.internvl.vision_tower.embeddings.cls_token"));
    }
    train_as(TrainConfig::default(), &set, &cut, true, None);
    assert_eq!(losses(&whole).len(), 12);
    assert_eq!(losses(&whole), losses(&cut));
    assert!(files(&base) == before, "the base was changed");
    let [learned, again] = [&whole, &cut].map(|out| out.join("model"));
    assert!(files(&learned).into_values().eq(files(&again).into_values()), "a run that was cut gives another model");

    // all but the base, with the eyes as they have become
    let tensors = checkpoint::read(learned.join("adapter_model.safetensors")).unwrap();
    let parts = ["vision_tower.", "multi_modal_projector."];
    for name in tensors.keys() {
        assert!(name.contains(".lora_") || parts.iter().any(|part| name.starts_with(part)), "{name} is written");
    }
    let tower = "vision_tower.encoder.layer.0.mlp.fc1.weight";
    let [begun, first] = ["start", "start-2"].map(|name| whole.join(name).join("adapter_model.safetensors"));
    let [begun, first] = [begun, first].map(|path| checkpoint::read(path).unwrap().remove(tower).unwrap());
    assert!(begun == checkpoint::read(eyes.join("model.safetensors")).unwrap()[tower], "it begins with the eyes");
    assert_ne!(begun, first, "the tower learns");
    for name in ["alignment.safetensors", "words.txt", "words.safetensors", "draction.safetensors", "config.json"] {
        assert!(learned.join(name).exists(), "{name} is missing");
    }

    let motion = draction::motion::read_file(asset("samples/walk.bvh"), &Default::default()).unwrap();
    let say = |assistant: &Assistant| {
        let seen = assistant.observe(&[&motion]).unwrap();
        let scores = assistant.label_scores(&seen, assistant.labels()).unwrap();
        (scores, assistant.ask(&seen, "How many people are there?", |_| {}).unwrap().text)
    };
    let load = |base: Option<&Path>| Assistant::load_on(&learned, base, DeviceChoice::Cpu);
    let said = say(&load(None).unwrap());
    assert!(said.0[0].iter().all(|scores| scores.fit.is_finite() && scores.answer.is_finite()));
    // in few bits it is a model by itself, which says nearly the same
    let small = folder.path().join("small");
    skeletonllm::folder::shrink(&learned, None, Bits::Eight, &small, |_| ()).unwrap();
    let found = say(&Assistant::load(&small, DeviceChoice::Cpu).unwrap());
    assert!(said.0[0].iter().zip(&found.0[0]).all(|(a, b)| (a.fit - b.fit).abs() < 0.5), "{said:?} {found:?}");

    // the base is found where somebody says, and known by its weights
    let moved = folder.path().join("moved");
    fs::rename(&base, &moved).unwrap();
    let missing = load(None).err().unwrap().to_string();
    assert!(missing.contains("cargo xtask fetch base") && missing.contains("--base"), "{missing}");
    assert_eq!(say(&load(Some(&moved)).unwrap()), said);
    fs::rename(&moved, &base).unwrap();
    let mut other = fs::read(base.join("model.safetensors")).unwrap();
    *other.last_mut().unwrap() ^= 1;
    fs::write(base.join("model.safetensors"), other).unwrap();
    let wrong = load(None).err().unwrap().to_string();
    assert!(wrong.contains("its weights are others"), "{wrong}");
}

/// Renderer, projector and adapters learn from the same step on every device.
#[test]
fn a_step_on_a_base_is_the_same_on_every_device() {
    let (_alone, folder, set) = a_set();
    let made = folder.path().join("made");
    train(&set, &made, false, Some(1));
    let mut config = TrainConfig { lora_dropout: 0.0, ..on_a_base(&made.join("start"), &set) };
    let adapters = config.stages[3].clone();
    config.stages = vec![StageConfig { stage: Stage::WarmUp, epochs: 1, learning_rate: 1e-2, ..adapters }];
    let mut found: Vec<Vec<f64>> = Vec::new();
    for (number, device) in devices().into_iter().enumerate() {
        let (out, stop) = (folder.path().join(number.to_string()), AtomicBool::new(false));
        let options = RunOptions::new(vec![set.clone()], out.clone(), config.clone(), device, &stop);
        run(RunOptions { quiet: true, ..options }).unwrap();
        // loss and gradient of the first step, and of the second, which starts from what the first has learned
        let row = |row: &String| -> Vec<f64> { row.split(',').filter_map(|number| number.parse().ok()).collect() };
        found.push(losses(&out).iter().map(row).flat_map(|row| [row[2], row[4]]).collect());
    }
    assert_eq!(found[0].len(), 4);
    for other in &found[1..] {
        for (a, b) in found[0].iter().zip(other) {
            assert!(*a > 0.0 && (a - b).abs() < 2e-3 * a, "{found:?}");
        }
    }
}

#[test]
fn what_a_step_takes_is_told_and_nothing_else_done() {
    let (_alone, folder, set) = a_set();
    let [made, out] = ["made", "out"].map(|name| folder.path().join(name));
    train(&set, &made, false, Some(1));
    let device = cpu().expect("the CPU backend is part of this build");
    let stop = AtomicBool::new(false);
    let options = RunOptions::new(vec![set.clone()], out.clone(), on_a_base(&made.join("start"), &set), device, &stop);
    run(RunOptions { quiet: true, dry_run: true, ..options }).unwrap();
    assert!(!out.join("loss.csv").exists() && !out.join("checkpoint").exists(), "no step was made");
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
    let standstill = StageConfig::of(Stage::Refine);
    config.stages = vec![standstill.clone(), standstill];
    train_as(config, &set, &out, false, None);
    let rows = losses(&out);
    let losses: Vec<&str> = rows.iter().map(|row| row.split(',').nth(2).unwrap()).collect();
    assert_eq!(losses.len(), 4);
    assert!(losses[..2].iter().all(|loss| !losses[2..].contains(loss)), "{losses:?}");
}
