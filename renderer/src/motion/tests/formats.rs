//! NTU, HumanML3D and NumPy against files built by hand.

use super::super::{Format, Layout, Part, Slots, UpAxis, read_file};
use super::*;

/// An array as NumPy writes it; `values` are in C order.
pub(super) fn npy(version: u8, descr: &str, fortran: bool, shape: &[usize], values: &[f32]) -> Vec<u8> {
    let tuple: Vec<String> = shape.iter().map(usize::to_string).collect();
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({},), }}\n", tuple.join(", "));
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    match version {
        1 => bytes.extend((header.len() as u16).to_le_bytes()),
        _ => bytes.extend((header.len() as u32).to_le_bytes()),
    }
    bytes.extend(header.as_bytes());
    let mut order: Vec<usize> = (0..values.len()).collect();
    if fortran {
        let index = |mut i: usize| {
            let mut at: Vec<usize> = shape
                .iter()
                .rev()
                .map(|&n| {
                    let k = i % n;
                    i /= n;
                    k
                })
                .collect();
            at.reverse();
            at.iter().zip(shape).rev().fold(0, |sum, (&k, &n)| sum * n + k)
        };
        order.sort_by_key(|&i| index(i));
    }
    for i in order {
        match descr {
            "<f4" => bytes.extend(values[i].to_le_bytes()),
            ">f4" => bytes.extend(values[i].to_be_bytes()),
            "<f8" => bytes.extend(f64::from(values[i]).to_le_bytes()),
            _ => bytes.extend(f64::from(values[i]).to_be_bytes()),
        }
    }
    bytes
}

const SIDECAR: &str = r#"{"joints": ["hips", "head", "left_knee", "right_knee"], "parents": [-1, 0, 0, 0],
    "fps": 15, "unit": "cm", "up": "+z"}"#;

fn described(bytes: &[u8], sidecar: &str) -> Result<Motion, MotionError> {
    let options = ReadOptions { sidecar: Some(sidecar.as_bytes().to_vec()), ..ReadOptions::default() };
    read(bytes, "a.npy", &options)
}

#[test]
fn npy_in_all_its_variants() {
    let values: Vec<f32> = (0..2 * 4 * 3).map(|i| (i * i % 97) as f32).collect();
    for version in 1..=3 {
        for descr in ["<f4", ">f4", "<f8", ">f8"] {
            for fortran in [false, true] {
                let m = described(&npy(version, descr, fortran, &[2, 4, 3], &values), SIDECAR).unwrap();
                assert_eq!((m.frames(), m.joints(), m.fps), (2, 4, 15.0));
                // centimetres with z up: (x, y, z) becomes (x, z, −y)/100
                let v = &values[15..18];
                close(m.position(1, 0, 1), [v[0] / 100.0, v[2] / 100.0, -v[1] / 100.0]);
                assert_eq!(m.skeleton.bones, [[0, 1], [0, 2], [0, 3]]);
                assert_eq!(m.skeleton.parts[2], Part::LeftLeg);
                assert_eq!((m.source.up, m.source.unit), (UpAxis::PlusZ, Unit::CENTIMETRE));
            }
        }
    }
}

#[test]
fn npy_of_known_layouts_needs_no_description() {
    let values = super::arrays::waving(Layout::Smpl22);
    let frames = values.len() / 66;
    let m = read(&npy(1, "<f4", false, &[frames, 22, 3], &values), "000001.npy", &ReadOptions::default()).unwrap();
    assert_eq!((m.fps, m.skeleton.bones.len(), m.source.format), (20.0, 21, Format::Npy));
    assert_eq!((m.source.unit.name.as_ref(), m.source.up), ("m", UpAxis::PlusY));
    assert_eq!(m.positions, values);
    let one = super::arrays::waving(Layout::Ntu25);
    let two: Vec<f32> = one.chunks_exact(75).take(2).flat_map(|p| [p, p].concat()).collect();
    // slot by slot as documented, though both hold the same person
    let m = read(&npy(1, "<f4", false, &[2, 2, 25, 3], &two), "x.npy", &ReadOptions::default()).unwrap();
    assert_eq!((m.bodies, m.frames()), (2, 2));
    assert!(m.source.shown().unwrap().contains("Kinect v2 (25 joints)"), "{:?}", m.source.shown());
}

