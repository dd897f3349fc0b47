//! Title, ways to open something, and what the model runs on.

use eframe::egui::{self, Align, Layout};

use crate::{
    actions::Action,
    app::App,
    icons::{Button, Icon, IconButton},
    theme::{self, palette},
    widgets::{Progress, badge},
};

pub(super) fn show(app: &mut App, ui: &mut egui::Ui, narrow: bool, actions: &mut Vec<Action>) {
    let frame = super::plain_frame().inner_margin(egui::Margin::symmetric(12, 8));
    egui::Panel::top("header").resizable(false).frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(theme::text::title(if narrow { "Skeleton" } else { "SkeletonLLM" }));
            ui.add_space(theme::space::S);
            if !app.document.takes.is_empty() {
                open_buttons(app, ui, actions);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let dark = ui.visuals().dark_mode;
                let (icon, tip) = if dark { (Icon::Sun, "Light (T)") } else { (Icon::Moon, "Dark (T)") };
                if IconButton::new(icon).tooltip(tip).show(ui).clicked() {
                    actions.push(Action::ToggleTheme);
                }
                if IconButton::new(Icon::Info).tooltip("Keys (?)").selected(app.view.help).show(ui).clicked() {
                    actions.push(Action::ToggleHelp);
                }
                #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
                {
                    let open = super::is_workbench_open(app);
                    let button = IconButton::new(Icon::Pulse).tooltip("Shader workbench (B)").selected(open);
                    if button.enabled(!app.document.takes.is_empty()).show(ui).clicked() {
                        actions.push(Action::ToggleWorkbench);
                    }
                }
                if !narrow {
                    device(app, ui);
                }
            });
        });
        if narrow && !app.mind.is_ready() {
            device(app, ui);
        }
    });
}

fn device(app: &App, ui: &mut egui::Ui) {
    let colours = palette(ui.visuals());
    if app.view.broken.is_some() {
        badge(ui, "no model", colours.error);
    } else if app.mind.is_ready() {
        badge(ui, &app.view.device, colours.ok)
            .on_hover_text("Where pictures and answers are computed: on this machine");
    } else {
        ui.set_max_width(220.0);
        Progress { label: "Preparing the model", fraction: None, detail: None, cancel: false }.show(ui);
    }
}

/// Buttons for files and samples.
pub(super) fn open_buttons(app: &App, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let open = Button::new("Open").icon(Icon::Open).primary(app.document.takes.is_empty());
    if open.tooltip("Open files (O), or drop them anywhere").show(ui).clicked() {
        actions.push(Action::ChooseFiles);
    }
    let samples = Button::new("Samples").icon(Icon::Person).quiet(true).show(ui);
    egui::Popup::menu(&samples).show(|ui| {
        ui.set_min_width(200.0);
        for (n, sample) in app.view.samples.iter().enumerate() {
            let key = if n < 9 { format!("{}", n + 1) } else { String::new() };
            if ui.add(egui::Button::new(title_of(sample)).shortcut_text(key)).clicked() {
                actions.push(Action::OpenSample(sample.clone()));
            }
        }
    });
}

/// `wave_left_hand.bvh` as words.
fn title_of(file: &str) -> String {
    let (stem, format) = file.rsplit_once('.').unwrap_or((file, ""));
    let words = stem.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{} · {format}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_become_words() {
        assert_eq!(title_of("wave_left_hand.bvh"), "Wave left hand · bvh");
        assert_eq!(title_of(""), " · ");
    }
}
