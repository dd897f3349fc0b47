//! Choosing where the model computes.

use std::sync::OnceLock;

use burn::tensor::Device;
use burn::tensor::wgpu::{WgpuSetup, wgpu};

pub use draction::device::DeviceChoice;

/// Why the chosen device cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No driver offers an adapter.
    #[error("no GPU adapter found ({0}); `--device cpu` runs without one")]
    NoAdapter(String),
    /// The adapter is there, but burn could not open it.
    #[error("the GPU `{name}` cannot be opened: {problem}")]
    Unusable {
        /// The adapter's name.
        name: String,
        /// What burn said.
        problem: String,
    },
}

/// A device and what to call it.
#[derive(Debug, Clone)]
pub struct Selected {
    /// For tensors without gradients; `device.clone().autodiff()` is the same device for training.
    pub device: Device,
    /// For people, for example `AMD Radeon RX 6700 (Vulkan)` or `CPU (flex, 8 threads)`.
    pub name: String,
    /// The wgpu handles burn uses there, to be shared with the renderer; `None` on the CPU backend.
    pub wgpu: Option<WgpuSetup>,
}

/// Finds the device for a choice.
///
/// Software adapters (llvmpipe and the like) are passed over by `Auto`: they run the same arithmetic several times
/// slower than the CPU backend. A machine without any driver gives the CPU backend, or an error for `Gpu`, never a panic.
///
/// # Errors
/// When `Gpu` was asked for and there is no adapter or it cannot be opened.
pub fn select(choice: DeviceChoice) -> Result<Selected, DeviceError> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Gpu => gpu(),
        DeviceChoice::Auto => match probe() {
            Ok(info) if info.device_type != wgpu::DeviceType::Cpu => Ok(gpu().unwrap_or_else(|_| cpu())),
            _ => Ok(cpu()),
        },
    }
}

/// burn's CPU backend.
#[must_use]
pub fn cpu() -> Selected {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Selected { device: Device::flex(), name: format!("CPU (flex, {threads} threads)"), wgpu: None }
}

/// burn's runtime can be set up once per process only, so its handles are kept.
static GPU: OnceLock<Result<Opened, (String, String)>> = OnceLock::new();

/// A device, the wgpu handles behind it, and its name.
type Opened = (Device, WgpuSetup, String);

fn gpu() -> Result<Selected, DeviceError> {
    let info = probe().map_err(DeviceError::NoAdapter)?;
    let opened = GPU.get_or_init(|| match Device::wgpu_options().init_with_setup() {
        Ok((device, setup)) => {
            let name = describe(&setup.adapter.get_info());
            Ok((device, setup, name))
        }
        Err(error) => Err((describe(&info), error.to_string())),
    });
    match opened {
        Ok((device, setup, name)) => {
            Ok(Selected { device: device.clone(), name: name.clone(), wgpu: Some(setup.clone()) })
        }
        Err((name, problem)) => Err(DeviceError::Unusable { name: name.clone(), problem: problem.clone() }),
    }
}

/// The wgpu handles of the GPU that [`select`] opened, if it did.
pub fn shared() -> Option<&'static WgpuSetup> {
    GPU.get()?.as_ref().ok().map(|(_, setup, _)| setup)
}

fn describe(info: &wgpu::AdapterInfo) -> String {
    let software = if info.device_type == wgpu::DeviceType::Cpu { ", software" } else { "" };
    format!("{} ({}{software})", info.name, info.backend)
}

/// The adapter that wgpu would give, without opening it.
fn probe() -> Result<wgpu::AdapterInfo, String> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // burn's kernels and ours need compute shaders with many storage buffers, which OpenGL cannot promise
    descriptor.backends = wgpu::Backends::PRIMARY;
    let instance = wgpu::Instance::new(descriptor);
    let options =
        wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    let adapter = cubecl::future::block_on(instance.request_adapter(&options)).map_err(|error| error.to_string())?;
    Ok(adapter.get_info())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_always_finds_a_device() {
        let selected = select(DeviceChoice::Auto).expect("the CPU backend at least");
        assert!(!selected.name.is_empty());
    }
}
