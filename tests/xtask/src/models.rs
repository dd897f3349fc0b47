//! Models beside the page, and the list of them that says which bytes are the right ones.
//!
//! They are large and come in pieces: each has a SHA-256 of its own in the list, so that a wrong piece is known when it
//! comes and not when all have.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::serve::short_hash;

// which names are a model's is the model's own business
#[path = "../../../model/src/given/names.rs"]
mod names;

use names::{WHOLE, is_gguf, is_weights};

/// The list's name in the page.
pub const LIST: &str = "models.json";
/// Where models are in the page.
pub const FOLDER: &str = "models/";
/// Bytes of a piece.
pub const PIECE: usize = 4 << 20;

/// A model as the page's list has it.
#[derive(Debug, Serialize)]
pub struct Model {
    /// What it is called.
    pub name: String,
    /// Where it is in the page, with a slash at its end.
    pub folder: String,
    /// Changes when any byte does.
    pub version: String,
    /// Bytes of a piece.
    pub piece: usize,
    /// Its files.
    pub files: Vec<Listed>,
    /// Where they are now.
    #[serde(skip)]
    pub from: PathBuf,
}

/// A file of it.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its name in the folder.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// Of each piece, in hexadecimal digits.
    pub sha256: Vec<String>,
}

impl Model {
    /// Lists a folder: what of it the page reads, in pieces of that many bytes.
    ///
    /// # Errors
    /// When it is no model, or a file cannot be read, naming it.
    pub fn read(folder: &Path, piece: usize) -> Result<Model> {
        let shown = folder.display();
        let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {shown}"))?;
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| is_read(name)).collect();
        names.sort();
        let ggufs = names.iter().filter(|name| is_gguf(name)).count();
        let described = names.iter().any(|name| name == "config.json");
        if described {
            names.retain(|name| !is_gguf(name));
            ensure!(names.iter().any(|name| is_weights(name)), "{shown}: no model.safetensors");
        } else if ggufs == 1 {
            names.retain(|name| is_gguf(name));
        } else {
            bail!("{shown}: neither a config.json nor one GGUF file, so it is no model that the page can read");
        }
        let name = folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        let name = name.with_context(|| format!("{shown}: a folder without a name"))?;
        let files = names.into_iter().map(|name| Listed::read(&folder.join(&name), name, piece));
        let files = files.collect::<Result<Vec<_>>>()?;
        let all = files.iter().map(|file| format!("{} {} {:?}\n", file.name, file.bytes, file.sha256));
        let version = short_hash(all.collect::<String>().as_bytes());
        Ok(Model { folder: format!("{FOLDER}{name}/"), name, version, piece, files, from: folder.to_owned() })
    }
}

impl Listed {
    fn read(path: &Path, name: String, piece: usize) -> Result<Listed> {
        let failed = || format!("cannot read {}", path.display());
        let mut file = File::open(path).with_context(failed)?;
        let (mut bytes, mut sha256, mut buffer) = (0, Vec::new(), Vec::with_capacity(piece));
        loop {
            buffer.clear();
            file.by_ref().take(piece as u64).read_to_end(&mut buffer).with_context(failed)?;
            if buffer.is_empty() {
                return Ok(Listed { name, bytes, sha256 });
            }
            bytes += buffer.len() as u64;
            sha256.push(hexadecimal(&Sha256::digest(&buffer)));
        }
    }
}

fn is_read(name: &str) -> bool {
    WHOLE.contains(&name) || is_weights(name) || is_gguf(name)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_in_pieces() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("small");
        std::fs::create_dir(&folder).unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
        write("config.json", b"{}");
        write("README.md", b"not read");
        let error = Model::read(&folder, 4).unwrap_err().to_string();
        assert!(error.ends_with("small: no model.safetensors"), "{error}");
        write("model.safetensors", b"abcdefghij");
        let model = Model::read(&folder, 4).unwrap();
        assert_eq!((model.name.as_str(), model.folder.as_str()), ("small", "models/small/"));
        let names: Vec<(&str, u64, usize)> =
            model.files.iter().map(|file| (file.name.as_str(), file.bytes, file.sha256.len())).collect();
        assert_eq!(names, [("config.json", 2, 1), ("model.safetensors", 10, 3)]);
        // of "ij", by sha256sum
        let last = "c9df9c3f2963b19b9b95f58c4d33b053fa9f8586dd6ee04126e52a868f882108";
        assert_eq!(model.files[1].sha256[2], last);
        write("model.safetensors", b"abcdefghik");
        assert_ne!(Model::read(&folder, 4).unwrap().version, model.version);
    }

    #[test]
    fn a_file_with_all_in_it_is_a_model_and_two_are_none() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.gguf", "b.gguf"] {
            std::fs::write(folder.path().join(name), "GGUF").unwrap();
            assert_eq!(Model::read(folder.path(), 4).is_ok(), name == "a.gguf", "{name}");
        }
    }
}
