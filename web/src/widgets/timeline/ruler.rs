//! Time ticks that are never crowded, and times as words.

use eframe::egui::{Painter, Rect, Stroke, pos2};

use super::axis::Axis;
use crate::theme::{Palette, text};

/// Distances between labelled ticks that people count in, in seconds, and into how many parts each divides.
const STEPS: [(f64, u32); 20] = [
    (0.01, 5),
    (0.02, 2),
    (0.05, 5),
    (0.1, 5),
    (0.2, 2),
    (0.5, 5),
    (1.0, 5),
    (2.0, 4),
    (5.0, 5),
    (10.0, 5),
    (15.0, 3),
    (30.0, 3),
    (60.0, 4),
    (120.0, 4),
    (300.0, 5),
    (600.0, 5),
    (900.0, 3),
    (1800.0, 3),
    (3600.0, 4),
    (7200.0, 4),
];
/// Labelled ticks are at least this many points apart.
const APART: f64 = 64.0;

/// A time as people write it: "0:07", "12:30", "1:02:05"; precise, with hundredths: "0:07.25". Not a number is "–".
pub fn clock(seconds: f32, precise: bool) -> String {
    if !seconds.is_finite() {
        return "–".to_owned();
    }
    words(f64::from(seconds), if precise { 2 } else { 0 })
}

fn words(seconds: f64, decimals: usize) -> String {
    let sign = if seconds < 0.0 { "−" } else { "" };
    let scale = 10_u64.pow(decimals as u32);
    let total = (seconds.abs().min(1e9) * scale as f64).round() as u64;
    let (whole, part) = (total / scale, total % scale);
    let (h, m, s) = (whole / 3600, whole / 60 % 60, whole % 60);
    let fraction = if decimals > 0 { format!(".{part:0decimals$}") } else { String::new() };
    match h {
        0 => format!("{sign}{m}:{s:02}{fraction}"),
        _ => format!("{sign}{h}:{m:02}:{s:02}{fraction}"),
    }
}

/// Seconds between labelled ticks, and into how many parts they divide, for that many points per second.
fn step(points_per_second: f64) -> (f64, u32) {
    let fits = |&(step, _): &(f64, u32)| step * points_per_second >= APART;
    STEPS.into_iter().find(|s| fits(s)).unwrap_or_else(|| {
        // takes of days: whole hours, doubled until they fit
        let mut hours = 4.0;
        while hours * 3600.0 * points_per_second < APART && hours < 1e9 {
            hours *= 2.0;
        }
        (hours * 3600.0, 4)
    })
}

pub(super) fn paint(painter: &Painter, rect: Rect, axis: &Axis, fps: f32, p: &Palette) {
    let fps = f64::from(fps);
    let (step, parts) = step(axis.points_per_frame() * fps);
    // a take of seconds counts in them, a longer one in minutes
    let short = axis.last / fps < 60.0;
    let label = |seconds: f64| match step {
        s if s >= 1.0 => words(seconds, 0),
        s if short => format!("{seconds:.*} s", if s >= 0.1 { 1 } else { 2 }),
        _ => words(seconds, 2),
    };
    let minor = step / f64::from(parts);
    let [from, to] = axis.shown.map(|frame| frame / fps);
    let first = (from / minor).floor() as i64;
    // ticks are at least APART / 5 points apart: this bounds their number even if a width is absurd
    let count = ((to - from) / minor).ceil().clamp(0.0, 4096.0) as i64 + 1;
    for i in first..=first + count {
        let seconds = i as f64 * minor;
        let frame = seconds * fps;
        if seconds < -1e-9 || frame > axis.last + 1e-6 {
            continue;
        }
        let x = axis.x(frame);
        let major = i.rem_euclid(i64::from(parts)) == 0;
        let height = if major { 6.0 } else { 3.0 };
        let color = if major { p.text_weak.gamma_multiply(0.7) } else { p.border_strong };
        painter.vline(x, rect.bottom() - height..=rect.bottom(), Stroke::new(1.0, color));
        if major {
            let galley = painter.layout_no_wrap(label(seconds), text::regular(text::TINY), p.text_weak);
            let [left, right] = [rect.left() + 6.0, rect.right() - 6.0 - galley.size().x];
            // a label at the edge moves inwards, unless it would leave its tick
            let at = (x - galley.size().x * 0.5).clamp(left, right.max(left));
            if (at + galley.size().x * 0.5 - x).abs() < galley.size().x * 0.6 {
                painter.galley(pos2(at, rect.bottom() - 7.0 - galley.size().y), galley, p.text_weak);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_do() {
        let said: Vec<String> =
            [0.0, 7.254, 59.999, 750.0, 3725.0, -2.5, f32::NAN].into_iter().map(|s| clock(s, true)).collect();
        assert_eq!(said, ["0:00.00", "0:07.25", "1:00.00", "12:30.00", "1:02:05.00", "−0:02.50", "–"]);
        assert_eq!(clock(59.6, false), "1:00");
        assert!(!clock(f32::MAX, false).is_empty());
    }

    #[test]
    fn ticks_keep_their_distance_at_any_zoom() {
        for exponent in -24..20 {
            let scale = 2_f64.powi(exponent);
            let (step, parts) = step(scale);
            assert!(step * scale >= APART, "{scale}");
            assert!(step * scale < APART * 3.0 || step <= 0.01, "{scale} {step}");
            assert!(parts >= 2);
        }
    }
}
