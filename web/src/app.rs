//! The app: a document, what draws it, what answers questions about it, and the panels that show them.
//!
//! Data flows one way. Each frame takes in what arrived (files, the worker's events), carries out what the person asked
//! for, and then shows the document; panels change nothing of it but ask for [`Action`]s.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `events` | what arrived |
//! | `kept` | what the browser keeps for the next visit |
//! | `models` | another model instead of the one that answers |
//! | `perform` | what the person asked for |
//! | `save` | files to take away |
//! | `share` | addresses that lead here, and the code for another page |
//! | `video` | videos to take away |
//! | `status` | what those who watch from outside may know |
//! | `workbench` | what the app does for the shader workbench |

mod events;
mod kept;
mod mailbox;
mod models;
mod perform;
mod save;
mod share;
mod status;
mod video;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
mod workbench;

use std::{cell::RefCell, rc::Rc, sync::Arc};

use eframe::egui;
use skeletonllm::second_opinion::SecondFiles;
use skeletonllm_network::device::Selected;
use web_time::Instant;

use self::{kept::Keeping, mailbox::Mailbox, models::Candidate};
use crate::{
    actions::{self, Action},
    document::Document,
    exports::Table,
    files::{Arrival, Incoming},
    inference::{Inference, ModelStatus, Source},
    link::Link,
    models::Models,
    panels::{self, Beside, Content, UiState},
    pictures::{Pictures, TakeTextures},
    platform::{self, Kind},
    playback::Playback,
    preferences::Preferences,
    reading::Readings,
    theme,
    tour::Tour,
    video::Making,
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
    /// What is asked beside whichever model, if there is that.
    pub second: Option<Arc<SecondFiles>>,
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
    second: Option<Arc<SecondFiles>>,
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
    keeping: Keeping,
    /// The example, on its way.
    example: Incoming,
    parking: Parking,
    /// What came of saving: where the file is, or why there is none, as sentences.
    saves: Mailbox<Result<String, String>>,
    /// The video that is being made.
    making: Option<Making>,
    /// Tables of all labels that are saved once every take has some.
    tables: Vec<Table>,
    /// Why there are no pictures, as it was told last.
    told_problem: String,
    announced_interactive: bool,
    /// What the page's address asks for and was not done yet.
    link: Link,
    /// As they are kept for the next visit.
    preferences: Preferences,
    /// Whether there is an address that can lead others here.
    shareable: bool,
    /// Whether software imitates the GPU that draws.
    software: bool,
    /// Why it is the processor that computes, where somebody may wonder.
    why_processor: Option<String>,
}

impl App {
    /// Takes up the work of an earlier window, if there was one.
    pub fn new(ctx: &egui::Context, parts: Parts) -> App {
        theme::install(ctx);
        let Parts { inference, shipped, second, selected, pictures, parking, incoming, link } = parts;
        let parked = parking.take();
        let first = parked.is_none();
        let (mut document, mut playback) = (parked.unwrap_or_default(), Playback::default());
        if first {
            document.link = link.clone();
        }
        // another page shows what its author chose
        if document.link.embed {
            document.theme = document.link.dark;
        } else if let Some(kept) = Preferences::recall() {
            kept.apply(&mut document, &mut playback);
        }
        let software = pictures.backend().is_software();
        let mut app = App {
            software,
            preferences: Preferences::of(&document, playback),
            document,
            playback,
            ui_state: UiState::default(),
            inference,
            shipped,
            second,
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
            keeping: Keeping::default(),
            example: Incoming::default(),
            parking,
            saves: Mailbox::default(),
            making: None,
            tables: Vec::new(),
            told_problem: String::new(),
            announced_interactive: false,
            link,
            shareable: platform::address().is_some(),
            why_processor: None,
        };
        if let Some((why, unexpected)) = platform::why_processor() {
            if first && unexpected && !app.document.link.embed {
                app.document.notice(false, &*why);
            }
            app.why_processor = Some(why);
        }
        app.apply_theme(ctx);
        if first && !app.document.link.embed && !app.link.leads_to_a_take() {
            app.recall();
        } else {
            kept::settle();
        }
        if !app.document.link.embed && !app.link.leads_to_a_take() {
            app.fetch_example();
        }
        app.follow_link(ctx);
        if !app.document.link.embed {
            platform::list_models(app.models.sender(ctx));
        }
        // the window before this one had another model
        if let Some(offered) = app.document.model.clone() {
            app.load(ctx, Some(offered), false);
        }
        app
    }

    /// Fetches what is shown whenever nothing is open.
    fn fetch_example(&self) {
        let missing = self.document.takes.is_empty() && self.document.example.is_none();
        if missing && self.samples.iter().any(|name| name == EXAMPLE) {
            platform::read_sample(EXAMPLE, &self.example);
        }
    }

    /// Shows the example once it is there.
    fn show_example(&mut self) {
        for arrival in self.example.take() {
            let Arrival::File(file, _) = arrival else { continue };
            self.document.show_example(file);
            self.look_at_current();
        }
    }

