//! What tests across crates share.

pub mod browser;
pub mod gpu;
pub mod memory;
pub mod random_model;
pub mod takes;
pub mod timing;

use draction::device::{DeviceChoice, Engine};
use skeletonllm_checks::{Need, have};
use skeletonllm_network::device::{self, Selected};

/// The CPU engine, and the GPU's where there is any adapter.
///
/// # Panics
/// When there is no adapter although [`Need::Gpu`] is required.
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::open(DeviceChoice::Cpu).expect("always there")];
    engines.extend(have(Need::Gpu, Engine::open(DeviceChoice::Gpu)));
    engines
}

/// burn's CPU device, and the GPU's where there is any adapter.
///
/// # Panics
/// As [`engines`].
pub fn devices() -> Vec<Selected> {
    let mut devices = vec![device::cpu().expect("the CPU backend is part of this build")];
    devices.extend(have(Need::Gpu, device::select(DeviceChoice::Gpu)));
    devices
}
