//! The window's panels. Each shows part of [`Content`] and asks for [`Action`]s; what they change themselves is only how
//! they look at it, [`UiState`].

mod chat;
mod header;
mod help;
mod models;
mod reading;
mod takes;
#[cfg(test)]
mod tests;
mod timeline;
mod viewport;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
mod workbench;

use draction::motion::Format;
use eframe::egui;

#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
use crate::workbench::Workbench;
use crate::{
    actions::Action,
    document::{Document, Take},
    inference::ModelStatus,
    models::Models,
    pictures::TakeTextures,
    playback::Playback,
    reading::Reading,
    theme,
    tour::{STEPS, Tour},
    widgets::{
        Banner, Button, Closed, Orbit, Progress, SceneView, Severity, TimelineState, drop_overlay, drop_zone, percent,
        section, segmented, toasts,
    },
};

/// Windows narrower than this show one page at a time, in points.
const NARROW: f32 = 860.0;
/// Windows narrower than this list their takes in a menu.
const ROOM_FOR_TAKES: f32 = 1000.0;
/// Windows lower than this have the pictures in one row, and those of phones on their side tabs beside the buttons.
const LOW: f32 = 640.0;
/// As [`LOW`], of phones on their side.
const FLAT: f32 = 480.0;
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
    /// Files that are being read.
    pub readings: &'a [Reading],
    /// Whether the take in view plays.
    pub playback: Playback,
    /// The pictures of the take in view, or why there are none.
    pub pictures: Result<TakeTextures, String>,
    /// Share of depth colour that the weights in force were trained to, 0..1.
    pub trained_depth_mix: f32,
    /// What is known of the model.
    pub model: &'a ModelStatus,
    /// Which other models there are.
    pub models: &'a Models,
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

/// How the panels look at the document; forgotten with the window.
#[derive(Default)]
pub struct UiState {
    /// Where the 3-D view looks from, and the id of the take that it was set up for.
    orbit: Orbit,
    orbit_of: u64,
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
    /// Labels, questions and answers.
    pub conversation: Option<egui::Rect>,
}

