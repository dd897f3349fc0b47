//! Finds what training over several processes is built and tested with, or installs it where that is possible without
//! asking anybody.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::packages;

/// What is installed on Debian and Ubuntu: `mpirun`, what programs are linked with, and what reads MPI's header for Rust.
const PACKAGES: [&str; 3] = ["openmpi-bin", "libopenmpi-dev", "libclang-dev"];

/// The feature that needs it.
pub const FEATURE: &str = "skeletonllm-train/mpi";

/// Whether everything is here now. Says what is missing where it is not, and `install` was asked for in vain.
pub fn ensure(install: bool) -> bool {
    if found() || install && packages::install("MPI", &PACKAGES) && found() {
        return true;
    }
    if install {
        eprintln!(
            "xtask: no MPI, or no libclang to build with it, and none could be installed without your help. Training over \
             several processes will not be tested.\n\
             xtask: to test it, install them: Debian, Ubuntu: apt install {}; Fedora: dnf install openmpi-devel clang-libs \
             clang-devel; Arch: pacman -S openmpi clang",
            PACKAGES.join(" ")
        );
    }
    false
}

/// Whether everything is here, and processes can be started with it: not every container lets them.
pub fn found() -> bool {
    let launches = || {
        let mut two = Command::new("mpirun");
        two.args(["-n", "2", "true"]);
        // who tests as root, in a container say, means it
        two.envs([("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")]);
        succeeds(two.env("OMPI_MCA_rmaps_base_oversubscribe", "1"))
    };
    cfg!(target_os = "linux") && starts("mpicc") && libclang() && launches()
}

fn starts(program: &str) -> bool {
    succeeds(Command::new(program).arg("--version"))
}

fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let of_llvm = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let of_llvm = of_llvm.filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm-"));
    let of_llvm = of_llvm.map(|entry| entry.path().join("lib"));
    let usual = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    usual.iter().map(|folder| Path::new(folder).to_owned()).chain(of_llvm).any(|folder| holds_libclang(&folder))
}

/// Whether a folder holds `libclang.so`, or one with a version before or after the ending.
fn holds_libclang(folder: &Path) -> bool {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.map(|name| name.to_string_lossy().into_owned()).any(|name| {
        name.strip_prefix("libclang").is_some_and(|rest| rest.starts_with(".so") || rest.starts_with('-'))
            && !name.starts_with("libclang-cpp")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libclang_is_told_from_its_neighbours() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!holds_libclang(&folder.path().join("none")));
        for other in ["libclang-cpp.so.14", "libclangAST.a", "libclang.txt"] {
            std::fs::write(folder.path().join(other), "").unwrap();
        }
        assert!(!holds_libclang(folder.path()));
        std::fs::write(folder.path().join("libclang-14.so.1"), "").unwrap();
        assert!(holds_libclang(folder.path()));
    }

    #[test]
    fn a_program_that_is_not_there_does_not_start() {
        assert!(starts("cargo") && !starts("no-such-program-anywhere"));
    }
}
