//! The entry points: which format it is, and who reads it.

use std::{fs, io::Read as _, path::Path};

use super::{
    Format, Motion, MotionError, Slots, Unit, UpAxis, bvh,
    error::{Cause, excerpt},
    humanml3d,
    limits::{MAX_FILE_BYTES, check_size},
    npy, ntu,
    understand::understand,
};

/// How to understand a file, where the caller knows better than inference.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The file's unit of length; `None` takes the declared one, or infers it from the body's size.
    pub unit: Option<Unit>,
    /// The file's up axis; `None` takes the declared one, or infers it from the body's stance.
    pub up: Option<UpAxis>,
    /// The bytes of the `skeleton.json` that describes an `.npy` file.
    pub sidecar: Option<Vec<u8>>,
    /// `.skeleton` only: who stands in which body slot.
    pub slots: Slots,
    /// Reads only this one of the people in the file, counted from 1 in the order of the body slots; `None` reads all.
    pub person: Option<usize>,
}

/// Reads a motion from bytes; the format is told from the content, `name` is for messages and tells only between
/// formats that look alike.
///
/// # Errors
/// A [`MotionError`] with `name`, line and cause when the bytes are no motion file, are damaged, hold no moving body, or
/// exceed the limits ([`MAX_FILE_BYTES`], [`super::MAX_JOINTS`], [`super::MAX_FRAMES`], [`super::MAX_JOINT_FRAMES`]).
pub fn read(bytes: &[u8], name: &str, options: &ReadOptions) -> Result<Motion, MotionError> {
    check_size(bytes.len() as u64).map_err(|cause| cause.at(name, None))?;
    let sidecar = options.sidecar.as_deref();
    let raw = match sniff(bytes).map_err(|cause| cause.at(name, None))? {
        Format::Npy => npy::read(bytes, sidecar).map_err(|(file, cause)| match file {
            npy::Culprit::Array => cause.at(name, None),
            npy::Culprit::Sidecar(line) => cause.at(&format!("{name} (skeleton.json)"), line),
        }),
        Format::HumanMl3d => humanml3d::read(bytes).map_err(|(line, cause)| cause.at(name, line)),
        Format::Ntu => ntu::read(bytes, options.slots).map_err(|(line, cause)| cause.at(name, line)),
        _ => bvh::read(bytes, options.person).map_err(|(line, cause)| cause.at(name, line)),
    }?;
    understand(raw, name, options).map_err(|cause| cause.at(name, None))
}

/// Reads a motion file. For an `.npy` file without [`ReadOptions::sidecar`], a `skeleton.json` in the same folder is used.
///
/// # Errors
/// As [`read`], and when the file cannot be read. A file larger than [`MAX_FILE_BYTES`] is refused before it is read.
pub fn read_file(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Motion, MotionError> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let bytes = load(path).map_err(|cause| cause.at(&name, None))?;
    let sidecar = path.with_file_name("skeleton.json");
    if npy::is_npy(&bytes) && options.sidecar.is_none() && sidecar.is_file() {
        let content = load(&sidecar).map_err(|cause| cause.at(&sidecar.display().to_string(), None))?;
        let options = ReadOptions { sidecar: Some(content), ..options.clone() };
        return read(&bytes, &name, &options);
    }
    read(&bytes, &name, options)
}

fn load(path: &Path) -> Result<Vec<u8>, Cause> {
    let file = fs::File::open(path)?;
    check_size(file.metadata()?.len())?;
    let mut bytes = Vec::new();
    // a pipe has no length beforehand: never take more than the limit
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    check_size(bytes.len() as u64)?;
    Ok(bytes)
}

/// Tells the format by content.
fn sniff(bytes: &[u8]) -> Result<Format, Cause> {
    if npy::is_npy(bytes) {
        return Ok(Format::Npy);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = text.trim_ascii_start();
    let word = |w: &[u8]| start.len() >= w.len() && start[..w.len()].eq_ignore_ascii_case(w);
    match start.first() {
        None => Err(Cause::UnknownFormat("it is empty".to_owned())),
        Some(b'{' | b'[') => Ok(Format::HumanMl3d),
        Some(b'0'..=b'9') => Ok(Format::Ntu),
        _ if word(b"HIERARCHY") || word(b"ROOT") || word(b"MOTION") => Ok(Format::Bvh),
        _ => Err(Cause::UnknownFormat(format!("it begins with {}", excerpt(start)))),
    }
}
