//! NumPy `.npy` files of shape `[T, J, 3]` or `[T, P, J, 3]`, described by a `skeleton.json` or by a layout known from J.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, versions 1 to 3.

use serde::Deserialize;

use super::{
    Format, Layout, Unit, UpAxis,
    error::{Cause, excerpt},
    humanml3d,
    limits::{MAX_JOINTS, check_count, check_volume},
    raw::Raw,
    topology,
};

const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy itself writes headers of 128 bytes.
const MAX_HEADER: usize = 64 << 10;
/// Most body slots.
const MAX_BODIES: usize = 16;
/// The rate of depth cameras, for layouts that come without one.
const CAMERA_FPS: f64 = 30.0;

/// Which of the two files is at fault.
pub(super) enum Culprit {
    Array,
    /// With its line.
    Sidecar(Option<usize>),
}

type Failure = (Culprit, Cause);

/// Whether the bytes are a NumPy array.
pub(super) fn is_npy(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// `skeleton.json`: what an array does not say of itself.
#[derive(Deserialize)]
struct Sidecar {
    /// `[J]` joint names.
    joints: Vec<String>,
    /// `[J]` parents, −1 for a root.
    parents: Vec<i64>,
    /// Frames per second.
    fps: f64,
    /// Up axis such as `+y`; inferred where it is missing.
    up: Option<String>,
    /// Unit such as `m`; inferred where it is missing.
    unit: Option<String>,
    /// Bones in drawing order, counted from zero; parent to child where they are missing.
    bones: Option<Vec<[usize; 2]>>,
}

/// Reads an array and its description.
pub(super) fn read(bytes: &[u8], sidecar: Option<&[u8]>) -> Result<Raw, Failure> {
    let array = |cause| (Culprit::Array, cause);
    let header = Header::parse(bytes).map_err(array)?;
    let (frames, bodies, joints) = match header.shape[..] {
        [t, j, 3] => (t, 1, j),
        [t, p, j, 3] => (t, p, j),
        _ => {
            let text = format!(
                "the array's shape is {:?}, expected [frames, joints, 3] or [frames, bodies, joints, 3]",
                header.shape
            );
            return Err(array(Cause::Malformed(text)));
        }
    };
    if frames == 0 || bodies == 0 || joints < 2 {
        let text = format!("the array's shape is {:?}: no motion without frames and at least two joints", header.shape);
        return Err(array(Cause::Degenerate(text)));
    }
    check_count("the number of bodies", bodies, MAX_BODIES).map_err(array)?;
    check_volume(frames, bodies, joints).map_err(array)?;
    let mut raw = match sidecar {
        Some(text) => described(text, joints)?,
        None => undescribed(joints).map_err(array)?,
    };
    raw.bodies = bodies;
    raw.positions = header.values(bytes, &mut raw.warnings).map_err(array)?;
    if let Some(i) = raw.positions.iter().position(|v| !v.is_finite()) {
        let (t, j) = (i / (bodies * joints * 3), i / 3 % joints);
        let text = format!("the position of joint {} in frame {}", raw.names[j], t + 1);
        return Err(array(Cause::NotFinite(text)));
    }
    Ok(raw)
}

/// The skeleton as `skeleton.json` has it.
fn described(text: &[u8], joints: usize) -> Result<Raw, Failure> {
    let whole = |cause| (Culprit::Sidecar(None), cause);
    let sidecar: Sidecar = serde_json::from_slice(text).map_err(|error| {
        let line = (error.line() > 0).then_some(error.line());
        (Culprit::Sidecar(line), Cause::Malformed(error.to_string()))
    })?;
    let listed = (sidecar.joints.len(), sidecar.parents.len());
    if listed != (joints, joints) {
        return Err(whole(Cause::Malformed(format!(
            "{} joints and {} parents are listed, but the array has {joints} joints",
            listed.0, listed.1
        ))));
    }
    if !(sidecar.fps.is_finite() && (0.1..=10_000.0).contains(&sidecar.fps)) {
        let text = format!("fps is {}, expected 0.1 to 10000", sidecar.fps);
        return Err(whole(Cause::Malformed(text)));
    }
    let parents = tree(&sidecar.parents).map_err(whole)?;
    let bones = sidecar.bones.unwrap_or_else(|| topology::tree_bones(&parents));
    check_count("the number of bones", bones.len(), 4 * MAX_JOINTS).map_err(whole)?;
    if let Some(b) = bones.iter().find(|b| b[0] >= joints || b[1] >= joints || b[0] == b[1]) {
        let text = format!("bone {b:?} does not join two of {joints} joints");
        return Err(whole(Cause::Malformed(text)));
    }
    let stated = |what: &str| format!("{what} from skeleton.json");
    let unit = sidecar.unit.map(|u| u.parse::<Unit>()).transpose();
    let up = sidecar.up.map(|u| u.parse::<UpAxis>()).transpose();
    Ok(Raw {
        format: Format::Npy,
        names: sidecar.joints,
        parents,
        bones: Some(bones),
        fps: sidecar.fps,
        bodies: 1,
        unit: unit.map_err(|e| whole(Cause::Malformed(e)))?.map(|u| (u, stated("unit"))),
        up: up.map_err(|e| whole(Cause::Malformed(e)))?.map(|u| (u, stated("axis"))),
        ..Raw::default()
    })
}

/// Checks that parents exist and that following them ends.
fn tree(parents: &[i64]) -> Result<Vec<Option<usize>>, Cause> {
    let joints = parents.len();
    let mut tree = Vec::with_capacity(joints);
    for (j, &p) in parents.iter().enumerate() {
        tree.push(match usize::try_from(p) {
            Ok(p) if p < joints => Some(p),
            Err(_) if p == -1 => None,
            _ => {
                let text = format!("joint {j} has the parent {p}, expected -1 to {}", joints - 1);
                return Err(Cause::Malformed(text));
            }
        });
    }
    if topology::parents_first(&tree).len() != joints {
        return Err(Cause::malformed("the parents form a ring"));
    }
    Ok(tree)
}

/// The skeleton a bare array most likely has.
fn undescribed(joints: usize) -> Result<Raw, Cause> {
    let Some(layout) = Layout::with_joints(joints) else {
        return Err(Cause::Malformed(format!(
            "an array of {joints} joints needs a skeleton.json beside it (joints, parents, fps, unit, up)"
        )));
    };
    if layout == Layout::Smpl22 {
        // HumanML3D has it in metres with +y up, others in millimetres or with +z up: the body tells
        return Ok(Raw { unit: None, up: None, format: Format::Npy, ..humanml3d::raw(Vec::new()) });
    }
    let warning =
        format!("there is no skeleton.json: {joints} joints are taken for {layout:?} at {CAMERA_FPS} frames a second");
    Ok(Raw { warnings: vec![warning], ..Raw::of_layout(layout, Format::Npy, CAMERA_FPS) })
}

struct Header {
    /// 4 or 8 bytes a number.
    width: usize,
    little_endian: bool,
    fortran: bool,
    shape: Vec<usize>,
    /// Where the numbers begin.
    data: usize,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, Cause> {
        let early = || Cause::Truncated("the NumPy header is incomplete".to_owned());
        let field = |from: usize, to: usize| bytes.get(from..to).ok_or_else(early);
        let version = field(6, 8)?[0];
        let (length, start) = match version {
            1 => (field(8, 10)?.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)), 10),
            2 | 3 => (field(8, 12)?.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)), 12),
            v => return Err(Cause::Malformed(format!("NumPy format version {v} is unknown"))),
        };
        check_count("the length of the NumPy header", length, MAX_HEADER)?;
        let text = field(start, start + length)?;
        let text = std::str::from_utf8(text).map_err(|_| Cause::malformed("the NumPy header is not text"))?;

        let descr = value(text, "descr")?;
        let descr = descr.trim_matches(|c| c == '\'' || c == '"').as_bytes();
        let (little_endian, width) = match descr {
            [b'<', b'f', w @ (b'4' | b'8')] => (true, usize::from(w - b'0')),
            [b'>', b'f', w @ (b'4' | b'8')] => (false, usize::from(w - b'0')),
            other => {
                let text = format!("numbers of type {}, expected <f4, <f8, >f4 or >f8", excerpt(other));
                return Err(Cause::Malformed(text));
            }
        };
        let fortran = match value(text, "fortran_order")? {
            "True" => true,
            "False" => false,
            other => {
                let text = format!("fortran_order is {}", excerpt(other.as_bytes()));
                return Err(Cause::Malformed(text));
            }
        };
        let tuple = value(text, "shape")?;
        let bad = || Cause::Malformed(format!("the shape {} is no tuple", excerpt(tuple.as_bytes())));
        let inner = tuple.strip_prefix('(').and_then(|t| t.strip_suffix(')')).ok_or_else(bad)?;
        let mut shape = Vec::new();
        for word in inner.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            shape.push(word.parse::<usize>().map_err(|_| bad())?);
            check_count("the number of the array's dimensions", shape.len(), 8)?;
        }
        Ok(Self { width, little_endian, fortran, shape, data: start + length })
    }

    /// The numbers in C order. The shape has been checked against the limits.
    fn values(&self, bytes: &[u8], warnings: &mut Vec<String>) -> Result<Vec<f32>, Cause> {
        let data = &bytes[self.data..];
        let count: usize = self.shape.iter().product();
        let needed = count * self.width;
        if data.len() < needed {
            return Err(Cause::Truncated(format!(
                "the shape {:?} needs {needed} bytes, {} are there",
                self.shape,
                data.len()
            )));
        }
        if data.len() > needed {
            let extra = data.len() - needed;
            warnings.push(format!("{extra} bytes after the array are ignored"));
        }
        let number = |i: usize| -> f32 {
            let raw = &data[i * self.width..][..self.width];
            let mut wide = [0; 8];
            wide[..self.width].copy_from_slice(raw);
            if !self.little_endian {
                wide[..self.width].reverse();
            }
            if self.width == 8 {
                f64::from_le_bytes(wide) as f32
            } else {
                f32::from_le_bytes([wide[0], wide[1], wide[2], wide[3]])
            }
        };
        if !self.fortran {
            return Ok((0..count).map(number).collect());
        }
        // Fortran order: the first index runs fastest
        let mut values = Vec::with_capacity(count);
        for c in 0..count {
            let (mut rest, mut at, mut stride) = (c, 0, 1);
            let mut index = [0; 8];
            for (k, &n) in self.shape.iter().enumerate().rev() {
                index[k] = rest % n;
                rest /= n;
            }
            for (k, &n) in self.shape.iter().enumerate() {
                at += index[k] * stride;
                stride *= n;
            }
            values.push(number(at));
        }
        Ok(values)
    }
}

/// The value of a key in the header's Python dictionary, as written.
fn value<'a>(header: &'a str, key: &str) -> Result<&'a str, Cause> {
    let missing = || Cause::Malformed(format!("the NumPy header has no `{key}`"));
    let at = ["'", "\""].iter().find_map(|q| header.find(&format!("{q}{key}{q}"))).ok_or_else(missing)?;
    let rest = header[at + key.len() + 2..].trim_start();
    let rest = rest.strip_prefix(':').ok_or_else(missing)?.trim_start();
    let end = if rest.starts_with('(') { rest.find(')').map(|i| i + 1) } else { rest.find([',', '}']) };
    end.map(|i| rest[..i].trim()).ok_or_else(missing)
}
