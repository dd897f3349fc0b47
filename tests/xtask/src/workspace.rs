//! Where this workspace is, and where cargo puts what it builds.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};

use crate::cargo;

/// The workspace's folder: the current one or one above it, or one above this program. Programs outlive the folder that
/// they were compiled in, so that is not asked.
///
/// # Errors
/// When none of these is the workspace.
pub fn root() -> Result<PathBuf> {
    let (here, program) = (std::env::current_dir().unwrap_or_default(), std::env::current_exe().unwrap_or_default());
    let root = here.ancestors().chain(program.ancestors()).find(|folder| is_root(folder));
    root.map(Path::to_owned).context("this is not within the project's folder")
}

fn is_root(folder: &Path) -> bool {
    folder.join("tests/xtask/Cargo.toml").is_file()
}

/// Where cargo puts what it builds.
///
/// # Errors
/// When cargo does not say.
pub fn target_folder() -> Result<PathBuf> {
    let output = cargo(&["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root()?)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo metadata")?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).context("cargo metadata failed")?;
    let folder = metadata["target_directory"].as_str().context("cargo metadata names no target folder")?;
    Ok(PathBuf::from(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_above_this_crate_is_found() {
        let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert_eq!(root().unwrap().canonicalize().unwrap(), expected.canonicalize().unwrap());
        assert!(!is_root(Path::new(env!("CARGO_MANIFEST_DIR"))));
    }
}
