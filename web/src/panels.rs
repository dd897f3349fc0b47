//! The window's panels. Each shows part of [`Content`] and asks for [`Action`]s; what they change themselves is only how
//! they look at it, [`UiState`].

mod chat;
mod embed;
mod header;
mod heat;
mod help;
mod models;
mod pair;
mod reading;
mod takes;
#[cfg(test)]
mod tests;
mod timeline;
mod video;
mod viewport;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
mod workbench;

use std::time::Duration;

use draction::motion::Format;
use eframe::egui;
use skeletonllm_network::words::Words;

#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
use crate::workbench::Workbench;
use crate::{
    actions::Action,
    document::{Document, Step, Take},
    files::Awaited,
    inference::ModelStatus,
    models::Models,
    pictures::TakeTextures,
    playback::Playback,
    reading::Reading,
    theme,
    tour::{STEPS, Tour},
    video::{Look, Making},
    widgets::{
        Banner, Button, Closed, Orbit, Progress, Rows, SceneView, Severity, TOAST, TimelineState, drop_overlay,
        drop_zone, percent, section, segmented, toasts,
    },
};

/// Windows narrower than this show one page at a time, in points.
const NARROW: f32 = 860.0;
/// Windows narrower than this list their takes in a menu.
const ROOM_FOR_TAKES: f32 = 1000.0;
/// Windows lower than this have the strip below the picture, where it can be scrolled to, instead of below everything.
const LOW: f32 = 640.0;
/// Windows lower than this, as phones on their side are, show one page at a time whatever their width.
const FLAT: f32 = 480.0;
/// Where there is less for the place that files are dropped on, there are only three ways to begin, without icons, so that
/// they stand in one row, in points.
const ROOM_FOR_OPENING: f32 = 420.0;
/// The pages of a narrow window.
const PAGES: [&str; 3] = ["Motion", "Pictures", "Ask"];
/// The page that holds DrAction's pictures.
const PICTURES_PAGE: usize = 1;
/// The page that holds the chat.
const CHAT_PAGE: usize = 2;

/// What the panels show in one frame of the window.
pub struct Content<'a> {
    /// What was opened, asked and chosen.
    pub document: &'a Document,
    /// The tour, while it is under way.
    pub tour: Option<&'a Tour>,
    /// Files that are on their way in.
    pub awaited: Option<Awaited>,
    /// Files that are being read.
    pub readings: &'a [Reading],
    /// The video that is being made.
    pub making: Option<&'a Making>,
    /// Whether the take in view plays.
    pub playback: Playback,
    /// The pictures of the take in view, or why there are none.
    pub pictures: Result<TakeTextures, String>,
    /// Another take beside it.
    pub beside: Option<Beside<'a>>,
    /// Share of depth colour that the weights in force were trained to, 0..1.
    pub trained_depth_mix: f32,
    /// What is known of the model.
    pub model: &'a ModelStatus,
    /// Which other models there are.
    pub models: &'a Models,
    /// Why it is the processor that computes, where somebody may wonder.
    pub why_processor: Option<&'a str>,
    /// What the model compares movements with, if it does.
    pub words: Option<&'a Words>,
    /// Whether the model has something to do.
    pub busy: bool,
    /// File names of the bundled samples.
    pub samples: &'a [String],
    /// Whether there is an address that can lead others here.
    pub shareable: bool,
    /// The shader workbench while it is open. It covers everything else.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    pub workbench: Option<&'a Workbench>,
}

/// A take beside the one in view.
pub struct Beside<'a> {
    /// The take.
    pub take: &'a Take,
    /// How both are kept in step.
    pub step: Step,
    /// Its pictures, or why there are none.
    pub pictures: Result<TakeTextures, String>,
}

