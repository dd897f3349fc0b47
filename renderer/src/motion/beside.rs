//! Files that come in pairs: a motion's other half is given by the caller or found in the same folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    MotionError,
    error::{Cause, excerpt},
    read::load,
};

/// Most files of a folder that are looked at.
const MAX_LISTED: usize = 100_000;

/// Where the other half of a file is to be had.
pub(super) enum Beside<'a> {
    /// The caller gave it.
    Given(&'a [u8]),
    /// Beside this file.
    Of(&'a Path),
    /// Nowhere.
    Nowhere,
}

/// The other half.
pub(super) struct Companion {
    /// For messages.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Beside<'_> {
    /// The file of that name.
    pub(super) fn named(&self, name: &str) -> Result<Option<Companion>, MotionError> {
        let path = match self {
            Self::Given(bytes) => return Ok(given(name, bytes)),
            Self::Of(path) => path.with_file_name(name),
            Self::Nowhere => return Ok(None),
        };
        if path.is_file() { read(path).map(Some) } else { Ok(None) }
    }

    /// The file with that extension that belongs to this one: it has the same stem, or the longest one that this one's
    /// begins with or that begins with this one's (`01.asf` and `01_02.amc`), or it is the only one.
    pub(super) fn partner(&self, extension: &str) -> Result<Option<Companion>, MotionError> {
        let own = match self {
            Self::Given(bytes) => return Ok(given(&format!("the .{extension} file"), bytes)),
            Self::Of(path) => path,
            Self::Nowhere => return Ok(None),
        };
        let name = own.display().to_string();
        let folder = own.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut all: Vec<PathBuf> = fs::read_dir(folder)
            .map_err(|error| Cause::from(error).at(&folder.display().to_string(), None))?
            .take(MAX_LISTED)
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension)))
            .collect();
        all.sort();
        let stem = |path: &Path| path.file_stem().map(|s| s.to_string_lossy().to_lowercase()).unwrap_or_default();
        let mine = stem(own);
        if let Some(same) = all.iter().find(|path| stem(path) == mine) {
            return read(same.clone()).map(Some);
        }
        let begins = |long: &str, short: &str| {
            long.strip_prefix(short).is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphanumeric()))
        };
        let near: Vec<&PathBuf> =
            all.iter().filter(|path| begins(&mine, &stem(path)) || begins(&stem(path), &mine)).collect();
        let longest = near.iter().map(|path| stem(path).len()).max().unwrap_or(0);
        let nearest: Vec<&PathBuf> = if near.iter().all(|path| begins(&mine, &stem(path))) {
            near.into_iter().filter(|path| stem(path).len() == longest).collect()
        } else {
            near
        };
        match (&nearest[..], &all[..]) {
            ([one], _) => read((*one).clone()).map(Some),
            ([], [one]) => read(one.clone()).map(Some),
            ([], []) => Ok(None),
            ([], several) => Err(which(several.iter(), extension).at(&name, None)),
            (several, _) => Err(which(several.iter().copied(), extension).at(&name, None)),
        }
    }
}

fn which<'a>(several: impl Iterator<Item = &'a PathBuf>, extension: &str) -> Cause {
    let names: Vec<String> =
        several.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    let shown = names.iter().take(3).map(|name| excerpt(name.as_bytes())).collect::<Vec<_>>().join(", ");
    let more = if names.len() > 3 { ", …" } else { "" };
    Cause::Malformed(format!(
        "it is not clear which .{extension} file belongs to it ({shown}{more}): give them one stem"
    ))
}

fn given(name: &str, bytes: &[u8]) -> Option<Companion> {
    Some(Companion { name: name.to_owned(), bytes: bytes.to_vec() })
}

fn read(path: PathBuf) -> Result<Companion, MotionError> {
    let name = path.display().to_string();
    let bytes = load(&path).map_err(|cause| cause.at(&name, None))?;
    Ok(Companion { name, bytes })
}
