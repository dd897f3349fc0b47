//! The bodies of a motion at one moment, between two frames.

use draction::motion::{Motion, Part, Skeleton};
use glam::Vec3;

/// Where everybody is.
pub(super) struct Pose<'a> {
    pub(super) skeleton: &'a Skeleton,
    /// `[P·J]` positions in metres; NaN where the body is absent or the file has no number.
    pub(super) joints: Vec<Vec3>,
    /// `[J]` radius of the limb around each joint, in metres.
    pub(super) radii: Vec<f32>,
    /// `[P]` centre and radius of each head, in metres.
    pub(super) heads: Vec<Option<(Vec3, f32)>>,
    /// The mean of all joints of all present bodies, in metres.
    pub(super) middle: Option<Vec3>,
}

impl<'a> Pose<'a> {
    /// The pose at a fractional frame, clamped to the take. `figure` is the size of a body in metres, for the radii.
    pub(super) fn at(motion: &'a Motion, frame: f32, figure: f32) -> Self {
        let skeleton = &*motion.skeleton;
        let joints = skeleton.joints();
        let positions = at(motion, frame);
        let radii = radii(skeleton, &positions, figure);
        let (mut sum, mut n) = (Vec3::ZERO, 0);
        for p in positions.iter().filter(|p| p.is_finite()) {
            sum += *p;
            n += 1;
        }
        let middle = (n > 0).then(|| sum / n as f32).filter(|m| m.is_finite());
        let heads = positions.chunks(joints.max(1)).map(|body| head(skeleton, body, figure)).collect();
        Self { skeleton, joints: positions, radii, heads, middle }
    }

    /// Number of body slots.
    pub(super) fn bodies(&self) -> usize {
        self.heads.len()
    }

    /// `[J]` the joints of a body.
    pub(super) fn of(&self, body: usize) -> &[Vec3] {
        let n = self.skeleton.joints();
        self.joints.get(body * n..(body + 1) * n).unwrap_or_default()
    }

    /// Whether joint `P·J` is anywhere.
    pub(super) fn visible(&self, joint: usize) -> bool {
        self.joints.get(joint).is_some_and(|at| at.is_finite())
    }

    /// The file's name of joint `P·J`.
    pub(super) fn name(&self, joint: usize) -> &'a str {
        let n = self.skeleton.joints().max(1);
        self.skeleton.names.get(joint % n).map_or("", |s| s.as_str())
    }

    /// The body part of joint `P·J`.
    pub(super) fn part(&self, joint: usize) -> Part {
        let n = self.skeleton.joints().max(1);
        self.skeleton.parts.get(joint % n).copied().unwrap_or(Part::Torso)
    }

    /// Bones `(a, b)` as joints `P·J`, those whose ends are both somewhere.
    pub(super) fn bones(&self) -> impl Iterator<Item = [usize; 2]> + '_ {
        let n = self.skeleton.joints();
        (0..self.bodies())
            .flat_map(move |body| self.skeleton.bones.iter().map(move |b| b.map(|j| body * n + j)))
            .filter(|bone| bone.iter().all(|&j| self.visible(j)))
    }

    /// Where a body faces, as a horizontal unit vector: from its left to its right, a quarter turn on. `None` where the
    /// skeleton has no twins or they lie above each other.
    pub(super) fn facing(&self, body: usize) -> Option<Vec3> {
        let joints = self.of(body);
        let mut left = Vec3::ZERO;
        for (j, &twin) in self.skeleton.mirror.iter().enumerate() {
            let (Some(&a), Some(&b)) = (joints.get(j), joints.get(twin)) else { continue };
            // hips and shoulders turn with the body, hands and feet go where they like
            let near = self.skeleton.parents.get(j).copied().flatten().is_some_and(|p| self.part(p) == Part::Torso);
            if self.part(j).is_left() && near && a.is_finite() && b.is_finite() {
                left += a - b;
            }
        }
        left.y = 0.0;
        let norm = left.length();
        // left × up
        (norm > 1e-4 && norm.is_finite()).then(|| Vec3::new(-left.z, 0.0, left.x) / norm)
    }
}

/// `[P·J]` interpolated positions, NaN for absent bodies. Empty where the motion's arrays do not fit together.
fn at(motion: &Motion, frame: f32) -> Vec<Vec3> {
    let moment = Moment::new(motion, frame);
    let joints = (0..motion.bodies).flat_map(|body| (0..motion.joints()).map(move |j| (body, j)));
    moment.map(|m| joints.map(|(body, j)| m.joint(body, j)).collect()).unwrap_or_default()
}

