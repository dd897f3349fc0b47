//! Which part of a take a video shows, and what is said below it.

use skeletonllm::assistant::Span;

use crate::{
    document::Take,
    widgets::{clock, percent},
};

/// Seconds that a video has at most.
pub const LONGEST: f64 = 30.0;

/// What of a take is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The labelled span at the playhead; all, where there is none.
    Span,
    /// All of it.
    Whole,
}

/// Part of a take, in seconds from its start; no longer than [`LONGEST`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Length of what was wanted, where that is longer than a video may be.
    pub cut_from: Option<f64>,
}

impl Stretch {
    /// The part of a take. Of what is too long, what follows the playhead.
    pub fn of(take: &Take, part: Part) -> Stretch {
        let (frames, fps) = (take.motion.frames() as f64, take.motion.rate());
        let span = span_at_playhead(take).filter(|_| part == Part::Span);
        let wanted = span.map_or([0.0, frames / fps], |span| [span.start_seconds, span.end_seconds].map(f64::from));
        Stretch::within(wanted, f64::from(take.frame) / fps)
    }

    fn within([from, to]: [f64; 2], playhead: f64) -> Stretch {
        if to - from <= LONGEST {
            return Stretch { from, to, cut_from: None };
        }
        let begin = playhead.clamp(from, to - LONGEST);
        Stretch { from: begin, to: begin + LONGEST, cut_from: Some(to - from) }
    }

    /// How many frames it takes, at least one, at so many a second.
    pub(super) fn frames(&self, fps: u32) -> usize {
        ((self.to - self.from) * f64::from(fps)).round().max(1.0) as usize
    }

    /// When frame `n` is, in seconds from the take's start.
    pub(super) fn time(&self, n: usize, fps: u32) -> f64 {
        self.from + n as f64 / f64::from(fps)
    }

    /// In words: "0:02.00 – 0:05.00", and where it was cut, of how much.
    pub fn words(&self) -> String {
        let times = format!("{} – {}", clock(self.from as f32, true), clock(self.to as f32, true));
        match self.cut_from {
            None => times,
            Some(all) => format!("{times} of {}: at most {LONGEST:.0} s", clock(all as f32, true)),
        }
    }
}

/// The labelled span that the playhead is in.
pub fn span_at_playhead(take: &Take) -> Option<&Span> {
    let now = (f64::from(take.frame) / take.motion.rate()) as f32;
    take.spans.iter().find(|span| (span.start_seconds..span.end_seconds).contains(&now))
}

/// What stands below a video at each of its moments.
#[derive(Clone, Debug, PartialEq)]
pub struct Captions {
    /// From when to when, in seconds, and what.
    spans: Vec<([f64; 2], String)>,
    /// Everywhere else.
    otherwise: String,
}

impl Captions {
    /// The labels along the take, or else that of all of it, each with its probability; where nothing is labelled, its name.
    pub fn of(take: &Take) -> Captions {
        let caption = |label: &str, probability| format!("{label}  ·  {}", percent(probability));
        let spans = take.spans.iter();
        let spans: Vec<_> = spans
            .map(|s| ([s.start_seconds, s.end_seconds].map(f64::from), caption(&s.label, s.probability)))
            .collect();
        let otherwise = match take.labels.first() {
            Some((label, probability)) if spans.is_empty() => caption(label, *probability),
            _ => take.name.clone(),
        };
        Captions { spans, otherwise }
    }

    /// What is said at a time, in seconds.
    pub fn at(&self, seconds: f64) -> &str {
        let now = self.spans.iter().find(|([from, to], _)| (*from..*to).contains(&seconds));
        now.map_or(&self.otherwise, |(_, caption)| caption)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Document, files::sample};

    fn span(start_seconds: f32, end_seconds: f32, label: &str) -> Span {
        Span { start_seconds, end_seconds, label: label.to_owned(), probability: 0.75 }
    }

    #[test]
    fn a_part_is_the_span_at_the_playhead_or_all() {
        let mut document = Document::default();
        document.open(sample("walk.bvh")).expect("a motion");
        let take = document.take_mut().expect("just opened");
        let whole = Stretch { from: 0.0, to: f64::from(take.motion.seconds()), cut_from: None };
        let close = |a: Stretch, b: Stretch| (a.from - b.from).abs() + (a.to - b.to).abs() < 1e-4;
        assert!(close(Stretch::of(take, Part::Span), whole), "nothing is labelled");
        take.spans = vec![span(0.0, 1.0, "walk"), span(1.0, 2.5, "turn")];
        take.frame = 1.2 * take.motion.fps;
        assert_eq!(Stretch::of(take, Part::Span), Stretch { from: 1.0, to: 2.5, cut_from: None });
        assert!(close(Stretch::of(take, Part::Whole), whole));
        take.frame = 3.0 * take.motion.fps;
        assert!(close(Stretch::of(take, Part::Span), whole), "the playhead is in no span");
    }

    #[test]
    fn what_is_too_long_is_cut_around_the_playhead() {
        let cut = |playhead| {
            let stretch = Stretch::within([10.0, 110.0], playhead);
            assert_eq!(stretch.cut_from, Some(100.0));
            [stretch.from, stretch.to]
        };
        assert_eq!([cut(0.0), cut(50.0), cut(109.0)], [[10.0, 40.0], [50.0, 80.0], [80.0, 110.0]]);
        assert_eq!(Stretch::within([0.0, 30.0], 12.0), Stretch { from: 0.0, to: 30.0, cut_from: None });
        let words = Stretch::within([0.0, 125.0], 60.0).words();
        assert_eq!(words, "1:00.00 – 1:30.00 of 2:05.00: at most 30 s");
    }

    #[test]
    fn frames_are_counted_without_noise() {
        let second = Stretch { from: 0.1, to: 0.1 + 108.0 * 0.0333333, cut_from: None };
        assert_eq!((second.frames(30), second.frames(20)), (108, 72));
        assert_eq!(Stretch { from: 2.0, to: 2.0, cut_from: None }.frames(30), 1);
        assert!((second.time(15, 30) - 0.6).abs() < 1e-9);
    }

    #[test]
    fn captions_are_labels_with_their_probability_or_the_name() {
        let mut document = Document::default();
        document.open(sample("squat.bvh")).expect("a motion");
        let take = document.take_mut().expect("just opened");
        assert_eq!(Captions::of(take).at(0.5), "squat.bvh");
        take.labels = vec![("squat".to_owned(), 0.93), ("sit".to_owned(), 0.05)];
        assert_eq!(Captions::of(take).at(0.5), "squat  ·  93 %");
        take.spans = vec![span(0.0, 1.0, "stand"), span(1.0, 2.0, "squat")];
        let captions = Captions::of(take);
        assert_eq!([0.5, 1.0, 2.5].map(|t| captions.at(t)), ["stand  ·  75 %", "squat  ·  75 %", "squat.bvh"]);
    }
}
