//! The models that can be chosen, and the one on its way.

use eframe::egui::{self, PopupCloseBehavior};

use super::Content;
use crate::{
    actions::Action,
    icons::Icon,
    models::{Entry, Models, SHIPPED},
    theme,
    widgets::{Button, IconButton, Progress},
};

/// A button with the list behind it.
pub(super) fn button(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let tip = format!("Model: {}", content.models.current());
    let button = IconButton::new(Icon::Model).tooltip(&tip).show(ui);
    let menu = egui::Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    menu.show(|ui| {
        ui.set_width(300.0);
        list(content.models, ui, actions);
        if !actions.is_empty() {
            ui.close();
        }
    });
}

/// What can be chosen, a line or two each.
fn list(models: &Models, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    ui.label(theme::text::section("Models"));
    let shipped = "comes with the program";
    entry(models, SHIPPED, shipped, None, ui, actions);
    for known in models.list() {
        entry(models, &known.name, &known.state(), Some(known), ui, actions);
    }
    ui.add_space(theme::space::S);
    let tip = "A folder with config.json, tokenizer.json and model.safetensors; or drop its files, or a GGUF file";
    if Button::new("Open a model's folder").icon(Icon::Open).quiet(true).tooltip(tip).show(ui).clicked() {
        actions.push(Action::ChooseFolder);
    }
    let hint = "A model of your own: drop its files, all at once. They stay on this machine.";
    ui.label(theme::text::small(hint));
}

fn entry(
    models: &Models,
    name: &str,
    state: &str,
    known: Option<&Entry>,
    ui: &mut egui::Ui,
    actions: &mut Vec<Action>,
) {
    let current = models.current() == name;
    ui.horizontal(|ui| {
        let chosen = ui.add(egui::Button::selectable(current, name));
        if chosen.clicked() && !current {
            actions.push(Action::ChooseModel(name.to_owned()));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let kept = known.is_some_and(|entry| entry.there > 0);
            let remove = IconButton::new(Icon::Close).tooltip("Remove it from this machine").size(24.0);
            if kept && remove.show(ui).clicked() {
                actions.push(Action::RemoveModel(name.to_owned()));
            }
            ui.add(egui::Label::new(theme::text::small(state)).truncate());
        });
    });
}

/// How far the model on its way is; it can be given up.
pub(super) fn coming(models: &Models, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(coming) = models.coming() else { return };
    super::bar("model", ui, |ui| {
        let (label, detail) = (format!("{} {}", coming.step.word(), coming.name), coming.detail());
        let line = Progress { label: &label, fraction: coming.fraction(), detail: Some(&detail), cancel: true };
        if line.show(ui) {
            actions.push(Action::StopModel);
        }
    });
}
