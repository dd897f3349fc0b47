//! Drawing on a wgpu device that the program has already, beside whatever else runs on it.
//!
//! `cargo run --release --example own_device -- assets/samples/walk.bvh`

use std::error::Error;

use draction::{
    Renderer,
    device::Engine,
    engine::gpu::GpuEngine,
    motion::read_file,
    wgpu::{DeviceDescriptor, Instance, InstanceDescriptor, RequestAdapterOptions},
};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("give a motion file")?;
    let motion = read_file(file, &Default::default())?;

    // the program's own way to its device; DrAction asks for nothing beyond WebGPU's default limits
    let instance = Instance::new(InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&RequestAdapterOptions::default()))?;
    let (device, queue) = pollster::block_on(adapter.request_device(&DeviceDescriptor::default()))?;

    // devices and queues are handles: clones are the same device
    let engine = GpuEngine::new(device.clone(), queue)?;
    let renderer = Renderer::on(Engine::Gpu(Box::new(engine))).with_size(224, 224);
    let rendering = renderer.draw(&motion)?;
    println!("{} frames on {}", rendering.clip.frames(), renderer.engine().name());
    Ok(())
}
