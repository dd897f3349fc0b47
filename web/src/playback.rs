//! Playing: the playhead moves by itself.

use crate::document::Take;

/// Whether a take plays, and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// Whether the playhead moves.
    pub playing: bool,
    /// Share of the recorded speed.
    pub speed: f32,
}

impl Default for Playback {
    fn default() -> Self {
        Playback { playing: false, speed: 1.0 }
    }
}

impl Playback {
    /// Moves the playhead by so many seconds of the window's time; at its end a take begins again. Says whether it moves.
    pub fn advance(&self, take: &mut Take, seconds: f32) -> bool {
        let frames = take.motion.frames() as f32;
        if !self.playing || frames <= 1.0 {
            return false;
        }
        let step = seconds * take.motion.fps * self.speed;
        take.frame = (take.frame + step).rem_euclid(frames - 1.0);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Document, files::sample};

    #[test]
    fn a_take_plays_at_its_speed_and_begins_again() {
        let mut document = Document::default();
        document.open(sample("squat.bvh")).expect("a motion");
        let take = document.take_mut().expect("just opened");
        let (fps, last) = (take.motion.fps, (take.motion.frames() - 1) as f32);
        assert!(!Playback::default().advance(take, 1.0) && take.frame == 0.0, "it stands still");
        let half = Playback { playing: true, speed: 0.5 };
        assert!(half.advance(take, 0.2));
        assert!((take.frame - 0.1 * fps).abs() < 1e-3, "{}", take.frame);
        take.frame = last - 1.0;
        assert!(half.advance(take, 4.0 / fps));
        assert!((take.frame - 1.0).abs() < 1e-3, "{}", take.frame);
    }
}
