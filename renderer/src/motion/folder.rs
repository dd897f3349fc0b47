//! Files, and what lies in a folder.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{
    error::Cause,
    limits::{MAX_FILE_BYTES, MAX_FRAMES, check_size},
};

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The files of a folder with that extension, in any case, by name; at most one more than a motion has frames.
pub(super) fn files_ending(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let ending = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension));
    let mut files: Vec<PathBuf> = paths.filter(ending).take(MAX_FRAMES + 1).collect();
    files.sort();
    Ok(files)
}

/// Reads a file of limited size.
pub(super) fn load(path: &Path) -> Result<Vec<u8>, Cause> {
    let file = fs::File::open(path)?;
    check_size(file.metadata()?.len())?;
    let mut bytes = Vec::new();
    // a pipe has no length beforehand: never take more than the limit
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    check_size(bytes.len() as u64)?;
    Ok(bytes)
}
