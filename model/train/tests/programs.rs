//! The programs as a user runs them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(root()).output().expect("the program was built")
}

#[test]
fn evaluate_writes_the_figures_it_promises() {
    let folder = tempfile::tempdir().unwrap();
    let set = samples(folder.path(), [("walk.bvh", "walk"), ("squat.bvh", "squat")], "val");
    let (json, picture) = (folder.path().join("s.json"), folder.path().join("c.png"));
    let output = run(
        env!("CARGO_BIN_EXE_evaluate"),
        &[
            "--data",
            set.to_str().unwrap(),
            "--device",
            "cpu",
            "--json",
            json.to_str().unwrap(),
            "--confusion",
            picture.to_str().unwrap(),
        ],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let scores: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let own = &scores["sets"]["samples"];
    assert_eq!(own["clips"], 2);
    for field in ["top1_own", "top5_own", "top1_all", "top5_all"] {
        assert!((0.0..=1.0).contains(&own[field].as_f64().unwrap()), "{field}");
    }
    assert_eq!(own["top5_own"], 1.0, "there are only two labels");
    assert_eq!(scores["top1_all"], own["top1_all"]);
    assert!(std::fs::read(picture).unwrap().starts_with(b"\x89PNG"));
}

#[cfg(not(feature = "mpi"))]
#[test]
fn processes_that_know_nothing_of_each_other_do_not_train() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    for [rank, size] in [["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"], ["SLURM_PROCID", "SLURM_NTASKS"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_train"))
            .args(["--data", "assets/samples", "--out", out.to_str().unwrap()])
            .envs([(rank, "1"), (size, "4")])
            .current_dir(root())
            .output()
            .expect("the program was built");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && told.contains("process 1 of 4") && told.contains("--features mpi"),
            "{told}"
        );
        assert!(!out.exists(), "nothing was begun");
    }
}

