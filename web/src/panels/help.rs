//! The list of keys.

use eframe::egui;

use super::{Content, UiState};
use crate::{
    actions::{Action, KEYS},
    platform, theme,
    widgets::Button,
};

/// Width of the keys beside the words for them, in points.
const ROOM_FOR_KEYS: f32 = 96.0;

pub(super) fn show(content: &Content<'_>, state: &UiState, ctx: &egui::Context, actions: &mut Vec<Action>) {
    if !state.help {
        return;
    }
    let (id, window) = (egui::Id::unique("help"), ctx.content_rect().size());
    let room = window.y - 2.0 * theme::space::L - 2.0 * theme::space::M;
    // an area is no higher at first than it is told, and what scrolls in it stays so
    let area = egui::Modal::default_area(id).default_height(room);
    let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(theme::space::M);
    let modal = egui::Modal::new(id).area(area).frame(frame).show(ctx, |ui| {
        ui.set_max_width(380.0_f32.min(window.x - 2.0 * theme::space::L));
        egui::ScrollArea::vertical().max_height(room).show(ui, |ui| list(content, ui, actions));
    });
    if modal.should_close() {
        actions.push(Action::ToggleHelp);
    }
}

fn list(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    ui.label(theme::text::title("Keys"));
    ui.add_space(theme::space::S);
    let words = ui.available_width() - ROOM_FOR_KEYS;
    let grid = egui::Grid::new("keys").num_columns(2).spacing([theme::space::M, theme::space::XS]);
    grid.max_col_width(words).show(ui, |ui| {
        for &(key, what) in KEYS {
            ui.label(theme::text::strong(key));
            ui.label(what);
            ui.end_row();
        }
    });
    ui.add_space(theme::space::S);
    if Button::new("Half a minute about the pictures").show(ui).clicked() {
        actions.extend([Action::ToggleHelp, Action::Tour]);
    }
    if content.shareable
        && !content.document.takes.is_empty()
        && Button::new("Copy an address that leads here").show(ui).clicked()
    {
        actions.extend([Action::ToggleHelp, Action::Share]);
    }
    ui.label(theme::text::small("Files never leave this machine: everything is computed here."));
    if platform::KEEPS_FILES {
        ui.label(theme::text::small(
            "An address may name what to open, a moment and a question: ?sample=walk.bvh (or ?url= for a file beside this \
             page, or of a server that lets pages read it) &t=1.5 &ask=… In another page, ?embed shows the take alone; there \
             &view=pictures, &theme=dark or light, and &label (with words of your own: &label=…) say how. The button with the \
             link copies both.",
        ));
        ui.label(theme::text::small("What is open is kept by this browser for your next visit."));
        if Button::new("Close all and forget").quiet(true).show(ui).clicked() {
            actions.extend([Action::Forget, Action::ToggleHelp]);
        }
    }
}
