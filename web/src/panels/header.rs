//! Title, ways to open something, and what the model runs on.

use eframe::egui::{self, Align, Layout, PopupCloseBehavior};

use super::{Content, UiState, models, takes};
use crate::{
    actions::Action,
    icons::Icon,
    inference::ModelStatus,
    theme::{self, palette},
    widgets::{Button, IconButton, Progress, badge},
};

/// Windows narrower than this do without the title once something is open, in points.
const ROOM_FOR_TITLE: f32 = 640.0;
/// Where there is less, sharing is in the list of keys, in points.
const ROOM_FOR_SHARE: f32 = 360.0;
/// Windows narrower than this have icons alone in their header.
const ROOM_FOR_WORDS: f32 = 540.0;
/// Where there is less, several takes have a button, and sharing is in the list of keys, in points.
const ROOM_FOR_ALL: f32 = 400.0;
/// Where there is still less, models have none, in points.
const ROOM_FOR_MODELS: f32 = 350.0;

pub(super) fn show(
    content: &Content<'_>,
    state: &mut UiState,
    ui: &mut egui::Ui,
    narrow: bool,
    actions: &mut Vec<Action>,
) {
    super::bar("header", ui, |ui| {
        // the title stands in the middle of a row of buttons
        ui.spacing_mut().interact_size.y = theme::control_height(ui.ctx());
        ui.horizontal(|ui| {
            let room = ui.available_width();
            if room >= ROOM_FOR_TITLE || content.document.takes.is_empty() {
                ui.label(theme::text::title("SkeletonLLM"));
                ui.add_space(theme::space::S);
            }
            if !content.document.takes.is_empty() {
                open_buttons(content, true, ui, actions);
            }
            if content.document.takes.len() > 1 && !super::has_list(content.document, ui.ctx()) {
                let menu = Button::new(&format!("Takes {}", content.document.takes.len())).quiet(true).show(ui);
                // the list looks as it does where there is room for it: a menu's style would press its field together
                let menu = egui::Popup::menu(&menu)
                    .style(egui::style::StyleModifier::default())
                    .close_behavior(PopupCloseBehavior::CloseOnClickOutside);
                menu.show(|ui| {
                    ui.set_width(240.0);
                    takes::show(content.document, content.words, &mut state.takes, ui, actions);
                    if actions.iter().any(|action| matches!(action, Action::Select(_) | Action::Compare(_))) {
                        ui.close();
                    }
                });
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let dark = ui.visuals().dark_mode;
                let (icon, tip) = if dark { (Icon::Sun, "Light (T)") } else { (Icon::Moon, "Dark (T)") };
                if IconButton::new(icon).tooltip(tip).show(ui).clicked() {
                    actions.push(Action::ToggleTheme);
                }
                if IconButton::new(Icon::Info).tooltip("Keys (?)").selected(state.help).show(ui).clicked() {
                    actions.push(Action::ToggleHelp);
                }
                let several = content.document.takes.len() > 1;
                if room >= ROOM_FOR_MODELS || !several {
                    models::button(content, ui, actions);
                }
                let room_for_share = if several { ROOM_FOR_ALL } else { ROOM_FOR_SHARE };
                let share = content.shareable && room >= room_for_share && !content.document.takes.is_empty();
                if share {
                    let button = IconButton::new(Icon::Link).tooltip("Share").show(ui);
                    egui::Popup::menu(&button).show(|ui| shares(ui, actions));
                }
                #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
                if !narrow {
                    let open = content.workbench.is_some();
                    let button = IconButton::new(Icon::Pulse).tooltip("Shader workbench (B)").selected(open);
                    if button.enabled(!content.document.takes.is_empty()).show(ui).clicked() {
                        actions.push(Action::ToggleWorkbench);
                    }
                }
                if !narrow {
                    device(content, ui);
                }
            });
        });
        if narrow && !content.model.is_ready() {
            device(content, ui);
        }
    });
}

/// Ways to lead others here.
fn shares(ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    ui.set_min_width(220.0);
    let ways = [
        ("Copy address", "It leads to this take, moment and question", Action::Share),
        (
            "Copy code for another page",
            "HTML that shows this take in a paper, a wiki, a page of your own",
            Action::ShareFrame,
        ),
    ];
    for (words, tip, action) in ways {
        if ui.button(words).on_hover_text(tip).clicked() {
            actions.push(action);
        }
    }
}

fn device(content: &Content<'_>, ui: &mut egui::Ui) {
    let colours = palette(ui.visuals());
    match content.model {
        ModelStatus::Failed(_) => {
            badge(ui, "no model", colours.error);
        }
        ModelStatus::Ready { device, .. } => {
            let usual = "Where pictures and answers are computed: on this machine";
            badge(ui, device, colours.ok).on_hover_text(content.why_processor.unwrap_or(usual));
        }
        ModelStatus::Loading => {
            ui.set_max_width(220.0);
            Progress { label: "Preparing the model", fraction: None, detail: None, cancel: false }.show(ui);
        }
    }
}

/// Buttons for files and samples; where words stand on them, icons do so if there is room.
pub(super) fn open_buttons(content: &Content<'_>, roomy: bool, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let worded = |name, icon| if roomy { Button::new(name).icon(icon) } else { Button::new(name) };
    let first = content.document.takes.is_empty();
    let tip = "Open files (O), or drop them and folders anywhere";
    let words = first || ui.ctx().content_rect().width() >= ROOM_FOR_WORDS;
    let open = if words {
        worded("Open", Icon::Open).primary(first).tooltip(tip).show(ui)
    } else {
        IconButton::new(Icon::Open).tooltip(tip).show(ui)
    };
    if open.clicked() {
        actions.push(Action::ChooseFiles);
    }
    // whoever comes for the first time has no file at hand
    let samples = if words {
        worded("Samples", Icon::Person).quiet(!first).show(ui)
    } else {
        IconButton::new(Icon::Person).tooltip("Samples").show(ui)
    };
    egui::Popup::menu(&samples).show(|ui| {
        ui.set_min_width(200.0);
        for (n, sample) in content.samples.iter().enumerate() {
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
