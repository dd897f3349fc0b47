use std::{path::Path, sync::Mutex};

use skeletonllm_checks::{asset, shared};
use skeletonllm_network::{arriving::Fetching, checkpoint::Opened, device};

use super::*;
use crate::folder::default_model;

fn files(names: &[&str]) -> Vec<Listed> {
    names.iter().map(|&name| Listed { name: name.into(), bytes: 7 }).collect()
}

fn model(names: &[&str]) -> (String, Vec<String>, Vec<String>) {
    match recognise(&files(names)) {
        Found::Model { given, places, others } => {
            assert_eq!(places.len(), given.files.len());
            for (&place, file) in places.iter().zip(&given.files) {
                assert!(names[place].ends_with(&file.name), "{} and {}", names[place], file.name);
            }
            let others = others.into_iter().map(|i| names[i].to_owned()).collect();
            (given.name, given.files.into_iter().map(|file| file.name).collect(), others)
        }
        other => panic!("{names:?}: {other:?}"),
    }
}

fn refused(names: &[&str]) -> String {
    match recognise(&files(names)) {
        Found::Refused(problem) => problem,
        other => panic!("{names:?}: {other:?}"),
    }
}

#[test]
fn models_are_told_by_the_names_of_their_files() {
    let nano = ["README.md", "config.json", "draction.safetensors", "model.safetensors", "tokenizer.json"];
    let (name, files, others) = model(&nano);
    assert_eq!((name.as_str(), files.len(), others.len()), ("your model", 4, 0));
    let inside = nano.map(|name| format!("models/nano/{name}"));
    let inside: Vec<&str> = inside.iter().map(String::as_str).collect();
    assert_eq!(model(&inside).0, "nano");
    for (folder, name) in [
        ("hub/models--OpenGVLab--InternVL3-1B/snapshots/0d1f", "InternVL3-1B"),
        ("C:\\hub\\models--a--b\\snapshots\\0d1f\\", "b"),
        ("snapshots/0d1f", "0d1f"),
        ("models--a--b", "models--a--b"),
        ("models--/snapshots/0d1f", "0d1f"),
        ("/m//", "m"),
    ] {
        let inside = nano.map(|name| format!("{folder}/{name}"));
        assert_eq!(model(&inside.each_ref().map(String::as_str)).0, name, "{folder}");
    }
    let elsewhere = ["C:\\models\\mine\\config.json", "C:\\models\\mine\\old\\notes.md"];
    let elsewhere =
        [&elsewhere[..], &["C:\\models\\mine\\model.safetensors", "C:\\models\\mine\\tokenizer.json"]].concat();
    let (name, _, others) = model(&elsewhere);
    assert_eq!((name.as_str(), others.len()), ("mine", 0));
    let (name, files, others) = model(&["walk.bvh", "Smol.Q4_1.gguf", "notes.md"]);
    assert_eq!((name.as_str(), &files[..]), ("Smol.Q4_1", &["Smol.Q4_1.gguf".to_owned()][..]));
    assert_eq!(others, ["walk.bvh"]);
    let shards = [
        "m/config.json",
        "m/vocab.json",
        "m/merges.txt",
        "m/model.safetensors.index.json",
        "m/model-00001-of-00002.safetensors",
        "m/model-00002-of-00002.safetensors",
        "m/original/params.json",
        "other/config.json",
    ];
    let (name, files, others) = model(&shards);
    assert_eq!((name.as_str(), files.len()), ("m", 6));
    assert_eq!(others, ["other/config.json"]);
}

#[test]
fn motions_and_weights_to_draw_with_are_no_models() {
    for names in [
        &["walk.bvh"][..],
        &["draction.safetensors"],
        &["skeleton.json", "takes.npy"],
        &["scene.gltf", "scene.bin"],
        &["config.json", "walk.bvh"],
        &["metadata.jsonl", "a.json", "b.json"],
        &[".gguf"],
        &["model-3-of-2.safetensors"],
        &[],
    ] {
        assert_eq!(recognise(&files(names)), Found::Nothing, "{names:?}");
    }
}

#[test]
fn all_that_an_aligned_model_has_is_read() {
    assert!([ALIGNMENT, ENTRIES, VECTORS].iter().all(|name| WHOLE.contains(name)));
}

#[test]
fn what_is_missing_is_named() {
    for (names, words) in [
        (
            &["model.safetensors"][..],
            &["your model: config.json, tokenizer.json (or vocab.json and merges.txt) are missing"][..],
        ),
        (&["m/config.json", "m/tokenizer.json"], &["m: model.safetensors is missing"]),
        (&["config.json", "model.safetensors", "vocab.json"], &["merges.txt is missing"]),
        (
            &["config.json", "tokenizer.json", "model-00002-of-00003.safetensors"],
            &["model.safetensors.index.json, model-00001-of-00003", "model-00003-of-00003.safetensors are missing"],
        ),
        (&["config.json", "tokenizer.json", "pytorch_model.bin"], &["pytorch_model.bin is a Python pickle"]),
        (&["adapter_config.json", "adapter_model.safetensors"], &["an adapter without its base"]),
        (&["config.json", "adapter_config.json", "adapter_model.safetensors"], &["an adapter without its base"]),
        (
            &["config.json", "tokenizer.json", "model.safetensors", "adapter_config.json", "adapter_model.safetensors"],
            &["an adapter beside its base"],
        ),
        (&["a.gguf", "b.gguf"], &["2 GGUF files at once"]),
        (&["model-00001-of-00999.safetensors", "config.json", "tokenizer.json"], &["and 994 more are missing"]),
    ] {
        let problem = refused(names);
        assert!(words.iter().all(|word| problem.contains(word)), "{names:?}: {problem}");
    }
}

