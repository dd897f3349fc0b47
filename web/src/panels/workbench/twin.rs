//! GPU against CPU twin: the first kernel that disagrees, and how far each is off.

use draction::gpu::{Difference, Outcome, Verdict};
use eframe::egui;

use super::{
    change,
    line::{Cell, bar, line, short},
};
use crate::{
    actions::Action,
    icons::Icon,
    theme::{palette, space, text},
    widgets::{Button, IconButton, card},
    workbench::{Change, PictureMode, Workbench},
};

pub(super) fn show(bench: &Workbench, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    if let Some(reason) = &bench.no_gpu {
        return super::nothing(ui, &format!("Without a GPU there is nothing to compare: {reason}"));
    }
    let Some(comparison) = &bench.comparison else {
        return super::nothing(ui, "Every kernel is being run from its twin's inputs");
    };
    egui::ScrollArea::vertical().id_salt("twin").auto_shrink([false, false]).show(ui, |ui| {
        card(ui, |ui| statement(bench, ui, &comparison.verdicts, comparison.seconds, actions));
        ui.add_space(space::S);
        card(ui, |ui| table(ui, &comparison.verdicts, bench.choices.kernel, actions));
    });
}

fn statement(bench: &Workbench, ui: &mut egui::Ui, verdicts: &[Verdict], seconds: f64, actions: &mut Vec<Action>) {
    let p = palette(ui.visuals());
    let wrong = bench.disagreeing();
    let stale = bench.comparison.as_ref().map(|comparison| comparison.key)
        != bench.rendering.as_ref().map(|rendering| rendering.key);
    let (said, colour, icon) = match wrong {
        Some(verdict) => (format!("{} is the first kernel that disagrees", verdict.kernel), p.error, Icon::Error),
        None => (format!("All {} kernels agree with their twins", verdicts.len()), p.ok, Icon::Check),
    };
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(22.0, 22.0), egui::Sense::hover());
        icon.paint(ui.painter(), rect, colour);
        ui.label(text::strong(said).color(colour));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if IconButton::new(Icon::Repeat).tooltip("Draw and compare once more").show(ui).clicked() {
                change(actions, Change::CompareAgain);
            }
            if bench.choices.mode != PictureMode::Difference
                && Button::new("Difference picture").icon(Icon::Image).quiet(true).show(ui).clicked()
            {
                change(actions, Change::Mode(PictureMode::Difference));
            }
            if let Some(verdict) = wrong
                && Button::new("Edit the shader").quiet(true).show(ui).clicked()
            {
                change(actions, Change::Edit(verdict.kernel.to_owned()));
            }
        });
    });
    if let Some(worst) = wrong.and_then(|verdict| verdict.worst.as_ref()) {
        ui.label(text::body(sentence(worst)));
    }
    let how =
        "Each kernel ran on the GPU from its twin's inputs, so a wrong one does not make those after it look wrong.";
    ui.label(text::small(format!(
        "{how} It took {seconds:.2} s.{}",
        if stale { " A newer frame is on its way." } else { "" }
    )));
}

/// Where a kernel is off, and by how much.
fn sentence(worst: &Difference) -> String {
    let unit = if worst.column.unit.is_empty() { String::new() } else { format!(" {}", worst.column.unit) };
    format!(
        "{}, {} at {}: the GPU says {}{unit}, the twin {}{unit}.",
        worst.buffer,
        worst.column.name,
        worst.place,
        short(f64::from(worst.gpu)),
        short(f64::from(worst.twin)),
    )
}

fn table(ui: &mut egui::Ui, verdicts: &[Verdict], selected: &str, actions: &mut Vec<Action>) {
    let p = palette(ui.visuals());
    ui.spacing_mut().item_spacing.y = 1.0;
    let widths = [26.0, 170.0, 84.0, 90.0, 0.0];
    let heads = ["", "kernel", "error", "", "its worst number"];
    let head: Vec<Cell> = (heads.iter().zip(widths).enumerate())
        .map(|(i, (head, width))| {
            let cell = Cell::weak(ui, width, *head);
            if i == 2 { cell.at_right() } else { cell }
        })
        .collect();
    line(ui, 22.0, false, &head);
    for verdict in verdicts {
        let (colour, icon) = match &verdict.outcome {
            Outcome::Agrees => (p.ok, Icon::Check),
            Outcome::Differs => (p.error, Icon::Error),
            Outcome::Skipped(_) => (p.warn, Icon::Warning),
        };
        let (error, worst) = match (&verdict.outcome, &verdict.worst) {
            (Outcome::Skipped(why), _) => ("–".to_owned(), (*why).to_owned()),
            (_, Some(worst)) if worst.relative == 0.0 => ("none".to_owned(), format!("{}: the same", worst.buffer)),
            (_, Some(worst)) if worst.relative.is_infinite() => ("other".to_owned(), sentence(worst)),
            (_, Some(worst)) => (format!("{:.1e}", worst.relative), sentence(worst)),
            (_, None) => ("–".to_owned(), String::new()),
        };
        let cells = [
            Cell::text(ui, widths[0], ""),
            Cell::text(ui, widths[1], verdict.kernel),
            Cell::figure(ui, widths[2], error).coloured(if verdict.outcome == Outcome::Differs {
                p.error
            } else {
                p.text
            }),
            Cell::text(ui, widths[3], ""),
            Cell::weak(ui, widths[4], worst.clone()),
        ];
        let (response, places) = line(ui, 24.0, verdict.kernel == selected, &cells);
        icon.paint(ui.painter(), egui::Rect::from_center_size(places[0].center(), egui::vec2(15.0, 15.0)), colour);
        if let Some(worst) = &verdict.worst {
            bar(ui, places[3], decades(worst.relative), colour);
        }
        if response.clicked() {
            change(actions, Change::Kernel(verdict.kernel));
        }
        response.on_hover_text(worst);
    }
}

/// An error between 1e-8 and 1 as a share of these eight decades.
fn decades(relative: f64) -> f32 {
    if relative <= 0.0 { 0.0 } else { ((relative.log10() + 8.0) / 8.0).clamp(0.02, 1.0) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_grow_with_the_error() {
        assert_eq!([0.0, 1e-9, 1e-4, 1.0, f64::INFINITY].map(decades), [0.0, 0.02, 0.5, 1.0, 1.0]);
    }
}
