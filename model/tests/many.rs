//! `label` and `search` on many files, as a user runs them.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use burn::tensor::Device;
use draction::motion::{ReadOptions, read_file};
use draction::random::Mt19937;
use serde_json::Value;
use skeletonllm::graph_recogniser::graph_of;
use skeletonllm::search::{Index, IndexedFile};
use skeletonllm::sugar::{SYSTEM, SugarModelConfig, TextEncoder, checksum, unit, write};
use skeletonllm_checks::{asset, case, fetched};
use skeletonllm_data::streams::Input;
use skeletonllm_network::{checkpoint::Precision, graph::PUBLISHED_WIDTH, sugar::SkeletonEncoder};

fn run(program: &str, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(folder).output().expect("the program was built")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn label(folder: &Path, arguments: &[&str]) -> Output {
    // programs look for the model beside themselves, and a target folder may lie anywhere
    let model = asset("nano").display().to_string();
    let named = if arguments.contains(&"--model") { vec![] } else { vec!["--model", &model] };
    run(env!("CARGO_BIN_EXE_label"), folder, &[arguments, &named, &["--device", "cpu"]].concat())
}

fn lines(text: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(text).lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn of<'a>(lines: &'a [Value], file: &str) -> &'a Value {
    lines.iter().find(|line| line["file"].as_str().is_some_and(|name| name.ends_with(file))).expect(file)
}

/// A sample's text with its frames again and again until it lasts so long.
fn repeated(sample: &str, seconds: f32) -> String {
    let text = fs::read_to_string(asset(&format!("samples/{sample}"))).unwrap();
    let (head, motion) = text.split_once("Frames:").unwrap();
    let rows: Vec<&str> = motion.lines().filter(|line| line.split_whitespace().count() > 6).collect();
    let time = motion.lines().find(|line| line.starts_with("Frame Time:")).unwrap();
    let frame: f32 = time.rsplit(' ').next().unwrap().parse().unwrap();
    let count = (seconds / frame) as usize;
    let rows: Vec<&str> = rows.iter().cycle().take(count).copied().collect();
    format!("{head}Frames: {count}\n{time}\n{}\n", rows.join("\n"))
}

/// Three takes, one of them long, one that is none, and what lies beside motions.
fn takes() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("takes/more");
    fs::create_dir_all(&below).unwrap();
    fs::copy(asset("samples/squat.bvh"), folder.path().join("takes/squat.bvh")).unwrap();
    fs::copy(asset("samples/wave_left_hand.bvh"), below.join("wave.bvh")).unwrap();
    fs::write(below.join("long.bvh"), repeated("wave_left_hand.bvh", 11.0)).unwrap();
    fs::write(folder.path().join("takes/broken.bvh"), "HIERARCHY\nROOT\n").unwrap();
    fs::write(folder.path().join("takes/readme.txt"), "Takes of a day.").unwrap();
    folder
}

#[test]
fn every_file_gets_a_line_and_only_what_is_missing_is_done_again() {
    let folder = takes();
    let path = folder.path().join("out.jsonl");
    let arguments = ["takes", "--jsonl", "out.jsonl", "--embedding"];
    let output = label(folder.path(), &arguments);
    assert!(output.status.success(), "{}", told(&output));
    let first = lines(&fs::read(&path).unwrap());
    assert_eq!(first.len(), 4);
    let [squat, wave, long, broken] = ["squat.bvh", "wave.bvh", "long.bvh", "broken.bvh"].map(|file| of(&first, file));
    assert_eq!([&squat["label"], &wave["label"], &long["label"]], ["squat", "wave left hand", "wave left hand"]);
    assert!(squat["confidence"].as_f64().unwrap() > 0.5 && squat["caption"].as_str().unwrap().len() > 3);
    assert!(squat["spans"].is_null() && !long["spans"].as_array().unwrap().is_empty());
    assert!(broken["error"].as_str().unwrap().contains("broken.bvh") && broken["label"].is_null(), "{broken}");
    assert!(squat["embedding"].as_array().unwrap().len() > 16 && broken["embedding"].is_null());

    // killed in the middle of a line
    let text = fs::read_to_string(&path).unwrap();
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    fs::write(&path, &text[..last + 20]).unwrap();
    let output = label(folder.path(), &arguments);
    assert!(told(&output).contains("3 were done before"), "{}", told(&output));
    let said = |lines: &[Value]| -> BTreeSet<String> {
        lines.iter().map(|line| format!("{} {} {}", line["file"], line["label"], line["error"])).collect()
    };
    let again = lines(&fs::read(&path).unwrap());
    assert_eq!((again.len(), said(&again)), (4, said(&first)), "the same, in whatever order");

    // an error stands, unless it is to be tried again
    fs::copy(asset("samples/walk.bvh"), folder.path().join("takes/broken.bvh")).unwrap();
    assert!(told(&label(folder.path(), &arguments)).contains("0 labelled"));
    label(folder.path(), &["takes", "--jsonl", "out.jsonl", "--retry"]);
    let now = lines(&fs::read(&path).unwrap());
    assert_eq!((now.len(), &now[4]["label"]), (5, &"walk".into()));
}

