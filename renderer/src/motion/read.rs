//! The entry points: which format it is, who reads it, and what its numbers mean.

use std::{fs, io::Read as _, path::Path, sync::Arc};

use super::{
    Format, Motion, MotionError, Skeleton, Source, Unit, UpAxis, bvh,
    error::{Cause, excerpt},
    humanml3d,
    limits::{MAX_COORDINATE, MAX_FILE_BYTES, check_size},
    measure::{self, Poses},
    npy, ntu,
    quaternion::{from_scalar_first, scalar_first},
    raw::Raw,
    topology,
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
    /// `.skeleton` only: assign body slots by body id instead of by place in the file, so that a person who leaves and
    /// comes back keeps the slot. Off by default, as in the reference (spec A.1.1).
    pub slots_by_body_id: bool,
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
        Format::Ntu => ntu::read(bytes, options.slots_by_body_id).map_err(|(line, cause)| cause.at(name, line)),
        _ => bvh::read(bytes).map_err(|(line, cause)| cause.at(name, line)),
    }?;
    finish(raw, name, options).map_err(|cause| cause.at(name, None))
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

/// Labels, checks and converts the file's numbers.
fn finish(mut raw: Raw, name: &str, options: &ReadOptions) -> Result<Motion, Cause> {
    let joints = raw.names.len();
    if joints < 2 {
        return Err(Cause::Degenerate(
            "the skeleton has fewer than two joints, so there is nothing to draw".to_owned(),
        ));
    }
    if raw.positions.is_empty() {
        return Err(Cause::Degenerate("there are no frames".to_owned()));
    }
    let present = presence(&raw)?;
    let mut source = Source {
        file: name.to_owned(),
        format: raw.format,
        body_ids: std::mem::take(&mut raw.body_ids),
        warnings: std::mem::take(&mut raw.warnings),
        ..Source::default()
    };
    let bones = raw.bones.take().unwrap_or_else(|| topology::tree_bones(&raw.parents));
    let labels = topology::by_names(&raw.names, &raw.parents);
    let mut skeleton =
        Skeleton { names: raw.names, parents: raw.parents, bones, parts: labels.parts, mirror: labels.mirror };

    let poses = Poses { positions: &raw.positions, present: &present, joints };
    (source.up, source.up_from) = match (options.up, raw.up) {
        (Some(up), _) => (up, "given by the caller".to_owned()),
        (None, Some(declared)) => declared,
        (None, None) => measure::infer_up(&poses, &skeleton),
    };
    for point in raw.positions.chunks_exact_mut(3) {
        let turned = source.up.to_y_up([point[0], point[1], point[2]]);
        point.copy_from_slice(&turned);
    }

    let poses = Poses { positions: &raw.positions, present: &present, joints };
    source.parts_from = labels.how;
    if !labels.complete {
        source.parts_from = topology::by_shape(&poses, &mut skeleton, &mut source.warnings);
    }
    let size = measure::standing_height(&poses, &skeleton);
    (source.unit, source.unit_from) = match (options.unit.clone(), raw.unit) {
        (Some(unit), _) => (unit, "given by the caller".to_owned()),
        (None, Some(declared)) => declared,
        (None, None) => measure::infer_unit(size),
    };
    let metres = source.unit.metres;
    if !(0.3..=4.0).contains(&(size * metres)) {
        source.warnings.push(format!(
            "the body is {:.3} m tall in the unit {}: is the unit right?",
            size * metres,
            source.unit.name
        ));
    }
    for v in &mut raw.positions {
        *v = (f64::from(*v) * metres) as f32;
    }
    if let Some(orientations) = &mut raw.orientations {
        turn(orientations, source.up);
    }
    Ok(Motion {
        skeleton: Arc::new(skeleton),
        fps: raw.fps as f32,
        bodies: raw.bodies,
        positions: raw.positions,
        present,
        orientations: raw.orientations,
        source,
    })
}

/// `[T, P]`: a body slot is empty where all coordinates are zero (spec A.1.4). Errors when no frame shows a body of any
/// size, or a coordinate is not finite.
fn presence(raw: &Raw) -> Result<Vec<bool>, Cause> {
    let joints = raw.names.len();
    let mut present = Vec::with_capacity(raw.positions.len() / (3 * joints));
    let mut sized = false;
    for (n, body) in raw.positions.chunks_exact(3 * joints).enumerate() {
        if let Some(i) = body.iter().position(|v| !v.is_finite() || f64::from(v.abs()) > MAX_COORDINATE) {
            return Err(Cause::NotFinite(format!(
                "the position of joint {} in frame {}",
                raw.names[i / 3],
                n / raw.bodies + 1
            )));
        }
        present.push(body.iter().map(|v| v.abs()).sum::<f32>() > 1e-6);
        sized |= body.chunks_exact(3).any(|p| p != &body[..3]);
    }
    if !present.contains(&true) {
        return Err(Cause::Degenerate("nobody is in any frame: all coordinates are zero".to_owned()));
    }
    if !sized {
        return Err(Cause::Degenerate("all joints are at one point in every frame".to_owned()));
    }
    Ok(present)
}

fn turn(orientations: &mut [f32], up: UpAxis) {
    if up == UpAxis::PlusY {
        return;
    }
    for q in orientations.chunks_exact_mut(4) {
        let turned = up.rotation() * from_scalar_first([q[0], q[1], q[2], q[3]]);
        q.copy_from_slice(&scalar_first(turned));
    }
}
