//! What graph networks look at: a clip's joints, or its bones, or how either moves, over a fixed number of frames (spec
//! B.1).
//!
//! ```text
//! Motion ──Input──▶ whole clip ──crop──▶ ──resized──▶ 64 frames ──rotated──▶ ──stream──▶ joint, bone, motion of either
//! ```

use draction::motion::Motion;

use super::rng::Rng;

mod input;
#[cfg(test)]
mod tests;

pub use input::{Body, Input, edges, streamed};

/// Frames that a crop keeps, where a clip has them.
const LEAST_CROP: usize = 64;
/// Share of a clip that is looked at in evaluation.
pub const CENTRE: f64 = 0.95;

/// One way of looking at a moving skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Where joints are.
    Joint,
    /// From a joint's neighbour towards the root to the joint.
    Bone,
    /// How joints move from frame to frame.
    JointMotion,
    /// How bones change from frame to frame.
    BoneMotion,
}

impl Stream {
    /// All four.
    pub const ALL: [Stream; 4] = [Stream::Joint, Stream::Bone, Stream::JointMotion, Stream::BoneMotion];

    /// The name as written on command lines and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stream::Joint => "joint",
            Stream::Bone => "bone",
            Stream::JointMotion => "joint-motion",
            Stream::BoneMotion => "bone-motion",
        }
    }

    /// The stream of some joints; `edges` lead from child to parent.
    #[must_use]
    pub fn of(self, joints: Poses, edges: &[[usize; 2]]) -> Poses {
        match self {
            Stream::Joint => joints,
            Stream::Bone => joints.bones(edges),
            Stream::JointMotion => joints.motion(),
            Stream::BoneMotion => joints.bones(edges).motion(),
        }
    }
}

impl std::str::FromStr for Stream {
    type Err = String;

    fn from_str(name: &str) -> Result<Stream, String> {
        Stream::ALL
            .into_iter()
            .find(|stream| stream.name() == name)
            .ok_or_else(|| format!("'{name}' is none of joint, bone, joint-motion, bone-motion"))
    }
}

/// What stands in for a second body where there is only one: NTU-60's networks expect nothing, NTU-120's a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alone {
    /// Zeros.
    #[default]
    Nobody,
    /// The first body once more.
    Copy,
}

/// Part of a clip: where it begins and how long it is, in frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    /// The first frame.
    pub start: usize,
    /// How many.
    pub length: usize,
}

/// Bodies over time, as networks get them.
#[derive(Clone, Debug, PartialEq)]
pub struct Poses {
    /// Joints of a body, `V`.
    pub joints: usize,
    /// Bodies, `M`.
    pub bodies: usize,
    /// `[T, M, V, 3]`; an absent body is all zeros.
    pub positions: Vec<f32>,
}

impl Poses {
    /// The first `bodies` bodies of a motion around joint `origin` of the first body in the frame in which it is there
    /// for the first time.
    ///
    /// # Panics
    /// When the skeleton has no joint `origin`.
    #[must_use]
    pub fn of(motion: &Motion, bodies: usize, origin: usize, alone: Alone) -> Poses {
        let (joints, frames) = (motion.joints(), motion.frames());
        let mut positions = vec![0.0; frames * bodies * joints * 3];
        let first = (0..frames).find(|&t| motion.is_present(t, 0));
        let centre = first.map_or([0.0; 3], |t| motion.position(t, 0, origin));
        let single = !(0..frames).any(|t| (1..motion.bodies).any(|body| motion.is_present(t, body)));
        for (at, to) in positions.chunks_exact_mut(joints * 3).enumerate() {
            let (t, slot) = (at / bodies, at % bodies);
            let body = if single && alone == Alone::Copy { 0 } else { slot };
            if body < motion.bodies && motion.is_present(t, body) {
                for (joint, to) in to.chunks_exact_mut(3).enumerate() {
                    let position = motion.position(t, body, joint);
                    (0..3).for_each(|axis| to[axis] = position[axis] - centre[axis]);
                }
            }
        }
        Poses { joints, bodies, positions }
    }

    /// Numbers in a frame.
    fn frame(&self) -> usize {
        self.bodies * self.joints * 3
    }

