//! Positions about the body's centre, bones, and steps from frame to frame.

use super::{Bodies, BodyPlan, S2iError, Stream};

/// Below this Σ|xyz| nobody is there.
const ABSENT: f64 = 1e-6;
/// Narrower channels are constant ones.
const LEAST_SPAN: f64 = 1e-6;

/// One stream of a clip, in f64: a step between two frames is the small difference of large numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamValues {
    /// Frames `T`.
    pub frames: usize,
    /// Body slots `P`.
    pub persons: usize,
    /// Joints `J`.
    pub joints: usize,
    /// `[T, P, J, 3]`; 0 where nobody is.
    pub values: Vec<f64>,
    /// `[T, P]` whether somebody is there.
    pub present: Vec<bool>,
}

impl StreamValues {
    /// A stream of some bodies.
    ///
    /// # Errors
    /// When the numbers are no frames of this plan's joints, or nobody is ever there.
    pub(super) fn of(bodies: Bodies<'_>, plan: &BodyPlan, stream: Stream) -> Result<Self, S2iError> {
        let joints = about_the_centre(bodies, plan)?;
        Ok(match stream {
            Stream::Joint => joints,
            Stream::Bone => joints.bones(&plan.parents),
            Stream::Motion => joints.steps(),
        })
    }

    /// Body slots in which somebody is ever seen.
    #[must_use]
    pub fn seen(&self) -> Vec<usize> {
        (0..self.persons).filter(|&p| (0..self.frames).any(|t| self.present[t * self.persons + p])).collect()
    }

    /// `[J, 3]` of body slot `p` in frame `t`.
    #[must_use]
    pub fn body(&self, t: usize, p: usize) -> &[f64] {
        let size = 3 * self.joints;
        &self.values[(t * self.persons + p) * size..][..size]
    }

    fn like(&self) -> Self {
        Self { values: vec![0.0; self.values.len()], present: self.present.clone(), ..*self }
    }

    fn bones(&self, parents: &[usize]) -> Self {
        let mut bones = self.like();
        let pairs = bones.values.chunks_exact_mut(3 * self.joints).zip(self.values.chunks_exact(3 * self.joints));
        for (bones, body) in pairs {
            for (joint, &parent) in parents.iter().enumerate() {
                for axis in 0..3 {
                    bones[3 * joint + axis] = body[3 * joint + axis] - body[3 * parent + axis];
                }
            }
        }
        bones
    }

    fn steps(&self) -> Self {
        let mut steps = self.like();
        let size = 3 * self.joints;
        for slot in 0..self.present.len().saturating_sub(self.persons) {
            let next = slot + self.persons;
            if self.present[slot] && self.present[next] {
                for i in 0..size {
                    steps.values[slot * size + i] = self.values[next * size + i] - self.values[slot * size + i];
                }
            }
        }
        steps
    }

    /// Each channel from its least to its greatest number of the whole clip.
    pub(super) fn least_to_greatest(self) -> Self {
        let (mut least, mut greatest) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        let bodies = self.values.chunks_exact(3 * self.joints).zip(&self.present);
        for point in bodies.filter(|&(_, &present)| present).flat_map(|(body, _)| body.chunks_exact(3)) {
            for axis in 0..3 {
                least[axis] = least[axis].min(point[axis]);
                greatest[axis] = greatest[axis].max(point[axis]);
            }
        }
        let span: [f64; 3] = std::array::from_fn(|axis| (greatest[axis] - least[axis]).max(LEAST_SPAN));
        self.map(|axis, value| (value - least[axis]) / span[axis])
    }

    /// From −`limit` to `limit`; what lies beyond is cut off.
    pub(super) fn within(self, limit: f64) -> Self {
        self.map(|_, value| ((value + limit) / (2.0 * limit)).clamp(0.0, 1.0))
    }

    /// Applies `change(axis, value)` wherever somebody is.
    fn map(mut self, change: impl Fn(usize, f64) -> f64) -> Self {
        for (body, &present) in self.values.chunks_exact_mut(3 * self.joints).zip(&self.present) {
            for point in body.chunks_exact_mut(3).filter(|_| present) {
                for axis in 0..3 {
                    point[axis] = change(axis, point[axis]);
                }
            }
        }
        self
    }
}

/// Positions less the centre of the first body in the first frame that has it.
fn about_the_centre(bodies: Bodies<'_>, plan: &BodyPlan) -> Result<StreamValues, S2iError> {
    let Bodies { positions, persons, joints } = bodies;
    let body = 3 * joints;
    let frame = body * persons;
    if joints != plan.joints() || frame == 0 || !positions.len().is_multiple_of(frame) {
        return Err(S2iError::Shape { numbers: positions.len(), persons, joints: plan.joints() });
    }
    if let Some(at) = positions.iter().position(|x| !x.is_finite()) {
        return Err(S2iError::NotFinite { frame: at / frame, value: positions[at] });
    }
    let frames = positions.len() / frame;
    let mut values: Vec<f64> = positions.iter().map(|&x| f64::from(x)).collect();
    let size = |body: &[f64]| body.iter().map(|x| x.abs()).sum::<f64>();
    let present: Vec<bool> = values.chunks_exact(body).map(|body| size(body) > ABSENT).collect();
    // the first slot may be empty in a file of our own making; then whoever comes first
    let first = present.iter().step_by(persons).position(|&p| p).map(|t| t * persons);
    let first = first.or_else(|| present.iter().position(|&p| p)).ok_or(S2iError::Nobody { frames })?;
    let mut centre = [0.0; 3];
    for axis in 0..3 {
        let sum: f64 = plan.centre.iter().map(|joint| values[first * body + 3 * joint + axis]).sum();
        centre[axis] = sum / plan.centre.len() as f64;
    }
    for (body, &present) in values.chunks_exact_mut(body).zip(&present) {
        for point in body.chunks_exact_mut(3) {
            for axis in 0..3 {
                point[axis] = if present { point[axis] - centre[axis] } else { 0.0 };
            }
        }
    }
    Ok(StreamValues { frames, persons, joints, values, present })
}
