//! A file a frame: a folder of them, or a handful that somebody gave.

use std::{cmp::Ordering, path::Path};

use super::{
    super::{
        MotionError, encoding,
        error::Cause,
        folder::{files_ending, folder_of, load},
        json::Json,
        limits::{MAX_FRAMES, check_count, check_size},
        raw::Raw,
    },
    Failure,
    people::{self, Frame},
    understand,
    video::Video,
};

/// Whether a file has a number in its name, and so has another one beside it.
pub(in super::super) fn is_one_of_many(path: &Path) -> bool {
    let number = |path: &Path| path.file_name().and_then(|name| people::last_number(&name.to_string_lossy()));
    let Some(own) = number(path) else { return false };
    let beside = files_ending(folder_of(path), "json").unwrap_or_default();
    beside.iter().any(|file| number(file).is_some_and(|n| (n - own).abs() == 1.0))
}

/// Reads a folder with a file a frame, in the order of the numbers in their names.
pub(in super::super) fn read_folder(path: &Path) -> Result<Raw, MotionError> {
    let name = path.display().to_string();
    let at = |cause: Cause| cause.at(&name, None);
    let listed = files_ending(path, "json").map_err(|error| at(error.into()))?;
    let number = |file: &Path| people::last_number(&file.file_name()?.to_string_lossy());
    let mut files: Vec<(Option<f64>, std::path::PathBuf)> =
        listed.into_iter().map(|file| (number(&file), file)).collect();
    if files.len() < 2 || files.iter().any(|(number, _)| number.is_none()) {
        let text = "it is a folder; expected a file, or a folder with a .json file a frame, numbered as OpenPose does";
        return Err(at(Cause::Malformed(text.to_owned())));
    }
    check_count("the number of frames", files.len(), MAX_FRAMES).map_err(at)?;
    files.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal).then_with(|| a.1.cmp(&b.1)));
    let mut frames = Vec::with_capacity(files.len());
    let (mut total, mut video) = (0u64, Video::default());
    for (number, file) in files {
        let shown = file.display().to_string();
        let bytes = load(&file).map_err(|cause| cause.at(&shown, None))?;
        total += bytes.len() as u64;
        check_size(total).map_err(at)?;
        let frame = (|| {
            let text = encoding::to_utf8(&bytes).map_err(|cause| (None, cause))?;
            let json = Json::read(&text.utf8)?;
            if frames.is_empty() {
                video = Video::of(&json);
            }
            match people::frames(&json, video.points()) {
                Ok(mut all) if all.len() == 1 => Ok(all.remove(0)),
                Err(Cause::Degenerate(_)) => Ok(Frame::default()),
                Ok(all) => Err((None, Cause::Malformed(format!("{} frames, expected one in each file", all.len())))),
                Err(cause) => Err((None, cause)),
            }
        })();
        let frame = frame.map_err(|(line, cause): Failure| cause.at(&shown, line))?;
        frames.push(Frame { number, ..frame });
    }
    understand(frames, &video).map_err(at)
}

/// Frames that came as a file each, for those who cannot give a folder: one file with all of them.
///
/// # Errors
/// When they are larger than [`super::super::MAX_FILE_BYTES`] together, or one of them is no text.
pub fn join_frames(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, MotionError> {
    let total: u64 = files.iter().map(|(name, bytes)| (name.len() + bytes.len() + 8) as u64).sum();
    let first = files.first().map_or("", |(name, _)| name);
    check_size(total).map_err(|cause| cause.at(first, None))?;
    let mut joined = b"{".to_vec();
    for (k, (name, bytes)) in files.iter().enumerate() {
        joined.extend_from_slice(if k == 0 { b"" } else { b",\n" });
        joined.extend(serde_json::Value::from(name.as_str()).to_string().into_bytes());
        joined.push(b':');
        joined.extend_from_slice(&encoding::to_utf8(bytes).map_err(|cause| cause.at(name, None))?.utf8);
    }
    joined.push(b'}');
    Ok(joined)
}
