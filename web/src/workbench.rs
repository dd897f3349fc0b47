//! The shader workbench of the desktop viewer: what it knows and asks for. Nothing here draws.
//!
//! ```text
//! files, edits ──▶ ShaderBench ──valid──▶ worker (a thread with the engine) ──▶ events ──▶ Workbench ◀── panels
//! playhead ────────────────────request──▶        │
//!                                                 └──▶ timings, buffers, verdicts, captures
//! ```
//!
//! The mathematics is `draction::inspect`'s; this module decides when to ask for it and keeps the last answers.

mod choices;
mod editor;
mod fonts;
mod joints;
mod rendering;
#[cfg(test)]
mod tests;
mod texture;
mod tint;
mod worker;

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use draction::{
    engine::gpu::{GpuEngine, program},
    gpu::{ShaderBench, Sources, Timing, Verdict, first_disagreeing},
    inspect::{Pixel, Pull, inspect, pull},
    passes::Pass,
};
use eframe::egui::Context;
use skeletonllm::assistant::PictureSlope;

use self::texture::CachedTexture;

pub use choices::{Change, Choices, GradientTarget, LossKind, PictureMode, Tab};
pub use editor::default_folder;
pub use fonts::CODE;
pub(crate) use joints::joints_named;
pub(crate) use tint::heat;
pub use worker::{Comparison, Event, LossKey, RenderKey, RenderRequest, Rendering, Request, Worker};

/// Timings that are kept for the flame strip.
const HISTORY: usize = 24;
/// How often files are looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The gradient of an answer's log-probability at the pictures that the model saw.
#[derive(Clone, Debug)]
pub struct AnswerGradient {
    /// The take.
    pub take: u64,
    /// Number of the settings.
    pub settings_version: u64,
    /// The exchange.
    pub exchange: u64,
    /// Question and answer, for people.
    pub caption: String,
    /// At the pictures.
    pub gradient: PictureSlope,
}

/// Everything that the panels show.
pub struct Workbench {
    requests: mpsc::Sender<Request>,
    events: mpsc::Receiver<Event>,
    /// Whether it covers the window.
    pub open: bool,
    /// The shaders under edit.
    pub shaders: ShaderBench,
    /// Where it computes, once that is known.
    pub engine: String,
    /// Why there is no GPU.
    pub no_gpu: Option<String>,
    /// What was drawn last.
    pub rendering: Option<Arc<Rendering>>,
    /// Why nothing was.
    pub problem: Option<String>,
    /// Times of the last frames, newest last.
    pub history: VecDeque<Timing>,
    /// The fastest time of each pass since the shaders or the subject changed.
    pub fastest: Option<Timing>,
    /// The last comparison with the twin.
    pub comparison: Option<Arc<Comparison>>,
    /// What a request ended with, to be said at the top of the window: whether it failed, and the words.
    pub notes: Vec<(bool, String)>,
    /// What is chosen.
    pub choices: Choices,
    /// The gradient of the last answer.
    pub answer: Option<AnswerGradient>,
    /// Whether that was asked for: the take, the settings and the exchange.
    pub answer_requested: Option<(u64, u64, u64)>,
    /// The source in the editor.
    pub source: String,
    /// Its text while it is typed.
    pub draft: String,
    texture: CachedTexture,
    /// Counts the shaders that ran.
    generation: u64,
    /// Whether the window draws with the same engine.
    shared: bool,
    requested: Option<RenderKey>,
    rendering_now: bool,
    comparing: bool,
    reloading: bool,
    /// Shaders that are valid, but do not run yet.
    valid: Option<Box<Sources>>,
    redraw: bool,
    polled: Instant,
}

