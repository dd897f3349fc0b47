//! The most probable labels, as bars.

use eframe::egui::{CursorIcon, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::{elided, percent, unit};
use crate::theme::{self, radius, space, text};

/// A label and how probable it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarView<'a> {
    /// What it may be.
    pub label: &'a str,
    /// From 0 to 1.
    pub probability: f32,
}

/// One line each: label, bar, percentage; the first stands out. Answers with the line that was clicked.
pub fn bars(ui: &mut Ui, items: &[BarView<'_>]) -> Option<usize> {
    let p = theme::palette(ui.visuals());
    let width = ui.available_width().clamp(1.0, 1e4);
    // one column of labels, as wide as the widest but never more than half
    let widest = items
        .iter()
        .map(|item| ui.painter().layout_no_wrap(item.label.to_owned(), text::medium(13.0), p.text).size().x);
    let labels = widest.fold(0.0, f32::max).min(width * 0.5);
    let figures = 44.0;
    let mut clicked = None;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (i, item) in items.iter().enumerate() {
            let probability = unit(item.probability);
            let (rect, response) = ui.allocate_exact_size(vec2(width, 28.0), Sense::click());
            let said = percent(probability);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{} {said}", item.label)));
            if response.clicked() {
                clicked = Some(i);
            }
            if !ui.is_rect_visible(rect) {
                continue;
            }
            let painter = ui.painter();
            if response.hovered() || response.has_focus() {
                painter.rect_filled(rect.expand2(vec2(6.0, 0.0)), radius::S, p.hover.gamma_multiply(0.5));
            }
            let first = i == 0;
            let font = if first { text::medium(13.0) } else { text::regular(13.0) };
            let color = if first { p.text } else { p.text_weak };
            let label = elided(painter, item.label, font, color, labels);
            painter.galley(rect.left_center() - vec2(0.0, label.size().y * 0.5), label, color);
            let figure = painter.layout_no_wrap(said, text::medium(13.0), color);
            let at = rect.right_center() - vec2(figure.size().x, figure.size().y * 0.5);
            painter.galley(at, figure, color);
            let left = rect.left() + labels + space::S + 4.0;
            let track =
                Rect::from_x_y_ranges(left..=rect.right() - figures, rect.center().y - 4.0..=rect.center().y + 4.0);
            if track.width() > 8.0 {
                let share = ui.ctx().animate_value_with_time(response.id.with("share"), probability, 0.25);
                painter.rect_filled(track, radius::S, p.field);
                // even the smallest is a dot, not nothing
                let bar = track.with_max_x(track.left() + (track.width() * unit(share)).max(4.0));
                let fill = if first { p.accent } else { p.text_weak.gamma_multiply(0.55) };
                painter.rect_filled(bar, radius::S, fill);
            }
            response
                .on_hover_cursor(CursorIcon::Default)
                .on_hover_text("How probable this label is, among all that the model knows");
        }
    });
    clicked
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::widgets::testing::Harness;

    #[test]
    fn the_clicked_label_is_told() {
        let items = [("wave left hand", 0.84), ("clap", 0.1), ("walk", 0.004)]
            .map(|(label, probability)| BarView { label, probability });
        let clicked = Cell::new(None);
        let mut content = |ui: &mut Ui| clicked.set(bars(ui, &items).or(clicked.get()));
        let mut h = Harness::new(390.0, 300.0);
        h.frame(&mut content);
        h.click(100.0, 8.0 + 30.0 + 10.0, &mut content);
        assert_eq!(clicked.get(), Some(1));
    }

    #[test]
    fn any_input_is_drawn() {
        let long = "sit down ".repeat(60);
        let items = [
            BarView { label: "", probability: f32::NAN },
            BarView { label: &long, probability: 7.0 },
            BarView { label: "äöü 日本", probability: -1.0 },
        ];
        for width in [1.0, 60.0, 390.0, 2000.0] {
            let mut h = Harness::new(width, 200.0);
            h.frame(|ui| {
                bars(ui, &items);
                bars(ui, &[]);
            });
            if width < 100.0 {
                continue;
            }
            // labels take half of the width, figures its last 44 points
            let p = h.palette();
            let start = width * 0.5 + space::S + 4.0;
            let colors = |x: f32| [0.0, 1.0, 2.0].map(|line| h.color_at(x, 14.0 + 30.0 * line));
            let [nothing, all, less] = colors(width - 44.0 - 6.0);
            assert_eq!([nothing, less], [Some(p.field); 2], "what is no number, or below nothing, is nothing: {width}");
            assert!(all.is_some_and(|color| color != p.field), "more than all is all: {width}");
            assert!(colors(start + 2.0).iter().all(|color| *color != Some(p.field)), "nothing is a dot: {width}");
        }
    }
}
