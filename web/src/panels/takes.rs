//! The opened takes.

use eframe::egui::{self, Sense, Ui, Vec2};

use super::reading;
use crate::{
    actions::Action,
    document::{Document, Take},
    exports::Table,
    icons::Icon,
    theme::{self, palette},
    widgets::{IconButton, clock, elided, section, segmented},
};

/// Height of an entry, in points: two lines of text.
const HEIGHT: f32 = 44.0;

/// With more takes than this the list can be searched and ordered.
const MANY: usize = 2;

/// How the list of takes is shown.
#[derive(Debug, Default)]
pub(super) struct TakeList {
    /// What a name or a label must have in it.
    wanted: String,
    order: Order,
}

/// Of the takes in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// As they were opened.
    #[default]
    Opened,
    Name,
    Label,
    Length,
}

impl TakeList {
    /// The indices of the takes to show, in their order.
    fn of(&self, takes: &[Take]) -> Vec<usize> {
        let wanted = self.wanted.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        let shown = |take: &Take| has(&take.name) || label(take).is_some_and(has);
        let mut indices: Vec<usize> = (0..takes.len()).filter(|&i| shown(&takes[i])).collect();
        match self.order {
            Order::Opened => {}
            Order::Name => indices.sort_by_cached_key(|&i| takes[i].name.to_lowercase()),
            // those without a label last
            Order::Label => indices.sort_by_key(|&i| (label(&takes[i]).is_none(), label(&takes[i]))),
            Order::Length => indices.sort_by(|&a, &b| takes[b].motion.seconds().total_cmp(&takes[a].motion.seconds())),
        }
        indices
    }
}

fn label(take: &Take) -> Option<&str> {
    take.labels.first().map(|(label, _)| label.as_str())
}

pub(super) fn show(document: &Document, list: &mut TakeList, ui: &mut Ui, actions: &mut Vec<Action>) {
    section(ui, "Takes", |ui| {
        let save = |icon, tip| IconButton::new(icon).tooltip(tip);
        if save(Icon::Table, "Save the labels of all takes as CSV").show(ui).clicked() {
            actions.push(Action::SaveLabels(Table::Csv));
        }
        if save(Icon::Braces, "Save the labels of all takes as JSON").show(ui).clicked() {
            actions.push(Action::SaveLabels(Table::Json));
        }
    });
    if document.takes.len() > MANY {
        let field = egui::TextEdit::singleline(&mut list.wanted).hint_text("Name or label");
        ui.add(field.desired_width(f32::INFINITY));
        let orders = [Order::Opened, Order::Name, Order::Label, Order::Length];
        let mut chosen = orders.iter().position(|order| *order == list.order).unwrap_or(0);
        if segmented(ui, &["#", "A–Z", "Label", "Time"], &mut chosen).on_hover_text("Order of the takes").changed() {
            list.order = orders[chosen];
        }
    } else {
        *list = TakeList::default();
    }
    let titles = document.titles();
    egui::ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
        for index in list.of(&document.takes) {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme::space::XS;
                if entry(ui, &document.takes[index], &titles[index], index == document.current).clicked() {
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
fn entry(ui: &mut Ui, take: &Take, title: &str, current: bool) -> egui::Response {
    let size = Vec2::new((ui.available_width() - 28.0).max(40.0), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = || egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, current, title.to_owned());
    response.widget_info(name);
    let colours = palette(ui.visuals());
    let painter = ui.painter();
    let fill = match (current, response.hovered() || response.has_focus()) {
        (true, _) => colours.accent_soft,
        (false, true) => colours.hover,
        (false, false) => egui::Color32::TRANSPARENT,
    };
    painter.rect_filled(rect, theme::radius::M, fill);
    let label = label(take).map_or(String::new(), |label| format!(" · {label}"));
    let lines = [
        (title.to_owned(), theme::text::medium(13.0), colours.text),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::sample;

    #[test]
    fn takes_are_found_by_name_or_label_and_ordered() {
        let mut document = Document::default();
        for name in ["walk.bvh", "squat.bvh", "clap.bvh"] {
            document.open(sample(name)).unwrap();
        }
        document.takes[0].labels.push(("run".to_owned(), 0.9));
        document.takes[2].labels.push(("Applaud".to_owned(), 0.9));
        let takes = &document.takes;
        let shown = |wanted: &str, order| TakeList { wanted: wanted.to_owned(), order }.of(takes);
        assert_eq!(shown("", Order::Opened), [0, 1, 2]);
        assert_eq!(shown("", Order::Name), [2, 1, 0]);
        assert_eq!(shown("", Order::Label), [2, 0, 1], "without a label last");
        assert_eq!(shown(" APPLAUD ", Order::Opened), [2]);
        assert_eq!(shown("squ", Order::Label), [1]);
        assert_eq!(shown("fly", Order::Opened), [0; 0]);
        let seconds: Vec<f32> = shown("", Order::Length).iter().map(|&i| takes[i].motion.seconds()).collect();
        assert!(seconds.is_sorted_by(|a, b| a >= b), "{seconds:?}");
    }
}
