//! Body parts of a skeleton whose names say nothing: from the tree, the lengths of its branches and how it moves.
//!
//! A body has two pairs of branches that are alike. The pair that begins farther from the head are the legs: that needs no
//! up, and where up is follows from it. Knees bend and toes point forward, elbows bend backward, and hands do what they do
//! in front of the body, which tells left from right: seen along the body's own axis, so that who lies has sides as well.
//! Names that tell sides but no limbs win over that.

use glam::DVec3;

use super::{
    super::{
        Part, Reason, Skeleton,
        measure::{Poses, median},
    },
    Labels,
    names::Side,
};

/// A knee whose place off the line from hip to ankle is below this share of it is straight: depth cameras put hips that
/// far forward, so that the knees of most people who stand before one bend backward.
pub(super) const STRAIGHT: f64 = 0.08;
/// What a straight knee counts, where a well bent one counts 1: it decides where nothing else does.
const HARDLY: f64 = 0.1;

/// Arms that hang end below the hips by a third of their length, legs by most of it.
const FAR_BELOW: f64 = 0.5;

/// Two branches that are mirror images of each other, by their first joints.
pub(super) struct Pair {
    pub a: usize,
    pub b: usize,
    pub length: f64,
}

/// The tree with what is measured of its branches.
pub(super) struct Tree {
    pub children: Vec<Vec<usize>>,
    /// `[J]` joints in the branch that begins at the joint.
    size: Vec<usize>,
    /// `[J]` total length of its bones, with the one to the parent.
    pub length: Vec<f64>,
    /// `[J]` length of the bone to the parent.
    bone: Vec<f64>,
}

/// Which branches are legs and arms, told without knowing what is up or which way the body faces.
pub(in super::super) struct Limbs {
    legs: Option<Pair>,
    arms: Option<Pair>,
    /// Whether one pair is all there is: whether it is legs or arms is settled when it is known where up is.
    lone: bool,
    /// `[J]` what the names say.
    said: Vec<Option<Side>>,
    tree: Tree,
}

/// Finds legs and arms and labels them; sides are provisional until [`sides`]. Legs are longer than arms, and begin farther
/// from the head.
pub(in super::super) fn limbs(poses: &Poses<'_>, skeleton: &mut Skeleton, labels: &Labels) -> Limbs {
    let samples = poses.sampled();
    let tree = measure(poses, &samples, skeleton);
    let mut pairs = pairs(&tree, skeleton);
    pairs.sort_by(|p, q| q.length.total_cmp(&p.length));
    pairs.truncate(2);
    let lone = pairs.len() == 1;
    let second = (pairs.len() == 2).then(|| pairs.pop()).flatten();
    let (legs, arms) = match (pairs.pop(), second) {
        (Some(a), Some(b)) if legs_first(&tree, skeleton, &a, &b) => (Some(a), Some(b)),
        (Some(a), Some(b)) => (Some(b), Some(a)),
        // what hangs from the root are legs, what hangs from a trunk are arms
        (Some(a), None) if skeleton.parents[a.a].is_some_and(|p| skeleton.parents[p].is_some()) => (None, Some(a)),
        (legs, _) => (legs, None),
    };
    let limbs = Limbs { legs, arms, lone, said: labels.sides.clone(), tree };
    for (pair, left, right) in limbs.by_part() {
        assign(&limbs.tree, skeleton, (pair.a, left), (pair.b, right));
    }
    limbs
}

impl Limbs {
    fn by_part(&self) -> impl Iterator<Item = (&Pair, Part, Part)> {
        let legs = self.legs.as_ref().map(|p| (p, Part::LeftLeg, Part::RightLeg));
        let arms = self.arms.as_ref().map(|p| (p, Part::LeftArm, Part::RightArm));
        legs.into_iter().chain(arms)
    }
}

/// Whether the first of two pairs of limbs are the legs.
fn legs_first(tree: &Tree, skeleton: &Skeleton, first: &Pair, second: &Pair) -> bool {
    let begin = |pair: &Pair| skeleton.parents[pair.a].unwrap_or(pair.a);
    let [to_first, to_second] = [first, second].map(|pair| ways(tree, skeleton, begin(pair)));
    let mut limb = vec![false; skeleton.joints()];
    for j in super::parents_first(&skeleton.parents) {
        let begins = [first.a, first.b, second.a, second.b].contains(&j);
        limb[j] = begins || skeleton.parents[j].is_some_and(|p| limb[p]);
    }
    // the end of the trunk that is farthest from where limbs begin is the head
    let trunk = (0..skeleton.joints()).filter(|&j| !limb[j] && to_first[j].is_finite() && to_second[j].is_finite());
    let near = |j: usize| to_first[j].min(to_second[j]);
    let head = trunk.max_by(|&x, &y| near(x).total_cmp(&near(y)));
    let length = |pair: &Pair| [pair.a, pair.b].map(|j| chain_length(tree, j)).into_iter().sum::<f64>() / 2.0;
    let (first, second) = (length(first), length(second));
    match head {
        // limbs that begin at one place tell nothing
        Some(h) if (to_first[h] - to_second[h]).abs() > 0.1 * first.max(second) => to_first[h] > to_second[h],
        _ => first > second,
    }
}