#[test]
fn lists_come_from_anywhere_and_shards_share_them() {
    let folder = takes();
    let list = "takes/squat.bvh\ntakes/nowhere.bvh\n\ntakes/more/wave.bvh\n";
    fs::write(folder.path().join("list.txt"), list).unwrap();
    let files = |output: &Output| -> Vec<String> {
        lines(&output.stdout).iter().map(|line| line["file"].as_str().unwrap().to_owned()).collect()
    };
    let all = label(folder.path(), &["list.txt", "--no-caption"]);
    assert!(all.status.success(), "{}", told(&all));
    assert!(of(&lines(&all.stdout), "nowhere.bvh")["error"].is_string() && files(&all).len() == 3);
    assert!(of(&lines(&all.stdout), "squat.bvh")["caption"].is_null());
    let shards: Vec<Vec<String>> =
        ["1/2", "2/2"].iter().map(|shard| files(&label(folder.path(), &["list.txt", "--shard", shard]))).collect();
    assert_eq!((shards[0].len(), shards[1].len()), (2, 1));
    assert_eq!(shards.concat().into_iter().collect::<BTreeSet<_>>(), files(&all).into_iter().collect());

    let mut child = Command::new(env!("CARGO_BIN_EXE_label"))
        .args(["-", "--device", "cpu", "--quiet", "--model"])
        .arg(asset("nano"))
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"takes/squat.bvh\n").unwrap();
    // the line comes while the list is still open
    let mut byte = [0];
    child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"{");
    // whoever read has seen enough: the program ends, and says nothing
    drop(child.stdout.take());
    input.write_all(b"takes/more/wave.bvh\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", told(&output));
    drop(input);
}

#[test]
fn processes_of_a_launcher_share_a_list_by_themselves() {
    let folder = takes();
    let launched = |rank: usize, size: usize, arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_label"))
            .args([arguments, &["--device", "cpu", "--no-caption", "--model"]].concat())
            .arg(asset("nano"))
            .env("PMI_RANK", rank.to_string())
            .env("PMI_SIZE", size.to_string())
            .current_dir(folder.path())
            .output()
            .expect("the program was built")
    };
    let files = |number: usize| -> Vec<String> {
        let text = fs::read(folder.path().join(format!("out.{number}.jsonl"))).unwrap();
        lines(&text).iter().map(|line| line["file"].as_str().unwrap().to_owned()).collect()
    };
    for rank in 0..2 {
        let output = launched(rank, 2, &["takes", "--jsonl", "out.jsonl"]);
        assert!(output.status.success(), "{}", told(&output));
    }
    assert_eq!([files(1).len(), files(2).len()], [2, 2]);
    assert_eq!([files(1), files(2)].concat().into_iter().collect::<BTreeSet<_>>().len(), 4);
    // more processes than files: what others have done stays done, and nobody complains
    fs::copy(asset("samples/walk.bvh"), folder.path().join("takes/walk.bvh")).unwrap();
    for rank in 0..6 {
        let output = launched(rank, 6, &["takes", "--jsonl", "out.jsonl"]);
        assert!(output.status.success(), "{}", told(&output));
    }
    let all: Vec<String> = (1..=6).flat_map(files).collect();
    assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (5, 5), "{all:?}");
    // what would mix, or reach one only
    for (arguments, said) in [(&["takes"][..], "--jsonl"), (&["-", "--jsonl", "out.jsonl"], "standard input")] {
        let output = launched(0, 2, arguments);
        assert!(!output.status.success() && told(&output).contains(said), "{}", told(&output));
    }
}

#[test]
fn labels_may_be_other_ones_and_what_is_wrong_is_named() {
    let folder = takes();
    fs::write(folder.path().join("labels.txt"), "fly\nSquat\n").unwrap();
    let output = label(folder.path(), &["takes/squat.bvh", "--labels", "labels.txt"]);
    assert_eq!(lines(&output.stdout)[0]["label"], "squat");
    fs::write(folder.path().join("empty.txt"), "\n").unwrap();
    fs::create_dir(folder.path().join("nothing")).unwrap();
    fs::write(folder.path().join("diary.txt"), "Dear diary,").unwrap();
    for (arguments, said) in [
        (&["gone"][..], "gone"),
        (&["nothing"], "no motion files"),
        (&["takes", "--labels", "empty.txt"], "empty.txt"),
        (&["takes", "--jsonl", "diary.txt"], "diary.txt"),
        (&["takes", "--shard", "3/2"], "3/2"),
        (&["takes", "--model", "gone"], "gone"),
        (&["-", "-"], "once"),
    ] {
        let output = label(folder.path(), arguments);
        assert!(!output.status.success() && told(&output).contains(said), "{arguments:?}: {}", told(&output));
    }
    assert_eq!(fs::read_to_string(folder.path().join("diary.txt")).unwrap(), "Dear diary,");
}

