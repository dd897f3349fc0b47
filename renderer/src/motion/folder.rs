//! What lies in a folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::limits::MAX_FRAMES;

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
