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
        (
            vec![("motion.npy", &npy(1, "<f4", false, &[3, 263], &[0.5; 789])), ("fps.npy", b"x")],
            "'motion': the array's shape",
        ),
        (vec![("features.npy", &npy(1, "<f4", false, &[3, 263], &[0.5; 789]))], "'features': the array's shape"),
        (vec![("x.npy", &npy(1, "<f4", false, &[3, 251], &[0.5; 753]))], "KIT-ML"),
        (vec![("rotmats.npy", &npy(1, "<f4", false, &[3, 24, 3, 3], &[0.5; 648]))], "rotation matrices"),
        (vec![("joints.npy", &npy(1, "|O", false, &[], &[]))], "'joints': the array holds Python objects"),
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

#[test]
fn a_rate_is_a_number_of_any_type() {
    let array = npy(1, "<f4", false, &[3, 22, 3], &joints());
    let number = |descr: &str, shape: &[usize], bytes: &[u8]| [&npy(1, descr, false, shape, &[])[..], bytes].concat();
    for (descr, shape, bytes) in [
        (">f8", &[][..], &50f64.to_be_bytes()[..]),
        ("<f8", &[1], &50f64.to_le_bytes()),
        ("<f4", &[1, 1], &50f32.to_le_bytes()),
        (">f4", &[], &50f32.to_be_bytes()),
        ("<f2", &[], &[0x40, 0x52]),
        ("|u1", &[], &[50]),
        ("|i1", &[], &[50]),
        (">i2", &[], &[0, 50]),
        ("<u4", &[], &[50, 0, 0, 0]),
        ("<i8", &[], &50i64.to_le_bytes()),
    ] {
        let m = open(&[("joints.npy", &array), ("fps.npy", &number(descr, shape, bytes))]).unwrap();
        assert_eq!(m.fps, 50.0, "{descr}");
        let why = m.source.layout_from.unwrap().why;
        assert!(!why.contains("20 frames"), "{why}");
    }
    // of a description that states none, too; what the description states comes first
    for (sidecar, fps) in [(r#"{"layout": "Smpl22"}"#, 50.0), (r#"{"layout": "Smpl22", "fps": 25}"#, 25.0)] {
        let options = ReadOptions { sidecar: Some(sidecar.as_bytes().to_vec()), ..ReadOptions::default() };
        let rate = number("|u1", &[], &[50]);
        let m = read(&zipped(&[("joints.npy", &array), ("fps.npy", &rate)]), "a.npz", &options).unwrap();
        assert_eq!(m.fps, fps, "{sidecar}");
    }
    // many numbers are none, and their product is no number of them
    let many = number("<f8", &[3, 12_297_829_382_473_034_411], &50f64.to_le_bytes());
    let m = open(&[("joints.npy", &array), ("fps.npy", &many)]).unwrap();
    assert_eq!(m.fps, 20.0);
}

#[test]
fn arrays_that_nobody_asks_for_are_not_unpacked() {
    let array = npy(1, "<f4", false, &[3, 22, 3], &joints());
    let vertices = npy(1, "<f4", false, &[3, 40, 3], &vec![0.25; 360]);
    let alone = open(&[("joints.npy", &array)]).unwrap();
    // the directory says that it has a gigabyte; or its bytes are damaged
    let good = zipped(&[("vertices.npy", &vertices), ("joints.npy", &array)]);
    let directory = good.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let mut large = good.clone();
    large[directory + 24..directory + 28].copy_from_slice(&(1u32 << 30).to_le_bytes());
    let mut damaged = good.clone();
    damaged[30 + "vertices.npy".len()..][..3].fill(0xff);
    // it is packed in another way, or encrypted
    let mut packed = good.clone();
    packed[directory + 10] = 14;
    let mut encrypted = good.clone();
    encrypted[directory + 8] |= 1;
    for bytes in [large, damaged, packed, encrypted] {
        assert_eq!(read(&bytes, "a.npz", &ReadOptions::default()).unwrap().positions, alone.positions);
    }
    // where it is the one that is asked for, it is named
    let mut damaged = zipped(&[("joints.npy", &array)]);
    damaged[30 + "joints.npy".len()..][..3].fill(0xff);
    let error = read(&damaged, "a.npz", &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("'joints.npy' in it is damaged"), "{error}");
    let mut packed = zipped(&[("joints.npy", &array)]);
    let directory = packed.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    packed[directory + 10] = 14;
    let error = read(&packed, "a.npz", &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("'joints.npy' in it is packed by method 14"), "{error}");
}

#[test]
fn whole_numbers_are_joints_where_they_are_called_so() {
    let millimetres: Vec<i16> = joints().iter().map(|v| (v * 1000.0) as i16).collect();
    let bytes: Vec<u8> = millimetres.iter().flat_map(|v| v.to_le_bytes()).collect();
    let array = [&npy(1, "<i2", false, &[3, 22, 3], &[])[..], &bytes].concat();
    let m = open(&[("joints.npy", &array), ("image.npy", &array)]).unwrap();
    assert_eq!((m.frames(), m.joints(), m.source.unit.name.as_ref()), (3, 22, "mm"));
    let error = open(&[("image.npy", &array)]).unwrap_err().to_string();
    assert!(error.contains("none of its arrays"), "{error}");
}

#[test]
fn a_rate_that_is_none_is_named() {
    let array = npy(1, "<f4", false, &[3, 22, 3], &joints());
    for rate in
        [npy(1, "<f8", false, &[], &[0.0]), npy(1, "<f8", false, &[], &[f32::NAN]), npy(1, "<U2", false, &[], &[])]
    {
        let m = open(&[("joints.npy", &array), ("mocap_framerate.npy", &rate)]).unwrap();
        let said = m.source.warnings.join(" ");
        assert!(m.fps == 20.0 && said.contains("'mocap_framerate' holds no frame rate: 20"), "{said}");
    }
}

#[test]
fn a_comment_of_an_archive_may_hold_anything() {
    let array = npy(1, "<f4", false, &[3, 22, 3], &joints());
    let mut bytes = zipped(&[("joints.npy", &array)]);
    let expected = read(&bytes, "a.npz", &ReadOptions::default()).unwrap().positions;
    let comment = [b"PK\x05\x06", &[0xee; 100][..]].concat();
    let length = bytes.len() - 2;
    bytes[length..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
    bytes.extend(comment);
    assert_eq!(read(&bytes, "a.npz", &ReadOptions::default()).unwrap().positions, expected);
}
