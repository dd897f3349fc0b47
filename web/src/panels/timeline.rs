//! Time: playing, the timeline, and the strip of pictures that the model sees.

use eframe::egui;

use super::{Content, UiState, heat::heat_of_frames};
use crate::{
    actions::Action,
    document::Take,
    icons::Icon,
    pictures::TakeTextures,
    theme,
    widgets::{Button, IconButton, Progress, Rows, SpanView, Strip, Timeline, clock, segmented},
};

const SPEEDS: [f32; 4] = [0.25, 0.5, 1.0, 2.0];
const SPEED_NAMES: [&str; 4] = ["¼×", "½×", "1×", "2×"];
/// Where there is less, one button stands for all speeds, in points.
const ROOM_FOR_SPEEDS: f32 = 230.0;
/// Where a row has less, it tells the time without the take's length, in points.
const ROOM_FOR_LENGTH: f32 = 380.0;

/// Play, step, speed.
pub(super) fn transport(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(take) = content.document.take() else { return };
    let (frames, fps) = (take.motion.frames(), take.motion.fps);
    ui.horizontal(|ui| {
        let roomy = ui.available_width() >= ROOM_FOR_LENGTH;
        steps(content, roomy, ui, actions);
        if ui.available_width() > 420.0 {
            ui.label(theme::text::small(format!("frame {} of {frames}, {fps:.0} fps", take.current_frame() + 1)));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let mut speed = SPEEDS.iter().position(|s| *s == content.playback.speed).unwrap_or(2);
            if ui.available_width() > ROOM_FOR_SPEEDS {
                if segmented(ui, &SPEED_NAMES, &mut speed).on_hover_text("Speed").changed() {
                    actions.push(Action::Speed(SPEEDS[speed]));
                }
            } else if Button::new(SPEED_NAMES[speed]).quiet(true).tooltip("Speed").show(ui).clicked() {
                actions.push(Action::Speed(SPEEDS[(speed + 1) % SPEEDS.len()]));
            }
            if take.is_long() && take.spans_progress.is_none() {
                let (tip, ready) = ("Label the take: what is done when (L)", content.model.is_ready());
                let clicked = if ui.available_width() > 130.0 {
                    let label = Button::new("Label the take").icon(Icon::Tag).quiet(!take.spans.is_empty());
                    label.enabled(ready).tooltip(tip).show(ui).clicked()
                } else {
                    IconButton::new(Icon::Tag).enabled(ready).tooltip(tip).show(ui).clicked()
                };
                if clicked {
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

/// Buttons for single frames and for playing, and what time it is; of how long a take, where there is room.
pub(super) fn steps(content: &Content<'_>, roomy: bool, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(take) = content.document.take() else { return };
    let mut button = |icon, tip, action| {
        if IconButton::new(icon).tooltip(tip).show(ui).clicked() {
            actions.push(action);
        }
    };
    button(Icon::StepBack, "Previous frame (←)", Action::Step(-1));
    let (icon, tip) =
        if content.playback.playing { (Icon::Pause, "Pause (Space)") } else { (Icon::Play, "Play (Space)") };
    button(icon, tip, Action::TogglePlay);
    button(Icon::StepForward, "Next frame (→)", Action::Step(1));
    let [now, end] = [content.document.playhead(), content.document.frames() as f32].map(|at| at / take.motion.fps);
    let length = if roomy { format!(" / {}", clock(end, true)) } else { String::new() };
    ui.label(theme::text::number(clock(now, true) + &length));
}

/// The scrubber.
pub(super) fn scrubber(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(take) = content.document.take() else { return };
    let spans: Vec<SpanView<'_>> = (take.spans.iter())
        .map(|s| SpanView { start: s.start_seconds, end: s.end_seconds, label: &s.label, probability: s.probability })
        .collect();
    let heat = heat_of_frames(take);
    let mut cursor = content.document.playhead();
    let timeline = Timeline {
        frames: content.document.frames(),
        fps: take.motion.fps,
        marks: content.pictures.as_ref().map_or(&[], |textures| &textures.sampled),
        spans: &spans,
        heat: heat.as_deref(),
    };
    if timeline.show(ui, &mut cursor, &mut state.timeline).changed() {
        actions.push(Action::Seek(cursor));
    }
}

/// The twelve pictures.
pub(super) fn strip(content: &Content<'_>, ui: &mut egui::Ui, rows: Rows, actions: &mut Vec<Action>) {
    let Some(take) = content.document.take() else { return };
    if let Some(frame) = strip_of(take, &content.pictures, ui, rows) {
        actions.push(Action::Seek(frame));
    }
}

/// The twelve pictures of a take; the frame of the one that was clicked.
pub(super) fn strip_of(
    take: &Take,
    pictures: &Result<TakeTextures, String>,
    ui: &mut egui::Ui,
    rows: Rows,
) -> Option<f32> {
    let textures = pictures.as_ref().ok()?;
    let times: Vec<f32> = textures.sampled.iter().map(|&t| t as f32 / take.motion.fps).collect();
    let heat = heat_of_frames(take);
    let strip = Strip {
        texture: Some(textures.strip),
        count: textures.sampled.len(),
        aspect: 1.0,
        times: &times,
        current: nearest(&textures.sampled, take.frame),
        heat: heat.as_deref(),
        rows,
    };
    strip.show(ui).map(|clicked| textures.sampled[clicked] as f32)
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
