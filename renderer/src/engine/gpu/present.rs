//! Frames on a texture, to be shown without being read back.

use std::sync::PoisonError;

use super::{GpuEngine, GpuError};
use crate::{
    gpu::{BufferRange, mapped_buffer},
    passes::Buffer,
};

/// The shader's name.
pub(super) const SHADER: &str = draction_shaders::wgsl::PRESENT.name;
/// What pictures are drawn into: eight bits a channel, as files have them.
pub(super) const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Which numbers of a buffer are pictures; `Strip` in the shader is its other half.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Strip {
    first: u32,
    count: u32,
    height: u32,
    width: u32,
}

impl GpuEngine {
    /// Records showing `frames [count, H, W, 3]` as `count` pictures side by side: `target` is a view of an
    /// `Rgba8Unorm` texture of `count·W` × `H` pixels that may be rendered to. Values are clamped to `[0, 1]` and
    /// rounded as [`crate::export::pictures`] rounds them; alpha is 1. The buffer needs the usage `STORAGE`.
    ///
    /// # Errors
    /// [`crate::gpu::Error::Range`] when the stretch has another length, [`GpuError::Pictures`] when the pictures fit no texture
    /// or no binding, [`GpuError::Target`] when the texture is another one.
    pub fn record_present(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        frames: BufferRange<'_>,
        size: [usize; 3],
        target: &wgpu::TextureView,
    ) -> Result<(), GpuError> {
        let (width, height) = self.texture_size(size)?;
        let texture = target.texture();
        let got = (texture.format(), texture.width(), texture.height());
        if got != (FORMAT, width, height) {
            let got = format!("{:?} of {}x{}", got.0, got.1, got.2);
            return Err(GpuError::Target { width, height, got });
        }
        let group = self.bind_frames(frames, size)?;
        self.present(encoder, &group, target);
        Ok(())
    }

    /// Width and height of the texture that shows pictures `[count, H, W]`.
    pub(super) fn texture_size(&self, [count, height, width]: [usize; 3]) -> Result<(u32, u32), GpuError> {
        let most = self.device.limits().max_texture_dimension_2d;
        let side = |pixels: Option<usize>| u32::try_from(pixels?).ok().filter(|n| (1..=most).contains(n));
        side(count.checked_mul(width)).zip(side(Some(height))).ok_or(GpuError::Pictures { count, height, width })
    }

    /// Binds a buffer's frames for [`GpuEngine::present`].
    pub(super) fn bind_frames(&self, frames: BufferRange<'_>, size: [usize; 3]) -> Result<wgpu::BindGroup, GpuError> {
        self.texture_size(size)?;
        let [count, height, width] = size;
        let bytes = (count * height * width) as u64 * 12;
        frames.check(&format!("{:?}", Buffer::Frames), bytes)?;
        let limits = self.device.limits();
        // a binding begins at a multiple of this; what lies before the frames is skipped by the shader
        let before = frames.offset % u64::from(limits.min_storage_buffer_offset_alignment);
        if before + bytes > limits.max_storage_buffer_binding_size {
            return Err(GpuError::Pictures { count, height, width });
        }
        let [count, height, width] = size.map(|n| n as u32);
        let strip = Strip { first: (before / 4) as u32, count, height, width };
        let strip = mapped_buffer(&self.device, bytemuck::bytes_of(&strip), wgpu::BufferUsages::UNIFORM)?;
        let numbers = wgpu::BufferBinding {
            buffer: frames.buffer,
            offset: frames.offset - before,
            size: wgpu::BufferSize::new(before + bytes),
        };
        Ok(self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(SHADER),
            layout: &self.present_layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: strip.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Buffer(numbers) },
            ],
        }))
    }

    /// Records showing bound frames.
    pub(super) fn present(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        frames: &wgpu::BindGroup,
        target: &wgpu::TextureView,
    ) {
        let pipeline = self.present.read().unwrap_or_else(PoisonError::into_inner).clone();
        let attachment = wgpu::RenderPassColorAttachment {
            view: target,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
        };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some(SHADER),
            color_attachments: &[Some(attachment)],
            ..Default::default()
        });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, frames, &[]);
        pass.draw(0..3, 0..1);
    }
}

pub(super) fn layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |binding, ty, bytes| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: wgpu::BufferSize::new(bytes) },
        count: None,
    };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some(SHADER),
        entries: &[
            entry(0, wgpu::BufferBindingType::Uniform, size_of::<Strip>() as u64),
            entry(1, wgpu::BufferBindingType::Storage { read_only: true }, 4),
        ],
    })
}

pub(super) fn pipeline(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    module: &wgpu::ShaderModule,
) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(SHADER),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(SHADER),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module,
            entry_point: Some("cover"),
            compilation_options: Default::default(),
            buffers: &[],
        },
        primitive: Default::default(),
        depth_stencil: None,
        multisample: Default::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            targets: &[Some(FORMAT.into())],
        }),
        multiview_mask: None,
        cache: None,
    })
}
