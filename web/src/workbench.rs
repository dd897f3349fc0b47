//! The shader workbench of the desktop viewer: what it knows and asks for. Nothing here draws.
//!
//! ```text
//! files, edits ──▶ ShaderBench ──valid──▶ desk (a thread with the engine) ──▶ news ──▶ Workbench ◀── panels
//! playhead ────────────────────shot─────▶        │
//!                                                 └──▶ timings, buffers, verdicts, captures
//! ```
//!
//! The mathematics is `draction::inspect`'s; this module decides when to ask for it and keeps the last answers.

mod choices;
mod desk;
mod fonts;
mod tint;

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use draction::{
    engine::{gpu::GpuEngine, timing::Timing},
    inspect::{Picture, Pixel, Pull, Reload, Scale, ShaderBench, Verdict, View, inspect, paint, pull},
    passes::{Buffer, Pass},
};
use eframe::egui::{ColorImage, Context, TextureHandle, TextureOptions};
use skeletonllm::assistant::PictureSlope;

pub use choices::{LossKind, Pulled, Show, Tab};
pub use desk::{Asked, Desk, Drawn, Judged, Key, News, Shot, Task};
pub use fonts::CODE;
pub(crate) use tint::heat;

/// Timings that are kept for the flame strip.
const HISTORY: usize = 24;
/// How often files are looked at.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is on the picture's texture: the drawing, how it is shown, and the comparison where that matters.
type Shown = (Key, Show, Pulled, Option<Key>);

/// How an answer hangs on the pictures that the model saw.
#[derive(Clone, Debug)]
pub struct AnswerSlope {
    /// The take.
    pub take: u64,
    /// Number of the settings.
    pub version: u64,
    /// The exchange.
    pub exchange: u64,
    /// Question and answer, for people.
    pub said: String,
    /// The gradient at the pictures.
    pub slope: PictureSlope,
}

/// Everything that the panels show.
pub struct Workbench {
    tasks: mpsc::Sender<Task>,
    news: mpsc::Receiver<News>,
    /// Whether it covers the window.
    pub open: bool,
    /// The shaders under edit.
    pub shaders: ShaderBench,
    /// Where it computes, once that is known.
    pub engine: String,
    /// Why there is no GPU.
    pub no_gpu: Option<String>,
    /// What was drawn last.
    pub drawn: Option<Arc<Drawn>>,
    /// Why nothing was.
    pub problem: Option<String>,
    /// Times of the last frames, newest last.
    pub history: VecDeque<Timing>,
    /// The fastest time of each pass since the shaders or the subject changed.
    pub fastest: Option<Timing>,
    /// The last comparison with the twin.
    pub judged: Option<Arc<Judged>>,
    /// What a task ended with, to be said at the top of the window: whether it failed, and the words.
    pub notes: Vec<(bool, String)>,
    /// What the right side shows.
    pub tab: Tab,
    /// What the picture shows.
    pub show: Show,
    /// The pixel that is taken apart.
    pub pixel: Option<[usize; 2]>,
    /// Two corners of the chosen region.
    pub region: Option<[[usize; 2]; 2]>,
    /// What is asked about the picture.
    pub loss: LossKind,
    /// With respect to what.
    pub pulled: Pulled,
    /// How the last answer hangs on the pictures.
    pub answer: Option<AnswerSlope>,
    /// Whether that was asked for: the take, the settings and the exchange.
    pub answer_asked: Option<(u64, u64, u64)>,
    /// The source in the editor.
    pub source: String,
    /// Its text while it is typed.
    pub draft: String,
    /// The buffer in the table.
    pub buffer: Buffer,
    /// The pass that is looked at.
    pub pass: Pass,
    texture: Option<(Shown, TextureHandle, Option<Scale>)>,
    generation: u64,
    shared: bool,
    asked: Option<Key>,
    drawing: bool,
    judging: bool,
    reloading: bool,
    waiting: Option<Task>,
    redraw: bool,
    polled: Instant,
}

