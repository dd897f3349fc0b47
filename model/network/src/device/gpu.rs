//! burn and DrAction on one wgpu device: one they open themselves, or a window's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::tensor::Device;
#[cfg(not(target_family = "wasm"))]
use burn::tensor::{DeviceKind, wgpu::wgpu};
use draction::{engine::gpu::GpuEngine, gpu::describe};

use super::{DeviceError, Selected};

pub use burn::tensor::wgpu::WgpuSetup;

/// A device that burn computes on, and the renderer there.
struct Opened {
    device: Device,
    engine: Arc<GpuEngine>,
}

/// Every device in use. burn can set up a device of its own once per process only, so it is kept.
static OPENED: Mutex<Vec<Opened>> = Mutex::new(Vec::new());

fn opened() -> MutexGuard<'static, Vec<Opened>> {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets burn and DrAction compute on a device that exists already, a window's for example. It must have been opened with
/// all features and limits of its adapter: burn's kernels use what the adapter offers.
///
/// Each call makes a new burn device; call it once for a wgpu device.
///
/// # Errors
/// [`DeviceError::Unusable`] when the device lacks what burn or our shaders need.
pub fn adopt(setup: WgpuSetup) -> Result<Selected, DeviceError> {
    let name = describe(&setup.adapter.get_info());
    let problem = |problem: String| DeviceError::Unusable { name: name.clone(), problem };
    let engine = renderer(&setup).map_err(problem)?;
    let device = Device::wgpu_options().setup(setup).init().map_err(|error| problem(error.to_string()))?;
    opened().push(Opened { device: device.clone(), engine });
    Ok(Selected { device, name })
}

/// Forgets a device that was lost, with the renderer's buffers on it.
pub fn forget(device: &Device) {
    opened().retain(|opened| opened.device != *device);
}

/// DrAction on a device that [`select`](super::select) or [`adopt`] gave; `None` for others.
pub fn engine(device: &Device) -> Option<Arc<GpuEngine>> {
    opened().iter().find(|opened| opened.device == *device).map(|opened| opened.engine.clone())
}

fn renderer(setup: &WgpuSetup) -> Result<Arc<GpuEngine>, String> {
    let engine = GpuEngine::new(setup.device.clone(), setup.queue.clone()).map_err(|error| error.to_string())?;
    Ok(Arc::new(engine))
}

/// The device of burn's own choice; of several graphics cards, that of the process with this number.
#[cfg(not(target_family = "wasm"))]
pub(super) fn open(process: usize) -> Result<Selected, DeviceError> {
    static OWN: std::sync::OnceLock<Result<Selected, (String, String)>> = std::sync::OnceLock::new();
    let info = probe().map_err(DeviceError::NoAdapter)?;
    let own = OWN.get_or_init(|| {
        let problem = |problem: String| (describe(&info), problem);
        let mut options = Device::wgpu_options();
        let cards = if process > 0 { cards() } else { 0 };
        if cards > 1 {
            options = options.device_kind(DeviceKind::DiscreteGpu(process % cards));
        }
        let (device, setup) = options.init_with_setup().map_err(|error| problem(error.to_string()))?;
        let engine = renderer(&setup).map_err(problem)?;
        opened().push(Opened { device: device.clone(), engine });
        Ok(Selected { device, name: describe(&setup.adapter.get_info()) })
    });
    match own {
        Ok(own) => Ok(own.clone()),
        Err((name, problem)) => Err(DeviceError::Unusable { name: name.clone(), problem: problem.clone() }),
    }
}

/// Whether there is an adapter that is not software.
#[cfg(not(target_family = "wasm"))]
pub(super) fn is_real() -> bool {
    probe().is_ok_and(|info| info.device_type != wgpu::DeviceType::Cpu)
}

/// How many graphics cards there are.
#[cfg(not(target_family = "wasm"))]
fn cards() -> usize {
    let adapters = cubecl::future::block_on(instance().enumerate_adapters(wgpu::Backends::PRIMARY));
    adapters.iter().filter(|adapter| adapter.get_info().device_type == wgpu::DeviceType::DiscreteGpu).count()
}

#[cfg(not(target_family = "wasm"))]
fn instance() -> wgpu::Instance {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // burn's kernels and ours need compute shaders with many storage buffers, which OpenGL cannot promise
    descriptor.backends = wgpu::Backends::PRIMARY;
    wgpu::Instance::new(descriptor)
}

/// The adapter that wgpu would give, without opening it.
#[cfg(not(target_family = "wasm"))]
fn probe() -> Result<wgpu::AdapterInfo, String> {
    let options =
        wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    let adapter = cubecl::future::block_on(instance().request_adapter(&options)).map_err(|error| error.to_string())?;
    Ok(adapter.get_info())
}