impl Workbench {
    /// Opens a workbench on the engine that draws the window's pictures, or on one of its own where they are drawn on
    /// the CPU. `folder` holds the WGSL files.
    pub fn new(ctx: &Context, engine: Option<Arc<GpuEngine>>, folder: Option<PathBuf>) -> Workbench {
        fonts::install(ctx);
        let shared = engine.is_some();
        let (requests, inbox) = mpsc::channel();
        let (outbox, events) = mpsc::channel();
        let ctx = ctx.clone();
        std::thread::spawn(move || {
            let send = |event| {
                // a window that has gone needs no events
                let _ = outbox.send(event);
                ctx.request_repaint();
            };
            let (mut worker, opened) = Worker::open(engine);
            send(opened);
            while let Ok(request) = inbox.recv() {
                send(worker.serve(request));
            }
        });
        let mut shaders = ShaderBench::new(program(), folder);
        let source = "rasterize".to_owned();
        let first = shaders.poll();
        let draft = shaders.text(&source).to_owned();
        let mut workbench = Workbench {
            requests,
            events,
            open: true,
            shaders,
            engine: String::new(),
            no_gpu: None,
            rendering: None,
            problem: None,
            history: VecDeque::new(),
            fastest: None,
            comparison: None,
            notes: Vec::new(),
            choices: Choices::of(Pass::Rasterize.name(), "Projected"),
            answer: None,
            answer_requested: None,
            source,
            draft,
            texture: CachedTexture::default(),
            generation: 0,
            shared,
            requested: None,
            rendering_now: false,
            comparing: false,
            reloading: false,
            valid: None,
            redraw: false,
            polled: Instant::now(),
        };
        workbench.apply(first);
        workbench
    }

    /// Does what a panel asks for.
    pub fn change(&mut self, change: Change) {
        let choices = &mut self.choices;
        match change {
            Change::Tab(tab) => choices.tab = tab,
            Change::Mode(mode) => choices.mode = mode,
            Change::Pixel(pixel) => {
                (choices.pixel, choices.region, choices.loss) = (Some(pixel), None, LossKind::Pixel);
            }
            Change::Region(corners) => choices.region = Some(corners),
            Change::Loss(loss) => choices.loss = loss,
            Change::Target(target) => choices.target = target,
            Change::Kernel(kernel) => choices.kernel = kernel,
            Change::Buffer(buffer) => (choices.buffer, choices.tab) = (buffer, Tab::Buffers),
            Change::Edit(source) => {
                choices.tab = Tab::Shaders;
                self.edit(&source);
            }
            Change::Draft(text) => self.apply_draft(text),
            Change::Save => self.save(),
            Change::Reset => self.reset(),
            Change::Again => self.requested = None,
            Change::CompareAgain => (self.requested, self.comparison) = (None, None),
        }
    }

    /// Takes in what the worker has done and what other editors have written; to be called once a frame.
    pub fn update(&mut self, ctx: &Context) {
        if self.open && self.polled.elapsed() >= POLL_INTERVAL {
            self.polled = Instant::now();
            let reload = self.shaders.poll();
            self.apply(reload);
        }
        if self.open {
            ctx.request_repaint_after(POLL_INTERVAL);
        }
        for event in self.events.try_iter().collect::<Vec<_>>() {
            self.handle(event);
        }
        if !self.reloading
            && let Some(sources) = self.valid.take()
        {
            self.reloading = true;
            self.send(Request::Reload(sources));
        }
        if self.lacks_comparison() && !self.is_busy() {
            self.comparing = true;
            self.send(Request::Compare);
        }
        self.paint(ctx);
    }

