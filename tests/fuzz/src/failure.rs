//! What was found, kept so that it can be tried again.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{Input, Wrong};

/// A file that something goes wrong with.
#[derive(Debug)]
pub struct Failure {
    /// The reader that it was made for.
    pub target: &'static str,
    /// What goes wrong.
    pub wrong: Wrong,
    /// Where the file lies.
    pub folder: PathBuf,
    /// How many inputs came before it.
    pub index: u64,
    /// The seed of the run.
    pub seed: u64,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { target, wrong, folder, index, seed } = self;
        write!(
            f,
            "{target}: {wrong}\n  input {index} of seed {seed}, kept; again: cargo xtask fuzz --replay {}",
            folder.display()
        )
    }
}

/// Where failures are kept: `fuzz` in the target folder.
#[must_use]
pub fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")).join("fuzz")
}

/// Keeps an input under a name that is the same for the same input.
///
/// # Errors
/// What the file system says.
pub(crate) fn keep(folder: &Path, target: &str, input: &Input) -> io::Result<PathBuf> {
    let both = [&input.bytes[..], input.beside.as_deref().unwrap_or_default()].concat();
    let place = folder.join(format!("{target}-{}", &draction::store::sha256(&both)[..12]));
    input.save(&place)?;
    Ok(place)
}
