//! wasm-opt, Binaryen's optimiser: what is on the path, or built from its crate once.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use super::seconds;
use crate::cargo;

/// Older ones do not know all that the compiler writes.
const OLDEST: u32 = 116;

/// The crate that builds it, in the version that we tried.
const CRATE: &str = "wasm-opt@0.116.1";

/// A wasm-opt that is new enough, where there is one already.
pub fn find(target: &Path) -> Option<PathBuf> {
    [PathBuf::from("wasm-opt"), ours(target)].into_iter().find(|program| new_enough(program))
}

/// As [`find`], but builds one where there is none. Says so where that fails: the page then works, but is larger.
pub fn find_or_build(target: &Path) -> Option<PathBuf> {
    if let Some(found) = find(target) {
        return Some(found);
    }
    let start = Instant::now();
    println!("page: building wasm-opt into {} (once, some minutes)", tools(target).display());
    let installed = cargo(&["install", "--quiet", "--locked", CRATE, "--root"])
        .arg(tools(target))
        // nothing of it is of use to other builds
        .env_remove("CARGO_TARGET_DIR")
        .status()
        .is_ok_and(|status| status.success());
    if installed && new_enough(&ours(target)) {
        println!("page: built wasm-opt in {}", seconds(start));
        return Some(ours(target));
    }
    eprintln!(
        "xtask: wasm-opt could not be built, so the page is larger than it need be. It needs a C++ compiler; or install \
         Binaryen {OLDEST} or newer yourself"
    );
    None
}

fn tools(target: &Path) -> PathBuf {
    target.join("tools")
}

fn ours(target: &Path) -> PathBuf {
    tools(target).join("bin").join(format!("wasm-opt{}", std::env::consts::EXE_SUFFIX))
}

fn new_enough(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| version(&String::from_utf8_lossy(&output.stdout)).is_some_and(|v| v >= OLDEST))
}

/// The number in `wasm-opt version 116 (version_116)`.
fn version(text: &str) -> Option<u32> {
    text.split_whitespace().find_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions() {
        assert_eq!(version("wasm-opt version 116 (version_116)"), Some(116));
        assert_eq!(version("wasm-opt version 108\n"), Some(108));
        assert_eq!(version(""), None);
    }
}
