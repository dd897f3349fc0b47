//! NumPy `.npy` arrays of joint positions, described by a `skeleton.json` or by the layout that fits.
//!
//! `header` reads the numbers, `shape` lists what the axes may count, `choice` takes what makes a body of them, `time` tells
//! frames from bodies, `picture` handles places in pictures, `gaps` what was not seen, `sidecar` reads `skeleton.json`.

mod choice;
mod gaps;
mod header;
mod picture;
mod shape;
mod sidecar;
mod time;

use self::shape::Reading;
pub(super) use self::{header::Header, shape::meant_otherwise};
use super::{Reason, UpAxis, error::Cause, raw::Raw};

const MAGIC: &[u8] = b"\x93NUMPY";

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

/// Reads an array and its description. `rate` are the frames a second that an archive states beside the array: taken where
/// the description states none.
pub(super) fn read(bytes: &[u8], sidecar: Option<&[u8]>, rate: Option<f64>) -> Result<Raw, Failure> {
    let array = |cause| (Culprit::Array, cause);
    let header = Header::parse(bytes).map_err(array)?;
    let stored = header.stored().map_err(array)?;
    let described = sidecar.map(|text| sidecar::read(text, rate)).transpose();
    let described = described.map_err(|(line, cause)| (Culprit::Sidecar(line), cause))?;
    let joints = described.as_ref().map(|raw| raw.names.len());
    let readings = shape::readings(&header.shape, joints).map_err(array)?;
    let mut warnings = Vec::new();
    let values = header.values(stored, bytes, &mut warnings).map_err(array)?;
    let names = |r: &Reading| described.as_ref().map_or_else(|| numbered(r.joints), |raw| raw.names.clone());
    finite(&values, &readings[0], || names(&readings[0])).map_err(array)?;
    let bridged = gaps::bridged(&values, &readings[0]);
    let numbers = choice::Numbers { stored: &values, bridged: bridged.as_deref().unwrap_or(&values) };
    let (reading, mut raw) = match described {
        Some(raw) => (choice::best_reading(&readings, numbers, &raw).map_err(array)?, raw),
        None => choice::undescribed(&header.shape, &readings, numbers, rate).map_err(array)?,
    };
    if !reading.is_documented() {
        let axes = format!("the array's axes are {}", reading.axes());
        raw.layout_from = Some(match raw.layout_from.take() {
            Some(reason) => Reason { why: format!("{}; {axes}", reason.why), ..reason },
            None => Reason::inferred(axes),
        });
    }
    let flat = picture::is_flat(&reading, numbers.bridged);
    raw.unseen = gaps::unseen(&values, &reading);
    raw.bodies = reading.bodies;
    raw.positions = reading.positions(values);
    if flat {
        // as estimators write that they have not found something
        for place in raw.positions.chunks_exact_mut(3).filter(|place| place.iter().any(|v| v.is_nan())) {
            place.fill(0.0);
        }
        raw.usual_up = UpAxis::MinusY;
        let filled = picture::flatten(&mut raw.positions, raw.bodies, reading.joints);
        if filled > 0 {
            warnings.push(format!("{filled} places of joints that were not found are filled with earlier ones"));
        }
    } else {
        warnings.extend(gaps::fill(&mut raw.positions, raw.bodies, &raw.names, raw.fps));
    }
    raw.warnings.append(&mut warnings);
    Ok(raw)
}

fn numbered(joints: usize) -> Vec<String> {
    (1..=joints).map(|j| j.to_string()).collect()
}

/// Infinities are in no place that somebody means.
fn finite(values: &[f32], reading: &Reading, names: impl Fn() -> Vec<String>) -> Result<(), Cause> {
    if !values.iter().any(|v| v.is_infinite()) {
        return Ok(());
    }
    for t in 0..reading.frames {
        for p in 0..reading.bodies {
            for j in 0..reading.joints {
                if reading.at(values, t, p, j).iter().any(|v| v.is_infinite()) {
                    let text = format!("the position of joint {} in frame {}", names()[j], t + 1);
                    return Err(Cause::NotFinite(text));
                }
            }
        }
    }
    Ok(())
}
