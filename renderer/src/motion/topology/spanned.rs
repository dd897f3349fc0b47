//! The tree of joints of which only names are known: names tell trunk and limbs, places tell which joints are neighbours.

use super::{
    super::{
        Part,
        measure::{Poses, deviation, median},
    },
    names::{self, Parsed},
    part_of, tree_along,
};

/// Joints of a limb at least, for its name to be one.
const LIMB: usize = 2;

/// Whether names tell a pair of limbs.
pub(in super::super) fn names_tell_limbs(joint_names: &[String]) -> bool {
    has_limbs(&told(&names::parse(joint_names)))
}

/// `[J]` the part that each name tells.
fn told(parsed: &[Parsed]) -> Vec<Option<Part>> {
    parsed.iter().map(|name| part_of(name).filter(|_| !name.weak && name.aid.is_none())).collect()
}

fn has_limbs(parts: &[Option<Part>]) -> bool {
    let is_limb = |part: Part| parts.iter().filter(|&&p| p == Some(part)).count() >= LIMB;
    [Part::LeftArm, Part::LeftLeg].into_iter().any(|left| is_limb(left) && is_limb(left.mirrored()))
}

/// What each joint hangs from: the shortest tree, with bones that keep their lengths, in which trunk and limbs are of one
/// piece each and a limb hangs from the trunk by anything but its end. `None` where the names tell no trunk below the head, or
/// no pair of limbs.
pub(in super::super) fn spanned_by_names(joint_names: &[String], poses: &Poses<'_>) -> Option<Vec<Option<usize>>> {
    let parsed = names::parse(joint_names);
    let parts = told(&parsed);
    let trunk = |&j: &usize| parts[j] == Some(Part::Torso) && parsed[j].is_trunk() && !parsed[j].head;
    let mut trunk = (0..parts.len()).filter(trunk).peekable();
    let root = trunk.peek().copied().filter(|_| has_limbs(&parts))?;
    let root = trunk.find(|&j| parsed[j].pelvis).unwrap_or(root);

    // first bones within a part, then limbs to the trunk, then joints whose names say nothing
    let rank = |a: usize, b: usize| match (parts[a], parts[b]) {
        (Some(a), Some(b)) if a == b => 0,
        (Some(Part::Torso), Some(_)) if !parsed[b].end_of_limb => 1,
        (Some(_), Some(Part::Torso)) if !parsed[a].end_of_limb => 1,
        (Some(Part::Torso) | None, _) | (_, Some(Part::Torso) | None) => 2,
        _ => 3,
    };
    let samples = poses.sampled();
    let pairs = (0..parts.len()).flat_map(|b| (0..b).map(move |a| [a, b]));
    let mut bones: Vec<(u8, f64, [usize; 2])> = pairs
        .map(|[a, b]| {
            let lengths = poses.lengths(&samples, a, b);
            let usual = median(lengths.clone());
            (rank(a, b), usual + deviation(&lengths, usual), [a, b])
        })
        .collect();
    bones.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    // Kruskal
    let mut piece: Vec<usize> = (0..parts.len()).collect();
    let mut joins = |[a, b]: [usize; 2]| {
        let (from, to) = (piece[a], piece[b]);
        piece.iter_mut().filter(|piece| **piece == from).for_each(|piece| *piece = to);
        from != to
    };
    let bones: Vec<[usize; 2]> = bones.into_iter().map(|(.., bone)| bone).filter(|&bone| joins(bone)).collect();
    Some(tree_along(parts.len(), &bones, root))
}
