//! Any body as Kinect's 25 joints, and as the reductions of them that the paper tests with (spec A.1.2).

use std::{collections::VecDeque, sync::Arc};

use draction::motion::{Layout, Motion, Part, Skeleton};

use crate::data::kinematics::{Anatomy, Limb};

type Point = [f32; 3];

/// A joint of a reduction: its place is the mean of these of the 25, counted from one as in the data set.
type Group = &'static [usize];

#[rustfmt::skip]
const TWENTY: [Group; 20] = [
    &[1], &[2], &[3], &[4], &[5], &[6], &[7], &[8], &[9], &[10], &[11], &[12], &[13], &[14], &[15], &[16], &[17],
    &[18], &[19], &[20],
];
/// Without the middle of the spine, and the legs end at the ankles.
#[rustfmt::skip]
const SEVENTEEN: [Group; 17] = [
    &[1], &[3], &[4], &[5], &[6], &[7], &[8], &[9], &[10], &[11], &[12], &[13], &[14], &[15], &[17], &[18], &[19],
];
/// Pelvis with hips, trunk, head; shoulder, elbow, hand; knee, foot.
#[rustfmt::skip]
const THIRTEEN: [Group; 13] = [
    &[1, 13, 17], &[2, 3, 21], &[4], &[5], &[6], &[7, 8, 22, 23], &[9], &[10], &[11, 12, 24, 25],
    &[14], &[15, 16], &[18], &[19, 20],
];

/// Bones of the reductions, counted from zero.
#[rustfmt::skip]
const SEVENTEEN_BONES: [[usize; 2]; 16] = [
    [0, 1], [2, 1], [3, 1], [4, 3], [5, 4], [6, 5], [7, 1], [8, 7], [9, 8], [10, 9], [11, 0], [12, 11], [13, 12],
    [14, 0], [15, 14], [16, 15],
];
/// See [`SEVENTEEN_BONES`].
#[rustfmt::skip]
const THIRTEEN_BONES: [[usize; 2]; 12] = [
    [0, 1], [2, 1], [3, 1], [4, 3], [5, 4], [6, 1], [7, 6], [8, 7], [9, 0], [10, 9], [11, 0], [12, 11],
];

/// The motion on 25, 20, 17 or 13 joints; `None` where arms or legs are not known, or for another number.
pub(super) fn convert(motion: &Motion, joints: u8) -> Option<Motion> {
    let full = Layout::Ntu25.skeleton();
    let (groups, bones): (Vec<Vec<usize>>, Vec<[usize; 2]>) = match joints {
        25 => ((1..=25).map(|j| vec![j]).collect(), full.bones.clone()),
        20 => (owned(&TWENTY), Layout::Kinect20.bones()),
        17 => (owned(&SEVENTEEN), SEVENTEEN_BONES.to_vec()),
        13 => (owned(&THIRTEEN), THIRTEEN_BONES.to_vec()),
        _ => return None,
    };
    let bodies: Vec<Option<Body>> = (0..motion.bodies).map(|body| Body::of(motion, body)).collect();
    let nobody = (0..motion.bodies).all(|b| bodies[b].is_none());
    if nobody {
        return None;
    }
    let mut positions = Vec::with_capacity(motion.present.len() * groups.len() * 3);
    let mut present = motion.present.clone();
    for (n, there) in present.iter_mut().enumerate() {
        let Some(body) = bodies[n % motion.bodies].as_ref().filter(|_| *there) else {
            *there = false;
            positions.resize(positions.len() + groups.len() * 3, 0.0);
            continue;
        };
        let numbers = motion.joints() * 3;
        let all = body.as_kinect(&motion.positions[n * numbers..][..numbers]);
        positions.extend(groups.iter().flat_map(|group| mean(group.iter().map(|&j| all[j - 1]))));
    }
    let skeleton = Arc::new(reduced(&full, &groups, bones));
    Some(Motion { skeleton, positions, present, orientations: None, ..motion.clone() })
}

fn owned(groups: &[Group]) -> Vec<Vec<usize>> {
    groups.iter().map(|group| group.to_vec()).collect()
}

