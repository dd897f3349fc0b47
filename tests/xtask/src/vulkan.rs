//! Finds a Vulkan driver, or installs Mesa's software one where that is possible without asking anybody.

use std::path::Path;

use crate::packages;

/// Whether there is a Vulkan driver now. Says what is missing where there is none.
pub fn ensure() -> bool {
    if !cfg!(target_os = "linux") {
        // Metal and Direct3D come with the system
        return true;
    }
    if driver() {
        return true;
    }
    if packages::install("Vulkan driver", &["mesa-vulkan-drivers", "libvulkan1"]) && driver() {
        return true;
    }
    eprintln!(
        "xtask: no Vulkan driver, and none could be installed without your help. Tests that need a GPU will be skipped.\n\
         xtask: to run them, install one: Debian, Ubuntu: apt install mesa-vulkan-drivers; Fedora: dnf install \
         mesa-vulkan-drivers; Arch: pacman -S vulkan-swrast"
    );
    false
}

fn driver() -> bool {
    if std::env::var_os("VK_DRIVER_FILES").is_some() || std::env::var_os("VK_ICD_FILENAMES").is_some() {
        return true;
    }
    let loader = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib"]
        .iter()
        .any(|folder| Path::new(folder).join("libvulkan.so.1").exists());
    let manifest = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"]
        .iter()
        .any(|folder| std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()));
    loader && manifest
}
