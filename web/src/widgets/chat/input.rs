//! The row where one types.

use eframe::egui::{Align, Align2, Frame, Key, Layout, Margin, Response, Stroke, TextEdit, Ui, vec2};

use crate::{
    icons::Icon,
    theme::{self, radius, text},
    widgets::IconButton,
};

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputAction {
    /// Send the text; the app takes it out of the buffer.
    Send,
    /// End the answer that is being written.
    Stop,
}

/// A text field with a button in its right end.
#[must_use = "call show"]
#[derive(Debug)]
pub struct ChatInput<'a> {
    /// What was typed.
    pub text: &'a mut String,
    /// What to type, while nothing is there.
    pub hint: &'a str,
    /// Whether questions can be asked: a motion is open and the model is ready.
    pub enabled: bool,
    /// Whether an answer is being written: the button stops it.
    pub busy: bool,
}

/// What became of the row.
#[derive(Debug)]
pub struct ChatInputOutput {
    /// What the user wants now.
    pub action: Option<InputAction>,
    /// The text field's.
    pub response: Response,
}

impl ChatInput<'_> {
    /// As wide as the place. Enter sends what is more than blanks and keeps the focus, for the next question.
    pub fn show(self, ui: &mut Ui) -> ChatInputOutput {
        let Self { text, hint, enabled, busy } = self;
        let p = theme::palette(ui.visuals());
        let height = theme::control_height(ui.ctx());
        let id = ui.make_persistent_id("chat input");
        let focused = ui.memory(|m| m.has_focus(id));
        let stroke = if focused { Stroke::new(2.0, p.accent_text) } else { Stroke::new(1.0, p.border_strong) };
        // the frame grows inwards with its border, so that nothing moves when it is focused
        let margin = Margin { left: 12, right: 4, top: 4, bottom: 4 } - Margin::same(stroke.width as i8);
        let mut action = None;
        let frame = Frame::new().fill(p.field).stroke(stroke).corner_radius(radius::L).inner_margin(margin);
        let response = frame
            .show(ui, |ui| {
                let row = vec2(ui.available_width(), height);
                ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = 8.0;
                    let ready = enabled && !text.trim().is_empty();
                    let button = match busy {
                        true => IconButton::new(Icon::Stop).tooltip("Stop (Esc)"),
                        false => IconButton::new(Icon::Send).tooltip("Ask (Enter)").primary(ready).enabled(ready),
                    };
                    if button.size(height).show(ui).clicked() {
                        action = Some(if busy { InputAction::Stop } else { InputAction::Send });
                    }
                    let room = vec2(ui.available_width().max(8.0), height);
                    let edit = TextEdit::singleline(text)
                        .id(id)
                        .hint_text(hint)
                        .font(text::regular(text::BODY))
                        .frame(Frame::NONE)
                        .align(Align2::LEFT_CENTER)
                        .desired_width(room.x)
                        // a hostile paste shall not make every frame slow
                        .char_limit(2000);
                    ui.add_enabled_ui(enabled, |ui| ui.add_sized(room, edit)).inner
                })
                .inner
            })
            .inner;
        if response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) {
            response.request_focus();
            if enabled && !busy && !text.trim().is_empty() {
                action = Some(InputAction::Send);
            }
        }
        ChatInputOutput { action, response }
    }
}
