//! Finding a graphics adapter.

use super::Error;

/// Environment variable with a part of the wanted adapter's name, for instance `llvmpipe`.
pub const ADAPTER_VARIABLE: &str = "DRACTION_ADAPTER";

/// Which adapter to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdapterChoice {
    /// A part of its name, in any case; `None` takes the fastest kind there is.
    pub name: Option<String>,
}

impl AdapterChoice {
    /// What [`ADAPTER_VARIABLE`] asks for, otherwise the fastest kind there is.
    pub fn from_env() -> AdapterChoice {
        AdapterChoice { name: std::env::var(ADAPTER_VARIABLE).ok().filter(|name| !name.trim().is_empty()) }
    }
}

/// An adapter in words: its name, the way to it, and whether it is software.
pub fn describe(info: &wgpu::AdapterInfo) -> String {
    let software = if info.device_type == wgpu::DeviceType::Cpu { ", software" } else { "" };
    let name = if info.name.is_empty() { "GPU" } else { &info.name };
    format!("{name} ({}{software})", info.backend)
}

/// A device with WebGPU's default limits and no optional feature but timestamps, which only measurements use.
///
/// # Errors
/// [`Error::NoAdapter`] and [`Error::NoDevice`].
pub async fn request(choice: &AdapterChoice) -> Result<(wgpu::Device, wgpu::Queue), Error> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // OpenGL cannot be relied on for compute shaders with this many storage buffers
    descriptor.backends = wgpu::Backends::PRIMARY;
    let instance = wgpu::Instance::new(descriptor);
    let adapter = match &choice.name {
        Some(name) => named(&instance, name).await?,
        None => {
            let options = wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                ..Default::default()
            };
            let none = |e: wgpu::RequestAdapterError| Error::NoAdapter { wanted: String::new(), reason: e.to_string() };
            instance.request_adapter(&options).await.map_err(none)?
        }
    };
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("compute"),
        required_features: adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
        required_limits: wgpu::Limits::default(),
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..Default::default()
    };
    let refused =
        |e: wgpu::RequestDeviceError| Error::NoDevice { adapter: adapter.get_info().name, reason: e.to_string() };
    adapter.request_device(&descriptor).await.map_err(refused)
}

async fn named(instance: &wgpu::Instance, name: &str) -> Result<wgpu::Adapter, Error> {
    let all = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;
    let names: Vec<String> = all.iter().map(|adapter| adapter.get_info().name).collect();
    let wanted = name.trim().to_lowercase();
    all.into_iter().find(|adapter| adapter.get_info().name.to_lowercase().contains(&wanted)).ok_or_else(|| {
        let reason =
            if names.is_empty() { "there is none at all".into() } else { format!("there is {}", names.join(", ")) };
        Error::NoAdapter { wanted: format!(" named like {name:?}"), reason }
    })
}
