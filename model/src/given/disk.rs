//! Models on disk, given as files.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Result, bail};
use skeletonllm_network::{
    arriving::{Fetch, Fetching, Listed},
    device::{DeviceChoice, select},
    read_at::{OnDisk, ReadAt},
};

use super::{Answering, Found, Given, recognise};

/// The files of a model by their names.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<BTreeMap<String, PathBuf>>);

impl Fetch for Disk {
    fn fetch<'a>(&'a self, file: &'a str, start: u64, length: usize) -> Fetching<'a> {
        Box::pin(async move {
            let path = self.0.get(file).ok_or(io::ErrorKind::NotFound)?;
            let mut bytes = vec![0; length];
            OnDisk::open(path)?.read_at(start, &mut bytes)?;
            Ok(bytes)
        })
    }
}

impl Disk {
    /// The files of a model that was found among `paths`.
    #[must_use]
    pub fn of(given: &Given, places: &[usize], paths: &[PathBuf]) -> Disk {
        let names = given.files.iter().map(|file| file.name.clone());
        Disk(Arc::new(names.zip(places.iter().map(|&place| paths[place].clone())).collect()))
    }
}

/// Each path that is a folder as the files in it, in the order of their names.
#[must_use]
pub fn files_of(paths: &[PathBuf]) -> Vec<PathBuf> {
    let within = |path: &PathBuf| {
        let Ok(entries) = std::fs::read_dir(path) else { return vec![path.clone()] };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|p| p.is_file()).collect();
        files.sort();
        files
    };
    paths.iter().flat_map(within).collect()
}

/// The path with its folder's name, where that is `.`, `..` or nothing.
fn named(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| folder.file_name().is_none());
    let whole = folder.and_then(|folder| Path::new(".").join(folder).canonicalize().ok());
    match (whole, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// [`recognise`] of files on disk.
#[must_use]
pub fn recognise_paths(paths: &[PathBuf]) -> Found {
    let listed = |path: &PathBuf| Listed {
        name: named(path).to_string_lossy().into_owned(),
        bytes: std::fs::metadata(path).map_or(0, |data| data.len()),
    };
    recognise(&paths.iter().map(listed).collect::<Vec<_>>())
}

impl Answering {
    /// Loads a model's folder, or a GGUF file, onto the chosen device.
    ///
    /// # Errors
    /// When it is no model, a file is missing or wrong, naming it, or the device cannot be had.
    pub fn open(path: &Path, choice: DeviceChoice) -> Result<Answering> {
        let files = files_of(&[path.to_owned()]);
        match recognise_paths(&files) {
            Found::Nothing => bail!("{}: no model", path.display()),
            Found::Refused(problem) => bail!("{}: {problem}", path.display()),
            Found::Model { given, places, .. } => {
                let disk = Disk::of(&given, &places, &files);
                pollster::block_on(given.read(&disk, select(choice)?, |_, _| ()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_name_of_its_own_has_the_one_it_has() {
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        let above = here.parent().unwrap();
        for (path, whole) in [
            ("config.json", here.join("config.json")),
            ("./config.json", here.join("config.json")),
            ("../config.json", above.join("config.json")),
            ("nano/config.json", "nano/config.json".into()),
            ("nowhere/../config.json", "nowhere/../config.json".into()),
            ("..", "..".into()),
        ] {
            assert_eq!(named(Path::new(path)), whole, "{path}");
        }
    }
}
