//! What one rendering sees of a motion: sampled frames, their velocities, and the camera.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `velocity` | how fast joints move, on the motion's full rate |
//! | `reference` | where the reference puts a clip before its fixed camera |
//! | `fit` | a camera in front of the performer that shows the whole clip |
//! | `stage` | further frames under the camera of a clip, as a viewer scrubs |
//! | `batch` | clips side by side, as an engine takes them |

mod fit;
mod reference;
mod stage;
mod velocity;

use std::sync::Arc;

pub use fit::Fit;
pub use stage::Stage;
pub use velocity::VelocityRule;

use crate::{
    camera::Camera,
    motion::{Motion, Skeleton},
    sampling::Sampler,
};

/// `T` sampled frames of a motion, ready to be rendered.
#[derive(Clone, Debug)]
pub struct Clip {
    /// The topology of every body.
    pub skeleton: Arc<Skeleton>,
    /// `[T]` source frame of each sampled frame, never decreasing.
    pub frame_indices: Vec<usize>,
    /// Number of body slots `P`.
    pub bodies: usize,
    /// `[T, P, J, 3]` metres, after preprocessing. An absent body is all zeros.
    pub positions: Vec<f32>,
    /// `[T, P, J, 3]` metres per four frames of a 30 fps recording (spec A.1.3).
    pub velocities: Vec<f32>,
    /// `[T, P, J, 4]` global joint orientations, scalar first; `None` draws by translation alone.
    pub orientations: Option<Vec<f32>>,
    /// Where it is seen from.
    pub camera: Camera,
}

/// How a motion becomes a clip. [`ClipOptions::default`] is what this project's own model sees,
/// [`ClipOptions::reference`] what the released one saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipOptions {
    /// How many frames to sample; 12 by default.
    pub frames: usize,
    /// Which frames.
    pub sampler: Sampler,
    /// From where they are seen.
    pub viewpoint: Viewpoint,
    /// What a velocity is.
    pub velocity: VelocityRule,
    /// Whether joint orientations come along, where the motion has them.
    pub oriented: bool,
}

/// Where the camera stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Viewpoint {
    /// At the origin, looking along +z of the file's own axes, 60° both ways; the clip is moved in front of it by the
    /// rules of spec A.1.4. Files that are not NTU's follow the HumanML3D rule: it asks least of a file, only that
    /// +y is up. File axes are taken for camera axes as they are, so right-handed files appear mirrored.
    Reference,
    /// In front of the performer, with the whole clip in the picture.
    Fit(Fit),
}

impl Default for ClipOptions {
    /// 12 staggered frames, fit camera, velocities over 4/30 s, no orientations.
    fn default() -> ClipOptions {
        ClipOptions {
            frames: 12,
            sampler: Sampler::Staggered,
            viewpoint: Viewpoint::Fit(Fit::default()),
            velocity: VelocityRule::FourThirtieths,
            oriented: false,
        }
    }
}

impl ClipOptions {
    /// 12 frames of the reference's unseeded sampler, its camera and its velocities.
    pub fn reference() -> ClipOptions {
        ClipOptions {
            frames: 12,
            sampler: Sampler::Reference { seed: None },
            viewpoint: Viewpoint::Reference,
            velocity: VelocityRule::FourFrames,
            oriented: false,
        }
    }
}

/// Why there is no clip, or not a valid one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClipError {
    /// No frames, bodies or joints.
    #[error("the motion is empty: {frames} frames, {bodies} bodies, {joints} joints")]
    Empty {
        /// Frames.
        frames: usize,
        /// Body slots.
        bodies: usize,
        /// Joints.
        joints: usize,
    },
    /// Nobody is in any of the sampled frames.
    #[error("nobody is in any of the {0} sampled frames")]
    Nobody(usize),
    /// A list does not have the length that the other numbers ask for.
    #[error("{what} holds {got} numbers instead of {expected}")]
    Length {
        /// Which list.
        what: &'static str,
        /// What is needed.
        expected: usize,
        /// What there is.
        got: usize,
    },
    /// NaN or infinity.
    #[error("{what} of joint {joint} of body {body} in sampled frame {frame} is not finite")]
    NotFinite {
        /// Position, velocity or orientation.
        what: &'static str,
        /// Sampled frame, counted from 0.
        frame: usize,
        /// Body slot.
        body: usize,
        /// Joint.
        joint: usize,
    },
    /// A camera that sees nothing: not finite, or without a field of view.
    #[error("the camera is not valid: {0:?}")]
    Camera(String),
    /// An option or an index out of range.
    #[error("{0}")]
    Option(String),
    /// Clips of a batch differ.
    #[error("clip {index} has {what} {got}, the first clip has {expected}")]
    Batch {
        /// Which clip.
        index: usize,
        /// In what it differs.
        what: &'static str,
        /// Of the first clip.
        expected: usize,
        /// Of this one.
        got: usize,
    },
}

impl Clip {
    /// Samples a motion and places the camera.
    ///
    /// # Errors
    /// [`ClipError`] for an empty motion, for frames in which nobody is, for lists of the wrong length, NaN, and
    /// options out of range.
    pub fn from_motion(motion: &Motion, options: &ClipOptions) -> Result<Clip, ClipError> {
        Ok(Stage::new(motion, options)?.into_clip())
    }

    /// As [`Clip::from_motion`], with given source frames instead of a sampler: `indices [T]`, never decreasing.
    ///
    /// # Errors
    /// As [`Clip::from_motion`]; also for indices that decrease or lie beyond the motion.
    pub fn at_frames(motion: &Motion, indices: &[usize], options: &ClipOptions) -> Result<Clip, ClipError> {
        Ok(Stage::at_frames(motion, indices, options)?.into_clip())
    }

