//! What is wrong with a folder of clips.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// What is wrong with a folder of clips.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A folder or its description cannot be read.
    #[error("{}: cannot read: {cause}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A line of the description is not what it should be.
    #[error("{}, line {line}{}: {cause}", path.display(), field.map(|f| format!(", field \"{f}\"")).unwrap_or_default())]
    Line {
        /// The description.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// The field at fault, where it is one.
        field: Option<&'static str>,
        /// What is wrong.
        cause: String,
    },
    /// The folder has no clips, or none in the wanted split.
    #[error("{}: {cause}", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
        /// What was looked for and what there is.
        cause: String,
    },
    /// Not one of the clips could be read.
    #[error("{}: none of the {clips} clips could be read; the first: {first}", path.display())]
    AllFailed {
        /// The folder.
        path: PathBuf,
        /// How many were tried.
        clips: usize,
        /// Why the first one failed.
        first: String,
    },
}

/// A failure to read, with the file or folder at fault.
pub(crate) fn io_error(path: &Path) -> impl Fn(io::Error) -> DataError + '_ {
    |cause| DataError::Io { path: path.to_owned(), cause }
}
