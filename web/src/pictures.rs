//! DrAction's pictures of the take in view and of one beside it: the frame at the playhead, and the strip that the model
//! sees.
//!
//! On a GPU they go from the renderer's buffer into a texture of the window, on the one device that both share; nothing
//! is read back. Without one, the CPU twin draws and the picture is uploaded.

mod backend;
#[cfg(feature = "gpu")]
mod gpu;
mod s2i;
mod texture;

use std::sync::Arc;

use draction::{
    clip::{Clip, Stage},
    draction::DrAction,
    figure::Mapped,
    s2i::Stream,
};
use eframe::egui::{self, TextureId};
use skeletonllm::drawing::{DrawSettings, HostDrawing};

use self::{s2i::S2iTexture, texture::CachedTexture};
use crate::document::Subject;

pub use backend::{Backend, DrawEngine};
#[cfg(feature = "gpu")]
pub use gpu::GpuBackend;

/// Side of the picture at the playhead, in pixels: what the paper's model sees.
pub const LIVE_SIZE: usize = 448;
/// Side of each picture of the strip, in pixels.
pub const STRIP_SIZE: usize = 160;

/// Pictures of the strip, as many as the model sees.
pub const STRIP_FRAMES: usize = 12;

/// Draws on whatever the window computes on.
pub struct Pictures {
    backend: Backend,
    drawing: HostDrawing,
    in_view: Shown,
    beside: Shown,
    drawn: u64,
}

/// What was drawn of a take.
#[derive(Default)]
struct Shown {
    prepared: Option<Prepared>,
    live: CachedTexture,
    strip: CachedTexture,
    s2i: S2iTexture,
}

/// A subject before its camera, ready to be drawn.
#[derive(Clone)]
pub struct Prepared {
    /// [`Subject::key`].
    key: (u64, u64),
    /// What is drawn of it.
    figure: Arc<Mapped>,
    stage: Stage,
    draction: DrAction,
}

impl Prepared {
    /// What is drawn at a source frame.
    ///
    /// # Errors
    /// Why there is nothing to draw, as a sentence.
    pub fn frame(&self, frame: usize) -> Result<Clip, String> {
        self.stage.frames(&self.figure.motion, &[frame]).map_err(|e| e.to_string())
    }

    /// What it is drawn with.
    pub fn draction(&self) -> &DrAction {
        &self.draction
    }
}

/// The pictures of a take.
pub struct TakeTextures {
    /// The strip's pictures side by side.
    pub strip: TextureId,
    /// Whether the strip was drawn just now.
    pub fresh: bool,
    /// The frame at the playhead.
    pub live: TextureId,
    /// Source frames of the strip.
    pub sampled: Vec<usize>,
    /// The whole motion as one picture, and how many people stand side by side on it.
    pub s2i: Option<(TextureId, usize)>,
}

impl Pictures {
    /// `drawing` is the model's renderer.
    pub fn new(backend: Backend, drawing: HostDrawing) -> Pictures {
        Pictures { backend, drawing, in_view: Shown::default(), beside: Shown::default(), drawn: 0 }
    }

    /// Draws with another model's renderer from now on.
    pub fn draw_with(&mut self, drawing: HostDrawing) {
        (self.drawing, self.in_view.prepared, self.beside.prepared) = (drawing, None, None);
    }

    /// What draws.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Pictures drawn so far at the playhead.
    pub fn drawn(&self) -> u64 {
        self.drawn
    }

    /// Share of depth colour that the weights were trained to, 0..1.
    pub fn trained_depth_mix(&self, settings: &DrawSettings) -> f32 {
        settings.weights.as_deref().unwrap_or_else(|| self.drawing.draction()).depth_mix()
    }

    /// Of the take in view: the strip, its pictures of `STRIP_SIZE²` side by side, the picture of a source frame,
    /// `LIVE_SIZE²`, and, where a stream is wanted, the whole motion as one. What is still right from the last call is not
    /// drawn again.
    ///
    /// # Errors
    /// Why there is nothing to draw, as a sentence.
    pub fn textures(
        &mut self,
        ctx: &egui::Context,
        subject: &Subject,
        frame: usize,
        s2i: Option<Stream>,
    ) -> Result<TakeTextures, String> {
        if self.beside.is_of(subject.take) {
            // they changed places
            std::mem::swap(&mut self.in_view, &mut self.beside);
        }
        let Pictures { backend, drawing, in_view, drawn, .. } = self;
        in_view.textures(ctx, (backend, drawing), (subject, frame, s2i), drawn)
    }

