//! Motions of any skeleton: what a motion file says, in metres, +y up, whatever program wrote it.
//!
//! [`read`] takes bytes and [`read_file`] a path; both look at the content to tell the formats of [`Format`] apart. The
//! road of every format is the same:
//!
//! ```text
//! bytes ──archive, sniff──▶ which format ──bvh | gltf | … | npz──▶ Raw (the file's own units and axes)
//!       ──topology──▶ body parts, mirror twins ──measure, up──▶ metres, +y up ──▶ Motion
//! ```
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `read`, `beside`, `folder` | the entry points: tells the format and calls its reader; files that come in pairs |
//! | `format`, `sniff`, `foreign` | the list of formats, how each is told by its content, and what other files seem to be |
//! | `archive`, `encoding`, `text`, `json` | gzip and zip; text of any encoding; lines, words and numbers; JSON of unknown shape |
//! | `bvh`, `gltf`, `acclaim`, `ntu`, `pku`, `msr`, `humanml3d`, `keypoints`, `npy`, `npz` | one format each |
//! | `people` | what bodies look like and how they move: people told from furniture, and who performs |
//! | `raw`, `limits`, `unseen` | what readers hand over; how much of a file is taken; where joints were that were not seen for a time |
//! | `understand` | makes a [`Motion`] of what a reader read |
//! | `topology` | body parts, left and right, mirror twins; known layouts, and which of them fits; helper joints, rigs |
//! | `left_out` | drops joints that are no part of a body, and roots that are places |
//! | `measure`, `units` | unit from the body's size |
//! | `up` | up axis from stance, floor, contact, falling and rest pose |
//! | `source` | what was declared, inferred, assumed or overridden |
//! | `transform` | mirror, yaw, scale, resample, crop |
//! | `quaternion` | rotations, scalar first |
//! | `write` | BVH, glTF, NumPy, JSON and `.skeleton` files |
//! | `humanoid` | a parametrised person who waves, squats, walks and claps |

mod acclaim;
mod alike;
mod archive;
mod beside;
mod bvh;
mod encoding;
mod error;
mod folder;
mod foreign;
mod format;
mod gltf;
mod humanml3d;
pub mod humanoid;
mod json;
mod keypoints;
mod left_out;
mod limits;
mod measure;
mod msr;
mod npy;
mod npz;
mod ntu;
mod people;
mod pku;
pub mod quaternion;
mod raw;
mod read;
mod sniff;
mod source;
mod text;
mod topology;
mod transform;
mod understand;
mod units;
mod unseen;
mod up;
mod write;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

pub use beside::Companion;
pub use error::{Cause, MotionError};
pub use format::Format;
pub use keypoints::join_frames;
pub use limits::{MAX_FILE_BYTES, MAX_FRAMES, MAX_JOINT_FRAMES, MAX_JOINTS};
pub use ntu::Slots;
pub use read::{ReadOptions, read, read_file, read_watched};
pub use source::{Known, Reason, Source};
pub use topology::Layout;
pub(crate) use topology::tree_along;
pub use units::{Unit, UpAxis};
pub use write::{
    Array, Written, frame_as_json, source_as_json, write_bvh, write_bvh_of_all, write_glb, write_json, write_npy,
    write_ntu,
};

/// The part of the body that a joint belongs to. Left and right are the performer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    /// Pelvis, spine, neck and head.
    Torso,
    /// From the left collar bone to the left finger tips.
    LeftArm,
    /// From the right collar bone to the right finger tips.
    RightArm,
    /// From the left hip to the left toes.
    LeftLeg,
    /// From the right hip to the right toes.
    RightLeg,
}

impl Part {
    /// All five, torso first.
    pub const ALL: [Self; 5] = [Self::Torso, Self::LeftArm, Self::RightArm, Self::LeftLeg, Self::RightLeg];

    /// The same limb on the other side; the torso is its own.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Torso => Self::Torso,
            Self::LeftArm => Self::RightArm,
            Self::RightArm => Self::LeftArm,
            Self::LeftLeg => Self::RightLeg,
            Self::RightLeg => Self::LeftLeg,
        }
    }

    /// Whether it is an arm or a leg of the performer's left side.
    pub fn is_left(self) -> bool {
        matches!(self, Self::LeftArm | Self::LeftLeg)
    }

    /// Whether it is a leg.
    pub fn is_leg(self) -> bool {
        matches!(self, Self::LeftLeg | Self::RightLeg)
    }

    /// Whether it is an arm.
    pub fn is_arm(self) -> bool {
        matches!(self, Self::LeftArm | Self::RightArm)
    }
}

