//! The weight files of a model folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::entry::Source;
use super::{CheckpointError, format, io};
use crate::gguf::MAGIC;
use crate::read_at::read_file;

const ONE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// Whether a folder has weights of its own, be they of the kind whose reading is refused.
pub(super) fn has_weights(folder: &Path) -> bool {
    folder.join(ONE).exists() || folder.join(INDEX).exists() || pickle(folder, &["pytorch_model"]).is_some()
}

/// The files, in the order of their names: `model.safetensors`, or the shards that the index names. Where there are both, an
/// index is one of earlier files, as for the transformers library.
pub(super) fn weight_files(folder: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    let (one, index_path) = (folder.join(ONE), folder.join(INDEX));
    if one.exists() || !index_path.exists() {
        return match (one.exists(), pickle(folder, &["pytorch_model", "adapter_model"])) {
            (false, Some(pickle)) => Err(pickled(&pickle)),
            _ => Ok(vec![one]),
        };
    }
    let text = read_file(&index_path).map_err(|cause| io(&index_path, cause))?;
    let names = names_in(&text).map_err(|problem| format(&index_path, problem))?;
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// The files that hold the weights of what lies at `path`: a GGUF file, or those of a folder.
///
/// # Errors
/// When there are none, or several that could be meant.
pub fn weights_at(path: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    match gguf_file(path)? {
        Some(file) => Ok(vec![file]),
        None => weight_files(path),
    }
}

/// The names of the weight files in a folder that `has` some files, and whose index, if it has one, is `index`.
///
/// # Errors
/// When that is no index, or names other places.
pub fn weight_names(has: impl Fn(&str) -> bool, index: Option<&[u8]>) -> Result<Vec<String>, CheckpointError> {
    let Some(index) = index.filter(|_| !has(ONE)) else { return Ok(vec![ONE.to_owned()]) };
    Ok(names_in(index).map_err(|problem| format(Path::new(INDEX), problem))?.into_iter().collect())
}

fn names_in(index: &[u8]) -> Result<BTreeSet<String>, String> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_slice(index).map_err(|error| error.to_string())?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    match names.iter().find(|name| !is_plain(name)) {
        Some(name) => Err(format!("`{name}` is no file of this folder")),
        None => Ok(names),
    }
}

/// The GGUF file that a path means: itself, or the only one in a folder without other weights.
pub(super) fn gguf_file(path: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    if !path.is_dir() {
        let source = Source::open(path)?;
        let mut magic = [0; 4];
        let begins = source.bytes.size() >= 4 && source.bytes.read_at(0, &mut magic).is_ok() && magic == *MAGIC;
        return if begins {
            Ok(Some(path.to_owned()))
        } else {
            Err(source.format("neither a GGUF file nor the folder of a model"))
        };
    }
    let files = std::fs::read_dir(path).map_err(|cause| io(path, cause))?.flatten().map(|file| file.path());
    let ends = |file: &PathBuf, with| file.extension().is_some_and(|end| end == with);
    let mut found: Vec<PathBuf> = files.filter(|file| ends(file, "gguf") || ends(file, "safetensors")).collect();
    // a description alone says nothing: folders of GGUF files have one, too
    if found.iter().any(|file| ends(file, "safetensors")) && path.join("config.json").exists() {
        return Ok(None);
    }
    found.retain(|file| ends(file, "gguf"));
    match (found.pop(), found.pop()) {
        (Some(one), None) => Ok(Some(one)),
        (Some(_), Some(_)) => Err(format(path, "several GGUF files; name the one that is meant")),
        _ => Ok(None),
    }
}

/// Whether a name leads to a file of the same folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
}

/// The first file of weights that only Python can read.
fn pickle(folder: &Path, stems: &[&str]) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|file| file.path());
    let pickled = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.ends_with(".bin") && stems.iter().any(|stem| name.starts_with(stem))
    };
    files.filter(pickled).min()
}

/// The error for such a file.
pub(super) fn pickled(path: &Path) -> CheckpointError {
    let stem = if path.file_name().is_some_and(|name| name == "adapter_model.bin") { "adapter_model" } else { "model" };
    let folder = path.parent().unwrap_or(Path::new("."));
    let problem = format!(
        "a Python pickle, which can run any code and is not read here. Convert it, with torch and safetensors \
         installed:\n  cd '{}'\n  python3 -c \"import glob, torch; from safetensors.torch import save_file; \
         [save_file({{k: v.contiguous().clone() for k, v in torch.load(f, map_location='cpu', \
         weights_only=True).items()}}, f.replace('pytorch_model', 'model').replace('.bin', '.safetensors')) for f in \
         glob.glob('*_model*.bin')]\"\n\
         Then {stem}.safetensors is read; of several parts rename the index to {INDEX} as well, with the new names in it",
        folder.display()
    );
    format(path, problem)
}