impl Places {
    /// As JSON for those who watch from outside: left, top, width and height of each, and the window's size.
    #[must_use]
    pub fn told(&self, window: egui::Vec2) -> String {
        let place = |rect: egui::Rect| [rect.left(), rect.top(), rect.width(), rect.height()].map(|x| x.round() as i32);
        serde_json::json!({
            "window": [window.x.round() as i32, window.y.round() as i32],
            "scene": self.scene.map(place),
            "picture": self.picture.map(place),
            "conversation": self.conversation.map(place),
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

    /// Looks at another take from the start.
    pub fn show_take(&mut self, take: Option<&Take>) {
        self.timeline.reset();
        if let Some(take) = take.filter(|take| take.id != self.orbit_of) {
            self.orbit_of = take.id;
            self.orbit.reset(&take.motion);
        }
    }
}

/// Shows everything, and answers with what the person asks for.
pub fn show(content: Content<'_>, state: &mut UiState, ui: &mut egui::Ui) -> Vec<Action> {
    let mut actions = Vec::new();
    let ctx = ui.ctx().clone();
    state.places = Places::default();
    let narrow = ui.available_width() < NARROW;
    header::show(&content, state, ui, narrow, &mut actions);
    readings(content.readings, ui, &mut actions);
    models::coming(content.models, ui, &mut actions);
    tour(&content, ui, &mut actions);
    let below = ui.available_rect_before_wrap().top();
    if content.document.takes.is_empty() {
        empty(&content, state, ui, &mut actions);
    } else if !bench(&content, state, ui, &mut actions) {
        if narrow { pages(&content, state, ui, &mut actions) } else { columns(&content, state, ui, &mut actions) }
    }
    drop_overlay(&ctx, "Drop to open");
    notices(content.document, below, &ctx, &mut actions);
    help::show(state, &ctx, &mut actions);
    actions
}

/// What is being read, a line each; it can be given up.
fn readings(readings: &[Reading], ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    if readings.is_empty() {
        return;
    }
    let frame = plain_frame().inner_margin(egui::Margin::symmetric(12, 8));
    egui::Panel::top("readings").resizable(false).frame(frame).show(ui, |ui| {
        for reading in readings {
            let (file, mega) = (&reading.unread.file, f64::from(1 << 20));
            let (label, size) = (format!("Reading {}", file.name), format!("{:.1} MB", file.bytes.len() as f64 / mega));
            let line = Progress { label: &label, fraction: None, detail: Some(&size), cancel: true };
            if ui.push_id(reading.id, |ui| line.show(ui)).inner {
                actions.push(Action::CancelReading(reading.id));
            }
        }
    });
}

/// What the tour tells now.
fn tour(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(tour) = content.tour else { return };
    let frame = plain_frame().inner_margin(egui::Margin::symmetric(12, 8));
    egui::Panel::top("tour").resizable(false).frame(frame).show(ui, |ui| {
        let step = tour.step();
        ui.horizontal(|ui| {
            ui.label(theme::text::strong(format!("{} of {} · {}", tour.number(), STEPS.len(), step.title)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let last = tour.number() == STEPS.len();
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
            takes::show(content.document, &mut state.takes, ui, actions);
        });
    }
    let width = (ui.available_width() * 0.3).clamp(280.0, 400.0);
    egui::Panel::right("chat").resizable(false).exact_size(width).frame(panel).show(ui, |ui| {
        chat::show(content, state, ui, actions);
    });
    egui::Panel::bottom("timeline").resizable(false).frame(panel).show(ui, |ui| {
        timeline::transport(content, ui, actions);
        timeline::scrubber(content, state, ui, actions);
        timeline::strip(content, ui, low, actions);
    });
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| {
        viewport::side_by_side(content, state, ui, actions);
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
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| match state.page {
        0 => viewport::scene(content, state, ui, actions),
        PICTURES_PAGE => {
            egui::ScrollArea::vertical().show(ui, |ui| {
                viewport::picture(content, state, ui, actions);
                timeline::strip(content, ui, true, actions);
            });
        }
        _ => chat::show(content, state, ui, actions),
    });
}

/// Nothing is open: where files go, and beside or above it what comes of one.
fn empty(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| {
        let space = ui.available_size();
        match &content.document.example {
            Some(take) if space.x >= NARROW => ui.columns_const(|[left, right]| {
                example(take, state, left, actions);
                invitation(content, right, actions);
            }),
            Some(take) if space.y >= LOW => {
                let half = egui::vec2(space.x, space.y * 0.45);
                ui.allocate_ui(half, |ui| example(take, state, ui, actions));
                invitation(content, ui, actions);
            }
            _ => invitation(content, ui, actions),
        }
    });
}

/// Where files go.
fn invitation(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    // fingers cannot drop anything
    let fingers = ui.input(|input| input.has_touch_screen()) || ui.ctx().content_rect().width() < theme::PHONE;
    let title = if fingers { "Open a motion file" } else { "Drop a motion file here" };
    let hint = format!(
        "{}. See it move and become pictures; ask what the person does, with which hand, how often, and why you should \
         believe it. It stays on this machine: pictures, answers and all.",
        Format::listed()
    );
    drop_zone(ui, title, &hint, |ui| {
        header::open_buttons(content, ui, actions);
        if Button::new("Tour").quiet(true).tooltip("Half a minute about the pictures").show(ui).clicked() {
            actions.push(Action::Tour);
        }
    });
}

/// A bundled motion, and what the model says of it.
fn example(take: &Take, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let answer = match take.labels.first() {
        Some((label, probability)) => format!("“{label}”, {}", percent(*probability)),
        None => "the model is about to look at it…".to_owned(),
    };
    section(ui, "For example", |ui| {
        if Button::new("Open it").quiet(true).tooltip("See its pictures, and ask about it").show(ui).clicked() {
            actions.push(Action::OpenSample(take.name.clone()));
        }
    });
    let room = egui::vec2(ui.available_width(), (ui.available_height() - theme::space::L * 2.0).max(40.0));
    ui.allocate_ui(room, |ui| SceneView::new(&take.motion, take.frame).show(ui, &mut state.orbit));
    ui.vertical_centered(|ui| ui.label(theme::text::strong(answer)));
}

/// The newest notices, over what begins so many points below the window's top.
fn notices(document: &Document, below: f32, ctx: &egui::Context, actions: &mut Vec<Action>) {
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
    match toasts(ctx, below, &banners) {
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
