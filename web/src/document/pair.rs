//! Two takes in step: one clock moves both playheads.

use draction::motion::Motion;

use super::{Document, Take};
use crate::playback::Playback;

/// How two takes are kept in step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// By time: both begin together, and the shorter one is held at its end.
    #[default]
    Time,
    /// By share of their lengths: both begin and end together.
    Length,
}

impl Step {
    /// All of them.
    pub const ALL: [Step; 2] = [Step::Time, Step::Length];

    /// Its name for scripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Step::Time => "time",
            Step::Length => "length",
        }
    }

    /// Seconds until the clock has reached the end of both. By length it is the clock of the first take, or of the other
    /// where the first is a single frame.
    fn seconds(self, [first, other]: [Extent; 2]) -> f64 {
        match self {
            Step::Time => first.seconds().max(other.seconds()),
            Step::Length if first.last > 0.0 => first.seconds(),
            Step::Length => other.seconds(),
        }
    }

    /// Where both playheads are at a time of the clock, in frames.
    fn frames(self, extents: [Extent; 2], seconds: f64) -> [f32; 2] {
        let frames = match self {
            Step::Time => extents.map(|take| (seconds * take.fps).clamp(0.0, take.last)),
            Step::Length => {
                let all = self.seconds(extents);
                let share = if all > 0.0 { (seconds / all).clamp(0.0, 1.0) } else { 0.0 };
                extents.map(|take| share * take.last)
            }
        };
        frames.map(|frame| frame as f32)
    }

    /// When the other take is at a frame of it.
    fn when(self, extents: [Extent; 2], other: f64) -> f64 {
        let [_, take] = extents;
        match self {
            Step::Time => other / take.fps,
            Step::Length if take.last > 0.0 => other / take.last * self.seconds(extents),
            Step::Length => 0.0,
        }
    }
}

/// How long a take is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Extent {
    /// Its last frame, counted from 0.
    last: f64,
    /// Frames a second.
    fps: f64,
}

impl Extent {
    fn of(motion: &Motion) -> Extent {
        Extent { last: motion.frames().saturating_sub(1) as f64, fps: motion.rate() }
    }

    fn seconds(self) -> f64 {
        self.last / self.fps
    }
}

/// Another take beside the one in view, and the clock of both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The other take's id.
    other: u64,
    /// How they are kept in step.
    step: Step,
    /// Seconds on the clock.
    seconds: f64,
}

impl Pair {
    /// Goes with the other take when its id changes.
    pub(super) fn renamed(&mut self, from: u64, to: u64) {
        if self.other == from {
            self.other = to;
        }
    }
}

/// Playheads, and which takes they belong to.
impl Document {
    /// The take beside the one in view, and how both are kept in step.
    #[must_use]
    pub fn beside(&self) -> Option<(&Take, Step)> {
        let pair = self.pair?;
        let other = self.takes.iter().find(|take| take.id == pair.other)?;
        Some((other, pair.step))
    }

    /// Puts the take of that index beside the one in view, in the place of another one; or none. Whether it is there: a
    /// take cannot stand beside itself.
    pub fn compare(&mut self, index: Option<usize>) -> bool {
        let step = self.pair.take().map(|pair| pair.step).unwrap_or_default();
        let other = index.filter(|&index| index != self.current).and_then(|index| self.takes.get(index));
        let (Some(other), Some(take)) = (other, self.take()) else { return false };
        let extents = [take, other].map(|take| Extent::of(&take.motion));
        let seconds = f64::from(take.frame) / extents[0].fps;
        self.pair = Some(Pair { other: other.id, step, seconds });
        self.go(seconds);
        true
    }

    /// Keeps the pair in step otherwise; the take in view stays where it is, if the clock goes as far.
    pub fn keep_in_step(&mut self, step: Step) {
        if let Some(pair) = &mut self.pair {
            pair.step = step;
            let seconds = pair.seconds;
            self.go(seconds);
        }
    }

    /// The playhead, in frames of the take in view. Of a pair it goes on behind the take's end while the other one lasts.
    #[must_use]
    pub fn playhead(&self) -> f32 {
        match (self.clock(), self.take()) {
            (Some((pair, [first, _])), _) => (pair.seconds * first.fps) as f32,
            (None, take) => take.map_or(0.0, |take| take.frame),
        }
    }

    /// How far the playhead goes: one for a single frame.
    #[must_use]
    pub fn frames(&self) -> usize {
        match (self.clock(), self.take()) {
            // what is a whole number but for rounding is that number
            (Some((pair, extents)), _) => (pair.step.seconds(extents) * extents[0].fps - 1e-6).ceil() as usize + 1,
            (None, take) => take.map_or(0, |take| take.motion.frames()),
        }
    }

    /// The playhead at which the other take of a pair is at that frame of it.
    #[must_use]
    pub fn playhead_for_other(&self, frame: f32) -> f32 {
        self.clock()
            .map_or(frame, |(pair, extents)| (pair.step.when(extents, f64::from(frame)) * extents[0].fps) as f32)
    }

