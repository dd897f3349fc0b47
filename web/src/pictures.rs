//! DrAction's pictures of the take in view: the frame at the playhead, and the strip that the model sees.
//!
//! On a GPU they go from the renderer's buffer into a texture of the window, on the one device that both share; nothing
//! is read back. Without one, the CPU twin draws and the picture is uploaded.

use draction::{
    clip::{Batch, Clip, Stage},
    draction::DrAction,
    engine::Inputs,
    motion::Motion,
};
use eframe::egui::{self, TextureId};
use skeletonllm::drawing::{DrawSettings, HostDrawing, figure};

/// Side of the picture at the playhead, in pixels: what the paper's model sees.
pub const LIVE_SIZE: usize = 448;
/// Side of each picture of the strip, in pixels.
pub const STRIP_SIZE: usize = 160;

/// Pictures of the strip, as many as the model sees.
pub const STRIP_FRAMES: usize = 12;

/// Draws on whatever the window computes on.
pub struct Pictures {
    brush: Brush,
    drawing: HostDrawing,
    scenery: Option<Scenery>,
    live: Slot,
    strip: Slot,
    drawn: u64,
}

/// A take before its camera, ready to be drawn.
struct Scenery {
    key: (u64, u64),
    /// What is drawn of it.
    motion: Motion,
    stage: Stage,
    draction: DrAction,
}

/// A texture of the window, and what is on it.
#[derive(Default)]
struct Slot {
    shown: Option<(u64, u64, usize)>,
    canvas: Option<Canvas>,
}

/// What draws.
pub enum Brush {
    /// DrAction's passes on the window's device.
    #[cfg(feature = "gpu")]
    Gpu(gpu::Brush),
    /// The twin.
    Cpu,
}

enum Canvas {
    #[cfg(feature = "gpu")]
    Gpu(Box<gpu::Canvas>),
    Cpu(egui::TextureHandle),
}

/// A take as pictures need it.
#[derive(Clone, Copy)]
pub struct Sitter<'a> {
    /// The take's id.
    pub take: u64,
    /// What happens.
    pub motion: &'a Motion,
    /// How it is drawn.
    pub settings: &'a DrawSettings,
    /// Counts changes of the settings.
    pub version: u64,
}

impl Pictures {
    /// `drawing` is the model's renderer.
    pub fn new(brush: Brush, drawing: HostDrawing) -> Pictures {
        Pictures { brush, drawing, scenery: None, live: Slot::default(), strip: Slot::default(), drawn: 0 }
    }

    /// Whether a GPU is imitated by software: then pictures and model compete for the same cores.
    pub fn is_software(&self) -> bool {
        match &self.brush {
            #[cfg(feature = "gpu")]
            Brush::Gpu(brush) => brush.window.adapter.get_info().device_type == wgpu::DeviceType::Cpu,
            Brush::Cpu => false,
        }
    }

    /// Pictures drawn so far at the playhead.
    pub fn drawn(&self) -> u64 {
        self.drawn
    }

    /// Share of depth colour that the weights were trained to, 0..1.
    pub fn depth_mix(&self, settings: &DrawSettings) -> f32 {
        settings.weights.as_deref().unwrap_or_else(|| self.drawing.draction()).depth_mix()
    }

    /// Source frames of the strip.
    ///
    /// # Errors
    /// Why there is nothing to draw, as a sentence.
    pub fn sampled(&mut self, sitter: Sitter<'_>) -> Result<&[usize], String> {
        Ok(&self.scenery(sitter)?.stage.clip().frame_indices)
    }

    /// The picture of a source frame, `LIVE_SIZE²`.
    ///
    /// # Errors
    /// Why there is nothing to draw, as a sentence.
    pub fn live(&mut self, ctx: &egui::Context, sitter: Sitter<'_>, frame: usize) -> Result<TextureId, String> {
        let key = (sitter.take, sitter.version, frame);
        if let (Some(known), Some(canvas)) = (&self.live.shown, &self.live.canvas)
            && *known == key
        {
            return Ok(canvas.id());
        }
        self.scenery(sitter)?;
        let scenery = self.scenery.as_ref().expect("just set");
        let clip = scenery.stage.frames(&scenery.motion, &[frame]).map_err(|e| e.to_string())?;
        let id = draw(&self.brush, &mut self.live, ctx, (&clip, &scenery.draction), LIVE_SIZE)?;
        self.live.shown = Some(key);
        self.drawn += 1;
        Ok(id)
    }

