//! Time: playing, the timeline, and the strip of pictures that the model sees.

use eframe::egui;

use super::{Drawn, stage::shares};
use crate::{
    actions::Action,
    app::App,
    icons::{Button, Icon, IconButton},
    theme,
    widgets::{Progress, SpanView, Strip, Timeline, clock, segmented},
};

const SPEEDS: [f32; 4] = [0.25, 0.5, 1.0, 2.0];

/// Play, step, speed.
pub(super) fn transport(app: &mut App, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(take) = app.document.take() else { return };
    let (frames, fps) = (take.motion.frames(), take.motion.fps);
    ui.horizontal(|ui| {
        let mut button = |icon, tip, action| {
            if IconButton::new(icon).tooltip(tip).show(ui).clicked() {
                actions.push(action);
            }
        };
        button(Icon::StepBack, "Previous frame (←)", Action::Step(-1));
        let (icon, tip) = if app.view.playing { (Icon::Pause, "Pause (Space)") } else { (Icon::Play, "Play (Space)") };
        button(icon, tip, Action::TogglePlay);
        button(Icon::StepForward, "Next frame (→)", Action::Step(1));
        let now = take.frame / fps;
        ui.label(theme::text::number(format!("{} / {}", clock(now, true), clock(frames as f32 / fps, true))));
        if ui.available_width() > 420.0 {
            ui.label(theme::text::small(format!("frame {} of {frames}, {fps:.0} fps", take.current_frame() + 1)));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let mut speed = SPEEDS.iter().position(|s| *s == app.view.speed).unwrap_or(2);
            if segmented(ui, &["¼×", "½×", "1×", "2×"], &mut speed).on_hover_text("Speed").changed() {
                app.view.speed = SPEEDS[speed];
            }
            if take.is_long() && take.spans_progress.is_none() && ui.available_width() > 130.0 {
                let label = Button::new("Label the take").icon(Icon::Tag).quiet(!take.spans.is_empty());
                if label.enabled(app.mind.is_ready()).tooltip("Labels along the time (L)").show(ui).clicked() {
                    actions.push(Action::LabelSpans);
                }
            }
        });
    });
    if let Some((done, total)) = take.spans_progress {
        let fraction = (total > 0).then(|| done as f32 / total as f32);
        let detail = format!("{done} of {total} windows");
        let progress =
            Progress { label: "Labelling the take", fraction, detail: (total > 0).then_some(&detail), cancel: true };
        if progress.show(ui) {
            actions.push(Action::Stop);
        }
    }
}

/// The scrubber.
pub(super) fn timeline(app: &mut App, ui: &mut egui::Ui, drawn: &Result<Drawn, String>, actions: &mut Vec<Action>) {
    let Some(take) = app.document.take() else { return };
    let spans: Vec<SpanView<'_>> = (take.spans.iter())
        .map(|s| SpanView { start: s.start_seconds, end: s.end_seconds, label: &s.label, probability: s.probability })
        .collect();
    let heat = take.why.as_ref().map(|why| shares(&why.attribution.frames));
    let mut cursor = take.frame;
    let timeline = Timeline {
        frames: take.motion.frames(),
        fps: take.motion.fps,
        marks: drawn.as_ref().map_or(&[], |drawn| &drawn.sampled),
        spans: &spans,
        heat: heat.as_deref(),
        window: None,
    };
    if timeline.show(ui, &mut cursor, &mut app.view.timeline).changed() {
        actions.push(Action::Seek(cursor));
    }
}

/// The twelve pictures.
pub(super) fn strip(
    app: &App,
    ui: &mut egui::Ui,
    drawn: &Result<Drawn, String>,
    scroll: bool,
    actions: &mut Vec<Action>,
) {
    let (Some(take), Ok(drawn)) = (app.document.take(), drawn) else { return };
    let times: Vec<f32> = drawn.sampled.iter().map(|&t| t as f32 / take.motion.fps).collect();
    let heat = take.why.as_ref().map(|why| shares(&why.attribution.frames));
    let strip = Strip {
        texture: Some(drawn.strip),
        count: drawn.sampled.len(),
        aspect: 1.0,
        times: &times,
        current: nearest(&drawn.sampled, take.frame),
        heat: heat.as_deref(),
        scroll,
    };
    if let Some(clicked) = strip.show(ui) {
        actions.push(Action::Seek(drawn.sampled[clicked] as f32));
    }
}

/// The sampled frame next to the playhead.
fn nearest(sampled: &[usize], frame: f32) -> Option<usize> {
    let distance = |t: usize| (t as f32 - frame).abs();
    (0..sampled.len()).min_by(|&a, &b| distance(sampled[a]).total_cmp(&distance(sampled[b])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_next_to_the_playhead_is_current() {
        assert_eq!(nearest(&[4, 12, 20], 13.4), Some(1));
        assert_eq!(nearest(&[4, 12, 20], 0.0), Some(0));
        assert_eq!(nearest(&[], 3.0), None);
    }
}
