//! Lines of a table: texts at fixed places, cut where they do not fit.

use eframe::egui::{self, Align, Color32, FontId, Rect, Response, Sense, pos2, vec2};

use crate::theme::{self, palette, radius};

/// One place in a line.
pub(super) struct Cell {
    /// Width in points; what is left over is shared by the cells of width 0.
    pub width: f32,
    pub text: String,
    pub align: Align,
    pub colour: Color32,
    pub font: FontId,
}

impl Cell {
    /// A caption or remark.
    pub fn weak(ui: &egui::Ui, width: f32, text: impl Into<String>) -> Cell {
        let colour = palette(ui.visuals()).text_weak;
        Cell { width, text: text.into(), align: Align::Min, colour, font: theme::text::regular(theme::text::SMALL) }
    }

    /// Something to read.
    pub fn text(ui: &egui::Ui, width: f32, text: impl Into<String>) -> Cell {
        let colour = palette(ui.visuals()).text;
        Cell { width, text: text.into(), align: Align::Min, colour, font: theme::text::regular(13.0) }
    }

    /// A figure, at the right end of its place.
    pub fn figure(ui: &egui::Ui, width: f32, text: impl Into<String>) -> Cell {
        Cell { align: Align::Max, font: theme::text::medium(12.0), ..Cell::text(ui, width, text) }
    }

    pub fn at_right(self) -> Cell {
        Cell { align: Align::Max, ..self }
    }

    pub fn coloured(self, colour: Color32) -> Cell {
        Cell { colour, ..self }
    }
}

/// Draws one line and tells where its cells are.
pub(super) fn line(ui: &mut egui::Ui, height: f32, selected: bool, cells: &[Cell]) -> (Response, Vec<Rect>) {
    let fixed: f32 = cells.iter().map(|cell| cell.width).sum();
    let free = cells.iter().filter(|cell| cell.width == 0.0).count().max(1);
    let width = ui.available_width().max(fixed);
    let share = (width - fixed) / free as f32;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    let mut rects = Vec::with_capacity(cells.len());
    let mut x = rect.left();
    for cell in cells {
        let width = if cell.width == 0.0 { share } else { cell.width };
        rects.push(Rect::from_min_size(pos2(x, rect.top()), vec2(width, height)));
        x += width;
    }
    if ui.is_rect_visible(rect) {
        let p = palette(ui.visuals());
        if selected || response.hovered() {
            let fill = if selected { p.accent_soft } else { p.hover.gamma_multiply(0.5) };
            ui.painter().rect_filled(rect, radius::S, fill);
        }
        for (cell, place) in cells.iter().zip(&rects) {
            let inner = place.shrink2(vec2(5.0, 0.0));
            let galley =
                crate::widgets::elided(ui.painter(), &cell.text, cell.font.clone(), cell.colour, inner.width());
            let x = if cell.align == Align::Max { inner.right() - galley.size().x } else { inner.left() };
            ui.painter().galley(pos2(x, rect.center().y - galley.size().y * 0.5), galley, cell.colour);
        }
    }
    (response, rects)
}

/// A bar from the left of a place.
pub(super) fn bar(ui: &egui::Ui, place: Rect, share: f32, colour: Color32) {
    let track = Rect::from_x_y_ranges(
        place.left() + 5.0..=place.right() - 5.0,
        place.center().y - 3.5..=place.center().y + 3.5,
    );
    if track.width() > 4.0 && ui.is_rect_visible(track) {
        ui.painter().rect_filled(track, radius::S, palette(ui.visuals()).field);
        let width = (track.width() * share.clamp(0.0, 1.0)).max(if share > 0.0 { 2.0 } else { 0.0 });
        ui.painter().rect_filled(track.with_max_x(track.left() + width), radius::S, colour);
    }
}

/// A number in few characters: three or four digits that count.
pub(super) fn short(x: f64) -> String {
    let size = x.abs();
    match size {
        s if x.fract() == 0.0 && s < 1e5 => format!("{x:.0}"),
        _ if !x.is_finite() => x.to_string(),
        s if !(1e-3..1e5).contains(&s) => format!("{x:.2e}"),
        s if s >= 1e3 => format!("{x:.0}"),
        s if s >= 10.0 => format!("{x:.2}"),
        _ => format!("{x:.4}"),
    }
}

/// A stretch of time.
pub(super) fn duration(time: std::time::Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 999.5 { format!("{micros:.0} µs") } else { format!("{:.2} ms", micros / 1e3) }
}

/// Bytes.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0 => "–".to_owned(),
        1..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::widgets::testing::Harness;

    #[test]
    fn figures_are_short() {
        let said: Vec<String> = [0.0, 0.25, -12.3456, 1234.5, 1.5e7, 2e-6, f64::NAN].into_iter().map(short).collect();
        assert_eq!(said, ["0", "0.2500", "-12.35", "1234", "1.50e7", "2.00e-6", "NaN"]);
        assert_eq!(duration(Duration::from_micros(999)), "999 µs");
        assert_eq!(duration(Duration::from_micros(2345)), "2.35 ms");
        assert_eq!([0, 512, 45_600, 12_345_678].map(bytes), ["–", "512 B", "45.6 kB", "12.3 MB"]);
    }

    #[test]
    fn lines_fill_the_place_and_are_clicked() {
        let mut h = Harness::new(400.0, 100.0);
        let mut clicks = 0;
        let mut content = |ui: &mut egui::Ui| {
            let cells = [Cell::text(ui, 0.0, "a long name ".repeat(20)), Cell::figure(ui, 60.0, "1.25")];
            let (response, places) = line(ui, 24.0, false, &cells);
            assert!((places[1].right() - response.rect.right()).abs() < 0.5 && places[0].width() > 100.0);
            clicks += usize::from(response.clicked());
        };
        h.frame(&mut content);
        h.click(50.0, 16.0, &mut content);
        assert_eq!(clicks, 1);
    }
}