/// A time between two frames.
pub(super) struct Moment<'a> {
    motion: &'a Motion,
    frames: [usize; 2],
    /// From the first frame, 0, to the second, 1.
    t: f32,
}

impl<'a> Moment<'a> {
    /// The fractional frame, clamped to the take; `None` where the take is empty or its arrays do not fit together.
    pub(super) fn new(motion: &'a Motion, frame: f32) -> Option<Self> {
        let (frames, joints) = (motion.frames(), motion.joints());
        if frames == 0 || joints == 0 || motion.positions.len() < frames * motion.bodies * joints * 3 {
            return None;
        }
        let frame = if frame.is_nan() { 0.0 } else { frame.clamp(0.0, (frames - 1) as f32) };
        let first = (frame as usize).min(frames - 1);
        Some(Self { motion, frames: [first, (first + 1).min(frames - 1)], t: frame - first as f32 })
    }

    /// Position of a joint in metres, NaN where the body is absent.
    pub(super) fn joint(&self, body: usize, joint: usize) -> Vec3 {
        let at = |k: usize| Vec3::from(self.motion.position(self.frames[k], body, joint));
        match self.frames.map(|f| self.motion.is_present(f, body)) {
            [true, true] => at(0).lerp(at(1), self.t),
            // somebody who comes or goes does so between the frames, not from the origin
            [true, false] if self.t < 0.5 => at(0),
            [false, true] if self.t >= 0.5 => at(1),
            _ => Vec3::NAN,
        }
    }
}

/// Smallest and largest coordinates of what is finite; the smallest above the largest where nothing is.
pub(super) fn bounds(joints: &[Vec3]) -> (Vec3, Vec3) {
    let finite = joints.iter().filter(|at| at.is_finite());
    finite.fold((Vec3::MAX, Vec3::MIN), |(low, high), at| (low.min(*at), high.max(*at)))
}

/// `[J]` radii that taper from the trunk to the fingers, in proportion to the body.
fn radii(skeleton: &Skeleton, positions: &[Vec3], figure: f32) -> Vec<f32> {
    let n = skeleton.joints();
    let body = positions.chunks(n.max(1)).find(|b| b.len() == n && b.iter().any(|at| at.is_finite()));
    (0..n)
        .map(|j| {
            let part = skeleton.parts.get(j).copied().unwrap_or(Part::Torso);
            let (thick, thin) = match part {
                Part::Torso => (0.034, 0.022),
                _ if part.is_leg() => (0.031, 0.016),
                _ => (0.024, 0.013),
            };
            let parent = |j: usize| skeleton.parents.get(j).copied().flatten().filter(|&p| p < n);
            // how many joints up to the root of the limb; a cycle ends the search
            let (mut depth, mut up) = (0, j);
            while let Some(p) = parent(up).filter(|&p| skeleton.parts.get(p) == Some(&part) && depth < 8) {
                depth += 1;
                up = p;
            }
            let taper = thick + (thin - thick) * (depth as f32 / 3.0).min(1.0);
            let mut radius = taper * figure;
            // fingers and toes are no thicker than they are long
            if depth > 3
                && part != Part::Torso
                && let (Some(p), Some(body)) = (parent(j), body)
            {
                let bone = body[j].distance(body[p]);
                if bone.is_finite() {
                    radius = radius.min((bone * 0.3).max(figure * 0.004));
                }
            }
            radius
        })
        .collect()
}

/// Centre and radius of a head on top of the torso.
fn head(skeleton: &Skeleton, joints: &[Vec3], figure: f32) -> Option<(Vec3, f32)> {
    let torso = |j: &usize| skeleton.parts.get(*j) == Some(&Part::Torso);
    let named = |j: &usize| skeleton.names.get(*j).is_some_and(|n| n.to_ascii_lowercase().contains("head"));
    // of several ("Head", "HeadEnd") the last; without names the last joint of the torso's chain
    let top = (0..joints.len()).rev().find(|j| torso(j) && named(j)).or_else(|| skeleton.tip(Part::Torso))?;
    let below = skeleton.parents.get(top).copied().flatten()?;
    let (at, neck) = (*joints.get(top)?, *joints.get(below)?);
    let axis = at - neck;
    let bone = axis.length();
    if !bone.is_finite() || bone < 1e-5 {
        return None;
    }
    let radius = 0.062 * figure;
    // a joint named head may be its middle or its top: keep the ball's top near the joint, its chin above the neck
    let along = (bone - radius * 0.35).clamp(radius * 0.55, radius * 2.2);
    Some((neck + axis * (along / bone), radius))
}
