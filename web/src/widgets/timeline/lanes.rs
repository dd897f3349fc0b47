//! The sampled frames, the label spans, and the overview of a zoomed take.

use eframe::egui::{Align2, CornerRadius, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::{SpanView, Timeline, TimelineState, axis::Axis};
use crate::{
    theme::{self, Palette, mix, radius, text},
    widgets::{elided, unit},
};

/// Numbered flags at the frames that the model sees; the one that the cursor is nearest to stands out.
pub(super) fn marks(painter: &Painter, lane: Rect, axis: &Axis, view: &Timeline<'_>, cursor: f32, p: &Palette) {
    let current = nearest(view.marks, cursor);
    // where flags are crowded only every second, fourth … is numbered
    let apart = view.marks.windows(2).map(|w| axis.x(w[1] as f64) - axis.x(w[0] as f64)).fold(f32::MAX, f32::min);
    let every = (1..8).map(|k| 1_usize << k).fold(1, |every, k| if apart * (every as f32) < 20.0 { k } else { every });
    for (i, &frame) in view.marks.iter().enumerate() {
        let x = axis.x(frame as f64);
        if !lane.x_range().expand(12.0).contains(x) {
            continue;
        }
        let heat = view.heat.map(|h| h.get(i).copied().map_or(0.0, unit));
        let is_current = current == Some(i);
        let color = match heat {
            Some(heat) => p.heat(heat),
            None if is_current => p.accent_text,
            None => p.text_weak,
        };
        let middle = pos2(x, lane.center().y);
        if apart >= 10.0 || is_current {
            let size = vec2(18.0, 18.0);
            let flag = Rect::from_center_size(middle, size);
            let fill = if is_current && heat.is_none() { p.accent } else { mix(p.raised, color, heat.unwrap_or(0.0)) };
            let stroke =
                Stroke::new(if is_current { 1.5 } else { 1.0 }, if is_current { p.accent_text } else { color });
            painter.rect(flag, 9, fill, stroke, StrokeKind::Inside);
            if i % every == 0 || is_current {
                let words = readable(fill, p, is_current && heat.is_none());
                painter.text(middle, Align2::CENTER_CENTER, i + 1, text::medium(10.5), words);
            }
        } else {
            painter.vline(x, lane.shrink2(vec2(0.0, 6.0)).y_range(), Stroke::new(2.0, color));
        }
    }
}

/// Black or white or the theme's text, whichever is read better on `fill`.
fn readable(fill: eframe::egui::Color32, p: &Palette, on_accent: bool) -> eframe::egui::Color32 {
    use eframe::egui::Color32;
    if on_accent {
        return p.on_accent;
    }
    // perceived brightness
    let luma = 0.299 * f32::from(fill.r()) + 0.587 * f32::from(fill.g()) + 0.114 * f32::from(fill.b());
    if luma > 140.0 { Color32::from_gray(16) } else { Color32::from_gray(245) }
}

/// The mark whose frame is nearest to the cursor.
fn nearest(marks: &[usize], cursor: f32) -> Option<usize> {
    let away = |i: &usize| (marks[*i] as f32 - cursor).abs();
    (0..marks.len()).min_by(|a, b| away(a).total_cmp(&away(b)))
}

/// Coloured spans with their labels. Answers with the one under the pointer.
pub(super) fn spans<'a>(
    painter: &Painter,
    lane: Rect,
    axis: &Axis,
    view: &Timeline<'a>,
    hover: Option<Pos2>,
    p: &Palette,
) -> Option<&'a SpanView<'a>> {
    let mut pointed = None;
    // spans narrower than two points are drawn as one per pixel
    let mut filled = f32::MIN;
    for span in view.spans {
        if !(span.start.is_finite() && span.end.is_finite()) {
            continue;
        }
        let [from, to] = [span.start.min(span.end), span.start.max(span.end)];
        let x = |s: f32| axis.x(f64::from(s) * f64::from(view.fps()));
        let (left, right) = (x(from).max(lane.left() - 8.0), x(to).min(lane.right() + 8.0));
        if right < lane.left() || left > lane.right() || right < filled {
            continue;
        }
        let rect = lane.with_min_x(left + 0.5).with_max_x((right - 0.5).max(left + 2.0));
        filled = if right - left < 2.0 { left + 1.0 } else { f32::MIN };
        let over = hover.is_some_and(|at| rect.contains(at));
        let color = p.label(span.label);
        // what the model is less sure of is paler
        let sure = 0.35 + 0.65 * unit(span.probability);
        let strength = if p.dark { 0.34 } else { 0.24 } * sure + if over { 0.14 } else { 0.0 };
        painter.rect_filled(rect, CornerRadius::same(radius::S), mix(p.panel, color, strength));
        let bar = rect.with_max_x((rect.left() + 3.0).min(rect.right()));
        let corner = CornerRadius { nw: radius::S, sw: radius::S, ne: 0, se: 0 };
        painter.rect_filled(bar, corner, mix(p.panel, color, sure));
        if rect.width() > 26.0 {
            let galley = elided(painter, span.label, text::medium(text::TINY), p.text, rect.width() - 13.0);
            // a label scrolls with the visible part of its span
            let at = pos2(rect.left().max(lane.left()) + 8.0, rect.center().y - galley.size().y * 0.5);
            painter.with_clip_rect(rect.intersect(painter.clip_rect())).galley(at, galley, p.text);
        }
        if over {
            pointed = Some(span);
        }
    }
    pointed
}

/// All spans of a take in a thin line, the shown part framed, the cursor as a dot.
pub(super) fn overview(ui: &Ui, rect: Rect, view: &Timeline<'_>, cursor: f32, state: &TimelineState, hot: bool) {
    let p = theme::palette(ui.visuals());
    let line = rect.with_max_y(rect.top() + 8.0);
    let painter = ui.painter_at(line.expand(4.0));
    painter.rect_filled(line, 4, p.field);
    let axis = Axis::new(line, view.frames, &TimelineState::default());
    let mut filled = f32::MIN;
    for span in view.spans.iter().filter(|s| s.start.is_finite() && s.end.is_finite()) {
        let x = |s: f32| axis.x(f64::from(s) * f64::from(view.fps())).clamp(line.left(), line.right());
        let (left, right) = (x(span.start), x(span.end));
        if right > filled + 0.5 {
            let part =
                Rect::from_x_y_ranges(left..=right.max(left + 1.0), line.center().y - 1.0..=line.center().y + 1.0);
            painter.rect_filled(part, 0, p.label(span.label).gamma_multiply(0.7));
            filled = right;
        }
    }
    let [from, to] = state.range(view.frames).map(|frame| axis.x(frame));
    let thumb = line.with_min_x(from).with_max_x(to.max(from + 8.0));
    let color = if hot { p.text_weak } else { p.border_strong };
    painter.rect(thumb, 4, color.gamma_multiply(0.6), Stroke::new(1.0, color), StrokeKind::Inside);
    painter.circle_filled(pos2(axis.x(f64::from(cursor)), line.center().y), 2.5, p.accent_text);
}
