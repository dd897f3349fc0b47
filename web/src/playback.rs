//! Playing: whether the playhead moves by itself, and how fast.

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
