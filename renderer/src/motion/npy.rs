//! NumPy `.npy` arrays of joint positions, described by a `skeleton.json` or by the layout that fits.
//!
//! `header` reads the numbers, `shape` tells what the axes count, `picture` handles places in pictures, `sidecar` reads
//! `skeleton.json`.

mod header;
mod picture;
mod shape;
mod sidecar;

use self::{header::Header, shape::Reading};
use super::{
    Format, Layout, Reason, UpAxis,
    error::Cause,
    measure::Poses,
    raw::Raw,
    topology::fit::{self, Verdict},
};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Pairs of frames that are compared to tell frames from bodies.
const STEPS: usize = 32;

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

/// Reads an array and its description.
pub(super) fn read(bytes: &[u8], sidecar: Option<&[u8]>) -> Result<Raw, Failure> {
    let array = |cause| (Culprit::Array, cause);
    let header = Header::parse(bytes).map_err(array)?;
    let described = sidecar.map(sidecar::read).transpose().map_err(|(line, cause)| (Culprit::Sidecar(line), cause))?;
    let joints = described.as_ref().map(|raw| raw.names.len());
    let readings = shape::readings(&header.shape, joints).map_err(array)?;
    let mut warnings = Vec::new();
    let values = header.values(bytes, &mut warnings).map_err(array)?;
    let names = |r: &Reading| described.as_ref().map_or_else(|| numbered(r.joints), |raw| raw.names.clone());
    finite(&values, &readings[0], || names(&readings[0])).map_err(array)?;
    let (reading, mut raw) = match described {
        Some(raw) => (best_reading(&readings, &values, &raw), raw),
        None => undescribed(&readings, &values).map_err(array)?,
    };
    if !reading.is_documented() {
        let axes = format!("the array's axes are {}", reading.axes());
        raw.layout_from = Some(match raw.layout_from.take() {
            Some(reason) => Reason { why: format!("{}; {axes}", reason.why), ..reason },
            None => Reason::inferred(axes),
        });
    }
    let flat = is_flat(&reading, &values);
    raw.bodies = reading.bodies;
    raw.positions = reading.positions(values);
    if flat {
        raw.usual_up = UpAxis::MinusY;
        let filled = picture::flatten(&mut raw.positions, raw.bodies, reading.joints);
        if filled > 0 {
            warnings.push(format!("{filled} places of joints that were not found are filled with earlier ones"));
        }
    }
    raw.warnings.append(&mut warnings);
    Ok(raw)
}

fn numbered(joints: usize) -> Vec<String> {
    (1..=joints).map(|j| j.to_string()).collect()
}

/// Whether a reading is one of places in pictures.
fn is_flat(reading: &Reading, values: &[f32]) -> bool {
    reading.coordinates == 2 || picture::has_confidences(reading, values)
}

fn finite(values: &[f32], reading: &Reading, names: impl Fn() -> Vec<String>) -> Result<(), Cause> {
    if values.iter().all(|v| v.is_finite()) {
        return Ok(());
    }
    for t in 0..reading.frames {
        for p in 0..reading.bodies {
            for j in 0..reading.joints {
                if reading.at(values, t, p, j).iter().any(|v| !v.is_finite()) {
                    let text = format!("the position of joint {} in frame {}", names()[j], t + 1);
                    return Err(Cause::NotFinite(text));
                }
            }
        }
    }
    Ok(())
}

/// At most 64 poses of somebody, spread over the array.
fn sampled(reading: &Reading, values: &[f32], flat: bool) -> (Vec<f32>, usize) {
    let all = reading.frames * reading.bodies;
    let mut positions = Vec::new();
    let mut poses = 0;
    for n in (0..all).step_by(all.div_ceil(64).max(1)) {
        let (t, p) = (n / reading.bodies, n % reading.bodies);
        let body = (0..reading.joints).flat_map(|j| {
            let [x, y, z] = reading.at(values, t, p, j);
            [x, y, if flat { 0.0 } else { z }]
        });
        let body: Vec<f32> = body.collect();
        if body.iter().any(|&v| v != 0.0) {
            positions.extend(body);
            poses += 1;
        }
    }
    (positions, poses)
}

/// The layout and the order of axes that make bodies of an array without a description.
fn undescribed(readings: &[Reading], values: &[f32]) -> Result<(Reading, Raw), Cause> {
    let mut best: Option<(Reading, fit::Fit)> = None;
    let mut alike: Vec<Layout> = Vec::new();
    for reading in readings {
        let flat = is_flat(reading, values);
        let (positions, poses) = sampled(reading, values, flat);
        if poses == 0 {
            continue;
        }
        let present = vec![true; poses];
        match fit::choose(&Poses { positions: &positions, present: &present, joints: reading.joints }, flat) {
            // by a margin: the documented order comes first
            Verdict::Fits(fit) if best.is_none_or(|(_, b)| fit.misfit + 0.1 < b.misfit) => best = Some((*reading, fit)),
            Verdict::Several(mut layouts) => alike.append(&mut layouts),
            _ => {}
        }
    }
    let first = readings[0];
    let candidates: Vec<Layout> = Layout::with_joints(first.joints).collect();
    let (reading, layout) = match best {
        Some((reading, fit)) => (time_first(reading, readings, values)?, fit.layout),
        // nobody is there at all, which is said later
        None if values.iter().all(|&v| v == 0.0) => (first, candidates[0]),
        None => return Err(unfit(&first, &candidates, &alike)),
    };
    let among = Layout::with_joints(reading.joints).count();
    let why = match among {
        1 => format!("{layout}, {} frames a second", layout.fps()),
        _ => format!("{layout}, {} frames a second: of {among} layouts the one that fits the body", layout.fps()),
    };
    let raw = Raw::of_layout(layout, Format::Npy, layout.fps());
    Ok((reading, Raw { usual_up: layout.usual_up(), layout_from: Some(Reason::inferred(why)), ..raw }))
}

