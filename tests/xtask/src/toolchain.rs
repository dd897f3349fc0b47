//! What the compiler needs besides itself: rustup installs it with the toolchain, unless it was told not to
//! (`RUSTUP_AUTO_INSTALL=0`), or the compiler came from elsewhere.

use std::{fmt, path::Path, process::Command};

use anyhow::{Result, bail};

use crate::workspace;

/// What browsers run.
pub const WASM: &str = "wasm32-unknown-unknown";

/// A part that can be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The standard library for another machine, by its triple.
    Target(&'static str),
    /// A program beside the compiler, and the cargo command that runs it.
    Component(&'static str, &'static str),
}

/// What became of an attempt to install.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Done,
    Failed,
    NoRustup,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Target(triple) => write!(f, "the target {triple}"),
            Part::Component(name, _) => write!(f, "the component {name}"),
        }
    }
}

impl Part {
    /// How rustup installs it.
    fn rustup(self) -> [&'static str; 3] {
        match self {
            Part::Target(triple) => ["target", "add", triple],
            Part::Component(name, _) => ["component", "add", name],
        }
    }

    /// Whether the compiler in use has it, asked of the compiler itself: it need not be rustup's.
    fn is_there(self) -> bool {
        match self {
            Part::Target(triple) => {
                let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
                let asked = Command::new(rustc).args(["--print", "target-libdir", "--target", triple]).output();
                // the folder is named whether it exists or not
                asked.is_ok_and(|said| Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_dir())
            }
            Part::Component(_, command) => {
                let asked = crate::cargo(&[command, "--version"]).output();
                asked.is_ok_and(|said| said.status.success())
            }
        }
    }

    /// Of the toolchain in use: rustup tells the programs that it starts by `RUSTUP_TOOLCHAIN`, and others find
    /// `rust-toolchain.toml` in the workspace's folder.
    fn install(self) -> Result<Attempt> {
        let status = Command::new("rustup").args(self.rustup()).current_dir(workspace::root()?).status();
        Ok(status.map_or(Attempt::NoRustup, |status| if status.success() { Attempt::Done } else { Attempt::Failed }))
    }
}

/// Sees to it that a part is there.
///
/// # Errors
/// When it is missing and cannot be installed; says what to do about it.
pub fn ensure(part: Part) -> Result<()> {
    ensure_with(part, || part.is_there(), || part.install())
}

fn ensure_with(part: Part, is_there: impl Fn() -> bool, install: impl FnOnce() -> Result<Attempt>) -> Result<()> {
    if is_there() {
        return Ok(());
    }
    let command = format!("rustup {}", part.rustup().join(" "));
    eprintln!("xtask: {part} is missing; running `{command}`");
    match install()? {
        Attempt::Done if is_there() => Ok(()),
        Attempt::Done => bail!(
            "{part} is missing in the compiler in use, which is not the one that rustup installs for: put \
             rustup's cargo and rustc first on the PATH"
        ),
        Attempt::Failed => bail!("{part} is missing, and `{command}` failed: run it where there is a network"),
        Attempt::NoRustup => bail!(
            "{part} is missing, and there is no rustup to install it: install rustup (https://rustup.rs), or {part} \
             from where this compiler came from"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// What `ensure` says where a part is there from the beginning or not, where an attempt ends so, and where the part
    /// is there afterwards or not; and how often it attempted.
    fn outcome(before: bool, attempt: Attempt, after: bool) -> (Result<(), String>, usize) {
        let attempts = Cell::new(0);
        let is_there = || if attempts.get() == 0 { before } else { after };
        let install = || {
            attempts.set(attempts.get() + 1);
            Ok(attempt)
        };
        let said = ensure_with(Part::Target(WASM), is_there, install);
        (said.map_err(|error| error.to_string()), attempts.get())
    }

    #[test]
    fn what_is_there_is_not_installed_and_what_is_missing_is() {
        assert_eq!(outcome(true, Attempt::NoRustup, true), (Ok(()), 0));
        assert_eq!(outcome(false, Attempt::Done, true), (Ok(()), 1));
    }

    #[test]
    fn what_cannot_be_installed_is_said_with_what_to_do() {
        for (attempt, words) in [
            (Attempt::Done, "first on the PATH"),
            (Attempt::Failed, "`rustup target add wasm32-unknown-unknown` failed"),
            (Attempt::NoRustup, "https://rustup.rs"),
        ] {
            let (said, attempts) = outcome(false, attempt, false);
            let error = said.unwrap_err();
            assert!(error.starts_with("the target wasm32-unknown-unknown is missing") && attempts == 1, "{error}");
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn the_compiler_is_asked() {
        let host = Command::new("rustc").args(["--print", "host-tuple"]).output().unwrap().stdout;
        let host = String::from_utf8(host).unwrap().trim().to_owned().leak();
        assert!(Part::Target(host).is_there(), "this very program was compiled for {host}");
        assert!(!Part::Target("no-such-machine").is_there());
        assert!(!Part::Component("nothing", "no-such-command").is_there());
    }
}
