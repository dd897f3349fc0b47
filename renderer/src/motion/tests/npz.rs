//! Arrays in an archive, and archives of other things.

use super::{arrays::waving, foreign::zipped, formats::npy, *};

fn open(files: &[(&str, &[u8])]) -> Result<Motion, MotionError> {
    read(&zipped(files), "a.npz", &ReadOptions::default())
}

/// Three frames of somebody on SMPL's 22 joints.
fn joints() -> Vec<f32> {
    waving(super::super::Layout::Smpl22)[..3 * 22 * 3].to_vec()
}

#[test]
fn the_array_of_joints_is_found_by_name_and_shape() {
    let values = joints();
    let array = npy(1, "<f4", false, &[3, 22, 3], &values);
    let alone = read(&array, "a.npy", &ReadOptions::default()).unwrap();
    let angles = npy(1, "<f4", false, &[3, 156], &vec![0.1; 468]);
    let betas = npy(1, "<f8", false, &[16], &[0.0; 16]);
    let rate = npy(1, "<f8", false, &[], &[50.0]);
    let vertices = npy(1, "<f4", false, &[3, 30, 3], &vec![0.25; 270]);
    for files in [
        vec![("arr_0.npy", &array[..])],
        vec![("whatever.npy", &array)],
        vec![("poses.npy", &angles), ("joints.npy", &array), ("betas.npy", &betas)],
        vec![("landmarks.npy", &vertices), ("Positions.npy", &array)],
    ] {
        let m = open(&files).unwrap();
        assert_eq!((m.source.format, &m.positions), (super::super::Format::Npz, &alone.positions));
        assert_eq!(m.source.warnings.iter().any(|w| w.contains("is read")), files.len() > 1);
    }
    // its rate stands beside it
    let m = open(&[("joints.npy", &array), ("mocap_framerate.npy", &rate)]).unwrap();
    assert_eq!(m.fps, 50.0);
    let options = ReadOptions { sidecar: Some(br#"{"joints": ["a"]}"#.to_vec()), ..ReadOptions::default() };
    let error = read(&zipped(&[("joints.npy", &array)]), "a.npz", &options).unwrap_err().to_string();
    assert!(error.contains("skeleton.json"), "{error}");
}

#[test]
fn archives_without_one_array_of_joints_say_what_they_hold() {
    let values = joints();
    let array = npy(1, "<f4", false, &[3, 22, 3], &values);
    let angles = npy(1, "<f4", false, &[3, 156], &vec![0.1; 468]);
    let trans = npy(1, "<f4", false, &[3, 3], &[0.1; 9]);
    for (files, said) in [
        (vec![("poses.npy", &angles[..]), ("trans.npy", &trans)], "AMASS"),
        (vec![("poses.npy", &angles), ("labels.npy", b"x")], "'poses' [3, 156]"),
        (vec![("left.npy", &array), ("right.npy", &array)], "'left' [3, 22, 3], 'right' [3, 22, 3]"),
        (vec![("joints.npy", &array[..140])], "ends early: its array 'joints'"),
        (vec![("archive/data.pkl", b"x"), ("archive/data/0", b"y")], "PyTorch"),
        (vec![("[Content_Types].xml", b"x"), ("b", b"y")], "office"),
        (vec![("a.txt", b"x"), ("b.txt", b"y"), ("c.txt", b"y")], "3 files"),
        (vec![("a.npz", b"PK\x03\x04")], "within an archive"),
        (vec![("a.txt", b"hello")], "'hello'"),
    ] {
        let error = open(&files).unwrap_err().to_string();
        assert!(error.starts_with("a.npz") && error.contains(said), "{said}: {error}");
    }
}
