//! Damaged and hostile files: an error that says where and why, in bounded time, never a panic.

use std::time::Instant;

use super::super::{Cause, Layout, humanoid, write_bvh, write_ntu};
use super::*;

const GOOD: &str = "HIERARCHY\nROOT Hips\n{\n OFFSET 0 0 0\n CHANNELS 3 Xposition Yposition Zposition\n JOINT Head\n {\n  OFFSET 0 1 0\n  CHANNELS 1 Xrotation\n }\n}\nMOTION\nFrames: 2\nFrame Time: 0.1\n0 1 0 0\n0 1 0 10\n";

#[test]
fn every_bvh_error_names_its_line() {
    as_written(GOOD);
    for (from, to, line, cause) in [
        ("OFFSET 0 1 0", "OFFSET 0 nan 0", 8, "'nan' is not a finite number"),
        ("OFFSET 0 1 0", "OFFSET 0 1e999 0", 8, "not a finite number"),
        ("OFFSET 0 1 0", "OFFSET 0 1.#QNAN 0", 8, "not a finite number"),
        ("OFFSET 0 1 0", "OFFSET 0 1,5 0", 8, "should be a number"),
        ("OFFSET 0 1 0", "OFFSET 0 1", 9, "should be a number, not 'CHANNELS'"),
        ("CHANNELS 1 Xr", "CHANNELS 99999999999999999999 Xr", 9, "should be whole"),
        ("CHANNELS 1 Xr", "CHANNELS 1000000000 Xr", 9, "limit of 16"),
        ("CHANNELS 1 Xr", "CHANNELS -1 Xr", 9, "should be whole"),
        ("CHANNELS 1 Xr", "CHANNELS 1 Wr", 9, "expected a channel"),
        ("JOINT Head", "JUNK Head", 6, "expected JOINT"),
        ("Head\n {", "Head\n OFFSET {", 7, "opening brace"),
        (" }\n}", " }\n}\n}", 12, "closing brace too many"),
        (" }\n}", " }\n", 12, "MOTION comes before"),
        ("Frames: 2", "Frames: 1000000000", 13, "limit of 500000"),
        ("Frames: 2", "Frames: 99999999999999999999999", 13, "limit of 500000"),
        ("Frames: 2", "Frames: -2", 13, "should be whole"),
        ("Frames: 2", "Frames: 2.5", 13, "should be whole"),
        ("Frame Time: 0.1", "Frame Time: 0", 14, "frame time is 0 s"),
        ("Frame Time: 0.1", "Frame Time: -0.1", 14, "frame time is -0.1 s"),
        ("Frame Time: 0.1", "Frame Time: inf", 14, "not a finite number"),
        ("0 1 0 10", "0 1 0 NaN", 16, "'NaN' is not a finite number"),
        ("0 1 0 10", "0 1 0 10 5", 16, "more than 4 numbers"),
        ("0 1 0 0\n", "0 1 0\n", 15, "a row of 3 of 4 numbers"),
        ("0 1 0 10", "0 1 0 x", 16, "should be a number, not 'x'"),
        ("0 1 0 10", "0 1 0 1e300", 16, "not a finite number"),
    ] {
        let error = failure(GOOD.replacen(from, to, 1).as_bytes());
        assert_eq!((error.file.as_str(), error.line), ("bad.file", Some(line)), "{to}: {error}");
        let text = error.to_string();
        assert!(text.contains(cause) && text.starts_with("bad.file, line "), "{to}: {text}");
    }
}