/// Runs `evaluate` on the CPU; what it printed.
fn evaluate(arguments: &[&str]) -> String {
    let output = run(env!("CARGO_BIN_EXE_evaluate"), &[arguments, &["--device", "cpu"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A folder as NTU RGB+D's: three samples of two subjects, all of them the shipped wave.
fn ntu_folder(parent: &Path) -> PathBuf {
    let folder = parent.join("nturgb+d_skeletons");
    std::fs::create_dir(&folder).unwrap();
    for name in ["S001C001P001R001A001", "S001C001P003R001A011", "S001C001P003R002A027"] {
        let wave = root().join("assets/samples/wave_left_hand.skeleton");
        std::fs::copy(wave, folder.join(format!("{name}.skeleton"))).unwrap();
    }
    folder
}

#[test]
fn a_protocol_is_judged_and_its_answers_are_scored() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = ntu_folder(temporary.path());
    let (scores, said) = (temporary.path().join("s.json"), temporary.path().join("said.tsv"));
    let missing = temporary.path().join("missing.txt");
    std::fs::write(&missing, "One sample is missing.\n\nS001C001P003R002A027\n").unwrap();
    evaluate(&[
        "--data",
        folder.to_str().unwrap(),
        "--protocol",
        "zero-shot-55-5",
        "--missing-samples",
        missing.to_str().unwrap(),
        "--recognition-only",
        "--answers",
        said.to_str().unwrap(),
        "--json",
        scores.to_str().unwrap(),
    ]);
    let scores = json(&scores);
    let own = &scores["sets"]["nturgb+d_skeletons"];
    assert_eq!((&own["clips"], &own["top5_own"]), (&1.into(), &1.0.into()), "one of five unseen classes: {own}");
    assert_eq!(scores["answers"]["samples"], 1);
    let text = std::fs::read_to_string(&said).unwrap();
    assert!(text.starts_with("S001C001P003R001A011\t") && text.lines().count() == 1, "{text:?}");

    std::fs::write(&said, "S001C001P003R001A011_q0\tIt is reading.\nS001C001P003R002A027\tjump up\n").unwrap();
    let printed = evaluate(&["--score", said.to_str().unwrap()]);
    assert!(printed.contains("100.00 % contain the label") && printed.contains("50.00 % are the label"), "{printed}");
}

#[test]
fn neighbours_and_robustness_are_tabulated() {
    let temporary = tempfile::tempdir().unwrap();
    let set = temporary.path().join("set");
    std::fs::create_dir(&set).unwrap();
    let mut metadata = String::new();
    for (file, split, label) in [
        ("walk.bvh", "train", "\"walk\""),
        ("squat.bvh", "train", "\"squat\""),
        ("wave_left_hand.bvh", "val", "null"),
        ("squat.bvh", "val", "\"squat\""),
    ] {
        std::fs::copy(root().join("assets/samples").join(file), set.join(file)).unwrap();
        metadata += &format!("{{\"file_name\": \"{file}\", \"label\": {label}, \"split\": \"{split}\"}}\n");
    }
    std::fs::write(set.join("metadata.jsonl"), metadata).unwrap();
    let (scores, table) = (temporary.path().join("s.json"), temporary.path().join("t.md"));
    let model = root().join("assets/nano");
    evaluate(&[
        "--data",
        set.to_str().unwrap(),
        "--baseline",
        "--robustness",
        "--table",
        table.to_str().unwrap(),
        "--against",
        model.to_str().unwrap(),
        "--json",
        scores.to_str().unwrap(),
    ]);
    let scores = json(&scores);
    assert_eq!(scores["sets"]["set"]["clips"], 1, "a clip without a label is no clip to recognise");
    assert_eq!(scores["sets"]["set"]["baseline"]["top1_all"], 1.0, "the same squat is in the training half");
    assert_eq!(scores["mean"]["baseline_all"], 1.0);
    assert_eq!((&scores["against"]["ahead_points"], &scores["against"]["same_answer"]), (&0.0.into(), &1.0.into()));
    assert_eq!(scores["families"]["unanswerable"]["asked"], 2, "unanswerable whether labelled or not");
    assert!((0.0..=1.0).contains(&scores["answerable_declined"].as_f64().unwrap()));
    let rows = scores["robustness"].as_array().unwrap();
    assert_eq!(rows.len(), 12);
    assert_eq!(rows[0]["mean"], scores["mean"]["top1_all"], "the first row changes nothing");
    assert_eq!(rows[0]["baseline"], 1.0);
    assert_eq!(std::fs::read_to_string(table).unwrap().lines().count(), 14);
}

#[test]
fn what_evaluate_cannot_do_it_says() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = ntu_folder(temporary.path());
    let folder = folder.to_str().unwrap();
    for (arguments, expected) in [
        (vec!["--data", folder, "--baseline"], "which half"),
        (vec!["--data", "assets/fonts"], "metadata.jsonl"),
        (vec!["--data", folder, "--protocol", "xsub", "--missing-samples", "README.md"], "README.md"),
        (vec!["--score", "README.md"], "README.md, line 1"),
    ] {
        let output = run(env!("CARGO_BIN_EXE_evaluate"), &[&arguments[..], &["--device", "cpu"]].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with("evaluate: ") && error.contains(expected), "{error}");
    }
}

/// What teachers are asked about.
const EXPLAINED: [(&str, &str); 2] = [("wave_left_hand.bvh", "wave left hand"), ("squat.bvh", "squat")];

/// A data folder of samples, all in one split.
fn samples(folder: &Path, clips: [(&str, &str); 2], split: &str) -> PathBuf {
    let set = folder.join("samples");
    std::fs::create_dir(&set).unwrap();
    let mut metadata = String::new();
    for (file, label) in clips {
        std::fs::copy(root().join("assets/samples").join(file), set.join(file)).unwrap();
        metadata += &format!("{{\"file_name\": \"{file}\", \"label\": \"{label}\", \"split\": \"{split}\"}}\n");
    }
    std::fs::write(set.join("metadata.jsonl"), metadata).unwrap();
    set
}

#[test]
fn the_built_in_teacher_explains_the_samples() {
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (samples(folder.path(), EXPLAINED, "train"), folder.path().join("r.jsonl"));
    let arguments = ["kinematic", "--data", set.to_str().unwrap(), "--out", out.to_str().unwrap()];
    for added in ["2 rationales added", "0 rationales added"] {
        let output = run(env!("CARGO_BIN_EXE_rationales"), &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.contains(added), "{said}");
    }
    let text = std::fs::read_to_string(out).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(lines[0]["file_name"], "wave_left_hand.bvh");
    let rationale = lines[0]["rationale"].as_str().unwrap();
    assert!(rationale.contains("left hand goes up") && rationale.ends_with("\nLabel: wave left hand"), "{rationale}");
}

#[test]
fn an_endpoint_is_asked_only_after_a_yes_and_its_key_stays_secret() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (samples(folder.path(), EXPLAINED, "train"), folder.path().join("r.jsonl"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    // tells the label back that stands at the end of the prompt; ends with the test program
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut request, mut part) = (Vec::new(), [0; 4096]);
            while !request.ends_with(b"}") {
                let read = stream.read(&mut part).unwrap();
                request.extend_from_slice(&part[..read]);
            }
            let request = String::from_utf8(request).unwrap();
            assert!(request.contains("Bearer sk-secret\r\n"), "{request}");
            let label = if request.contains("Label: squat") { "squat" } else { "wave left hand" };
            let body = serde_json::json!({"choices": [{"message": {"content": format!("So it is.\nLabel: {label}")}}],
                "usage": {"prompt_tokens": 1000, "completion_tokens": 10}});
            let body = body.to_string();
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                .unwrap();
        }
    });
    let ask = |yes: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_rationales"))
            .args(["endpoint", "--data", set.to_str().unwrap(), "--out", out.to_str().unwrap(), "--url", &url])
            .args(["--model", "eyes", "--size", "32", "--device", "cpu", "--requests-per-minute", "6000"])
            .args(["--price-in", "1000", "--price-out", "1000"])
            .args(yes)
            .env("SKELETONLLM_KEY", "sk-secret")
            .current_dir(root())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("sk-secret") && output.stdout.is_empty(), "{said}");
        (output.status.code(), said)
    };
    let (code, said) = ask(&[]);
    assert!(code == Some(1) && said.contains("for each of 2 clips") && said.contains("nothing was sent"), "{said}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "");
    let (code, said) = ask(&["--yes"]);
    assert!(code == Some(0) && said.contains("2000 tokens in, 20 out, about 2.02"), "{said}");
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.lines().count() == 2 && !text.contains("sk-secret"), "{text}");
    let (code, said) = ask(&[]);
    assert!(code == Some(0) && said.contains("2 of them explained already"), "{said}");
}

