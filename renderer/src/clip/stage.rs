//! Any frame of a motion under the camera of one of its clips: what a viewer scrubs through.

use super::{Clip, ClipError, ClipOptions, Viewpoint, fit, reference};
use crate::{
    camera::Camera,
    motion::{Format, Motion, UpAxis},
};

/// Where the sampled frames of a motion were placed. Further frames can follow them there.
#[derive(Clone, Debug)]
pub struct Stage {
    clip: Clip,
    options: ClipOptions,
    placement: Placement,
}

/// From the motion's axes to the camera's world.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Placement {
    Reference(reference::Shift),
    Fit(fit::OwnAxes),
}

impl Placement {
    fn apply(self, clip: &mut Clip, present: &[bool]) {
        match self {
            Placement::Reference(shift) => shift.apply(clip, present),
            Placement::Fit(axes) => axes.enter(clip, present),
        }
    }
}

impl Stage {
    /// Samples a motion and places the camera.
    ///
    /// # Errors
    /// As [`Clip::from_motion`].
    pub fn new(motion: &Motion, options: &ClipOptions) -> Result<Stage, ClipError> {
        if options.frames == 0 {
            return Err(ClipError::Option("a clip needs at least one frame".into()));
        }
        let frames = motion.present.len() / motion.bodies.max(1);
        Stage::at_frames(motion, &options.sampler.indices(frames, options.frames), options)
    }

    /// As [`Stage::new`], with given source frames instead of a sampler: `indices [T]`, never decreasing.
    ///
    /// # Errors
    /// As [`Clip::at_frames`].
    pub fn at_frames(motion: &Motion, indices: &[usize], options: &ClipOptions) -> Result<Stage, ClipError> {
        let (mut clip, present) = Clip::sample(motion, indices, options)?;
        if !present.contains(&true) {
            return Err(ClipError::Nobody(indices.len()));
        }
        let placement = match options.viewpoint {
            Viewpoint::Reference => {
                // other sensors' axes point elsewhere
                let ntu = motion.source.format == Format::Ntu && motion.source.up == UpAxis::PlusY;
                let rule = if ntu { reference::Rule::Ntu } else { reference::Rule::HumanMl3d };
                Placement::Reference(reference::shift(&clip, &present, rule))
            }
            Viewpoint::Fit(fit) => Placement::Fit(fit::OwnAxes::of(&clip, &present, motion.performer, fit.travel)),
        };
        placement.apply(&mut clip, &present);
        if let Viewpoint::Fit(fit) = options.viewpoint {
            clip.camera = fit::camera(&clip, &present, &fit)?;
        }
        clip.validate()?;
        Ok(Stage { clip, options: *options, placement })
    }

    /// The sampled frames.
    pub fn clip(&self) -> &Clip {
        &self.clip
    }

    /// The sampled frames.
    pub fn into_clip(self) -> Clip {
        self.clip
    }

    /// Where everything is seen from.
    pub fn camera(&self) -> Camera {
        self.clip.camera
    }

    /// Other frames of the same motion, in the same axes and before the same camera. Frames without anybody are empty.
    ///
    /// # Errors
    /// As [`Clip::at_frames`], except that nobody need be there.
    pub fn frames(&self, motion: &Motion, indices: &[usize]) -> Result<Clip, ClipError> {
        let (mut clip, present) = Clip::sample(motion, indices, &self.options)?;
        self.placement.apply(&mut clip, &present);
        clip.camera = self.clip.camera;
        clip.validate()?;
        Ok(clip)
    }
}
