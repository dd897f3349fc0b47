//! NumPy arrays, as the reader of the same name takes them.

use serde::Serialize;

use super::super::Motion;

/// Bytes before the numbers are a multiple of this, as NumPy asks for.
const ALIGNMENT: usize = 64;

/// An array file and the `skeleton.json` that describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// The `.npy` file: `[T, P, J, 3]` joint positions, f32, in metres, +y up; zeros where a body is absent.
    pub npy: Vec<u8>,
    /// The text of `skeleton.json`.
    pub skeleton: String,
}

/// `skeleton.json`.
#[derive(Serialize)]
struct Description<'a> {
    joints: &'a [String],
    parents: Vec<i64>,
    bones: &'a [[usize; 2]],
    fps: f32,
    unit: &'static str,
    up: &'static str,
}

/// Writes positions as a NumPy array. Reading both files gives the same positions, bit by bit; orientations are left out.
#[must_use]
pub fn write_npy(motion: &Motion) -> Array {
    let skeleton = &motion.skeleton;
    let description = Description {
        joints: &skeleton.names,
        parents: skeleton.parents.iter().map(|p| p.map_or(-1, |p| p as i64)).collect(),
        bones: &skeleton.bones,
        fps: motion.fps,
        unit: "m",
        up: "+y",
    };
    let text = serde_json::to_string(&description).expect("names and numbers are JSON");
    let shape = [motion.frames(), motion.bodies, motion.joints(), 3];
    let mut npy = header(&shape);
    npy.reserve_exact(4 * motion.positions.len());
    npy.extend(motion.positions.iter().flat_map(|v| v.to_le_bytes()));
    Array { npy, skeleton: text + "\n" }
}

/// Version 1.0 of the format.
fn header(shape: &[usize]) -> Vec<u8> {
    let tuple: Vec<String> = shape.iter().map(usize::to_string).collect();
    let mut text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", tuple.join(", "));
    let before = 10;
    while !(before + text.len() + 1).is_multiple_of(ALIGNMENT) {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(text.len()).expect("four numbers are short").to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}
