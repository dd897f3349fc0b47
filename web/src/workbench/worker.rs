//! The worker: the engine beside the window, which serves one request after the other.

use std::{path::PathBuf, sync::Arc, time::Instant};

use draction::{
    engine::{Scene, gpu::GpuEngine},
    gpu::{AdapterChoice, Sources, Timing, Verdict, describe},
    inspect::{Buffers, Capture, Loss, verdicts},
    motion::Skeleton,
    passes::Buffer,
};

/// What a rendering belongs to: the same key means the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RenderKey {
    /// The take's id.
    pub take: u64,
    /// Counts changes of the settings.
    pub settings_version: u64,
    /// The source frame.
    pub frame: usize,
    /// Counts changes of the shaders.
    pub shaders: u64,
    /// Which loss, if its gradient is wanted.
    pub loss: Option<LossKey>,
}

/// A loss, told apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LossKey {
    /// Mean brightness of the whole picture.
    Picture,
    /// Brightness of a pixel.
    Pixel([usize; 2]),
    /// Mean brightness between two corners.
    Region([[usize; 2]; 2]),
    /// Log-probability of the answer of an exchange.
    Answer(u64),
}

impl LossKey {
    /// The loss at one frame; `answer` is the gradient at that frame, `[H, W, 3]`, where it is about an answer.
    pub fn at(self, answer: &[f32]) -> Loss {
        match self {
            LossKey::Picture => Loss::Region { from: [0, 0], to: [u32::MAX as usize; 2] },
            LossKey::Pixel([x, y]) => Loss::Pixel { x, y },
            LossKey::Region([from, to]) => Loss::Region { from, to },
            LossKey::Answer(_) => Loss::Given(answer.to_vec()),
        }
    }
}

impl RenderKey {
    /// The same for renderings whose times may be compared.
    pub fn timing_key(&self) -> (u64, u64, u64) {
        (self.take, self.settings_version, self.shaders)
    }
}

/// A frame to be drawn.
#[derive(Clone, Debug)]
pub struct RenderRequest {
    /// What it belongs to.
    pub key: RenderKey,
    /// What is drawn.
    pub scene: Scene,
    /// Whose joints these are.
    pub skeleton: Arc<Skeleton>,
    /// Which frame of the scene is looked at.
    pub frame: usize,
    /// Whose gradient is wanted too.
    pub loss: Option<Loss>,
}

/// A frame that was drawn, with everything that was in between.
#[derive(Debug)]
pub struct Rendering {
    /// What it belongs to.
    pub key: RenderKey,
    /// What was drawn.
    pub scene: Scene,
    /// Whose joints these are.
    pub skeleton: Arc<Skeleton>,
    /// Which frame of the scene is looked at.
    pub frame: usize,
    /// Every buffer.
    pub buffers: Buffers,
    /// How long each kernel took.
    pub timing: Timing,
}

/// A comparison with the CPU twin.
#[derive(Debug)]
pub struct Comparison {
    /// The rendering it belongs to.
    pub key: RenderKey,
    /// One a pass, in the order of their running.
    pub verdicts: Vec<Verdict>,
    /// Every buffer of the twin.
    pub twin: Buffers,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// Something to do.
pub enum Request {
    /// Draw, measure, and read everything back.
    Render(Box<RenderRequest>),
    /// Run other shaders.
    Reload(Box<Sources>),
    /// Compare what was drawn last with the CPU twin.
    Compare,
    /// Keep what was drawn last in a file.
    Capture(PathBuf),
}

/// What came of it; problems are sentences.
pub enum Event {
    /// The engine is known.
    Opened {
        /// Its name.
        engine: String,
        /// Why it is the CPU.
        no_gpu: Option<String>,
    },
    /// A frame.
    Rendered(Result<Arc<Rendering>, String>),
    /// Shaders.
    Reloaded(Result<(), String>),
    /// A comparison.
    Compared(Result<Arc<Comparison>, String>),
    /// A file.
    Captured(Result<PathBuf, String>),
}

/// The engine, and what it drew last.
pub struct Worker {
    gpu: Option<Arc<GpuEngine>>,
    name: String,
    last: Option<Arc<Rendering>>,
}

impl Worker {
    /// A worker with that engine, with one of its own, or on the CPU where there is no adapter at all.
    pub fn open(engine: Option<Arc<GpuEngine>>) -> (Worker, Event) {
        let opened = match engine {
            Some(engine) => Ok(engine),
            None => pollster::block_on(GpuEngine::request(&AdapterChoice::from_env())).map(Arc::new),
        };
        let (gpu, no_gpu) = match opened {
            Ok(gpu) => (Some(gpu), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let name = gpu.as_ref().map_or("CPU".to_owned(), |gpu| describe(&gpu.adapter()));
        (Worker { gpu, name: name.clone(), last: None }, Event::Opened { engine: name, no_gpu })
    }

    /// A worker without a GPU.
    #[cfg(test)]
    pub(super) fn without_gpu() -> Worker {
        Worker { gpu: None, name: "CPU".to_owned(), last: None }
    }

    /// Does it, and waits for it.
    pub fn serve(&mut self, request: Request) -> Event {
        match request {
            Request::Render(request) => Event::Rendered(self.render(*request)),
            Request::Reload(sources) => Event::Reloaded(match &self.gpu {
                Some(gpu) => pollster::block_on(gpu.reload(&sources)).map_err(|error| error.to_string()),
                None => Ok(()),
            }),
            Request::Compare => Event::Compared(self.compare()),
            Request::Capture(path) => Event::Captured(self.capture(path)),
        }
    }

    fn render(&mut self, request: RenderRequest) -> Result<Arc<Rendering>, String> {
        let RenderRequest { key, scene, skeleton, frame, loss } = request;
        let gradient = loss.map(|loss| loss.gradient(&scene.dims, frame));
        let (buffers, timing) = match &self.gpu {
            Some(gpu) => Buffers::of_gpu(gpu, &scene, gradient.as_deref()).map_err(|e| e.to_string())?,
            None => Buffers::of_twin(&scene, gradient.as_deref()).map_err(|e| e.to_string())?,
        };
        let rendering = Arc::new(Rendering { key, scene, skeleton, frame, buffers, timing });
        self.last = Some(rendering.clone());
        Ok(rendering)
    }

    fn compare(&self) -> Result<Arc<Comparison>, String> {
        let gpu = self.gpu.as_ref().ok_or("there is no GPU to compare the CPU with")?;
        let rendering = self.last.as_ref().ok_or("nothing was drawn yet")?;
        let start = Instant::now();
        let gradient = rendering.buffers.has(Buffer::GradFrames).then(|| rendering.buffers.get(Buffer::GradFrames));
        let (twin, _) = Buffers::of_twin(&rendering.scene, gradient).map_err(|e| e.to_string())?;
        let verdicts = verdicts(gpu, &rendering.scene, &twin).map_err(|e| e.to_string())?;
        Ok(Arc::new(Comparison { key: rendering.key, verdicts, twin, seconds: start.elapsed().as_secs_f64() }))
    }

    fn capture(&self, path: PathBuf) -> Result<PathBuf, String> {
        let rendering = self.last.as_ref().ok_or("nothing was drawn yet")?;
        let bytes = Capture::new(rendering.scene.clone(), &rendering.buffers, &self.name).to_bytes();
        draction::store::write_atomically(&path, &bytes).map_err(|e| e.to_string())?;
        Ok(path)
    }
}
