//! Limbs that names leave unexplained beside others that they tell: the words of a half may be nobody's. Then the shape
//! has the say for these alone.

use glam::DVec3;

use super::{
    super::{Part, Skeleton, measure::Poses},
    Labels, names,
    shape::{Pair, Tree, across, assign, best_match, chain, chain_length, first_is_left, measure},
};

/// Joints of a limb: shoulder, elbow and wrist.
const LIMB: usize = 3;
/// Length of an arm in lengths of a leg, and the other way round: generous, since feet and shoulders may be missing.
const OTHERS: std::ops::RangeInclusive<f64> = 0.4..=1.8;

/// Labels arms beside legs whose names are understood, or the other way round, and a limb beside its understood twin.
/// Returns how many joints that were. Sides are those of the understood pair.
pub(in super::super) fn explain(poses: &Poses<'_>, skeleton: &mut Skeleton, labels: &Labels) -> usize {
    let torso = |skeleton: &Skeleton| skeleton.joints_of(Part::Torso).count();
    let before = torso(skeleton);
    let pairs = [[Part::LeftArm, Part::RightArm], [Part::LeftLeg, Part::RightLeg]];
    for (pair, others) in [(pairs[0], pairs[1]), (pairs[1], pairs[0])] {
        let begins = |part: Part| skeleton.limb(part).last().copied();
        match (pair.map(begins), others.map(begins)) {
            ([None, None], [Some(left), Some(right)]) => both(poses, skeleton, labels, pair, [left, right]),
            ([Some(known), None], _) => other(poses, skeleton, pair, known),
            ([None, Some(known)], _) => other(poses, skeleton, [pair[1], pair[0]], known),
            _ => {}
        }
    }
    before - torso(skeleton)
}

/// The longest of the pairs of like branches that no name explains, by the sides of the `known` limbs.
fn both(poses: &Poses<'_>, skeleton: &mut Skeleton, labels: &Labels, parts: [Part; 2], known: [usize; 2]) {
    let samples = poses.sampled();
    let tree = measure(poses, &samples, skeleton);
    let open = unexplained(&tree, skeleton);
    let usual = known.map(|j| chain_length(&tree, j)).into_iter().sum::<f64>() / 2.0;
    let is_limb = |j: &usize| {
        open[*j]
            && chain(&tree, *j).len() >= LIMB
            && OTHERS.contains(&(chain_length(&tree, *j) / usual.max(f64::MIN_POSITIVE)))
    };
    let pair = (0..skeleton.joints()).filter(|&j| skeleton.parts[j] == Part::Torso).filter_map(|joint| {
        let branches: Vec<usize> = tree.children[joint].iter().copied().filter(is_limb).collect();
        let (i, k) = best_match(&tree, &branches)?;
        Some(Pair { a: branches[i], b: branches[k], length: tree.length[branches[i]] + tree.length[branches[k]] })
    });
    let Some(pair) = pair.max_by(|p, q| p.length.total_cmp(&q.length)) else { return };
    let sideways = |n: usize| poses.at(n, known[0]) - poses.at(n, known[1]);
    let by_place = || samples.iter().map(|&n| across(poses, n, &pair).dot(sideways(n))).sum::<f64>() >= 0.0;
    let (left, right) = match first_is_left(&tree, &pair, &labels.sides).unwrap_or_else(by_place) {
        true => (pair.a, pair.b),
        false => (pair.b, pair.a),
    };
    assign(&tree, skeleton, (left, parts[0]), (right, parts[1]));
}

/// The branch that is like a limb of the first part, which begins at `known`: the nearest to where that would be.
fn other(poses: &Poses<'_>, skeleton: &mut Skeleton, parts: [Part; 2], known: usize) {
    let samples = poses.sampled();
    let tree = measure(poses, &samples, skeleton);
    let open = unexplained(&tree, skeleton);
    let hangs = |j: usize| skeleton.parents[j].map_or(DVec3::ZERO, |p| poses.at(samples[0], p));
    let twins = (0..skeleton.joints()).filter(|&j| open[j] && chain(&tree, j).len() >= LIMB);
    let twins = twins.filter(|&j| best_match(&tree, &[known, j]).is_some());
    let twin = twins.min_by(|&a, &b| {
        let [a, b] = [a, b].map(|j| hangs(j).distance(hangs(known)));
        a.total_cmp(&b)
    });
    if let Some(twin) = twin {
        assign(&tree, skeleton, (known, parts[0]), (twin, parts[1]));
    }
}

/// `[J]` whether a joint begins a branch of the trunk in which no name says what it is.
fn unexplained(tree: &Tree, skeleton: &Skeleton) -> Vec<bool> {
    let mut open: Vec<bool> = skeleton
        .names
        .iter()
        .zip(&skeleton.parts)
        .map(|(name, part)| *part == Part::Torso && !names::parse_one(name).telling)
        .collect();
    for &j in super::parents_first(&skeleton.parents).iter().rev() {
        open[j] &= tree.children[j].iter().all(|&c| open[c]) && skeleton.parents[j].is_some();
    }
    open
}
