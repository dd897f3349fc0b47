//! Files that hold others: glTF its numbers, archives arrays.

use draction::motion::{Motion, humanoid::Action, write_glb, write_npy};

use super::{moments, two};
use crate::Input;

pub(crate) fn gltf() -> Vec<Input> {
    let glb = |motion: &Motion| write_glb(motion).expect("somebody").content;
    let one = glb(&moments(Action::Walk, 3));
    // as text with its numbers beside it: a binary file with one byte more or less is refused at once
    let length = |at: usize| u32::from_le_bytes([one[at], one[at + 1], one[at + 2], one[at + 3]]) as usize;
    let text = std::str::from_utf8(&one[20..20 + length(12)]).expect("JSON").trim_end();
    let numbers = one[28 + length(12)..].to_vec();
    let count = format!("{{\"byteLength\":{}}}", numbers.len());
    assert!(text.contains(&count), "the buffer says how long it is");
    let text = text.replace(&count, &format!("{{\"byteLength\":{},\"uri\":\"a.bin\"}}", numbers.len()));
    let text = text.replace("},{", "},\n{").replace("],\"", "],\n\"");
    let split = Input { beside: Some(numbers), ..Input::alone("a.gltf", text) };
    vec![split, Input::alone("a.glb", one), Input::alone("a.glb", glb(&two(Action::Squat)))]
}

pub(crate) fn npz() -> Vec<Input> {
    let motion = moments(Action::Squat, 2);
    let array = write_npy(&motion);
    let times = b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }            \n\0\0\0\0\0\0\xf0\x3f";
    let rate = b"\x93NUMPY\x01\x00\x38\x00{'descr': '|u1', 'fortran_order': False, 'shape': (), }\n\x3c";
    let described = zipped(&[("joints.npy", &array.npy), ("times.npy", times), ("fps.npy", rate)]);
    let lone = zipped(&[("walk.bvh", &super::bvh()[3].bytes)]);
    vec![
        Input { beside: Some(array.skeleton.into_bytes()), ..Input::alone("a.npz", described) },
        Input::alone("a.zip", lone),
    ]
}

/// A zip archive that packs nothing.
fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let size = (bytes.len() as u32).to_le_bytes();
        let length = (name.len() as u16).to_le_bytes();
        let fields =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &crc(bytes).to_le_bytes(), &size, &size, &length, &[0, 0]].concat();
        let at = (out.len() as u32).to_le_bytes();
        out.extend([&b"PK\x03\x04"[..], &fields, name.as_bytes(), bytes].concat());
        directory.extend([&b"PK\x01\x02\x14\0"[..], &fields, &[0; 10], &at, name.as_bytes()].concat());
    }
    let count = (files.len() as u16).to_le_bytes();
    let (size, at) = ((directory.len() as u32).to_le_bytes(), (out.len() as u32).to_le_bytes());
    [out, directory, [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &at, &[0, 0]].concat()].concat()
}

/// The checksum of zip archives.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(super::crc(b"123456789"), 0xcbf4_3926);
    }
}