/// How the panels look at the document; forgotten with the window.
#[derive(Default)]
pub struct UiState {
    /// Where the 3-D view looks from, and the id of the take that it was set up for.
    orbit: Orbit,
    orbit_of: u64,
    /// The same of the take beside it.
    orbit_beside: Orbit,
    orbit_beside_of: u64,
    /// What the list of takes shows.
    takes: takes::TakeList,
    /// Zoom of the timeline.
    timeline: TimelineState,
    /// Whether hands and feet leave trails.
    trails: bool,
    /// Whether the cursor should go to the question field.
    focus_question: bool,
    /// Whether the list of keys is shown.
    help: bool,
    /// On a narrow window: which of [`PAGES`] is shown.
    page: usize,
    /// Size of the window in the last frame, in points.
    size: egui::Vec2,
    /// Where things were in the last frame.
    pub places: Places,
}

/// Where the things are that every window must have room for, in points; nothing for what is on another page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Places {
    /// The moving skeleton.
    pub scene: Option<egui::Rect>,
    /// DrAction's picture.
    pub picture: Option<egui::Rect>,
    /// The skeleton of the take beside.
    pub scene_beside: Option<egui::Rect>,
    /// Its picture.
    pub picture_beside: Option<egui::Rect>,
    /// Labels, questions and answers.
    pub conversation: Option<egui::Rect>,
    /// The bundled motion, where nothing is open.
    pub example: Option<egui::Rect>,
    /// The ways to begin, where nothing is open.
    pub opening: Option<egui::Rect>,
}

impl Places {
    /// Where notices cover nothing that is pressed or typed into: from so many points below the window's top to the lower
    /// end of what is shown; where nothing is, over the ways to begin or beside them, whichever has more room.
    fn in_the_way(&self, below: f32, ctx: &egui::Context) -> egui::Rect {
        let window = ctx.content_rect();
        if let Some(opening) = self.opening {
            let window = window.with_min_y(below);
            let over = window.with_max_y(opening.top().max(below));
            let beside = window.with_max_x(opening.left().max(window.left()));
            let room = |area: &egui::Rect| area.width().min(TOAST) * area.height();
            return if room(&over) >= room(&beside) { over } else { beside };
        }
        let ends = [self.scene, self.picture, self.conversation].into_iter().flatten().map(|rect| rect.bottom());
        let end = ends.filter(|end| *end > below).fold(window.bottom(), f32::min);
        window.with_min_y(below).with_max_y(end)
    }

    /// As JSON for those who watch from outside: left, top, width and height of each, and the window's size.
    #[must_use]
    pub fn told(&self, window: egui::Vec2) -> String {
        let place = |rect: egui::Rect| [rect.left(), rect.top(), rect.width(), rect.height()].map(|x| x.round() as i32);
        serde_json::json!({
            "window": [window.x.round() as i32, window.y.round() as i32],
            "scene": self.scene.map(place),
            "picture": self.picture.map(place),
            "scene beside": self.scene_beside.map(place),
            "picture beside": self.picture_beside.map(place),
            "conversation": self.conversation.map(place),
            "example": self.example.map(place),
            "opening": self.opening.map(place),
        })
        .to_string()
    }
}

impl UiState {
    /// Puts the cursor into the question field.
    pub fn focus_question(&mut self) {
        self.focus_question = true;
        self.page = CHAT_PAGE;
    }

    /// Shows the motion, where it shares its place with others.
    pub fn show_motion(&mut self) {
        self.page = 0;
    }

    /// Shows DrAction's pictures, where they share their place with others.
    pub fn show_pictures(&mut self) {
        self.page = PICTURES_PAGE;
    }

    /// Shows or hides the list of keys.
    pub fn toggle_help(&mut self) {
        self.help = !self.help;
    }

    /// Whether the list of keys is shown.
    pub fn shows_help(&self) -> bool {
        self.help
    }

    /// How the scene of the take in view is looked at, in a dark or light window.
    pub fn look(&self, take: &Take, dark: bool) -> Look {
        Look { orbit: self.orbit.clone(), trails: self.trails, heat: heat::heat(take), dark }
    }

    /// Looks at another take from the start.
    pub fn show_take(&mut self, take: Option<&Take>) {
        self.timeline.reset();
        let Some(take) = take.filter(|take| take.id != self.orbit_of) else { return };
        if take.id == self.orbit_beside_of {
            std::mem::swap(&mut self.orbit, &mut self.orbit_beside);
            std::mem::swap(&mut self.orbit_of, &mut self.orbit_beside_of);
            return;
        }
        self.orbit_of = take.id;
        self.orbit.reset(&take.motion);
    }

