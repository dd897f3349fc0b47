//! `.npz`: arrays in a zip archive. One of them holds the joints, told by its name and shape; and any other zip archive,
//! which is read if it holds a single file.

use super::{
    archive::{self, Entry},
    error::{Cause, excerpt},
    npy,
    raw::Raw,
};

/// What arrays of joint positions are called, the clearest first.
const POSITIONS: &[&str] = &[
    "joints",
    "positions",
    "joint_positions",
    "joints3d",
    "joints_3d",
    "xyz",
    "kp3d",
    "keypoints3d",
    "keypoints_3d",
    "poses_3d",
    "positions_3d",
    "pose3d",
    "jtr",
    "skeleton",
    "keypoints",
    "kp2d",
    "keypoints2d",
    "keypoints_2d",
    "poses_2d",
    "positions_2d",
    "motion",
    "data",
    "arr_0",
];
/// What a lone number of frames a second is called.
const RATES: &[&str] = &["fps", "mocap_framerate", "mocap_frame_rate", "framerate", "frame_rate"];

/// An array of the archive.
struct Array<'a> {
    entry: &'a Entry<'a>,
    name: String,
    shape: Vec<usize>,
    /// Whether it holds fractions rather than whole numbers or text.
    float: bool,
}

impl Array<'_> {
    /// Whether it can be `[T, J, 3]` or with people or a batch before; two numbers are a place in a picture.
    fn is_joints(&self) -> bool {
        let known = POSITIONS.contains(&self.name.to_lowercase().as_str());
        match self.shape[..] {
            [.., t, j, 2 | 3] => self.float && t > 0 && (4..=1024).contains(&j),
            // the numbers of a frame in a row
            [t, row] => self.float && known && t > 0 && row >= 12 && row % 3 == 0,
            _ => false,
        }
    }
}

/// The content of an archive that holds one file and no arrays.
pub(super) fn lone_file(zip: &[u8]) -> Result<Option<Vec<u8>>, Cause> {
    let entries = archive::entries(zip)?;
    if entries.iter().any(is_array) {
        return Ok(None);
    }
    let known = |part: &str| entries.iter().any(|e| e.name.contains(part));
    for (part, what) in [
        ("data.pkl", "it seems to be a file of PyTorch; save the joints as an .npy array [frames, joints, 3]"),
        ("[Content_Types].xml", "it seems to be an office document"),
        (".usd", "it seems to be USDZ; export it as BVH or GLB"),
    ] {
        if known(part) {
            return Err(Cause::UnknownFormat(what.to_owned()));
        }
    }
    let own = |e: &&Entry<'_>| !e.name.starts_with("__MACOSX/") && !e.name.ends_with(".DS_Store");
    let files: Vec<&Entry<'_>> = entries.iter().filter(own).collect();
    match files[..] {
        [one] => Ok(Some(one.content()?.into_owned())),
        _ => {
            let names: Vec<String> = files.iter().take(4).map(|e| excerpt(e.name.as_bytes())).collect();
            let more = if files.len() > 4 { ", …" } else { "" };
            let text =
                format!("it is a zip archive of {} files ({}{more}); unpack it first", files.len(), names.join(", "));
            Err(Cause::UnknownFormat(text))
        }
    }
}

/// Reads the array of joints.
pub(super) fn read(zip: &[u8], sidecar: Option<&[u8]>) -> Result<Raw, (npy::Culprit, Cause)> {
    let archive = |cause| (npy::Culprit::Array, cause);
    let entries = archive::entries(zip).map_err(archive)?;
    let arrays: Vec<Array<'_>> = entries
        .iter()
        .filter(|e| is_array(e))
        .filter_map(|e| describe(e).transpose())
        .collect::<Result<_, _>>()
        .map_err(archive)?;
    let chosen = choose(&arrays).map_err(archive)?;
    let of_array = |text: String| format!("its array {}: {text}", excerpt(chosen.name.as_bytes()));
    let within = |(culprit, cause): (npy::Culprit, Cause)| match (culprit, cause) {
        (npy::Culprit::Array, Cause::Malformed(text)) => archive(Cause::Malformed(of_array(text))),
        (npy::Culprit::Array, Cause::Truncated(text)) => archive(Cause::Truncated(of_array(text))),
        other => other,
    };
    let content = chosen.entry.content().map_err(archive)?;
    let mut raw = npy::read(&content, sidecar).map_err(within)?;
    raw.format = super::Format::Npz;
    if arrays.len() > 1 {
        raw.warnings.push(format!(
            "{} arrays ({}): {} is read",
            arrays.len(),
            listed(&arrays),
            excerpt(chosen.name.as_bytes())
        ));
    }
    let rate = arrays
        .iter()
        .find(|a| RATES.contains(&a.name.to_lowercase().as_str()) && a.shape.iter().product::<usize>() == 1);
    if let (Some(array), None) = (rate, sidecar)
        && let Some(fps) = lone_number(&array.entry.content().map_err(archive)?)
        && (0.1..=10_000.0).contains(&fps)
    {
        raw.fps = fps;
    }
    Ok(raw)
}

