//! The language model that a model lies on top of, where that stays as it is: which it was, and where it is now.

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use draction::store::{sha256, sha256_of_file};
use serde::{Deserialize, Serialize};
use skeletonllm_network::checkpoint;

use super::{Extra, found};

/// Where language models are kept, by their names: `cargo xtask fetch NAME` brings them there.
const KEPT: &str = "models";

/// A language model, known by its weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// What its folder, or its file, is called.
    pub name: String,
    /// SHA-256 of its weights; of several files that of their sums, one a line.
    pub sha256: String,
}

impl Base {
    /// Takes down what the language model at `path` is.
    ///
    /// # Errors
    /// When its weights cannot be read.
    pub fn of(path: &Path) -> Result<Base> {
        let name = path.file_name().with_context(|| format!("{} has no name", path.display()))?;
        Ok(Base { name: name.to_string_lossy().into_owned(), sha256: checksum(path)? })
    }

    /// Where it is: at `place`, if somebody says so; else at `named`, where the model in `folder` was trained, or among
    /// models that were fetched.
    ///
    /// # Errors
    /// When it is not there, saying how to get it; when what is there is another one.
    pub fn find(&self, folder: &Path, named: &Path, place: Option<&Path>) -> Result<PathBuf> {
        let (folder, name) = (folder.display(), &self.name);
        let kept = || found(Path::new(KEPT).join(name));
        let place = match place {
            Some(place) => Some(place.to_owned()).filter(|place| place.exists()),
            None => Some(named.to_owned()).filter(|named| named.exists()).or_else(kept),
        };
        let Some(place) = place else {
            bail!(
                "{folder}: the language model {name}, which it lies on top of, is not here; `cargo xtask fetch {name}` \
                 brings one that is public, and --base says where another lies"
            );
        };
        let same = checksum(&place)? == self.sha256;
        ensure!(
            same,
            "{}: not the {name} that {folder} was trained on top of: its weights are others",
            place.display()
        );
        Ok(place)
    }
}

/// What lies beneath the model in a folder, where that is a language model alone.
///
/// # Errors
/// As [`Base::find`], and when the folder's files cannot be read.
pub fn beneath(folder: &Path, place: Option<&Path>) -> Result<Option<PathBuf>> {
    let Some(named) = checkpoint::base_named(folder)? else { return Ok(None) };
    match Extra::read(folder)?.base {
        Some(base) => base.find(folder, &named, place).map(Some),
        None => Ok(place.map(Path::to_owned)),
    }
}

fn checksum(path: &Path) -> Result<String> {
    let files = checkpoint::weights_at(path)?;
    let mut sums = files.iter().map(|file| sha256_of_file(file)).collect::<io::Result<Vec<String>>>()?;
    Ok(match sums.len() {
        1 => sums.swap_remove(0),
        _ => sha256(sums.join("\n").as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_known_by_its_weights_wherever_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let [here, there, other] = ["here", "there", "other"].map(|name| folder.path().join(name));
        for (place, weights) in [(&here, "a"), (&there, "a"), (&other, "b")] {
            std::fs::create_dir(place).unwrap();
            std::fs::write(place.join("config.json"), "{}").unwrap();
            std::fs::write(place.join("model.safetensors"), weights).unwrap();
        }
        let base = Base::of(&here).unwrap();
        // SHA-256 of the letter
        assert_eq!(base.sha256, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
        let find = |named: &Path, place: Option<&Path>| base.find(Path::new("run"), named, place);
        assert_eq!(find(&here, None).unwrap(), here);
        assert_eq!(find(Path::new("/nowhere"), Some(&there)).unwrap(), there);
        let told = |result: Result<PathBuf>| result.unwrap_err().to_string();
        assert!(told(find(&here, Some(&other))).contains("not the here that run was trained on"));
        for missing in [find(Path::new("/nowhere"), None), find(&here, Some(Path::new("/nowhere")))] {
            assert!(told(missing).contains("cargo xtask fetch here"));
        }
    }
}
