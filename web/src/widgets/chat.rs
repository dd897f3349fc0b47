//! Questions and answers: bubbles, suggestions, the row where one types.

mod input;
mod message;

use eframe::egui::{Align, Layout, ScrollArea, Ui, scroll_area::ScrollBarVisibility, vec2};

pub use input::{ChatInput, ChatInputOutput, InputAction};
pub use message::{Author, MessageAction, MessageView};

use super::button::Button;
use crate::theme;

/// Suggestions are never wider than this many points.
const WIDEST: f32 = 260.0;

/// Suggested questions in one line that scrolls; the whole text of one is under the pointer. Answers with the one that
/// was chosen.
pub fn suggestions(ui: &mut Ui, items: &[&str], enabled: bool) -> Option<usize> {
    ui.scope(|ui| scrolled(ui, items, enabled)).inner
}

fn scrolled(ui: &mut Ui, items: &[&str], enabled: bool) -> Option<usize> {
    let mut chosen = None;
    // also by a wheel that turns one way only
    let line = ScrollArea::horizontal().id_salt("suggestions").scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden);
    ui.style_mut().always_scroll_the_only_direction = true;
    line.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            for (i, item) in items.iter().enumerate() {
                let button = |ui: &mut Ui| Button::new(item).enabled(enabled).pill(true).tooltip(item).show(ui);
                let room = vec2(WIDEST, theme::control_height(ui.ctx()));
                if ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), button).inner.clicked() {
                    chosen = Some(i);
                }
            }
        });
    });
    chosen
}

#[cfg(test)]
mod tests;
