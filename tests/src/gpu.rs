//! What benchmarks do on a graphics card beside what they measure.

use std::time::{Duration, Instant};

use anyhow::Result;
use draction::engine::gpu::GpuEngine;

/// A buffer of so many numbers.
#[must_use]
pub fn storage(engine: &GpuEngine, numbers: usize) -> wgpu::Buffer {
    engine.device().create_buffer(&wgpu::BufferDescriptor {
        label: Some("bench"),
        size: numbers as u64 * 4,
        usage: wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::STORAGE,
        mapped_at_creation: false,
    })
}

/// Has commands carried out, and waits for it.
///
/// # Errors
/// When the device is lost.
pub fn carry_out(engine: &GpuEngine, encoder: wgpu::CommandEncoder) -> Result<()> {
    let index = engine.queue().submit([encoder.finish()]);
    engine.device().poll(wgpu::PollType::Wait { submission_index: Some(index), timeout: None })?;
    Ok(())
}

/// Bytes copied a second from one buffer to another, read and written bytes both counted.
///
/// # Errors
/// When the device is lost.
pub fn copy_bandwidth(engine: &GpuEngine) -> Result<f64> {
    const NUMBERS: usize = 16 << 20;
    /// Against it, handing the commands over is nothing.
    const LONG: Duration = Duration::from_millis(20);
    let (from, to) = (storage(engine, NUMBERS), storage(engine, NUMBERS));
    let copied = |times: u32| {
        let start = Instant::now();
        let mut encoder = engine.device().create_command_encoder(&Default::default());
        (0..times).for_each(|_| encoder.copy_buffer_to_buffer(&from, 0, &to, 0, from.size()));
        carry_out(engine, encoder).map(|()| start.elapsed())
    };
    let mut times = 1;
    while copied(times)? < LONG && times < 1 << 12 {
        times *= 2;
    }
    let mut best = copied(times)?;
    for _ in 0..4 {
        best = best.min(copied(times)?);
    }
    Ok(2.0 * from.size() as f64 * f64::from(times) / best.as_secs_f64())
}
