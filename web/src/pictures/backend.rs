//! What draws: DrAction's passes on the window's device, or their twin in plain Rust.

use draction::engine::{Scene, cpu::CpuEngine};

#[cfg(feature = "gpu")]
use super::GpuBackend;

/// Draws into textures of the window.
pub enum Backend {
    /// DrAction's passes on the window's device.
    #[cfg(feature = "gpu")]
    Gpu(GpuBackend),
    /// The twin.
    Cpu,
}

impl Backend {
    /// Whether a GPU is imitated by software: then pictures and model compete for the same cores.
    pub fn is_software(&self) -> bool {
        match self {
            #[cfg(feature = "gpu")]
            Backend::Gpu(gpu) => gpu.window.adapter.get_info().device_type == wgpu::DeviceType::Cpu,
            Backend::Cpu => false,
        }
    }

    /// The engine that draws, for tasks beside the window.
    pub fn engine(&self) -> DrawEngine {
        match self {
            #[cfg(feature = "gpu")]
            Backend::Gpu(gpu) => DrawEngine::Gpu(gpu.engine.clone()),
            Backend::Cpu => DrawEngine::Cpu,
        }
    }
}

/// An engine that can be taken along.
#[derive(Clone)]
pub enum DrawEngine {
    /// On the window's device.
    #[cfg(feature = "gpu")]
    Gpu(std::sync::Arc<draction::engine::gpu::GpuEngine>),
    /// The twin.
    Cpu,
}

impl DrawEngine {
    /// `[T, H, W, 3]`, read back.
    ///
    /// # Errors
    /// The engine's, as a sentence.
    pub async fn frames(&self, scene: &Scene) -> Result<Vec<f32>, String> {
        match self {
            #[cfg(feature = "gpu")]
            DrawEngine::Gpu(engine) => engine.forward_async(scene).await.map_err(|e| e.to_string()),
            DrawEngine::Cpu => CpuEngine.forward(scene).map_err(|e| e.to_string()),
        }
    }
}