impl Workbench {
    /// Opens a workbench on the engine that draws the window's pictures, or on one of its own where they are drawn on
    /// the CPU. `folder` holds the WGSL files.
    pub fn new(ctx: &Context, engine: Option<Arc<GpuEngine>>, folder: Option<PathBuf>) -> Workbench {
        fonts::install(ctx);
        let shared = engine.is_some();
        let (tasks, inbox) = mpsc::channel();
        let (outbox, news) = mpsc::channel();
        let ctx = ctx.clone();
        std::thread::spawn(move || {
            let say = |news| {
                // a window that has gone needs no news
                let _ = outbox.send(news);
                ctx.request_repaint();
            };
            let (mut desk, first) = Desk::open(engine);
            say(first);
            while let Ok(task) = inbox.recv() {
                say(desk.work(task));
            }
        });
        let mut shaders = ShaderBench::new(folder);
        let source = "rasterize".to_owned();
        let first = shaders.poll();
        let draft = shaders.text(&source).to_owned();
        let mut workbench = Workbench {
            tasks,
            news,
            open: true,
            shaders,
            engine: String::new(),
            no_gpu: None,
            drawn: None,
            problem: None,
            history: VecDeque::new(),
            fastest: None,
            judged: None,
            notes: Vec::new(),
            tab: Tab::default(),
            show: Show::default(),
            pixel: None,
            region: None,
            loss: LossKind::default(),
            pulled: Pulled::default(),
            answer: None,
            answer_asked: None,
            source,
            draft,
            buffer: Buffer::Projected,
            pass: Pass::Rasterize,
            texture: None,
            generation: 0,
            shared,
            asked: None,
            drawing: false,
            judging: false,
            reloading: false,
            waiting: None,
            redraw: false,
            polled: Instant::now(),
        };
        workbench.took(first);
        workbench
    }

    /// Takes in what the desk has done and what other editors have written; to be called once a frame.
    pub fn attend(&mut self, ctx: &Context) {
        if self.open && self.polled.elapsed() >= PATIENCE {
            self.polled = Instant::now();
            let reload = self.shaders.poll();
            self.took(reload);
        }
        if self.open {
            ctx.request_repaint_after(PATIENCE);
        }
        for news in self.news.try_iter().collect::<Vec<_>>() {
            self.hear(news);
        }
        if !self.reloading
            && let Some(task) = self.waiting.take()
        {
            self.reloading = true;
            self.send(task);
        }
        let stale = |judged: &Arc<Judged>| Some(judged.key) != self.drawn.as_ref().map(|drawn| drawn.key);
        let wanted = self.tab == Tab::Twin || self.show == Show::Difference;
        if self.open
            && wanted
            && self.no_gpu.is_none()
            && !self.judging
            && !self.drawing
            && !self.reloading
            && self.drawn.is_some()
            && self.judged.as_ref().is_none_or(stale)
        {
            self.judging = true;
            self.send(Task::Judge);
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Opened { engine, no_gpu } => (self.engine, self.no_gpu) = (engine, no_gpu),
            News::Drawn(Ok(drawn)) => {
                self.drawing = false;
                self.problem = None;
                let same = self.drawn.as_ref().is_some_and(|last| last.key.subject() == drawn.key.subject());
                self.fastest =
                    Some(match self.fastest.take().filter(|fastest| same && fastest.clock == drawn.timing.clock) {
                        Some(fastest) => drawn.timing.clone().faster(&fastest),
                        None => drawn.timing.clone(),
                    });
                self.history.push_back(drawn.timing.clone());
                if self.history.len() > HISTORY {
                    self.history.pop_front();
                }
                self.keep_places(&drawn);
                self.drawn = Some(drawn);
            }
            News::Drawn(Err(problem)) => (self.drawing, self.problem) = (false, Some(problem)),
            News::Reloaded(outcome) => {
                self.reloading = false;
                match outcome {
                    Ok(()) => {
                        self.generation += 1;
                        self.redraw = self.shared;
                    }
                    Err(problem) => self.shaders.refuse(problem),
                }
            }
            News::Judged(Ok(judged)) => (self.judging, self.judged) = (false, Some(judged)),
            News::Judged(Err(problem)) => {
                self.judging = false;
                self.notes.push((true, problem));
                self.tab = if self.tab == Tab::Twin { Tab::Passes } else { self.tab };
                self.show = Show::Picture;
            }
            News::Captured(Ok(path)) => {
                let said = format!("wrote {}; `conformance replay` runs it again", path.display());
                self.notes.push((false, said));
            }
            News::Captured(Err(problem)) => self.notes.push((true, problem)),
        }
    }

