//! The window's panels. Each shows part of the document and returns what the person asks for.

mod chat;
mod film;
mod header;
mod help;
mod stage;
mod takes;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
mod workbench;

use eframe::egui::{self, TextureId};

use crate::{
    actions::Action,
    app::App,
    theme,
    widgets::{Banner, Severity, drop_overlay, drop_zone, segmented, toasts},
};

/// Windows narrower than this show one page at a time, in points.
const NARROW: f32 = 860.0;
/// The page of a narrow window that holds the chat.
pub const CHAT_TAB: usize = 2;

/// The pictures of the take in view.
pub struct Drawn {
    /// The strip's pictures side by side.
    pub strip: TextureId,
    /// The frame at the playhead.
    pub live: TextureId,
    /// Source frames of the strip.
    pub sampled: Vec<usize>,
}

/// Shows everything.
pub fn show(app: &mut App, ui: &mut egui::Ui) -> Vec<Action> {
    let mut actions = Vec::new();
    let ctx = ui.ctx().clone();
    let narrow = ui.available_width() < NARROW;
    header::show(app, ui, narrow, &mut actions);
    if app.document.takes.is_empty() {
        empty(app, ui, &mut actions);
    } else if is_workbench_open(app) {
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        workbench::show(app, ui, &mut actions);
    } else {
        let drawn = app.draw_pictures(&ctx);
        if narrow { pages(app, ui, &drawn, &mut actions) } else { columns(app, ui, &drawn, &mut actions) }
    }
    drop_overlay(&ctx, "Drop to open");
    notices(app, &ctx, &mut actions);
    help::show(app, &ctx, &mut actions);
    actions
}

/// Whether the shader workbench covers the columns; in a browser there is none.
fn is_workbench_open(app: &App) -> bool {
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    return app.workbench.as_ref().is_some_and(|bench| bench.open);
    #[cfg(not(all(feature = "gpu", not(target_family = "wasm"))))]
    {
        let _ = app;
        false
    }
}

/// A wide window: takes on the left, chat on the right, pictures and time between them.
fn columns(app: &mut App, ui: &mut egui::Ui, drawn: &Result<Drawn, String>, actions: &mut Vec<Action>) {
    let panel = plain_frame();
    if app.document.takes.len() > 1 {
        egui::Panel::left("takes").resizable(false).exact_size(190.0).frame(panel).show(ui, |ui| {
            takes::show(&app.document, ui, actions);
        });
    }
    let width = (ui.available_width() * 0.3).clamp(280.0, 400.0);
    egui::Panel::right("chat").resizable(false).exact_size(width).frame(panel).show(ui, |ui| {
        chat::show(app, ui, actions);
    });
    egui::Panel::bottom("film").resizable(false).frame(panel).show(ui, |ui| {
        film::transport(app, ui, actions);
        film::timeline(app, ui, drawn, actions);
        film::strip(app, ui, drawn, false, actions);
    });
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| stage::side_by_side(app, ui, drawn, actions));
}

/// A narrow window: one page at a time, time always at hand.
fn pages(app: &mut App, ui: &mut egui::Ui, drawn: &Result<Drawn, String>, actions: &mut Vec<Action>) {
    let panel = plain_frame();
    egui::Panel::bottom("tabs").resizable(false).frame(panel).show(ui, |ui| {
        film::transport(app, ui, actions);
        film::timeline(app, ui, drawn, actions);
        ui.add_space(theme::space::S);
        ui.vertical_centered(|ui| segmented(ui, &["Motion", "Pictures", "Ask"], &mut app.view.tab));
    });
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| match app.view.tab {
        0 => stage::scene(app, ui, actions),
        1 => {
            egui::ScrollArea::vertical().show(ui, |ui| {
                stage::picture(app, ui, drawn, actions);
                film::strip(app, ui, drawn, true, actions);
                takes::show(&app.document, ui, actions);
            });
        }
        _ => chat::show(app, ui, actions),
    });
}

fn empty(app: &mut App, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| {
        let title = "Drop a motion file here";
        let hint = "BVH, NTU .skeleton, HumanML3D, .npy. It stays on this machine: pictures, answers and all.";
        drop_zone(ui, title, hint, |ui| header::open_buttons(app, ui, actions));
    });
}

/// The newest notices, over everything else.
fn notices(app: &App, ctx: &egui::Context, actions: &mut Vec<Action>) {
    const SHOWN: usize = 3;
    let skipped = app.document.notices.len().saturating_sub(SHOWN);
    let banners: Vec<Banner<'_>> = (app.document.notices.iter().skip(skipped))
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
