//! Small parts of panels: cards, headings, switches, segments, badges.

use std::ops::RangeInclusive;

use eframe::egui::{
    Align, Color32, CornerRadius, CursorIcon, EventFilter, Frame, InnerResponse, Key, Label, Layout, Margin, Modifiers,
    Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, lerp, pos2, vec2,
};

use crate::theme::{self, radius, space, text};

/// A surface with a hairline and padding, as wide as the place.
pub fn card<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let p = theme::palette(ui.visuals());
    let pad = if ui.available_width() < theme::PHONE * 0.75 { space::M * 0.75 } else { space::M };
    Frame::new()
        .fill(p.panel)
        .stroke(Stroke::new(1.0, p.border))
        .corner_radius(radius::L)
        .inner_margin(Margin::same(pad as i8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            content(ui)
        })
}

/// The heading of a panel, as far as buttons at the right end leave room for it.
pub fn section<R>(ui: &mut Ui, title: &str, actions: impl FnOnce(&mut Ui) -> R) -> R {
    let size = vec2(ui.available_width(), theme::control_height(ui.ctx()));
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        let done = actions(ui);
        let heading = Label::new(text::section(title)).truncate();
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(heading));
        done
    })
    .inner
}

/// A switch with its label; the whole line can be pressed.
pub fn toggle(ui: &mut Ui, on: &mut bool, label: &str) -> Response {
    let p = theme::palette(ui.visuals());
    let track = vec2(30.0, 18.0);
    let room = ui.available_width() - track.x - space::S;
    let galley = super::elided(ui.painter(), label, text::regular(13.0), p.text, room);
    let gap = if label.is_empty() { 0.0 } else { space::S };
    let size = vec2(track.x + gap + galley.size().x, theme::control_height(ui.ctx()));
    let (rect, mut response) = ui.allocate_exact_size(size, Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), *on, label.to_owned()));
    if ui.is_rect_visible(rect) {
        let t = ui.ctx().animate_bool_responsive(response.id, *on);
        let track = Rect::from_min_size(pos2(rect.left(), rect.center().y - track.y * 0.5), track);
        let off = if response.hovered() { p.text_weak } else { p.border_strong };
        ui.painter().rect_filled(track, CornerRadius::same(9), theme::mix(off, p.accent, t));
        let x = lerp(track.left() + 9.0..=track.right() - 9.0, t);
        ui.painter().circle_filled(pos2(x, track.center().y), 6.5, Color32::WHITE);
        if response.has_focus() {
            let ring = Stroke::new(2.0, p.accent_text);
            ui.painter().rect_stroke(track.expand(2.0), CornerRadius::same(11), ring, StrokeKind::Outside);
        }
        let at = pos2(track.right() + gap, rect.center().y - galley.size().y * 0.5);
        ui.painter().galley(at, galley, p.text);
    }
    response
}

