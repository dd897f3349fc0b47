//! The picture under the magnifying glass, and the Gaussians that made one of its pixels.

use ::draction::inspect::{Pixel, Scale, carriers};
use eframe::egui::{self, Color32, Rect, Sense, Stroke, StrokeKind, Vec2, pos2, vec2};

use super::super::{
    change,
    line::{Cell, bar, line, short},
    nothing,
};
use crate::{
    actions::Action,
    theme::{self, palette, radius, space, text},
    widgets::{section, segmented},
    workbench::{Change, LossKind, PictureMode, Workbench, heat, joints_named},
};

/// Gaussians with a smaller share of a pixel are counted, not listed.
const FAINT: f64 = 1e-3;

pub(in super::super) fn show(bench: &Workbench, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let mut mode = PictureMode::ALL.iter().position(|(mode, ..)| *mode == bench.choices.mode).unwrap_or(0);
    let choice =
        segmented(ui, &PictureMode::ALL.map(|(_, name, _)| name), &mut mode).on_hover_text(PictureMode::ALL[mode].2);
    if choice.changed() {
        change(actions, Change::Mode(PictureMode::ALL[mode].0));
    }
    ui.add_space(space::XS);
    let side = ui.available_width().min(ui.available_height() * 0.56).max(64.0);
    let (place, _) = ui.allocate_exact_size(vec2(ui.available_width(), side), Sense::hover());
    let square = Rect::from_center_size(place.center(), Vec2::splat(side));
    ui.painter().rect_filled(square, radius::M, Color32::BLACK);
    match bench.texture() {
        Some((texture, scale)) => {
            egui::Image::from_texture(texture)
                .corner_radius(egui::CornerRadius::same(radius::M))
                .alt_text("What the shaders drew of the frame at the playhead")
                .paint_at(ui, square);
            choose(bench, ui, square, actions);
            marks(bench, ui, square);
            legend(ui, scale);
        }
        None => {
            let p = palette(ui.visuals());
            let said = bench.problem.as_deref().unwrap_or("drawing…");
            let font = text::regular(13.0);
            ui.painter().text(square.center(), egui::Align2::CENTER_CENTER, said, font, p.error);
        }
    }
    match bench.inspected() {
        Some(pixel) => inspector(bench, ui, &pixel),
        None => nothing(ui, "Click a pixel to take it apart, drag over a region to ask for its gradient"),
    }
}

/// A click chooses a pixel, a drag a region.
fn choose(bench: &Workbench, ui: &mut egui::Ui, square: Rect, actions: &mut Vec<Action>) {
    let Some(dims) = bench.rendering.as_ref().map(|drawn| drawn.scene.dims) else { return };
    let response = ui.interact(square, ui.scope_id().with("pixels"), Sense::click_and_drag());
    let pixel = |at: egui::Pos2| {
        let share = (at - square.min) / square.size();
        let cell = |share: f32, size: usize| (share.clamp(0.0, 1.0) * size as f32) as usize;
        [cell(share.x, dims.width).min(dims.width - 1), cell(share.y, dims.height).min(dims.height - 1)]
    };
    let Some(at) = response.interact_pointer_pos().map(pixel) else { return };
    if response.clicked() {
        change(actions, Change::Pixel(at));
    } else if response.drag_started() {
        let start = ui.input(|input| input.pointer.press_origin()).map_or(at, pixel);
        change(actions, Change::Region([start, at]));
    } else if response.dragged()
        && let Some([start, _]) = bench.choices.region
    {
        change(actions, Change::Region([start, at]));
    }
    // asked for only once it is whole: every change is a backward run
    if response.drag_stopped() && bench.choices.region.is_some() {
        change(actions, Change::Loss(LossKind::Region));
    }
    response.on_hover_cursor(egui::CursorIcon::Crosshair);
}

/// Crosshair and region.
fn marks(bench: &Workbench, ui: &egui::Ui, square: Rect) {
    let Some(dims) = bench.rendering.as_ref().map(|drawn| drawn.scene.dims) else { return };
    let cell = square.size() / vec2(dims.width as f32, dims.height as f32);
    let corner = |[x, y]: [usize; 2]| square.min + vec2(x as f32, y as f32) * cell;
    let painter = ui.painter_at(square);
    let lines = [Stroke::new(3.0, Color32::from_black_alpha(150)), Stroke::new(1.0, Color32::WHITE)];
    if let Some([from, to]) = bench.choices.region {
        let low = [from[0].min(to[0]), from[1].min(to[1])];
        let high = [from[0].max(to[0]) + 1, from[1].max(to[1]) + 1];
        for stroke in lines {
            painter.rect_stroke(Rect::from_min_max(corner(low), corner(high)), 2, stroke, StrokeKind::Outside);
        }
    }
    if let Some(pixel) = bench.choices.pixel {
        let at = corner(pixel) + cell * 0.5;
        for stroke in lines {
            for way in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
                painter.line_segment([at + way * 5.0, at + way * 14.0], stroke);
            }
            painter.circle_stroke(at, 5.0, stroke);
        }
    }
}

