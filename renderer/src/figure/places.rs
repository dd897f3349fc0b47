//! Where joints sit on a body, whatever the file calls them: the same place of two skeletons is the same part of a person.

use glam::Vec3;

use crate::motion::{Part, Skeleton};

/// The shortest bone, metres: joints at one point still follow each other.
const SHORTEST: f32 = 1e-4;

/// A place on a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The body part.
    pub part: Part,
    /// The way along it from 0 (at the trunk; for the trunk itself at the pelvis) to 1 (at the end of the limb; at the top
    /// of the head).
    pub along: f32,
}

/// `[J]` the place of every joint of a body that stands as `pose [J, 3]`, metres. Ways are measured over bones.
///
/// # Panics
/// When `pose` does not hold three numbers a joint.
#[must_use]
pub fn places(skeleton: &Skeleton, pose: &[f32]) -> Vec<Place> {
    assert_eq!(pose.len(), 3 * skeleton.joints(), "a pose of another skeleton");
    let ways = ways(skeleton, pose);
    let reached = |part: Part| skeleton.joints_of(part).map(|j| ways[j]).filter(|way| way.is_finite());
    let lengths = Part::ALL.map(|part| reached(part).fold(0.0, f32::max).max(SHORTEST));
    let along = |j: usize, part: Part| if ways[j].is_finite() { ways[j] / lengths[part as usize] } else { 0.0 };
    skeleton.parts.iter().enumerate().map(|(j, &part)| Place { part, along: along(j, part) }).collect()
}

/// `[J]` metres from where its part begins to each joint, over bones of that part; infinite where none lead there.
fn ways(skeleton: &Skeleton, pose: &[f32]) -> Vec<f32> {
    let joints = skeleton.joints();
    let at = |j: usize| Vec3::from_slice(&pose[3 * j..]);
    let mut way: Vec<f32> = (0..joints).map(|j| if begins(skeleton, j) { 0.0 } else { f32::INFINITY }).collect();
    for part in Part::ALL {
        // a part that hangs from nothing begins with its first joint
        if skeleton.joints_of(part).all(|j| way[j].is_infinite())
            && let Some(first) = skeleton.joints_of(part).next()
        {
            way[first] = 0.0;
        }
    }
    // a body has few bones, so plain relaxation is quick
    for _ in 0..joints {
        for &[a, b] in &skeleton.bones {
            if skeleton.parts[a] == skeleton.parts[b] {
                let length = at(a).distance(at(b)).max(SHORTEST);
                way[a] = way[a].min(way[b] + length);
                way[b] = way[b].min(way[a] + length);
            }
        }
    }
    way
}

/// Whether a joint's part begins there: a limb where it meets the trunk, the trunk where the legs hang from it.
fn begins(skeleton: &Skeleton, joint: usize) -> bool {
    let meets = |of: fn(Part) -> bool| {
        let part = |j: usize| of(skeleton.parts[j]);
        skeleton.bones.iter().any(|&[a, b]| (a == joint && part(b)) || (b == joint && part(a)))
    };
    match skeleton.parts[joint] {
        Part::Torso => meets(Part::is_leg),
        _ => meets(|part| part == Part::Torso),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::tests::figure;

    #[test]
    fn ways_run_from_the_trunk_outward_and_from_the_pelvis_upward() {
        let (skeleton, pose) = figure();
        let all = places(&skeleton, &pose.concat());
        let along = |name: &str| {
            let place = all[skeleton.joint(name).unwrap()];
            assert_eq!(place.part, skeleton.parts[skeleton.joint(name).unwrap()]);
            place.along
        };
        for (begin, end) in [("pelvis", "head"), ("ls", "lw"), ("rs", "rw"), ("lh", "lf"), ("rh", "rf")] {
            assert_eq!((along(begin), along(end)), (0.0, 1.0), "{begin} {end}");
        }
        // 0.4 m of spine below the chest, a neck of √(0.3² + 0.05²) above
        assert!((along("chest") - 0.4 / (0.4 + 0.0925_f32.sqrt())).abs() < 1e-6);
    }

    #[test]
    fn a_limb_without_a_trunk_begins_with_its_first_joint() {
        let (skeleton, pose) = figure();
        let mut loose = (*skeleton).clone();
        loose.bones.retain(|&[_, b]| b != 3);
        let all = places(&loose, &pose.concat());
        assert_eq!((all[3].along, all[4].along), (0.0, 1.0));
    }

    #[test]
    fn joints_that_no_bone_reaches_count_as_the_beginning() {
        let (skeleton, pose) = figure();
        let mut loose = (*skeleton).clone();
        loose.bones.retain(|&[_, b]| b != 4);
        assert_eq!(places(&loose, &pose.concat())[4], Place { part: Part::LeftArm, along: 0.0 });
    }
}
