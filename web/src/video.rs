//! A take as a video: the scene, DrAction's pictures, or both beside each other, with the label below.
//!
//! Data flows one way. What is to be seen is plain data ([`Video`]); `frame` paints a moment of it, `file` has the
//! browser encode it or makes a GIF. Frames are encoded as they are made, so that memory holds one of them and the file.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `stretch` | which part of a take, and what is said below it |
//! | `frame` | a moment as pixels: egui without a window |
//! | `raster` | egui's triangles as pixels |
//! | `file` | frames as WebM or GIF |
//! | `webm`, `yuv` | the container, and pixels as encoders want them |
//! | `making` | how far it is |

mod file;
mod frame;
mod making;
mod raster;
mod stretch;
mod webm;
mod yuv;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use draction::motion::Motion;

use crate::{
    pictures::{DrawEngine, Prepared},
    widgets::Orbit,
};

pub use self::{
    file::{VideoFile, record},
    making::Making,
    stretch::{Captions, Part, Stretch, span_at_playhead},
};

/// What a video shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The moving skeleton.
    Scene,
    /// DrAction's pictures.
    Pictures,
    /// Both beside each other.
    Both,
}

impl Shown {
    /// All of them.
    pub const ALL: [Shown; 3] = [Shown::Scene, Shown::Pictures, Shown::Both];

    /// In files' names, and for those who ask from outside.
    pub fn name(self) -> &'static str {
        match self {
            Shown::Scene => "scene",
            Shown::Pictures => "pictures",
            Shown::Both => "both",
        }
    }

    /// What has that name.
    pub fn named(name: &str) -> Option<Shown> {
        Shown::ALL.into_iter().find(|shown| shown.name() == name)
    }
}

/// How the scene is looked at.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// From where.
    pub orbit: Orbit,
    /// Whether hands and feet leave trails.
    pub trails: bool,
    /// `[P·J]` how much each joint matters, 0..1, where that is shown.
    pub heat: Option<Vec<f32>>,
    /// Whether text is light on dark.
    pub dark: bool,
}

/// Everything that a video is made of.
pub struct Video {
    /// What is seen.
    pub shown: Shown,
    /// When.
    pub stretch: Stretch,
    /// Who moves.
    pub motion: Arc<Motion>,
    /// How the scene looks.
    pub look: Look,
    /// What stands below.
    pub captions: Captions,
    /// What DrAction draws.
    pub pictures: Prepared,
    /// What it draws on.
    pub engine: DrawEngine,
}

impl Video {
    /// The motion's frame at a time in seconds; between two it is a fraction.
    fn moment(&self, seconds: f64) -> f32 {
        let last = self.motion.frames().saturating_sub(1) as f64;
        (seconds * self.motion.rate()).clamp(0.0, last) as f32
    }
}
