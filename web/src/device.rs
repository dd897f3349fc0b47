//! One device for window, renderer and model.

use skeletonllm_network::device::Selected;

use crate::pictures::Backend;

/// What the model computes on, and what draws.
pub struct Devices {
    /// For the model.
    pub model: Selected,
    /// For pictures.
    pub pictures: Backend,
}

/// The CPU for both: the window draws itself by other means.
///
/// # Errors
/// In a build without the CPU backend, as a sentence.
pub fn cpu() -> Result<Devices, String> {
    let model = skeletonllm_network::device::cpu().map_err(|e| e.to_string())?;
    Ok(Devices { model, pictures: Backend::Cpu })
}

/// Whether renderer and model can compute on the window's device: OpenGL draws windows, but lacks what they need.
#[cfg(feature = "gpu")]
pub fn computes(window: &eframe::egui_wgpu::RenderState) -> bool {
    window.adapter.get_info().backend != wgpu::Backend::Gl
}

/// The window's own device for both.
///
/// # Errors
/// When it lacks what renderer or model need, as a sentence.
#[cfg(feature = "gpu")]
pub fn of_window(window: &eframe::egui_wgpu::RenderState) -> Result<Devices, String> {
    use crate::pictures::GpuBackend;
    use skeletonllm_network::device::{WgpuSetup, adopt, engine};

    let setup = WgpuSetup {
        instance: window.instance.clone(),
        adapter: window.adapter.clone(),
        device: window.device.clone(),
        queue: window.queue.clone(),
        backend: window.adapter.get_info().backend,
    };
    let model = adopt(setup).map_err(|e| e.to_string())?;
    let engine = engine(&model.device).ok_or("the renderer is not on the window's device")?;
    let pictures = Backend::Gpu(GpuBackend { engine, window: window.clone() });
    Ok(Devices { model, pictures })
}

/// How the window opens its device: with everything that the adapter has, because the model's kernels use it.
#[cfg(feature = "gpu")]
pub fn window_options() -> eframe::egui_wgpu::WgpuConfiguration {
    use eframe::egui_wgpu::{WgpuConfiguration, WgpuSetup, WgpuSetupCreateNew};

    let mut setup = WgpuSetupCreateNew::without_display_handle();
    setup.instance_descriptor.backends = wgpu::Backends::PRIMARY | wgpu::Backends::GL;
    setup.device_descriptor = std::sync::Arc::new(|adapter| wgpu::DeviceDescriptor {
        label: Some("window, renderer and model"),
        required_features: adapter.features().difference(
            // slow on discrete GPUs, and of no use to us
            wgpu::Features::MAPPABLE_PRIMARY_BUFFERS | wgpu::Features::all_experimental_mask(),
        ),
        required_limits: adapter.limits(),
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..Default::default()
    });
    WgpuConfiguration { wgpu_setup: WgpuSetup::CreateNew(setup), ..Default::default() }
}
