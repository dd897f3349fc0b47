//! A take as another page shows it: motion and picture, or all pictures, what is said about it, and its playhead.

use eframe::egui::{self, UiBuilder};

use super::{Content, UiState, pair, plain_frame, timeline, viewport};
use crate::{
    actions::Action,
    document::{Document, Exchange, Outcome, Take},
    icons::Icon,
    link::{View, file_name},
    theme,
    widgets::{Button, IconButton, Rows, SceneView, percent},
};

/// Lower than this there is no scrubber, in points.
const ROOM_FOR_SCRUBBER: f32 = 280.0;
/// The same where all pictures are shown, which a click on one moves to as well.
const ROOM_BELOW_PICTURES: f32 = 400.0;
/// Narrower than this the way to the whole page is an icon, in points.
const ROOM_FOR_WORDS: f32 = 460.0;

pub(super) fn show(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(take) = content.document.take() else { return nothing(content.document, ui, actions) };
    let screen = ui.ctx().content_rect();
    let least = match content.document.link.view {
        View::Motion => ROOM_FOR_SCRUBBER,
        View::Pictures => ROOM_BELOW_PICTURES,
    };
    egui::Panel::bottom("time").resizable(false).frame(plain_frame()).show_separator_line(false).show(ui, |ui| {
        said(content.document, take, ui);
        ui.horizontal(|ui| {
            timeline::steps(content, true, ui, actions);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| whole(ui, actions));
        });
        if screen.height() >= least {
            timeline::scrubber(content, state, ui, actions);
        }
    });
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| match content.document.link.view {
        View::Motion => motion(content, take, state, ui),
        View::Pictures => pictures(content, state, ui, actions),
    });
}

/// The moving skeleton and DrAction's picture of the same moment.
fn motion(content: &Content<'_>, take: &Take, state: &mut UiState, ui: &mut egui::Ui) {
    let room = ui.available_rect_before_wrap();
    let [scene, picture] = pair::places(room);
    let view = SceneView::new(&take.motion, take.frame);
    view.show(&mut ui.new_child(UiBuilder::new().id_salt("scene").max_rect(scene)), &mut state.orbit);
    viewport::paint_picture(ui, picture, &content.pictures);
    [state.places.scene, state.places.picture] = [Some(scene), Some(picture)];
}

/// The pictures that the model sees, as large as they can be in sight of each other.
fn pictures(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let room = ui.available_rect_before_wrap();
    state.places.picture = Some(room);
    // the border of what is marked stands out of its picture
    ui.add_space(2.0);
    ui.vertical_centered(|ui| timeline::strip(content, ui, Rows::Fill(room.height() - 4.0), actions));
    if let Err(problem) = &content.pictures {
        ui.label(theme::text::small(problem));
    }
}

/// What the address asks for: the answer to its question, its own words, or the label.
fn said(document: &Document, take: &Take, ui: &mut egui::Ui) {
    for Exchange { question, answer, outcome, .. } in &take.exchanges {
        let answer = match outcome {
            Some(Outcome::Failed(problem)) => problem,
            _ => answer,
        };
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::text::small(question));
            ui.label(theme::text::strong(answer));
        });
    }
    let Some(words) = &document.link.label else { return };
    match take.labels.first() {
        _ if !words.is_empty() => ui.add(egui::Label::new(theme::text::strong(words)).truncate()),
        Some((label, probability)) => {
            ui.horizontal(|ui| {
                ui.label(theme::text::strong(label));
                ui.label(theme::text::small(percent(*probability)));
            })
            .response
        }
        None => ui.label(theme::text::small("the model is about to look at it…")),
    };
}

/// The way to the whole page.
fn whole(ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let tip = "Open it in a window of its own: ask, see why, open other motions";
    let clicked = if ui.ctx().content_rect().width() >= ROOM_FOR_WORDS {
        Button::new("SkeletonLLM").icon(Icon::Away).quiet(true).tooltip(tip).show(ui).clicked()
    } else {
        IconButton::new(Icon::Away).tooltip(tip).show(ui).clicked()
    };
    if clicked {
        actions.push(Action::OpenWhole);
    }
}

/// Nothing is open, or not yet.
fn nothing(document: &Document, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let link = &document.link;
    let name = link.sample.as_deref().or(link.url.as_deref().map(file_name));
    let words = match (document.notices.iter().rfind(|notice| notice.error), name) {
        (Some(problem), _) => problem.text.clone(),
        (None, Some(name)) => format!("Opening {name}…"),
        (None, None) => "The address names nothing to show: it wants ?embed&sample= or ?embed&url=".to_owned(),
    };
    egui::CentralPanel::no_frame().frame(plain_frame()).show(ui, |ui| {
        ui.add_space((ui.available_height() * 0.5 - theme::space::L * 2.0).max(0.0));
        ui.vertical_centered(|ui| {
            ui.add(egui::Label::new(words).wrap());
            ui.add_space(theme::space::S);
            whole(ui, actions);
        });
    });
}