    /// Puts the playhead there, or as near as it gets.
    pub fn seek(&mut self, frame: f32) {
        if let Some((_, [first, _])) = self.clock() {
            return self.go(f64::from(frame) / first.fps);
        }
        if let Some(take) = self.take_mut() {
            take.frame = frame.clamp(0.0, take.motion.frames().saturating_sub(1) as f32);
        }
    }

    /// Plays on by so many seconds of the window's time; at the end it begins again. Whether anything moves.
    pub fn play(&mut self, playback: Playback, seconds: f32) -> bool {
        let Some((pair, extents)) = self.clock() else {
            return self.take_mut().is_some_and(|take| take.play(playback, seconds));
        };
        let all = pair.step.seconds(extents);
        if !playback.playing || all <= 0.0 {
            return false;
        }
        self.go((pair.seconds + f64::from(seconds * playback.speed)).rem_euclid(all));
        true
    }

    /// Looks at another take. If it stood beside the one in view, they change places.
    pub fn select(&mut self, index: usize) {
        let before = self.clock().map(|(pair, extents)| (pair, pair.step.seconds(extents)));
        let id = self.take().map(|take| take.id);
        self.current = index;
        let (Some((mut pair, length)), Some(id), Some(now)) = (before, id, self.take()) else { return };
        if pair.other == now.id {
            pair.other = id;
        }
        self.pair = Some(pair);
        let Some((_, extents)) = self.clock() else { return };
        let seconds = match pair.step {
            Step::Length if length > 0.0 => pair.seconds / length * pair.step.seconds(extents),
            _ => pair.seconds,
        };
        self.go(seconds);
    }

    /// Closes the take of that index. Of a pair, the one that is left is in view alone.
    pub fn close(&mut self, index: usize) -> Take {
        let in_view = index == self.current;
        let closed = self.takes.remove(index);
        let left = self.pair.take_if(|pair| in_view || pair.other == closed.id).filter(|_| in_view);
        let left = left.and_then(|pair| self.takes.iter().position(|take| take.id == pair.other));
        self.current = match left {
            Some(left) => left,
            None if index < self.current => self.current - 1,
            None => self.current.min(self.takes.len().saturating_sub(1)),
        };
        closed
    }

    /// The pair and the lengths of its takes, while both are there.
    fn clock(&self) -> Option<(Pair, [Extent; 2])> {
        let ((other, _), take) = (self.beside()?, self.take()?);
        Some((self.pair?, [take, other].map(|take| Extent::of(&take.motion))))
    }

