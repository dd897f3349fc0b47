//! A pose, and where it puts the joints.

use glam::{DQuat, DVec3, dvec3};

use super::{
    super::quaternion::{about, normalized, rotate},
    Person,
};

fn unit(v: DVec3) -> DVec3 {
    v * (1.0 / v.length().max(1e-12))
}

/// Between two directions along the great circle.
fn turn_between(a: DVec3, b: DVec3, w: f64) -> DVec3 {
    let (a, b) = (unit(a), unit(b));
    let angle = a.dot(b).clamp(-1.0, 1.0).acos();
    if angle < 1e-6 {
        return a;
    }
    let s = angle.sin().max(1e-9);
    unit(a * (((1.0 - w) * angle).sin() / s) + b * ((w * angle).sin() / s))
}

/// Directions of upper arm and forearm in the chest's axes; +x is the side the arm is on, so both arms are alike.
#[derive(Clone, Copy)]
pub(super) struct Arm {
    pub upper: DVec3,
    pub fore: DVec3,
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
    pub ankle: DVec3,
    pub pitch: f64,
    pub yaw: f64,
}

/// A whole pose. Arms and feet: left, then right.
#[derive(Clone)]
pub(super) struct Pose {
    pub hips: DVec3,
    pub hips_turn: DQuat,
    /// Turns of spine and chest, each against its parent.
    pub spine: DQuat,
    pub chest: DQuat,
    pub neck: DQuat,
    pub head: DQuat,
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
    pub toes: DVec3,
    /// Hip joint from the hips, on the left.
    hip: DVec3,
    spine: [DVec3; 4],
    /// Collar from the chest and shoulder joint from the collar, on the left.
    shoulder: [DVec3; 2],
}

impl Body {
    pub(super) fn new(person: &Person) -> Self {
        let h = person.height.clamp(0.5, 2.5);
        let b = person.breadth.clamp(0.5, 2.0);
        Self {
            arm: [0.172 * h, 0.157 * h],
            leg: [0.245 * h, 0.246 * h],
            ankle: 0.045 * h,
            toes: dvec3(0.0, -0.036 * h, 0.09 * h),
            hip: dvec3(0.052 * h * b, -0.025 * h, 0.0),
            spine: [
                dvec3(0.0, 0.065 * h, -0.005 * h),
                dvec3(0.0, 0.08 * h, -0.004 * h),
                dvec3(0.0, 0.135 * h, 0.006 * h),
                dvec3(0.0, 0.06 * h, 0.012 * h),
            ],
            shoulder: [dvec3(0.025 * h * b, 0.108 * h, 0.0), dvec3(0.08 * h * b, 0.0, 0.0)],
        }
    }

    /// Height of the hips with almost straight legs.
    pub(super) fn standing(&self) -> f64 {
        0.985 * (self.leg[0] + self.leg[1]) + self.ankle - self.hip.y
    }

    /// Half the usual distance between the feet.
    pub(super) fn stance(&self) -> f64 {
        1.15 * self.hip.x
    }

    /// The arm pose that brings the wrist to `target`, seen from the shoulder joint, in the chest's axes with +x on the
    /// arm's side; the elbow points towards `pole`.
    pub(super) fn reach(&self, target: DVec3, pole: DVec3) -> Arm {
        let (upper, fore) = two_bones(self.arm, target, pole);
        Arm { upper, fore }
    }

