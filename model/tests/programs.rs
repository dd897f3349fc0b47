//! The programs as a user runs them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(root()).output().expect("the program was built")
}

fn ask(arguments: &[&str]) -> String {
    let output = run(env!("CARGO_BIN_EXE_ask"), arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_shipped_model_tells_the_samples_apart() {
    for (file, label) in [("wave_left_hand.bvh", "wave left hand"), ("raise_right_hand.bvh", "raise up right hand")] {
        let path = format!("assets/samples/{file}");
        let json: serde_json::Value =
            serde_json::from_str(&ask(&[&path, "What is the person doing?", "--json", "--device", "cpu"])).unwrap();
        assert_eq!(json["top"][0]["label"], label, "{file}: {json:#}");
        assert_eq!(json["answer"], label, "{file}: {json:#}");
    }
}

#[test]
fn a_second_opinion_looks_at_the_joints() {
    let asked =
        ["assets/samples/wave_left_hand.bvh", "What is the person doing?", "--device", "cpu", "--second-opinion"];
    let json: serde_json::Value = serde_json::from_str(&ask(&[&asked[..], &["--json"]].concat())).unwrap();
    let second = &json["second_opinion"];
    assert_eq!((&second["label"], &second["agrees"]), (&"wave left hand".into(), &true.into()), "{json:#}");
    assert!(second["probability"].as_f64().is_some_and(|p| p > 0.0 && p <= 1.0), "{json:#}");
    let told = String::from_utf8(run(env!("CARGO_BIN_EXE_ask"), &asked).stderr).unwrap();
    assert!(told.contains("second opinion, from the joints: wave left hand") && told.contains("agrees"), "{told}");
    let wrong = [&asked[..4], &["--second-opinion=assets/nano"]].concat();
    let output = run(env!("CARGO_BIN_EXE_ask"), &wrong);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("assets/nano/config.json"), "{told}");
}

#[test]
fn hands_are_told_apart_in_every_format() {
    for file in ["wave_left_hand.bvh", "wave_left_hand.skeleton"] {
        let path = format!("assets/samples/{file}");
        assert_eq!(ask(&[&path, "Which hand does the person move?", "--device", "cpu"]), "left hand", "{file}");
    }
}

/// Two samples side by side in one BVH, a metre and a half apart, as long as the shorter one.
fn two_people(first: &str, second: &str) -> String {
    let halves = [(first, "A:", 0.0), (second, "B:", 150.0)].map(|(file, who, aside)| {
        let text = std::fs::read_to_string(root().join("assets/samples").join(file)).unwrap();
        let (hierarchy, rows) = text.split_once("MOTION").expect("two halves");
        let named = hierarchy.replace("HIERARCHY", "").replace("ROOT ", &format!("ROOT {who}"));
        let rows: Vec<String> = rows
            .lines()
            .filter(|line| line.split_whitespace().count() > 6)
            .map(|row| {
                let (x, rest) = row.split_once(' ').expect("numbers");
                format!("{} {rest}", x.parse::<f32>().expect("a number") + aside)
            })
            .collect();
        (named.replace("JOINT ", &format!("JOINT {who}")), rows)
    });
    let [(a, first), (b, second)] = halves;
    let rows: Vec<String> = first.iter().zip(&second).map(|(a, b)| format!("{a} {b}")).collect();
    format!("HIERARCHY{a}{b}MOTION\nFrames: {}\nFrame Time: 0.0333333\n{}\n", rows.len(), rows.join("\n"))
}

#[test]
fn each_of_two_people_can_be_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.bvh");
    std::fs::write(&path, two_people("wave_left_hand.bvh", "raise_right_hand.bvh")).unwrap();
    let path = path.to_str().unwrap();
    let hand = |person| ask(&[path, "Which hand does the person move?", "--person", person, "--device", "cpu"]);
    assert_eq!((hand("1").as_str(), hand("2").as_str()), ("left hand", "right hand"));
    assert_eq!(ask(&[path, "How many people are there?", "--device", "cpu"]), "two people");
    let output = run(env!("CARGO_BIN_EXE_ask"), &[path, "Who?", "--person", "3", "--device", "cpu"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("there is no person 3: there are 2"), "{errors}");
}

/// The sample with a chair beside the person, which is tracked as a body all along and listed first: the person's first
/// pose, less than half as large, and shaking by a few millimetres.
fn beside_a_chair() -> String {
    let text = std::fs::read_to_string(root().join("assets/samples/wave_left_hand.skeleton")).unwrap();
    let mut words = text.split_whitespace();
    let frames: usize = words.next().unwrap().parse().unwrap();
    let mut out = format!("{frames}\n");
    let mut chair: Option<Vec<[f32; 3]>> = None;
    for t in 0..frames {
        assert_eq!(words.next(), Some("1"), "one person");
        let body: Vec<&str> = words.by_ref().take(11 + 25 * 12).collect();
        let place = |joint: &[&str]| [0, 1, 2].map(|c| joint[c].parse::<f32>().unwrap());
        let first = body[11..].chunks_exact(12).map(place);
        let chair = chair.get_or_insert_with(|| {
            first.map(|[x, y, z]| [0.45 * x + 0.9, 0.45 * y - 0.4, 0.45 * (z - 3.0) + 3.4]).collect()
        });
        out += "2\n5 0 1 1 1 1 0 0 0 2\n25\n";
        for (j, [x, y, z]) in chair.iter().enumerate() {
            let shake = |c: usize| 0.004 * (((7 * t + 3 * j + c) * 2_654_435_761) % 1000) as f32 / 1000.0;
            out += &format!("{} {} {} 0 0 0 0 1 0 0 0 2\n", x + shake(0), y + shake(1), z + shake(2));
        }
        out += &format!("{}\n", body.join(" "));
    }
    out
}

#[test]
fn furniture_is_not_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chair.skeleton");
    std::fs::write(&path, beside_a_chair()).unwrap();
    let path = path.to_str().unwrap();
    let answer = |question| ask(&[path, question, "--device", "cpu"]);
    assert_eq!(answer("Which hand does the person move?"), "left hand");
    assert_eq!(answer("How many people are there?"), "one person");
    // as the reference reads the file, both are drawn
    for (slots, bodies) in [("people", "one body"), ("file", "2 bodies")] {
        let question = [path, "How many people are there?", "--slots", slots, "-v", "--device", "cpu"];
        let told = String::from_utf8(run(env!("CARGO_BIN_EXE_ask"), &question).stderr).unwrap();
        assert!(told.contains(bodies), "{told}");
    }
}

