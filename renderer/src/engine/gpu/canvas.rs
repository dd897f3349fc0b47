//! A live picture: one clip drawn over and over onto a texture. Nothing is read back, and once every buffer is there
//! none is made: only the joints and the trained numbers travel to the GPU.

use std::{collections::BTreeMap, sync::Arc};

use super::{GpuEngine, GpuError, Inputs, present::FORMAT};
use crate::{
    draction::Template,
    engine::{EngineError, Scene},
    gpu::{BufferRange, Source},
    passes::{Buffer, Memory},
};

/// A texture that clips of one size are drawn onto, and the buffers that this takes. It belongs to one engine.
pub struct Canvas {
    size: [usize; 3],
    frames: wgpu::Buffer,
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    /// The frames, bound to be shown.
    shown: wgpu::BindGroup,
    inputs: BTreeMap<Buffer, wgpu::Buffer>,
    /// The template whose rows are on the GPU: packing one takes longer than drawing a frame.
    template: Option<Arc<Template>>,
}

impl Canvas {
    /// A black canvas for clips of `size [T, H, W]`: its texture shows `T` pictures side by side, `T·W` × `H` pixels.
    ///
    /// # Errors
    /// [`GpuError::Pictures`] when that is larger than a texture of the device may be.
    pub fn new(engine: &GpuEngine, size: [usize; 3]) -> Result<Canvas, GpuError> {
        let (width, height) = engine.texture_size(size)?;
        let device = engine.device();
        let frames = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("canvas frames"),
            size: u64::from(width) * u64::from(height) * 12,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let shown = engine.bind_frames((&frames).into(), size)?;
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("canvas"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT
                | wgpu::TextureUsages::TEXTURE_BINDING
                | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&Default::default());
        Ok(Canvas { size, frames, texture, view, shown, inputs: BTreeMap::new(), template: None })
    }

    /// Draws a clip: records, submits, and does not wait. `engine` is the one that the canvas was made with.
    ///
    /// # Errors
    /// [`GpuError::Inputs`] when the scene does not fit its sizes or is not one clip of the canvas's size; as
    /// [`GpuEngine::record_forward`].
    pub fn draw(&mut self, engine: &GpuEngine, scene: &Scene) -> Result<(), GpuError> {
        let d = &scene.dims;
        if (d.clips, [d.frames, d.height, d.width]) != (1, self.size) {
            let [frames, height, width] = self.size;
            let what = format!(
                "{} clip(s) of {} frames of {}x{} pixels on a canvas for {frames} of {width}x{height}",
                d.clips, d.frames, d.width, d.height
            );
            return Err(EngineError::Size(what).into());
        }
        scene.check()?;
        if self.template.as_ref() != Some(&scene.template) {
            let mut packed = Memory::new(*d);
            packed.set_template(&scene.template);
            packed.iter().for_each(|(buffer, numbers)| self.upload(engine, buffer, numbers));
            self.template = Some(scene.template.clone());
        }
        scene.moving().iter().for_each(|(buffer, numbers)| self.upload(engine, buffer, numbers));
        let resident = |(&buffer, on_gpu): (&Buffer, _)| (buffer, Source::Gpu(BufferRange::from(on_gpu)));
        // of a scene before this one, orientations may still be there
        let read = self.inputs.iter().filter(|(buffer, _)| d.oriented || **buffer != Buffer::Orientations);
        let inputs: Inputs<'_> = read.map(resident).collect();
        let mut encoder = engine.device().create_command_encoder(&Default::default());
        engine.record_forward(&mut encoder, d, &inputs, BufferRange::from(&self.frames))?;
        engine.present(&mut encoder, &self.shown, &self.view);
        engine.queue().submit([encoder.finish()]);
        Ok(())
    }

    /// `[T, H, W]`.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// `Rgba8Unorm`, `T·W` × `H` pixels; may be bound and copied from.
    pub fn texture(&self) -> &wgpu::Texture {
        &self.texture
    }

    /// All of [`Canvas::texture`]. It stays the same for as long as the canvas lives.
    pub fn texture_view(&self) -> &wgpu::TextureView {
        &self.view
    }

    /// Writes an input, into a new buffer only where its length has changed.
    fn upload(&mut self, engine: &GpuEngine, buffer: Buffer, numbers: &[f32]) {
        let bytes: &[u8] = bytemuck::cast_slice(numbers);
        let size = bytes.len() as u64;
        if self.inputs.get(&buffer).is_none_or(|b| b.size() != size) {
            let fresh = engine.device().create_buffer(&wgpu::BufferDescriptor {
                label: Some("canvas input"),
                size,
                usage: wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            self.inputs.insert(buffer, fresh);
        }
        engine.queue().write_buffer(&self.inputs[&buffer], 0, bytes);
    }
}

impl std::fmt::Debug for Canvas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Canvas").field("size", &self.size).finish_non_exhaustive()
    }
}
