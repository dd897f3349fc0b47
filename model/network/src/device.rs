//! Choosing where the model computes, and sharing a GPU with the renderer and a window.

use burn::tensor::Device;

pub use draction::device::DeviceChoice;

#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "gpu")]
pub use gpu::{WgpuSetup, adopt, engine, forget};

/// Why the chosen device cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No driver offers an adapter.
    #[error("no GPU adapter found ({0}); `--device cpu` runs without one")]
    NoAdapter(String),
    /// The adapter is there, but burn or the renderer could not open it.
    #[error("the GPU `{name}` cannot be used: {problem}")]
    Unusable {
        /// The adapter's name.
        name: String,
        /// What burn said.
        problem: String,
    },
    /// This build leaves that kind of device out.
    #[error("this program was built without its {0} backend")]
    NotBuilt(&'static str),
}

/// A device and what to call it.
#[derive(Debug, Clone)]
pub struct Selected {
    /// For tensors without gradients; `device.clone().autodiff()` is the same device for training.
    pub device: Device,
    /// For people, for example `AMD Radeon RX 6700 (Vulkan)` or `CPU (flex, 8 threads)`.
    pub name: String,
}

/// Finds the device for a choice. A program with a window gives burn the window's device instead: [`adopt`].
///
/// Software adapters (llvmpipe and the like) are passed over by `Auto`: they run the same arithmetic several times
/// slower than the CPU backend. A machine without any driver gives the CPU backend, or an error for `Gpu`, never a panic.
///
/// # Errors
/// When `Gpu` was asked for and there is no adapter or it cannot be opened; when the build lacks the backend.
#[cfg(not(target_family = "wasm"))]
pub fn select(choice: DeviceChoice) -> Result<Selected, DeviceError> {
    select_for(choice, 0)
}

/// The same for one of several processes on a machine, by its number: each has a graphics card of its own, as far as there
/// are any.
///
/// # Errors
/// See [`select`].
#[cfg(not(target_family = "wasm"))]
pub fn select_for(choice: DeviceChoice, process: usize) -> Result<Selected, DeviceError> {
    #[cfg(not(feature = "gpu"))]
    let _ = process;
    match choice {
        DeviceChoice::Cpu => cpu(),
        #[cfg(feature = "gpu")]
        DeviceChoice::Gpu => gpu::open(process),
        #[cfg(feature = "gpu")]
        DeviceChoice::Auto if gpu::is_real() => gpu::open(process).or_else(|_| cpu()),
        DeviceChoice::Auto => cpu(),
        #[cfg(not(feature = "gpu"))]
        DeviceChoice::Gpu => Err(DeviceError::NotBuilt("GPU")),
    }
}

/// Bytes of the largest tensor that a device takes; `None` where memory alone limits them.
#[must_use]
pub fn largest_tensor(device: &Device) -> Option<u64> {
    #[cfg(feature = "gpu")]
    let engine = engine(&device.clone().without_autodiff());
    #[cfg(feature = "gpu")]
    return engine.map(|engine| engine.device().limits().max_storage_buffer_binding_size);
    #[cfg(not(feature = "gpu"))]
    {
        let _ = device;
        None
    }
}

/// burn's CPU backend.
///
/// # Errors
/// [`DeviceError::NotBuilt`] in a build without it.
pub fn cpu() -> Result<Selected, DeviceError> {
    #[cfg(feature = "cpu")]
    {
        let threads = rayon::current_num_threads();
        let threads = if threads == 1 { "one thread".to_owned() } else { format!("{threads} threads") };
        Ok(Selected { device: Device::flex(), name: format!("CPU (flex, {threads})") })
    }
    #[cfg(not(feature = "cpu"))]
    Err(DeviceError::NotBuilt("CPU"))
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
