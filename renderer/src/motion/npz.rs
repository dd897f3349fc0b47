//! `.npz`: arrays in a zip archive. One of them holds the joints, told by its name and shape; and any other zip archive,
//! which is read if it holds a single file.

use super::{
    archive::{self, Entry},
    error::{Cause, excerpt, several},
    limits::FRAME_RATES,
    npy::{self, Header},
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
/// Bytes at the beginning of an array that say what it is: NumPy itself writes headers of 128.
const HEAD: u64 = 4096;

/// An array of the archive.
struct Array<'a> {
    entry: &'a Entry<'a>,
    name: String,
    header: Header,
    /// Its number, where it is one.
    lone: Option<f64>,
}

impl Array<'_> {
    /// Whether it can be `[T, J, 3]` or with people or a batch before; two numbers are a place in a picture. Whole numbers
    /// are believed where the name says so, or they would be pictures and labels.
    fn is_joints(&self) -> bool {
        let Ok(stored) = self.header.stored() else { return false };
        let known = self.is_named(POSITIONS);
        match self.header.shape[..] {
            [.., t, j, 2 | 3] => (stored.is_float() || known) && t > 0 && (4..=1024).contains(&j),
            // the numbers of a frame in a row
            [t, row] => known && t > 0 && row >= 12 && row % 3 == 0,
            _ => false,
        }
    }

    fn is_named(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.name.eq_ignore_ascii_case(name))
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
            let names = several(files.iter().map(|e| excerpt(e.name.as_bytes())), 4);
            let text = format!("it is a zip archive of {} files ({names}); unpack it first", files.len());
            Err(Cause::UnknownFormat(text))
        }
    }
}

/// Reads the array of joints.
pub(super) fn read(zip: &[u8], sidecar: Option<&[u8]>) -> Result<Raw, (npy::Culprit, Cause)> {
    let archive = |cause| (npy::Culprit::Array, cause);
    let entries = archive::entries(zip).map_err(archive)?;
    let mut damage = None;
    let mut arrays = Vec::new();
    for entry in entries.iter().filter(|e| is_array(e)) {
        match entry.beginning(HEAD) {
            Ok(head) => arrays.extend(describe(entry, &head)),
            // of an array that nobody asks for, it does not matter
            Err(cause) => damage = Some(cause),
        }
    }
    let chosen = choose(&arrays).map_err(|cause| archive(damage.unwrap_or(cause)))?;
    let rates = || arrays.iter().filter(|a| a.is_named(RATES));
    let rate = rates().filter_map(|a| a.lone).find(|fps| FRAME_RATES.contains(fps));
    let of_array = |text: String| format!("its array {}: {text}", excerpt(chosen.name.as_bytes()));
    let within = |(culprit, cause): (npy::Culprit, Cause)| match (culprit, cause) {
        (npy::Culprit::Array, Cause::Malformed(text)) => archive(Cause::Malformed(of_array(text))),
        (npy::Culprit::Array, Cause::Truncated(text)) => archive(Cause::Truncated(of_array(text))),
        other => other,
    };
    let content = chosen.entry.content().map_err(archive)?;
    let mut raw = npy::read(&content, sidecar, rate).map_err(within)?;
    raw.format = super::Format::Npz;
    if let (None, Some(odd)) = (rate, rates().next()) {
        let name = excerpt(odd.name.as_bytes());
        raw.warnings.push(format!("its array {name} holds no frame rate: {} frames a second are taken", raw.fps));
    }
    if arrays.len() > 1 {
        raw.warnings.push(format!(
            "{} arrays ({}): {} is read",
            arrays.len(),
            listed(&arrays),
            excerpt(chosen.name.as_bytes())
        ));
    }
    Ok(raw)
}

fn is_array(entry: &Entry<'_>) -> bool {
    entry.name.to_lowercase().ends_with(".npy")
}

/// An array by its beginning; `None` for what has no header of NumPy's.
fn describe<'a>(entry: &'a Entry<'a>, head: &[u8]) -> Option<Array<'a>> {
    let header = Header::parse(head).ok().filter(|_| npy::is_npy(head))?;
    let lone = header.lone_number(head);
    Some(Array { entry, name: entry.name[..entry.name.len() - 4].to_owned(), header, lone })
}

fn choose<'a>(arrays: &'a [Array<'a>]) -> Result<&'a Array<'a>, Cause> {
    let candidates: Vec<&Array<'_>> = arrays.iter().filter(|a| a.is_joints()).collect();
    let place = |a: &&Array<'_>| POSITIONS.iter().position(|name| a.name.eq_ignore_ascii_case(name));
    let best = candidates.iter().filter_map(place).min();
    let named: Vec<&&Array<'_>> = candidates.iter().filter(|a| best.is_some() && place(a) == best).collect();
    let called: Vec<&Array<'_>> = arrays.iter().filter(|a| a.is_named(POSITIONS)).collect();
    match (&candidates[..], &named[..], &called[..]) {
        ([one], ..) => Ok(one),
        (_, [one], _) => Ok(one),
        // whoever reads it says best what is wrong with it
        ([], _, [one]) => Ok(one),
        ([], ..) => {
            let features = |a: &Array<'_>| {
                let float = a.header.stored().is_ok_and(|stored| stored.is_float());
                npy::meant_otherwise(&a.header.shape).filter(|_| float)
            };
            if let Some((array, what)) = arrays.iter().find_map(|a| Some((a, features(a)?))) {
                return Err(Cause::UnknownFormat(format!("its array {}: {what}", excerpt(array.name.as_bytes()))));
            }
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
    several(arrays.into_iter().map(|a| format!("{} {:?}", excerpt(a.name.as_bytes()), a.header.shape)), 8)
}
