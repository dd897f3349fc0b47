//! How a file was read where it does not say so itself, and other readings to choose.

use std::str::FromStr;

use draction::motion::{Unit, UpAxis};
use eframe::egui::{self, Align, Layout, PopupCloseBehavior, vec2};

use crate::{
    actions::Action,
    document::Take,
    theme,
    widgets::{Button, segmented},
};

/// Units to choose from; the first choice leaves it to the reader.
const UNITS: [&str; 6] = ["as found", "m", "cm", "mm", "inch", "ft"];
/// Axes to choose from.
const AXES: [&str; 7] = ["as found", "+y", "+z", "-y", "-z", "+x", "-x"];

/// A line with the main things, all of them under the pointer, and a menu that reads the file otherwise.
pub(super) fn show(take: &Take, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    // a row by itself, or the layout from the right would take all the height there is
    let row = vec2(ui.available_width(), theme::control_height(ui.ctx()));
    ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
        let button =
            Button::new("Read as").quiet(true).tooltip("Read the file in another unit, or with another axis up");
        let button = button.show(ui);
        let menu = egui::Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        menu.show(|ui| choices(take, ui, actions));
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let line = egui::Label::new(theme::text::small(summary(take))).truncate();
            ui.add(line).on_hover_ui(|ui| lines(take, ui));
        });
    });
}

/// Everything that the file does not state, a line each.
pub(super) fn lines(take: &Take, ui: &mut egui::Ui) {
    for line in take.reading() {
        ui.label(theme::text::small(line));
    }
}

fn summary(take: &Take) -> String {
    let source = &take.motion.source;
    format!("{}, {}, {} up", source.format, source.unit.name, source.up)
}

fn choices(take: &Take, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    ui.set_min_width(330.0);
    lines(take, ui);
    ui.add_space(theme::space::S);
    ui.label(theme::text::section("Unit of length"));
    let unit = choice(ui, &UNITS, &take.options.unit);
    ui.label(theme::text::section("Axis that points up"));
    let up = choice(ui, &AXES, &take.options.up);
    if unit.is_some() || up.is_some() {
        // what was not clicked stays as it was asked for, even where no word stands for it
        let unit: Option<Unit> = unit.unwrap_or_else(|| take.options.unit.clone());
        let up: Option<UpAxis> = up.unwrap_or(take.options.up);
        actions.push(Action::ReadAs(unit, up));
    }
}

/// A row of words with the one that stands for what was asked for; another one, once it is clicked.
fn choice<T: FromStr + PartialEq>(ui: &mut egui::Ui, words: &[&str], asked: &Option<T>) -> Option<Option<T>> {
    let mut index = chosen(words, asked);
    segmented(ui, words, &mut index).changed().then(|| words[index].parse().ok())
}

/// Which of the words stands for what was asked for; the first one, which stands for nothing, where none does.
fn chosen<T: FromStr + PartialEq>(words: &[&str], asked: &Option<T>) -> usize {
    words.iter().position(|word| word.parse().ok() == *asked).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Document, files::sample, widgets::testing::Harness};

    #[test]
    fn every_choice_can_be_clicked() {
        let mut document = Document::default();
        document.open(sample("squat.bvh")).expect("a motion");
        let take = document.take().expect("it is open");
        let mut actions = Vec::new();
        let mut h = Harness::new(600.0, 300.0);
        for y in (4..300).step_by(12) {
            for x in (4..500).step_by(12) {
                h.click(x as f32, y as f32, |ui| choices(take, ui, &mut actions));
            }
        }
        for unit in UNITS.iter().skip(1) {
            let asked = Action::ReadAs(Some(unit.parse().unwrap()), None);
            assert!(actions.contains(&asked), "{unit}");
        }
        for axis in AXES.iter().skip(1) {
            let asked = Action::ReadAs(None, Some(axis.parse().unwrap()));
            assert!(actions.contains(&asked), "{axis}");
        }
    }

    #[test]
    fn every_choice_but_the_first_is_a_reading() {
        for (n, word) in UNITS.iter().enumerate() {
            assert_eq!((word.parse::<Unit>().is_ok(), chosen(&UNITS, &word.parse::<Unit>().ok())), (n > 0, n));
        }
        for (n, word) in AXES.iter().enumerate() {
            assert_eq!((word.parse::<UpAxis>().is_ok(), chosen(&AXES, &word.parse::<UpAxis>().ok())), (n > 0, n));
        }
        assert_eq!(chosen(&UNITS, &"0.5".parse::<Unit>().ok()), 0, "there are more units than choices");
    }
}
