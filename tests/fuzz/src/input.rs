//! What a reader is given.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A file, and the one beside it where its format has two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// Name of the file, which tells between formats that look alike.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// The file beside it, where the format has two.
    pub beside: Option<Vec<u8>>,
}

/// What second files are called, by how the first one ends: skeletons, and the numbers of a `.gltf`.
const BESIDE: [(&str, &str); 3] = [(".amc", "a.asf"), (".gltf", "a.bin"), ("", "skeleton.json")];

impl Input {
    /// A file that stands alone.
    #[must_use]
    pub fn alone(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), bytes: bytes.into(), beside: None }
    }

    /// Length of both files in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() + self.beside.as_ref().map_or(0, Vec::len)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where both files lie in a folder.
    pub(crate) fn paths(&self, folder: &Path) -> [PathBuf; 2] {
        let second = BESIDE.iter().find(|(ending, _)| self.name.ends_with(ending)).map_or("", |(_, second)| second);
        [&self.name[..], second].map(|name| folder.join(name))
    }

    /// Writes the files into a folder, made if it is missing.
    ///
    /// # Errors
    /// What the file system says.
    pub fn save(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let [first, second] = self.paths(folder);
        fs::write(first, &self.bytes)?;
        self.beside.as_ref().map_or(Ok(()), |beside| fs::write(second, beside))
    }

    /// Reads a file, or the files of a folder that [`Input::save`] wrote.
    ///
    /// # Errors
    /// What the file system says; when the folder holds no file but a second one.
    pub fn load(path: &Path) -> io::Result<Self> {
        let file = if path.is_dir() {
            let mut files = fs::read_dir(path)?.filter_map(|entry| Some(entry.ok()?.path()));
            let file = files.find(|file| file.is_file() && !BESIDE.iter().any(|(_, second)| file.ends_with(second)));
            file.ok_or_else(|| io::Error::other(format!("{} holds no input", path.display())))?
        } else {
            path.to_owned()
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut seconds = BESIDE.iter().map(|(_, second)| file.with_file_name(second));
        let beside = seconds.find(|second| second.is_file()).map(fs::read).transpose()?;
        // where there is none, an empty file stands for it while inputs are tried
        let beside = beside.filter(|beside| !beside.is_empty());
        Ok(Self { name, bytes: fs::read(&file)?, beside })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded() {
        for name in ["a.npy", "a.amc", "a.gltf"] {
            for beside in [Some(b"{}".to_vec()), None] {
                let folder = tempfile::tempdir().unwrap();
                let input = Input { beside, ..Input::alone(name, b"\x93N".as_slice()) };
                input.save(folder.path()).unwrap();
                assert_eq!(Input::load(folder.path()).unwrap(), input);
                assert_eq!(Input::load(&folder.path().join(name)).unwrap(), input);
                fs::remove_file(folder.path().join(name)).unwrap();
                assert!(Input::load(folder.path()).is_err());
            }
        }
    }
}