impl fmt::Display for Part {
    /// `left arm`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Torso => "torso",
            Self::LeftArm => "left arm",
            Self::RightArm => "right arm",
            Self::LeftLeg => "left leg",
            Self::RightLeg => "right leg",
        })
    }
}

/// The topology of a body: names, tree, bones and body parts of its joints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skeleton {
    /// `[J]` names as the file writes them, or the layout's usual ones.
    pub names: Vec<String>,
    /// `[J]` parent of each joint; the root (and in graph-like layouts any joint) has none.
    pub parents: Vec<Option<usize>>,
    /// Bones `(a, b)` in drawing order: the order fixes the numbering of the Gaussians.
    pub bones: Vec<[usize; 2]>,
    /// `[J]` body part of each joint.
    pub parts: Vec<Part>,
    /// `[J]` for each joint its mirror twin (left wrist ↔ right wrist); a joint of the middle is its own twin.
    pub mirror: Vec<usize>,
}

impl Skeleton {
    /// The joint that all others hang from: the first without a parent.
    #[must_use]
    pub fn root(&self) -> usize {
        topology::root(&self.parents)
    }

    /// A skeleton of joints with these names, below these parents: bones run from parent to child, body parts and mirror
    /// twins are read off the names (`LeftHand`, `r_knee`, `Wrist.L`).
    ///
    /// # Panics
    /// When there are not as many parents as names, or a parent is not among the joints.
    #[must_use]
    pub fn named(names: Vec<String>, parents: Vec<Option<usize>>) -> Self {
        assert_eq!(names.len(), parents.len(), "a parent for each name");
        let labels = topology::by_names(&names, &parents);
        let bones = topology::tree_bones(&parents);
        Self { names, parents, bones, parts: labels.parts, mirror: labels.mirror }
    }

    /// Number of joints `J`.
    pub fn joints(&self) -> usize {
        self.names.len()
    }

    /// The joint of that name, compared as written.
    pub fn joint(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// The joints of a body part, in the skeleton's order.
    pub fn joints_of(&self, part: Part) -> impl Iterator<Item = usize> + '_ {
        (0..self.joints()).filter(move |&j| self.parts[j] == part)
    }

    /// Joints that have a parent, with it, parents first. Joints of a ring, as in a damaged file, are left out.
    pub fn parents_first(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        topology::parents_first(&self.parents).into_iter().filter_map(|j| Some((j, self.parents[j]?)))
    }

    /// A joint of `part` with no children in the same part and the most joints of the part above it: finger or hand,
    /// toe or foot, top of the head. `None` where the skeleton lacks the part.
    pub fn tip(&self, part: Part) -> Option<usize> {
        // of equally deep joints the first in the file's order
        self.joints_of(part).max_by_key(|&j| (self.inward(j).count(), usize::MAX - j))
    }

    /// A joint, its parent, and so on as long as they belong to the same part: from a tip to where the limb begins. In a
    /// ring, as in a damaged file, it ends.
    pub fn inward(&self, joint: usize) -> impl Iterator<Item = usize> + '_ {
        let up = move |&j: &usize| self.parents[j].filter(|&p| self.parts[p] == self.parts[joint]);
        std::iter::successors(Some(joint), up).take(self.joints())
    }

    /// [`Skeleton::inward`] from the tip of a part; empty where the skeleton lacks it.
    pub fn limb(&self, part: Part) -> Vec<usize> {
        self.tip(part).map_or_else(Vec::new, |tip| self.inward(tip).collect())
    }
}

