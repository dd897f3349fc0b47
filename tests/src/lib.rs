//! What tests across crates share.

pub mod browser;

use std::path::{Path, PathBuf};

use draction::device::{DeviceChoice, Engine};

/// A file or folder below `tests/cases`.
pub fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name)
}

/// A file or folder below `assets`.
pub fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets").join(name)
}

/// A file or folder of the data that stands beside the project on its developers' machines; `None`, saying so, where
/// it is absent.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: ../shared/{name} is not here");
    None
}

/// Whether GPU tests may not be skipped: `cargo xtask test` sets this where it found a driver.
pub fn gpu_required() -> bool {
    std::env::var_os("SKELETONLLM_REQUIRE_GPU").is_some()
}

/// The CPU engine, and the GPU's where there is any adapter.
///
/// # Panics
/// When there is no adapter although there must be one.
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::open(DeviceChoice::Cpu).expect("always there")];
    match Engine::open(DeviceChoice::Gpu) {
        Ok(engine) => engines.push(engine),
        Err(error) if gpu_required() => panic!("a GPU is required: {error}"),
        Err(error) => eprintln!("skipped on the GPU: {error}"),
    }
    engines
}

/// burn's CPU device, and the GPU's where there is any adapter.
///
/// # Panics
/// As [`engines`].
pub fn devices() -> Vec<skeletonllm_network::device::Selected> {
    let mut devices = vec![skeletonllm_network::device::cpu().expect("the CPU backend is part of this build")];
    match skeletonllm_network::device::select(DeviceChoice::Gpu) {
        Ok(selected) => devices.push(selected),
        Err(error) if gpu_required() => panic!("a GPU is required: {error}"),
        Err(error) => eprintln!("skipped on the GPU: {error}"),
    }
    devices
}