/// A SUGAR model that was taught nothing, beside the small sentence encoder.
fn sugar(folder: &Path, seed: u64) -> PathBuf {
    sugar_beside(&case("sentence-tiny"), folder, seed)
}

fn sugar_beside(text: &Path, folder: &Path, seed: u64) -> PathBuf {
    let model = folder.join(format!("model{seed}"));
    let device = Device::flex();
    let (text, sentences) = TextEncoder::of(text, &device).unwrap();
    let input = Input { window: 8, ..Input::default() };
    let walk = read_file(asset("samples/walk.bvh"), &ReadOptions::default()).unwrap();
    let network = graph_of(&walk, &input, text.width, PUBLISHED_WIDTH);
    let encoder = SkeletonEncoder::new(&network, &device).unwrap().fresh(seed);
    let config =
        SugarModelConfig { system: SYSTEM.into(), labels: vec!["walk".into()], input, network, text, narrator: None };
    let known = [("walk".to_owned(), unit(sentences.embed(&["walk"]).unwrap().remove(0)))].into();
    write(&encoder, &config, &known, &model, Precision::F32).unwrap();
    model
}

fn search(folder: &Path, arguments: &[&str]) -> Output {
    run(env!("CARGO_BIN_EXE_search"), folder, arguments)
}

fn hits_of(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", told(output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    json["hits"].as_array().unwrap().clone()
}

const MODEL: [&str; 4] = ["--model", "model1", "--device", "cpu"];

#[test]
fn takes_are_found_by_example_and_by_words() {
    let folder = takes();
    sugar(folder.path(), 1);
    let found =
        hits_of(&search(folder.path(), &[&MODEL[..], &["takes", "--like", "takes/squat.bvh", "--json"]].concat()));
    assert!(found[0]["file"].as_str().unwrap().ends_with("squat.bvh"));
    assert!(found[0]["score"].as_f64().unwrap() > 0.99, "{found:?}");
    // the long take has windows that do not overlap, the short ones are whole
    let long: Vec<&Value> = found.iter().filter(|hit| hit["file"].as_str().unwrap().ends_with("long.bvh")).collect();
    assert!(
        long.len() > 1
            && long.iter().all(|hit| {
                (hit["end_seconds"].as_f64().unwrap() - hit["start_seconds"].as_f64().unwrap() - 3.0).abs() < 0.1
            })
    );
    let output = search(folder.path(), &[&MODEL[..], &["takes", "somebody kicks to the side", "--top", "2"]].concat());
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).lines().count() == 2);
    assert!(told(&output).contains("broken.bvh"), "a bad file is told: {}", told(&output));
    let json = hits_of(&search(folder.path(), &[&MODEL[..], &["takes", "kick", "--json"]].concat()));
    let scores: Vec<f64> = json.iter().map(|hit| hit["score"].as_f64().unwrap()).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]) && scores.len() > 3, "{scores:?}");
}

#[test]
fn an_index_takes_in_only_what_is_new_or_has_changed() {
    let folder = takes();
    sugar(folder.path(), 1);
    let update = || {
        let arguments = [&MODEL[..], &["takes", "--index", "takes.index", "--only-index"]].concat();
        told(&search(folder.path(), &arguments))
    };
    let first = update();
    assert!(first.contains("3 added, 0 changed, 0 as before, 0 gone, 1 cannot be used"), "{first}");
    let whole = fs::read(folder.path().join("takes.index")).unwrap();
    assert!(update().contains("0 added, 0 changed, 3 as before, 0 gone"));
    assert_eq!(fs::read(folder.path().join("takes.index")).unwrap(), whole);
    // written again with what it held, another motion, a new one, one less
    let below = folder.path().join("takes");
    fs::write(below.join("squat.bvh"), fs::read(below.join("squat.bvh")).unwrap()).unwrap();
    fs::copy(asset("samples/clap.bvh"), below.join("more/wave.bvh")).unwrap();
    fs::copy(asset("samples/walk.bvh"), below.join("walk.bvh")).unwrap();
    fs::remove_file(below.join("more/long.bvh")).unwrap();
    let now = update();
    assert!(now.contains("1 added, 1 changed, 1 as before, 1 gone"), "{now}");
    // all of the index, without looking at any file
    fs::remove_file(below.join("walk.bvh")).unwrap();
    let all = [&MODEL[..], &["--index", "takes.index", "walk", "--json"]].concat();
    let found = hits_of(&search(folder.path(), &all));
    assert_eq!(found.len(), 3);
    assert!(found.iter().any(|hit| hit["file"].as_str().unwrap().ends_with("walk.bvh")));
    // of a folder only what lies below it
    let part = [&MODEL[..], &["--index", "takes.index", "takes/more", "walk", "--json"]].concat();
    assert_eq!(hits_of(&search(folder.path(), &part)).len(), 1);
    assert_eq!(hits_of(&search(folder.path(), &all)).len(), 3, "what lies elsewhere stays in the index");
}