#[test]
fn systems_are_compared_and_what_was_done_is_not_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let clips = [("walk.bvh", "walk"), ("squat.bvh", "squat")];
    let set = folder.path().join("samples");
    skeletonllm_checks::samples(&set, &clips, &["train", "val"]);
    let out = folder.path().join("out");
    let arguments = ["--data", set.to_str().unwrap(), "--out", out.to_str().unwrap(), "--epochs", "1", "--only", "s2i"];
    let compare = || run(env!("CARGO_BIN_EXE_compare"), &[&arguments[..], &["--device", "cpu"]].concat());
    let output = compare();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = json(&out.join("compare.json"));
    // what was learned by heart is its own nearest neighbour
    assert_eq!((&rows[0]["name"], &rows[0]["own"]), (&"nearest neighbour".into(), &1.0.into()));
    let row = &rows[1];
    assert_eq!(row["name"], "s2i");
    for share in ["own", "all", "worse_recordings", "other_skeletons", "few"] {
        assert!((0.0..=1.0).contains(&row[share].as_f64().unwrap()), "{share}: {row}");
    }
    for cost in ["parameters", "bytes", "milliseconds", "minutes"] {
        assert!(row[cost].as_f64().unwrap() > 0.0, "{cost}: {row}");
    }
    assert!(row["unseen"].is_null());
    assert!(std::fs::read(out.join("compare.png")).unwrap().starts_with(b"\x89PNG"));
    assert_eq!(std::fs::read(out.join("compare.md")).unwrap(), output.stdout);
    let again = compare();
    assert_eq!(json(&out.join("compare.json"))[1], *row, "nothing was trained or measured again");
    assert!(!String::from_utf8_lossy(&again.stderr).contains("training"), "{}", String::from_utf8_lossy(&again.stderr));
    let other = [&arguments[..4], &["--epochs", "40", "--only", "s2i", "--device", "cpu"]].concat();
    let other = run(env!("CARGO_BIN_EXE_compare"), &other);
    let told = String::from_utf8_lossy(&other.stderr);
    assert!(!other.status.success() && told.contains("other settings"), "{told}");
    for (more, expected) in [
        (["--only", "sugar"], "--text"),
        (["--config", "mcml=narrow.json"], "'mcml' is none of skeletonllm, mmcl"),
        (["--config", "skeletonllm=narrow.json"], "cannot read narrow.json"),
    ] {
        let refused = run(env!("CARGO_BIN_EXE_compare"), &[&arguments[..4], &more, &["--device", "cpu"]].concat());
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && told.contains(expected), "{told}");
    }
}

