//! The app: a document, what draws it, what thinks about it, and the panels that show them.
//!
//! Data flows one way. Each frame takes in what arrived (files, the mind's events), carries out what the person asked
//! for, and then shows the document; panels change nothing but ask for [`Action`]s.

#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
mod workbench;

use std::{cell::RefCell, rc::Rc, sync::Arc};

use eframe::egui;
use skeletonllm::assistant::Attribution;
use web_time::Instant;

use crate::{
    actions::{self, Action},
    document::{Document, Exchange, Opened, Outcome, Take, Why},
    exports,
    files::{Arrival, Incoming},
    mind::{Event, Mind, Subject},
    panels,
    pictures::{Pictures, Sitter},
    platform::{self, Kind},
    theme,
    widgets::{Orbit, TimelineState},
};

/// Where a document waits for the next window when this one goes.
pub type Parking = Rc<RefCell<Option<Document>>>;

/// What the window needs to start.
pub struct Parts {
    /// The model, loading.
    pub mind: Mind,
    /// The renderer.
    pub pictures: Pictures,
    /// What is left of an earlier window.
    pub parking: Parking,
    /// Files to open first.
    pub incoming: Incoming,
}

/// What is seen, beyond the document; forgotten with the window.
pub struct View {
    /// Where the 3-D view looks from.
    pub orbit: Orbit,
    /// Zoom of the timeline.
    pub timeline: TimelineState,
    /// Whether the playhead moves.
    pub playing: bool,
    /// Share of the recorded speed.
    pub speed: f32,
    /// Whether hands and feet leave trails.
    pub trails: bool,
    /// Whether the cursor should go to the question field.
    pub focus_question: bool,
    /// Whether the list of keys is shown.
    pub help: bool,
    /// On a narrow window: which page is shown.
    pub tab: usize,
    /// Where the model computes; empty while it loads.
    pub device: String,
    /// Questions it was trained to answer.
    pub suggestions: Vec<String>,
    /// The bundled samples.
    pub samples: Vec<String>,
    /// Why the model cannot be used.
    pub broken: Option<String>,
    /// The pictures have changed since the labels were found.
    stale: bool,
    orbit_of: u64,
    announced_interactive: bool,
}

/// The window's content.
pub struct App {
    pub(crate) document: Document,
    pub(crate) view: View,
    pub(crate) mind: Mind,
    pub(crate) pictures: Pictures,
    /// Once it was opened.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    pub(crate) workbench: Option<Box<crate::workbench::Workbench>>,
    incoming: Incoming,
    parking: Parking,
    saved: Arc<std::sync::Mutex<Vec<Result<String, String>>>>,
}

impl App {
    /// Takes up the work of an earlier window, if there was one.
    pub fn new(ctx: &egui::Context, parts: Parts) -> App {
        theme::install(ctx);
        let Parts { mind, pictures, parking, incoming } = parts;
        if pictures.is_software() || platform::prefers_calm() {
            theme::calm(ctx);
        }
        let document = parking.take().unwrap_or_default();
        let view = View {
            orbit: Orbit::default(),
            timeline: TimelineState::default(),
            playing: false,
            speed: 1.0,
            trails: false,
            focus_question: false,
            help: false,
            tab: 0,
            device: String::new(),
            suggestions: Vec::new(),
            samples: platform::samples(),
            broken: None,
            stale: false,
            orbit_of: 0,
            announced_interactive: false,
        };
        let mut app = App {
            document,
            view,
            mind,
            pictures,
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            workbench: None,
            incoming,
            parking,
            saved: Arc::default(),
        };
        app.apply_theme(ctx);
        app
    }

    /// Takes in what arrived, carries out what was asked for.
    fn logic(&mut self, ctx: &egui::Context) {
        for file in ctx.input(|input| input.raw.dropped_files.clone()) {
            platform::read_dropped(file, &self.incoming, ctx);
        }
        self.open_arrivals();
        for event in self.mind.events() {
            self.hear(event);
        }
        let saved = std::mem::take(&mut *self.saved.lock().expect("nobody panics while saving"));
        for saved in saved {
            match saved {
                Ok(text) => self.note(&text),
                Err(problem) => self.complain(&problem),
            }
        }
        if let Some(left) = self.document.drop_old_news(Instant::now()) {
            ctx.request_repaint_after(left);
        }
        for action in actions::from_keys(ctx, &self.view.samples) {
            self.act(ctx, action);
        }
        self.refresh(ctx);
        self.play(ctx);
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        self.tend_workbench(ctx);
        self.publish(ctx);
    }

