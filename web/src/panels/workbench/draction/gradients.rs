//! A loss, and how it pulls on Gaussians and joints.

use eframe::egui;

use super::super::{
    change,
    line::{Cell, bar, line, short},
    nothing,
};
use crate::{
    actions::Action,
    theme::{space, text},
    widgets::{card, section, segmented},
    workbench::{Change, GradientTarget, LossKind, PictureMode, Workbench, heat},
};

const LOSSES: [(LossKind, &str); 4] = [
    (LossKind::Picture, "Picture"),
    (LossKind::Pixel, "Pixel"),
    (LossKind::Region, "Region"),
    (LossKind::Answer, "Answer"),
];
const TARGETS: [(GradientTarget, &str); 3] =
    [(GradientTarget::Means, "Places"), (GradientTarget::Colours, "Colours"), (GradientTarget::Opacities, "Opacities")];

pub(in super::super) fn show(bench: &Workbench, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    card(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(text::body("Loss"));
            let mut loss = LOSSES.iter().position(|(loss, _)| *loss == bench.choices.loss).unwrap_or(0);
            if segmented(ui, &LOSSES.map(|(_, name)| name), &mut loss).changed() {
                change(actions, Change::Loss(LOSSES[loss].0));
            }
            ui.label(text::body("by"));
            let mut target = TARGETS.iter().position(|(target, _)| *target == bench.choices.target).unwrap_or(0);
            if segmented(ui, &TARGETS.map(|(_, name)| name), &mut target).changed() {
                change(actions, Change::Target(TARGETS[target].0));
            }
            let mut seen = bench.choices.mode == PictureMode::Gradient;
            if crate::widgets::toggle(ui, &mut seen, "on the picture").changed() {
                let mode = if seen { PictureMode::Gradient } else { PictureMode::Picture };
                change(actions, Change::Mode(mode));
            }
        });
        ui.label(text::small(explanation(bench)));
    });
    ui.add_space(space::S);
    match (bench.gradients(), &bench.rendering) {
        (Some(gradients), Some(drawn)) => card(ui, |ui| joints(ui, &drawn.skeleton.names, &gradients.joints)).inner,
        _ => nothing(ui, "Gradients are taken while nothing moves: pause, and choose a loss"),
    }
}

fn explanation(bench: &Workbench) -> String {
    let loss = match (bench.choices.loss, bench.choices.pixel, bench.choices.region) {
        (LossKind::Picture, ..) => "the mean brightness of the whole picture".to_owned(),
        (LossKind::Pixel, Some([x, y]), _) => format!("the brightness of pixel {x}, {y}"),
        (LossKind::Pixel, None, _) => return "Click a pixel of the picture.".to_owned(),
        (LossKind::Region, _, Some([a, b])) => {
            format!("the mean brightness between the pixels {}, {} and {}, {}", a[0], a[1], b[0], b[1])
        }
        (LossKind::Region, _, None) => return "Drag over a region of the picture.".to_owned(),
        (LossKind::Answer, ..) => match &bench.answer {
            Some(answer) => {
                let nats = answer.gradient.log_probability;
                format!("the log-probability of {}, now {nats:.2} nats, through the picture nearest", answer.caption)
            }
            None => {
                return "Ask something first (close the workbench with B); then the last answer is the loss.".into();
            }
        },
    };
    format!("L is {loss}. The hotter, the more L changes with that Gaussian or joint, to first order.")
}

/// The joints by how strongly they are pulled at.
fn joints(ui: &mut egui::Ui, names: &[String], pulls: &[f32]) {
    section(ui, "Joints", |ui| ui.label(text::small("change of L a centimetre of position and displacement")));
    let mut order: Vec<usize> = (0..pulls.len()).collect();
    order.sort_by(|&a, &b| pulls[b].total_cmp(&pulls[a]));
    let most = order.first().map_or(0.0, |&first| pulls[first]);
    let bodies = pulls.len() / names.len().max(1);
    ui.spacing_mut().item_spacing.y = 1.0;
    egui::ScrollArea::vertical().id_salt("joints").auto_shrink([false, false]).show(ui, |ui| {
        for joint in order {
            let mut name = names.get(joint % names.len().max(1)).cloned().unwrap_or_default();
            if bodies > 1 {
                name = format!("body {} · {name}", joint / names.len() + 1);
            }
            let share = if most > 0.0 { pulls[joint] / most } else { 0.0 };
            let cells = [
                Cell::text(ui, 200.0, name),
                Cell::figure(ui, 92.0, short(f64::from(pulls[joint]))),
                Cell::text(ui, 0.0, ""),
            ];
            let (_, places) = line(ui, 24.0, false, &cells);
            bar(
                ui,
                places[2],
                share,
                if share > 0.0 { crate::theme::palette(ui.visuals()).heat(share) } else { heat(0.0) },
            );
        }
    });
}
