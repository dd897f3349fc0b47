//! Finds a Chromium, or installs Debian's where that is possible without asking anybody.

use std::{path::PathBuf, process::Command};

use crate::packages;

/// Names under which it is installed, Debian's first; Ubuntu's `chromium-browser` only leads to a snap, which cannot
/// read the folders of tests.
const NAMES: [&str; 3] = ["chromium", "google-chrome", "google-chrome-stable"];

/// The program, if there is one now. Says what is missing where there is none.
pub fn ensure() -> Option<PathBuf> {
    if let Some(program) = find() {
        return Some(program);
    }
    if cfg!(target_os = "linux")
        && packages::install("Chromium", &["chromium"])
        && let Some(program) = find()
    {
        return Some(program);
    }
    eprintln!(
        "xtask: no Chromium, and none could be installed without your help. Tests of the page will be skipped.\n\
         xtask: to run them, install one (Debian: apt install chromium; Fedora: dnf install chromium; Arch: pacman -S \
         chromium), or name one in CHROMIUM"
    );
    None
}

/// `$CHROMIUM`, one on the path, or where macOS keeps it.
fn find() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let on_path = NAMES.map(PathBuf::from);
    let mac = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"].map(PathBuf::from);
    named.into_iter().chain(on_path).chain(mac).find(starts)
}

fn starts(program: &PathBuf) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}