/// One of a few: options side by side, the chosen one raised. `changed()` says that another was chosen; with the
/// keyboard's focus the arrow keys choose.
pub fn segmented(ui: &mut Ui, options: &[&str], chosen: &mut usize) -> Response {
    let p = theme::palette(ui.visuals());
    let height = theme::control_height(ui.ctx());
    let galleys: Vec<_> = options
        .iter()
        .map(|o| ui.painter().layout_no_wrap((*o).to_owned(), text::medium(13.0), Color32::PLACEHOLDER))
        .collect();
    let natural: f32 = galleys.iter().map(|g| g.size().x + 24.0).sum();
    let squeeze = (ui.available_width() / natural.max(1.0)).clamp(0.0, 1.0);
    let (rect, mut response) = ui.allocate_exact_size(vec2(natural * squeeze, height), Sense::click());
    // a clip of its own is a draw call of its own
    let painter = if squeeze < 1.0 { ui.painter_at(rect) } else { ui.painter().clone() };
    painter.rect(rect, radius::M, p.field, Stroke::new(1.0, p.border), StrokeKind::Inside);
    let before = *chosen;
    if response.has_focus() && !options.is_empty() {
        let last = options.len() as i64 - 1;
        *chosen = (*chosen as i64 + arrows(ui, &response)).clamp(0, last) as usize;
    }
    let clicked = response.clicked().then(|| response.interact_pointer_pos()).flatten();
    let mut x = rect.left();
    for (i, galley) in galleys.into_iter().enumerate() {
        let cell = rect.with_min_x(x).with_max_x(x + (galley.size().x + 24.0) * squeeze);
        x = cell.right();
        if clicked.is_some_and(|pos| cell.x_range().contains(pos.x)) {
            *chosen = i;
        }
        let hovered = response.hover_pos().is_some_and(|pos| cell.contains(pos));
        if i == *chosen {
            let knob = if p.dark { p.hover } else { p.panel };
            let stroke = Stroke::new(1.0, p.border_strong);
            painter.rect(cell.shrink(2.0), radius::M - 2, knob, stroke, StrokeKind::Inside);
        }
        let color = if i == *chosen || hovered { p.text } else { p.text_weak };
        painter.galley(cell.center() - galley.size() * 0.5, galley, color);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, radius::M, Stroke::new(2.0, p.accent_text), StrokeKind::Inside);
    }
    if *chosen != before {
        response.mark_changed();
    }
    let name = options.get(*chosen).copied().unwrap_or_default();
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, ui.is_enabled(), name.to_owned()));
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A value on a line, at most 220 points wide: label at the left, figure at the right, a track below. `changed()` says
/// that it was moved; with the keyboard's focus the arrow keys move it by a fiftieth of the range.
pub fn slider(ui: &mut Ui, value: &mut f32, range: RangeInclusive<f32>, label: &str) -> Response {
    let p = theme::palette(ui.visuals());
    let (low, high) = (*range.start(), *range.end());
    let width = ui.available_width().clamp(1.0, 220.0);
    let (rect, mut response) = ui.allocate_exact_size(vec2(width, 40.0), Sense::click_and_drag());
    let track =
        Rect::from_x_y_ranges(rect.left() + 7.0..=rect.right() - 7.0, rect.bottom() - 12.0..=rect.bottom() - 8.0);
    let before = *value;
    if let Some(at) = response.interact_pointer_pos().filter(|_| aims(ui, &response)) {
        *value = low + (high - low) * super::unit((at.x - track.left()) / track.width().max(1.0));
    }
    if response.has_focus() {
        let steps = arrows(ui, &response) as f32;
        *value += steps * (high - low) / 50.0;
    }
    if value.is_nan() || low > high {
        *value = low;
    }
    *value = value.max(low).min(high);
    if *value != before {
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), f64::from(*value), label.to_owned()));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let share = super::unit((*value - low) / (high - low));
        let x = lerp(track.left()..=track.right(), share);
        let figure = painter.layout_no_wrap(format!("{value:.2}"), text::medium(text::SMALL), p.text);
        let words =
            super::elided(painter, label, text::regular(text::SMALL), p.text_weak, width - figure.size().x - 8.0);
        painter.galley(pos2(rect.right() - figure.size().x, rect.top() + 4.0), figure, p.text);
        painter.galley(rect.min + vec2(0.0, 4.0), words, p.text_weak);
        painter.rect_filled(track.expand2(vec2(2.0, 0.0)), 2, if p.dark { p.hover } else { p.border });
        painter.rect_filled(track.with_max_x(x), 2, p.accent);
        let knob = pos2(x, track.center().y);
        let ring =
            if response.has_focus() || response.hovered() || response.dragged() { p.accent_text } else { p.accent };
        painter.circle(knob, 7.0, Color32::WHITE, Stroke::new(2.0, ring));
    }
    response
}

/// Whether a pointer on a line means a place on it. A finger that swipes up or down means to scroll, and that is done; one
/// that has not moved yet may do so.
fn aims(ui: &Ui, response: &Response) -> bool {
    let (touch, moved, delta) = ui.input(|i| {
        let moved = i.pointer.press_origin().zip(i.pointer.interact_pos()).map_or(Vec2::ZERO, |(from, to)| to - from);
        (i.has_touch_screen(), moved, i.pointer.delta())
    });
    if !touch || response.clicked() {
        return true;
    }
    if moved.y.abs() > moved.x.abs() {
        ui.scroll_with_delta(vec2(0.0, delta.y));
    }
    response.dragged() && moved.x.abs() > moved.y.abs()
}

/// How often the right arrow was pressed, less the left one, by who has the keyboard's focus. Without this egui would
/// move the focus.
fn arrows(ui: &Ui, response: &Response) -> i64 {
    let filter = EventFilter { horizontal_arrows: true, ..Default::default() };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as i64;
    pressed(Key::ArrowRight) - pressed(Key::ArrowLeft)
}