#[test]
fn bad_npy_files_say_what_is_wrong() {
    let values = vec![1.0; 24];
    let good = npy(1, "<f4", false, &[2, 4, 3], &values);
    let mut infinite = values.clone();
    infinite[16] = f32::INFINITY;
    let header = |shape: &str| {
        let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    };
    let mut huge = b"\x93NUMPY\x02\x00".to_vec();
    huge.extend(u32::MAX.to_le_bytes());
    for (bytes, cause) in [
        (good[..40].to_vec(), "header is incomplete"),
        (good[..good.len() - 1].to_vec(), "needs 96 bytes, 95 are there"),
        (b"\x93NUMPY".to_vec(), "header is incomplete"),
        (b"\x93NUMPY\x09\x00\x01\x00 ".to_vec(), "version 9"),
        (huge, "limit of 65536"),
        (npy(1, "<c8", false, &[2, 4, 3], &values), "'<c8'"),
        (npy(1, "<f4", false, &[8, 3], &values), "shape is [8, 3]"),
        (npy(1, "<f4", false, &[2, 3, 4], &values), "shape is [2, 3, 4]"),
        (npy(1, "<f4", false, &[0, 4, 3], &[]), "shape is [0, 4, 3]"),
        (npy(1, "<f4", false, &[2, 4, 3], &infinite), "joint head in frame 2"),
        (npy(1, "<f4", false, &[2, 4, 3], &values), "all joints are at one point"),
        (npy(1, "<f4", false, &[2, 4, 3], &[0.0; 24]), "nobody is in any frame"),
        (header("(1000000000, 4, 3)"), "limit of 500000"),
        (header("(400000, 1000, 3)"), "frames × bodies × joints"),
        (header("(99999999999999999999, 4, 3)"), "no tuple"),
        (header("(-2, 4, 3)"), "no tuple"),
        (header("2"), "no tuple"),
    ] {
        let error = described(&bytes, SIDECAR).unwrap_err().to_string();
        assert!(error.starts_with("a.npy") && error.contains(cause), "{cause}: {error}");
    }
    let values: Vec<f32> = (0..24).map(|i| i as f32).collect();
    let good = npy(1, "<f4", false, &[2, 4, 3], &values);
    for (from, to, cause) in [
        ("[-1, 0, 0, 0]", "[-1, 0, 0]", "4 joints and 3 parents"),
        ("[-1, 0, 0, 0]", "[1, 0, 0, 0]", "ring"),
        ("[-1, 0, 0, 0]", "[-1, 0, 9, 0]", "the parent 9"),
        ("15", "0", "fps is 0"),
        ("\"cm\"", "\"ell\"", "unknown unit"),
        ("+z", "up", "unknown axis"),
        ("15", "15, \"bones\": [[0, 7]]", "bone [0, 7]"),
        ("15,", "15", "line 2"),
    ] {
        let error = described(&good, &SIDECAR.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains("skeleton.json") && error.contains(cause), "{to}: {error}");
    }
    let error = read(&good, "a.npy", &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("needs a skeleton.json"), "{error}");
}

#[test]
fn a_sidecar_is_found_beside_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<f32> = (0..24).map(|i| i as f32).collect();
    let path = folder.path().join("clip.npy");
    std::fs::write(&path, npy(1, "<f4", false, &[2, 4, 3], &values)).unwrap();
    assert!(read_file(&path, &ReadOptions::default()).is_err());
    std::fs::write(folder.path().join("skeleton.json"), SIDECAR).unwrap();
    assert_eq!(read_file(&path, &ReadOptions::default()).unwrap().joints(), 4);
    let error = read_file(folder.path().join("none.bvh"), &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("none.bvh"), "{error}");
    // refused by its length, before anything is read
    let large = folder.path().join("large.bvh");
    let file = std::fs::File::create(&large).unwrap();
    file.set_len(super::super::MAX_FILE_BYTES + 1).unwrap();
    let error = read_file(&large, &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("268435457"), "{error}");
}

