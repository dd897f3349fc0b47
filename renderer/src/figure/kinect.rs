//! Any body as Kinect's 25 joints, and as the reductions of them that the paper tests with (spec A.1.2).
//!
//! A shoulder is a shoulder whatever the file calls it, and what a skeleton lacks (a thumb) is put where a tracker would
//! guess it. Every joint lies at fixed shares between joints of the body and tips of its hands ([`with_hands`]), so
//! gradients find their way back.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::{
    anatomy::Anatomy,
    hands::{HAND, with_hands},
};
use crate::motion::{Layout, Motion, Part, Skeleton, tree_along};

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

/// The 25 joints. Parts and twins are read off their names, which every clip would pay for.
static FULL: LazyLock<Arc<Skeleton>> = LazyLock::new(|| Arc::new(Layout::Ntu25.skeleton()));

/// A motion on other joints, and where they come from.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// On the new joints.
    pub motion: Motion,
    /// `[P]` the way of each body; `None` for one whose arms or legs are not known, which is absent in `motion`.
    pub maps: Vec<Option<JointMap>>,
}

/// New joints as means of a body's own ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JointMap {
    /// For each new joint, own joints and their shares.
    places: Vec<Place>,
    /// Number of own joints. After them come the finger tips that [`with_hands`] adds.
    own: usize,
    /// The own joints that those hang from.
    wrists: Option<[usize; 2]>,
}

/// Own joints and their shares, which add up to one.
type Place = Vec<(usize, f32)>;

impl JointMap {
    /// `[K, 3]` the new joints of a pose `[J, 3]`, or of one `[J + 2, 3]` with the tips of the hands where the map needs
    /// them.
    pub(super) fn apply<'a>(&'a self, pose: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let sum = |place: &Place, axis: usize| place.iter().map(|&(j, share)| share * pose[3 * j + axis]).sum::<f32>();
        self.places.iter().flat_map(move |place| (0..3).map(move |axis| sum(place, axis)))
    }

    /// The transpose: from a gradient at the new joints, `[K, 3]`, that at the body's own, `[J, 3]`.
    pub fn pull_back(&self, gradient: &[f32]) -> Vec<f32> {
        let mut own = vec![0.0; self.own * 3];
        for (place, gradient) in self.places.iter().zip(gradient.chunks_exact(3)) {
            for &(j, share) in place {
                // wherever a hand points, it goes where its wrist goes
                let j = self.wrists.filter(|_| j >= self.own).map_or(j, |wrists| wrists[j - self.own]);
                (0..3).for_each(|axis| own[3 * j + axis] += share * gradient[axis]);
            }
        }
        own
    }

    /// Number of the body's own joints, `J`.
    pub fn own_joints(&self) -> usize {
        self.own
    }

    fn reduced(&self, groups: &[Group]) -> JointMap {
        let places = groups.iter().map(|group| mean(group.iter().map(|&j| self.places[j - 1].clone()))).collect();
        JointMap { places, ..*self }
    }
}

/// The motion on 25, 20, 17 or 13 joints; `None` where arms or legs are not known, where it has these 25 already, and
/// for another number. Orientations are left out.
pub fn on_kinect(motion: &Motion, joints: u8) -> Option<Mapped> {
    let reduction: Option<(&[Group], Vec<[usize; 2]>)> = match joints {
        25 if motion.skeleton == *FULL => return None,
        25 => None,
        20 => Some((&TWENTY, Layout::Kinect20.bones())),
        17 => Some((&SEVENTEEN, SEVENTEEN_BONES.to_vec())),
        13 => Some((&THIRTEEN, THIRTEEN_BONES.to_vec())),
        _ => return None,
    };
    let with_hands = with_hands(motion);
    let (motion, wrists) = with_hands.as_ref().map_or((motion, None), |(longer, wrists)| (longer, Some(*wrists)));
    let map = |body| {
        let full = full_map(motion, body, wrists)?;
        Some(reduction.as_ref().map_or_else(|| full.clone(), |(groups, _)| full.reduced(groups)))
    };
    let maps: Vec<Option<JointMap>> = (0..motion.bodies).map(map).collect();
    if maps.iter().all(Option::is_none) {
        return None;
    }
    let skeleton = reduction.map_or_else(|| FULL.clone(), |(groups, bones)| Arc::new(reduced(groups, bones)));
    let mut positions = Vec::with_capacity(motion.present.len() * skeleton.joints() * 3);
    let mut present = motion.present.clone();
    let numbers = motion.joints() * 3;
    for (n, there) in present.iter_mut().enumerate() {
        match maps[n % motion.bodies].as_ref().filter(|_| *there) {
            Some(map) => positions.extend(map.apply(&motion.positions[n * numbers..][..numbers])),
            None => {
                *there = false;
                positions.resize(positions.len() + skeleton.joints() * 3, 0.0);
            }
        }
    }
    let source = motion.source.clone();
    Some(Mapped { motion: Motion { skeleton, positions, present, orientations: None, source, ..*motion }, maps })
}

