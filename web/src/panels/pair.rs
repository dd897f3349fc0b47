//! Two takes side by side in step: the moving skeletons and DrAction's pictures of the same moment.

use eframe::egui::{self, Rect, UiBuilder, Vec2, vec2};

use super::{Beside, Content, UiState, heat, timeline, viewport};
use crate::{
    actions::Action,
    document::{Step, Take},
    icons::Icon,
    pictures::TakeTextures,
    theme::{self, palette},
    widgets::{Button, IconButton, Orbit, Rows, SceneView, Strip, elided, percent, segmented},
};

/// Share of a motion's width that its caption takes where it stands on the motion, beside whoever moves.
const BESIDE: f32 = 0.36;
/// Between two things, in points.
const GAP: f32 = 8.0;
/// Side of the button that ends it where that stands on a motion, in points.
const CLOSE: f32 = 28.0;
/// Height of a take's caption, in points.
const CAPTION: f32 = 24.0;
/// Narrower than this the button that ends it has no words, in points.
const ROOM_FOR_WORDS: f32 = 360.0;
/// What motions and pictures need at least beside the strips, in points of height.
const ROOM: f32 = 340.0;
/// What playhead and buttons take below them, in points of height.
const TIME: f32 = 160.0;

/// One of the two takes.
struct Side<'a> {
    take: &'a Take,
    pictures: &'a Result<TakeTextures, String>,
    orbit: &'a mut Orbit,
}

/// Both motions, with their pictures if wanted, and above them how they are kept in step.
pub(super) fn show(
    (content, beside): (&Content<'_>, &Beside<'_>),
    pictures: bool,
    state: &mut UiState,
    ui: &mut egui::Ui,
    actions: &mut Vec<Action>,
) {
    let Some(take) = content.document.take() else { return };
    state.look_beside(beside.take);
    // a phone on its side has room for the motions alone
    let flat = ui.ctx().content_rect().height() < super::FLAT;
    if !flat {
        head(take, beside, state, ui, actions);
    }
    let size = ui.available_size().max(vec2(1.0, 1.0));
    let room = ui.allocate_exact_size(size, egui::Sense::hover()).0;
    // motions alone are stacked where the place is high
    let stacked = !pictures && room.width() < room.height() * 1.2;
    let before = [state.orbit.clone(), state.orbit_beside.clone()];
    let trails = state.trails;
    let sides = [
        Side { take, pictures: &content.pictures, orbit: &mut state.orbit },
        Side { take: beside.take, pictures: &beside.pictures, orbit: &mut state.orbit_beside },
    ];
    let mut places = [[None; 2]; 2];
    for (n, (side, place)) in sides.into_iter().zip(halves(room, stacked)).enumerate() {
        let mut ui = ui.new_child(UiBuilder::new().id_salt(("pair", n)).max_rect(place));
        places[n] = side.show((pictures, flat), trails, &mut ui);
    }
    [state.places.scene, state.places.picture] = places[0];
    [state.places.scene_beside, state.places.picture_beside] = places[1];
    if flat {
        let place = Rect::from_min_size(room.right_top() - vec2(CLOSE, 0.0), Vec2::splat(CLOSE));
        let mut ui = ui.new_child(UiBuilder::new().id_salt("stop").max_rect(place));
        if IconButton::new(Icon::Close).tooltip("Stop comparing (Esc)").size(CLOSE).show(&mut ui).clicked() {
            actions.push(Action::Compare(None));
        }
    }
    // who turns one looks at the other from the same side
    if state.orbit != before[0] {
        state.orbit_beside.turn_along(&before[0], &state.orbit);
    } else if state.orbit_beside != before[1] {
        state.orbit.turn_along(&before[1], &state.orbit_beside);
    }
}

impl Side<'_> {
    /// Caption, and below it what is wanted, or where there is little height behind it; answers where motion and picture are.
    fn show(self, (pictures, flat): (bool, bool), trails: bool, ui: &mut egui::Ui) -> [Option<Rect>; 2] {
        let room = ui.max_rect();
        let line = room.with_max_y(room.top() + CAPTION);
        let below = if flat { 0.0 } else { CAPTION };
        let room = room.with_min_y((room.top() + below).min(room.bottom()));
        let (scene, picture) = match places(room) {
            [scene, picture] if pictures => (scene, Some(picture)),
            _ => (room, None),
        };
        let heat = heat::heat(self.take);
        let view = SceneView::new(&self.take.motion, self.take.frame).heat(heat.as_deref()).trails(trails);
        view.show(&mut ui.new_child(UiBuilder::new().id_salt("scene").max_rect(scene)), self.orbit);
        if let Some(picture) = picture {
            viewport::paint_picture(ui, picture, self.pictures);
        }
        if flat {
            corner(self.take, line.with_max_x(line.left() + BESIDE * line.width()), ui);
        } else {
            caption(self.take, line, ui);
        }
        [Some(scene), picture]
    }
}

