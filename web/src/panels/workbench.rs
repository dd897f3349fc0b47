//! The shader workbench: the picture and a pixel of it on the left, kernels, shaders, numbers and gradients right.
//!
//! `kernels`, `shaders`, `buffers` and `twin` show any client of the GPU core by its [`Run`]; `draction` what only
//! renderings have.

mod buffers;
mod draction;
mod kernels;
mod line;
mod shaders;
#[cfg(test)]
mod tests;
mod twin;

use ::draction::gpu::Run;
use eframe::egui;

use super::{Content, UiState, plain_frame, timeline};
use crate::{
    actions::Action,
    icons::Icon,
    theme::{self, palette},
    widgets::{Button, badge, segmented},
    workbench::{Change, Tab, Workbench},
};

/// Shows it in the place of the ordinary columns.
pub(super) fn show(
    bench: &Workbench,
    content: &Content<'_>,
    state: &mut UiState,
    ui: &mut egui::Ui,
    actions: &mut Vec<Action>,
) {
    let panel = plain_frame();
    egui::Panel::bottom("bench time").resizable(false).frame(panel).show(ui, |ui| {
        timeline::transport(content, ui, actions);
        timeline::scrubber(content, state, ui, actions);
    });
    let width = (ui.available_width() * 0.36).clamp(300.0, 520.0);
    egui::Panel::left("bench picture").resizable(false).exact_size(width).frame(panel).show(ui, |ui| {
        draction::picture(bench, ui, actions);
    });
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| {
        head(bench, ui, actions);
        ui.add_space(theme::space::S);
        let run = bench.rendering.as_deref().map(|rendering| rendering as &dyn Run);
        match bench.choices.tab {
            Tab::Passes => kernels::show(bench, run, ui, actions),
            Tab::Shaders => shaders::show(bench, ui, actions),
            Tab::Buffers => buffers::show(run, &bench.choices.buffer, ui, actions),
            Tab::Twin => twin::show(bench, ui, actions),
            Tab::Gradients => draction::gradients(bench, ui, actions),
        }
    });
}

/// Tabs, what computes, and what can be done at any time.
fn head(bench: &Workbench, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let colours = palette(ui.visuals());
    ui.horizontal(|ui| {
        let mut tab = Tab::ALL.iter().position(|(tab, _)| *tab == bench.choices.tab).unwrap_or(0);
        if segmented(ui, &Tab::ALL.map(|(_, name)| name), &mut tab).changed() {
            change(actions, Change::Tab(Tab::ALL[tab].0));
        }
        if bench.shaders.problem().is_some() {
            badge(ui, "shader error", colours.error).on_hover_text("The last good shaders are running");
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let capture = Button::new("Capture").icon(Icon::Download).quiet(true).enabled(bench.rendering.is_some());
            let tip = "Keep inputs, weights and every buffer in a file that `conformance replay` runs again";
            if capture.tooltip(tip).show(ui).clicked() {
                actions.push(Action::Capture);
            }
            match &bench.no_gpu {
                Some(reason) => badge(ui, "CPU twin only", colours.warn).on_hover_text(reason),
                None if bench.engine.is_empty() => badge(ui, "opening the GPU", colours.text_weak),
                None => badge(ui, &bench.engine, colours.ok).on_hover_text("Where the shaders run"),
            };
        });
    });
}

/// Asks for a change of the workbench.
fn change(actions: &mut Vec<Action>, change: Change) {
    actions.push(Action::Workbench(change));
}

/// What stands where nothing can be shown yet.
fn nothing(ui: &mut egui::Ui, text: &str) {
    ui.add_space(theme::space::L);
    ui.vertical_centered(|ui| ui.label(theme::text::small(text)));
}
