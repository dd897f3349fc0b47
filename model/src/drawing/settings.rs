//! What a user may change about how a motion is drawn.

use std::sync::Arc;

use draction::{
    clip::{Clip, ClipError, ClipOptions},
    draction::DrAction,
    figure,
    motion::Motion,
};

/// Where the camera stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CameraMode {
    /// In front of the performer, with the whole clip in the picture: what our models were trained with.
    #[default]
    Fit,
    /// Where the reference puts it: at the origin, the clip moved before it by the rules of spec A.1.4, velocities over
    /// four frames. Which frames are drawn stays the same, so that pictures of both cameras can be compared.
    Reference,
}

/// How motions are drawn for a model to look at. The default is what the model was trained with.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawSettings {
    /// Another renderer's weights, made for NTU's 25 joints; `None` for the model's own.
    pub weights: Option<Arc<DrAction>>,
    /// Whether the NFM runs, where the weights have one.
    pub nfm: bool,
    /// Share of depth colour, 0..1; `None` for what the weights were trained to.
    pub depth_mix: Option<f32>,
    /// Where the camera stands.
    pub camera: CameraMode,
}

impl Default for DrawSettings {
    fn default() -> DrawSettings {
        DrawSettings { weights: None, nfm: true, depth_mix: None, camera: CameraMode::Fit }
    }
}

impl DrawSettings {
    /// How a motion becomes a clip of `frames` frames.
    pub fn clip_options(&self, frames: usize) -> ClipOptions {
        let fit = ClipOptions { frames, ..ClipOptions::default() };
        match self.camera {
            CameraMode::Fit => fit,
            CameraMode::Reference => ClipOptions { frames, sampler: fit.sampler, ..ClipOptions::reference() },
        }
    }

    /// The clip of `frames` frames that a model sees of a motion: of its figure ([`figure::of`]).
    ///
    /// # Errors
    /// [`ClipError`] when nobody is there, or the motion's numbers are broken.
    pub fn clip(&self, motion: &Motion, frames: usize) -> Result<Clip, ClipError> {
        Clip::from_motion(&figure::of(motion).motion, &self.clip_options(frames))
    }

    /// Whether the renderer draws as it was trained to; the camera may stand anywhere.
    pub(crate) fn as_trained(&self) -> bool {
        self.weights.is_none() && self.nfm && self.depth_mix.is_none()
    }
}