    /// The chosen pixel and region stay where they are when the picture has another size than the one before.
    fn keep_places(&mut self, drawn: &Drawn) {
        let Some(last) = &self.drawn else { return };
        let size = |drawn: &Drawn| [drawn.inputs.dims.width, drawn.inputs.dims.height];
        let (old, new) = (size(last), size(drawn));
        if old != new {
            let moved = |at: [usize; 2]| [0, 1].map(|c| at[c] * new[c] / old[c]);
            self.pixel = self.pixel.map(moved);
            self.region = self.region.map(|corners| corners.map(moved));
        }
    }

    fn send(&self, task: Task) {
        // the thread ends with the window
        let _ = self.tasks.send(task);
    }

    fn took(&mut self, reload: Reload) {
        match reload {
            Reload::Same => return,
            Reload::Good(sources) => self.waiting = Some(Task::Reload(sources)),
            Reload::Bad => {}
        }
        self.draft = self.shaders.text(&self.source).to_owned();
    }

    /// What has to be drawn for a take's frame: ask for it with [`Workbench::draw`] when this is not `None`.
    pub fn lacks(&self, take: u64, version: u64, frame: usize, playing: bool) -> Option<Key> {
        let loss = if playing { None } else { self.asked_loss(take, version) };
        let key = Key { take, version, frame, shaders: self.generation, loss };
        (self.open && !self.drawing && !self.reloading && self.asked != Some(key)).then_some(key)
    }

