//! The window's panels. Each shows part of [`Content`] and asks for [`Action`]s; what they change themselves is only how
//! they look at it, [`UiState`].

mod chat;
mod header;
mod help;
mod takes;
#[cfg(test)]
mod tests;
mod timeline;
mod viewport;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
mod workbench;

use eframe::egui;

#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
use crate::workbench::Workbench;
use crate::{
    actions::Action,
    document::{Document, Take},
    inference::ModelStatus,
    pictures::TakeTextures,
    playback::Playback,
    theme,
    widgets::{Banner, Orbit, Severity, TimelineState, drop_overlay, drop_zone, segmented, toasts},
};

/// Windows narrower than this show one page at a time, in points.
const NARROW: f32 = 860.0;
/// The pages of a narrow window.
const PAGES: [&str; 3] = ["Motion", "Pictures", "Ask"];
/// The page that holds the chat.
const CHAT_PAGE: usize = 2;

/// What the panels show in one frame of the window.
pub struct Content<'a> {
    /// What was opened, asked and chosen.
    pub document: &'a Document,
    /// Whether the take in view plays.
    pub playback: Playback,
    /// The pictures of the take in view, or why there are none.
    pub pictures: Result<TakeTextures, String>,
    /// Share of depth colour that the weights in force were trained to, 0..1.
    pub trained_depth_mix: f32,
    /// What is known of the model.
    pub model: &'a ModelStatus,
    /// Whether the model has something to do.
    pub busy: bool,
    /// File names of the bundled samples.
    pub samples: &'a [String],
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
}

impl UiState {
    /// Puts the cursor into the question field.
    pub fn focus_question(&mut self) {
        self.focus_question = true;
        self.page = CHAT_PAGE;
    }

    /// Shows or hides the list of keys.
    pub fn toggle_help(&mut self) {
        self.help = !self.help;
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
    let narrow = ui.available_width() < NARROW;
    header::show(&content, state, ui, narrow, &mut actions);
    if content.document.takes.is_empty() {
        empty(&content, ui, &mut actions);
    } else if !bench(&content, state, ui, &mut actions) {
        if narrow { pages(&content, state, ui, &mut actions) } else { columns(&content, state, ui, &mut actions) }
    }
    drop_overlay(&ctx, "Drop to open");
    notices(content.document, &ctx, &mut actions);
    help::show(state, &ctx, &mut actions);
    actions
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
    if content.document.takes.len() > 1 {
        egui::Panel::left("takes").resizable(false).exact_size(190.0).frame(panel).show(ui, |ui| {
            takes::show(content.document, ui, actions);
        });
    }
    let width = (ui.available_width() * 0.3).clamp(280.0, 400.0);
    egui::Panel::right("chat").resizable(false).exact_size(width).frame(panel).show(ui, |ui| {
        chat::show(content, state, ui, actions);
    });
    egui::Panel::bottom("timeline").resizable(false).frame(panel).show(ui, |ui| {
        timeline::transport(content, ui, actions);
        timeline::scrubber(content, state, ui, actions);
        timeline::strip(content, ui, false, actions);
    });
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| {
        viewport::side_by_side(content, state, ui, actions);
    });
}

/// A narrow window: one page at a time, time always at hand.
fn pages(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let panel = plain_frame();
    egui::Panel::bottom("tabs").resizable(false).frame(panel).show(ui, |ui| {
        timeline::transport(content, ui, actions);
        timeline::scrubber(content, state, ui, actions);
        ui.add_space(theme::space::S);
        ui.vertical_centered(|ui| segmented(ui, &PAGES, &mut state.page));
    });
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| match state.page {
        0 => viewport::scene(content, state, ui, actions),
        1 => {
            egui::ScrollArea::vertical().show(ui, |ui| {
                viewport::picture(content, ui, actions);
                timeline::strip(content, ui, true, actions);
                takes::show(content.document, ui, actions);
            });
        }
        _ => chat::show(content, state, ui, actions),
    });
}

fn empty(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| {
        let title = "Drop a motion file here";
        let hint = "BVH, NTU .skeleton, HumanML3D, .npy. It stays on this machine: pictures, answers and all.";
        drop_zone(ui, title, hint, |ui| header::open_buttons(content, ui, actions));
    });
}

/// The newest notices, over everything else.
fn notices(document: &Document, ctx: &egui::Context, actions: &mut Vec<Action>) {
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
    if let Some(index) = toasts(ctx, &banners) {
        actions.push(Action::CloseNotice(skipped + index));
    }
}

/// Without a fill: the window was cleared in the panels' colour, lines keep them apart, and filling what is filled costs
/// a software GPU more than everything else together.
fn plain_frame() -> egui::Frame {
    egui::Frame::NONE.inner_margin(theme::space::M as i8 - 4)
}
