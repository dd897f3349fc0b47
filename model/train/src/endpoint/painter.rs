//! The pictures that a teacher gets: drawn by the model's renderer.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};
use draction::{
    device::{DeviceChoice, Engine},
    engine::Scene,
    export::{encode_png, pictures},
    motion::Motion,
};
use rayon::prelude::*;
use skeletonllm::drawing::{DrawSettings, HostDrawing};
use skeletonllm_network::config::InternVlConfig;

use super::Paint;

/// Draws with the renderer of a model directory, as its model would see the clip, at any size.
pub struct Painter {
    /// One clip at a time: a GPU has only so much memory, and the CPU uses all cores for one.
    engine: Mutex<Engine>,
    drawing: HostDrawing,
    frames: usize,
    size: usize,
}

impl Painter {
    /// Reads the renderer of a model directory. Pictures are `size` pixels wide and high.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it; when there is no such device.
    pub fn open(folder: &Path, device: DeviceChoice, size: usize) -> Result<Painter> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let config = read("config.json")?;
        let drawing = HostDrawing::from_files(&config, Some(&read("draction.safetensors")?))?;
        let frames = InternVlConfig::parse(&config, "config.json")?.skeleton().frames;
        Ok(Painter { engine: Mutex::new(Engine::open(device)?), drawing, frames, size })
    }

    /// Pictures of each clip.
    pub fn frames(&self) -> usize {
        self.frames
    }
}

impl Paint for Painter {
    fn paint(&self, motion: &Motion) -> Result<Vec<Vec<u8>>> {
        let settings = DrawSettings::default();
        let clip = settings.clip(motion, self.frames)?;
        let draction = self.drawing.dressed(&settings, &clip)?;
        let scene = Scene::new([&clip], &draction, self.size, self.size)?;
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let frames = engine.forward(&scene)?;
        drop(engine);
        let pictures = pictures(&frames, self.size, self.size)?;
        Ok(pictures.par_iter().map(encode_png).collect::<Result<_, _>>()?)
    }
}
