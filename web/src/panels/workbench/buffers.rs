//! The numbers of a buffer, with names and units.

use draction::gpu::{Layout, Run};
use eframe::egui::{self, Rect, Sense, pos2, vec2};

use super::{
    change,
    line::{bytes, short},
};
use crate::{
    actions::Action,
    theme::{palette, radius, text},
    widgets::{card, elided},
    workbench::Change,
};

/// Width of a number, of a row's name, and height of a row, in points.
const COLUMN: f32 = 84.0;
const NAME: f32 = 230.0;
const ROW: f32 = 22.0;

pub(super) fn show(run: Option<&dyn Run>, chosen: &str, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(run) = run else { return super::nothing(ui, "Nothing was drawn yet") };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
        for buffer in run.buffers() {
            if chip(ui, &buffer, buffer == chosen) {
                change(actions, Change::Buffer(buffer));
            }
        }
    });
    let Some((layout, numbers)) = run.table(chosen) else {
        return super::nothing(ui, "This buffer is written by a backward pass: pause, and choose a loss");
    };
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(text::section(chosen));
            let said = format!(
                "{} rows by {} · {} numbers · {}",
                layout.rows(),
                layout.axes.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
                numbers.len(),
                bytes(numbers.len() as u64 * 4)
            );
            ui.label(text::small(said));
        });
        table(ui, &layout, numbers, |row| run.row_label(&layout, row));
    });
}

/// A buffer's name to click on; says whether it was.
fn chip(ui: &mut egui::Ui, name: &str, here: bool) -> bool {
    let p = palette(ui.visuals());
    let colour = if here { p.accent_text } else { p.text_weak };
    let said = ui.painter().layout_no_wrap(name.to_owned(), text::medium(text::SMALL), colour);
    let (rect, response) = ui.allocate_exact_size(said.size() + vec2(14.0, 8.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, here, name));
    if here || response.hovered() {
        ui.painter().rect_filled(rect, radius::S, if here { p.accent_soft } else { p.hover });
    }
    ui.painter().galley(rect.center() - said.size() * 0.5, said, colour);
    response.clicked()
}

/// Only the rows in view are laid out: a picture has hundreds of thousands.
fn table(ui: &mut egui::Ui, layout: &Layout, numbers: &[f32], label: impl Fn(usize) -> String) {
    let p = palette(ui.visuals());
    let width = layout.columns.len();
    let rows = numbers.len() / width.max(1);
    ui.spacing_mut().item_spacing.y = 0.0;
    egui::ScrollArea::horizontal().id_salt("columns").auto_shrink([false, false]).show(ui, |ui| {
        let whole = NAME + COLUMN * width as f32;
        let (head, _) = ui.allocate_exact_size(vec2(whole, 36.0), Sense::hover());
        for (c, column) in layout.columns.iter().enumerate() {
            let right = head.left() + NAME + COLUMN * (c + 1) as f32 - 6.0;
            let name = ui.painter().layout_no_wrap(column.name.clone(), text::medium(text::SMALL), p.text);
            let unit = ui.painter().layout_no_wrap(column.unit.to_owned(), text::regular(text::TINY), p.text_weak);
            ui.painter().galley(pos2(right - name.size().x, head.top() + 1.0), name, p.text);
            ui.painter().galley(pos2(right - unit.size().x, head.top() + 17.0), unit, p.text_weak);
        }
        ui.painter().hline(head.x_range(), head.bottom() - 1.0, egui::Stroke::new(1.0, p.border));
        let area = egui::ScrollArea::vertical().id_salt("rows").auto_shrink([false, false]);
        area.show_rows(ui, ROW, rows, |ui, seen| {
            for row in seen {
                let (rect, response) = ui.allocate_exact_size(vec2(whole, ROW), Sense::hover());
                if response.hovered() || row % 2 == 1 {
                    let fill = if response.hovered() { p.hover } else { p.field.gamma_multiply(0.6) };
                    ui.painter().rect_filled(rect, 0, fill);
                }
                let painter = ui.painter();
                let name = elided(painter, &label(row), text::regular(text::SMALL), p.text_weak, NAME - 12.0);
                painter.galley(pos2(rect.left() + 6.0, rect.center().y - name.size().y * 0.5), name, p.text_weak);
                for (c, number) in numbers[row * width..][..width].iter().enumerate() {
                    let place = Rect::from_min_size(
                        pos2(rect.left() + NAME + COLUMN * c as f32, rect.top()),
                        vec2(COLUMN - 6.0, ROW),
                    );
                    let colour = match number {
                        x if !x.is_finite() => p.error,
                        0.0 => p.text_weak,
                        _ => p.text,
                    };
                    let figure = painter.layout_no_wrap(short(f64::from(*number)), text::regular(text::SMALL), colour);
                    let at = pos2(place.right() - figure.size().x, place.center().y - figure.size().y * 0.5);
                    painter.galley(at, figure, colour);
                }
            }
        });
    });
}