    /// Turns the view to the take in view, or to the example.
    fn look_at_current(&mut self) {
        self.ui_state.show_take(self.document.take().or(self.document.example.as_ref()));
    }

    /// Has the model name takes, one after the other, once the person has let go of what changes the pictures.
    fn name_takes(&mut self, ctx: &egui::Context) {
        if !self.can_name() || self.inference.is_naming() || ctx.input(|input| input.pointer.any_down()) {
            return;
        }
        if let Some(subject) = self.document.unnamed() {
            self.inference.recognise(subject);
        } else if self.inference.seconds()
            // an imitated GPU takes seconds for it, in which questions would wait
            && !self.software
            && let Some(subject) = self.document.unseconded()
        {
            self.inference.second(subject);
        }
    }

    /// Whether takes will be named: by a model that can be used and sees, as far as is known.
    fn can_name(&self) -> bool {
        let status = self.inference.status();
        status.sees() && !matches!(status, ModelStatus::Failed(_))
    }

    /// Whether the model does something that somebody waits for: an answer, or the name of what is in view.
    fn is_busy(&self) -> bool {
        let unnamed = self.document.take().is_some_and(|take| self.document.is_unnamed(take));
        self.inference.is_asked() || (self.can_name() && unnamed)
    }

    /// Nothing moves by itself where a GPU is imitated by software, or where the person asks for it now.
    fn keep_calm(&self, ctx: &egui::Context) {
        theme::calm(ctx, self.software || platform::prefers_calm());
    }

    /// Keeps what was chosen for the next visit.
    fn keep_preferences(&mut self) {
        // what the tour changes is not chosen, nor what another page shows
        if self.tour.is_some() || self.document.link.embed {
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
        let embed = self.document.link.embed;
        if !embed {
            platform::receive_dropped(&ctx.input(|input| input.raw.dropped_files.clone()), &self.incoming);
        }
        self.keep_calm(ctx);
        self.take_models(ctx);
        self.hear_models(ctx);
        self.open_arrivals(ctx);
        self.open_motions(ctx);
        self.show_example();
        for event in self.inference.events() {
            self.handle(event);
        }
        self.note_kept();
        self.save_tables();
        for saved in self.saves.take() {
            match saved {
                Ok(text) => self.note(&text),
                Err(problem) => self.report_error(&problem),
            }
        }
        self.watch_video(ctx);
        // where another page shows nothing, it goes on saying why
        if !(embed && self.document.takes.is_empty())
            && let Some(left) = self.document.drop_old_notices(Instant::now())
        {
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
        self.name_takes(ctx);
        self.play(ctx);
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        self.update_workbench(ctx);
    }

    fn play(&mut self, ctx: &egui::Context) {
        let seconds = ctx.input(|input| input.stable_dt).min(0.1);
        let example = Playback { playing: theme::is_lively(ctx), speed: 1.0 };
        if self.document.takes.is_empty()
            && let Some(take) = &mut self.document.example
            && take.play(example, seconds)
        {
            ctx.request_repaint();
        }
        if self.document.play(self.playback, seconds) {
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
        self.tell_problem(pictures.as_ref().err());
        let pictures_beside = if covered { Err(String::new()) } else { self.draw_beside(ui.ctx()) };
        let beside = self.document.beside();
        let content = Content {
            document: &self.document,
            awaited: self.incoming.awaited(),
            readings: self.readings.all(),
            making: self.making.as_ref(),
            tour: self.tour.as_ref(),
            playback: self.playback,
            pictures,
            beside: beside.map(|(take, step)| Beside { take, step, pictures: pictures_beside }),
            trained_depth_mix: self.pictures.trained_depth_mix(&self.document.settings),
            model: self.inference.status(),
            models: &self.models,
            why_processor: self.why_processor.as_deref(),
            words: self.inference.words(),
            busy: self.inference.is_asked(),
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

    /// Says why there are no pictures, once.
    fn tell_problem(&mut self, problem: Option<&String>) {
        let problem = problem.cloned().unwrap_or_default();
        if self.told_problem != problem {
            if !problem.is_empty() {
                let name = self.document.take().map_or("", |take| &take.name);
                platform::announce_of(Kind::Error, name, &format!("it cannot be drawn: {problem}"));
            }
            self.told_problem = problem;
        }
    }

    /// Draws the pictures of the take beside it, if there is one.
    fn draw_beside(&mut self, ctx: &egui::Context) -> Result<TakeTextures, String> {
        let Some((take, _)) = self.document.beside() else {
            self.pictures.forget_beside();
            return Err(String::new());
        };
        let (subject, frame) = (self.document.drawn(take), take.current_frame());
        self.pictures.textures_beside(ctx, &subject, frame)
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
        self.document.give_up("the GPU was lost before the answer was there; ask again");
        self.give_up_video();
        // the next window reads them
        let unread = self.readings.abandon().filter(|unread| unread.instead_of.is_none());
        unread.for_each(|unread| self.incoming.push(Arc::unwrap_or_clone(unread.file), unread.origin));
        self.parking.replace(Some(std::mem::take(&mut self.document)));
    }
}
