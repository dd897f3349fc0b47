//! What a texture shows is what a file would hold.

use super::*;
use crate::{engine::EngineError, export::pictures};

/// `[H, W, 4]` of a texture.
fn pixels(gpu: &GpuEngine, texture: &wgpu::Texture) -> Vec<u8> {
    let (width, height) = (texture.width(), texture.height());
    let row = (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let staging = gpu.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: u64::from(row * height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    let target = wgpu::TexelCopyBufferInfo { buffer: &staging, layout };
    encoder.copy_texture_to_buffer(texture.as_image_copy(), target, texture.size());
    gpu.queue().submit([encoder.finish()]);
    let numbers = pollster::block_on(read_back(gpu.device(), &[staging])).unwrap();
    let bytes: &[u8] = bytemuck::cast_slice(&numbers);
    bytes.chunks_exact(row as usize).flat_map(|r| &r[..4 * width as usize]).copied().collect()
}

/// The same from the host: pictures side by side, opaque.
fn side_by_side(frames: &[f32], [count, height, width]: [usize; 3]) -> Vec<u8> {
    let pictures = pictures(frames, width, height).unwrap();
    assert_eq!(pictures.len(), count);
    let mut rgba = Vec::new();
    for y in 0..height {
        for picture in &pictures {
            for pixel in picture.rgb[y * width * 3..][..width * 3].chunks_exact(3) {
                rgba.extend([pixel[0], pixel[1], pixel[2], 255]);
            }
        }
    }
    rgba
}

fn texture(gpu: &GpuEngine, width: u32, height: u32, format: wgpu::TextureFormat) -> wgpu::Texture {
    gpu.device().create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    })
}

#[test]
fn numbers_become_the_bytes_of_a_file() {
    let Some(gpu) = gpu() else { return };
    let size @ [count, height, width] = [3, 17, 13];
    let len = count * height * width * 3;
    // every step of 8 bits, the halves between them, and what lies outside
    let mut frames: Vec<f32> = (0..len).map(|i| (i as f32 * 0.5 - 8.0) / 255.0).collect();
    frames[..6].copy_from_slice(&[-1.0, 2.0, f32::NAN, 0.1, 0.3, 0.5]);
    // somewhere in a larger buffer, at no multiple of a binding's alignment
    let padded = [&[0.7; 71][..], &frames].concat();
    let usage = wgpu::BufferUsages::STORAGE;
    let buffer = gpu::mapped_buffer(gpu.device(), bytemuck::cast_slice(&padded), usage).unwrap();
    let range = BufferRange { buffer: &buffer, offset: 4 * 71, size: 4 * len as u64 };
    let shown = texture(gpu, 39, 17, wgpu::TextureFormat::Rgba8Unorm);
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    gpu.record_present(&mut encoder, range, size, &shown.create_view(&Default::default())).unwrap();
    gpu.queue().submit([encoder.finish()]);
    assert_eq!(pixels(gpu, &shown), side_by_side(&frames, size));

    let refused = |range, size, texture: &wgpu::Texture| {
        gpu.record_present(&mut encoder_of(gpu), range, size, &texture.create_view(&Default::default())).unwrap_err()
    };
    let short = BufferRange { size: range.size - 4, ..range };
    let error = refused(short, size, &shown);
    assert!(matches!(&error, GpuError::Gpu(gpu::Error::Range { what, .. }) if what == "Frames"), "{error}");
    let small = texture(gpu, 38, 17, wgpu::TextureFormat::Rgba8Unorm);
    assert!(matches!(refused(range, size, &small), GpuError::Target { width: 39, height: 17, .. }));
    let other = texture(gpu, 39, 17, wgpu::TextureFormat::Bgra8Unorm);
    assert!(refused(range, size, &other).to_string().contains("Bgra8Unorm"));
    for size in [[0, 17, 13], [1 << 20, 17, 13], [usize::MAX, 17, 13]] {
        assert!(matches!(refused(range, size, &shown), GpuError::Pictures { .. }), "{size:?}");
    }
}

fn encoder_of(gpu: &GpuEngine) -> wgpu::CommandEncoder {
    gpu.device().create_command_encoder(&Default::default())
}

#[test]
fn a_canvas_shows_one_clip_after_another() {
    let Some(gpu) = gpu() else { return };
    let first = made_up(1, 3, 2, 5, 60);
    let size = [3, first.dims.height, first.dims.width];
    let mut canvas = Canvas::new(gpu, size).unwrap();
    // other switches, then other numbers of bodies, joints and Gaussians
    let scenes = [first.clone(), first.clone().without_nfm(), first.oriented(), made_up(1, 3, 1, 7, 90)];
    for scene in scenes.iter().chain(&scenes[..1]) {
        canvas.draw(gpu, scene).unwrap();
        let frames = gpu.forward(scene).unwrap();
        assert!(frames.iter().any(|&x| x > 0.1));
        assert!(pixels(gpu, canvas.texture()) == side_by_side(&frames, size), "{:?}", scene.dims);
    }
    let error = canvas.draw(gpu, &made_up(1, 4, 1, 5, 20)).unwrap_err();
    assert!(matches!(error, GpuError::Inputs(EngineError::Size(_))), "{error}");
    assert!(matches!(Canvas::new(gpu, [100, 64, 448]), Err(GpuError::Pictures { .. })));
}