/// Why no layout is taken, and how to say which it is.
fn unfit(reading: &Reading, candidates: &[Layout], alike: &[Layout]) -> Cause {
    let list = |layouts: &[Layout]| {
        let named: Vec<String> = layouts.iter().map(|l| format!("{l} \"{l:?}\"")).collect();
        named.join(", ")
    };
    let what = if !alike.is_empty() {
        format!("several known layouts of {} joints fit alike: {}", reading.joints, list(alike))
    } else if let [only] = candidates {
        format!("{} joints would be {}, but bones between them make no body", reading.joints, list(&[*only]))
    } else {
        let list = list(candidates);
        format!("{} joints may be {list}, but bones between them make a body in none of these", reading.joints)
    };
    Cause::Malformed(format!(
        "{what}. Are these positions, not rotations or velocities? Put a skeleton.json beside the array that names the \
         joints (joints, parents, fps), or one of these layouts: {{\"layout\": \"{:?}\"}}",
        alike.first().or(candidates.first()).copied().unwrap_or(Layout::Smpl22)
    ))
}

/// The order of axes of an array with a description: the documented one, unless another makes more of a body.
fn best_reading(readings: &[Reading], values: &[f32], raw: &Raw) -> Reading {
    let [first, _, ..] = readings else { return readings[0] };
    let skeleton = super::Skeleton::named(raw.names.clone(), raw.parents.clone());
    let misfit = |reading: &Reading| {
        let flat = is_flat(reading, values);
        let (positions, poses) = sampled(reading, values, flat);
        let present = vec![true; poses];
        let poses = Poses { positions: &positions, present: &present, joints: reading.joints };
        fit::misfit(&poses, &skeleton, flat)
    };
    let best = readings.iter().skip(1).fold((*first, misfit(first)), |(best, least), reading| {
        let own = misfit(reading);
        // by a margin, so that the documented order is taken where nothing speaks against it
        if own + 0.3 < least { (*reading, own) } else { (best, least) }
    });
    time_first(best.0, readings, values).unwrap_or(best.0)
}

/// Which of two axes is time: people move a little from frame to frame, and stand apart from each other.
fn time_first(reading: Reading, readings: &[Reading], values: &[f32]) -> Result<Reading, Cause> {
    let other = readings.iter().find(|r| r.is_swapped(&reading) && r.joints == reading.joints);
    let size = extent(&reading, values, 0, 0);
    let reading = match (other, other.and_then(|o| step(o, values)), step(&reading, values)) {
        (Some(other), Some(theirs), Some(ours)) if 3.0 * theirs < ours && ours > 0.1 * size => *other,
        _ => reading,
    };
    // people do not begin in one place, clips of a batch do
    if !reading.is_documented() && reading.bodies > 1 {
        let apart = (1..reading.bodies).map(|p| shift(&reading, values, [0, 0], [0, p]));
        let apart: Vec<f32> = apart.flatten().collect();
        if !apart.is_empty() && apart.iter().all(|&d| d < 0.1 * size) {
            return Err(Cause::Malformed(format!(
                "the array's axes would be {}, but the {} bodies begin in one place: save one clip of the batch as \
                 [frames, joints, 3]",
                reading.axes(),
                reading.bodies
            )));
        }
    }
    Ok(reading)
}

/// Median distance that joints move from frame to frame.
fn step(reading: &Reading, values: &[f32]) -> Option<f32> {
    let pairs = (reading.frames - 1) * reading.bodies;
    let mut steps: Vec<f32> = (0..pairs)
        .step_by(pairs.div_ceil(STEPS).max(1))
        .filter_map(|n| {
            let (t, p) = (n / reading.bodies, n % reading.bodies);
            shift(reading, values, [t, p], [t + 1, p])
        })
        .collect();
    steps.sort_by(f32::total_cmp);
    steps.get(steps.len() / 2).copied()
}

/// Mean distance of the joints of two bodies, each by frame and slot; `None` where one is not there.
fn shift(reading: &Reading, values: &[f32], a: [usize; 2], b: [usize; 2]) -> Option<f32> {
    let pose = |[t, p]: [usize; 2]| (0..reading.joints).map(move |j| reading.at(values, t, p, j));
    let there = |at| pose(at).any(|v| v != [0.0; 3]);
    let distance = |(u, v): ([f32; 3], [f32; 3])| (0..3).map(|c| (u[c] - v[c]).powi(2)).sum::<f32>().sqrt();
    (there(a) && there(b)).then(|| pose(a).zip(pose(b)).map(distance).sum::<f32>() / reading.joints as f32)
}

/// Largest side of the box around a body.
fn extent(reading: &Reading, values: &[f32], t: usize, p: usize) -> f32 {
    let side = |c: usize| {
        let along = (0..reading.joints).map(|j| reading.at(values, t, p, j)[c]);
        let (low, high) = along.fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)));
        high - low
    };
    side(0).max(side(1)).max(side(2))
}