    /// Sets the clock, and both playheads by it.
    fn go(&mut self, seconds: f64) {
        let Some((mut pair, extents)) = self.clock() else { return };
        let seconds = if seconds.is_nan() { 0.0 } else { seconds };
        pair.seconds = seconds.clamp(0.0, pair.step.seconds(extents));
        self.pair = Some(pair);
        let [first, other] = pair.step.frames(extents, pair.seconds);
        if let Some(take) = self.take_mut() {
            take.frame = first;
        }
        if let Some(take) = self.takes.iter_mut().find(|take| take.id == pair.other) {
            take.frame = other;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::files::sample;

    fn extent(frames: usize, fps: f64) -> Extent {
        Extent { last: (frames - 1) as f64, fps }
    }

    #[test]
    fn by_time_the_shorter_one_waits_at_its_end() {
        // two seconds at 10 and one at 30 frames a second
        let pair = [extent(21, 10.0), extent(31, 30.0)];
        assert_eq!(Step::Time.seconds(pair), 2.0);
        for (seconds, frames) in [(0.0, [0.0, 0.0]), (0.5, [5.0, 15.0]), (1.0, [10.0, 30.0]), (1.5, [15.0, 30.0])] {
            assert_eq!(Step::Time.frames(pair, seconds), frames);
        }
        assert_eq!(Step::Time.frames(pair, 7.0), [20.0, 30.0]);
        assert_eq!(Step::Time.frames(pair, -1.0), [0.0, 0.0]);
        let [long, short] = pair;
        assert_eq!(Step::Time.seconds([short, long]), 2.0, "whichever comes first");
    }

    #[test]
    fn by_length_both_end_together() {
        let pair = [extent(21, 10.0), extent(31, 30.0)];
        assert_eq!(Step::Length.seconds(pair), 2.0, "the first one's clock");
        for (seconds, frames) in [(0.0, [0.0, 0.0]), (0.5, [5.0, 7.5]), (2.0, [20.0, 30.0]), (9.0, [20.0, 30.0])] {
            assert_eq!(Step::Length.frames(pair, seconds), frames);
        }
        let still = [extent(1, 10.0), extent(31, 30.0)];
        assert_eq!((Step::Length.seconds(still), Step::Length.frames(still, 0.5)), (1.0, [0.0, 15.0]));
        let both = [extent(1, 10.0); 2];
        assert_eq!((Step::Length.seconds(both), Step::Length.frames(both, 0.5)), (0.0, [0.0, 0.0]));
    }

    #[test]
    fn a_frame_of_the_other_take_tells_when() {
        let pair = [extent(21, 10.0), extent(31, 30.0)];
        for step in Step::ALL {
            for frame in [0.0, 12.0, 30.0] {
                let seconds = step.when(pair, frame);
                assert!((f64::from(step.frames(pair, seconds)[1]) - frame).abs() < 1e-4, "{step:?} {frame}");
            }
        }
        assert_eq!(Step::Length.when([extent(21, 10.0), extent(1, 30.0)], 0.0), 0.0);
    }

    /// Two takes of 30 frames a second: the first `frames` of a sample each.
    fn document(frames: [usize; 2]) -> Document {
        let mut document = Document::default();
        for (name, frames) in ["walk.bvh", "squat.bvh"].into_iter().zip(frames) {
            document.open(sample(name)).expect("a motion");
            let take = document.takes.last_mut().expect("just opened");
            take.motion = Arc::new(Motion { fps: 30.0, ..take.motion.cropped(0..frames) });
        }
        document
    }

    #[test]
    fn one_clock_moves_both() {
        let mut document = document([31, 61]);
        document.seek(10.0);
        assert!(document.compare(Some(1)) && document.beside().is_some());
        assert_eq!([0, 1].map(|n| document.takes[n].frame), [10.0, 10.0]);
        assert_eq!(document.frames(), 61, "as long as the longer one");
        document.seek(45.0);
        assert_eq!([0, 1].map(|n| document.takes[n].frame), [30.0, 45.0], "the first is held");
        assert_eq!(document.playhead(), 45.0);
        assert_eq!(document.playhead_for_other(20.0), 20.0);
        let playback = Playback { playing: true, speed: 2.0 };
        document.seek(40.0);
        assert!(document.play(playback, 0.25) && (document.playhead() - 55.0).abs() < 1e-3);
        assert!(document.play(playback, 0.25) && (document.playhead() - 10.0).abs() < 1e-3, "it begins again");
        document.seek(15.0);
        assert!(!document.play(Playback::default(), 1.0));

        document.keep_in_step(Step::Length);
        assert_eq!(document.frames(), 31);
        assert!((document.takes[1].frame - 30.0).abs() < 1e-3, "both are half through");
        assert!((document.playhead_for_other(60.0) - 30.0).abs() < 1e-3);
        document.seek(f32::INFINITY);
        assert_eq!([0, 1].map(|n| document.takes[n].frame), [30.0, 60.0]);
        document.seek(f32::NAN);
        assert_eq!([0, 1].map(|n| document.takes[n].frame), [0.0, 0.0]);

        assert!(!document.compare(None) && document.beside().is_none());
        document.seek(12.0);
        assert_eq!([0, 1].map(|n| document.takes[n].frame), [12.0, 0.0], "each by itself again");
    }

    #[test]
    fn takes_change_places_and_the_moment_stays() {
        let mut document = document([31, 61]);
        document.compare(Some(1));
        document.keep_in_step(Step::Length);
        document.seek(15.0);
        document.select(1);
        let ids = [0, 1].map(|n| document.takes[n].id);
        assert_eq!((document.current, document.beside().map(|(take, _)| take.id)), (1, Some(ids[0])));
        assert!((document.playhead() - 30.0).abs() < 1e-3 && (document.takes[0].frame - 15.0).abs() < 1e-3);
        document.keep_in_step(Step::Time);
        document.seek(50.0);
        document.select(0);
        assert!((document.playhead() - 50.0).abs() < 1e-3, "behind the end of the one in view");
        assert_eq!(document.takes[0].frame, 30.0);
    }

    #[test]
    fn closing_either_leaves_the_other_alone() {
        for (closed, left) in [(0, "squat.bvh"), (1, "walk.bvh")] {
            let mut document = document([31, 61]);
            document.open(sample("clap.bvh")).expect("a third one");
            document.compare(Some(1));
            document.seek(20.0);
            assert_ne!(document.close(closed).name, left);
            assert_eq!(document.take().map(|take| (&*take.name, take.frame)), Some((left, 20.0)));
            assert!(document.beside().is_none() && document.takes.len() == 2);
            document.seek(5.0);
            assert_eq!(document.playhead(), 5.0);
        }
        let mut document = document([31, 61]);
        document.open(sample("clap.bvh")).expect("a third one");
        document.compare(Some(2));
        document.close(1);
        assert!(document.beside().is_some_and(|(take, _)| take.name == "clap.bvh"), "nobody's business");
        document.close(1);
        document.close(0);
        assert!(document.take().is_none() && document.current == 0 && document.frames() == 0);
    }

    #[test]
    fn a_take_does_not_stand_beside_itself_and_one_read_otherwise_stays() {
        let mut document = document([31, 61]);
        assert!(!document.compare(Some(0)) && !document.compare(Some(7)));
        document.compare(Some(0));
        document.select(1);
        document.compare(Some(0));
        document.select(0);
        let unread = document.otherwise(None, None).expect("something is in view");
        document.select(1);
        let motion = unread.read().expect("it was read before");
        document.add(unread, motion);
        assert!(document.beside().is_some_and(|(take, _)| take.name == "walk.bvh"));
    }
}
