//! What the tests need of the system, installed where that is possible without asking anybody.

use std::process::{Command, Stdio};

/// Installs packages of Debian and Ubuntu, as root or with a sudo that asks no password, saying so. Whether it worked;
/// where that cannot be tried nothing is said.
pub fn install(what: &str, names: &[&str]) -> bool {
    let Some(apt) = apt(runs("apt-get", &["--version"]), is_root(), || runs("sudo", &["-n", "true"])) else {
        return false;
    };
    eprintln!("xtask: no {what} found; installing {}", names.join(" "));
    let run = |arguments: &[&str]| {
        let mut command = Command::new(apt[0]);
        command.args(&apt[1..]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command.status().is_ok_and(|status| status.success())
    };
    // an outdated package list is not worth stopping for: the install decides
    run(&["update", "-qq"]);
    run(&[&["install", "-y", "-qq", "--no-install-recommends"], names].concat())
}

/// How apt-get is called here; `None` where it is not there or would need somebody's help.
fn apt(is_there: bool, root: bool, sudo: impl FnOnce() -> bool) -> Option<&'static [&'static str]> {
    match is_there {
        true if root => Some(&["apt-get"]),
        true if sudo() => Some(&["sudo", "-n", "apt-get"]),
        _ => None,
    }
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"))
}

#[cfg(test)]
mod tests {
    use super::apt;

    #[test]
    fn nobody_is_asked_for_a_password() {
        let never = || -> bool { panic!("sudo is not needed") };
        assert_eq!(apt(true, true, never), Some(&["apt-get"][..]));
        assert_eq!(apt(true, false, || true), Some(&["sudo", "-n", "apt-get"][..]));
        assert_eq!(apt(true, false, || false), None);
        assert_eq!(apt(false, true, never), None);
        assert_eq!(apt(false, false, never), None);
    }
}