    /// Looks at a take beside the one in view, from the start if it was not there before.
    fn look_beside(&mut self, take: &Take) {
        if take.id != self.orbit_beside_of {
            self.orbit_beside_of = take.id;
            self.orbit_beside.reset(&take.motion);
        }
    }
}

/// Shows everything, and answers with what the person asks for.
pub fn show(content: Content<'_>, state: &mut UiState, ui: &mut egui::Ui) -> Vec<Action> {
    let mut actions = Vec::new();
    let ctx = ui.ctx().clone();
    state.places = Places::default();
    let size = ctx.content_rect().size();
    if state.size != size {
        // some panels are as large as they were in the frame before
        state.size = size;
        ctx.request_repaint();
    }
    if content.document.link.embed {
        embed::show(&content, state, ui, &mut actions);
        if !content.document.takes.is_empty() {
            notices(content.document, ctx.content_rect(), &ctx, &mut actions);
        }
        return actions;
    }
    let narrow = ui.available_width() < NARROW;
    header::show(&content, state, ui, narrow, &mut actions);
    awaited(content.awaited, ui, &mut actions);
    readings(content.readings, ui, &mut actions);
    models::coming(content.models, ui, &mut actions);
    video::progress(content.making, ui, &mut actions);
    tour(&content, ui, &mut actions);
    let below = ui.available_rect_before_wrap().top();
    if content.document.takes.is_empty() {
        empty(&content, state, ui, &mut actions);
    } else if !bench(&content, state, ui, &mut actions) {
        if narrow || size.y < FLAT {
            pages(&content, state, ui, &mut actions);
        } else {
            columns(&content, state, ui, &mut actions);
        }
    }
    drop_overlay(&ctx, "Drop to open");
    notices(content.document, state.places.in_the_way(below, &ctx), &ctx, &mut actions);
    help::show(&content, state, &ctx, &mut actions);
    actions
}

/// A bar across the window, below those that are there.
fn bar(id: &'static str, ui: &mut egui::Ui, content: impl FnOnce(&mut egui::Ui)) {
    let frame = plain_frame().inner_margin(egui::Margin::symmetric(12, 8));
    egui::Panel::top(id).resizable(false).frame(frame).show(ui, content);
}

/// That files are on their way in, and how many of them have come. Most are there before anybody sees that they are not.
fn awaited(awaited: Option<Awaited>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    const PATIENCE: Duration = Duration::from_millis(200);
    let Some(Awaited { here, all, waited }) = awaited else { return };
    if let Some(left) = PATIENCE.checked_sub(waited).filter(|left| !left.is_zero()) {
        return ui.ctx().request_repaint_after(left);
    }
    bar("awaited", ui, |ui| {
        let (label, detail) = match all {
            1 => ("Opening a file".to_owned(), None),
            _ => (format!("Opening {all} files"), Some(format!("{here} of {all}"))),
        };
        let fraction = (all > 1).then(|| here as f32 / all as f32);
        let line = Progress { label: &label, fraction, detail: detail.as_deref(), cancel: true };
        if line.show(ui) {
            actions.push(Action::CancelReadings);
        }
        // nobody tells of each that comes
        ui.ctx().request_repaint_after(PATIENCE);
    });
}

/// What is being read, a line each; it can be given up.
fn readings(readings: &[Reading], ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    const SHOWN: usize = 2;
    if readings.is_empty() {
        return;
    }
    bar("readings", ui, |ui| {
        for reading in readings.iter().take(SHOWN) {
            let (file, mega) = (&reading.unread.file, f64::from(1 << 20));
            let (label, size) = (format!("Reading {}", file.name), format!("{:.1} MB", file.bytes.len() as f64 / mega));
            let detail = reading.fraction.map_or(size.clone(), |done| format!("{} of {size}", percent(done)));
            let line = Progress { label: &label, fraction: reading.fraction, detail: Some(&detail), cancel: true };
            if ui.push_id(reading.id, |ui| line.show(ui)).inner {
                actions.push(Action::CancelReading(reading.id));
            }
        }
        if readings.len() > SHOWN {
            ui.horizontal(|ui| {
                ui.label(theme::text::small(format!("and {} more", readings.len() - SHOWN)));
                if Button::new("Cancel all").quiet(true).show(ui).clicked() {
                    actions.push(Action::CancelReadings);
                }
            });
        }
    });
}

