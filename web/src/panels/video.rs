//! Videos: what one can show, and how far the one is that is being made.

use eframe::egui;

use crate::{
    actions::Action,
    document::Take,
    icons::Icon,
    theme,
    video::{Making, Part, Shown, Stretch, span_at_playhead},
    widgets::{Button, IconButton, Progress},
};

/// A button with a menu: what to show, of which part.
pub(super) fn menu(take: &Take, making: Option<&Making>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let button = IconButton::new(Icon::Video).tooltip("Save a video (M)").enabled(making.is_none());
    let span = span_at_playhead(take).map(|span| (Part::Span, format!("“{}”", span.label)));
    egui::Popup::menu(&button.show(ui)).show(|ui| {
        ui.set_max_width(280.0);
        for (part, title) in span.into_iter().chain([(Part::Whole, "The take".to_owned())]) {
            ui.label(theme::text::small(format!("{title}, {}", Stretch::of(take, part).words())));
            ui.horizontal(|ui| {
                for (shown, word) in [(Shown::Scene, "Scene"), (Shown::Pictures, "Pictures"), (Shown::Both, "Both")] {
                    if Button::new(word).quiet(true).show(ui).clicked() {
                        actions.push(Action::SaveVideo(shown, part));
                    }
                }
            });
        }
    });
}

/// How far a video is; it can be given up.
pub(super) fn progress(making: Option<&Making>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(making) = making else { return };
    super::bar("video", ui, |ui| {
        let (label, (done, total)) = (format!("Making the video {}", making.name), making.progress());
        let detail = format!("{done} of {total} frames");
        let fraction = (total > 0).then(|| done as f32 / total as f32);
        let line = Progress { label: &label, fraction, detail: (total > 0).then_some(&detail), cancel: true };
        if line.show(ui) {
            actions.push(Action::CancelVideo);
        }
    });
}
