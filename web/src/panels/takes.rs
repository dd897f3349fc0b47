//! The opened takes.

use eframe::egui::{self, Sense, Ui, Vec2};

use super::reading;
use crate::{
    actions::Action,
    document::{Document, Take},
    icons::Icon,
    theme::{self, palette},
    widgets::{IconButton, clock, elided, section},
};

/// Height of an entry, in points: two lines of text.
const HEIGHT: f32 = 44.0;

pub(super) fn show(document: &Document, ui: &mut Ui, actions: &mut Vec<Action>) {
    section(ui, "Takes", |_| {});
    egui::ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
        for (index, take) in document.takes.iter().enumerate() {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme::space::XS;
                if entry(ui, take, index == document.current).clicked() {
                    actions.push(Action::Select(index));
                }
                if IconButton::new(Icon::Close).tooltip("Close this take").size(24.0).show(ui).clicked() {
                    actions.push(Action::Close(index));
                }
            });
        }
    });
}

/// Name on the first line, length and label on the second.
fn entry(ui: &mut Ui, take: &Take, current: bool) -> egui::Response {
    let size = Vec2::new((ui.available_width() - 28.0).max(40.0), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = || egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, current, take.name.clone());
    response.widget_info(name);
    let colours = palette(ui.visuals());
    let painter = ui.painter();
    let fill = match (current, response.hovered() || response.has_focus()) {
        (true, _) => colours.accent_soft,
        (false, true) => colours.hover,
        (false, false) => egui::Color32::TRANSPARENT,
    };
    painter.rect_filled(rect, theme::radius::M, fill);
    let label = take.labels.first().map_or(String::new(), |(label, _)| format!(" · {label}"));
    let lines = [
        (take.name.clone(), theme::text::medium(13.0), colours.text),
        (format!("{}{label}", clock(take.motion.seconds(), false)), theme::text::regular(12.0), colours.text_weak),
    ];
    let mut at = rect.min + Vec2::new(8.0, 5.0);
    for (text, font, colour) in lines {
        let line = elided(painter, &text, font, colour, rect.width() - 16.0);
        let height = line.size().y;
        painter.galley(at, line, colour);
        at.y += height + 2.0;
    }
    response.on_hover_ui(|ui| {
        ui.label(&take.description);
        reading::lines(take, ui);
    })
}
