//! Every kernel: its time, its dispatch, its buffers; and the last runs as strips of flame.

use std::time::Duration;

use draction::gpu::{Clock, KernelBuffers, KernelTime, Run, Timing};
use eframe::egui::{self, Color32, Rect, Sense, Stroke, StrokeKind, pos2, vec2};

use super::{
    change,
    line::{Cell, bar, bytes, duration, line},
};
use crate::{
    actions::Action,
    icons::Icon,
    theme::{self, Palette, palette, radius, space, text},
    widgets::{Button, IconButton, card, section},
    workbench::{Change, Workbench},
};

/// Height of the newest frame's strip, and of those before it, in points.
const NEWEST: f32 = 30.0;
const OLDER: f32 = 5.0;

pub(super) fn show(bench: &Workbench, run: Option<&dyn Run>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let (Some(timing), Some(run)) = (bench.history.back(), run) else {
        return super::nothing(ui, bench.problem.as_deref().unwrap_or("The first frame is being drawn"));
    };
    let history: Vec<&Timing> = bench.history.iter().collect();
    let kernels = run.kernels();
    egui::ScrollArea::vertical().id_salt("kernels").auto_shrink([false, false]).show(ui, |ui| {
        card(ui, |ui| {
            let title = format!("{} a frame, {}", duration(timing.total()), timing.clock.name());
            section(ui, &title, |ui| {
                if IconButton::new(Icon::Repeat).tooltip("Draw and measure this frame once more").show(ui).clicked() {
                    change(actions, Change::Again);
                }
                if history.len() > 1 {
                    ui.label(text::small(format!("below: the {} frames before", history.len() - 1)));
                }
            });
            if let Some(kernel) = flames(ui, &history, &kernels, bench.choices.kernel) {
                change(actions, Change::Kernel(kernel));
            }
        });
        ui.add_space(space::S);
        card(ui, |ui| table(ui, timing, bench.fastest.as_ref(), &kernels, bench.choices.kernel, actions));
        ui.add_space(space::S);
        if let Some(chosen) = kernels.iter().find(|known| known.kernel == bench.choices.kernel) {
            card(ui, |ui| bindings(ui, chosen, &run.buffers(), actions));
        }
    });
}

/// The colour of a kernel, the same everywhere.
fn colour(p: &Palette, kernels: &[KernelBuffers], kernel: &str) -> Color32 {
    p.span(kernels.iter().position(|known| known.kernel == kernel).unwrap_or(0))
}

/// One strip a frame, the newest on top, all on one scale. Answers with the kernel that was clicked.
fn flames(ui: &mut egui::Ui, history: &[&Timing], kernels: &[KernelBuffers], selected: &str) -> Option<&'static str> {
    let p = palette(ui.visuals());
    let longest = history.iter().map(|timing| timing.total()).max().unwrap_or_default();
    let height = NEWEST + 3.0 + (OLDER + 1.0) * history.len().saturating_sub(1) as f32;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let painter = ui.painter_at(rect);
    let mut under = None;
    let mut top = rect.top();
    for (age, timing) in history.iter().rev().enumerate() {
        let tall = if age == 0 { NEWEST } else { OLDER };
        let mut x = rect.left();
        for pass in &timing.kernels {
            let width = share(pass.time, longest) * rect.width();
            let place = Rect::from_min_size(pos2(x, top), vec2(width, tall));
            x += width;
            if response.hover_pos().is_some_and(|at| place.contains(at)) {
                under = Some(*pass);
            }
            // older frames fade, so that the newest is read first
            let fill = colour(p, kernels, pass.kernel).gamma_multiply(if age == 0 { 1.0 } else { 0.55 });
            painter.rect_filled(
                place.shrink2(vec2(0.5_f32.min(width * 0.25), 0.0)),
                if age == 0 { 3 } else { 0 },
                fill,
            );
            if age == 0 {
                if pass.kernel == selected {
                    let ring = Stroke::new(2.0, p.text);
                    painter.rect_stroke(place, 3, ring, StrokeKind::Inside);
                }
                let ink = if p.dark { Color32::BLACK } else { Color32::WHITE };
                let name = painter.layout_no_wrap(pass.kernel.to_owned(), text::medium(text::TINY), ink);
                if name.size().x + 8.0 < width {
                    painter.galley(place.center() - name.size() * 0.5, name, ink);
                }
            }
        }
        top += tall + if age == 0 { 3.0 } else { 1.0 };
    }
    let clicked = response.clicked();
    if let Some(pass) = under {
        response.on_hover_ui_at_pointer(|ui| {
            ui.label(text::strong(pass.kernel));
            ui.label(text::small(format!("{} · {}", duration(pass.time), dispatch(&pass))));
        });
    }
    under.filter(|_| clicked).map(|pass| pass.kernel)
}

