//! Fifteen joints that every body has, for comparing bodies of different skeletons.

use super::places::places;
use crate::motion::{Part, Skeleton};

/// Joints that every body with five parts has.
pub const LANDMARKS: usize = 15;
/// How far along a limb, and along the trunk, the landmarks lie.
const LIMB: [f32; 3] = [0.0, 0.5, 1.0];
/// See [`LIMB`]: pelvis, where the arms begin, head.
const TRUNK: [f32; 3] = [0.0, 0.65, 1.0];

/// Begin, middle and end of the trunk, of both arms and of both legs, in this order (left before right): the joints
/// nearest to these places. One joint may stand for several. `None` for a skeleton without all five parts, and where a
/// joint of `pose [J, 3]`, metres, is not finite.
#[must_use]
pub fn landmarks(skeleton: &Skeleton, pose: &[f32]) -> Option<[usize; LANDMARKS]> {
    if pose.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let places = places(skeleton, pose);
    let mut marks = [0; LANDMARKS];
    for (part, marks) in Part::ALL.into_iter().zip(marks.chunks_exact_mut(3)) {
        let wanted = if part == Part::Torso { TRUNK } else { LIMB };
        for (mark, wanted) in marks.iter_mut().zip(wanted) {
            let distance = |j: &usize| (places[*j].along - wanted).abs();
            *mark = skeleton.joints_of(part).min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        }
    }
    Some(marks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::tests::figure;

    #[test]
    fn marks_are_named_joints_of_the_body() {
        let (skeleton, pose) = figure();
        let marks = landmarks(&skeleton, &pose.concat()).unwrap();
        let names: Vec<&str> = marks.iter().map(|&j| skeleton.names[j].as_str()).collect();
        assert_eq!(names[..3], ["pelvis", "chest", "head"]);
        // two joints a limb: the middle is as far from both, and the first of the file's order stands for it
        assert_eq!(names[3..], ["ls", "ls", "lw", "rs", "rs", "rw", "lh", "lh", "lf", "rh", "rh", "rf"]);
    }

    #[test]
    fn a_body_without_arms_has_none() {
        let (skeleton, pose) = figure();
        let mut armless = (*skeleton).clone();
        armless.parts.iter_mut().filter(|part| part.is_arm()).for_each(|part| *part = Part::Torso);
        assert_eq!(landmarks(&armless, &pose.concat()), None);
        let mut broken = pose.concat();
        broken[7] = f32::NAN;
        assert_eq!(landmarks(&skeleton, &broken), None);
    }
}
