//! Bytes at places: a file on disk or in memory, of which only what is asked for is read.
//!
//! Files are read, not mapped into memory: pages of a mapping count as the program's own memory until the system takes
//! them back, and a file that is cut short meanwhile would kill the program.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Mutex;

/// Something of a known size that gives bytes from any place.
pub trait ReadAt: Send + Sync {
    /// Bytes in all.
    fn size(&self) -> u64;

    /// Fills `into` with the bytes from `start` on.
    ///
    /// # Errors
    /// When there are not that many, or the system cannot read them.
    fn read_at(&self, start: u64, into: &mut [u8]) -> io::Result<()>;
}

impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, start: u64, into: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(start).ok().and_then(|start| self.get(start..)?.get(..into.len()));
        into.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// Reads a whole file of a model.
///
/// # Errors
/// When it is no regular file, or may not be read.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What it is is asked before it is opened: a pipe opens once somebody writes into it.
fn open_file(path: &Path) -> io::Result<File> {
    match std::fs::metadata(path)? {
        found if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        found if !found.is_file() => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
        _ => File::open(path),
    }
}

/// A file on disk.
#[derive(Debug)]
pub struct OnDisk {
    file: Mutex<File>,
    size: u64,
}

impl OnDisk {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is not there, is no regular file, or may not be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = open_file(path)?;
        Ok(Self { size: file.metadata()?.len(), file: Mutex::new(file) })
    }
}

impl ReadAt for OnDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, start: u64, into: &mut [u8]) -> io::Result<()> {
        // nothing is left half done by a reader that panicked: the place is set anew each time
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_and_memory_give_the_same_and_end_at_the_same_place() {
        let bytes: Vec<u8> = (0..100).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let (disk, memory) = (OnDisk::open(file.path()).unwrap(), &bytes[..]);
        for source in [&disk as &dyn ReadAt, &memory] {
            assert_eq!(source.size(), 100);
            let mut part = [0; 10];
            source.read_at(90, &mut part).unwrap();
            assert_eq!(part, bytes[90..]);
            source.read_at(3, &mut part).unwrap();
            assert_eq!(part, bytes[3..13]);
            for beyond in [91, 100, 101, u64::MAX] {
                assert!(source.read_at(beyond, &mut part).is_err(), "{beyond}");
            }
        }
        assert_eq!(read_file(file.path()).unwrap(), bytes);
        assert!(OnDisk::open(std::env::temp_dir().as_path()).is_err(), "a folder has no bytes");
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_is_refused_rather_than_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("model.safetensors");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for error in [OnDisk::open(&pipe).err(), read_file(&pipe).err()] {
            assert_eq!(error.unwrap().to_string(), "not a regular file");
        }
    }
}
