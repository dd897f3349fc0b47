//! The scrubber: time ruler, playhead, the sampled frames, and what was recognised when.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `axis` | frames to points and back, zoom |
//! | `ruler` | ticks that fit, times as words |
//! | `lanes` | marks, spans and the overview |

mod axis;
mod lanes;
mod ruler;

use eframe::egui::{
    Align2, CursorIcon, EventFilter, Key, Modifiers, PointerButton, Pos2, Rect, Response, Sense, Stroke, StrokeKind,
    Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::theme::{self, Palette, radius, text};

use axis::Axis;
pub use axis::TimelineState;
pub use ruler::clock;

/// Height in points of the ruler.
const RULER: f32 = 22.0;
/// Height of the lane of sampled frames.
const MARKS: f32 = 26.0;
/// Height of the lane of spans.
const SPANS: f32 = 28.0;
/// Height of the overview, shown when zoomed.
const OVERVIEW: f32 = 14.0;
/// Room at both ends, so that the playhead of the first and last frame is whole.
const ENDS: f32 = 14.0;

/// What was recognised from one time to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanView<'a> {
    /// Start in seconds.
    pub start: f32,
    /// End in seconds.
    pub end: f32,
    /// What happens.
    pub label: &'a str,
    /// How sure that is, 0 to 1.
    pub probability: f32,
}

/// The time of a take. `show` lets the user move `cursor`, which is a frame and may lie between two.
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct Timeline<'a> {
    /// Number of frames of the take.
    pub frames: usize,
    /// Frames per second.
    pub fps: f32,
    /// The frames that the model sees, in order; they are numbered from 1.
    pub marks: &'a [usize],
    /// What was recognised.
    pub spans: &'a [SpanView<'a>],
    /// How much each mark matters, 0 to 1.
    pub heat: Option<&'a [f32]>,
}