/// `[J]` the way from a joint to each other along bones.
fn ways(tree: &Tree, skeleton: &Skeleton, from: usize) -> Vec<f64> {
    let mut ways = vec![f64::INFINITY; skeleton.joints()];
    ways[from] = 0.0;
    let mut stack = vec![from];
    while let Some(at) = stack.pop() {
        let down = tree.children[at].iter().map(|&c| (c, tree.bone[c]));
        for (next, bone) in down.chain(skeleton.parents[at].map(|p| (p, tree.bone[at]))) {
            if ways[next].is_infinite() {
                ways[next] = ways[at] + bone;
                stack.push(next);
            }
        }
    }
    ways
}

/// Tells left from right for limbs that [`limbs`] found, from `poses`, which must be +y up; returns one line on how. Where
/// nothing can be told, all joints stay in the torso and a warning says so.
pub(in super::super) fn sides(
    poses: &Poses<'_>,
    skeleton: &mut Skeleton,
    limbs: Limbs,
    warnings: &mut Vec<String>,
) -> Reason {
    let samples = poses.sampled();
    let Limbs { mut legs, mut arms, lone, said, tree } = limbs;
    if legs.is_none() && arms.is_none() {
        warnings.push("neither the joint names nor the shape tell arms, legs, left and right".to_owned());
        return Reason::assumed("unknown: all joints count as torso");
    }
    if let Some(pair) = legs.as_ref().or(arms.as_ref()).filter(|_| lone) {
        // a single pair: legs end below the middle of the body, and where a trunk goes on above them far below all of it
        let low = height_of_ends(poses, &samples, &tree, pair);
        let is_legs = if legs.is_some() {
            let levels = samples.iter().flat_map(|&n| (0..poses.joints).map(move |j| poses.at(n, j).y));
            low <= median(levels.collect())
        } else {
            let lowest =
                |&n: &usize| skeleton.joints_of(Part::Torso).map(|j| poses.at(n, j).y).fold(f64::INFINITY, f64::min);
            median(samples.iter().map(lowest).collect()) - low > FAR_BELOW * chain_length(&tree, pair.a)
        };
        if is_legs != legs.is_some() {
            std::mem::swap(&mut legs, &mut arms);
        }
    }

    // a pair whose sides are named, and whether its first branch is the left one
    let named = legs.iter().chain(&arms).find_map(|pair| Some((pair, first_is_left(&tree, pair, &said)?)));
    let vote: f64 = match (&legs, named) {
        (Some(legs), None) => {
            let [left, right] = [legs.a, legs.b].map(|j| chain(&tree, j));
            let arms = arms.as_ref().map(|arms| [arms.a, arms.b].map(|j| chain(&tree, j)));
            turns(poses, &samples, [&left, &right], arms.as_ref().map(|[a, b]| [&a[..], &b[..]])).into_iter().sum()
        }
        _ => 0.0,
    };
    let sure = named.is_some() || vote.abs() > 1e-9;
    if !sure {
        warnings.push("left and right are guessed: the body is taken to face +z".to_owned());
    }
    // with no bend and no foot to go by, facing +z puts the left on +x
    let lateral = |n: usize| match (named, &legs) {
        (Some((pair, true)), _) => across(poses, n, pair),
        (Some((pair, false)), _) => -across(poses, n, pair),
        (None, Some(legs)) if sure => across(poses, n, legs) * vote.signum(),
        _ => DVec3::X,
    };
    for (pair, left, right) in [(&legs, Part::LeftLeg, Part::RightLeg), (&arms, Part::LeftArm, Part::RightArm)] {
        let Some(pair) = pair else { continue };
        let side = || samples.iter().map(|&n| across(poses, n, pair).dot(lateral(n))).sum::<f64>() >= 0.0;
        let is_left = first_is_left(&tree, pair, &said).unwrap_or_else(side);
        let (l, r) = if is_left { (pair.a, pair.b) } else { (pair.b, pair.a) };
        assign(&tree, skeleton, (l, left), (r, right));
    }
    let how = format!(
        "from the shape: {} of {} joints belong to paired branches{}",
        skeleton.parts.iter().filter(|&&p| p != Part::Torso).count(),
        skeleton.joints(),
        match (named, sure) {
            (Some(_), _) => ", whose names tell left and right",
            (None, true) => ", knees, feet and hands point forward",
            (None, false) => "",
        }
    );
    if sure { Reason::inferred(how) } else { Reason::assumed(how) }
}

