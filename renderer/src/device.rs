//! The engine of this machine: a GPU where there is one, plain Rust where not.

use std::{fmt, str::FromStr};

use crate::engine::{EngineError, Gradients, Scene, cpu::CpuEngine};
#[cfg(feature = "gpu")]
use crate::{
    engine::gpu::{GpuEngine, GpuError},
    gpu::AdapterChoice,
};

/// Where to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU if there is a real one, else the CPU: a GPU that software imitates is slower than plain Rust.
    #[default]
    Auto,
    /// Whatever adapter there is, software included.
    Gpu,
    /// Plain Rust on all cores.
    Cpu,
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceChoice, String> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "gpu" => Ok(DeviceChoice::Gpu),
            "cpu" => Ok(DeviceChoice::Cpu),
            _ => Err(format!("unknown device '{text}': give auto, gpu or cpu")),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DeviceChoice::Auto => "auto",
            DeviceChoice::Gpu => "gpu",
            DeviceChoice::Cpu => "cpu",
        })
    }
}

/// Why a device could not be had, or did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The GPU's reason.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// This program was built without the feature `gpu`.
    #[cfg(not(feature = "gpu"))]
    #[error("this program was built without a GPU engine")]
    NoGpu,
    /// The CPU's reason.
    #[error(transparent)]
    Cpu(#[from] EngineError),
}

/// One of the engines, with their common methods.
pub enum Engine {
    /// On a wgpu device.
    #[cfg(feature = "gpu")]
    Gpu(Box<GpuEngine>),
    /// Plain Rust.
    Cpu(CpuEngine),
}

impl Engine {
    /// An engine on the chosen device.
    ///
    /// # Errors
    /// [`DeviceError::NoGpu`] when a GPU was asked for. `Auto` takes the CPU.
    #[cfg(not(feature = "gpu"))]
    pub fn open(choice: DeviceChoice) -> Result<Engine, DeviceError> {
        if choice == DeviceChoice::Gpu { Err(DeviceError::NoGpu) } else { Ok(Engine::Cpu(CpuEngine)) }
    }

    /// An engine on the chosen device. With [`crate::gpu::ADAPTER_VARIABLE`] set, `Auto` takes that adapter.
    ///
    /// # Errors
    /// [`DeviceError::Gpu`] when a GPU was asked for and there is none. `Auto` falls back to the CPU instead.
    #[cfg(feature = "gpu")]
    pub fn open(choice: DeviceChoice) -> Result<Engine, DeviceError> {
        let adapter = AdapterChoice::from_env();
        let gpu = || Ok(Engine::Gpu(Box::new(pollster::block_on(GpuEngine::request(&adapter))?)));
        match choice {
            DeviceChoice::Cpu => Ok(Engine::Cpu(CpuEngine)),
            DeviceChoice::Gpu => gpu(),
            // looked for before a device is opened: that compiles every shader
            DeviceChoice::Auto if adapter.name.is_some() || pollster::block_on(has_real_gpu()) => {
                gpu().or(Ok::<_, DeviceError>(Engine::Cpu(CpuEngine)))
            }
            DeviceChoice::Auto => Ok(Engine::Cpu(CpuEngine)),
        }
    }

    /// What it runs on, for people.
    pub fn name(&self) -> String {
        match self {
            #[cfg(feature = "gpu")]
            Engine::Gpu(engine) => {
                let adapter = engine.adapter();
                let software = if adapter.device_type == wgpu::DeviceType::Cpu { ", software" } else { "" };
                format!("{} ({:?}{software})", adapter.name, adapter.backend)
            }
            Engine::Cpu(_) => "CPU".to_owned(),
        }
    }

    /// Draws `frames [B, T, H, W, 3]`.
    ///
    /// # Errors
    /// [`DeviceError`] when the scene does not fit its sizes or the device fails.
    pub fn forward(&self, scene: &Scene) -> Result<Vec<f32>, DeviceError> {
        match self {
            #[cfg(feature = "gpu")]
            Engine::Gpu(engine) => Ok(engine.forward(scene)?),
            Engine::Cpu(engine) => Ok(engine.forward(scene)?),
        }
    }

    /// Gradients of a loss from `frames` and `∂L/∂frames`, both `[B, T, H, W, 3]`.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub fn backward(&self, scene: &Scene, frames: &[f32], grad_frames: &[f32]) -> Result<Gradients, DeviceError> {
        match self {
            #[cfg(feature = "gpu")]
            Engine::Gpu(engine) => Ok(engine.backward(scene, frames, grad_frames)?),
            Engine::Cpu(engine) => Ok(engine.backward(scene, frames, grad_frames)?),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Engine").field(&self.name()).finish()
    }
}

#[cfg(feature = "gpu")]
async fn has_real_gpu() -> bool {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::PRIMARY;
    let adapters = wgpu::Instance::new(descriptor).enumerate_adapters(wgpu::Backends::PRIMARY).await;
    adapters.iter().any(|adapter| adapter.get_info().device_type != wgpu::DeviceType::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_read_as_they_are_written() {
        for choice in [DeviceChoice::Auto, DeviceChoice::Gpu, DeviceChoice::Cpu] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert!("tpu".parse::<DeviceChoice>().unwrap_err().contains("tpu"));
    }
}