/// One or several bodies moving over time.
///
/// ```
/// use draction::motion::{Part, ReadOptions, read_file};
///
/// let motion = read_file("../assets/samples/wave_left_hand.bvh", &ReadOptions::default())?;
/// let hand = motion.skeleton.tip(Part::LeftArm).expect("a body with a left arm");
/// let height = |t: usize| motion.position(t, 0, hand)[1];
/// let highest = (0..motion.frames()).map(height).fold(0.0, f32::max);
/// assert!(highest > motion.height(), "the left hand goes above the head");
/// # Ok::<(), draction::motion::MotionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Motion {
    /// The topology all bodies share.
    pub skeleton: Arc<Skeleton>,
    /// Frames per second.
    pub fps: f32,
    /// Number of body slots `P`.
    pub bodies: usize,
    /// The body slot that performs, where the reader found out or the caller said. `None` where nobody did: then it is
    /// whoever is seen longest, and of equals who moves most.
    pub performer: Option<usize>,
    /// `[T, P, J, 3]` joint positions in metres, +y up, right-handed. An absent body is all zeros.
    pub positions: Vec<f32>,
    /// `[T, P]` whether the body slot holds somebody in that frame.
    pub present: Vec<bool>,
    /// `[T, P, J, 4]` global joint orientations as unit quaternions, scalar first, where the file has them.
    pub orientations: Option<Vec<f32>>,
    /// What was read and inferred.
    pub source: Source,
}

impl Motion {
    /// One body that is always there: `positions [T, J, 3]` in metres, +y up, at `fps` frames a second.
    ///
    /// # Panics
    /// When `positions` do not fill whole frames.
    #[must_use]
    pub fn of_one_body(skeleton: Skeleton, fps: f32, positions: Vec<f32>) -> Self {
        let body = 3 * skeleton.joints();
        assert!(positions.len().is_multiple_of(body), "three numbers for every joint in every frame");
        Self {
            present: vec![true; positions.len() / body],
            skeleton: Arc::new(skeleton),
            fps,
            bodies: 1,
            performer: None,
            positions,
            orientations: None,
            source: Source::default(),
        }
    }

    /// Number of frames `T`.
    pub fn frames(&self) -> usize {
        self.present.len() / self.bodies.max(1)
    }

    /// Number of joints `J`.
    pub fn joints(&self) -> usize {
        self.skeleton.joints()
    }

    /// Length in seconds, `T / fps`.
    pub fn seconds(&self) -> f32 {
        self.frames() as f32 / self.fps
    }

    /// Frames a second, or 30 where it says none that can be.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.fps.is_finite() && self.fps > 0.0 { f64::from(self.fps) } else { 30.0 }
    }

    /// Position in metres of joint `j` of body slot `p` in frame `t`. Panics when an index is out of range.
    pub fn position(&self, t: usize, p: usize, j: usize) -> [f32; 3] {
        let i = ((t * self.bodies + p) * self.joints() + j) * 3;
        [self.positions[i], self.positions[i + 1], self.positions[i + 2]]
    }

    /// Global orientation of a joint, scalar first; the identity where the file has none.
    pub fn orientation(&self, t: usize, p: usize, j: usize) -> [f32; 4] {
        let i = ((t * self.bodies + p) * self.joints() + j) * 4;
        match &self.orientations {
            Some(o) => [o[i], o[i + 1], o[i + 2], o[i + 3]],
            None => [1.0, 0.0, 0.0, 0.0],
        }
    }

    /// How many body slots hold somebody in any frame.
    pub fn people(&self) -> usize {
        (0..self.bodies).filter(|&p| self.present.iter().skip(p).step_by(self.bodies).any(|there| *there)).count()
    }

    /// The body slot that is looked at where only one can be: who performs, or, where that is not known, who is seen in most
    /// frames, of equals the first. `None` where nobody is seen.
    pub fn main_body(&self) -> Option<usize> {
        let seen = |p: usize| self.present.iter().skip(p).step_by(self.bodies).filter(|there| **there).count();
        let longest = (0..self.bodies).rev().max_by_key(|&p| seen(p));
        self.performer.filter(|&p| p < self.bodies && seen(p) > 0).or(longest.filter(|&p| seen(p) > 0))
    }

    /// Whether body slot `p` holds somebody in frame `t`.
    pub fn is_present(&self, t: usize, p: usize) -> bool {
        self.present[t * self.bodies + p]
    }

    /// Standing height in metres, from bone lengths along leg and spine, so that it does not depend on the pose. Of half a
    /// body, the height of the person that its arms or legs belong to; without limbs, the body's usual extent.
    pub fn height(&self) -> f32 {
        let poses = measure::Poses { positions: &self.positions, present: &self.present, joints: self.joints() };
        measure::standing_height(&poses, &self.skeleton) as f32
    }
}
