//! The app: a document, what draws it, what answers questions about it, and the panels that show them.
//!
//! Data flows one way. Each frame takes in what arrived (files, the worker's events), carries out what the person asked
//! for, and then shows the document; panels change nothing of it but ask for [`Action`]s.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `events` | what arrived |
//! | `models` | another model instead of the one that answers |
//! | `perform` | what the person asked for |
//! | `save` | files to take away |
//! | `status` | what those who watch from outside may know |
//! | `workbench` | what the app does for the shader workbench |

mod events;
mod models;
mod perform;
mod save;
mod status;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
mod workbench;

use std::{cell::RefCell, rc::Rc, sync::Arc};

use eframe::egui;
use skeletonllm_network::device::Selected;
use web_time::Instant;

use self::{models::Candidate, save::Saves};
use crate::{
    actions::{self, Action},
    document::Document,
    files::{Arrival, Incoming},
    inference::{Inference, Source},
    link::Link,
    models::{Models, Step},
    panels::{self, Content, UiState},
    pictures::{Pictures, TakeTextures},
    platform::{self, Kind},
    playback::Playback,
    preferences::Preferences,
    reading::Readings,
    theme,
    tour::Tour,
};

/// The bundled motion that is shown until something is open.
const EXAMPLE: &str = "wave_left_hand.bvh";

/// Where a document waits for the next window when this one goes.
pub type Parking = Rc<RefCell<Option<Document>>>;

/// What the window needs to start.
pub struct Parts {
    /// The model, loading.
    pub inference: Inference,
    /// The same, for when another one was chosen and it is to answer again.
    pub shipped: Source,
    /// What models compute on.
    pub selected: Selected,
    /// The renderer.
    pub pictures: Pictures,
    /// What is left of an earlier window.
    pub parking: Parking,
    /// Files to open first.
    pub incoming: Incoming,
    /// What the page's address asks for.
    pub link: Link,
}

/// The window's content.
pub struct App {
    document: Document,
    playback: Playback,
    ui_state: UiState,
    inference: Inference,
    shipped: Source,
    selected: Selected,
    models: Models,
    /// The model that is to answer, while it is read.
    candidate: Option<Candidate>,
    pictures: Pictures,
    /// Once it was opened.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    workbench: Option<Box<crate::workbench::Workbench>>,
    /// The bundled samples.
    samples: Vec<String>,
    incoming: Incoming,
    readings: Readings,
    tour: Option<Tour>,
    /// Files of an earlier visit, on their way.
    kept: Incoming,
    /// The example, on its way.
    example: Incoming,
    parking: Parking,
    saves: Saves,
    /// The pictures have changed since the labels were found.
    stale: bool,
    announced_interactive: bool,
    /// Size of the window, in points.
    size: egui::Vec2,
    /// What the page's address asks for and was not done yet.
    link: Link,
    /// As they are kept for the next visit.
    preferences: Preferences,
    /// Whether there is an address that can lead others here.
    shareable: bool,
}

impl App {
    /// Takes up the work of an earlier window, if there was one.
    pub fn new(ctx: &egui::Context, parts: Parts) -> App {
        theme::install(ctx);
        let Parts { inference, shipped, selected, pictures, parking, incoming, link } = parts;
        if pictures.backend().is_software() || platform::prefers_calm() {
            theme::calm(ctx);
        }
        let parked = parking.take();
        let first = parked.is_none();
        let (mut document, mut playback) = (parked.unwrap_or_default(), Playback::default());
        if let Some(kept) = Preferences::recall() {
            kept.apply(&mut document, &mut playback);
        }
        let mut app = App {
            preferences: Preferences::of(&document, playback),
            document,
            playback,
            ui_state: UiState::default(),
            inference,
            shipped,
            selected,
            models: Models::default(),
            candidate: None,
            pictures,
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            workbench: None,
            samples: platform::samples(),
            incoming,
            readings: Readings::default(),
            tour: None,
            kept: Incoming::default(),
            example: Incoming::default(),
            parking,
            saves: Saves::default(),
            stale: false,
            announced_interactive: false,
            size: egui::Vec2::ZERO,
            link,
            shareable: platform::address().is_some(),
        };
        app.apply_theme(ctx);
        if first && !app.link.leads_to_a_take() {
            platform::recall_files(&app.kept, ctx);
        }
        app.fetch_example(ctx);
        app.follow_link(ctx);
        platform::list_models(app.models.sender(ctx));
        // the window before this one had another model
        if let Some(offered) = app.document.model.clone() {
            app.load_offered(ctx, offered, false);
        }
        app
    }

    /// Fetches what is shown until something is open.
    fn fetch_example(&self, ctx: &egui::Context) {
        let linked = self.link.leads_to_a_take();
        if self.document.takes.is_empty() && !linked && self.samples.iter().any(|name| name == EXAMPLE) {
            platform::read_sample(EXAMPLE, &self.example, ctx);
        }
    }

    /// Shows the example once it is there, and has the model look at it.
    fn show_example(&mut self) {
        for arrival in self.example.take() {
            let Arrival::File(file) = arrival else { continue };
            self.document.show_example(file);
            self.ui_state.show_take(self.document.example.as_ref());
            if let Some(example) = &self.document.example {
                self.inference.recognise(self.document.drawn(example));
            }
        }
    }

    /// Opens what the page's address names.
    fn follow_link(&mut self, ctx: &egui::Context) {
        if let Some(sample) = self.link.sample.take() {
            match self.samples.contains(&sample) {
                true => platform::read_sample(&sample, &self.incoming, ctx),
                false => self.report_error(&format!("{sample}: there is no such sample")),
            }
        }
        if let Some(url) = self.link.url.take() {
            platform::read_url(&url, &self.incoming, ctx);
        }
        if let Some(model) = self.link.model.take() {
            self.choose_model(ctx, &model);
        }
    }

