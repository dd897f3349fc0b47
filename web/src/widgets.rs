//! Reusable pieces of the interface: pure views on plain data. Each takes what it shows, draws the current frame and
//! returns what the user did; none of them knows files, models or the app.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `button`, `controls` | buttons, switches, segments, cards, badges |
//! | `scene` | the moving skeleton in 3-D |
//! | `timeline` | scrubber with time ruler, sampled frames and label spans |
//! | `strip` | the pictures that the model sees |
//! | `bars` | the most probable labels |
//! | `chat` | bubbles, suggestions, the input row |
//! | `progress`, `drop` | progress, banners and toasts; where files are dropped |

mod bars;
mod button;
mod chat;
mod controls;
mod drop;
mod progress;
mod scene;
mod strip;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;

use std::sync::Arc;

use eframe::egui::{
    Color32, FontId, Galley, Painter, ScrollArea, Ui, text::LayoutJob, text::TextFormat, text::TextWrapping,
};

use crate::theme::direction;

pub use self::{
    bars::{BarView, bars},
    button::{Button, IconButton},
    chat::{Author, ChatInput, ChatInputOutput, InputAction, MessageAction, MessageView, suggestions},
    controls::{badge, card, section, segmented, slider, toggle},
    drop::{drop_overlay, drop_zone},
    progress::{Banner, Closed, Progress, Severity, TOAST, toasts},
    scene::{Orbit, SceneView},
    strip::{Rows, Strip},
    timeline::{SpanView, Timeline, TimelineState, clock},
};

/// What scrolls up and down, as wide as the place; its bar has room of its own and covers nothing that can be pressed.
pub fn scrolled<R>(ui: &mut Ui, area: ScrollArea, content: impl FnOnce(&mut Ui) -> R) -> R {
    let inside = |ui: &mut Ui| {
        ui.set_max_width(ui.available_width() - ui.spacing().scroll.bar_width);
        content(ui)
    };
    area.show(ui, inside).inner
}

/// A value between 0 and 1, whatever it was: NaN is 0.
pub(crate) fn unit(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

/// A speed in as few digits as are worth telling: "190 tokens/s", "2.1 tokens/s".
pub fn per_second(tokens: f64) -> String {
    if tokens < 10.0 { format!("{tokens:.1} tokens/s") } else { format!("{tokens:.0} tokens/s") }
}

/// A probability in words as short as possible: "84 %", "<1 %", "100 %".
pub fn percent(probability: f32) -> String {
    match unit(probability) {
        p if p > 0.0 && p < 0.01 => "<1 %".to_owned(),
        // never say certain of what is not
        p if p < 1.0 => format!("{:.0} %", (p * 100.0).round().min(99.0)),
        _ => "100 %".to_owned(),
    }
}

/// One line of text that ends in "…" where it is wider than `width` points.
pub(crate) fn elided(painter: &Painter, text: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    let format = TextFormat::simple(font, color);
    if direction::has_rtl(text) {
        return elided_rtl(painter, text, &format, width);
    }
    let mut job = LayoutJob::single_section(text.to_owned(), format);
    job.wrap.max_width = width.max(0.0);
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    painter.layout_job(job)
}

/// The same of what is not written from left to right alone: its end is not what stands on the right.
fn elided_rtl(painter: &Painter, text: &str, format: &TextFormat, width: f32) -> Arc<Galley> {
    let text = text.replace('\n', " ");
    let of = |count: usize| {
        let mut job = LayoutJob::single_section(direction::shortened(&text, count), format.clone());
        job.wrap = TextWrapping::no_max_width();
        painter.layout_job(direction::directed(job))
    };
    let (mut fits, mut too_long) = (0, text.chars().count());
    let whole = of(too_long);
    // its last letter may take less room than the sign for what is missing
    if whole.size().x <= width {
        return whole;
    }
    while fits + 1 < too_long {
        let count = usize::midpoint(fits, too_long);
        if of(count).size().x <= width { fits = count } else { too_long = count }
    }
    of(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_there_is_no_more_room() {
        let width = |text: &str, room: f32| {
            let mut h = testing::Harness::new(300.0, 40.0);
            let mut size = 0.0;
            // the system's fonts come with the second frame
            for _ in 0..3 {
                h.frame(|ui| {
                    size = elided(ui.painter(), text, FontId::proportional(14.0), Color32::RED, room).size().x
                });
            }
            size
        };
        for text in ["walk and turn.bvh", "הליכה מהירה.bvh", "مشي سريع 2.bvh"] {
            let whole = width(text, f32::INFINITY);
            assert_eq!(width(text, whole + 1.0), whole, "{text}");
            let half = width(text, whole * 0.5);
            assert!(half <= whole * 0.5 && half > whole * 0.3, "{text}: {half} of {whole}");
            assert!(width(text, 0.0) < whole * 0.2, "{text}");
        }
    }

    #[test]
    fn percent_is_short_and_honest() {
        let said: Vec<String> =
            [0.0, 0.004, 0.123, 0.5, 0.996, 1.0, 3.0, f32::NAN, -1.0].into_iter().map(percent).collect();
        assert_eq!(said, ["0 %", "<1 %", "12 %", "50 %", "99 %", "100 %", "100 %", "0 %", "0 %"]);
    }
}