/// What the tour tells now.
fn tour(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(tour) = content.tour else { return };
    bar("tour", ui, |ui| {
        let step = tour.step();
        ui.horizontal(|ui| {
            ui.label(theme::text::strong(format!("{} of {} · {}", tour.number(), STEPS.len(), step.title)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let last = tour.is_last();
                if Button::new(if last { "Done" } else { "Next" }).primary(true).show(ui).clicked() {
                    actions.push(Action::Tour);
                }
                if !last && Button::new("End").quiet(true).show(ui).clicked() {
                    actions.push(Action::EndTour);
                }
            });
        });
        ui.label(step.text);
    });
}

/// The shader workbench in the place of everything else, if it is open; says whether it is.
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
fn bench(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) -> bool {
    let Some(bench) = content.workbench else { return false };
    workbench::show(bench, content, state, ui, actions);
    true
}

/// A build without a shader workbench.
#[cfg(not(all(feature = "gpu", not(target_family = "wasm"))))]
fn bench(_: &Content<'_>, _: &mut UiState, _: &mut egui::Ui, _: &mut Vec<Action>) -> bool {
    false
}

/// A wide window: takes on the left, chat on the right, pictures and time between them.
fn columns(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let panel = plain_frame();
    let low = ui.ctx().content_rect().height() < LOW;
    if has_list(content.document, ui.ctx()) {
        egui::Panel::left("takes").resizable(false).exact_size(190.0).frame(panel).show(ui, |ui| {
            takes::show(content.document, content.words, &mut state.takes, ui, actions);
        });
    }
    let width = (ui.available_width() * 0.3).clamp(280.0, 400.0);
    egui::Panel::right("chat").resizable(false).exact_size(width).frame(panel).show(ui, |ui| {
        chat::show(content, state, ui, actions);
    });
    let height = ui.available_height();
    egui::Panel::bottom("timeline").resizable(false).frame(panel).show(ui, |ui| {
        timeline::transport(content, ui, actions);
        timeline::scrubber(content, state, ui, actions);
        match &content.beside {
            Some(beside) => pair::strips((content, beside), height, ui, actions),
            None if !low => timeline::strip(content, ui, Rows::Fewest, actions),
            None => {}
        }
    });
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| match &content.beside {
        Some(beside) => pair::show((content, beside), true, state, ui, actions),
        None => viewport::side_by_side(content, low, state, ui, actions),
    });
}

/// Whether the window lists its takes beside everything else; otherwise the header has a menu of them.
fn has_list(document: &Document, ctx: &egui::Context) -> bool {
    document.takes.len() > 1 && ctx.content_rect().width() >= ROOM_FOR_TAKES
}

/// A narrow window: one page at a time, time always at hand.
fn pages(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let panel = plain_frame();
    let flat = ui.ctx().content_rect().height() < FLAT;
    egui::Panel::bottom("tabs").resizable(false).frame(panel).show(ui, |ui| {
        if flat {
            ui.horizontal(|ui| {
                segmented(ui, &PAGES, &mut state.page);
                timeline::transport(content, ui, actions);
            });
            if state.page != CHAT_PAGE {
                timeline::scrubber(content, state, ui, actions);
            }
        } else {
            timeline::transport(content, ui, actions);
            timeline::scrubber(content, state, ui, actions);
            ui.add_space(theme::space::S);
            ui.vertical_centered(|ui| segmented(ui, &PAGES, &mut state.page));
        }
    });
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| match (state.page, &content.beside) {
        (0, Some(beside)) => pair::show((content, beside), false, state, ui, actions),
        (PICTURES_PAGE, Some(beside)) => pair::scrolled((content, beside), state, ui, actions),
        (0, None) => viewport::scene(content, state, ui, actions),
        (PICTURES_PAGE, None) => {
            viewport::scrolled(content, state, ui, actions);
        }
        _ => chat::show(content, state, ui, actions),
    });
}