/// Whether the first branch of a pair is the left one by the names of its joints; `None` where they do not say.
pub(super) fn first_is_left(tree: &Tree, pair: &Pair, said: &[Option<Side>]) -> Option<bool> {
    let count = |first: usize| {
        let (mut lefts, mut stack) = (0_i64, vec![first]);
        while let Some(j) = stack.pop() {
            lefts += said[j].map_or(0, |side| if side == Side::Left { 1 } else { -1 });
            stack.extend(&tree.children[j]);
        }
        lefts
    };
    let (a, b) = (count(pair.a), count(pair.b));
    // one that says the same of both says nothing
    (a.signum() * b.signum() < 0).then_some(a > 0)
}

pub(super) fn measure(poses: &Poses<'_>, samples: &[usize], skeleton: &Skeleton) -> Tree {
    let joints = skeleton.joints();
    let mut tree = Tree {
        children: vec![Vec::new(); joints],
        size: vec![1; joints],
        length: vec![0.0; joints],
        bone: vec![0.0; joints],
    };
    for &j in super::parents_first(&skeleton.parents).iter().rev() {
        if let Some(p) = skeleton.parents[j] {
            tree.bone[j] = poses.distance(samples, p, j);
            tree.length[j] += tree.bone[j];
            tree.length[p] += tree.length[j];
            tree.size[p] += tree.size[j];
            tree.children[p].push(j);
        }
    }
    tree
}

/// The outermost pairs of like branches.
fn pairs(tree: &Tree, skeleton: &Skeleton) -> Vec<Pair> {
    let mut found = Vec::new();
    let roots = (0..skeleton.joints()).filter(|&j| skeleton.parents[j].is_none());
    let mut stack: Vec<usize> = roots.collect();
    while let Some(joint) = stack.pop() {
        let mut free = tree.children[joint].clone();
        while let Some((i, k)) = best_match(tree, &free) {
            let (b, a) = (free.remove(k.max(i)), free.remove(k.min(i)));
            let length = tree.length[a] + tree.length[b];
            found.push(Pair { a, b, length });
        }
        stack.extend(free);
    }
    found
}

/// The two branches of equal make whose lengths differ least, by at most a quarter.
pub(super) fn best_match(tree: &Tree, free: &[usize]) -> Option<(usize, usize)> {
    // a body has few branches in one place; a hand of a thousand fingers is not worth the square
    let few = &free[..free.len().min(32)];
    let mut best = None;
    for (i, &a) in few.iter().enumerate() {
        for (k, &b) in few.iter().enumerate().skip(i + 1) {
            let longer = tree.length[a].max(tree.length[b]);
            let apart = (tree.length[a] - tree.length[b]).abs() / longer.max(1e-12);
            let alike = tree.size[a] == tree.size[b] && apart < 0.25 && longer > 0.0;
            if alike && best.is_none_or(|(_, _, d)| apart < d) {
                best = Some((i, k, apart));
            }
        }
    }
    best.map(|(i, k, _)| (i, k))
}

/// The branch's joints from its beginning to its farthest end, always along the longest child.
pub(super) fn chain(tree: &Tree, first: usize) -> Vec<usize> {
    let mut chain = vec![first];
    let mut at = first;
    while let Some(&next) = tree.children[at].iter().max_by(|&&a, &&b| tree.length[a].total_cmp(&tree.length[b])) {
        chain.push(next);
        at = next;
    }
    chain
}

/// Length of [`chain`], with the bone that it hangs from.
pub(super) fn chain_length(tree: &Tree, first: usize) -> f64 {
    chain(tree, first).into_iter().map(|j| tree.bone[j]).sum()
}

fn height_of_ends(poses: &Poses<'_>, samples: &[usize], tree: &Tree, pair: &Pair) -> f64 {
    let ends = [pair.a, pair.b].map(|j| chain(tree, j).pop().unwrap_or(j));
    let y = |&n: &usize| ends.iter().map(|&e| poses.at(n, e).y).sum::<f64>() / 2.0;
    median(samples.iter().map(y).collect())
}

