//! Files that are not read: a sentence that says what each seems to be, what is known, and what to do. And what is wrapped
//! or written in another encoding.

use std::io::Write as _;

use super::super::{Cause, Format, humanoid, read_file, write_bvh};
use super::*;

fn padded(mark: &[u8]) -> Vec<u8> {
    let mut bytes = mark.to_vec();
    bytes.resize(700, 0);
    bytes
}

#[test]
fn other_formats_are_named() {
    let c3d = [&[2, 0x50][..], &[0; 600]].concat();
    let mp4 = padded(b"\0\0\0\x20ftypisom");
    for (bytes, what) in [
        (c3d, "C3D"),
        (mp4, "MP4"),
        (padded(b"Kaydara FBX Binary  \0\x1a\0"), "FBX"),
        (b"; FBX 7.4.0 project file\n".to_vec(), "FBX"),
        (b"PathFileType\t4\t(X/Y/Z)\tclip.trc\r\n".to_vec(), "TRC"),
        (b"Coordinates\nversion=1\nnRows=10\nendheader\n".to_vec(), "MOT"),
        (b"Format Version,1.23,Take Name,t,Capture Frame Rate,120.0\n,,Bone\n0,0.0,0.1\n".to_vec(), "Motive"),
        (b"frame,Hips_x,Hips_y,Hips_z\n0,0.1,0.2,0.3\n".to_vec(), "CSV"),
        (b"Frame\tHips.X\tHips.Y\n1\t0.1\t0.2\n".to_vec(), "tabs"),
        (b"0,0.0,0.1,0.2,0.3\n1,0.0083,0.1,0.2,0.3\n".to_vec(), "CSV"),
        (padded(b"Vocaloid Motion Data 0002\0"), "VMD"),
        (padded(b"BLENDER-v293"), "Blender"),
        (padded(b"\x89HDF\r\n\x1a\n"), "HDF5"),
        (padded(b"MATLAB 5.0 MAT-file, Platform"), "MATLAB"),
        (padded(b"\x80\x04\x95\x10\0\0\0\0\0\0\0}"), "pickle"),
        (padded(b"PAR1\x15\0"), "Parquet"),
        (padded(b"\x89PNG\r\n\x1a\n"), "PNG"),
        (padded(b"\x1a\x45\xdf\xa3\x9f"), "WebM"),
        (b"PK\x03\x04\0\0\0\0".to_vec(), "zip"),
        (b"#usda 1.0\n".to_vec(), "USD"),
        (b"<?xml version=\"1.0\"?>\n<mvnx version=\"4\">".to_vec(), "MVNX"),
        (b"<?xml version=\"1.0\"?>\n<COLLADA>".to_vec(), "COLLADA"),
        (b"<!DOCTYPE html>\n<html>".to_vec(), "web page"),
        (b"<Error><Code>AccessDenied</Code></Error>".to_vec(), "server"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n".to_vec(), "git lfs pull"),
        (b"{\"joints\": [\"a\"], \"parents\": [-1], \"fps\": 30}".to_vec(), "skeleton.json"),
        (b"NO_OF_FRAMES\t100\n".to_vec(), "Qualisys"),
        (b"%YAML 1.1\n".to_vec(), "YAML"),
        (vec![0; 4096], "zeros"),
        (b"(dp0\nVjoints\np1\n".to_vec(), "pickle"),
        (b"{\"file_name\": \"a.bvh\"}\n{\"file_name\": \"b.bvh\"}\n".to_vec(), "nobody's joints"),
        (b"hello".to_vec(), "'hello'"),
        (b"".to_vec(), "empty"),
        (b"\xff\xfe".to_vec(), "empty"),
    ] {
        let error = failure(&bytes);
        assert!(matches!(error.cause, Cause::UnknownFormat(_)), "{what}: {error}");
        let text = error.to_string();
        assert!(text.contains(what), "{what}: {text}");
        for format in Format::ALL {
            assert!(text.contains(&format.to_string()), "{what}: {format} is not listed: {text}");
        }
    }
}

#[test]
fn decimal_commas_are_named_with_their_line() {
    let text = "HIERARCHY\nROOT a\n{\nOFFSET 0,0 1,5 0,0\n";
    let error = failure(text.as_bytes());
    assert!(error.line == Some(4) && error.to_string().contains("decimal comma"), "{error}");
}

fn wave() -> String {
    let person = humanoid::Person::default();
    write_bvh(&humanoid::perform(humanoid::Action::Clap, &person, 30.0).cropped(20..23), 0).unwrap()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A zip archive as programs write it; every second file is stored as it is.
pub(super) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (k, (name, bytes)) in files.iter().enumerate() {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let stored = k % 2 == 1;
        let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        deflated.write_all(bytes).unwrap();
        let packed = if stored { bytes.to_vec() } else { deflated.finish().unwrap() };
        let mut fields = vec![20, 0, 0, 0, if stored { 0 } else { 8 }, 0, 0, 0, 0, 0];
        fields.extend(crc.sum().to_le_bytes());
        fields.extend((packed.len() as u32).to_le_bytes());
        fields.extend((bytes.len() as u32).to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        let at = out.len() as u32;
        out.extend([&b"PK\x03\x04"[..], &fields, &[0, 0], name.as_bytes(), &packed].concat());
        let place = [&[0u8; 12][..], &at.to_le_bytes()].concat();
        directory.extend([&b"PK\x01\x02\x14\0"[..], &fields, &place, name.as_bytes()].concat());
    }
    let (count, at, size) = (files.len() as u16, out.len() as u32, directory.len() as u32);
    out.extend(&directory);
    out.extend([&b"PK\x05\x06\0\0\0\0"[..], &count.to_le_bytes(), &count.to_le_bytes()].concat());
    out.extend([&size.to_le_bytes()[..], &at.to_le_bytes(), &[0, 0]].concat());
    out
}

#[test]
fn what_is_wrapped_is_unwrapped() {
    let text = wave();
    let expected = read(text.as_bytes(), "wave.bvh", &ReadOptions::default()).unwrap().positions;
    let options = ReadOptions::default();
    assert_eq!(read(&gzipped(text.as_bytes()), "wave.bvh.gz", &options).unwrap().positions, expected);
    let zip = zipped(&[("takes/wave.bvh", text.as_bytes()), ("__MACOSX/._wave.bvh", b"x")]);
    assert_eq!(read(&zip, "wave.zip", &options).unwrap().positions, expected);
    let several = zipped(&[("a.bvh", text.as_bytes()), ("b.bvh", text.as_bytes())]);
    let error = failure(&several).to_string();
    assert!(error.contains("2 files ('a.bvh', 'b.bvh')") && error.contains("unpack"), "{error}");
    for end in 0..zip.len() {
        assert!(read(&zip[..end], "cut", &options).is_err());
    }
    let cut = gzipped(text.as_bytes());
    let error = failure(&cut[..cut.len() - 20]).to_string();
    assert!(error.contains("gzip, and damaged"), "{error}");
    let mut wrong = zipped(&[("a.bvh", b"x"), ("__MACOSX/b", text.as_bytes())]);
    wrong[14] ^= 1;
    let at = wrong.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    wrong[at + 16] ^= 1;
    assert!(failure(&wrong).to_string().contains("checksum"), "{}", failure(&wrong));
    // more than is read, in a few bytes
    let bomb = gzipped(&vec![b' '; (super::super::MAX_FILE_BYTES + 1) as usize]);
    assert!(bomb.len() < 4 << 20);
    assert!(failure(&bomb).to_string().contains("limit"), "{}", failure(&bomb));
}

#[test]
fn names_in_other_encodings_are_read() {
    let japanese = wave()
        .replace("LeftArm", "左腕")
        .replace("RightArm", "右腕")
        .replace("LeftForeArm", "左ひじ")
        .replace("RightForeArm", "右ひじ")
        .replace("Spine", "ボーン");
    let expected = read(japanese.as_bytes(), "a.bvh", &ReadOptions::default()).unwrap();
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { japanese.encode_utf16().flat_map(bytes).collect() };
    let (sjis, _, lost) = encoding_rs::SHIFT_JIS.encode(&japanese);
    assert!(!lost);
    let marked = [&[0xff, 0xfe][..], &utf16(u16::to_le_bytes)].concat();
    for (what, bytes) in [
        ("UTF-16 LE", utf16(u16::to_le_bytes)),
        ("UTF-16 BE", utf16(u16::to_be_bytes)),
        ("UTF-16 with its mark", marked),
        ("Shift_JIS", sjis.to_vec()),
    ] {
        let m = read(&bytes, "a.bvh", &ReadOptions::default()).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(m.skeleton, expected.skeleton, "{what}");
        assert_eq!(m.positions, expected.positions, "{what}");
        assert_eq!(m.source.warnings.iter().any(|w| w.contains("Shift_JIS")), what == "Shift_JIS");
    }
    let german = wave().replace("Hips", "Hüfte");
    let latin: Vec<u8> = german.chars().map(|c| c as u32 as u8).collect();
    assert_eq!(read(&latin, "a.bvh", &ReadOptions::default()).unwrap().skeleton.names[0], "Hüfte");
    // other text formats, too
    let json = serde_json::json!({ "skeletons": vec![vec![[0.5, 1.0, 2.0]; 21]; 1] }).to_string();
    let wide: Vec<u8> = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(failure(&wide).to_string().contains("22 joints"), "{}", failure(&wide));
}

#[test]
fn a_folder_is_no_motion_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.bvh"), wave()).unwrap();
    let error = read_file(folder.path(), &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("it is a folder"), "{error}");
}

#[test]
fn gzip_files_one_behind_the_other_are_one() {
    let text = wave();
    let (first, second) = text.as_bytes().split_at(text.len() / 2);
    let expected = read(text.as_bytes(), "a.bvh", &ReadOptions::default()).unwrap().positions;
    let both = [gzipped(first), gzipped(second)].concat();
    for tail in [&[][..], &[0; 100]] {
        let bytes = [&both[..], tail].concat();
        assert_eq!(read(&bytes, "a.bvh.gz", &ReadOptions::default()).unwrap().positions, expected);
    }
    let cut = &both[..both.len() - 9];
    assert!(failure(cut).to_string().contains("packed with gzip, and damaged"), "{}", failure(cut));
}