#[test]
fn systems_are_not_compared_on_what_they_learned_from() {
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (folder.path().join("set"), folder.path().join("out"));
    std::fs::create_dir(&set).unwrap();
    std::fs::copy(root().join("assets/samples/walk.bvh"), set.join("walk.bvh")).unwrap();
    std::fs::write(set.join("metadata.jsonl"), "{\"file_name\": \"walk.bvh\", \"label\": \"walk\"}\n").unwrap();
    let ntu = ntu_folder(folder.path());
    for (program, data, more, expected) in [
        (env!("CARGO_BIN_EXE_compare"), &set, vec![], "which half"),
        (env!("CARGO_BIN_EXE_ablate"), &set, vec![], "which half"),
        (env!("CARGO_BIN_EXE_compare"), &ntu, vec!["--protocol", "zero-shot-55-5"], "--unseen"),
    ] {
        let arguments = ["--data", data.to_str().unwrap(), "--out", out.to_str().unwrap(), "--device", "cpu"];
        let output = run(program, &[&arguments[..], &more].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(expected), "{told}");
        assert!(!out.exists(), "nothing was begun");
    }
}

#[test]
fn train_tells_what_a_base_takes_and_what_it_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let set = samples(folder.path(), [("walk.bvh", "walk"), ("squat.bvh", "squat")], "train");
    let train = |arguments: &[&str]| {
        let data = ["--data", set.to_str().unwrap(), "--device", "cpu"];
        let output = run(env!("CARGO_BIN_EXE_train"), &[arguments, &data].concat());
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let base = ["--base", "assets/nano", "--base-bits", "4", "--lora-rank", "8", "--dry-run"];
    let (done, told) = train(&base);
    assert!(done, "{told}");
    for stage in 1..=4 {
        assert!(told.contains(&format!("stage {stage}: ")), "{told}");
    }
    for part in ["B  weights", "B  kept of the tower", "B  in all", "multiplications", "for 3 steps"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let (done, told) = train(&["--base", "assets/nano", "--base-bits", "5", "--dry-run"]);
    assert!(!done && told.contains("5 bits; it is 8 or 4"), "{told}");
    let (done, told) = train(&["--base", "assets/words", "--dry-run"]);
    assert!(!done && told.contains("config.json"), "{told}");
    let (done, told) = train(&["--base", "assets/nano", "--lora-targets", "lm_head", "--dry-run"]);
    assert!(!done && told.contains("lora_targets names `lm_head`"), "{told}");
    let (done, told) = train(&["--base", "assets/nano", "--system", "mmcl", "--dry-run"]);
    assert!(!done && told.contains("for --system skeletonllm"), "{told}");
}