/// The step, the view, and the way out.
fn head(take: &Take, beside: &Beside<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let mut step = beside.step as usize;
        let tip = "By time the shorter take waits at its end; by length both end together";
        if segmented(ui, &["By time", "By length"], &mut step).on_hover_text(tip).changed() {
            actions.push(Action::InStep(Step::ALL[step]));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let tip = "Look at one take alone (Esc)";
            let end = if ui.available_width() >= ROOM_FOR_WORDS {
                Button::new("Stop comparing").icon(Icon::Close).quiet(true).tooltip(tip).show(ui)
            } else {
                IconButton::new(Icon::Close).tooltip(tip).show(ui)
            };
            if end.clicked() {
                actions.push(Action::Compare(None));
            }
            if ui.available_width() < 2.0 * theme::control_height(ui.ctx()) + GAP {
                return;
            }
            if IconButton::new(Icon::Reset).tooltip("Look from the start").show(ui).clicked() {
                state.orbit.reset(&take.motion);
                state.orbit_beside.reset(&beside.take.motion);
            }
            let trails = IconButton::new(Icon::Trails).tooltip("Trails of hands and feet").selected(state.trails);
            if trails.show(ui).clicked() {
                state.trails = !state.trails;
            }
        });
    });
}

/// Name and label in a line.
fn caption(take: &Take, place: Rect, ui: &egui::Ui) {
    let (colours, painter) = (palette(ui.visuals()), ui.painter());
    let label = take.labels.first().map(|(label, p)| format!("{label}  {}", percent(*p))).unwrap_or_default();
    // the label is what is compared: the name gives way
    let label = elided(painter, &label, theme::text::regular(13.0), colours.text_weak, place.width() * 0.6);
    let room = place.width() - label.size().x - GAP;
    let name = elided(painter, &take.name, theme::text::medium(13.0), colours.text, room);
    let at = |x: f32, height: f32| egui::pos2(x, place.center().y - height * 0.5);
    let (right, height) = (place.left() + name.size().x + GAP, name.size().y);
    painter.galley(at(place.left(), height), name, colours.text);
    painter.galley(at(right, label.size().y), label, colours.text_weak);
}

/// Name, and below it the label.
fn corner(take: &Take, place: Rect, ui: &egui::Ui) {
    let (colours, painter) = (palette(ui.visuals()), ui.painter());
    let label = take.labels.first().map(|(label, p)| format!("{}  {label}", percent(*p))).unwrap_or_default();
    let name = elided(painter, &take.name, theme::text::medium(13.0), colours.text, place.width());
    let label = elided(painter, &label, theme::text::regular(13.0), colours.text_weak, place.width());
    let below = place.left_top() + Vec2::Y * (name.size().y + 2.0);
    painter.galley(place.left_top(), name, colours.text);
    painter.galley(below, label, colours.text_weak);
}

/// The strips of both, where there is room for them below motions and pictures: of `height` points above the bottom.
pub(super) fn strips(
    (content, beside): (&Content<'_>, &Beside<'_>),
    height: f32,
    ui: &mut egui::Ui,
    actions: &mut Vec<Action>,
) {
    let Some(take) = content.document.take() else { return };
    let names = 2.0 * (theme::text::SMALL + 2.0 * GAP);
    let needed: f32 = [&content.pictures, &beside.pictures]
        .iter()
        .map(|pictures| {
            pictures.as_ref().map_or(0.0, |shown| Strip::height(shown.sampled.len(), 1.0, ui.available_width()))
        })
        .sum();
    if height - TIME - needed - names < ROOM {
        return;
    }
    for (n, (take, pictures)) in [(take, &content.pictures), (beside.take, &beside.pictures)].into_iter().enumerate() {
        ui.push_id(("strip", n), |ui| {
            let name = theme::text::directed(theme::text::small(&take.name), ui.style());
            ui.add(egui::Label::new(name).truncate());
            strip(content, (n, take, pictures), Rows::Fewest, ui, actions);
        });
    }
}

/// The strip of one of the two; a click puts the playhead where that take is at the picture.
fn strip(
    content: &Content<'_>,
    (n, take, pictures): (usize, &Take, &Result<TakeTextures, String>),
    rows: Rows,
    ui: &mut egui::Ui,
    actions: &mut Vec<Action>,
) {
    if let Some(frame) = timeline::strip_of(take, pictures, ui, rows) {
        let frame = if n == 0 { frame } else { content.document.playhead_for_other(frame) };
        actions.push(Action::Seek(frame));
    }
}

