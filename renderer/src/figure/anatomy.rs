//! Finds wrists, ankles, shoulders, hips and head in a skeleton of any layout.

use glam::Vec3;

use crate::motion::{Motion, Part, Skeleton};

/// Bones shorter than this (metres) join a helper joint to its neighbour and are stepped over.
const HELPER_BONE_M: f32 = 0.02;

/// The head in the languages that `motion` reads names in.
const HEAD: [&str; 8] = ["head", "nose", "頭", "头", "머리", "kopf", "cabeza", "testa"];

/// One arm or leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limb {
    /// Shoulder or hip.
    pub root: usize,
    /// Elbow or knee; the root again where the layout has none.
    pub middle: usize,
    /// Wrist or ankle.
    pub end: usize,
}

/// The joints that tell most of what a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anatomy {
    /// Left arm, right arm.
    pub arms: Option<[Limb; 2]>,
    /// Left leg, right leg.
    pub legs: Option<[Limb; 2]>,
    /// The topmost labelled joint of the head.
    pub head: Option<usize>,
}

impl Anatomy {
    /// Works from body parts and parents; names only decide which joint of a chain is the wrist or the ankle. `frame`
    /// is one in which body slot `body` is present: its bone lengths tell helper joints from real ones.
    pub fn of(motion: &Motion, body: usize, frame: usize) -> Anatomy {
        let limb = |part| limb(motion, body, frame, part);
        let pair = |left, right| Some([limb(left)?, limb(right)?]);
        let skeleton = &motion.skeleton;
        let heads = skeleton.joints_of(Part::Torso).filter(|&j| word(skeleton, j, &HEAD));
        Anatomy {
            arms: pair(Part::LeftArm, Part::RightArm),
            legs: pair(Part::LeftLeg, Part::RightLeg),
            // of several (`head`, `head_top`) the first: it lies at the height of the face
            head: heads.min(),
        }
    }
}

/// Whether a joint's name holds one of the words, in any case.
fn word(skeleton: &Skeleton, joint: usize, words: &[&str]) -> bool {
    let name = skeleton.names[joint].to_lowercase();
    words.iter().any(|w| name.contains(w))
}

/// Wrist or ankle by name, where the name tells.
fn named_end(skeleton: &Skeleton, part: Part) -> Option<usize> {
    let (exact, near): (&[&str], &[&str]) = match part {
        Part::LeftArm | Part::RightArm => (&["wrist"], &["hand"]),
        _ => (&["ankle"], &["foot"]),
    };
    let far = ["thumb", "index", "middle", "ring", "pinky", "finger", "tip", "toe", "end", "site", "nub"];
    let nearest = |words: &[&str]| {
        let joints = skeleton.joints_of(part).filter(|&j| word(skeleton, j, words) && !word(skeleton, j, &far));
        // a name such as `LeftHandUpperArm` at the top of a chain is no hand
        let depth = |j: usize| skeleton.inward(j).count() - 1;
        joints.filter(|&j| depth(j) > 0).min_by_key(|&j| (depth(j), j))
    };
    nearest(exact).or_else(|| nearest(near))
}

/// Wrist or ankle where no name tells: upper and lower arm, thigh and shank, are the two longest neighbouring bones on the
/// way to the tip.
fn measured_end(motion: &Motion, body: usize, frame: usize, part: Part) -> Option<usize> {
    let skeleton = &motion.skeleton;
    let chain = skeleton.limb(part);
    let place = |j: usize| Vec3::from(motion.position(frame, body, j));
    let length = |pair: &[usize]| place(pair[0]).distance(place(pair[1]));
    let both = |three: &[usize]| length(&three[..2]) + length(&three[1..]);
    let limb = chain.windows(3).max_by(|a, b| both(a).total_cmp(&both(b)));
    limb.map(|three| three[0]).or(chain.first().copied())
}

fn limb(motion: &Motion, body: usize, frame: usize, part: Part) -> Option<Limb> {
    let skeleton = &motion.skeleton;
    let end = named_end(skeleton, part).or_else(|| measured_end(motion, body, frame, part))?;
    let place = |j: usize| Vec3::from(motion.position(frame, body, j));
    let above = |j: usize| {
        let chain: Vec<usize> = skeleton.inward(j).collect();
        chain.windows(2).find(|bone| place(bone[0]).distance(place(bone[1])) > HELPER_BONE_M).map(|bone| bone[1])
    };
    // layouts without a tree still list the joints of a limb from the body outwards
    let Some(middle) = above(end) else {
        let first = skeleton.joints_of(part).find(|&j| j != end)?;
        return Some(Limb { root: first, middle: first, end });
    };
    Some(Limb { root: above(middle).unwrap_or(middle), middle, end })
}