fn share(time: Duration, whole: Duration) -> f32 {
    if whole.is_zero() { 0.0 } else { (time.as_secs_f64() / whole.as_secs_f64()) as f32 }
}

/// "784 groups", "12×40 groups, 3 times".
fn dispatch(pass: &KernelTime) -> String {
    let [x, y] = pass.groups;
    let groups = match (x, y) {
        (0, _) => return "on the CPU".to_owned(),
        (1, 1) => "1 group".to_owned(),
        (_, 1) => format!("{x} groups"),
        _ => format!("{x}×{y} groups"),
    };
    if pass.dispatches > 1 { format!("{groups}, {} times", pass.dispatches) } else { groups }
}

fn table(
    ui: &mut egui::Ui,
    timing: &Timing,
    fastest: Option<&Timing>,
    kernels: &[KernelBuffers],
    selected: &str,
    actions: &mut Vec<Action>,
) {
    let p = palette(ui.visuals());
    let gpu = timing.clock != Clock::Twin;
    let widths = [20.0, 170.0, 76.0, 76.0, 0.0, 110.0, 78.0];
    let heads =
        ["", "pass", "time", "fastest", "", if gpu { "dispatch" } else { "" }, if gpu { "buffers" } else { "" }];
    ui.spacing_mut().item_spacing.y = 1.0;
    let head: Vec<Cell> = (heads.iter().zip(widths).enumerate())
        .map(|(i, (head, width))| {
            let cell = Cell::weak(ui, width, *head);
            if i == 2 || i == 3 || i > 4 { cell.at_right() } else { cell }
        })
        .collect();
    line(ui, 22.0, false, &head);
    let longest = timing.kernels.iter().map(|pass| pass.time).max().unwrap_or_default();
    for pass in &timing.kernels {
        let best = fastest.iter().flat_map(|timing| &timing.kernels).find(|known| known.kernel == pass.kernel);
        let cells = [
            Cell::text(ui, widths[0], ""),
            Cell::text(ui, widths[1], pass.kernel),
            Cell::figure(ui, widths[2], duration(pass.time)),
            Cell::figure(ui, widths[3], best.map(|f| duration(f.time)).unwrap_or_default()).coloured(p.text_weak),
            Cell::text(ui, widths[4], ""),
            Cell::weak(ui, widths[5], if gpu { dispatch(pass) } else { String::new() }).at_right(),
            Cell::weak(ui, widths[6], if gpu { bytes(pass.bytes) } else { String::new() }).at_right(),
        ];
        let (response, places) = line(ui, 24.0, pass.kernel == selected, &cells);
        let dot = Rect::from_center_size(places[0].center(), vec2(9.0, 9.0));
        ui.painter().rect_filled(dot, radius::S - 1, colour(p, kernels, pass.kernel));
        bar(ui, places[4], share(pass.time, longest), colour(p, kernels, pass.kernel));
        if response.clicked() {
            change(actions, Change::Kernel(pass.kernel));
        }
        if response.double_clicked() {
            change(actions, Change::Edit(pass.kernel.to_owned()));
        }
    }
}

/// What a kernel reads and writes, and ways to look closer.
fn bindings(ui: &mut egui::Ui, chosen: &KernelBuffers, kept: &[String], actions: &mut Vec<Action>) {
    section(ui, chosen.kernel, |ui| {
        if Button::new("Edit the shader").quiet(true).show(ui).clicked() {
            change(actions, Change::Edit(chosen.kernel.to_owned()));
        }
    });
    for (label, list) in [("reads", &chosen.reads), ("writes", &chosen.writes)] {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = theme::space::XS;
            ui.label(text::small(label));
            for buffer in list {
                let known = kept.contains(buffer);
                let button = Button::new(buffer).quiet(true).enabled(known);
                if button.tooltip(if known { "Look at its numbers" } else { "Scratch memory" }).show(ui).clicked() {
                    change(actions, Change::Buffer(buffer.clone()));
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispatches_in_words() {
        let pass =
            |groups, dispatches| KernelTime { kernel: "sort", time: Duration::ZERO, dispatches, groups, bytes: 0 };
        let said = [pass([0, 0], 0), pass([1, 1], 1), pass([784, 1], 1), pass([65_535, 2], 3)].map(|p| dispatch(&p));
        assert_eq!(said, ["on the CPU", "1 group", "784 groups", "65535×2 groups, 3 times"]);
        assert_eq!(share(Duration::from_millis(1), Duration::from_millis(4)), 0.25);
        assert_eq!(share(Duration::ZERO, Duration::ZERO), 0.0);
    }
}