fn reduced(groups: &[Group], bones: Vec<[usize; 2]>) -> Skeleton {
    let first = |group: &Group| group[0] - 1;
    let twin = |group: &Group| {
        let twin = FULL.mirror[first(group)];
        groups.iter().position(|other| first(other) == twin)
    };
    Skeleton {
        names: groups.iter().map(|group| FULL.names[first(group)].clone()).collect(),
        parents: tree_along(groups.len(), &bones, 0),
        parts: groups.iter().map(|group| FULL.parts[first(group)]).collect(),
        mirror: groups.iter().enumerate().map(|(j, group)| twin(group).unwrap_or(j)).collect(),
        bones,
    }
}

/// Where the 25 joints lie in one body's own skeleton; `None` where arms or legs are not known.
fn full_map(motion: &Motion, body: usize, wrists: Option<[usize; 2]>) -> Option<JointMap> {
    let own = motion.joints() - wrists.map_or(0, |wrists| wrists.len());
    if motion.skeleton == *FULL {
        return Some(JointMap { places: (0..own).map(at).collect(), own, wrists });
    }
    let frame = (0..motion.frames()).find(|&t| motion.is_present(t, body))?;
    let anatomy = Anatomy::of(motion, body, frame);
    let (arms, legs) = (anatomy.arms?, anatomy.legs?);
    let tip = |part| motion.skeleton.tip(part);
    let base = mean(legs.iter().map(|leg| at(leg.root)));
    let chest = mean(arms.iter().map(|arm| at(arm.root)));
    let head = at(anatomy.head.or_else(|| tip(Part::Torso))?);
    let mut places = vec![Place::new(); 25];
    places[1] = between(&base, &chest, 0.5);
    places[2] = between(&chest, &head, 0.4);
    (places[0], places[3], places[20]) = (base, head, chest);
    for (side, [arm_part, leg_part]) in
        [[Part::LeftArm, Part::LeftLeg], [Part::RightArm, Part::RightLeg]].into_iter().enumerate()
    {
        let (arm, leg) = (&arms[side], &legs[side]);
        let wrist = at(arm.end);
        // beyond a wrist that ends the arm, the hand goes on as the forearm does
        let tip_of_hand = match tip(arm_part)? {
            joint if joint != arm.end => at(joint),
            _ => between(&at(arm.middle), &wrist, 1.0 + HAND),
        };
        let hand = between(&wrist, &tip_of_hand, 0.5);
        places[22 + 2 * side] = between(&wrist, &tip_of_hand, 0.6);
        places[21 + 2 * side] = tip_of_hand;
        places[4 + 4 * side..][..4].clone_from_slice(&[at(arm.root), at(arm.middle), wrist, hand]);
        let leg = [leg.root, leg.middle, leg.end, tip(leg_part)?].map(at);
        places[12 + 4 * side..][..4].clone_from_slice(&leg);
    }
    Some(JointMap { places, own, wrists })
}

/// At a joint.
fn at(joint: usize) -> Place {
    vec![(joint, 1.0)]
}

/// On the line through two places: 0 at the first, 1 at the second.
fn between(a: &Place, b: &Place, share: f32) -> Place {
    let weighed = |place: &Place, by: f32| place.iter().map(|&(j, w)| (j, w * by)).collect::<Place>();
    [weighed(a, 1.0 - share), weighed(b, share)].concat()
}

fn mean(places: impl ExactSizeIterator<Item = Place>) -> Place {
    let share = 1.0 / places.len() as f32;
    places.flat_map(|place| place.into_iter().map(move |(j, w)| (j, w * share))).collect()
}
