//! The entry points: which format it is, and who reads it.

use std::path::Path;

use super::{
    Format, Motion, MotionError, Slots, Unit, UpAxis, acclaim, archive,
    beside::{Beside, Companion},
    bvh, encoding,
    error::Cause,
    folder::load,
    gltf, humanml3d, keypoints,
    limits::check_size,
    msr, npy, npz, ntu, pku,
    raw::Raw,
    sniff,
    understand::understand,
};

/// How to understand a file, where the caller knows better than inference.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The file's unit of length; `None` takes the declared one, or infers it from the body's size.
    pub unit: Option<Unit>,
    /// The file's up axis; `None` takes the declared one, or infers it from the body's stance.
    pub up: Option<UpAxis>,
    /// The bytes of the file that belongs to this one: the `skeleton.json` of an `.npy` file, the `.asf` of an `.amc`
    /// (or the other way round), the `.bin` of a `.gltf`.
    pub sidecar: Option<Vec<u8>>,
    /// Files that may belong to this one, where their names are known; those that do are found by name. They are not looked
    /// at where [`ReadOptions::sidecar`] is given.
    pub companions: Vec<Companion>,
    /// `.skeleton` and PKU-MMD only: who stands in which body slot.
    pub slots: Slots,
    /// Reads only this one of the people in the file, counted from 1 in the order of the body slots; `None` reads all.
    pub person: Option<usize>,
    /// glTF only: the name of the animation to read, or its number counted from one; `None` takes the longest.
    pub animation: Option<String>,
}

impl ReadOptions {
    /// The file that belongs to the one that is read, as far as the caller gave any.
    fn given(&self) -> Option<Beside<'_>> {
        let among = || (!self.companions.is_empty()).then_some(Beside::Among(&self.companions));
        self.sidecar.as_deref().map(Beside::Given).or_else(among)
    }
}

/// Reads a motion from bytes; the format is told from the content, `name` is for messages and tells only between
/// formats that look alike.
///
/// # Errors
/// A [`MotionError`] with `name`, line and cause when the bytes are no motion file, are damaged, hold no moving body, or
/// exceed the limits ([`MAX_FILE_BYTES`], [`super::MAX_JOINTS`], [`super::MAX_FRAMES`], [`super::MAX_JOINT_FRAMES`]).
pub fn read(bytes: &[u8], name: &str, options: &ReadOptions) -> Result<Motion, MotionError> {
    read_watched(bytes, name, options, &mut |_| ())
}

/// As [`read`]; `watch` hears how much of the work is done, 0..1 and never less than before. A long BVH tells it all along,
/// other formats where one step follows another.
///
/// # Errors
/// As [`read`].
pub fn read_watched(
    bytes: &[u8],
    name: &str,
    options: &ReadOptions,
    watch: &mut dyn FnMut(f32),
) -> Result<Motion, MotionError> {
    read_beside(bytes, name, options, options.given().unwrap_or(Beside::Nowhere), watch)
}

