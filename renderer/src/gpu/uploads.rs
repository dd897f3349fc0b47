//! Numbers of the host on their way into buffers of the GPU.

use std::num::NonZeroU64;

use wgpu::util::StagingBelt;

use super::{Error, mapped_buffer};

/// Bytes of a staging buffer that is kept. What is larger gets a buffer of its own that nobody keeps.
const CHUNK: u64 = 1 << 20;

/// Staging buffers that are used again once the GPU has read them, so that sending the same sizes over and over makes
/// no buffers. They belong to one recording at a time: finishing lends all of them to its encoder.
#[derive(Debug)]
pub struct Uploads {
    device: wgpu::Device,
    belt: StagingBelt,
}

impl Uploads {
    /// Without any yet.
    pub fn new(device: &wgpu::Device) -> Uploads {
        Uploads { device: device.clone(), belt: StagingBelt::new(device.clone(), CHUNK) }
    }

    /// Records copying `numbers` to the beginning of `target`.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn write(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::Buffer,
        numbers: &[f32],
    ) -> Result<(), Error> {
        let bytes: &[u8] = bytemuck::cast_slice(numbers);
        let Some(size) = NonZeroU64::new(bytes.len() as u64) else { return Ok(()) };
        if size.get() > CHUNK {
            encoder.copy_buffer_to_buffer(&fresh(&self.device, numbers)?, 0, target, 0, size.get());
            return Ok(());
        }
        let place = self.belt.allocate(size, const { NonZeroU64::new(wgpu::COPY_BUFFER_ALIGNMENT).unwrap() });
        let view = place.get_mapped_range_mut().map_err(|e| Error::Memory(e.to_string()));
        view?.copy_from_slice(bytes);
        encoder.copy_buffer_to_buffer(place.buffer(), place.offset(), target, 0, size.get());
        Ok(())
    }

    /// Lends what was written to the GPU until it has run what `encoder` records. Before the encoder is finished.
    pub fn finish(&mut self, encoder: &wgpu::CommandEncoder) {
        self.belt.finish_and_recall_on_submit(encoder);
    }
}

/// Puts numbers into a new buffer that can be copied from.
///
/// # Errors
/// [`Error::Memory`].
pub fn fresh(device: &wgpu::Device, numbers: &[f32]) -> Result<wgpu::Buffer, Error> {
    let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::MAP_WRITE;
    mapped_buffer(device, bytemuck::cast_slice(numbers), usage)
}
