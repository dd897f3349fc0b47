//! Textures of the window that the renderer fills on the device that both share.

use std::sync::Arc;

use draction::engine::{
    Scene,
    gpu::{Canvas, GpuEngine},
};
use eframe::{egui::TextureId, egui_wgpu::RenderState};

/// The renderer on the window's device.
pub struct GpuBackend {
    /// DrAction.
    pub engine: Arc<GpuEngine>,
    /// The window's painter.
    pub window: RenderState,
}

/// What the renderer draws on, and its name in the window.
pub(super) struct GpuTexture {
    canvas: Canvas,
    id: TextureId,
    window: RenderState,
}

impl GpuTexture {
    /// For `count` pictures of `size²` side by side.
    ///
    /// # Errors
    /// The engine's, as a sentence.
    pub fn new(backend: &GpuBackend, count: usize, size: usize) -> Result<GpuTexture, String> {
        let canvas = Canvas::new(&backend.engine, [count, size, size]).map_err(|e| e.to_string())?;
        let window = backend.window.clone();
        let id = window.renderer.write().register_native_texture(
            &window.device,
            canvas.texture_view(),
            wgpu::FilterMode::Linear,
        );
        Ok(GpuTexture { canvas, id, window })
    }

    /// Whether it is of that size.
    pub fn fits(&self, count: usize, size: usize) -> bool {
        self.canvas.size() == [count, size, size]
    }

    /// Draws and shows; nothing is read back.
    ///
    /// # Errors
    /// The engine's, as a sentence.
    pub fn draw(&mut self, backend: &GpuBackend, scene: &Scene) -> Result<(), String> {
        self.canvas.draw(&backend.engine, scene).map_err(|e| e.to_string())
    }

    /// The texture's name in the window.
    pub fn id(&self) -> TextureId {
        self.id
    }
}

impl Drop for GpuTexture {
    fn drop(&mut self) {
        self.window.renderer.write().free_texture(&self.id);
    }
}