/// Reads a motion file, and where [`ReadOptions`] do not give it the file that belongs to it: the
/// `skeleton.json` beside an `.npy` file, the `.asf` of an `.amc`, the buffers of a `.gltf`. A folder is read if it holds
/// one `.json` file a frame, as OpenPose writes them.
///
/// # Errors
/// As [`read`], and when the file cannot be read. A file larger than [`MAX_FILE_BYTES`] is refused before it is read.
pub fn read_file(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Motion, MotionError> {
    let path = path.as_ref();
    let name = path.display().to_string();
    if path.is_dir() {
        let raw = keypoints::read_folder(path)?;
        return understand(raw, &name, options).map_err(|cause| cause.at(&name, None));
    }
    let bytes = load(path).map_err(|cause| cause.at(&name, None))?;
    let mut motion = read_beside(&bytes, &name, options, options.given().unwrap_or(Beside::Of(path)), &mut |_| ())?;
    if motion.source.format == Format::Keypoints && motion.frames() == 1 && keypoints::is_one_of_many(path) {
        motion.source.warnings.push("it is one frame of several: give their folder to read them all".to_owned());
    }
    Ok(motion)
}

/// Share of the work that is done once the text is read: the rest finds out what was read.
const TEXT: f32 = 0.85;

fn read_beside(
    bytes: &[u8],
    name: &str,
    options: &ReadOptions,
    beside: Beside<'_>,
    watch: &mut dyn FnMut(f32),
) -> Result<Motion, MotionError> {
    let at = |cause: Cause| cause.at(name, None);
    check_size(bytes.len() as u64).map_err(at)?;
    let bytes = archive::unzipped(bytes).map_err(at)?;
    let of_text = &mut |fraction: f32| watch(TEXT * fraction);
    let raw = match sniff::binary(&bytes).map_err(at)? {
        Some(Format::Npz) => match npz::lone_file(&bytes).map_err(at)? {
            Some(content) => read_raw(&content, name, options, beside, of_text)?,
            None => read_arrays(&bytes, name, beside, npz::read)?,
        },
        _ => read_raw(&bytes, name, options, beside, of_text)?,
    };
    watch(TEXT);
    understand(raw, name, options).map_err(at)
}

/// What stands in a file that is no archive.
fn read_raw(
    bytes: &[u8],
    name: &str,
    options: &ReadOptions,
    beside: Beside<'_>,
    watch: &mut dyn FnMut(f32),
) -> Result<Raw, MotionError> {
    let at = |cause: Cause| cause.at(name, None);
    let animation = options.animation.as_deref();
    match sniff::binary(bytes).map_err(at)? {
        None => {}
        Some(Format::Npy) => return read_arrays(bytes, name, beside, |bytes, sidecar| npy::read(bytes, sidecar, None)),
        Some(Format::Gltf) => return gltf::read(bytes, name, animation, beside),
        Some(_) => return Err(at(Cause::Malformed("it is an archive within an archive".to_owned()))),
    }
    let text = encoding::to_utf8(bytes).map_err(at)?;
    let line = |(line, cause): (Option<usize>, Cause)| cause.at(name, line);
    let mut raw = match sniff::text(&text.utf8).map_err(at)? {
        Format::HumanMl3d => humanml3d::read(&text.utf8).map_err(line),
        Format::Keypoints => keypoints::read(&text.utf8).map_err(line),
        Format::Ntu => ntu::read(&text.utf8, options.slots).map_err(line),
        Format::Pku => pku::read(&text.utf8, options.slots).map_err(line),
        Format::Msr => msr::read(&text.utf8).map_err(line),
        Format::Acclaim => acclaim::read(&text.utf8, name, beside),
        Format::Gltf => gltf::read(&text.utf8, name, animation, beside),
        _ => bvh::read(&text.utf8, options.person, watch).map_err(line),
    }?;
    if let Some(encoding) = text.guessed {
        raw.warnings.push(format!("it is not in UTF-8: its names are read as {encoding}"));
    }
    Ok(raw)
}

/// A reader of arrays: bytes and their description.
type Arrays = fn(&[u8], Option<&[u8]>) -> Result<Raw, (npy::Culprit, Cause)>;

fn read_arrays(bytes: &[u8], name: &str, beside: Beside<'_>, reader: Arrays) -> Result<Raw, MotionError> {
    let described = beside.named("skeleton.json")?;
    let sidecar = described.as_ref().map(|companion| &companion.bytes[..]);
    reader(bytes, sidecar).map_err(|(file, cause)| match (file, &described, beside) {
        (npy::Culprit::Sidecar(line), Some(companion), Beside::Of(_)) => cause.at(&companion.name, line),
        (npy::Culprit::Sidecar(line), ..) => cause.at(&format!("{name} (skeleton.json)"), line),
        (npy::Culprit::Array, ..) => cause.at(name, None),
    })
}