/// A small pill: "WebGPU", "CPU", "int8".
pub fn badge(ui: &mut Ui, label: &str, color: Color32) -> Response {
    let room = ui.available_width() - 16.0;
    let galley = super::elided(ui.painter(), label, text::medium(text::TINY), color, room);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 16.0, 20.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label.to_owned()));
    let border = Stroke::new(1.0, color.gamma_multiply(0.35));
    ui.painter().rect(rect, 10, color.gamma_multiply(0.1), border, StrokeKind::Inside);
    ui.painter().galley(rect.center() - galley.size() * 0.5, galley, color);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::testing::Harness;

    #[test]
    fn a_switch_switches() {
        let mut h = Harness::new(300.0, 100.0);
        let mut on = false;
        let mut changes = 0;
        let mut content = |ui: &mut Ui| changes += usize::from(toggle(ui, &mut on, "Neural feature map").changed());
        h.frame(&mut content);
        h.click(60.0, 20.0, &mut content);
        assert!(on);
        assert_eq!(changes, 1);
    }

    #[test]
    fn segments_are_chosen_by_pointer_and_arrows() {
        let mut h = Harness::new(700.0, 100.0);
        let mut chosen = 0;
        let mut content = |ui: &mut Ui| {
            segmented(ui, &["Reference", "Fit"], &mut chosen);
        };
        h.frame(&mut content);
        h.click(115.0, 24.0, &mut content);
        assert_eq!(chosen, 1);
        let mut content = |ui: &mut Ui| {
            segmented(ui, &["Reference", "Fit"], &mut chosen);
        };
        h.key(Key::Tab, Modifiers::NONE);
        h.frame(&mut content);
        h.key(Key::ArrowLeft, Modifiers::NONE);
        h.frame(&mut content);
        assert_eq!(chosen, 0);
    }

    #[test]
    fn a_slider_follows_pointer_and_keys_and_stays_in_its_range() {
        let mut h = Harness::new(700.0, 100.0);
        let value = std::cell::Cell::new(0.0);
        let mut content = |ui: &mut Ui| {
            let mut v = value.get();
            slider(ui, &mut v, 0.0..=2.0, "Depth mix");
            value.set(v);
        };
        h.frame(&mut content);
        h.click(110.0, 30.0, &mut content);
        assert!((value.get() - 1.0).abs() < 0.02, "{}", value.get());
        h.key(Key::Tab, Modifiers::NONE);
        h.frame(&mut content);
        h.key(Key::ArrowRight, Modifiers::NONE);
        h.frame(&mut content);
        assert!((value.get() - 1.04).abs() < 0.02, "{}", value.get());
        for odd in [f32::NAN, 9.0, f32::NEG_INFINITY] {
            value.set(odd);
            h.frame(&mut content);
            assert!((0.0..=2.0).contains(&value.get()));
        }
    }

    #[test]
    fn a_finger_that_scrolls_past_a_slider_leaves_it() {
        let mut h = Harness::new(700.0, 100.0);
        let (value, scrolled) = (std::cell::Cell::new(0.5), std::cell::Cell::new(0.0));
        let mut content = |ui: &mut Ui| {
            let mut v = value.get();
            let area = eframe::egui::ScrollArea::vertical().max_height(90.0).show(ui, |ui| {
                slider(ui, &mut v, 0.0..=2.0, "Depth mix");
                ui.allocate_space(vec2(10.0, 300.0));
            });
            value.set(v);
            scrolled.set(area.state.clamped_offset().y);
        };
        h.frame(&mut content);
        h.swipe([180.0, 30.0], [184.0, 5.0], &mut content);
        h.frame(&mut content);
        assert_eq!(value.get(), 0.5);
        assert!(scrolled.get() > 5.0, "{}", scrolled.get());
        let mut h = Harness::new(700.0, 100.0);
        h.frame(&mut content);
        h.swipe([60.0, 30.0], [160.0, 38.0], &mut content);
        assert!((value.get() - 1.46).abs() < 0.1, "{}", value.get());
        h.swipe([110.0, 30.0], [110.0, 30.0], &mut content);
        assert!((value.get() - 1.0).abs() < 0.02, "a tap sets it: {}", value.get());
    }

    #[test]
    fn nothing_to_show_is_fine() {
        let mut h = Harness::new(40.0, 400.0);
        h.frame(|ui| {
            let (mut chosen, mut on, mut value) = (9, false, 3.0);
            assert!(!segmented(ui, &[], &mut chosen).changed());
            assert!(!segmented(ui, &["a much too long option", "another"], &mut chosen).changed());
            assert_eq!(chosen, 9, "nobody has chosen");
            assert!(!toggle(ui, &mut on, "").changed() && !on);
            slider(ui, &mut value, 1.0..=1.0, "");
            assert_eq!(value, 1.0, "the only one in its range");
            badge(ui, "WebGPU WebGPU WebGPU", Color32::RED);
            card(ui, |ui| ui.label("500 000 frames of something"));
            section(ui, "Files", |_| ());
        });
        assert!(h.triangles() > 0);
    }
}
