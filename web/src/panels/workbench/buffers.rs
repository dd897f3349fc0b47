//! The numbers of a buffer, with names and units.

use draction::{
    inspect::{Layout, carriers, layout},
    passes::{Axis, Buffer, Dims},
};
use eframe::egui::{self, Rect, Sense, pos2, vec2};

use super::{
    line::{bytes, short},
    picture::who,
};
use crate::{
    theme::{palette, radius, text},
    widgets::{card, elided},
    workbench::Workbench,
};

/// Width of a number, of a row's name, and height of a row, in points.
const COLUMN: f32 = 84.0;
const NAME: f32 = 230.0;
const ROW: f32 = 22.0;

pub(super) fn show(bench: &mut Workbench, names: &[String], ui: &mut egui::Ui) {
    let Some(drawn) = bench.rendering.clone() else { return super::nothing(ui, "Nothing was drawn yet") };
    let dims = drawn.scene.dims;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
        for (buffer, _) in drawn.buffers.iter() {
            chip(ui, buffer, &mut bench.buffer);
        }
    });
    if !drawn.buffers.has(bench.buffer) {
        return super::nothing(ui, "This buffer is written by a backward pass: pause, and choose a loss");
    }
    let Some(layout) = layout(bench.buffer, &dims) else { return };
    let numbers = drawn.buffers.get(bench.buffer);
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(text::section(format!("{:?}", bench.buffer)));
            let said = format!(
                "{} rows by {} · {} numbers · {}",
                layout.rows(&dims),
                layout.axes.iter().map(|axis| axis.name()).collect::<Vec<_>>().join(", "),
                numbers.len(),
                bytes(numbers.len() as u64 * 4)
            );
            ui.label(text::small(said));
        });
        let joints = |row: usize| row_label(&layout, &dims, row, &drawn.scene.template, names);
        table(ui, &layout, numbers, joints);
    });
}

fn chip(ui: &mut egui::Ui, buffer: Buffer, chosen: &mut Buffer) {
    let p = palette(ui.visuals());
    let here = *chosen == buffer;
    let colour = if here { p.accent_text } else { p.text_weak };
    let name = ui.painter().layout_no_wrap(format!("{buffer:?}"), text::medium(text::SMALL), colour);
    let (rect, response) = ui.allocate_exact_size(name.size() + vec2(14.0, 8.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, here, format!("{buffer:?}")));
    if here || response.hovered() {
        ui.painter().rect_filled(rect, radius::S, if here { p.accent_soft } else { p.hover });
    }
    ui.painter().galley(rect.center() - name.size() * 0.5, name, colour);
    if response.clicked() {
        *chosen = buffer;
    }
}

/// Where a row lies, with the names of joints.
fn row_label(
    layout: &Layout,
    dims: &Dims,
    row: usize,
    template: &draction::draction::Template,
    names: &[String],
) -> String {
    let place = layout.place(dims, row);
    let own = match place.last() {
        Some(&(Axis::Joint, joint)) => who(&[(joint, 1.0)], names),
        Some(&(Axis::Gaussian, gaussian)) => format!("{gaussian} · {}", who(&carriers(template, gaussian), names)),
        _ => return draction::inspect::row_name(layout, dims, row),
    };
    let at = |axis, many: bool| place.iter().find(|(a, _)| many && *a == axis).map(|(_, at)| *at);
    match (at(Axis::Frame, dims.frame_count() > 1), at(Axis::Body, dims.bodies > 1)) {
        (Some(frame), Some(body)) => format!("{frame} · body {} · {own}", body + 1),
        (Some(frame), None) => format!("frame {frame} · {own}"),
        (None, Some(body)) => format!("body {} · {own}", body + 1),
        (None, None) => own,
    }
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
