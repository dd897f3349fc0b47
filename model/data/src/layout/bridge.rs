//! Which bones a skeleton has when some of its joints are gone.

use draction::motion::Skeleton;

/// Joints that stand for everything below a joint: one, or a left and a right one.
type Tops = Vec<usize>;

/// Bones between the joints in `keep`, in the numbering of `skeleton`.
///
/// A bone that led to a joint that is gone leads on to what hung from it. A joint that held several and is gone leaves
/// them joined to each other: left to right (shoulder to shoulder), pair to pair on each side (shoulder to hip), and a
/// single one (the head) to both of a pair.
pub(super) fn bones(skeleton: &Skeleton, keep: &[usize]) -> Vec<[usize; 2]> {
    let neighbours = neighbours(skeleton);
    let mut seen = vec![false; skeleton.joints()];
    let mut bones = Vec::new();
    for root in 0..skeleton.joints() {
        if skeleton.parents[root].is_none() && !seen[root] {
            below(root, &mut seen, &neighbours, skeleton, keep, &mut bones);
        }
    }
    // what no root reaches hangs together by bones alone
    for joint in 0..skeleton.joints() {
        if !seen[joint] {
            below(joint, &mut seen, &neighbours, skeleton, keep, &mut bones);
        }
    }
    bones
}

/// What stands for `joint` and everything below it, after joining what is below.
fn below(
    joint: usize,
    seen: &mut [bool],
    neighbours: &[Vec<usize>],
    skeleton: &Skeleton,
    keep: &[usize],
    bones: &mut Vec<[usize; 2]>,
) -> Tops {
    // not recursive: a file may be a chain of a thousand joints
    let mut order = vec![(joint, None)];
    seen[joint] = true;
    let mut at = 0;
    while at < order.len() {
        let (here, _) = order[at];
        for &next in &neighbours[here] {
            if !seen[next] {
                seen[next] = true;
                order.push((next, Some(at)));
            }
        }
        at += 1;
    }
    let mut groups: Vec<Vec<Tops>> = vec![Vec::new(); order.len()];
    let mut tops = Tops::new();
    for at in (0..order.len()).rev() {
        let (here, above) = order[at];
        let hanging = std::mem::take(&mut groups[at]);
        let here = match keep.contains(&here) {
            true => {
                bones.extend(hanging.iter().flatten().map(|&top| [here, top]));
                vec![here]
            }
            false => joined(hanging, skeleton, bones),
        };
        match above {
            Some(above) if !here.is_empty() => groups[above].push(here),
            Some(_) => {}
            None => tops = here,
        }
    }
    tops
}

/// Joins what hung from one joint; the widest of it stands for all.
fn joined(mut groups: Vec<Tops>, skeleton: &Skeleton, bones: &mut Vec<[usize; 2]>) -> Tops {
    // left and right become a pair
    let mut i = 0;
    while i < groups.len() {
        let twin = |g: &Tops| g.len() == 1 && groups[i].len() == 1 && g[0] == skeleton.mirror[groups[i][0]];
        if let Some(j) = (i + 1..groups.len()).find(|&j| twin(&groups[j])) {
            let other = groups.remove(j)[0];
            bones.push([groups[i][0], other]);
            groups[i].push(other);
        }
        i += 1;
    }
    groups.sort_by_key(|g| std::cmp::Reverse(g.len()));
    let mut groups = groups.into_iter();
    let Some(first) = groups.next() else { return Tops::new() };
    for group in groups {
        for &a in &first {
            for &b in &group {
                let across =
                    first.len() > 1 && group.len() > 1 && skeleton.parts[a].is_left() != skeleton.parts[b].is_left();
                if !across {
                    bones.push([a, b]);
                }
            }
        }
    }
    first
}

/// The joints that bones lead to, for each joint.
fn neighbours(skeleton: &Skeleton) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); skeleton.joints()];
    for &[a, b] in &skeleton.bones {
        all[a].push(b);
        all[b].push(a);
    }
    all
}
