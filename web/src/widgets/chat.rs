//! Questions and answers: bubbles, suggestions, the row where one types.

mod input;
mod message;

use eframe::egui::{Ui, vec2};

pub use input::{ChatInput, ChatInputOutput, InputAction};
pub use message::{Author, MessageAction, MessageView};

use super::button::Button;

/// Suggested questions, as many lines as it takes. Answers with the one that was chosen.
pub fn suggestions(ui: &mut Ui, items: &[&str], enabled: bool) -> Option<usize> {
    let mut chosen = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        for (i, item) in items.iter().enumerate() {
            if Button::new(item).enabled(enabled).pill(true).show(ui).clicked() {
                chosen = Some(i);
            }
        }
    });
    chosen
}

#[cfg(test)]
mod tests;