    /// Goes to the moment that the page's address names once something is open, and asks its question once the model is
    /// there.
    fn continue_link(&mut self, ctx: &egui::Context) {
        if self.document.takes.is_empty() {
            return;
        }
        if let Some((fps, seconds)) = self.document.take().map(|take| take.motion.fps).zip(self.link.seconds.take()) {
            self.perform(ctx, Action::Seek(seconds * fps));
        }
        let waits = self.models.coming().is_some_and(|coming| coming.step != Step::Keeping);
        if self.inference.status().is_ready()
            && !waits
            && let Some(question) = self.link.question.take()
        {
            self.ask(&question);
        }
    }

    /// Keeps what was chosen for the next visit.
    fn keep_preferences(&mut self) {
        // what the tour changes is not chosen
        if self.tour.is_some() {
            return;
        }
        let now = Preferences::of(&self.document, self.playback);
        if now != self.preferences {
            now.remember();
            self.preferences = now;
        }
    }

    /// Takes in what arrived, carries out what was asked for.
    fn logic(&mut self, ctx: &egui::Context) {
        platform::receive_dropped(&ctx.input(|input| input.raw.dropped_files.clone()), &self.incoming, ctx);
        self.take_models(ctx);
        self.hear_models(ctx);
        self.open_arrivals(ctx);
        self.open_motions(ctx);
        self.show_example();
        for event in self.inference.events() {
            self.handle(event);
        }
        for saved in self.saves.finished() {
            match saved {
                Ok(text) => self.note(&text),
                Err(problem) => self.report_error(&problem),
            }
        }
        if let Some(left) = self.document.drop_old_notices(Instant::now()) {
            ctx.request_repaint_after(left);
        }
        for action in platform::pressed(ctx) {
            self.perform(ctx, action);
        }
        for action in actions::from_keys(ctx, &self.samples, self.document.s2i, self.ui_state.shows_help()) {
            self.perform(ctx, action);
        }
        self.continue_link(ctx);
        self.keep_preferences();
        let size = ctx.content_rect().size();
        if self.size != size {
            // panels are as large as they were in the frame before
            self.size = size;
            ctx.request_repaint();
        }
        self.refresh(ctx);
        self.play(ctx);
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        self.update_workbench(ctx);
    }

    /// Looks at the changed pictures once the person has let go of what changes them.
    fn refresh(&mut self, ctx: &egui::Context) {
        if self.stale && !self.inference.is_busy() && !ctx.input(|input| input.pointer.any_down()) {
            self.stale = false;
            if let Some(subject) = self.document.subject(self.document.current) {
                self.inference.recognise(subject);
            }
        }
    }

    fn play(&mut self, ctx: &egui::Context) {
        let seconds = ctx.input(|input| input.stable_dt).min(0.1);
        let example = Playback { playing: theme::is_lively(ctx), speed: 1.0 };
        if self.document.takes.is_empty()
            && let Some(take) = &mut self.document.example
            && example.advance(take, seconds)
        {
            ctx.request_repaint();
        }
        if let Some(take) = self.document.take_mut()
            && self.playback.advance(take, seconds)
        {
            ctx.request_repaint();
        }
    }

    /// Shows everything, and answers with what the person asks for.
    fn show(&mut self, ui: &mut egui::Ui) -> Vec<Action> {
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        let covered = self.workbench.as_ref().is_some_and(|bench| bench.open);
        #[cfg(not(all(feature = "gpu", not(target_family = "wasm"))))]
        let covered = false;
        // nobody sees them behind the workbench
        let pictures = if covered { Err(String::new()) } else { self.draw_pictures(ui.ctx()) };
        let content = Content {
            document: &self.document,
            readings: self.readings.under_way(),
            tour: self.tour.as_ref(),
            playback: self.playback,
            pictures,
            trained_depth_mix: self.pictures.trained_depth_mix(&self.document.settings),
            model: self.inference.status(),
            models: &self.models,
            busy: self.inference.is_busy(),
            samples: &self.samples,
            shareable: self.shareable,
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            workbench: self.workbench.as_deref().filter(|bench| bench.open),
        };
        panels::show(content, &mut self.ui_state, ui)
    }

    /// Draws the pictures of the take in view; a problem is said in their place.
    fn draw_pictures(&mut self, ctx: &egui::Context) -> Result<TakeTextures, String> {
        let (Some(take), Some(subject)) = (self.document.take(), self.document.subject(self.document.current)) else {
            return Err(String::new());
        };
        let textures = self.pictures.textures(ctx, &subject, take.current_frame(), self.document.s2i)?;
        if textures.fresh
            && let Some(opened) = self.document.take_mut().and_then(|take| take.opened_at.take())
        {
            platform::measure("open-to-strip", opened.elapsed().as_secs_f64());
        }
        Ok(textures)
    }

    fn note(&mut self, text: &str) {
        platform::announce(Kind::Note, text);
        self.document.notice(false, text);
    }

    fn report_error(&mut self, text: &str) {
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
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.logic(&ctx);
        for action in self.show(ui) {
            self.perform(&ctx, action);
        }
        self.publish(&ctx);
        if !self.announced_interactive {
            self.announced_interactive = true;
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
        self.inference.stop();
        platform::stop_model();
        self.end_tour();
        // the next window reads them
        let unread = self.readings.abandon().filter(|unread| unread.instead_of.is_none());
        unread.for_each(|unread| self.incoming.push(Arc::unwrap_or_clone(unread.file)));
        self.parking.replace(Some(std::mem::take(&mut self.document)));
    }
}