    /// Whether a comparison is looked at that was not made yet, or of another rendering.
    fn lacks_comparison(&self) -> bool {
        let wanted = self.choices.tab == Tab::Twin || self.choices.mode == PictureMode::Difference;
        let Some(rendering) = self.rendering.as_ref().filter(|_| self.open && wanted && self.no_gpu.is_none()) else {
            return false;
        };
        self.comparison.as_ref().is_none_or(|comparison| comparison.key != rendering.key)
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Opened { engine, no_gpu } => (self.engine, self.no_gpu) = (engine, no_gpu),
            Event::Rendered(Ok(rendering)) => self.keep(rendering),
            Event::Rendered(Err(problem)) => (self.rendering_now, self.problem) = (false, Some(problem)),
            Event::Reloaded(outcome) => {
                self.reloading = false;
                match outcome {
                    Ok(()) => {
                        self.generation += 1;
                        self.redraw = self.shared;
                    }
                    Err(problem) => self.shaders.refuse(problem),
                }
            }
            Event::Compared(Ok(comparison)) => (self.comparing, self.comparison) = (false, Some(comparison)),
            Event::Compared(Err(problem)) => {
                self.comparing = false;
                self.notes.push((true, problem));
                self.choices.tab = if self.choices.tab == Tab::Twin { Tab::Passes } else { self.choices.tab };
                self.choices.mode = PictureMode::Picture;
            }
            Event::Captured(Ok(path)) => {
                let text = format!("wrote {}; `conformance replay` runs it again", path.display());
                self.notes.push((false, text));
            }
            Event::Captured(Err(problem)) => self.notes.push((true, problem)),
        }
    }

    /// Takes over a rendering and its times.
    fn keep(&mut self, rendering: Arc<Rendering>) {
        self.rendering_now = false;
        self.problem = None;
        let same = self.rendering.as_ref().is_some_and(|last| last.key.timing_key() == rendering.key.timing_key());
        let timing = rendering.timing.clone();
        let comparable = self.fastest.take().filter(|fastest| same && fastest.clock == timing.clock);
        self.fastest = Some(match comparable {
            Some(fastest) => timing.clone().faster(&fastest),
            None => timing.clone(),
        });
        self.history.push_back(timing);
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        self.keep_places(&rendering);
        self.rendering = Some(rendering);
    }

    /// The chosen pixel and region stay where they are when the picture has another size than the one before.
    fn keep_places(&mut self, rendering: &Rendering) {
        let Some(last) = &self.rendering else { return };
        let size = |rendering: &Rendering| [rendering.scene.dims.width, rendering.scene.dims.height];
        let (old, new) = (size(last), size(rendering));
        if old != new {
            let moved = |at: [usize; 2]| [0, 1].map(|c| at[c] * new[c] / old[c]);
            self.choices.pixel = self.choices.pixel.map(moved);
            self.choices.region = self.choices.region.map(|corners| corners.map(moved));
        }
    }

    fn send(&self, request: Request) {
        // the thread ends with the window
        let _ = self.requests.send(request);
    }

    /// What has to be drawn for a take's frame: ask for it with [`Workbench::render`] when this is not `None`.
    pub fn lacks(&self, take: u64, settings_version: u64, frame: usize, playing: bool) -> Option<RenderKey> {
        let loss = if playing { None } else { self.loss_key(take, settings_version) };
        let key = RenderKey { take, settings_version, frame, shaders: self.generation, loss };
        (self.open && !self.rendering_now && !self.reloading && self.requested != Some(key)).then_some(key)
    }

    /// Asks for a frame.
    pub fn render(&mut self, key: RenderKey, request: Result<RenderRequest, String>) {
        self.requested = Some(key);
        match request {
            Ok(request) => {
                self.rendering_now = true;
                self.send(Request::Render(Box::new(request)));
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// The loss that is asked for, as far as it is chosen and known.
    pub fn loss_key(&self, take: u64, settings_version: u64) -> Option<LossKey> {
        Some(match self.choices.loss {
            LossKind::Picture => LossKey::Picture,
            LossKind::Pixel => LossKey::Pixel(self.choices.pixel?),
            LossKind::Region => LossKey::Region(self.choices.region?),
            LossKind::Answer => {
                let answer =
                    self.answer.as_ref().filter(|a| (a.take, a.settings_version) == (take, settings_version))?;
                LossKey::Answer(answer.exchange)
            }
        })
    }

    /// Whether the window's own pictures are stale because shaders changed; asked once.
    pub fn take_redraw(&mut self) -> bool {
        std::mem::take(&mut self.redraw)
    }

    /// Whether something is under way.
    pub fn is_busy(&self) -> bool {
        self.rendering_now || self.comparing || self.reloading
    }

    /// Keeps what was drawn last in a file.
    pub fn capture(&self, path: PathBuf) {
        self.send(Request::Capture(path));
    }

    /// The chosen pixel, taken apart.
    pub fn inspected(&self) -> Option<Pixel> {
        let rendering = self.rendering.as_ref()?;
        let [x, y] = self.choices.pixel?;
        inspect(&rendering.scene.dims, &rendering.buffers, rendering.frame, x, y)
    }

    /// The gradient of the loss on Gaussians and joints.
    pub fn gradients(&self) -> Option<Pull> {
        let rendering = self.rendering.as_ref()?;
        pull(&rendering.scene.dims, &rendering.buffers, rendering.frame)
    }

    /// The first pass that disagrees with its twin, if what was drawn last has been compared.
    pub fn disagreeing(&self) -> Option<&Verdict> {
        first_disagreeing(&self.comparison.as_ref()?.verdicts)
    }
}
