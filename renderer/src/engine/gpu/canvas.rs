//! A live picture: one clip drawn over and over onto a texture. Nothing is read back, and once every buffer is there
//! none is made: only the joints and the trained numbers travel to the GPU.

use std::collections::BTreeMap;

use super::{GpuEngine, GpuError, PackedTemplate, Sources, present::FORMAT};
use crate::{
    draction::Template,
    engine::{EngineError, Inputs},
    gpu::{BufferRange, Source},
    passes::Buffer,
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
    template: Option<Template>,
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
    /// [`GpuError::Inputs`] when `inputs` do not fit their sizes or are not one clip of the canvas's size; as
    /// [`GpuEngine::record_forward`].
    pub fn draw(&mut self, engine: &GpuEngine, inputs: &Inputs<'_>) -> Result<(), GpuError> {
        let d = &inputs.dims;
        if (d.clips, [d.frames, d.height, d.width]) != (1, self.size) {
            let [frames, height, width] = self.size;
            let what = format!(
                "{} clip(s) of {} frames of {}x{} pixels on a canvas for {frames} of {width}x{height}",
                d.clips, d.frames, d.width, d.height
            );
            return Err(EngineError::Size(what).into());
        }
        inputs.check()?;
        if self.template.as_ref() != Some(inputs.template) {
            let packed = PackedTemplate::new(inputs.template);
            self.upload(engine, Buffer::Template, &packed.rows);
            self.upload(engine, Buffer::LbsWeights, &packed.lbs_weights);
            self.upload(engine, Buffer::CanonicalJoints, &packed.canonical_joints);
            self.template = Some(inputs.template.clone());
        }
        self.upload(engine, Buffer::Positions, inputs.positions);
        self.upload(engine, Buffer::Velocities, inputs.velocities);
        self.upload(engine, Buffer::Cameras, &inputs.camera_rows());
        self.upload(engine, Buffer::Features, &inputs.parameters.features);
        self.upload(engine, Buffer::Weights, &inputs.parameters.pack());
        if let Some(orientations) = inputs.orientations {
            self.upload(engine, Buffer::Orientations, orientations);
        }
        let mut encoder = engine.device().create_command_encoder(&Default::default());
        engine.record_forward(&mut encoder, d, &self.sources(), BufferRange::from(&self.frames))?;
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

    fn sources(&self) -> Sources<'_> {
        let source = |buffer| Source::Gpu(BufferRange::from(&self.inputs[&buffer]));
        Sources {
            positions: source(Buffer::Positions),
            velocities: source(Buffer::Velocities),
            orientations: self.inputs.contains_key(&Buffer::Orientations).then(|| source(Buffer::Orientations)),
            cameras: source(Buffer::Cameras),
            canonical_joints: source(Buffer::CanonicalJoints),
            template: source(Buffer::Template),
            lbs_weights: source(Buffer::LbsWeights),
            features: source(Buffer::Features),
            weights: source(Buffer::Weights),
        }
    }
}

impl std::fmt::Debug for Canvas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Canvas").field("size", &self.size).finish_non_exhaustive()
    }
}