    /// The strip as one texture, its pictures of `STRIP_SIZE²` side by side. The second value tells whether it was drawn
    /// just now.
    ///
    /// # Errors
    /// Why there is nothing to draw, as a sentence.
    pub fn strip(&mut self, ctx: &egui::Context, sitter: Sitter<'_>) -> Result<(TextureId, bool), String> {
        let key = (sitter.take, sitter.version, 0);
        if let (Some(known), Some(canvas)) = (&self.strip.shown, &self.strip.canvas)
            && *known == key
        {
            return Ok((canvas.id(), false));
        }
        self.scenery(sitter)?;
        let scenery = self.scenery.as_ref().expect("just set");
        let id = draw(&self.brush, &mut self.strip, ctx, (scenery.stage.clip(), &scenery.draction), STRIP_SIZE)?;
        self.strip.shown = Some(key);
        Ok((id, true))
    }

    /// What it takes to draw frames elsewhere, for files: the clip of the given source frames (the strip's where `None`)
    /// and the renderer.
    ///
    /// # Errors
    /// Why there is nothing to draw, as a sentence.
    pub fn sheet(&mut self, sitter: Sitter<'_>, frames: Option<&[usize]>) -> Result<(Clip, DrAction), String> {
        let scenery = self.scenery(sitter)?;
        let clip = match frames {
            Some(frames) => scenery.stage.frames(&scenery.motion, frames).map_err(|e| e.to_string())?,
            None => scenery.stage.clip().clone(),
        };
        Ok((clip, scenery.draction.clone()))
    }

    /// The engine that draws, for tasks beside the window.
    pub fn engine(&self) -> DrawEngine {
        match &self.brush {
            #[cfg(feature = "gpu")]
            Brush::Gpu(brush) => DrawEngine::Gpu(brush.engine.clone()),
            Brush::Cpu => DrawEngine::Cpu,
        }
    }

    fn scenery(&mut self, sitter: Sitter<'_>) -> Result<&Scenery, String> {
        let key = (sitter.take, sitter.version);
        if self.scenery.as_ref().is_none_or(|scenery| scenery.key != key) {
            let options = sitter.settings.clip_options(STRIP_FRAMES);
            // settings change while a slider is dragged, what a take shows does not
            let motion = match self.scenery.take() {
                Some(scenery) if scenery.key.0 == sitter.take => scenery.motion,
                _ => figure(sitter.motion).motion,
            };
            let stage = Stage::new(&motion, &options).map_err(|e| e.to_string())?;
            let draction = self.drawing.dressed(sitter.settings, stage.clip()).map_err(|e| e.to_string())?;
            self.scenery = Some(Scenery { key, motion, stage, draction });
        }
        Ok(self.scenery.as_ref().expect("just set"))
    }
}

/// An engine that can be taken along.
#[derive(Clone)]
pub enum DrawEngine {
    /// On the window's device.
    #[cfg(feature = "gpu")]
    Gpu(std::sync::Arc<draction::engine::gpu::GpuEngine>),
    /// The twin.
    Cpu,
}

impl DrawEngine {
    /// `[T, H, W, 3]`, read back.
    ///
    /// # Errors
    /// The engine's, as a sentence.
    pub async fn frames(&self, inputs: &Inputs<'_>) -> Result<Vec<f32>, String> {
        match self {
            #[cfg(feature = "gpu")]
            DrawEngine::Gpu(engine) => engine.forward_async(inputs).await.map_err(|e| e.to_string()),
            DrawEngine::Cpu => draction::engine::cpu::CpuEngine.forward(inputs).map_err(|e| e.to_string()),
        }
    }
}