    /// Position and global orientation of each joint, in the order of [`super::JOINTS`].
    pub(super) fn joints(&self, pose: &Pose) -> Vec<(DVec3, DQuat)> {
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

    fn arm_joints(&self, pose: &Pose, i: usize, side: f64, chest: (DVec3, DQuat)) -> [(DVec3, DQuat); 4] {
        let flip = |v: DVec3| dvec3(side * v.x, v.y, v.z);
        let arm = pose.arms[i];
        let collar = child(chest, flip(self.shoulder[0]), about(2, side * pose.shrug[i]));
        let point = |v: DVec3| chest.1 * from_down(flip(v));
        let shoulder = collar.0 + rotate(collar.1, flip(self.shoulder[1]));
        let upper = (shoulder, point(arm.upper));
        let elbow = shoulder + rotate(upper.1, dvec3(0.0, -self.arm[0], 0.0));
        let fore = (elbow, point(arm.fore));
        let wrist = elbow + rotate(fore.1, dvec3(0.0, -self.arm[1], 0.0));
        [collar, upper, fore, (wrist, fore.1)]
    }

    fn leg_joints(&self, pose: &Pose, i: usize, side: f64, hips: (DVec3, DQuat)) -> [(DVec3, DQuat); 4] {
        let foot = pose.feet[i];
        let hip = hips.0 + rotate(hips.1, dvec3(side * self.hip.x, self.hip.y, self.hip.z));
        let turn = about(1, foot.yaw) * about(0, -foot.pitch);
        // knees bend to where the toes point
        let pole = rotate(about(1, foot.yaw), DVec3::Z);
        let (thigh, shank) = two_bones(self.leg, foot.ankle - hip, pole);
        let upper = leg_turn(thigh, pole);
        let lower = leg_turn(shank, pole);
        let knee = hip + thigh * self.leg[0];
        let ankle = knee + shank * self.leg[1];
        let toes = ankle + rotate(turn, self.toes);
        [(hip, upper), (knee, lower), (ankle, turn), (toes, turn)]
    }

    /// Where the toes are, for a foot.
    pub(super) fn toe(&self, foot: &Foot) -> DVec3 {
        let turn = about(1, foot.yaw) * about(0, -foot.pitch);
        foot.ankle + rotate(turn, self.toes)
    }

    /// Where the ankle is when the toes stay at `toe` and the foot pitches.
    pub(super) fn ankle_over(&self, toe: DVec3, pitch: f64, yaw: f64) -> DVec3 {
        let turn = about(1, yaw) * about(0, -pitch);
        toe - rotate(turn, self.toes)
    }
}

fn child(parent: (DVec3, DQuat), offset: DVec3, turn: DQuat) -> (DVec3, DQuat) {
    (parent.0 + rotate(parent.1, offset), normalized(parent.1 * turn))
}

/// Directions of two bones that bring the end of the second to `target`, the joint between them towards `pole`. A target
/// out of reach is approached as far as the bones go.
fn two_bones(lengths: [f64; 2], target: DVec3, pole: DVec3) -> (DVec3, DVec3) {
    let [a, b] = lengths;
    let along = unit(target);
    let way = target.length().clamp((a - b).abs() + 1e-4, 0.9995 * (a + b));
    let side = unit(pole - along * pole.dot(along));
    let cos = ((a * a + way * way - b * b) / (2.0 * a * way)).clamp(-1.0, 1.0);
    let sin = (1.0 - cos * cos).sqrt();
    let first = along * cos + side * sin;
    let second = unit(along * way - first * a);
    (first, second)
}

/// The smallest turn that takes a hanging segment (0, −1, 0) to direction `v`.
fn from_down(v: DVec3) -> DQuat {
    let v = unit(v);
    let down = DVec3::NEG_Y;
    let axis = down.cross(v);
    normalized(DQuat::from_xyzw(axis.x, axis.y, axis.z, 1.0 + down.dot(v)))
}

/// The turn that takes (0, −1, 0) to `along` and keeps the knee's axis across the direction the toes point to.
fn leg_turn(along: DVec3, pole: DVec3) -> DQuat {
    let swing = from_down(along);
    // twist about the segment so that the local +z stays as near to the pole as it can
    let want = unit(pole - along * pole.dot(along));
    let have = rotate(swing, DVec3::Z);
    let sine = have.cross(want).dot(along);
    let angle = sine.atan2(have.dot(want));
    let local = rotate(swing.conjugate(), along);
    let (s, c) = (angle / 2.0).sin_cos();
    let twist = DQuat::from_xyzw(s * local.x, s * local.y, s * local.z, c);
    normalized(swing * twist)
}