/// From branch `b` to branch `a`, over all their joints.
pub(super) fn across(poses: &Poses<'_>, n: usize, pair: &Pair) -> DVec3 {
    poses.at(n, pair.a) - poses.at(n, pair.b)
}

/// For each sampled frame how much the first of two legs is on the left of where the body faces, by bent knees and elbows,
/// feet and hands.
fn turns(poses: &Poses<'_>, samples: &[usize], legs: [&[usize]; 2], arms: Option<[&[usize]; 2]>) -> Vec<f64> {
    let faces = forward(poses, samples, legs, arms);
    let turn = |(&n, f): (&usize, DVec3)| {
        let across = poses.at(n, legs[0][0]) - poses.at(n, legs[1][0]);
        across.dot(trunk(poses, n, legs, arms).cross(f))
    };
    samples.iter().zip(faces).map(turn).collect()
}

/// Where the trunk points from the legs to the arms; up, where there are no arms.
pub(super) fn trunk(poses: &Poses<'_>, n: usize, legs: [&[usize]; 2], arms: Option<[&[usize]; 2]>) -> DVec3 {
    let middle = |limbs: [&[usize]; 2]| (poses.at(n, limbs[0][0]) + poses.at(n, limbs[1][0])) / 2.0;
    arms.and_then(|arms| (middle(arms) - middle(legs)).try_normalize()).unwrap_or(DVec3::Y)
}

/// Where the body faces in each sampled frame, from bent knees and elbows, feet and hands; not normalised, and what of it
/// points along the trunk means nothing.
fn forward(poses: &Poses<'_>, samples: &[usize], legs: [&[usize]; 2], arms: Option<[&[usize]; 2]>) -> Vec<DVec3> {
    let limbs = |pair: [&[usize]; 2]| pair.map(|chain| joints_of_limb(poses, samples, chain));
    let (legs, arms) = (limbs(legs), arms.map(limbs));
    samples
        .iter()
        .map(|&n| {
            let mut f = DVec3::ZERO;
            for leg in &legs {
                let [hip, knee, ankle, toe] = leg.map(|j| poses.at(n, j));
                let middle = (hip + ankle) / 2.0;
                let straight = STRAIGHT * hip.distance(ankle) / knee.distance(middle).max(1e-12);
                let weight = 2.0 * (1.0 - straight).max(HARDLY);
                f += toe - ankle + weight * (knee - middle);
            }
            for arm in arms.iter().flatten() {
                let [shoulder, elbow, wrist, _] = arm.map(|j| poses.at(n, j));
                f += 0.5 * (wrist - shoulder) + 2.0 * ((shoulder + wrist) / 2.0 - elbow);
            }
            f
        })
        .collect()
}

/// Hip, knee, ankle and toe of a leg, shoulder, elbow, wrist and tip of an arm; joints repeat where it has fewer.
pub(super) fn joints_of_limb(poses: &Poses<'_>, samples: &[usize], chain: &[usize]) -> [usize; 4] {
    let last = chain.len() - 1;
    // thigh and shank, upper and lower arm, are the two longest neighbouring bones
    let length = |i: usize| poses.distance(samples, chain[i], chain[i + 1]);
    let first = (0..last.saturating_sub(1))
        .max_by(|&i, &k| (length(i) + length(i + 1)).total_cmp(&(length(k) + length(k + 1))))
        .unwrap_or(0);
    [first, first + 1, first + 2, last].map(|i| chain[i.min(last)])
}

/// Labels both branches and pairs their joints, child by child in order of length.
pub(super) fn assign(tree: &Tree, skeleton: &mut Skeleton, left: (usize, Part), right: (usize, Part)) {
    for (first, part) in [left, right] {
        let mut stack = vec![first];
        while let Some(j) = stack.pop() {
            skeleton.parts[j] = part;
            stack.extend(&tree.children[j]);
        }
    }
    let mut stack = vec![(left.0, right.0)];
    while let Some((a, b)) = stack.pop() {
        // names may have given them other twins
        for other in [skeleton.mirror[a], skeleton.mirror[b]] {
            skeleton.mirror[other] = other;
        }
        skeleton.mirror[a] = b;
        skeleton.mirror[b] = a;
        let sorted = |j: usize| {
            let mut c = tree.children[j].clone();
            c.sort_by(|&x, &y| tree.length[y].total_cmp(&tree.length[x]));
            c
        };
        stack.extend(sorted(a).into_iter().zip(sorted(b)));
    }
}
