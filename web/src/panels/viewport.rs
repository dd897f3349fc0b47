//! The moving skeleton, DrAction's picture of it, and how it is drawn.

use draction::s2i::Stream;
use eframe::egui::{self, Vec2};
use skeletonllm::drawing::CameraMode;

use super::{Content, UiState, heat::heat, reading, timeline, video};
use crate::{
    actions::Action,
    document::Take,
    icons::Icon,
    pictures::{LIVE_SIZE, TakeTextures},
    theme::{self, palette},
    widgets::{Button, IconButton, Rows, SceneView, section, segmented, slider, toggle},
};

/// Height of the settings under the picture, in points, until they are shown.
const SETTINGS: f32 = 92.0;
/// Height of the heading above it, in points.
const HEADING: f32 = 48.0;
/// Pictures are no smaller than this, in points, where the window is wide enough.
const LEAST: f32 = 150.0;
/// Between two pictures, in points.
const GAP: f32 = 8.0;

/// The 3-D view, and DrAction's picture of the same moment; on a low window with what comes below it in a column that
/// scrolls.
pub(super) fn side_by_side(
    content: &Content<'_>,
    low: bool,
    state: &mut UiState,
    ui: &mut egui::Ui,
    actions: &mut Vec<Action>,
) {
    ui.columns_const(|[left, right]| {
        scene(content, state, left, actions);
        if low { scrolled(content, state, right, actions) } else { picture(content, state, right, actions) }
    });
}

/// The picture, its settings and the strip, one below the other.
pub(super) fn scrolled(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    crate::widgets::scrolled(ui, egui::ScrollArea::vertical().auto_shrink([false, true]).id_salt("pictures"), |ui| {
        picture(content, state, ui, actions);
        timeline::strip(content, ui, Rows::Scroll, actions);
    });
}

/// The 3-D view.
pub(super) fn scene(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(take) = content.document.take() else { return };
    // a phone on its side has room for the motion alone
    if ui.ctx().content_rect().height() >= super::FLAT {
        about_scene(content, take, state, ui, actions);
    }
    let heat = heat(take);
    let view = SceneView::new(&take.motion, take.frame).heat(heat.as_deref()).trails(state.trails);
    state.places.scene = Some(view.show(ui, &mut state.orbit).rect);
}

/// What can be changed about the scene, and how the file was read.
fn about_scene(content: &Content<'_>, take: &Take, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    section(ui, "Motion", |ui| {
        video::menu(take, content.making, ui, actions);
        if IconButton::new(Icon::Reset).tooltip("Look from the start").show(ui).clicked() {
            state.orbit.reset(&take.motion);
        }
        if IconButton::new(Icon::Trails).tooltip("Trails of hands and feet").selected(state.trails).show(ui).clicked() {
            state.trails = !state.trails;
        }
        if take.explanation.is_some() && Button::new("Close why").icon(Icon::Close).quiet(true).show(ui).clicked() {
            actions.push(Action::CloseExplanation);
        }
    });
    reading::show(take, ui, actions);
}

/// DrAction's picture at the playhead, with the settings below it.
pub(super) fn picture(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let s2i = content.document.s2i;
    heading(content, ui, actions);
    let space = ui.available_size();
    // two squares side by side, or the one that there always was
    let width = if s2i.is_some() { (space.x - GAP) / 2.0 } else { space.x };
    // where it is scrolled the picture is as high as can be seen at once
    let seen = ui.clip_rect().height() - GAP;
    let known = egui::Id::unique("height of settings");
    let below = ui.data(|data| data.get_temp(known)).unwrap_or(SETTINGS);
    let height = if space.y.is_finite() { space.y - below } else { seen - HEADING };
    let side = width.min(height.max(LEAST)).max(64.0);
    let place = ui.allocate_exact_size(Vec2::new(space.x, side), egui::Sense::hover()).0;
    let middle = if s2i.is_some() { place.center() - Vec2::new((side + GAP) / 2.0, 0.0) } else { place.center() };
    let square = egui::Rect::from_center_size(middle, Vec2::splat(side));
    state.places.picture = Some(square);
    if let (Some(take), Ok(Some(s2i))) = (content.document.take(), content.pictures.as_ref().map(|shown| shown.s2i)) {
        let moment = (take.frame + 0.5) / take.motion.frames().max(1) as f32;
        whole_motion(ui, square.translate(Vec2::new(side + GAP, 0.0)), s2i, moment);
    }
    paint_picture(ui, square, &content.pictures);
    let top = ui.cursor().top();
    settings(content, ui, actions);
    let needed = (ui.cursor().top() - top).max(SETTINGS);
    if needed != below {
        ui.data_mut(|data| data.insert_temp(known, needed));
        ui.ctx().request_repaint();
    }
}

/// DrAction's picture at the playhead, or why there is none.
pub(super) fn paint_picture(ui: &egui::Ui, square: egui::Rect, pictures: &Result<TakeTextures, String>) {
    let rounding = egui::CornerRadius::same(theme::radius::M);
    match pictures {
        Ok(textures) => {
            egui::Image::from_texture((textures.live, Vec2::splat(LIVE_SIZE as f32)))
                .corner_radius(rounding)
                .alt_text("DrAction's picture of the frame at the playhead")
                .paint_at(ui, square);
        }
        Err(problem) => {
            let colours = palette(ui.visuals());
            let font = theme::text::regular(13.0);
            let painter = ui.painter();
            painter.rect_filled(square, rounding, egui::Color32::BLACK);
            painter.text(square.center(), egui::Align2::CENTER_CENTER, problem, font, colours.error);
        }
    }
}

