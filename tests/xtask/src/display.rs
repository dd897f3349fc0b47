//! Finds what the viewer's window is tested with, or installs it where that is possible without asking anybody.

use std::process::{Command, Stdio};

use crate::packages;

/// Programs and the Debian packages that hold them: a screen without a monitor, somebody who presses keys, and somebody
/// who looks.
const PROGRAMS: [(&str, &str); 3] = [("Xvfb", "xvfb"), ("xdotool", "xdotool"), ("import", "imagemagick")];

/// Whether windows can be opened, worked and looked at now. Says what is missing where they cannot.
pub fn ensure() -> bool {
    if !cfg!(target_os = "linux") {
        return false;
    }
    let packages = missing();
    if packages.is_empty() || packages::install("virtual display", &packages) && missing().is_empty() {
        return true;
    }
    eprintln!(
        "xtask: no {}, and none could be installed without your help. The test of the viewer's window will be skipped.\n\
         xtask: to run it, install them: Debian, Ubuntu: apt install {}",
        packages.join(", "),
        PROGRAMS.map(|(_, package)| package).join(" ")
    );
    false
}

/// Packages whose programs do not start here.
fn missing() -> Vec<&'static str> {
    PROGRAMS.into_iter().filter(|(program, _)| !starts(program)).map(|(_, package)| package).collect()
}

/// Each of them ends at once when it is asked what it is, some with an error.
fn starts(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("-version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

#[cfg(test)]
mod tests {
    use super::starts;

    #[test]
    fn a_program_that_is_not_there_does_not_start() {
        assert!(starts("cargo"));
        assert!(!starts("no-such-program-anywhere"));
    }
}
