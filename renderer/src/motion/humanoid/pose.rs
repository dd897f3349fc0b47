//! A pose, and where it puts the joints.

use super::{
    super::quaternion::{Quat, about, conj, mul, normalized, rotate},
    Person,
};

/// A vector in metres, or a direction.
pub(super) type Vector = [f64; 3];

pub(super) fn add(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn sub(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn scale(a: Vector, s: f64) -> Vector {
    a.map(|v| v * s)
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(super) fn unit(a: Vector) -> Vector {
    scale(a, 1.0 / dot(a, a).sqrt().max(1e-12))
}

/// Between two values, `w` from 0 to 1.
pub(super) fn mix(a: Vector, b: Vector, w: f64) -> Vector {
    add(a, scale(sub(b, a), w))
}

/// Between two directions along the great circle.
pub(super) fn turn_between(a: Vector, b: Vector, w: f64) -> Vector {
    let (a, b) = (unit(a), unit(b));
    let angle = dot(a, b).clamp(-1.0, 1.0).acos();
    if angle < 1e-6 {
        return a;
    }
    let s = angle.sin().max(1e-9);
    unit(add(scale(a, ((1.0 - w) * angle).sin() / s), scale(b, (w * angle).sin() / s)))
}

/// Directions of upper arm and forearm in the chest's axes; +x is the side the arm is on, so both arms are alike.
#[derive(Clone, Copy)]
pub(super) struct Arm {
    pub upper: Vector,
    pub fore: Vector,
}

impl Arm {
    /// Between two poses of an arm; the forearm may run ahead of the upper arm.
    pub(super) fn mix(self, to: Self, upper: f64, fore: f64) -> Self {
        Self { upper: turn_between(self.upper, to.upper, upper), fore: turn_between(self.fore, to.fore, fore) }
    }
}

/// Where a foot is: the ankle in metres, the foot's pitch (toes up is positive) and yaw in radians.
#[derive(Clone, Copy)]
pub(super) struct Foot {
    pub ankle: Vector,
    pub pitch: f64,
    pub yaw: f64,
}

/// A whole pose. Arms and feet: left, then right.
#[derive(Clone)]
pub(super) struct Pose {
    pub hips: Vector,
    pub hips_turn: Quat,
    /// Turns of spine and chest, each against its parent.
    pub spine: Quat,
    pub chest: Quat,
    pub neck: Quat,
    pub head: Quat,
    /// How far the shoulders are drawn up, radians.
    pub shrug: [f64; 2],
    pub arms: [Arm; 2],
    pub feet: [Foot; 2],
}

/// Segment lengths in metres.
pub(super) struct Body {
    /// Upper arm and forearm.
    pub arm: [f64; 2],
    /// Thigh and shank.
    pub leg: [f64; 2],
    /// Ankle above the floor.
    pub ankle: f64,
    /// From ankle to toes, in the foot's axes.
    pub toes: Vector,
    /// Hip joint from the hips, on the left.
    hip: Vector,
    spine: [Vector; 4],
    /// Collar from the chest and shoulder joint from the collar, on the left.
    shoulder: [Vector; 2],
}

impl Body {
    pub(super) fn new(person: &Person) -> Self {
        let h = person.height.clamp(0.5, 2.5);
        let b = person.breadth.clamp(0.5, 2.0);
        Self {
            arm: [0.172 * h, 0.157 * h],
            leg: [0.245 * h, 0.246 * h],
            ankle: 0.045 * h,
            toes: [0.0, -0.036 * h, 0.09 * h],
            hip: [0.052 * h * b, -0.025 * h, 0.0],
            spine: [
                [0.0, 0.065 * h, -0.005 * h],
                [0.0, 0.08 * h, -0.004 * h],
                [0.0, 0.135 * h, 0.006 * h],
                [0.0, 0.06 * h, 0.012 * h],
            ],
            shoulder: [[0.025 * h * b, 0.108 * h, 0.0], [0.08 * h * b, 0.0, 0.0]],
        }
    }

    /// Height of the hips with almost straight legs.
    pub(super) fn standing(&self) -> f64 {
        0.985 * (self.leg[0] + self.leg[1]) + self.ankle - self.hip[1]
    }

    /// Half the usual distance between the feet.
    pub(super) fn stance(&self) -> f64 {
        1.15 * self.hip[0]
    }

    /// The arm pose that brings the wrist to `target`, seen from the shoulder joint, in the chest's axes with +x on the
    /// arm's side; the elbow points towards `pole`.
    pub(super) fn reach(&self, target: Vector, pole: Vector) -> Arm {
        let (upper, fore) = two_bones(self.arm, target, pole);
        Arm { upper, fore }
    }

    /// Position and global orientation of each joint, in the order of [`super::JOINTS`].
    pub(super) fn joints(&self, pose: &Pose) -> Vec<(Vector, Quat)> {
        let hips = (pose.hips, pose.hips_turn);
        let spine = child(hips, self.spine[0], pose.spine);
        let chest = child(spine, self.spine[1], pose.chest);
        let neck = child(chest, self.spine[2], pose.neck);
        let head = child(neck, self.spine[3], pose.head);
        let mut joints = vec![hips, spine, chest, neck, head];
        for (i, side) in [1.0, -1.0].into_iter().enumerate() {
            joints.extend(self.arm_joints(pose, i, side, chest));
        }
        for (i, side) in [1.0, -1.0].into_iter().enumerate() {
            joints.extend(self.leg_joints(pose, i, side, hips));
        }
        joints
    }

    fn arm_joints(&self, pose: &Pose, i: usize, side: f64, chest: (Vector, Quat)) -> [(Vector, Quat); 4] {
        let flip = |v: Vector| [side * v[0], v[1], v[2]];
        let arm = pose.arms[i];
        let collar = child(chest, flip(self.shoulder[0]), about(2, side * pose.shrug[i]));
        let point = |v: Vector| mul(chest.1, from_down(flip(v)));
        let shoulder = add(collar.0, rotate(collar.1, flip(self.shoulder[1])));
        let upper = (shoulder, point(arm.upper));
        let elbow = add(shoulder, rotate(upper.1, [0.0, -self.arm[0], 0.0]));
        let fore = (elbow, point(arm.fore));
        let wrist = add(elbow, rotate(fore.1, [0.0, -self.arm[1], 0.0]));
        [collar, upper, fore, (wrist, fore.1)]
    }

    fn leg_joints(&self, pose: &Pose, i: usize, side: f64, hips: (Vector, Quat)) -> [(Vector, Quat); 4] {
        let foot = pose.feet[i];
        let hip = add(hips.0, rotate(hips.1, [side * self.hip[0], self.hip[1], self.hip[2]]));
        let turn = mul(about(1, foot.yaw), about(0, -foot.pitch));
        // knees bend to where the toes point
        let pole = rotate(about(1, foot.yaw), [0.0, 0.0, 1.0]);
        let (thigh, shank) = two_bones(self.leg, sub(foot.ankle, hip), pole);
        let upper = leg_turn(thigh, pole);
        let lower = leg_turn(shank, pole);
        let knee = add(hip, scale(thigh, self.leg[0]));
        let ankle = add(knee, scale(shank, self.leg[1]));
        let toes = add(ankle, rotate(turn, self.toes));
        [(hip, upper), (knee, lower), (ankle, turn), (toes, turn)]
    }

    /// Where the toes are, for a foot.
    pub(super) fn toe(&self, foot: &Foot) -> Vector {
        let turn = mul(about(1, foot.yaw), about(0, -foot.pitch));
        add(foot.ankle, rotate(turn, self.toes))
    }

    /// Where the ankle is when the toes stay at `toe` and the foot pitches.
    pub(super) fn ankle_over(&self, toe: Vector, pitch: f64, yaw: f64) -> Vector {
        let turn = mul(about(1, yaw), about(0, -pitch));
        sub(toe, rotate(turn, self.toes))
    }
}

fn child(parent: (Vector, Quat), offset: Vector, turn: Quat) -> (Vector, Quat) {
    (add(parent.0, rotate(parent.1, offset)), normalized(mul(parent.1, turn)))
}

/// Directions of two bones that bring the end of the second to `target`, the joint between them towards `pole`. A target
/// out of reach is approached as far as the bones go.
fn two_bones(lengths: [f64; 2], target: Vector, pole: Vector) -> (Vector, Vector) {
    let [a, b] = lengths;
    let along = unit(target);
    let way = dot(target, target).sqrt().clamp((a - b).abs() + 1e-4, 0.9995 * (a + b));
    let side = unit(sub(pole, scale(along, dot(pole, along))));
    let cos = ((a * a + way * way - b * b) / (2.0 * a * way)).clamp(-1.0, 1.0);
    let sin = (1.0 - cos * cos).sqrt();
    let first = add(scale(along, cos), scale(side, sin));
    let second = unit(sub(scale(along, way), scale(first, a)));
    (first, second)
}

/// The smallest turn that takes a hanging segment (0, −1, 0) to direction `v`.
fn from_down(v: Vector) -> Quat {
    let v = unit(v);
    let down = [0.0, -1.0, 0.0];
    let axis = cross(down, v);
    normalized([1.0 + dot(down, v), axis[0], axis[1], axis[2]])
}

/// The turn that takes (0, −1, 0) to `along` and keeps the knee's axis across the direction the toes point to.
fn leg_turn(along: Vector, pole: Vector) -> Quat {
    let swing = from_down(along);
    // twist about the segment so that the local +z stays as near to the pole as it can
    let want = unit(sub(pole, scale(along, dot(pole, along))));
    let have = rotate(swing, [0.0, 0.0, 1.0]);
    let sine = dot(cross(have, want), along);
    let angle = sine.atan2(dot(have, want));
    let local = rotate(conj(swing), along);
    let (s, c) = (angle / 2.0).sin_cos();
    let twist = [c, s * local[0], s * local[1], s * local[2]];
    normalized(mul(swing, twist))
}