/// Nothing is open: where files go, and beside or above it what comes of one.
fn empty(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| {
        let space = ui.available_size();
        match &content.document.example {
            Some(take) if space.x >= NARROW || space.y < FLAT => ui.columns_const(|[left, right]| {
                example(take, content.model.sees(), state, left, actions);
                invitation(content, state, right, actions);
            }),
            Some(take) => {
                let part = egui::vec2(space.x, space.y * 0.4);
                ui.allocate_ui(part, |ui| example(take, content.model.sees(), state, ui, actions));
                invitation(content, state, ui, actions);
            }
            None => invitation(content, state, ui, actions),
        }
    });
}

/// Where files go.
fn invitation(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    // fingers cannot drop anything
    let fingers = ui.input(|input| input.has_touch_screen()) || ui.ctx().content_rect().width() < theme::PHONE;
    let title = if fingers { "Open a motion file" } else { "Drop a motion file here" };
    let question = "Ask what the person does, with which hand, how often, and why you should believe it.";
    // where there is little room, the buttons are what is needed
    let hint = match ui.available_height() {
        height if height < FLAT => String::new(),
        _ => format!(
            "It moves, and becomes the pictures that the model looks at. {}. It stays on this machine, pictures, answers \
             and all.",
            Format::listed()
        ),
    };
    let roomy = ui.available_width() >= ROOM_FOR_OPENING;
    drop_zone(ui, title, question, &hint, |ui| {
        header::open_buttons(content, roomy, ui, actions);
        if roomy
            && !fingers
            && Button::new("Folder").quiet(true).tooltip("All motions of a folder (Shift+O)").show(ui).clicked()
        {
            actions.push(Action::ChooseFolder);
        }
        if Button::new("Tour").quiet(true).tooltip("Half a minute about the pictures").show(ui).clicked() {
            actions.push(Action::Tour);
        }
        state.places.opening = Some(ui.min_rect());
    });
}

/// A bundled motion, and what the model says of it.
fn example(take: &Take, sees: bool, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let answer = match take.labels.first() {
        Some((label, probability)) => format!("“{label}”, {}", percent(*probability)),
        None if !sees => "the model sees no pictures".to_owned(),
        None => "the model is about to look at it…".to_owned(),
    };
    section(ui, "For example", |ui| {
        if Button::new("Open it").quiet(true).tooltip("See its pictures, and ask about it").show(ui).clicked() {
            actions.push(Action::OpenSample(take.name.clone()));
        }
    });
    let room = egui::vec2(ui.available_width(), (ui.available_height() - theme::space::L * 2.0).max(40.0));
    ui.allocate_ui(room, |ui| {
        state.places.example = Some(SceneView::new(&take.motion, take.frame).show(ui, &mut state.orbit).rect);
    });
    ui.vertical_centered(|ui| ui.label(theme::text::strong(answer)));
}

/// The newest notices, over a part of the window.
fn notices(document: &Document, area: egui::Rect, ctx: &egui::Context, actions: &mut Vec<Action>) {
    const SHOWN: usize = 3;
    let skipped = document.notices.len().saturating_sub(SHOWN);
    let banners: Vec<Banner<'_>> = (document.notices.iter().skip(skipped))
        .map(|notice| Banner {
            severity: if notice.error { Severity::Error } else { Severity::Info },
            title: if notice.error { "That did not work" } else { "Note" },
            message: &notice.text,
            closable: true,
        })
        .collect();
    match toasts(ctx, area, &banners) {
        Some(Closed::One(index)) => actions.push(Action::CloseNotice(skipped + index)),
        Some(Closed::All) => actions.push(Action::CloseNotices),
        None => {}
    }
}

/// Without a fill: the window was cleared in the panels' colour, lines keep them apart, and filling what is filled costs
/// a software GPU more than everything else together.
fn plain_frame() -> egui::Frame {
    egui::Frame::NONE.inner_margin(theme::space::M as i8 - 4)
}
