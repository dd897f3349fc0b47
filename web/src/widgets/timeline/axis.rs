//! Frames to points and back, and the part of the take that is shown.

use eframe::egui::Rect;

/// Fewer frames than these are never shown: the deepest zoom.
const DEEPEST: f64 = 8.0;

/// Which part of the take a timeline shows. The default is all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimelineState {
    /// First and last frame shown, fractional; `None` is the whole take.
    shown: Option<[f64; 2]>,
}

impl TimelineState {
    /// Shows the whole take, as for a new file.
    pub fn reset(&mut self) {
        self.shown = None;
    }

    /// Whether only a part of a take of that many frames is shown.
    pub fn is_zoomed(&self, frames: usize) -> bool {
        self.shown.is_some_and(|[a, b]| b - a < last(frames) - 1e-6)
    }

    /// The first and last frame shown.
    pub fn range(&self, frames: usize) -> [f64; 2] {
        self.shown.unwrap_or([0.0, last(frames)])
    }

    /// Shows `factor` times less around the frame at `x`, which stays where it is.
    pub(super) fn zoom(&mut self, axis: &Axis, factor: f32, x: f32) {
        if !factor.is_finite() || factor <= 0.0 || factor == 1.0 {
            return;
        }
        let [a, b] = axis.shown;
        let at = axis.frame_f64(x).clamp(a, b);
        let span = ((b - a) / f64::from(factor)).clamp(DEEPEST.min(axis.last), axis.last);
        let share = if b > a { (at - a) / (b - a) } else { 0.5 };
        self.shown = Some([at - span * share, at + span * (1.0 - share)]);
    }

    /// Moves what is shown by so many points.
    pub(super) fn pan(&mut self, axis: &Axis, points: f32) {
        if let Some(shown) = &mut self.shown
            && points.is_finite()
        {
            let frames = f64::from(points) * (axis.shown[1] - axis.shown[0]) / axis.width();
            *shown = shown.map(|v| v - frames);
        }
    }

    /// Puts what lies at a fraction of the take in the middle.
    pub(super) fn center(&mut self, frames: usize, fraction: f64) {
        let [a, b] = self.range(frames);
        let middle = fraction.clamp(0.0, 1.0) * last(frames);
        self.shown = Some([middle - (b - a) * 0.5, middle + (b - a) * 0.5]);
    }

    /// Brings what is shown back into the take.
    pub(super) fn settle(&mut self, frames: usize) {
        let last = last(frames);
        self.shown = self.shown.filter(|s| s.iter().all(|v| v.is_finite())).and_then(|[a, b]| {
            let span = b - a;
            let start = a.min(last - span).max(0.0);
            (span > 0.0 && span < last * 0.999).then_some([start, start + span])
        });
    }
}

fn last(frames: usize) -> f64 {
    frames.saturating_sub(1) as f64
}

/// Frames to points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) track: Rect,
    pub(super) shown: [f64; 2],
    /// The last frame of the take.
    pub(super) last: f64,
}

impl Axis {
    pub(super) fn new(track: Rect, frames: usize, state: &TimelineState) -> Self {
        Self { track, shown: state.range(frames), last: last(frames) }
    }

    fn width(&self) -> f64 {
        f64::from(self.track.width()).max(1.0)
    }

    /// Points that one frame takes.
    pub(super) fn points_per_frame(&self) -> f64 {
        self.width() / (self.shown[1] - self.shown[0]).max(1e-9)
    }

    /// Where a frame is. A take of one frame has it at the left; far outside, positions stop.
    pub(super) fn x(&self, frame: f64) -> f32 {
        let x = (frame - self.shown[0]) * self.points_per_frame();
        self.track.left() + if x.is_finite() { x.clamp(-1e5, 1e5) as f32 } else { 0.0 }
    }

    fn frame_f64(&self, x: f32) -> f64 {
        self.shown[0] + f64::from(x - self.track.left()) / self.points_per_frame()
    }

    /// The frame at a place, perhaps outside the take.
    pub(super) fn frame(&self, x: f32) -> f32 {
        self.frame_f64(x) as f32
    }
}
