//! The same motion with fewer joints, so that a model does not learn to tell data sets apart by their skeletons.

use std::{collections::VecDeque, sync::Arc};

use draction::{
    draction::{LinePoints, Scales, Template, TemplateRule, addresses},
    motion::{Motion, Part, Skeleton},
};

/// How far along a limb, and along the trunk, the joints lie that are kept.
const LIMB: [f32; 3] = [0.0, 0.5, 1.0];
/// See [`LIMB`]: pelvis, where the arms begin, head.
const TRUNK: [f32; 3] = [0.0, 0.65, 1.0];

/// The motion on at most fifteen joints: begin, middle and end of each limb and of the trunk. Bones lead over the
/// joints left out. A skeleton without all five parts, or in several pieces, stays as it is.
pub fn sparse(motion: &Motion) -> Motion {
    let pick = kept(motion);
    let Some((keep, towards_root)) = pick else { return motion.clone() };
    let old = &motion.skeleton;
    let new_of = |j: usize| keep.iter().position(|&k| k == j);
    let parents: Vec<Option<usize>> =
        keep.iter().map(|&j| std::iter::successors(towards_root[j], |&p| towards_root[p]).find_map(new_of)).collect();
    let skeleton = Skeleton {
        names: keep.iter().map(|&j| old.names[j].clone()).collect(),
        bones: parents.iter().enumerate().filter_map(|(j, p)| p.map(|p| [p, j])).collect(),
        parts: keep.iter().map(|&j| old.parts[j]).collect(),
        mirror: keep.iter().enumerate().map(|(new, &j)| new_of(old.mirror[j]).unwrap_or(new)).collect(),
        parents,
    };
    let joints = motion.joints();
    let subset = |values: &[f32], width: usize| -> Vec<f32> {
        let bodies = values.chunks_exact(joints * width);
        bodies.flat_map(|b| keep.iter().flat_map(move |&j| b[j * width..(j + 1) * width].iter().copied())).collect()
    };
    Motion {
        skeleton: Arc::new(skeleton),
        positions: subset(&motion.positions, 3),
        orientations: motion.orientations.as_deref().map(|o| subset(o, 4)),
        ..motion.clone()
    }
}

/// The joints to keep, and for every joint the next one on its way to the pelvis.
fn kept(motion: &Motion) -> Option<(Vec<usize>, Vec<Option<usize>>)> {
    let skeleton = &motion.skeleton;
    let joints = motion.joints();
    let first = motion.present.iter().position(|&p| p)?;
    let pose = &motion.positions[first * joints * 3..][..joints * 3];
    let rule = TemplateRule { points: LinePoints::Fixed(0), scales: Scales::Constant(0.02) };
    let template = Template::build(&skeleton.bones, pose, &rule).ok()?;
    let ways = addresses(skeleton, &template);
    let mut keep = Vec::new();
    for part in Part::ALL {
        for wanted in if part == Part::Torso { TRUNK } else { LIMB } {
            let distance = |j: &usize| (ways[*j].1 - wanted).abs();
            let nearest = (0..joints)
                .filter(|&j| skeleton.parts[j] == part)
                .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
            if !keep.contains(&nearest) {
                keep.push(nearest);
            }
        }
    }
    let root =
        (0..joints).filter(|&j| skeleton.parts[j] == Part::Torso).min_by(|&a, &b| ways[a].1.total_cmp(&ways[b].1))?;
    let mut towards_root = vec![None; joints];
    let mut seen = vec![false; joints];
    seen[root] = true;
    let mut queue = VecDeque::from([root]);
    while let Some(j) = queue.pop_front() {
        for &[a, b] in &skeleton.bones {
            let other = if a == j {
                b
            } else if b == j {
                a
            } else {
                continue;
            };
            if !seen[other] {
                seen[other] = true;
                towards_root[other] = Some(j);
                queue.push_back(other);
            }
        }
    }
    keep.iter().all(|&j| seen[j]).then_some((keep, towards_root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::stick_figure;

    #[test]
    fn limbs_keep_their_ends_and_hang_together() {
        let motion = stick_figure::waving(0);
        let thin = sparse(&motion);
        let skeleton = &thin.skeleton;
        assert!(skeleton.joints() <= 15 && skeleton.joints() >= 11, "{}", skeleton.joints());
        assert_eq!(skeleton.bones.len(), skeleton.joints() - 1, "one piece");
        assert_eq!(thin.frames(), motion.frames());
        for part in Part::ALL {
            assert!(skeleton.joints_of(part).count() >= 2, "{part:?}");
        }
        for (new, name) in skeleton.names.iter().enumerate() {
            let old = motion.skeleton.joint(name).unwrap();
            assert_eq!(thin.position(7, 0, new), motion.position(7, 0, old), "{name}");
            assert_eq!(skeleton.mirror[skeleton.mirror[new]], new);
        }
        assert_eq!(sparse(&thin).skeleton.joints(), skeleton.joints());
    }
}
