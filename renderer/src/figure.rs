//! What is drawn of any motion, whatever its skeleton: calm recordings of bodies with 25 joints.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `smoothing` | how much a recording shakes, and less of it |
//! | `places`, `landmarks` | how far along which part of the body a joint lies; fifteen joints that every body has |
//! | `anatomy` | wrists, ankles, shoulders, hips and head |
//! | `hands` | finger tips, where a file ends in the wrist |
//! | `kinect` | any body as Kinect's 25 joints, and as reductions of them |

mod anatomy;
mod hands;
mod kinect;
mod landmarks;
mod places;
mod smoothing;
#[cfg(test)]
mod tests;

pub use anatomy::{Anatomy, Limb};
pub use hands::with_hands;
pub use kinect::{JointMap, Mapped, on_kinect};
pub use landmarks::{LANDMARKS, landmarks};
pub use places::{Place, places};
pub use smoothing::{denoised, noise, noticeable_noise};

use crate::motion::Motion;

/// What is drawn of a motion: everybody who is there, [`denoised`], on Kinect's 25 joints ([`on_kinect`]), so that a model
/// does not take the skeleton of a file for a sign of what is done. A skeleton without arms or legs stays as it is.
#[must_use]
pub fn of(motion: &Motion) -> Mapped {
    let motion = denoised(motion.without_empty_bodies());
    on_kinect(&motion, 25).unwrap_or_else(|| Mapped { motion, maps: Vec::new() })
}
