//! The program `convert`, as people and scripts call it.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use draction::motion::{Motion, ReadOptions, read_file};

/// Runs the program in a folder.
fn convert(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_convert");
    Command::new(program).args(arguments).current_dir(folder).output().expect("a program")
}

fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = convert(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The last line of standard error of a run that fails.
fn refuse(folder: &Path, arguments: &[&str]) -> String {
    let output = convert(folder, arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
    assert!(!told.contains("panicked"), "{told}");
    told.lines().last().unwrap_or_default().to_owned()
}

/// A folder with a sample in it.
fn folder_with(sample: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(skeletonllm_checks::asset(&format!("samples/{sample}")), folder.path().join(sample)).unwrap();
    folder
}

fn motion(path: &Path) -> Motion {
    read_file(path, &ReadOptions::default()).unwrap().without_empty_bodies()
}

/// How far joints of the same names are apart, in metres along an axis.
fn farthest(a: &Motion, b: &Motion) -> f32 {
    assert_eq!((a.frames(), a.joints()), (b.frames(), b.joints()));
    let mut farthest: f32 = 0.0;
    for (j, name) in a.skeleton.names.iter().enumerate() {
        let k = b.skeleton.joint(name).expect("the same joints");
        for t in 0..a.frames() {
            let (p, q) = (a.position(t, 0, j), b.position(t, 0, k));
            farthest = (0..3).map(|i| (p[i] - q[i]).abs()).fold(farthest, f32::max);
        }
    }
    farthest
}

#[test]
fn every_format_is_written_and_ours_are_read_back() {
    for sample in ["walk.bvh", "wave_left_hand.skeleton"] {
        let folder = folder_with(sample);
        let path = |name: &str| folder.path().join(name);
        let original = motion(&path(sample));
        succeed(folder.path(), &[sample, "--out", "again.bvh"]);
        assert!(farthest(&original, &motion(&path("again.bvh"))) < 5e-4, "{sample}");
        succeed(folder.path(), &[sample, "--out", "arrays/again.npy"]);
        assert_eq!(original.positions, motion(&path("arrays/again.npy")).positions, "{sample}");
        succeed(folder.path(), &[sample, "--out", "again.glb"]);
        assert!(farthest(&original, &motion(&path("again.glb"))) < 5e-4, "{sample}");
        let said = succeed(folder.path(), &[sample, "--to", "json", "--out", "-"]);
        let json: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(json["positions"].as_array().unwrap().len(), original.frames());
    }
}

#[test]
fn a_frame_is_printed_in_metres() {
    let folder = folder_with("walk.bvh");
    let said = succeed(folder.path(), &["walk.bvh", "--json", "--frame", "7", "--unit", "m"]);
    let frame: serde_json::Value = serde_json::from_str(&said).unwrap();
    let walk = motion(&folder.path().join("walk.bvh"));
    let joint = &frame["bodies"][0]["joints"][4];
    assert_eq!(joint["joint"], walk.skeleton.names[4].as_str());
    let [_, y, _] = walk.position(7, 0, 4);
    // told that its centimetres are metres, the body is a giant
    let told = joint["position"][1].as_f64().unwrap();
    assert!((told - 100.0 * f64::from(y)).abs() < 1e-3, "{told} {y}");
    assert!(refuse(folder.path(), &["walk.bvh", "--json", "--frame", "9999"]).contains("9999"));
}

#[test]
fn frames_are_cut_and_resampled() {
    let folder = folder_with("walk.bvh");
    let whole = motion(&folder.path().join("walk.bvh"));
    succeed(folder.path(), &["walk.bvh", "--out", "a/part.npy", "--frames", "10..40"]);
    let part = motion(&folder.path().join("a/part.npy"));
    assert_eq!(part.positions, whole.cropped(10..40).positions);
    succeed(folder.path(), &["walk.bvh", "--out", "b/slow.npy", "--frames", "10..40", "--fps", "10"]);
    let slow = motion(&folder.path().join("b/slow.npy"));
    assert_eq!((slow.frames(), slow.fps), (10, 10.0));
    assert!((0..10).all(|t| (slow.position(t, 0, 4)[2] - whole.position(10 + 3 * t, 0, 4)[2]).abs() < 1e-4));
    for (words, cause) in
        [(["--frames", "10..4000"], "not among"), (["--fps", "0"], "rate between"), (["--fps", "nan"], "rate between")]
    {
        let told = refuse(folder.path(), &[&["walk.bvh", "--to", "npy"][..], &words].concat());
        assert!(told.contains(cause), "{told}");
    }
}

#[test]
fn nothing_is_lost_without_being_named() {
    let folder = folder_with("walk.bvh");
    let path = |name: &str| folder.path().join(name);
    let before = fs::read(path("walk.bvh")).unwrap();
    // itself, under two names
    for out in ["walk.bvh", "./walk.bvh"] {
        assert!(refuse(folder.path(), &["walk.bvh", "--out", out]).contains("is the file that is read"));
    }
    assert!(refuse(folder.path(), &["walk.bvh", "--to", "bvh", "--overwrite"]).contains("is the file that is read"));
    assert_eq!(fs::read(path("walk.bvh")).unwrap(), before);
    // what has a name of our own is not replaced
    fs::write(path("walk.json"), "mine").unwrap();
    assert!(refuse(folder.path(), &["walk.bvh", "--to", "json"]).contains("walk.json exists"));
    fs::write(path("skeleton.json"), "mine").unwrap();
    assert!(refuse(folder.path(), &["walk.bvh", "--to", "npy"]).contains("skeleton.json describes other arrays"));
    assert!(!path("walk.npy").exists());
    assert_eq!(fs::read(path("walk.json")).unwrap(), fs::read(path("skeleton.json")).unwrap());
    succeed(folder.path(), &["walk.bvh", "--to", "npy", "--overwrite"]);
    // the same skeleton again is no reason to ask
    succeed(folder.path(), &["walk.bvh", "--out", "other.npy", "--frames", "..9"]);
    succeed(folder.path(), &["walk.bvh", "--out", "walk.json"]);
    assert_ne!(fs::read(path("walk.json")).unwrap(), b"mine");
}

#[test]
fn what_is_wrong_is_told_in_one_line() {
    let folder = folder_with("walk.bvh");
    for (words, cause) in [
        (&["none.bvh", "--to", "glb"][..], "none.bvh"),
        (&["walk.bvh", "--out", "walk.fbx"], "give --to"),
        (&["walk.bvh", "--to", "glb", "--out", "-"], "no text"),
        (&["walk.bvh", "--to", "glb", "--out", "walk.bvh/x.glb"], "walk.bvh"),
    ] {
        let told = refuse(folder.path(), words);
        assert!(told.starts_with("convert: ") && told.contains(cause), "{told}");
    }
    // without anything to write, usage
    assert_eq!(convert(folder.path(), &["walk.bvh"]).status.code(), Some(2));
}

#[test]
fn a_reader_may_have_seen_enough() {
    let folder = folder_with("walk.bvh");
    for words in [&["walk.bvh", "--to", "json", "--out", "-"][..], &["walk.bvh", "--json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_convert"));
        let output = command.args(words).current_dir(folder.path()).stdout(writer).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