fn is_array(entry: &Entry<'_>) -> bool {
    entry.name.to_lowercase().ends_with(".npy")
}

/// Name, shape and kind of an array; `None` for what has no header of NumPy's.
fn describe<'a>(entry: &'a Entry<'a>) -> Result<Option<Array<'a>>, Cause> {
    let content = entry.content()?;
    let header = String::from_utf8_lossy(&content[..content.len().min(1024)]).into_owned();
    let after = |key: &str| header.split_once(key).map(|(_, rest)| rest);
    let (Some(shape), Some(descr)) = (after("'shape': ("), after("'descr': '")) else { return Ok(None) };
    let shape = shape.split(')').next().unwrap_or_default();
    let shape = shape.split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::parse).collect::<Result<_, _>>();
    let Ok(shape) = shape else { return Ok(None) };
    let name = entry.name[..entry.name.len() - 4].to_owned();
    Ok(Some(Array { entry, name, shape, float: descr.get(1..2) == Some("f") }))
}

fn choose<'a>(arrays: &'a [Array<'a>]) -> Result<&'a Array<'a>, Cause> {
    let candidates: Vec<&Array<'_>> = arrays.iter().filter(|a| a.is_joints()).collect();
    let place = |a: &&Array<'_>| POSITIONS.iter().position(|name| a.name.eq_ignore_ascii_case(name));
    let best = candidates.iter().filter_map(place).min();
    let named: Vec<&&Array<'_>> = candidates.iter().filter(|a| best.is_some() && place(a) == best).collect();
    match (&candidates[..], &named[..]) {
        ([one], _) => Ok(one),
        (_, [one]) => Ok(one),
        ([], _) => {
            let has = |name: &str| arrays.iter().any(|a| a.name == name);
            let text = if has("poses") && (has("trans") || has("betas")) {
                "it holds AMASS' angles of an SMPL body (poses, trans, betas), no positions of joints; run them through \
                 the body model and save its joints as an .npy array [frames, joints, 3]"
                    .to_owned()
            } else {
                format!("none of its arrays holds positions of joints, [frames, joints, 3] ({})", listed(arrays))
            };
            Err(Cause::UnknownFormat(text))
        }
        _ => Err(Cause::Malformed(format!(
            "several of its arrays may hold the joints ({}): save the right one as .npy",
            listed(candidates.iter().copied())
        ))),
    }
}

/// `joints [60, 22, 3], poses [60, 156], …`
fn listed<'a>(arrays: impl IntoIterator<Item = &'a Array<'a>>) -> String {
    let all: Vec<String> =
        arrays.into_iter().map(|a| format!("{} {:?}", excerpt(a.name.as_bytes()), a.shape)).collect();
    let more = if all.len() > 8 { ", …" } else { "" };
    format!("{}{more}", all[..all.len().min(8)].join(", "))
}

/// The number of an array that holds nothing else.
fn lone_number(content: &[u8]) -> Option<f64> {
    let header = String::from_utf8_lossy(&content[..content.len().min(128)]).into_owned();
    let kind = header.split_once("'descr': '")?.1.split('\'').next()?.to_owned();
    let tail = |n: usize| content.len().checked_sub(n).map(|at| &content[at..]);
    match kind.as_str() {
        "<f8" => Some(f64::from_le_bytes(tail(8)?.try_into().ok()?)),
        "<f4" => Some(f64::from(f32::from_le_bytes(tail(4)?.try_into().ok()?))),
        "<i8" => Some(i64::from_le_bytes(tail(8)?.try_into().ok()?) as f64),
        "<i4" => Some(f64::from(i32::from_le_bytes(tail(4)?.try_into().ok()?))),
        _ => None,
    }
}
