//! What a user may change about how a motion is drawn.

use std::sync::Arc;

use draction::{
    clip::{Clip, ClipError, ClipOptions},
    draction::DrAction,
    motion::Motion,
};
use skeletonllm_data::{
    denoised,
    layout::{Mapped, on_kinect},
};

/// What is drawn of a motion: everybody who is there, [`denoised`], on Kinect's 25 joints ([`on_kinect`]), so that a model
/// does not take the skeleton of a file for a sign of what is done. A skeleton without arms or legs stays as it is.
pub fn figure(motion: &Motion) -> Mapped {
    let motion = denoised(motion.without_empty_bodies());
    on_kinect(&motion, 25).unwrap_or_else(|| Mapped { motion, maps: Vec::new() })
}

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

    /// The clip of `frames` frames that a model sees of a motion: of its [`figure`].
    ///
    /// # Errors
    /// [`ClipError`] when nobody is there, or the motion's numbers are broken.
    pub fn clip(&self, motion: &Motion, frames: usize) -> Result<Clip, ClipError> {
        Clip::from_motion(&figure(motion).motion, &self.clip_options(frames))
    }

    /// Whether the renderer draws as it was trained to; the camera may stand anywhere.
    pub(crate) fn as_trained(&self) -> bool {
        self.weights.is_none() && self.nfm && self.depth_mix.is_none()
    }
}
