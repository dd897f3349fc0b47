//! Files that come in pairs: a motion's other half is given by the caller or found in the same folder.

use std::{
    borrow::Cow,
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    MotionError,
    error::{Cause, excerpt, several},
    folder::{files_ending, folder_of, load},
    foreign,
};

/// A file that may belong to others. Clones share its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// What other files call it: `walk.bin`, `skeleton.json`, `01.asf`.
    pub name: String,
    /// Its content.
    pub bytes: Arc<Vec<u8>>,
}

/// Where the other half of a file is to be had.
#[derive(Clone, Copy)]
pub(super) enum Beside<'a> {
    /// The caller gave it, whatever it is called.
    Given(&'a [u8]),
    /// It is one of these, by its name.
    Among(&'a [Companion]),
    /// Beside this file.
    Of(&'a Path),
    /// Nowhere.
    Nowhere,
}

/// The other half.
pub(super) struct Found<'a> {
    /// For messages.
    pub name: String,
    pub bytes: Cow<'a, [u8]>,
}

impl<'a> Beside<'a> {
    /// The file of that name.
    pub(super) fn named(self, name: &str) -> Result<Option<Found<'a>>, MotionError> {
        let found = match self {
            Self::Given(bytes) => Some(given(name, bytes)),
            Self::Among(files) => {
                let exact = files.iter().find(|file| file.name == name);
                let mut like = files.iter().filter(|file| last(&file.name).eq_ignore_ascii_case(last(name)));
                let like = like.next().filter(|_| like.next().is_none());
                exact.or(like).map(|file| given(&file.name, &file.bytes))
            }
            Self::Of(path) => {
                let path = path.with_file_name(name);
                if path.is_file() { Some(read(&path)?) } else { None }
            }
            Self::Nowhere => None,
        };
        found.map(Found::itself).transpose()
    }

    /// Whether it is known which file is which, when several of these names are asked for.
    pub(super) fn tells_apart(self, names: &[String]) -> bool {
        match self {
            Self::Given(_) => names.len() < 2,
            // files that were dropped have lost their folders
            Self::Among(files) => {
                let mut known = HashSet::new();
                let mut twins = names.iter().filter(|name| !known.insert(last(name).to_ascii_lowercase()));
                twins.all(|name| files.iter().any(|file| file.name == *name))
            }
            Self::Of(_) | Self::Nowhere => true,
        }
    }

    /// The file with that extension that belongs to the one of that name.
    pub(super) fn partner(self, own: &str, extension: &str) -> Result<Option<Found<'a>>, MotionError> {
        let unclear = |cause: Cause| cause.at(own, None);
        let found = match self {
            Self::Given(bytes) => Some(given(&format!("the .{extension} file"), bytes)),
            Self::Among(files) => {
                let names = files.iter().map(|file| (Path::new(last(&file.name)), file));
                let ends = |name: &Path| name.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension));
                let (names, files): (Vec<&Path>, Vec<&'a Companion>) = names.filter(|(name, _)| ends(name)).unzip();
                let found = nearest(Path::new(last(own)), &names, extension).map_err(unclear)?;
                found.map(|k| given(&files[k].name, &files[k].bytes))
            }
            Self::Of(path) => {
                let folder = folder_of(path);
                let files = files_ending(folder, extension)
                    .map_err(|error| Cause::from(error).at(&folder.display().to_string(), None))?;
                let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
                let found = nearest(path, &paths, extension).map_err(unclear)?;
                found.map(|k| read(paths[k])).transpose()?
            }
            Self::Nowhere => None,
        };
        found.map(Found::itself).transpose()
    }
}

impl Found<'_> {
    /// The same, unless it only stands for the file that is meant.
    fn itself(self) -> Result<Self, MotionError> {
        match foreign::stand_in(&self.bytes) {
            Some(said) => Err(Cause::UnknownFormat(said).at(&self.name, None)),
            None => Ok(self),
        }
    }
}

/// Which of these files belongs to a file: the one with the same stem, or the longest one that the file's own begins with or
/// that begins with the file's own (`01.asf` and `01_02.amc`), or the only one.
fn nearest(own: &Path, files: &[&Path], extension: &str) -> Result<Option<usize>, Cause> {
    let stem = |path: &Path| path.file_stem().map(|s| s.to_string_lossy().to_lowercase()).unwrap_or_default();
    let mine = stem(own);
    let stems: Vec<String> = files.iter().map(|file| stem(file)).collect();
    let those = |fit: &dyn Fn(&str) -> bool| -> Vec<usize> { (0..files.len()).filter(|&k| fit(&stems[k])).collect() };
    let begins = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphanumeric()))
    };
    let mut near = those(&|other| begins(&mine, other) || begins(other, &mine));
    if near.iter().all(|&k| begins(&mine, &stems[k])) {
        let longest = near.iter().map(|&k| stems[k].len()).max().unwrap_or(0);
        near.retain(|&k| stems[k].len() == longest);
    }
    let fitting = [those(&|other| other == mine), near, those(&|_| true)].into_iter().find(|fit| !fit.is_empty());
    match &fitting.unwrap_or_default()[..] {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        unclear => {
            let names =
                unclear.iter().filter_map(|&k| Some(excerpt(files[k].file_name()?.to_string_lossy().as_bytes())));
            Err(Cause::Malformed(format!(
                "it is not clear which .{extension} file belongs to it ({}): give them one stem",
                several(names, 3)
            )))
        }
    }
}

/// A name without its folders.
fn last(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn given<'a>(name: &str, bytes: &'a [u8]) -> Found<'a> {
    Found { name: name.to_owned(), bytes: Cow::Borrowed(bytes) }
}

fn read(path: &Path) -> Result<Found<'static>, MotionError> {
    let name = path.display().to_string();
    let bytes = load(path).map_err(|cause| cause.at(&name, None))?;
    Ok(Found { name, bytes: Cow::Owned(bytes) })
}