    fn open_arrivals(&mut self) {
        let mut arrivals = self.incoming.take();
        // descriptions first, whatever their place among the dropped files
        arrivals.sort_by_key(|arrival| !matches!(arrival, Arrival::File(file) if file.name.ends_with("skeleton.json")));
        let mut first = None;
        for arrival in arrivals {
            let opened = match arrival {
                Arrival::File(file) => self.document.open(&file),
                Arrival::Problem(problem) => Err(problem),
            };
            match opened {
                Ok(Opened::Take(index)) => {
                    first.get_or_insert(index);
                    self.welcome(index);
                }
                Ok(Opened::Weights) => {
                    let name = self.document.weights_name.clone().unwrap_or_default();
                    self.note(&format!("drawing with the weights {name}"));
                    self.redraw();
                }
                Ok(Opened::Sidecar) => self.note("skeleton.json describes the .npy files that come after it"),
                Err(problem) => self.complain(&problem),
            }
        }
        if let Some(index) = first {
            self.select(index);
            // software that imitates a GPU needs its time for the model
            self.view.playing = !self.pictures.is_software();
        }
    }

    /// Tells of a take that was opened, and lets the model look at it.
    fn welcome(&mut self, index: usize) {
        let take = &self.document.takes[index];
        let text = format!("{}: {}", take.name, take.description);
        platform::announce(Kind::Opened, &text);
        for warning in take.motion.source.warnings.clone() {
            self.note(&warning);
        }
        let subject = self.subject(index);
        self.mind.recognise(subject);
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Ready { device, suggestions, seconds } => {
                platform::announce(Kind::Note, &format!("the model is ready on {device} after {seconds:.1} s"));
                platform::publish("device", &device);
                platform::measure("model-ready", seconds);
                self.view.device = device;
                self.view.suggestions = suggestions;
            }
            Event::Broken(problem) => {
                self.complain(&format!("the model cannot be used: {problem}"));
                self.view.broken = Some(problem);
            }
            Event::Recognised { take, labels, seconds } => {
                platform::measure("recognise", seconds);
                if let Some(take) = self.document.by_id(take) {
                    let top = labels.iter().take(5).map(|(label, p)| format!("{label} {:.0} %", p * 100.0));
                    platform::announce(Kind::Labels, &top.collect::<Vec<_>>().join(", "));
                    take.labels = labels;
                }
            }
            Event::Text { take, exchange, text } => {
                if let Some(exchange) = self.exchange(take, exchange) {
                    exchange.answer.push_str(&text);
                }
            }
            Event::Answered { take, exchange, answer, first_token } => {
                platform::measure("first-token", first_token);
                platform::measure("answer", answer.seconds);
                platform::publish("tokens", &answer.tokens.to_string());
                if let Some(exchange) = self.exchange(take, exchange) {
                    platform::announce(Kind::Answer, &answer.text);
                    exchange.answer = answer.text;
                    exchange.outcome = Some(Outcome::Answered {
                        first_token,
                        seconds: answer.seconds,
                        tokens: answer.tokens,
                        confidence: answer.confidence,
                        stopped: answer.stopped,
                    });
                }
            }
            Event::Explained { take, exchange, attribution } => {
                if let Some(take) = self.document.by_id(take) {
                    platform::announce(Kind::Why, &why_in_words(take, &attribution));
                    take.why = Some(Why { exchange, attribution });
                }
            }
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            Event::Sloped { take, exchange, version, slope } => self.hear_slope(take, exchange, version, slope),
            Event::SpanProgress { take, done, total } => {
                if let Some(take) = self.document.by_id(take) {
                    take.spans_progress = Some((done, total));
                }
            }
            Event::Spans { take, spans, stopped } => {
                if let Some(take) = self.document.by_id(take) {
                    take.spans_progress = None;
                    let words =
                        spans.iter().map(|s| format!("{:.1}–{:.1} s {}", s.start_seconds, s.end_seconds, s.label));
                    let words: Vec<String> = words.collect();
                    let end = if stopped { " (stopped)" } else { "" };
                    platform::announce(Kind::Spans, &format!("{}{end}", words.join(", ")));
                    take.spans = spans;
                }
            }
            Event::Failed { take, exchange, problem } => {
                if let Some(take) = self.document.by_id(take) {
                    take.spans_progress = None;
                }
                match exchange.and_then(|exchange| self.exchange(take, exchange)) {
                    Some(exchange) if exchange.outcome.is_none() => exchange.outcome = Some(Outcome::Failed(problem)),
                    _ if problem == crate::mind::STOPPED => {}
                    _ => self.complain(&problem),
                }
            }
        }
    }

    /// Does what was asked for.
    pub(crate) fn act(&mut self, ctx: &egui::Context, action: Action) {
        let frames = self.document.take().map_or(0, |take| take.motion.frames());
        match action {
            Action::ChooseFiles => platform::choose_files(&self.incoming, ctx),
            Action::OpenSample(name) => platform::read_sample(&name, &self.incoming, ctx),
            Action::Select(index) => self.select(index),
            Action::SelectBy(by) => {
                let count = self.document.takes.len() as isize;
                if count > 0 {
                    self.select((self.document.current as isize + by).rem_euclid(count) as usize);
                }
            }
            Action::Close(index) => {
                if index < self.document.takes.len() {
                    self.document.takes.remove(index);
                    let last = self.document.takes.len().saturating_sub(1);
                    let current = self.document.current;
                    self.select(if index < current { current - 1 } else { current.min(last) });
                }
            }
            Action::TogglePlay => self.view.playing = !self.view.playing,
            Action::Step(by) => {
                self.view.playing = false;
                if let Some(take) = self.document.take_mut() {
                    let frame = (take.frame.round() as i64 + by).clamp(0, frames.saturating_sub(1) as i64);
                    take.frame = frame as f32;
                }
            }
            Action::Seek(frame) => {
                self.view.playing = false;
                if let Some(take) = self.document.take_mut() {
                    take.frame = frame.clamp(0.0, frames.saturating_sub(1) as f32);
                }
            }
            Action::SeekEnd => self.act(ctx, Action::Seek(frames as f32)),
            Action::Ask(question) => self.ask(&question),
            Action::Recognise => {
                if !self.document.takes.is_empty() {
                    let subject = self.subject(self.document.current);
                    self.mind.recognise(subject);
                }
            }
            Action::Explain(exchange) => self.explain(exchange),
            Action::CloseWhy => {
                if let Some(take) = self.document.take_mut() {
                    take.why = None;
                }
            }
            Action::LabelSpans => {
                let index = self.document.current;
                if let Some(take) = self.document.take_mut()
                    && take.spans_progress.is_none()
                {
                    take.spans_progress = Some((0, 0));
                    let subject = self.subject(index);
                    self.mind.label_spans(subject);
                }
            }
            Action::Stop => self.mind.stop(),
            Action::FocusQuestion => {
                self.view.focus_question = true;
                self.view.tab = panels::CHAT_TAB;
            }
            Action::ToggleNfm => {
                self.document.settings.nfm = !self.document.settings.nfm;
                self.redraw();
            }
            Action::ToggleCamera => {
                use skeletonllm::drawing::CameraMode::{Fit, Reference};
                let camera = &mut self.document.settings.camera;
                *camera = if *camera == Fit { Reference } else { Fit };
                self.redraw();
            }
            Action::DepthMix(share) => {
                self.document.settings.depth_mix = share;
                self.redraw();
            }
            Action::OwnWeights => {
                self.document.settings.weights = None;
                self.document.weights_name = None;
                self.redraw();
            }
            Action::ToggleTheme => {
                self.document.theme = Some(!self.document.theme.unwrap_or(ctx.theme() == egui::Theme::Dark));
                self.apply_theme(ctx);
            }
            Action::SaveStrip => self.save_strip(ctx),
            Action::SaveGif => self.save_gif(ctx),
            Action::SaveJson => {
                if let Some(take) = self.document.take() {
                    let saved =
                        platform::save(&file_name(take, ".json"), "application/json", exports::json(take).as_bytes());
                    self.saved.lock().expect("nobody panics while saving").push(saved);
                }
            }
            Action::CloseNotice(index) => {
                if index < self.document.notices.len() {
                    self.document.notices.remove(index);
                }
            }
            Action::ToggleHelp => self.view.help = !self.view.help,
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            Action::ToggleWorkbench => self.toggle_workbench(ctx),
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            Action::Capture => self.capture(),
        }
    }

    fn ask(&mut self, question: &str) {
        let question = question.trim().to_owned();
        let index = self.document.current;
        if question.is_empty() || self.document.take().is_none() {
            return;
        }
        platform::announce(Kind::Question, &question);
        let id = self.document.next_id();
        let exchange = Exchange { id, question: question.clone(), answer: String::new(), outcome: None };
        self.document.takes[index].exchanges.push(exchange);
        let subject = self.subject(index);
        self.mind.ask(subject, id, question);
    }

    fn explain(&mut self, exchange: Option<u64>) {
        let index = self.document.current;
        let Some(take) = self.document.take() else { return };
        let found = take.answers().find(|e| exchange.is_none_or(|id| id == e.id));
        let Some(Exchange { id, question, answer, .. }) = found.cloned() else {
            return self.note("ask something first: then it can be shown what the answer depends on");
        };
        let subject = self.subject(index);
        self.mind.explain(subject, id, question, answer);
    }

    fn save_strip(&mut self, ctx: &egui::Context) {
        let Some(take) = self.document.take() else { return };
        let name = file_name(take, "-strip.png");
        let sitter = sitter(take, &self.document);
        let sheet = self.pictures.sheet(sitter, None);
        let engine = self.pictures.engine();
        self.save_later(
            ctx,
            name,
            "image/png",
            sheet.map(|(clip, draction)| exports::strip_png(engine, clip, draction)),
        );
    }

    fn save_gif(&mut self, ctx: &egui::Context) {
        let Some(take) = self.document.take() else { return };
        let (name, fps) = (file_name(take, ".gif"), take.motion.fps);
        let frames = exports::gif_frames(take.motion.frames(), fps);
        let sitter = sitter(take, &self.document);
        let sheet = self.pictures.sheet(sitter, Some(&frames));
        let engine = self.pictures.engine();
        self.save_later(
            ctx,
            name,
            "image/gif",
            sheet.map(|(clip, draction)| exports::gif(engine, clip, draction, fps)),
        );
    }

    fn save_later(
        &self,
        ctx: &egui::Context,
        name: String,
        mime: &'static str,
        bytes: Result<impl Future<Output = Result<Vec<u8>, String>> + platform::MaybeSend + 'static, String>,
    ) {
        let (saved, ctx) = (self.saved.clone(), ctx.clone());
        platform::spawn(async move {
            let outcome = match bytes {
                Ok(bytes) => bytes.await.and_then(|bytes| platform::save(&name, mime, &bytes)),
                Err(problem) => Err(problem),
            };
            saved.lock().expect("nobody panics while saving").push(outcome);
            ctx.request_repaint();
        });
    }

    /// Shows another take.
    fn select(&mut self, index: usize) {
        self.document.current = index;
        self.view.timeline.reset();
        if let Some(take) = self.document.take()
            && take.id != self.view.orbit_of
        {
            self.view.orbit_of = take.id;
            self.view.orbit.reset(&take.motion);
        }
    }

    /// The settings changed: pictures are stale, and what was said about other pictures too.
    fn redraw(&mut self) {
        self.document.settings_version += 1;
        self.view.stale = true;
        if let Some(take) = self.document.take_mut() {
            take.why = None;
        }
    }

    /// Looks at the changed pictures once the person has let go of what changes them.
    fn refresh(&mut self, ctx: &egui::Context) {
        if self.view.stale && !self.mind.is_busy() && !ctx.input(|input| input.pointer.any_down()) {
            self.view.stale = false;
            if self.document.take().is_some() {
                let subject = self.subject(self.document.current);
                self.mind.recognise(subject);
            }
        }
    }

    fn play(&mut self, ctx: &egui::Context) {
        let speed = self.view.speed;
        let Some(take) = self.document.take_mut().filter(|_| self.view.playing) else { return };
        let frames = take.motion.frames() as f32;
        if frames <= 1.0 {
            return;
        }
        let step = ctx.input(|input| input.stable_dt).min(0.1) * take.motion.fps * speed;
        take.frame = (take.frame + step).rem_euclid(frames - 1.0);
        ctx.request_repaint();
    }

    fn subject(&self, index: usize) -> Subject {
        let take = &self.document.takes[index];
        Subject {
            take: take.id,
            motion: take.motion.clone(),
            settings: self.document.settings.clone(),
            version: self.document.settings_version,
        }
    }

    fn exchange(&mut self, take: u64, exchange: u64) -> Option<&mut Exchange> {
        self.document.by_id(take)?.exchanges.iter_mut().find(|e| e.id == exchange)
    }

    fn note(&mut self, text: &str) {
        platform::announce(Kind::Note, text);
        self.document.notice(false, text);
    }

    fn complain(&mut self, text: &str) {
        platform::announce(Kind::Error, text);
        self.document.notice(true, text);
    }

    fn apply_theme(&mut self, ctx: &egui::Context) {
        ctx.set_theme(match self.document.theme {
            None => egui::ThemePreference::System,
            Some(true) => egui::ThemePreference::Dark,
            Some(false) => egui::ThemePreference::Light,
        });
    }

    /// What those who watch from outside may know: screen readers and tests.
    fn publish(&self, ctx: &egui::Context) {
        let take = self.document.take();
        let status = match (&self.view.broken, self.mind.is_ready(), take) {
            (Some(_), ..) => "the model cannot be used".to_owned(),
            (None, false, _) => "the model is loading".to_owned(),
            (_, _, None) => "ready: drop motion files".to_owned(),
            (.., Some(take)) => {
                let frames = take.motion.frames();
                let doing = if self.mind.is_busy() { "thinking" } else { "ready" };
                format!("{}: frame {} of {frames}, {doing}", take.name, take.current_frame() + 1)
            }
        };
        // a playing take would make a screen reader read numbers all day
        if !self.view.playing || take.is_none() {
            platform::status(&status);
        }
        let flag = |on: bool| if on { "1" } else { "" };
        platform::publish("take", take.map_or("", |take| &take.name));
        platform::publish("takes", &self.document.takes.len().to_string());
        platform::publish("frame", &take.map_or(0, |take| take.current_frame() + 1).to_string());
        platform::publish("playing", flag(self.view.playing));
        platform::publish("why", flag(take.is_some_and(|take| take.why.is_some())));
        platform::publish("theme", if ctx.theme() == egui::Theme::Dark { "dark" } else { "light" });
        platform::publish("busy", flag(self.mind.is_busy()));
        platform::publish("ready", flag(self.mind.is_ready()));
        platform::publish("memory", &platform::memory().to_string());
        platform::publish("pictures", &self.pictures.drawn().to_string());
    }

    /// Draws the pictures of the take in view; a problem is said in their place.
    pub(crate) fn draw_pictures(&mut self, ctx: &egui::Context) -> Result<panels::Drawn, String> {
        let Some(take) = self.document.take() else { return Err(String::new()) };
        let sitter = sitter(take, &self.document);
        let frame = take.current_frame();
        let (strip, fresh) = self.pictures.strip(ctx, sitter)?;
        let sampled = self.pictures.sampled(sitter)?.to_vec();
        let live = self.pictures.live(ctx, sitter, frame)?;
        if fresh && let Some(opened) = self.document.take_mut().and_then(|take| take.opened_at.take()) {
            platform::measure("open-to-strip", opened.elapsed().as_secs_f64());
        }
        Ok(panels::Drawn { strip, live, sampled })
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.logic(&ctx);
        for action in panels::show(self, ui) {
            self.act(&ctx, action);
        }
        if !self.view.announced_interactive {
            self.view.announced_interactive = true;
            platform::interactive();
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::palette(visuals).panel.to_normalized_gamma_f32()
    }

    #[cfg(target_family = "wasm")]
    fn as_any_mut(&mut self) -> Option<&mut dyn std::any::Any> {
        Some(self)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.mind.stop();
        self.parking.replace(Some(std::mem::take(&mut self.document)));
    }
}

fn sitter<'a>(take: &'a Take, document: &'a Document) -> Sitter<'a> {
    Sitter { take: take.id, motion: &take.motion, settings: &document.settings, version: document.settings_version }
}

/// The take's name with another ending.
fn file_name(take: &Take, ending: &str) -> String {
    let stem = take.name.rsplit_once('.').map_or(take.name.as_str(), |(stem, _)| stem);
    format!("{stem}{ending}")
}

/// The three joints and frames that matter most.
fn why_in_words(take: &Take, attribution: &Attribution) -> String {
    let names = &take.motion.skeleton.names;
    let most = |values: &[f32], name: &dyn Fn(usize) -> String| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
        order.into_iter().take(3).map(name).collect::<Vec<_>>().join(", ")
    };
    let joints = most(&attribution.joints, &|n| names[n % names.len()].clone());
    let frames = most(&attribution.frames, &|n| (n + 1).to_string());
    format!("depends most on the joints {joints} and the pictures {frames}")
}