impl Timeline<'_> {
    /// As wide as the place, 58 to 106 points high. A click or drag moves the cursor; the wheel and a pinch zoom around
    /// the pointer; Shift, the right button or a sideways wheel pan, as does the overview below; a double click shows
    /// all. `changed()` says that the cursor was moved.
    pub fn show(self, ui: &mut Ui, cursor: &mut f32, state: &mut TimelineState) -> Response {
        let zoomed = state.is_zoomed(self.frames);
        let lanes = RULER
            + if self.marks.is_empty() { 14.0 } else { MARKS }
            + if self.spans.is_empty() { 0.0 } else { SPANS }
            + 8.0;
        let width = ui.available_width().clamp(1.0, 1e5);
        let (rect, _) = ui.allocate_exact_size(vec2(width, lanes + OVERVIEW), Sense::hover());
        let body = rect.with_max_y(rect.top() + lanes);
        let mut response = ui.interact(body, ui.make_persistent_id("timeline"), Sense::click_and_drag());
        let before = *cursor;
        *cursor = self.clamped(*cursor);

        let ends = vec2(ENDS.min(width * 0.25), 0.0);
        let track = body.shrink2(ends);
        self.interact(ui, &response, track, cursor, state);
        let overview = rect.with_min_y(body.bottom() + 3.0).shrink2(ends);
        if zoomed {
            self.overview(ui, overview, cursor, state);
        }
        state.settle(self.frames);
        if *cursor != before && !(before.is_nan() && *cursor == 0.0) {
            response.mark_changed();
        }
        response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), f64::from(*cursor), "Frame".to_owned()));
        if ui.is_rect_visible(rect) {
            self.paint(ui, body, Axis::new(track, self.frames, state), *cursor, &response);
        }
        response.on_hover_cursor(CursorIcon::PointingHand)
    }

    fn fps(&self) -> f32 {
        if self.fps.is_finite() && self.fps > 0.0 { self.fps } else { 30.0 }
    }

    fn clamped(&self, frame: f32) -> f32 {
        if frame.is_nan() { 0.0 } else { frame.clamp(0.0, self.frames.saturating_sub(1) as f32) }
    }

    fn interact(&self, ui: &Ui, response: &Response, track: Rect, cursor: &mut f32, state: &mut TimelineState) {
        let axis = Axis::new(track, self.frames, state);
        let shift = ui.input(|i| i.modifiers.shift);
        let touch = ui.input(|i| i.multi_touch()).filter(|t| response.rect.contains(t.center_pos));
        let sideways = response.dragged_by(PointerButton::Secondary) || response.dragged_by(PointerButton::Middle);
        // from the first touch on, not only when it has moved far enough to be a drag
        let held = response.is_pointer_button_down_on() && ui.input(|i| i.pointer.primary_down());
        let pressed = held || response.clicked();
        if let Some(touch) = touch {
            state.zoom(&axis, touch.zoom_delta, touch.center_pos.x);
            state.pan(&axis, touch.translation_delta.x);
        } else if sideways || (shift && response.dragged()) {
            state.pan(&axis, response.drag_delta().x);
        } else if let Some(at) = response.interact_pointer_pos().filter(|_| pressed) {
            *cursor = self.clamped(axis.frame(at.x));
        }
        if let Some(at) = response.hover_pos().filter(|_| response.hovered() && touch.is_none()) {
            let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta()));
            if scroll != Vec2::ZERO || pinch != 1.0 {
                state.zoom(&axis, pinch * (scroll.y * 0.006).exp(), at.x);
                state.pan(&axis, scroll.x);
                // or the page would scroll away
                ui.input_mut(|i| i.smooth_scroll_delta = Vec2::ZERO);
            }
        }
        if response.double_clicked() {
            state.reset();
        }
        if response.has_focus() {
            let filter = EventFilter { horizontal_arrows: true, ..Default::default() };
            ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
            let pressed = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as f32;
            let steps = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
            if steps != 0.0 {
                *cursor = self.clamped(cursor.round() + steps);
            }
        }
    }

    /// The whole take, and which part of it is shown: a scroll bar.
    fn overview(&self, ui: &Ui, rect: Rect, cursor: &f32, state: &mut TimelineState) {
        let response = ui.interact(rect, ui.make_persistent_id("timeline overview"), Sense::click_and_drag());
        if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked()) {
            state.center(self.frames, f64::from((at.x - rect.left()) / rect.width().max(1.0)));
        }
        lanes::overview(ui, rect, self, *cursor, state, response.hovered() || response.dragged());
    }

    fn paint(&self, ui: &Ui, rect: Rect, axis: Axis, cursor: f32, response: &Response) {
        let p = theme::palette(ui.visuals());
        let painter = ui.painter_at(rect.expand(2.0));
        painter.rect(rect, radius::M, p.field, Stroke::new(1.0, p.border), StrokeKind::Inside);
        if response.has_focus() {
            painter.rect_stroke(rect, radius::M, Stroke::new(2.0, p.accent_text), StrokeKind::Inside);
        }
        let inner = painter.with_clip_rect(rect.shrink(1.0));
        ruler::paint(&inner, rect.with_max_y(rect.top() + RULER), &axis, self.fps(), p);
        let mut top = rect.top() + RULER;
        let hover = response.hover_pos();
        if !self.marks.is_empty() {
            lanes::marks(&inner, rect.with_min_y(top).with_max_y(top + MARKS), &axis, self, cursor, p);
            top += MARKS;
        }
        let mut pointed = None;
        if !self.spans.is_empty() {
            let lane = rect.with_min_y(top + 2.0).with_max_y(top + SPANS - 2.0);
            pointed = lanes::spans(&inner, lane, &axis, self, hover, p);
        }
        let playing = axis.x(f64::from(cursor));
        if let Some(at) = hover.filter(|_| !response.is_pointer_button_down_on()) {
            self.hint(&inner, rect, &axis, at, p);
        }
        playhead(&painter, rect, playing, p);
        if let Some(span) = pointed.filter(|_| !response.dragged()) {
            response.clone().on_hover_ui_at_pointer(|ui| {
                ui.label(text::strong(span.label));
                let times = format!("{} – {}", clock(span.start, true), clock(span.end, true));
                ui.label(text::small(format!("{}  ·  {times}", super::percent(span.probability))));
            });
        }
    }

    /// Where a click would go: a line and its time and frame.
    fn hint(&self, painter: &eframe::egui::Painter, rect: Rect, axis: &Axis, at: Pos2, p: &Palette) {
        let frame = self.clamped(axis.frame(at.x));
        let x = axis.x(f64::from(frame));
        painter.vline(x, rect.y_range(), Stroke::new(1.0, p.border_strong));
        let words = format!("{}  ·  {}", clock(frame / self.fps(), true), frame.round());
        let galley = painter.layout_no_wrap(words, text::medium(text::TINY), p.text);
        let size = galley.size() + vec2(10.0, 4.0);
        let left = (x - size.x * 0.5).clamp(rect.left() + 2.0, (rect.right() - size.x - 2.0).max(rect.left() + 2.0));
        let pill = Rect::from_min_size(pos2(left, rect.top() + 2.0), size);
        painter.rect(pill, radius::S, p.raised, Stroke::new(1.0, p.border_strong), StrokeKind::Inside);
        painter.text(pill.center(), Align2::CENTER_CENTER, galley.text(), text::medium(text::TINY), p.text);
    }
}

fn playhead(painter: &eframe::egui::Painter, rect: Rect, x: f32, p: &Palette) {
    if !rect.x_range().expand(6.0).contains(x) {
        return;
    }
    painter.vline(x, rect.y_range(), Stroke::new(2.0, p.accent_text));
    let y = rect.top();
    let head = [[-5.5, -1.0], [5.5, -1.0], [5.5, 5.0], [0.0, 11.0], [-5.5, 5.0]];
    let points = head.iter().map(|[dx, dy]| pos2(x + dx, y + dy)).collect();
    painter.add(eframe::egui::Shape::convex_polygon(points, p.accent_text, Stroke::NONE));
}

#[cfg(test)]
mod tests;