/// Pictures and strips of both, one below the other, for a page that scrolls.
pub(super) fn scrolled(
    (content, beside): (&Content<'_>, &Beside<'_>),
    state: &mut UiState,
    ui: &mut egui::Ui,
    actions: &mut Vec<Action>,
) {
    let Some(take) = content.document.take() else { return };
    head(take, beside, state, ui, actions);
    crate::widgets::scrolled(ui, egui::ScrollArea::vertical().auto_shrink([false, true]), |ui| {
        let tall = ui.available_height();
        for (n, (take, pictures)) in
            [(take, &content.pictures), (beside.take, &beside.pictures)].into_iter().enumerate()
        {
            ui.push_id(("pictures", n), |ui| {
                let width = ui.available_width();
                let side = width.min((tall * 0.5 - CAPTION).max(140.0));
                let place = ui.allocate_exact_size(vec2(width, CAPTION + side), egui::Sense::hover()).0;
                caption(take, place.with_max_y(place.top() + CAPTION), ui);
                let square = square(place.with_min_y(place.top() + CAPTION));
                viewport::paint_picture(ui, square, pictures);
                *(if n == 0 { &mut state.places.picture } else { &mut state.places.picture_beside }) = Some(square);
                strip(content, (n, take, pictures), Rows::Scroll, ui, actions);
            });
        }
    });
}

/// Two places of the same size.
fn halves(room: Rect, stacked: bool) -> [Rect; 2] {
    let shrunk = |length: f32| ((length - 2.0 * GAP) * 0.5).max(1.0);
    let (size, step) = if stacked {
        (vec2(room.width(), shrunk(room.height())), Vec2::Y * (shrunk(room.height()) + 2.0 * GAP))
    } else {
        (vec2(shrunk(room.width()), room.height()), Vec2::X * (shrunk(room.width()) + 2.0 * GAP))
    };
    [0.0, 1.0].map(|n| Rect::from_min_size(room.min + step * n, size))
}

/// Where a motion and its picture go: beside or above each other, whichever gives the larger picture.
pub(super) fn places(room: Rect) -> [Rect; 2] {
    let above = room.width().min((room.height() - GAP) * 0.5);
    let beside = ((room.width() - GAP) * 0.5).min(room.height());
    if beside > above {
        let edge = room.right() - beside.max(1.0);
        [room.with_max_x((edge - GAP).max(room.left() + 1.0)), square(room.with_min_x(edge))]
    } else {
        let side = above.max(1.0);
        let scene = room.with_max_y((room.bottom() - side - GAP).max(room.top() + 1.0));
        [scene, square(room.with_min_y(room.bottom() - side))]
    }
}

/// The largest square in the middle.
fn square(room: Rect) -> Rect {
    Rect::from_center_size(room.center(), Vec2::splat(room.width().min(room.height()).max(1.0)))
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Pos2, pos2};

    use super::*;

    #[test]
    fn motion_and_picture_share_any_room() {
        for (size, least) in
            [([350.0, 400.0], 190.0), ([900.0, 300.0], 300.0), ([300.0, 900.0], 300.0), ([568.0, 170.0], 170.0)]
        {
            let room = Rect::from_min_size(pos2(10.0, 20.0), size.into());
            let [scene, picture] = places(room);
            assert!(room.contains_rect(scene) && room.contains_rect(picture), "{size:?}: {scene} {picture}");
            assert!(!scene.shrink(0.1).intersects(picture), "{size:?}: {scene} {picture}");
            assert!(
                (picture.width() - picture.height()).abs() < 1e-3 && picture.width() >= least,
                "{size:?}: {picture}"
            );
        }
        for size in [[0.0, 0.0], [1.0, 500.0], [500.0, 1.0]] {
            let room = Rect::from_min_size(Pos2::ZERO, size.into());
            assert!(places(room).into_iter().chain(halves(room, true)).all(|place| place.is_finite()), "{size:?}");
        }
    }

    #[test]
    fn halves_are_equal_and_apart() {
        let room = Rect::from_min_size(Pos2::ZERO, vec2(616.0, 416.0));
        for (stacked, size) in [(false, vec2(300.0, 416.0)), (true, vec2(616.0, 200.0))] {
            let [first, second] = halves(room, stacked);
            assert_eq!((first.size(), second.size()), (size, size));
            assert!(!first.intersects(second) && room.contains_rect(second));
        }
    }
}