#[test]
fn shards_are_merged_and_what_does_not_fit_is_named() {
    let folder = takes();
    sugar(folder.path(), 1);
    sugar(folder.path(), 2);
    for (take, index) in [("takes/squat.bvh", "a"), ("takes/more", "b")] {
        let arguments = [&MODEL[..], &[take, "--index", index, "--only-index"]].concat();
        assert!(search(folder.path(), &arguments).status.success());
    }
    let merged = search(folder.path(), &["--merge", "a", "b", "--out", "all"]);
    assert!(told(&merged).contains("3 files"), "{}", told(&merged));
    let arguments = [&MODEL[..], &["--index", "all", "--like", "takes/squat.bvh", "--json"]].concat();
    assert!(hits_of(&search(folder.path(), &arguments))[0]["file"].as_str().unwrap().ends_with("squat.bvh"));
    let other = ["--model", "model2", "takes", "--index", "c", "--only-index"];
    assert!(search(folder.path(), &other).status.success());
    fs::write(folder.path().join("broken.index"), vec![b'S'; 500]).unwrap();
    for (arguments, said) in [
        (&["--merge", "a", "c", "--out", "d"][..], "c: an index of another model"),
        (&["--model", "model2", "--index", "a", "walk"], "a is an index of another model"),
        (&["--model", "model1", "--index", "broken.index", "walk"], "broken.index"),
        (&["--model", "model1", "--index", "gone", "walk"], "gone is not there"),
        (&["--model", "model1", "walk"], "where to search"),
        (&["--model", "model1", "takes"], "what to look for"),
        (&["--model", "model1", "gone", "walk"], "gone is not there"),
        (&["--model", "model1", "takes", " "], "empty"),
        (&["--model", "gone", "takes", "walk"], "gone"),
        (&["--model", "model1", "takes", "--like", "takes/broken.bvh"], "broken.bvh"),
        (&["takes", "walk"], "--model"),
        (&["--merge", "a"], "--out"),
    ] {
        let output = search(folder.path(), arguments);
        assert!(!output.status.success() && told(&output).contains(said), "{arguments:?}: {}", told(&output));
    }
    assert!(!folder.path().join("d").exists());
}

/// Computed vectors stand for the takes: how long they would take to be looked at is another question.
#[test]
#[ignore = "a measurement: run it by name with --nocapture"]
fn a_hundred_thousand_takes_are_searched_at_once() {
    const TAKES: usize = 100_000;
    let Some(minilm) = fetched("minilm") else { return };
    let folder = tempfile::tempdir().unwrap();
    let model = sugar_beside(&minilm, folder.path(), 1);
    let mut index = Index::new(checksum(&model).unwrap(), 384);
    let mut random = Mt19937::new(7);
    for take in 0..TAKES {
        let path = format!("/takes/{:03}/take_{take:06}.bvh", take / 1000);
        let file = IndexedFile { path, size: 1, modified: 0, hash: "0".repeat(64) };
        index.add(file, &[(0.0..4.0, unit(random.normals(384, 1.0)))]);
    }
    let path = folder.path().join("takes.index");
    index.write(&path).unwrap();
    let mib = fs::metadata(&path).unwrap().len() as f64 / (1 << 20) as f64;
    let wanted = unit(random.normals(384, 1.0));
    let start = std::time::Instant::now();
    let read = Index::read(&path).unwrap();
    let reading = start.elapsed();
    let start = std::time::Instant::now();
    let hits = read.search(&wanted, 10, |_| true);
    let looking = start.elapsed();
    assert!(hits.len() == 10 && hits[0].score > 0.1);
    let start = std::time::Instant::now();
    let found = ["somebody kicks to the side", "walk"].map(|words| {
        let arguments = [&MODEL[..], &["--index", "takes.index", "--json", words]].concat();
        let start = std::time::Instant::now();
        (hits_of(&search(folder.path(), &arguments)), start.elapsed())
    });
    let both = start.elapsed();
    eprintln!("{TAKES} takes, {mib:.1} MiB: read in {reading:.0?}, looked through in {looking:.0?}");
    for (words, (_, time)) in ["a sentence", "a label that needs no sentence encoder"].iter().zip(&found) {
        eprintln!("the program, {words}: {time:.0?}");
    }
    assert!(both.as_secs() < 20);
}