fn draw(
    brush: &Brush,
    slot: &mut Slot,
    ctx: &egui::Context,
    (clip, draction): (&Clip, &DrAction),
    size: usize,
) -> Result<TextureId, String> {
    let batch = Batch::new([clip]).map_err(|e| e.to_string())?;
    let inputs = batch.inputs(draction, size, size);
    match brush {
        #[cfg(feature = "gpu")]
        Brush::Gpu(brush) => {
            if !matches!(&slot.canvas, Some(Canvas::Gpu(canvas)) if canvas.fits(clip.frames(), size)) {
                slot.canvas = Some(Canvas::Gpu(Box::new(gpu::Canvas::new(brush, clip.frames(), size)?)));
            }
            let Some(Canvas::Gpu(canvas)) = &mut slot.canvas else { unreachable!("just set") };
            canvas.draw(brush, &inputs)?;
            Ok(canvas.id())
        }
        Brush::Cpu => {
            let frames = draction::engine::cpu::CpuEngine.forward(&inputs).map_err(|e| e.to_string())?;
            let image = atlas(&frames, clip.frames(), size);
            match &mut slot.canvas {
                Some(Canvas::Cpu(texture)) => texture.set(image, egui::TextureOptions::LINEAR),
                canvas => {
                    let texture = ctx.load_texture("draction", image, egui::TextureOptions::LINEAR);
                    *canvas = Some(Canvas::Cpu(texture));
                }
            }
            Ok(slot.canvas.as_ref().expect("just set").id())
        }
    }
}

impl Canvas {
    fn id(&self) -> TextureId {
        match self {
            #[cfg(feature = "gpu")]
            Canvas::Gpu(canvas) => canvas.id(),
            Canvas::Cpu(texture) => texture.id(),
        }
    }
}

/// `[T, S, S, 3]` side by side.
fn atlas(frames: &[f32], count: usize, size: usize) -> egui::ColorImage {
    let eight_bit = |x: f32| (x.clamp(0.0, 1.0) * 255.0).round() as u8;
    let mut pixels = Vec::with_capacity(count * size * size);
    for y in 0..size {
        for frame in frames.chunks_exact(size * size * 3) {
            let row = &frame[y * size * 3..][..size * 3];
            pixels.extend(
                row.chunks_exact(3).map(|p| egui::Color32::from_rgb(eight_bit(p[0]), eight_bit(p[1]), eight_bit(p[2]))),
            );
        }
    }
    egui::ColorImage::new([count * size, size], pixels)
}

#[cfg(feature = "gpu")]
pub mod gpu {
    //! Textures that the renderer fills.

    use std::sync::Arc;

    use draction::engine::{
        Inputs,
        gpu::{self, GpuEngine},
    };
    use eframe::{egui::TextureId, egui_wgpu::RenderState};

    /// The renderer on the window's device.
    pub struct Brush {
        /// DrAction.
        pub engine: Arc<GpuEngine>,
        /// The window's painter.
        pub window: RenderState,
    }

    /// Buffer, texture, and its name in the window.
    pub struct Canvas {
        canvas: gpu::Canvas,
        id: TextureId,
        window: RenderState,
    }

    impl Canvas {
        /// For `count` pictures of `size²` side by side.
        ///
        /// # Errors
        /// The engine's, as a sentence.
        pub fn new(brush: &Brush, count: usize, size: usize) -> Result<Canvas, String> {
            let canvas = gpu::Canvas::new(&brush.engine, [count, size, size]).map_err(|e| e.to_string())?;
            let window = brush.window.clone();
            let id = window.renderer.write().register_native_texture(
                &window.device,
                canvas.texture_view(),
                wgpu::FilterMode::Linear,
            );
            Ok(Canvas { canvas, id, window })
        }

        /// Whether it is of that size.
        pub fn fits(&self, count: usize, size: usize) -> bool {
            self.canvas.size() == [count, size, size]
        }

        /// Draws and shows; nothing is read back.
        ///
        /// # Errors
        /// The engine's, as a sentence.
        pub fn draw(&mut self, brush: &Brush, inputs: &Inputs<'_>) -> Result<(), String> {
            self.canvas.draw(&brush.engine, inputs).map_err(|e| e.to_string())
        }

        /// The texture's name in the window.
        pub fn id(&self) -> TextureId {
            self.id
        }
    }

    impl Drop for Canvas {
        fn drop(&mut self) {
            self.window.renderer.write().free_texture(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_atlas_puts_pictures_side_by_side() {
        // two pictures of 2×2: black but for one red pixel, and all white
        let mut frames = vec![0.0; 12];
        frames[9] = 1.0; // lower right
        frames.extend(vec![2.0; 12]);
        let image = atlas(&frames, 2, 2);
        assert_eq!(image.size, [4, 2]);
        assert_eq!(image.pixels[5], egui::Color32::from_rgb(255, 0, 0));
        assert_eq!(image.pixels[6], egui::Color32::WHITE);
        assert_eq!(image.pixels[0], egui::Color32::BLACK);
    }
}
