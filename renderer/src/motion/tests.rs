//! Readers against numbers worked out by hand, damaged files, and every recording at hand.

mod acclaim;
mod arrays;
mod bad_input;
mod bvh;
mod data;
mod displacement;
mod foreign;
mod formats;
mod gltf;
mod half_body;
mod json;
mod keypoints;
mod names;
mod npz;
mod people;
mod postures;
mod shapes;
mod tables;
mod up;
mod written;

pub(super) use self::arrays::on_layout;
use super::{Motion, MotionError, ReadOptions, Unit, UpAxis, read};

/// Reads text in metres, +y up, so that coordinates are those of the file.
fn as_written(text: &str) -> Motion {
    let options = ReadOptions { unit: Some(Unit::METRE), up: Some(UpAxis::PlusY), ..ReadOptions::default() };
    read(text.as_bytes(), "test.bvh", &options).unwrap_or_else(|e| panic!("{e}"))
}

fn failure(bytes: &[u8]) -> MotionError {
    match read(bytes, "bad.file", &ReadOptions::default()) {
        Ok(_) => panic!("was read: {:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(200)])),
        Err(error) => error,
    }
}

fn close(a: [f32; 3], b: [f32; 3]) {
    assert!((0..3).all(|i| (a[i] - b[i]).abs() < 1e-4), "{a:?}, expected {b:?}");
}