    /// The same of the take beside it.
    ///
    /// # Errors
    /// As [`Pictures::textures`].
    pub fn textures_beside(
        &mut self,
        ctx: &egui::Context,
        subject: &Subject,
        frame: usize,
    ) -> Result<TakeTextures, String> {
        let Pictures { backend, drawing, beside, drawn, .. } = self;
        beside.textures(ctx, (backend, drawing), (subject, frame, None), drawn)
    }

    /// Nothing stands beside the take in view any longer: gives its textures back.
    pub fn forget_beside(&mut self) {
        if self.beside.prepared.is_some() {
            self.beside = Shown::default();
        }
    }

    /// What draws any frame of a subject, to take along.
    ///
    /// # Errors
    /// Why there is nothing to draw, as a sentence.
    pub fn prepared(&mut self, subject: &Subject) -> Result<Prepared, String> {
        self.in_view.prepare(&self.drawing, subject).cloned()
    }

    /// What it takes to draw frames elsewhere, for files: the clip of the given source frames (the strip's where `None`)
    /// and the renderer.
    ///
    /// # Errors
    /// Why there is nothing to draw, as a sentence.
    pub fn clip(&mut self, subject: &Subject, frames: Option<&[usize]>) -> Result<(Clip, DrAction), String> {
        let prepared = self.in_view.prepare(&self.drawing, subject)?;
        let clip = match frames {
            Some(frames) => prepared.stage.frames(&prepared.figure.motion, frames).map_err(|e| e.to_string())?,
            None => prepared.stage.clip().clone(),
        };
        Ok((clip, prepared.draction.clone()))
    }
}

impl Shown {
    /// Whether something of that take was drawn.
    fn is_of(&self, take: u64) -> bool {
        self.prepared.as_ref().is_some_and(|prepared| prepared.key.0 == take)
    }

    /// As [`Pictures::textures`]; `drawn` counts the pictures at the playhead.
    fn textures(
        &mut self,
        ctx: &egui::Context,
        (backend, drawing): (&Backend, &HostDrawing),
        (subject, frame, s2i): (&Subject, usize, Option<Stream>),
        drawn: &mut u64,
    ) -> Result<TakeTextures, String> {
        self.prepare(drawing, subject)?;
        let prepared = self.prepared.as_ref().expect("just prepared");
        let (take, settings) = prepared.key;
        let (key, known) = ((take, settings, 0), self.strip.get((take, settings, 0)));
        let strip = match known {
            Some(strip) => strip,
            None => {
                let content = (prepared.stage.clip(), &prepared.draction);
                self.strip.draw(key, backend, ctx, content, STRIP_SIZE)?
            }
        };
        let key = (take, settings, frame);
        let live = match self.live.get(key) {
            Some(live) => live,
            None => {
                let clip = prepared.frame(frame)?;
                let live = self.live.draw(key, backend, ctx, (&clip, &prepared.draction), LIVE_SIZE)?;
                *drawn += 1;
                live
            }
        };
        let sampled = prepared.stage.clip().frame_indices.clone();
        let s2i = s2i.map(|stream| self.s2i.show(ctx, subject, stream)).transpose()?;
        Ok(TakeTextures { strip, fresh: known.is_none(), live, sampled, s2i })
    }

    fn prepare(&mut self, drawing: &HostDrawing, subject: &Subject) -> Result<&Prepared, String> {
        let key = subject.key();
        if self.prepared.as_ref().is_none_or(|prepared| prepared.key != key) {
            let options = subject.settings.clip_options(STRIP_FRAMES);
            let figure = subject.figure.clone();
            let stage = Stage::new(&figure.motion, &options).map_err(|e| e.to_string())?;
            let draction = drawing.dressed(&subject.settings, stage.clip()).map_err(|e| e.to_string())?;
            self.prepared = Some(Prepared { key, figure, stage, draction });
        }
        Ok(self.prepared.as_ref().expect("just set"))
    }
}