/// What the colours of a picture of numbers mean.
fn legend(ui: &mut egui::Ui, scale: Option<Scale>) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let Some(scale) = scale else { return };
    let p = palette(ui.visuals());
    let font = text::regular(text::SMALL);
    let low = ui.painter().layout_no_wrap(short(f64::from(scale.low)), font.clone(), p.text_weak);
    let high =
        ui.painter().layout_no_wrap(format!("{} {}", short(f64::from(scale.high)), scale.unit), font, p.text_weak);
    let top = rect.center().y - low.size().y * 0.5;
    let track = Rect::from_x_y_ranges(
        rect.left() + low.size().x + space::S..=rect.right() - high.size().x - space::S,
        rect.center().y - 4.0..=rect.center().y + 4.0,
    );
    ui.painter().galley(pos2(rect.left(), top), low, p.text_weak);
    ui.painter().galley(pos2(track.right() + space::S, top), high, p.text_weak);
    const STEPS: usize = 48;
    for i in 0..STEPS {
        let x = |i: usize| track.left() + track.width() * i as f32 / STEPS as f32;
        let step = Rect::from_x_y_ranges(x(i)..=x(i + 1) + 0.5, track.y_range());
        ui.painter().rect_filled(step, 0, heat(i as f32 / (STEPS - 1) as f32));
    }
}

/// The list of Gaussians, front to back, and their sum.
fn inspector(bench: &Workbench, ui: &mut egui::Ui, pixel: &Pixel) {
    let Some(drawn) = &bench.rendering else { return };
    let p = palette(ui.visuals());
    let bodies = drawn.scene.dims.bodies;
    let title = format!("Pixel {}, {}", pixel.x, pixel.y);
    section(ui, &title, |ui| {
        swatch(ui, pixel.drawn);
        ui.label(text::small(format!("{} Gaussians", pixel.contributions.len())));
    });
    sums(ui, pixel);
    ui.spacing_mut().item_spacing.y = 1.0;
    let widths = [22.0, 0.0, 58.0, 58.0, 58.0, 62.0];
    let head: Vec<Cell> = (["", "carried by", "depth m", "alpha", "light", "share"].into_iter().zip(widths))
        .enumerate()
        .map(
            |(i, (head, width))| {
                if i > 1 { Cell::weak(ui, width, head).at_right() } else { Cell::weak(ui, width, head) }
            },
        )
        .collect();
    line(ui, 20.0, false, &head);
    let (listed, faint): (Vec<_>, Vec<_>) = pixel.contributions.iter().partition(|c| c.share() >= FAINT);
    egui::ScrollArea::vertical().id_salt("inspector").auto_shrink([false, false]).show(ui, |ui| {
        for c in listed {
            let joints = carriers(&drawn.scene.template, c.gaussian);
            let mut who = joints_named(&joints, &drawn.skeleton.names);
            if bodies > 1 {
                who = format!("body {} · {who}", c.body + 1);
            }
            let cells = [
                Cell::text(ui, widths[0], ""),
                Cell::text(ui, widths[1], who.clone()),
                Cell::figure(ui, widths[2], format!("{:.3}", c.depth)),
                Cell::figure(ui, widths[3], format!("{:.3}", c.alpha)),
                Cell::figure(ui, widths[4], format!("{:.3}", c.transmittance)),
                Cell::text(ui, widths[5], ""),
            ];
            let (response, places) = line(ui, 22.0, false, &cells);
            let colour = rgb(c.colour);
            let dot = Rect::from_center_size(places[0].center(), vec2(12.0, 12.0));
            let edge = Stroke::new(1.0, p.border_strong);
            ui.painter().rect(dot, radius::S - 1, colour, edge, StrokeKind::Inside);
            bar(ui, places[5], c.share() as f32, colour);
            response.on_hover_ui(|ui| {
                ui.label(text::strong(format!("Gaussian {} of body {}", c.gaussian, c.body + 1)));
                let [r, g, b] = c.added();
                ui.label(text::small(format!("{who}\nweight {:.4}, share {:.4}", c.weight, c.share())));
                ui.label(text::small(format!("adds {r:.4}, {g:.4}, {b:.4}")));
            });
        }
        if !faint.is_empty() {
            let share: f64 = faint.iter().map(|c| c.share()).sum();
            ui.label(text::small(format!("and {} fainter ones, together {share:.4}", faint.len())));
        }
        ui.label(text::small(format!("left for the black behind them: {:.4}", pixel.transmittance)));
    });
}

/// The sum of all shares beside what stands in the picture.
fn sums(ui: &mut egui::Ui, pixel: &Pixel) {
    let p = palette(ui.visuals());
    let three = |c: [f64; 3]| format!("{:.4}  {:.4}  {:.4}", c[0], c[1], c[2]);
    let error = pixel.error();
    let fits = error < 2e-5;
    ui.horizontal_wrapped(|ui| {
        ui.label(text::small("sum"));
        ui.label(text::number(three(pixel.sum)));
        let said = if fits { "equals the picture" } else { "is not the picture" };
        let colour = if fits { p.ok } else { p.error };
        let how = ui.label(theme::text::small(format!("{said}, off by {error:.1e}")).color(colour));
        how.on_hover_text(format!("the picture has {}", three(pixel.drawn.map(f64::from))));
    });
}

fn swatch(ui: &mut egui::Ui, colour: [f32; 3]) {
    let (rect, _) = ui.allocate_exact_size(vec2(22.0, 22.0), Sense::hover());
    let edge = Stroke::new(1.0, palette(ui.visuals()).border_strong);
    ui.painter().rect(rect, radius::S, rgb(colour), edge, StrokeKind::Inside);
}

/// A colour of 0..1 a channel.
fn rgb(colour: [f32; 3]) -> Color32 {
    let [r, g, b] = colour.map(|c| (c.clamp(0.0, 1.0) * 255.0) as u8);
    Color32::from_rgb(r, g, b)
}
