//! The program `render`, as people and scripts call it.

use std::{
    io,
    path::Path,
    process::{Command, Output, Stdio},
};

const WALK: &str = "../assets/samples/walk.bvh";

/// Runs the program on small pictures.
fn render(file: &str, out: &Path, more: &[&str], stdout: impl Into<Stdio>) -> Output {
    let program = env!("CARGO_BIN_EXE_render");
    let small = ["--size", "32", "--device", "cpu", "--out"];
    Command::new(program).arg(file).args(more).args(small).arg(out).stdout(stdout).output().expect("a program")
}

#[test]
fn pictures_are_drawn_though_the_reader_of_the_output_left() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = render(WALK, folder.path(), &["-v"], writer);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join("sheet.png").is_file());
}

#[test]
fn a_file_error_tells_its_cause_once() {
    let folder = tempfile::tempdir().unwrap();
    for (file, more) in [("nothing.bvh", &[][..]), (WALK, &["--weights", "nothing.safetensors"])] {
        let output = render(file, folder.path(), more, Stdio::null());
        let told = String::from_utf8(output.stderr).unwrap();
        let cause = io::Error::from_raw_os_error(2).to_string();
        assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
        assert!(told.starts_with("error: ") && told.contains("nothing."), "{told}");
        assert_eq!(told.matches(&cause).count(), 1, "{told}");
    }
}

#[test]
fn a_motion_becomes_one_picture() {
    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| {
        let program = env!("CARGO_BIN_EXE_render");
        Command::new(program).args([WALK, "--s2i", "--out"]).arg(folder.path()).args(more).output().expect("a program")
    };
    let output = run(&["--columns", "shares", "--range", "fixed"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["joint_1.png", "bone_1.png", "motion_1.png"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(bytes[16..24], [0, 0, 0, 224, 0, 0, 0, 224], "width and height of {name}");
    }
    assert!(folder.path().join("s2i.safetensors").is_file());
    for wrong in [&["--size", "3"][..], &["--size", "99999"], &["--frames", "3"], &["--camera", "fit"]] {
        let output = run(wrong);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.starts_with("error: "), "{wrong:?}: {told}");
    }
}
