//! S2I: a motion as one picture (spec C.1). Rows are time, columns are joints in the order of five body parts, and the
//! three channels are x, y and z; what lies in between is interpolated.
//!
//! ```text
//! [T,P,J,3] ──streams──▶ joint | bone | motion ──range──▶ [0, 1] ──picture──▶ [persons, 3, size, size]
//! ```
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `plan` | what an encoding has to know of a body: columns, parents, centre |
//! | `streams` | positions about the body's centre, bones, steps from frame to frame |
//! | `picture` | columns and rows resampled, and the statistics that image models expect |

mod picture;
mod plan;
mod streams;

#[cfg(test)]
mod tests;

pub use picture::{IMAGE_DEVIATION, IMAGE_MEAN, S2iPicture};
pub use plan::BodyPlan;
pub use streams::StreamValues;

use serde::{Deserialize, Serialize};

use crate::motion::Motion;

/// What a picture is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Positions about the body's centre in its first frame.
    Joint,
    /// Each joint less its parent.
    Bone,
    /// The step to the next frame.
    Motion,
}

impl Stream {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Joint, Self::Bone, Self::Motion];

    /// One word for it: `joint`, `bone` or `motion`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Joint => "joint",
            Self::Bone => "bone",
            Self::Motion => "motion",
        }
    }
}

/// How numbers come to lie in [0, 1].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Range {
    /// From the least to the greatest of the clip, a channel by itself: every picture is as vivid as it can be.
    #[default]
    MinMax,
    /// From −L to L, L being [`S2i::limits`] of the stream: body size and speed stay comparable between clips.
    Fixed,
}

impl Range {
    /// One word for it: `minmax` or `fixed`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MinMax => "minmax",
            Self::Fixed => "fixed",
        }
    }
}

/// How joints share the columns of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Columns {
    /// All joints are resampled as a whole.
    #[default]
    Whole,
    /// Each body part is resampled by itself to a fifth of the picture, so that parts of different skeletons line up.
    Shares,
}

impl Columns {
    /// One word for it: `whole` or `shares`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Shares => "shares",
        }
    }
}

/// What stands between two joints or frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Resampling {
    /// A straight line between them.
    #[default]
    Linear,
    /// The nearer one, for ablations.
    Nearest,
}

/// Positions of bodies: `[T, P, J, 3]`, an absent body being all zeros.
#[derive(Clone, Copy, Debug)]
pub struct Bodies<'a> {
    /// `[T, P, J, 3]` row by row.
    pub positions: &'a [f32],
    /// Body slots `P`.
    pub persons: usize,
    /// Joints `J`.
    pub joints: usize,
}

impl<'a> From<&'a Motion> for Bodies<'a> {
    fn from(motion: &'a Motion) -> Self {
        Bodies { positions: &motion.positions, persons: motion.bodies, joints: motion.joints() }
    }
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum S2iError {
    /// No frame holds a body.
    #[error("nobody is to be seen in the {frames} frames")]
    Nobody {
        /// Frames there are.
        frames: usize,
    },
    /// Positions do not fill whole frames, or are of another skeleton.
    #[error("{numbers} numbers are no frames of {persons} bodies with {joints} joints each")]
    Shape {
        /// Numbers there are.
        numbers: usize,
        /// Body slots.
        persons: usize,
        /// Joints that the encoding knows.
        joints: usize,
    },
    /// The picture is too small or too large.
    #[error("a picture of {0} pixels a side cannot be made; 5 to {MAX_SIZE} are possible")]
    Size(usize),
    /// A coordinate is no number.
    #[error("frame {frame}: a coordinate is {value}")]
    NotFinite {
        /// The frame, from 0.
        frame: usize,
        /// What stands there.
        value: f32,
    },
}

/// Largest picture that is made.
pub const MAX_SIZE: usize = 4096;

/// How motions of one skeleton become pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct S2i {
    /// The order of columns, and what else is known of the body.
    pub plan: BodyPlan,
    /// Width and height of the picture; 224 is what image models are trained on.
    pub size: usize,
    /// How joints share the columns.
    pub columns: Columns,
    /// How numbers come to lie in [0, 1].
    pub range: Range,
    /// Metres that [`Range::Fixed`] reaches, for joint, bone and motion.
    pub limits: [f64; 3],
    /// What stands between two joints or frames.
    pub resampling: Resampling,
}

impl S2i {
    /// The encoding as the specification has it: 224 × 224, whole width, least to greatest.
    #[must_use]
    pub fn new(plan: BodyPlan) -> Self {
        Self {
            plan,
            size: 224,
            columns: Columns::default(),
            range: Range::default(),
            limits: [1.5, 0.6, 0.3],
            resampling: Resampling::default(),
        }
    }

    /// Columns of each body part where each has its own: a fifth, the first ones taking what is left over.
    #[must_use]
    pub fn shares(&self) -> [usize; 5] {
        std::array::from_fn(|part| self.size / 5 + usize::from(part < self.size % 5))
    }

    /// The numbers of a stream, before they are brought into [0, 1].
    ///
    /// # Errors
    /// [`S2iError`] when the bodies are of another skeleton, or nobody is there.
    pub fn stream(&self, bodies: Bodies<'_>, stream: Stream) -> Result<StreamValues, S2iError> {
        StreamValues::of(bodies, &self.plan, stream)
    }

    /// The numbers of a stream in [0, 1]; absent bodies are 0.
    ///
    /// # Errors
    /// As [`S2i::stream`].
    pub fn unit(&self, bodies: Bodies<'_>, stream: Stream) -> Result<StreamValues, S2iError> {
        let values = self.stream(bodies, stream)?;
        Ok(match self.range {
            Range::MinMax => values.least_to_greatest(),
            Range::Fixed => values.within(self.limits[stream as usize]),
        })
    }

    /// One picture for each body that is ever there.
    ///
    /// # Errors
    /// As [`S2i::stream`], and when [`S2i::size`] is none that can be made.
    pub fn encode(&self, bodies: Bodies<'_>, stream: Stream) -> Result<S2iPicture, S2iError> {
        if !(5..=MAX_SIZE).contains(&self.size) {
            return Err(S2iError::Size(self.size));
        }
        Ok(picture::draw(&self.unit(bodies, stream)?, self))
    }
}
