//! Where the workbench's work is done, one task after the other, beside the window.

use std::{path::PathBuf, sync::Arc, time::Instant};

use draction::{
    engine::gpu::GpuEngine,
    gpu::{AdapterChoice, Sources, Timing, describe},
    inspect::{Buffers, Capture, Loss, OwnedInputs, Verdict, verdicts},
    passes::Buffer,
};

/// What a drawing belongs to: the same key means the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The take's id.
    pub take: u64,
    /// Counts changes of the settings.
    pub version: u64,
    /// The source frame.
    pub frame: usize,
    /// Counts changes of the shaders.
    pub shaders: u64,
    /// Which loss, if its gradient is wanted.
    pub loss: Option<Asked>,
}

/// A loss, told apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// Mean brightness of the whole picture.
    Picture,
    /// Brightness of a pixel.
    Pixel([usize; 2]),
    /// Mean brightness between two corners.
    Region([[usize; 2]; 2]),
    /// Log-probability of the answer of an exchange.
    Answer(u64),
}

impl Asked {
    /// The loss at one frame; `answer` is the gradient at that frame, `[H, W, 3]`, where it is about an answer.
    pub fn loss(self, answer: &[f32]) -> Loss {
        match self {
            Asked::Picture => Loss::Region { from: [0, 0], to: [u32::MAX as usize; 2] },
            Asked::Pixel([x, y]) => Loss::Pixel { x, y },
            Asked::Region([from, to]) => Loss::Region { from, to },
            Asked::Answer(_) => Loss::Given(answer.to_vec()),
        }
    }
}

impl Key {
    /// The same for drawings whose times may be compared.
    pub fn subject(&self) -> (u64, u64, u64) {
        (self.take, self.version, self.shaders)
    }
}

/// A frame to be drawn.
#[derive(Clone, Debug)]
pub struct Shot {
    /// What it belongs to.
    pub key: Key,
    /// What is drawn.
    pub inputs: OwnedInputs,
    /// Which frame of the inputs is looked at.
    pub frame: usize,
    /// Whose gradient is wanted too.
    pub loss: Option<Loss>,
}

/// A frame that was drawn, with everything that was in between.
#[derive(Debug)]
pub struct Drawn {
    /// What it belongs to.
    pub key: Key,
    /// What was drawn.
    pub inputs: OwnedInputs,
    /// Which frame of the inputs is looked at.
    pub frame: usize,
    /// Every buffer.
    pub buffers: Buffers,
    /// How long each pass took.
    pub timing: Timing,
}

/// A comparison with the CPU twin.
#[derive(Debug)]
pub struct Judged {
    /// The drawing it belongs to.
    pub key: Key,
    /// One a pass, in the order of their running.
    pub verdicts: Vec<Verdict>,
    /// Every buffer of the twin.
    pub twin: Buffers,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// Something to do.
pub enum Task {
    /// Draw, measure, and read everything back.
    Draw(Box<Shot>),
    /// Run other shaders.
    Reload(Box<Sources>),
    /// Compare what was drawn last with the CPU twin.
    Judge,
    /// Keep what was drawn last in a file.
    Capture(PathBuf),
}

/// What came of it; problems are sentences.
pub enum News {
    /// The engine is known.
    Opened {
        /// Its name.
        engine: String,
        /// Why it is the CPU.
        no_gpu: Option<String>,
    },
    /// A frame.
    Drawn(Result<Arc<Drawn>, String>),
    /// Shaders.
    Reloaded(Result<(), String>),
    /// A comparison.
    Judged(Result<Arc<Judged>, String>),
    /// A file.
    Captured(Result<PathBuf, String>),
}

/// The engine, and what it drew last.
pub struct Desk {
    gpu: Option<Arc<GpuEngine>>,
    name: String,
    last: Option<Arc<Drawn>>,
}

impl Desk {
    /// A desk on that engine, on one of its own, or on the CPU where there is no adapter at all.
    pub fn open(engine: Option<Arc<GpuEngine>>) -> (Desk, News) {
        let opened = match engine {
            Some(engine) => Ok(engine),
            None => pollster::block_on(GpuEngine::request(&AdapterChoice::from_env())).map(Arc::new),
        };
        let (gpu, no_gpu) = match opened {
            Ok(gpu) => (Some(gpu), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let name = gpu.as_ref().map_or("CPU".to_owned(), |gpu| describe(&gpu.adapter()));
        (Desk { gpu, name: name.clone(), last: None }, News::Opened { engine: name, no_gpu })
    }

    /// A desk without a GPU.
    #[cfg(test)]
    pub(super) fn without_gpu() -> Desk {
        Desk { gpu: None, name: "CPU".to_owned(), last: None }
    }

    /// Does it, and waits for it.
    pub fn work(&mut self, task: Task) -> News {
        match task {
            Task::Draw(shot) => News::Drawn(self.draw(*shot)),
            Task::Reload(sources) => News::Reloaded(match &self.gpu {
                Some(gpu) => pollster::block_on(gpu.reload(&sources)).map_err(|error| error.to_string()),
                None => Ok(()),
            }),
            Task::Judge => News::Judged(self.judge()),
            Task::Capture(path) => News::Captured(self.capture(path)),
        }
    }

    fn draw(&mut self, shot: Shot) -> Result<Arc<Drawn>, String> {
        let Shot { key, inputs, frame, loss } = shot;
        let gradient = loss.map(|loss| loss.gradient(&inputs.dims, frame));
        let (buffers, timing) = match &self.gpu {
            Some(gpu) => Buffers::of_gpu(gpu, &inputs, gradient.as_deref()).map_err(|e| e.to_string())?,
            None => Buffers::of_twin(&inputs, gradient.as_deref()).map_err(|e| e.to_string())?,
        };
        let drawn = Arc::new(Drawn { key, inputs, frame, buffers, timing });
        self.last = Some(drawn.clone());
        Ok(drawn)
    }

    fn judge(&self) -> Result<Arc<Judged>, String> {
        let gpu = self.gpu.as_ref().ok_or("there is no GPU to compare the CPU with")?;
        let drawn = self.last.as_ref().ok_or("nothing was drawn yet")?;
        let start = Instant::now();
        let gradient = drawn.buffers.has(Buffer::GradFrames).then(|| drawn.buffers.get(Buffer::GradFrames));
        let (twin, _) = Buffers::of_twin(&drawn.inputs, gradient).map_err(|e| e.to_string())?;
        let verdicts = verdicts(gpu, &drawn.inputs, &twin).map_err(|e| e.to_string())?;
        Ok(Arc::new(Judged { key: drawn.key, verdicts, twin, seconds: start.elapsed().as_secs_f64() }))
    }

    fn capture(&self, path: PathBuf) -> Result<PathBuf, String> {
        let drawn = self.last.as_ref().ok_or("nothing was drawn yet")?;
        let bytes = Capture::new(drawn.inputs.clone(), &drawn.buffers, &self.name).to_bytes();
        draction::store::write_atomically(&path, &bytes).map_err(|e| e.to_string())?;
        Ok(path)
    }
}