fn reduced(full: &Skeleton, groups: &[Vec<usize>], bones: Vec<[usize; 2]>) -> Skeleton {
    let first = |group: &Vec<usize>| group[0] - 1;
    let twin = |group: &Vec<usize>| {
        let twin = full.mirror[first(group)];
        groups.iter().position(|other| first(other) == twin)
    };
    Skeleton {
        names: groups.iter().map(|group| full.names[first(group)].clone()).collect(),
        parents: parents(groups.len(), &bones),
        parts: groups.iter().map(|group| full.parts[first(group)]).collect(),
        mirror: groups.iter().enumerate().map(|(j, group)| twin(group).unwrap_or(j)).collect(),
        bones,
    }
}

/// The tree that bones span from joint 0.
fn parents(joints: usize, bones: &[[usize; 2]]) -> Vec<Option<usize>> {
    let mut parents = vec![None; joints];
    let mut queue = VecDeque::from([0]);
    while let Some(joint) = queue.pop_front() {
        for &[a, b] in bones {
            let other = if a == joint { b } else { a };
            let new = (a == joint || b == joint) && other != 0 && parents[other].is_none();
            if new {
                parents[other] = Some(joint);
                queue.push_back(other);
            }
        }
    }
    parents
}

/// Where the parts of one body lie in its own skeleton.
struct Body {
    anatomy: Anatomy,
    arms: [Limb; 2],
    legs: [Limb; 2],
    /// Last joints of left and right arm, left and right leg.
    tips: [usize; 4],
    /// Top of the trunk where no joint is called head.
    top: usize,
}

impl Body {
    fn of(motion: &Motion, body: usize) -> Option<Body> {
        let frame = (0..motion.frames()).find(|&t| motion.is_present(t, body))?;
        let anatomy = Anatomy::of(motion, body, frame);
        let tip = |part| motion.skeleton.tip(part);
        Some(Body {
            arms: anatomy.arms?,
            legs: anatomy.legs?,
            tips: [tip(Part::LeftArm)?, tip(Part::RightArm)?, tip(Part::LeftLeg)?, tip(Part::RightLeg)?],
            top: tip(Part::Torso)?,
            anatomy,
        })
    }

    /// The 25 joints in the data set's order, from the body's own `[J, 3]`.
    fn as_kinect(&self, pose: &[f32]) -> [Point; 25] {
        let at = |j: usize| [pose[3 * j], pose[3 * j + 1], pose[3 * j + 2]];
        let between = |a: Point, b: Point, share: f32| [0, 1, 2].map(|c| a[c] + share * (b[c] - a[c]));
        let base = mean(self.legs.iter().map(|leg| at(leg.root)));
        let chest = mean(self.arms.iter().map(|arm| at(arm.root)));
        let head = at(self.anatomy.head.unwrap_or(self.top));
        let mut all = [[0.0; 3]; 25];
        (all[0], all[1], all[2], all[3], all[20]) =
            (base, between(base, chest, 0.5), between(chest, head, 0.4), head, chest);
        for side in 0..2 {
            let (arm, leg) = (&self.arms[side], &self.legs[side]);
            let [elbow, wrist] = [at(arm.middle), at(arm.end)];
            // beyond a wrist that ends the arm, the hand goes on as the forearm does
            let tip = match self.tips[side] {
                tip if tip != arm.end => at(tip),
                _ => between(elbow, wrist, 1.6),
            };
            let arm = [at(arm.root), elbow, wrist, between(wrist, tip, 0.5)];
            let leg = [at(leg.root), at(leg.middle), at(leg.end), at(self.tips[2 + side])];
            all[4 + 4 * side..][..4].copy_from_slice(&arm);
            all[12 + 4 * side..][..4].copy_from_slice(&leg);
            all[21 + 2 * side] = tip;
            all[22 + 2 * side] = between(wrist, tip, 0.6);
        }
        all
    }
}

fn mean(points: impl ExactSizeIterator<Item = Point>) -> Point {
    let share = 1.0 / points.len() as f32;
    points.fold([0.0; 3], |sum, p| [0, 1, 2].map(|c| sum[c] + share * p[c]))
}