#[test]
fn humanml3d_json_is_one_person_in_metres() {
    let mut frames = vec![vec![[0.0_f64; 3]; 22]; 4];
    for (t, frame) in frames.iter_mut().enumerate() {
        for (j, joint) in frame.iter_mut().enumerate() {
            *joint = [t as f64, j as f64 / 10.0, -1.5];
        }
    }
    let json = serde_json::json!({ "text": "a person", "skeletons": frames, "n": [1, {"x": null}] });
    let m = read(json.to_string().as_bytes(), "a.json", &ReadOptions::default()).unwrap();
    assert_eq!((m.frames(), m.bodies, m.fps), (4, 1, 20.0));
    close(m.position(3, 0, 15), [3.0, 1.5, -1.5]);
    assert_eq!(m.skeleton.bones[0], [0, 2]);
    assert_eq!(m.skeleton.bones[20], [18, 20]);
    assert!(m.orientations.is_none());
}

/// One body of `.skeleton` text with all joints at `x`, spread upwards.
fn ntu_body(id: u64, x: f64, joints: usize) -> String {
    let mut text = format!("{id} 0 1 1 1 1 0 0.1 -0.2 2\n{joints}\n");
    for j in 0..joints {
        text += &format!("{x} {} 3 1 2 NaN -Infinity 0 0 2 0 2\n", 0.02 * j as f64 + 0.1);
    }
    text
}