    /// Asks for a frame.
    pub fn draw(&mut self, key: Key, shot: Result<Shot, String>) {
        self.asked = Some(key);
        match shot {
            Ok(shot) => {
                self.drawing = true;
                self.send(Task::Draw(Box::new(shot)));
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Draws and measures the same frame once more.
    pub fn again(&mut self) {
        self.asked = None;
    }

    /// The loss that is asked for, as far as it is chosen and known.
    pub fn asked_loss(&self, take: u64, version: u64) -> Option<Asked> {
        Some(match self.loss {
            LossKind::Picture => Asked::Picture,
            LossKind::Pixel => Asked::Pixel(self.pixel?),
            LossKind::Region => Asked::Region(self.region?),
            LossKind::Answer => {
                let answer = self.answer.as_ref().filter(|a| (a.take, a.version) == (take, version))?;
                Asked::Answer(answer.exchange)
            }
        })
    }

    /// Whether the window's own pictures are stale because shaders changed; asked once.
    pub fn take_redraw(&mut self) -> bool {
        std::mem::take(&mut self.redraw)
    }

    /// Whether something is under way.
    pub fn is_busy(&self) -> bool {
        self.drawing || self.judging || self.reloading
    }

    /// Puts another source into the editor.
    pub fn edit(&mut self, source: &str) {
        self.source = source.to_owned();
        self.draft = self.shaders.text(source).to_owned();
    }

    /// Takes over what was typed.
    pub fn typed(&mut self) {
        let reload = self.shaders.edit(&self.source, &self.draft);
        if let Reload::Good(sources) = reload {
            self.waiting = Some(Task::Reload(sources));
        }
    }

    /// Back to the shaders of the program.
    pub fn reset(&mut self) {
        let reload = self.shaders.reset();
        self.took(reload);
    }

    /// Writes the source in the editor to its file.
    pub fn save(&mut self) {
        let source = self.source.clone();
        match self.shaders.save(&source) {
            Ok(path) => self.notes.push((false, format!("wrote {}", path.display()))),
            Err(error) => self.notes.push((true, error.to_string())),
        }
    }

    /// Keeps what was drawn last in a file.
    pub fn capture(&mut self, path: PathBuf) {
        self.send(Task::Capture(path));
    }

    /// The chosen pixel, taken apart.
    pub fn taken_apart(&self) -> Option<Pixel> {
        let drawn = self.drawn.as_ref()?;
        let [x, y] = self.pixel?;
        inspect(&drawn.inputs.dims, &drawn.buffers, drawn.frame, x, y)
    }

    /// The gradient of the loss on Gaussians and joints.
    pub fn pull(&self) -> Option<Pull> {
        let drawn = self.drawn.as_ref()?;
        pull(&drawn.inputs.dims, &drawn.buffers, drawn.frame)
    }

    /// The first pass that disagrees with its twin, if what was drawn last has been compared.
    pub fn disagreeing(&self) -> Option<&Verdict> {
        draction::inspect::first_disagreeing(&self.judged.as_ref()?.verdicts)
    }

    /// The picture as a texture, and what its colours mean. Painted only when it has changed.
    pub fn texture(&mut self, ctx: &Context) -> Option<(TextureHandle, Option<Scale>)> {
        let drawn = self.drawn.clone()?;
        let judged = self.judged.clone().filter(|_| self.show == Show::Difference);
        let key = (drawn.key, self.show, self.pulled, judged.as_ref().map(|judged| judged.key));
        if let Some((known, texture, scale)) = &self.texture
            && *known == key
        {
            return Some((texture.clone(), *scale));
        }
        let (dims, buffers) = (&drawn.inputs.dims, &drawn.buffers);
        let values = self.pull_values();
        let view = match (self.show, &judged, &values) {
            (Show::Order, ..) => View::DepthOrder,
            (Show::Tiles, ..) => View::Occupancy,
            (Show::Light, ..) => View::Transmittance,
            (Show::Colours, ..) => View::Colours,
            (Show::Pull, _, Some((values, unit))) => View::Values(values, unit),
            // a picture of another moment has nothing to say
            (Show::Difference, Some(judged), _) if judged.key == drawn.key => View::Difference(&judged.twin),
            _ => View::Frames,
        };
        let picture = paint(view, dims, buffers, drawn.frame)?;
        let image = ColorImage::new([dims.width, dims.height], tint::colours(&picture));
        let scale = match picture {
            Picture::Numbers(_, scale) => Some(scale),
            Picture::Colours(_) => None,
        };
        let texture = match self.texture.take() {
            Some((_, mut texture, _)) => {
                texture.set(image, TextureOptions::NEAREST);
                texture
            }
            None => ctx.load_texture("workbench", image, TextureOptions::NEAREST),
        };
        self.texture = Some((key, texture.clone(), scale));
        Some((texture, scale))
    }

    fn pull_values(&self) -> Option<(Vec<f32>, &'static str)> {
        let pull = self.pull()?;
        Some(match self.pulled {
            Pulled::Means => (pull.means, "of loss a centimetre"),
            Pulled::Colours => (pull.colours, "of loss a unit of colour"),
            Pulled::Opacities => (pull.opacities, "of loss a unit of opacity"),
        })
    }
}

/// The folder of WGSL files: `shaders/wgsl` below the current folder, the viewer's, or one above these.
pub fn default_folder() -> Option<PathBuf> {
    let found = skeletonllm::folder::shipped("shaders/wgsl/rasterize.wgsl")?;
    let folder = found.parent()?;
    Some(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()))
}

#[cfg(test)]
mod tests;