/// What the picture is, and what can be done with it.
fn heading(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let s2i = content.document.s2i;
    section(ui, "What DrAction draws", |ui| {
        let whole = IconButton::new(Icon::Table).tooltip("The whole motion as one picture (I)").selected(s2i.is_some());
        if whole.show(ui).clicked() {
            actions.push(Action::ShowS2i(if s2i.is_some() { None } else { Some(Stream::Joint) }));
        }
        if IconButton::new(Icon::Image).tooltip("Save the strip as PNG (S)").show(ui).clicked() {
            actions.push(Action::SaveStrip);
        }
        if IconButton::new(Icon::Film).tooltip("Save the motion as GIF (G)").show(ui).clicked() {
            actions.push(Action::SaveGif);
        }
        // on the narrowest phones the motion's page has it
        if let Some(take) = content.document.take().filter(|_| ui.ctx().content_rect().width() >= super::FLAT) {
            video::menu(take, content.making, ui, actions);
        }
    });
}

/// The motion as one picture for each person, with a line at the playhead, which is `moment` of the way down.
fn whole_motion(ui: &egui::Ui, square: egui::Rect, (texture, persons): (egui::TextureId, usize), moment: f32) {
    let each = Vec2::new((square.width() - GAP * (persons - 1) as f32) / persons as f32, square.height());
    for person in 0..persons {
        let left = person as f32 * (each.x + GAP);
        let place = egui::Rect::from_min_size(square.min + Vec2::new(left, 0.0), each);
        let [from, to] = [person, person + 1].map(|n| n as f32 / persons as f32);
        egui::Image::from_texture((texture, each))
            .uv(egui::Rect::from_min_max(egui::pos2(from, 0.0), egui::pos2(to, 1.0)))
            .corner_radius(egui::CornerRadius::same(theme::radius::M))
            .alt_text("The whole motion as one picture: rows are time, columns are joints by body part")
            .paint_at(ui, place);
        let line = egui::Stroke::new(1.5, palette(ui.visuals()).accent_text);
        ui.painter().hline(place.x_range(), place.top() + moment.clamp(0.0, 1.0) * place.height(), line);
    }
}

fn settings(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let settings = &content.document.settings;
    ui.add_space(theme::space::XS);
    ui.horizontal_wrapped(|ui| {
        if let Some(take) = content.document.take().filter(|take| take.everybody.bodies > 1) {
            people(take, ui, actions);
        }
        if let Some(stream) = content.document.s2i {
            let mut chosen = stream as usize;
            if segmented(ui, &["Joints", "Bones", "Steps"], &mut chosen)
                .on_hover_text("What the one picture shows (I)")
                .changed()
            {
                actions.push(Action::ShowS2i(Some(Stream::ALL[chosen])));
            }
        }
        let mut camera = usize::from(settings.camera == CameraMode::Reference);
        if segmented(ui, &["Fit", "Reference"], &mut camera).on_hover_text("Camera (C)").changed() {
            actions.push(Action::ToggleCamera);
        }
        let mut nfm = settings.nfm;
        if toggle(ui, &mut nfm, "NFM").on_hover_text("Motion changes colours (N)").changed() {
            actions.push(Action::ToggleNfm);
        }
        let mut share = settings.depth_mix.unwrap_or(content.trained_depth_mix);
        let mixed = slider(ui, &mut share, 0.0..=1.0, "Depth mix");
        if mixed.on_hover_text("Share of the colour that depth decides").changed() {
            actions.push(Action::DepthMix(Some(share)));
        }
        if settings.depth_mix.is_some()
            && IconButton::new(Icon::Reset).tooltip("As trained").size(24.0).show(ui).clicked()
        {
            actions.push(Action::DepthMix(None));
        }
        match &content.document.weights_name {
            Some(name) => {
                if Button::new("Use ours").quiet(true).show(ui).clicked() {
                    actions.push(Action::OwnWeights);
                }
                ui.add(egui::Label::new(theme::text::small(format!("weights: {name}"))).truncate());
            }
            None => {
                let label = ui.add(egui::Label::new(theme::text::small("our weights")).extend());
                label.on_hover_text("Open a renderer's .safetensors file to draw with others");
            }
        }
    });
}

/// Who is drawn and asked about, by the numbers that they have in the scene.
fn people(take: &Take, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    /// More do not fit side by side.
    const FEW: usize = 6;
    let names: Vec<String> =
        std::iter::once("Everybody".to_owned()).chain((1..=take.everybody.bodies).map(|n| n.to_string())).collect();
    let performs = take.everybody.performer.map_or(String::new(), |p| format!("; {} performs", p + 1));
    let tip = format!("Who is drawn and asked about{performs}");
    let now = take.person.map_or(0, |p| p + 1);
    let mut chosen = now;
    if take.everybody.bodies <= FEW {
        let shown: Vec<&str> = names.iter().map(String::as_str).collect();
        segmented(ui, &shown, &mut chosen).on_hover_text(tip);
    } else {
        let menu = egui::ComboBox::from_id_salt("people").selected_text(&names[now.min(names.len() - 1)]);
        let menu = menu.show_index(ui, &mut chosen, names.len(), |n| names[n].clone());
        menu.on_hover_text(tip);
    }
    if chosen != now {
        actions.push(Action::Person(chosen.checked_sub(1)));
    }
}