    /// Number of frames, `T`.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.positions.len() / self.frame().max(1)
    }

    /// How many frames hold anything: those whose numbers do not add up to exactly 0. They count from the first frame,
    /// wherever they are.
    #[must_use]
    pub fn valid_frames(&self) -> usize {
        let sum = |frame: &[f32]| frame.iter().map(|&value| f64::from(value)).sum::<f64>();
        self.positions.chunks_exact(self.frame().max(1)).filter(|frame| sum(frame) != 0.0).count()
    }

    /// The middle of the valid frames, as evaluation sees it.
    #[must_use]
    pub fn centre_crop(&self, share: f64) -> Crop {
        let valid = self.valid_frames();
        let start = ((1.0 - share) * valid as f64 / 2.0).floor() as usize;
        Crop { start, length: valid.saturating_sub(2 * start) }
    }

    /// A share of the valid frames that begins at `start`, or as late as possible.
    #[must_use]
    pub fn crop(&self, share: f64, start: usize) -> Crop {
        let valid = self.valid_frames();
        let length = ((share * valid as f64).floor() as usize).max(LEAST_CROP).min(valid);
        Crop { start: start.min(valid - length), length }
    }

    /// Between half of the valid frames and all of them, anywhere, as training sees it.
    #[must_use]
    pub fn random_crop(&self, rng: &mut Rng) -> Crop {
        let Crop { length, .. } = self.crop(f64::from(rng.range(0.5, 1.0)), 0);
        let latest = self.valid_frames() - length;
        Crop { start: rng.below(latest + 1), length }
    }

    /// `window` frames over the crop, in between frames where it is longer or shorter. Nothing where the crop is empty.
    #[must_use]
    pub fn resized(&self, crop: Crop, window: usize) -> Poses {
        let frame = self.frame();
        let mut positions = vec![0.0; window * frame];
        let Crop { start, length } = crop;
        if length > 0 {
            for (t, to) in positions.chunks_exact_mut(frame).enumerate() {
                // centres of frames, not their ends, lie where they lay
                let place = ((t as f64 + 0.5) * length as f64 / window as f64 - 0.5).max(0.0);
                let before = (place.floor() as usize).min(length - 1);
                let after = (before + 1).min(length - 1);
                let share = (place - before as f64) as f32;
                let of = |t: usize| &self.positions[(start + t) * frame..][..frame];
                for ((to, before), after) in to.iter_mut().zip(of(before)).zip(of(after)) {
                    *to = before * (1.0 - share) + after * share;
                }
            }
        }
        Poses { positions, ..*self }
    }

    /// Every joint times the matrix, `[row][column]`.
    #[must_use]
    pub fn rotated(mut self, matrix: [[f32; 3]; 3]) -> Poses {
        for joint in self.positions.chunks_exact_mut(3) {
            let old = [joint[0], joint[1], joint[2]];
            for (value, row) in joint.iter_mut().zip(matrix) {
                *value = row[0] * old[0] + row[1] * old[1] + row[2] * old[2];
            }
        }
        self
    }

    /// Each joint without its parent; joints without a parent become 0.
    #[must_use]
    pub fn bones(&self, edges: &[[usize; 2]]) -> Poses {
        let mut positions = vec![0.0; self.positions.len()];
        let bodies = self.positions.chunks_exact(self.joints * 3);
        for (to, body) in positions.chunks_exact_mut(self.joints * 3).zip(bodies) {
            for &[child, parent] in edges {
                (0..3).for_each(|axis| to[3 * child + axis] = body[3 * child + axis] - body[3 * parent + axis]);
            }
        }
        Poses { positions, ..*self }
    }

    /// What changes until the next frame; after the last one nothing does.
    #[must_use]
    pub fn motion(&self) -> Poses {
        let frame = self.frame();
        let mut positions = vec![0.0; self.positions.len()];
        for (at, to) in positions.iter_mut().enumerate().take(self.positions.len().saturating_sub(frame)) {
            *to = self.positions[at + frame] - self.positions[at];
        }
        Poses { positions, ..*self }
    }

    /// `[3, T, V, M]`, the order of the public data files.
    #[must_use]
    pub fn channels_first(&self) -> Vec<f32> {
        let (frames, Poses { joints, bodies, .. }) = (self.frames(), self);
        let mut out = Vec::with_capacity(self.positions.len());
        for axis in 0..3 {
            for t in 0..frames {
                for joint in 0..*joints {
                    for body in 0..*bodies {
                        out.push(self.positions[((t * bodies + body) * joints + joint) * 3 + axis]);
                    }
                }
            }
        }
        out
    }

    /// The inverse of [`Poses::channels_first`].
    ///
    /// # Panics
    /// When the numbers do not fill whole frames.
    #[must_use]
    pub fn from_channels_first(values: &[f32], joints: usize, bodies: usize) -> Poses {
        let frame = joints * bodies;
        assert!(frame > 0 && values.len().is_multiple_of(3 * frame), "three numbers for every joint in every frame");
        let frames = values.len() / (3 * frame);
        let mut positions = Vec::with_capacity(values.len());
        for t in 0..frames {
            for body in 0..bodies {
                for joint in 0..joints {
                    let at = |axis: usize| values[((axis * frames + t) * joints + joint) * bodies + body];
                    positions.extend([at(0), at(1), at(2)]);
                }
            }
        }
        Poses { joints, bodies, positions }
    }
}

/// `Rz·Ry·Rx`; each factor turns by minus its angle in radians, as the public code has it. `[row][column]`.
#[must_use]
pub fn rotation([x, y, z]: [f32; 3]) -> [[f32; 3]; 3] {
    let turn = |angle: f32| (f64::from(angle).cos(), f64::from(angle).sin());
    let ((cx, sx), (cy, sy), (cz, sz)) = (turn(x), turn(y), turn(z));
    let about_x = [[1.0, 0.0, 0.0], [0.0, cx, sx], [0.0, -sx, cx]];
    let about_y = [[cy, 0.0, -sy], [0.0, 1.0, 0.0], [sy, 0.0, cy]];
    let about_z = [[cz, sz, 0.0], [-sz, cz, 0.0], [0.0, 0.0, 1.0]];
    times(&times(&about_z, &about_y), &about_x).map(|row| row.map(|value| value as f32))
}

fn times(a: &[[f64; 3]; 3], b: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    std::array::from_fn(|r| std::array::from_fn(|c| (0..3).map(|k| a[r][k] * b[k][c]).sum()))
}

/// Angles about x, y and z, each within ±`most` radians.
#[must_use]
pub fn random_angles(most: f32, rng: &mut Rng) -> [f32; 3] {
    std::array::from_fn(|_| rng.range(-most, most))
}