/// The files of a folder, of which those that `wanted` names may be all there are, and how many bytes were asked for at
/// once at most.
struct Counted {
    given: Given,
    disk: Disk,
    most: Mutex<usize>,
}

impl Counted {
    fn new(folder: &Path, wanted: &str) -> Counted {
        let mut paths = files_of(&[folder.to_owned()]);
        paths.retain(|path| wanted.is_empty() || path.ends_with(wanted));
        let Found::Model { given, places, .. } = recognise_paths(&paths) else { panic!("{paths:?}") };
        Counted { disk: Disk::of(&given, &places, &paths), given, most: Mutex::default() }
    }

    fn read(&self) -> Result<Answering> {
        let tell = |come, all| assert!(come <= all);
        pollster::block_on(self.given.read(self, device::cpu().unwrap(), tell))
    }
}

impl Fetch for Counted {
    fn fetch<'a>(&'a self, file: &'a str, start: u64, length: usize) -> Fetching<'a> {
        let mut most = self.most.lock().unwrap();
        *most = length.max(*most);
        self.disk.fetch(file, start, length)
    }
}

fn read(folder: &Path, wanted: &str) -> Result<Answering> {
    Counted::new(folder, wanted).read()
}

#[test]
fn nano_given_as_files_answers_as_it_does_from_its_folder() {
    let folder = default_model().unwrap();
    let Answering::Seeing(assistant) = read(&folder, "").unwrap() else { panic!("it sees") };
    let motion =
        draction::motion::read_file(asset("samples/wave_left_hand.bvh"), &Default::default()).expect("a sample");
    let seen = assistant.observe(&[&motion]).unwrap();
    let answer = assistant.ask(&seen, "Which hand does the person move?", |_| ()).unwrap();
    let shipped = Assistant::load(&folder, device::DeviceChoice::Cpu).unwrap();
    let expected = shipped.ask(&shipped.observe(&[&motion]).unwrap(), "Which hand does the person move?", |_| ());
    let expected = expected.unwrap();
    assert_eq!((&answer.text, answer.confidence), (&expected.text, expected.confidence));
    assert!(answer.tokens_per_second.is_some_and(|speed| speed > 1.0), "{answer:?}");
    assert_eq!(assistant.recognise(&seen).unwrap(), shipped.recognise(&seen).unwrap());
}

#[test]
fn language_models_in_every_container_say_the_same_as_from_disk() {
    let Some(golden) = shared("golden/llama-tiny") else { return };
    let question = "wave left hand";
    let containers =
        [("hf", ""), ("hf-sharded", ""), ("gguf", "llama-tiny.bf16.gguf"), ("gguf", "llama-tiny.q4_1.gguf")];
    let mut answers = Vec::new();
    for (folder, file) in containers {
        let folder = golden.join(folder);
        let Answering::Text(assistant) = read(&folder, file).unwrap() else { panic!("it sees nothing") };
        assert!(assistant.converses());
        let mut heard = String::new();
        let answer = assistant.ask(question, |text| heard += text).unwrap();
        let place = if file.is_empty() { folder } else { folder.join(file) };
        let tokenizer = Tokenizer::of_text_model(&place).unwrap();
        let model = Opened::text_model(&place).unwrap().read(&device::cpu().unwrap().device).unwrap();
        let prompt =
            tokenizer.encode_template(&format!("<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"));
        let stop = [tokenizer.turn_end(), tokenizer.end_of_text().unwrap()];
        let expected = model.greedy(&prompt, MAX_ANSWER, &stop).unwrap();
        assert_eq!(answer.text, tokenizer.decode(&expected), "{}", place.display());
        assert!(answer.text.starts_with(&heard) && answer.tokens == expected.len());
        answers.push(answer.text);
    }
    assert!(answers[..3].windows(2).all(|pair| pair[0] == pair[1]), "the same numbers: {answers:?}");
}

/// As the text assistant has it.
const MAX_ANSWER: usize = 256;

#[test]
fn wrong_files_are_named_with_what_was_expected() {
    let error = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(default_model().unwrap()).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        change(folder.path());
        format!("{:#}", read(folder.path(), "").err().expect("it is wrong"))
    };
    let cut = |name: &'static str| {
        move |folder: &Path| {
            let path = folder.join(name);
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        }
    };
    for name in ["config.json", "tokenizer.json", "draction.safetensors", "model.safetensors"] {
        let problem = error(&cut(name));
        assert!(problem.contains(name), "{name}: {problem}");
    }
    let problem = error(&|folder| {
        let path = folder.join("config.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let layers = json["text_config"]["num_hidden_layers"].as_u64().unwrap();
        json["text_config"]["num_hidden_layers"] = (layers + 1).into();
        std::fs::write(&path, json.to_string()).unwrap();
    });
    assert!(problem.contains("not this model's tensors: missing: `language_model.model.layers."), "{problem}");
    let problem = error(&|folder| {
        let path = folder.join("config.json");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen('{', "{\"system\": \"mmcl\",", 1)).unwrap();
    });
    assert!(problem.contains("a model of the system mmcl"), "{problem}");
}

#[test]
fn a_model_that_is_read_piece_by_piece_asks_for_small_pieces() {
    let Some(weights) = skeletonllm_checks::fetched("smollm2-135m") else { return };
    let counted = Counted::new(&weights, "SmolLM2-135M-Instruct.Q4_1.gguf");
    let Answering::Text(assistant) = counted.read().unwrap() else { panic!("it sees nothing") };
    let most = *counted.most.lock().unwrap();
    assert!(most <= 9 << 20, "{most} bytes at a time of a tensor of 30 MB");
    let answer = assistant.ask("What is the capital of France?", |_| ()).unwrap();
    assert!(answer.text.contains("Paris"), "{answer:?}");
}