#[test]
fn ntu_keeps_the_files_slots_and_its_ids() {
    let (a, b, c) = (72_057_594_037_931_101, 72_057_594_037_931_102, 72_057_594_037_931_103);
    let text = format!(
        "4\n1\n{}2\n{}{}0\n3\n{}{}{}",
        ntu_body(a, 1.0, 25),
        ntu_body(a, 1.0, 25),
        ntu_body(b, 2.0, 25),
        ntu_body(b, 2.0, 25),
        ntu_body(a, 1.0, 25),
        ntu_body(c, 3.0, 25)
    );
    let options = ReadOptions { slots: Slots::File, ..ReadOptions::default() };
    let m = read(text.as_bytes(), "S.skeleton", &options).unwrap();
    assert_eq!((m.frames(), m.bodies, m.joints(), m.fps), (4, 2, 25, 30.0));
    assert_eq!(m.present, [true, false, true, true, false, false, true, true]);
    // slots as in the file: b comes first in the last frame
    close(m.position(3, 0, 1), [2.0, 0.12, 3.0]);
    close(m.position(3, 1, 1), [1.0, 0.12, 3.0]);
    close(m.position(0, 1, 7), [0.0, 0.0, 0.0]);
    assert_eq!(m.source.body_ids, [a, b]);
    assert_eq!(m.source.warnings.len(), 1);
    // orientations are made unit length, and the identity where nobody is
    assert_eq!(m.orientation(0, 0, 0), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(m.orientation(0, 1, 0), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(m.skeleton.bones[22..], [[23, 24], [24, 11]]);

    // one slot a person, in the order in which they appear
    let m = read(text.as_bytes(), "S.skeleton", &ReadOptions::default()).unwrap();
    assert_eq!(m.present, [true, false, false, true, true, false, false, false, false, true, true, true]);
    close(m.position(3, 0, 1), [1.0, 0.12, 3.0]);
    close(m.position(3, 1, 1), [2.0, 0.12, 3.0]);
    close(m.position(3, 2, 1), [3.0, 0.12, 3.0]);
    assert_eq!((m.source.body_ids.clone(), m.people()), (vec![a, b, c], 3));
}

#[test]
fn ntu_ignores_line_breaks_and_refuses_other_bodies() {
    let text = format!("2\n1\n{}1\n{}", ntu_body(7, 1.0, 20), ntu_body(7, 1.1, 20));
    let m = read(text.as_bytes(), "S.skeleton", &ReadOptions::default()).unwrap();
    assert_eq!((m.joints(), m.skeleton.names[0].as_str()), (20, "HipCenter"));
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let again = read(flat.as_bytes(), "S", &ReadOptions::default()).unwrap();
    assert_eq!(again.positions, m.positions);
    // cut after any word, the file is incomplete
    let words: Vec<&str> = flat.split(' ').collect();
    for n in [1, 2, 3, 12, 13, 14, 100, words.len() - 1] {
        let error = failure(words[..n].join(" ").as_bytes());
        assert!(error.to_string().contains("ends early"), "{error}");
    }
    let error = failure(text.replacen("0.1 3", "nan 3", 1).as_bytes());
    assert_eq!(error.line, Some(5), "{error}");
    assert!(error.to_string().contains("y of joint 1"), "{error}");
    for joints in [0, 19, 24, 26, 31, 1000] {
        let error = failure(format!("1\n1\n{}", ntu_body(7, 1.0, joints)).as_bytes());
        let known = ["(20)", "(25)", "(32)"].iter().all(|n| error.to_string().contains(n));
        assert!(known && error.to_string().contains(&format!("a body of {joints} joints")), "{error}");
        assert_eq!(error.line, Some(4));
    }
    // a file has one sensor
    let error = failure(format!("2\n1\n{}1\n{}", ntu_body(7, 1.0, 25), ntu_body(7, 1.0, 32)).as_bytes());
    assert_eq!(error.line, Some(32));
    assert!(error.to_string().contains("a body of 32 joints, where the bodies before it have 25"), "{error}");
    // ids may be anything that is a number
    for id in ["-1", "7.2e+16", "0", "184467440737095516150"] {
        let one = ntu_body(7, 1.0, 25).replacen('7', id, 1);
        let m = read(format!("1\n1\n{one}").as_bytes(), "S", &ReadOptions::default()).unwrap();
        assert_eq!(m.people(), 1, "{id}");
    }
    let nameless = ntu_body(7, 1.0, 25).replacen('7', "nobody", 1);
    assert!(failure(format!("1\n1\n{nameless}").as_bytes()).to_string().contains("a body id"));
}

#[test]
fn a_description_has_any_encoding_and_names_its_line_and_column() {
    let values: Vec<f32> = (0..24).map(|i| i as f32).collect();
    let array = npy(1, "<f4", false, &[2, 4, 3], &values);
    let expected = described(&array, SIDECAR).unwrap().positions;
    let wide = |unit: fn(u16) -> [u8; 2]| SIDECAR.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    for text in [
        [b"\xef\xbb\xbf", SIDECAR.as_bytes()].concat(),
        [&[0xff, 0xfe][..], &wide(u16::to_le_bytes)].concat(),
        [&[0xfe, 0xff][..], &wide(u16::to_be_bytes)].concat(),
        wide(u16::to_le_bytes),
    ] {
        let options = ReadOptions { sidecar: Some(text), ..ReadOptions::default() };
        assert_eq!(read(&array, "a.npy", &options).unwrap().positions, expected);
    }
    let error = described(&array, "{\"joints\": [\"a\"],\n \"parents\": [x]}").unwrap_err();
    assert!(error.line == Some(2) && error.to_string().contains("(column 14)"), "{error}");
}

#[test]
fn shapes_of_python_2_are_read() {
    let values: Vec<f32> = (0..24).map(|i| i as f32).collect();
    let array = npy(1, "<f4", false, &[2, 4, 3], &values);
    let text = String::from_utf8_lossy(&array[10..array.len() - 96]).replace("(2, 4, 3)", "(2L, 4L, 3L)");
    let old = [&array[..8], &(text.len() as u16).to_le_bytes(), text.as_bytes(), &array[array.len() - 96..]].concat();
    assert_eq!(described(&old, SIDECAR).unwrap().positions, described(&array, SIDECAR).unwrap().positions);
}