#[test]
fn questions_may_be_typed_carelessly() {
    let answer = ask(&["assets/samples/wave_left_hand.bvh", "which hand does she use", "--device", "cpu"]);
    assert_eq!(answer, "left hand");
}

#[test]
fn what_a_file_does_not_state_is_said_in_one_line() {
    let file = "assets/samples/wave_left_hand.bvh";
    let question = "Which hand does the person move?";
    let told = |more: &[&str]| {
        let output = run(env!("CARGO_BIN_EXE_ask"), &[&[file, question, "--device", "cpu"], more].concat());
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "left hand\n", "the answer stands alone");
        String::from_utf8(output.stderr).unwrap()
    };
    let line = told(&[]);
    assert!(line.starts_with("ask: assets/samples/wave_left_hand.bvh: read as BVH: unit cm (inferred: "), "{line}");
    assert!(line.contains("up +y (") && line.ends_with("--unit, --up override\n"), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert_eq!(told(&["--unit", "cm", "--up", "+y"]), "", "nothing was guessed");

    let json = run(env!("CARGO_BIN_EXE_ask"), &[file, question, "--device", "cpu", "--json"]);
    assert!(json.stderr.is_empty());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let read = &json["read"];
    assert_eq!([&read["format"], &read["unit"], &read["up"]], ["BVH", "cm", "+y"]);
    assert_eq!((&read["unit_from"]["known"], &read["parts_from"]["known"]), (&"inferred".into(), &"stated".into()));
}

#[test]
fn what_no_skeleton_shows_is_declined() {
    let answer = ask(&["assets/samples/squat.bvh", "What colour is the shirt?", "--device", "cpu"]);
    assert!(answer.to_lowercase().contains("skeleton"), "{answer}");
}

#[test]
fn a_sheet_is_written_and_questions_come_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("sheet.png");
    let questions = folder.path().join("questions.txt");
    std::fs::write(&questions, "What is the person doing?\n\nWhich hand does the person move?\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ask"))
        .args(["assets/samples/wave_left_hand.bvh", "--device", "cpu", "--sheet", sheet.to_str().unwrap()])
        .current_dir(root())
        .stdin(std::fs::File::open(questions).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 2);
    assert!(std::fs::read(sheet).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn bad_input_gives_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.bvh");
    std::fs::write(&broken, "HIERARCHY\nROOT Hips\n{\n  OFFSET 0 zero 0\n").unwrap();
    for (arguments, expected) in [
        (vec!["assets/samples/none.bvh", "what?"], "none.bvh"),
        (vec![broken.to_str().unwrap(), "what?"], "line 4"),
        (vec!["assets/samples/walk.bvh", "what?", "--model", "assets"], "config.json"),
    ] {
        let arguments = [&arguments[..], &["--device", "cpu"]].concat();
        let output = run(env!("CARGO_BIN_EXE_ask"), &arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with("ask: ") && error.trim_end().lines().count() == 1, "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_cause_is_told_once() {
    for arguments in [
        vec!["assets/samples/none.bvh", "what?"],
        vec!["assets/samples/walk.bvh", "what?", "--model", "assets"],
        vec!["assets/samples/walk.bvh", "what?", "--sheet", "no/such/folder/sheet.png"],
    ] {
        let arguments = [&arguments[..], &["--device", "cpu"]].concat();
        let output = run(env!("CARGO_BIN_EXE_ask"), &arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        let cause = std::fs::read("no such file").unwrap_err().to_string();
        assert_eq!(error.matches(&cause).count(), 1, "{error}");
    }
}

#[test]
fn a_reader_may_have_seen_enough() {
    let question = ["assets/samples/walk.bvh", "What is the person doing?", "--device", "cpu"];
    for arguments in [&question[..], &[&question[..], &["--json"]].concat()] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_ask"));
        let output = command.args(arguments).current_dir(root()).stdout(writer).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        // the one line that says what was guessed, which JSON holds itself
        let lines = usize::from(!arguments.contains(&"--json"));
        assert!(output.status.success() && said.lines().count() == lines, "{said}");
        assert!(said.lines().all(|line| line.contains(": read as BVH: ")), "{said}");
    }
}

#[test]
fn an_axis_may_point_down() {
    let file = "assets/samples/wave_left_hand.bvh";
    let seen = |up: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let sheet = folder.path().join("sheet.png");
        let arguments = [&[file, "what?", "--device", "cpu", "--sheet", sheet.to_str().unwrap()], up].concat();
        let answer = ask(&arguments);
        assert!(!answer.is_empty());
        std::fs::read(sheet).unwrap()
    };
    let [inferred, up, down] = [&[][..], &["--up", "+y"], &["--up", "-y"]].map(seen);
    assert!(inferred == up, "the file's y axis points up");
    assert!(down != up, "upside down it looks otherwise");
    assert!(down == seen(&["--up=-y"]));
}