    /// Frames as they stand in the motion's own axes, and which bodies are there: `[T, P]`.
    fn sample(motion: &Motion, indices: &[usize], options: &ClipOptions) -> Result<(Clip, Vec<bool>), ClipError> {
        let joints = motion.skeleton.names.len();
        let frames = motion.present.len() / motion.bodies.max(1);
        if frames == 0 || motion.bodies == 0 || joints == 0 || indices.is_empty() {
            return Err(ClipError::Empty { frames, bodies: motion.bodies, joints });
        }
        let numbers = frames * motion.bodies * joints;
        expect("the motion's presence", frames * motion.bodies, motion.present.len())?;
        expect("the motion's positions", numbers * 3, motion.positions.len())?;
        if let Some(o) = &motion.orientations {
            expect("the motion's orientations", numbers * 4, o.len())?;
        }
        if let Some(&index) = indices.iter().find(|&&i| i >= frames) {
            return Err(ClipError::Option(format!("frame {index} is beyond the motion's {frames} frames")));
        }
        if indices.windows(2).any(|w| w[0] > w[1]) {
            return Err(ClipError::Option("frame indices decrease".into()));
        }

        let body = joints * 3;
        let per_frame = motion.bodies * body;
        let mut positions = Vec::with_capacity(indices.len() * per_frame);
        for &t in indices {
            positions.extend_from_slice(&motion.positions[t * per_frame..][..per_frame]);
        }
        // a slot counts as empty by its flag or by its zeros: the renderer goes by the zeros, so both must agree
        let mut present = Vec::with_capacity(indices.len() * motion.bodies);
        for (slot, body) in positions.chunks_exact_mut(body).enumerate() {
            let flagged = motion.present[indices[slot / motion.bodies] * motion.bodies + slot % motion.bodies];
            let somebody = flagged && body.iter().map(|x| x.abs()).sum::<f32>() > PRESENT;
            if !somebody && !body.iter().any(|x| x.is_nan()) {
                body.fill(0.0);
            }
            present.push(somebody);
        }
        let orientations = motion.orientations.as_ref().filter(|_| options.oriented).map(|o| {
            let per_frame = motion.bodies * joints * 4;
            indices.iter().flat_map(|&t| &o[t * per_frame..][..per_frame]).copied().collect()
        });
        let clip = Clip {
            skeleton: motion.skeleton.clone(),
            frame_indices: indices.to_vec(),
            bodies: motion.bodies,
            positions,
            velocities: velocity::velocities(motion, joints, indices, options.velocity),
            orientations,
            camera: Camera::reference(60.0),
        };
        clip.validate()?;
        Ok((clip, present))
    }

    /// Number of frames `T`.
    pub fn frames(&self) -> usize {
        self.frame_indices.len()
    }

    /// Number of joints `J`.
    pub fn joints(&self) -> usize {
        self.skeleton.names.len()
    }

    /// A stretch of its frames, seen by the same camera.
    ///
    /// # Panics
    /// When `range` reaches beyond [`Clip::frames`].
    #[must_use]
    pub fn part(&self, range: std::ops::Range<usize>) -> Clip {
        let frame = self.bodies * self.joints();
        let cut = |list: &[f32], width: usize| list[range.start * frame * width..range.end * frame * width].to_vec();
        Clip {
            skeleton: self.skeleton.clone(),
            frame_indices: self.frame_indices[range.clone()].to_vec(),
            bodies: self.bodies,
            positions: cut(&self.positions, 3),
            velocities: cut(&self.velocities, 3),
            orientations: self.orientations.as_deref().map(|o| cut(o, 4)),
            camera: self.camera,
        }
    }

    /// `[J, 3]`: the first body that is there, in the earliest frame. What templates are made from (spec A.7.2).
    pub fn reference_pose(&self) -> &[f32] {
        let body = self.joints() * 3;
        let mut bodies = self.positions.chunks_exact(body);
        bodies.find(|b| b.iter().any(|x| *x != 0.0)).unwrap_or(&self.positions[..body])
    }

    /// Checks lengths, that every number is finite, and the camera.
    ///
    /// # Errors
    /// [`ClipError`] naming what is wrong, and where.
    pub fn validate(&self) -> Result<(), ClipError> {
        let (frames, joints) = (self.frames(), self.joints());
        if frames == 0 || self.bodies == 0 || joints == 0 {
            return Err(ClipError::Empty { frames, bodies: self.bodies, joints });
        }
        let numbers = frames * self.bodies * joints;
        let orientations = self.orientations.as_deref().map(|o| ("orientation", o, 4));
        let lists = [("position", &self.positions[..], 3), ("velocity", &self.velocities[..], 3)];
        for (what, list, width) in lists.into_iter().chain(orientations) {
            expect(what, numbers * width, list.len())?;
            if let Some(at) = list.iter().position(|x| !x.is_finite()) {
                let n = at / width;
                let (frame, body, joint) = (n / joints / self.bodies, n / joints % self.bodies, n % joints);
                return Err(ClipError::NotFinite { what, frame, body, joint });
            }
        }
        if !self.camera.is_valid() {
            return Err(ClipError::Camera(format!("{:?}", self.camera)));
        }
        Ok(())
    }
}

/// A body whose coordinates sum to less is absent (spec A.1.4).
const PRESENT: f32 = 1e-6;

fn expect(what: &'static str, expected: usize, got: usize) -> Result<(), ClipError> {
    if expected == got { Ok(()) } else { Err(ClipError::Length { what, expected, got }) }
}

#[cfg(test)]
pub(crate) mod tests;