#[test]
fn a_bvh_cut_anywhere_is_an_error_until_its_first_row() {
    let complete = GOOD.find("0 1 0 0\n").unwrap() + "0 1 0 0".len();
    for end in 0..complete {
        let error = failure(&GOOD.as_bytes()[..end]);
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn no_motion_no_body() {
    let zero = GOOD.replace("0 1 0\n  CH", "0 0 0\n  CH").replace("0 1 0 ", "0 0 0 ");
    let one = "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xposition\n}\nMOTION\nFrames: 1\nFrame Time: 0.1\n1\n";
    let still =
        GOOD.replace("CHANNELS 3 Xposition Yposition Zposition", "CHANNELS 0").replace("CHANNELS 1 Xrotation", "");
    let empty = GOOD[..GOOD.find("0 1 0 0\n").unwrap()].replace("Frames: 2", "Frames: 0");
    for (text, cause) in [
        (zero.as_str(), "all joints are at one point"),
        (one, "single joint"),
        (still.as_str(), "no joint has a channel"),
        (empty.as_str(), "there are no frames"),
        ("HIERARCHY MOTION Frames: 1 Frame Time: 1 0", "has no joints"),
        ("", "it is empty"),
        ("  \n ", "it is empty"),
        ("hello", "begins with 'hello'"),
        ("hello\nworld", "begins with 'hello world'"),
        ("1\n0\n", "nobody is in any frame"),
        ("0\n", "zero frames"),
        ("1000000000 1", "limit of 500000"),
        ("99999999999999999999999", "limit of 500000"),
        ("1\n1000", "limit of 64"),
        ("2\n1\n-5", "ends early"),
        ("2\n1\nx", "a body id should be a number"),
        ("2\n1\nnan", "a body id should be a number"),
        ("2\n1\n5 0 1 1 1 1 0 0 0 2 -3", "whole number"),
        ("5 5", "the file ends early"),
        ("{}", "skeletons"),
        ("{\"skeletons\": 3}", "array of frames"),
        ("{\"skeletons\": []}", "no frames"),
        ("{\"skeletons\": [[[1,2,3]]]}", "22 joints"),
        ("{\"skeletons\": [[[1,2]]]}", "three numbers"),
        ("{\"skeletons\": [[[1,2,NaN", "expected value"),
        ("{\"skeletons\": [[[1,2,1e999]", "number out of range"),
        ("{\"skeletons\": [[[1,2,1e300]", "too large"),
        ("{\"skeletons\": [[", "ends early"),
        ("[]", "expected an object"),
    ] {
        let error = failure(text.as_bytes());
        assert!(error.to_string().contains(cause), "{text:?}: {error}");
    }
    assert!(matches!(failure(b"\x00\xff\x13\x37junk").cause, Cause::UnknownFormat(_)));
}

#[test]
fn a_speck_among_large_coordinates_is_no_person() {
    // all joints at one place, but for one bone that has hardly a length, and one joint that is far away
    let mut values: Vec<f32> = vec![0.0; 2 * 25 * 3];
    for (j, joint) in values.chunks_exact_mut(3).enumerate() {
        joint[1] = 1e-30 * (j % 25) as f32;
    }
    values[3 * 24] = 9e8;
    values[3 * 49] = 9e8;
    let array = super::formats::npy(1, "<f4", false, &[2, 25, 3], &values);
    // with the layout said, nobody asks whether it fits
    let sidecar = Some(br#"{"layout": "Ntu25"}"#.to_vec());
    let error = read(&array, "bad.npy", &ReadOptions { sidecar, ..ReadOptions::default() }).unwrap_err();
    assert!(error.to_string().contains("no person"), "{error}");
}

#[test]
fn deep_and_wide_files_take_little_time() {
    let start = Instant::now();
    failure("{\"people\":".repeat(100_000).as_bytes());
    failure(format!("[{}", "{\"keypoints\":[1,2,3]},".repeat(200_000)).as_bytes());
    failure(format!("[{}[]]", "[],".repeat(400_000)).as_bytes());
    failure(format!(":version 1\n:bonedata\n{}", "begin\nname a\nend\n".repeat(100_000)).as_bytes());
    failure(
        format!("{{\"asset\":{{\"version\":\"2.0\"}},\"nodes\":[{}{{}}]}}", "{\"children\":[0,1]},".repeat(200_000))
            .as_bytes(),
    );
    failure("0.5 ".repeat(3_000_000).as_bytes());
    let deep = format!("HIERARCHY\n{}", "ROOT a\n{\nOFFSET 0 1 0\n".repeat(1_000_000));
    let error = failure(deep.as_bytes());
    assert!(error.to_string().contains("limit of 1024"), "{error}");
    let braces = format!("HIERARCHY\nROOT a\n{}", "{".repeat(1_000_000));
    failure(braces.as_bytes());
    failure("[".repeat(1_000_000).as_bytes());
    failure(format!("{{\"skeletons\":{}", "[".repeat(1_000_000)).as_bytes());
    failure(format!("{{\"a\":{}", "[".repeat(1_000_000)).as_bytes());
    let name = format!("HIERARCHY\nROOT {}", "n".repeat(3_000_000));
    failure(name.as_bytes());
    // one channel, a thousand joints, and more rows than fit
    let joints = "JOINT j\n{\nOFFSET 0 1 0\n}\n".repeat(1000);
    let rows = "0\n".repeat(400_000);
    let wide = format!(
        "HIERARCHY\nROOT a\n{{\nOFFSET 0 0 0\nCHANNELS 1 Xposition\n{joints}}}\nMOTION\nFrames: 400000\nFrame Time: 0.1\n{rows}"
    );
    let error = failure(wide.as_bytes());
    assert!(error.to_string().contains("frames × joints"), "{error}");
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn the_deepest_allowed_chain_is_read() {
    for depth in [900, 1020] {
        chain(depth);
    }
}

fn chain(depth: usize) {
    let text = format!(
        "HIERARCHY\nROOT a\n{{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n{}{}}}\nMOTION\nFrames: 1\nFrame Time: 0.1\n0\n",
        "JOINT b\n{\nOFFSET 0 0.1 0\n".repeat(depth),
        "}\n".repeat(depth)
    );
    let m = as_written(&text);
    assert!(m.skeleton.joints() >= depth);
    // and can be written again
    let again = as_written(&write_bvh(&m, 0).unwrap());
    assert!(again.skeleton.joints() >= m.skeleton.joints() && again.frames() == m.frames());
}

/// Small valid files of every format.
fn seeds() -> Vec<Vec<u8>> {
    let person = humanoid::Person::default();
    let wave = humanoid::perform(humanoid::Action::Clap, &person, 30.0).cropped(20..23);
    let ntu = write_ntu(&humanoid::as_kinect(&wave, 3.0)).unwrap();
    let frame = vec![vec![0.5; 3]; 22];
    let mut moving = vec![frame.clone(), frame];
    moving[1][3][1] = 1.7;
    let json = serde_json::json!({ "other": {"a": [1]}, "skeletons": moving }).to_string();
    let values = &super::arrays::waving(Layout::Smpl22)[..2 * 22 * 3];
    let array = super::formats::npy(1, "<f4", false, &[2, 22, 3], values);
    let mut seeds = vec![
        write_bvh(&wave, 0).unwrap().into_bytes(),
        GOOD.as_bytes().to_vec(),
        ntu.into_bytes(),
        json.into_bytes(),
        super::foreign::zipped(&[("joints.npy", &array)]),
        array,
    ];
    seeds.extend(super::gltf::seeds());
    seeds.extend(super::keypoints::seeds());
    seeds.extend(super::tables::seeds());
    seeds
}

#[test]
fn mutated_files_never_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |n: usize| {
        // xorshift64: the same mutations in every run
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    let words: [&[u8]; 8] = [b"{", b"}", b"1e308", b"-1", b"nan", b"\n", b"99999999999", b"JOINT x\n{"];
    let seeds = seeds();
    for seed in &seeds {
        assert!(read(seed, "seed", &ReadOptions::default()).is_ok());
    }
    let mut read_well = 0;
    for round in 0..12_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(5) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes.truncate(at),
                2 => drop(bytes.splice(at..at, words[random(words.len())].iter().copied())),
                3 => {
                    let end = (at + random(40)).min(bytes.len());
                    drop(bytes.drain(at..end));
                }
                _ => bytes[at] ^= 1 << random(8),
            }
            if bytes.is_empty() {
                bytes.push(b'H');
            }
        }
        if let Ok(m) = read(&bytes, "mutant", &ReadOptions::default()) {
            read_well += 1;
            assert!(m.positions.iter().all(|v| v.is_finite()));
            assert_eq!(m.positions.len(), m.present.len() * m.joints() * 3);
            assert!(m.skeleton.mirror.iter().enumerate().all(|(j, &k)| m.skeleton.mirror[k] == j));
            let mirrored = m.mirrored();
            assert_eq!((mirrored.present.len(), mirrored.positions.len()), (m.present.len(), m.positions.len()));
            assert!(mirrored.positions.iter().all(|v| v.is_finite()) && !m.height().is_nan());
            // what was read can be written, and read again unless it holds numbers at the edge of what is read
            if let Ok(written) = write_bvh(&m, 0)
                && let Ok(again) = read(written.as_bytes(), "again", &ReadOptions::default())
            {
                assert_eq!(again.frames(), m.frames());
            }
        }
    }
    // the mutations are small enough to reach the insides
    assert!(read_well > 400, "{read_well}");
}

#[test]
fn mutated_pairs_never_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    let (asf, amc) = (super::acclaim::ASF.as_bytes(), super::acclaim::AMC.as_bytes());
    let words: [&[u8]; 8] = [b"begin", b"end", b":root", b"nan", b"-1e9", b"\n", b"root", b"dof rx"];
    let mut read_well = 0;
    for round in 0..4000 {
        let mut pair = [asf.to_vec(), amc.to_vec()];
        let bytes = &mut pair[round % 2];
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(128) as u8,
                1 => drop(bytes.splice(at..at, words[random(words.len())].iter().copied())),
                _ => drop(bytes.drain(at..(at + random(20)).min(bytes.len()))),
            }
            if bytes.is_empty() {
                bytes.push(b':');
            }
        }
        let [asf, amc] = pair;
        let options = ReadOptions { sidecar: Some(asf), ..ReadOptions::default() };
        if let Ok(m) = read(&amc, "mutant.amc", &options) {
            read_well += 1;
            assert!(m.positions.iter().all(|v| v.is_finite()));
            assert_eq!(m.positions.len(), m.present.len() * m.joints() * 3);
        }
    }
    assert!(read_well > 200, "{read_well}");
}
