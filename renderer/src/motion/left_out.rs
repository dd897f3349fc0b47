//! Takes joints that are no part of a body out of what a reader read.

use super::{
    Part, Skeleton,
    measure::{self, Poses},
    raw::{Raw, copied, joints_of},
    topology,
};

/// Drops what a rig has around its body (`topology::body_of_rig`) and helper joints (`topology::helpers`), with their
/// positions, orientations and bones; what hung from helpers hangs from the nearest joint above that is kept. Their
/// names are in [`Raw::left_out`].
pub(super) fn leave_out_helpers(raw: &mut Raw) {
    let joints = raw.names.len();
    if joints == 0 || !raw.positions.len().is_multiple_of(3 * joints) {
        return;
    }
    if let Some(body) = topology::body_of_rig(&raw.names, &raw.parents).filter(|_| raw.bones.is_none()) {
        let controls = body.left_out();
        raw.parents = body.parents;
        leave_out(raw, &controls);
        raw.bodies_from = raw.bodies_from.take().or_else(|| (raw.bodies == 1).then(copied));
    }
    let mut gone = topology::helpers(&raw.names, &raw.parents);
    roots_that_are_places(raw, &mut gone);
    never_found(raw, &mut gone);
    leave_out(raw, &gone);
}

/// Drops joints that are `gone`.
fn leave_out(raw: &mut Raw, gone: &[bool]) {
    let joints = raw.names.len();
    if !gone.contains(&true) {
        return;
    }
    let kept: Vec<usize> = (0..joints).filter(|&j| !gone[j]).collect();
    let mut new_index = vec![0; joints];
    for (new, &old) in kept.iter().enumerate() {
        new_index[old] = new;
    }
    let above =
        |j: usize| std::iter::successors(Some(j), |&j| raw.parents[j]).find(|&j| !gone[j]).map(|j| new_index[j]);
    let parents = kept.iter().map(|&j| raw.parents[j].and_then(above)).collect();
    let bones = raw.bones.as_ref().map(|bones| {
        let mut drawn: Vec<[usize; 2]> = Vec::with_capacity(bones.len());
        for &[a, b] in bones {
            if let (Some(a), Some(b)) = (above(a), above(b))
                && a != b
                && !drawn.contains(&[a, b])
            {
                drawn.push([a, b]);
            }
        }
        drawn
    });
    let cut = |values: &[f32], width: usize| joints_of(values, joints, width, &kept);
    raw.positions = cut(&raw.positions, 3);
    raw.orientations = raw.orientations.as_ref().map(|o| cut(o, 4));
    raw.rest = raw.rest.as_ref().map(|r| cut(r, 3));
    (raw.parents, raw.bones) = (parents, bones);
    for (name, gone) in std::mem::take(&mut raw.names).into_iter().zip(gone) {
        if *gone { raw.left_out.push(name) } else { raw.names.push(name) }
    }
}

/// How far away a place is, where no name tells that it is one, as a share of the longest way from the body's first joint to a
/// tip.
const FAR: f64 = 0.3;
/// Ends of a whole body: a head, two hands and two feet.
const ENDS: usize = 5;

/// Marks roots that are places in the room: many programs put one on the floor, which goes where the body goes, and hang the
/// body from it. Its name says nothing of the body, and its only child is the pelvis by name, or far away and where a whole
/// body begins.
fn roots_that_are_places(raw: &Raw, gone: &mut [bool]) {
    let joints = raw.names.len();
    let order = topology::parents_first(&raw.parents);
    let mut above: Vec<Option<usize>> = vec![None; joints];
    let mut below = vec![Vec::new(); joints];
    for &j in &order {
        above[j] = raw.parents[j].and_then(|p| if gone[p] { above[p] } else { Some(p) });
        if let Some(p) = above[j].filter(|_| !gone[j]) {
            below[p].push(j);
        }
    }
    let kept: Vec<usize> = order.into_iter().filter(|&j| !gone[j]).collect();
    let mut roots = kept.iter().filter(|&&j| above[j].is_none());
    let (Some(&root), None) = (roots.next(), roots.next()) else { return };
    let tells = |j: usize| topology::names_a_part(&raw.names[j]);
    let (mut places, mut first) = (Vec::new(), root);
    while !tells(first)
        && let [only] = below[first][..]
    {
        places.push(first);
        first = only;
    }
    if places.is_empty() || kept.len() < places.len() + 3 {
        return;
    }
    if !topology::names_the_pelvis(&raw.names[first]) {
        let whole = kept.iter().filter(|&&j| below[j].is_empty()).count() >= ENDS;
        if !whole || !(tells(first) || below[first].len() > 1) {
            return;
        }
        let present = measure::present(&raw.positions, joints);
        let poses = Poses { positions: &raw.positions, present: &present, joints };
        let samples = poses.sampled();
        let mut way = vec![0.0_f64; joints];
        for &j in kept.iter().filter(|&&j| j != first && !places.contains(&j)) {
            way[j] = above[j].map_or(0.0, |p| way[p] + poses.distance(&samples, j, p));
        }
        let far = FAR * way.into_iter().fold(0.0, f64::max);
        while places.pop_if(|place| poses.distance(&samples, *place, first) <= far).is_some() {}
    }
    places.into_iter().for_each(|place| gone[place] = true);
}

/// Marks joints that nobody saw, or that are zero wherever a body is, which estimators write where they find none. A body that was moved to
/// the origin has one joint there, of the trunk or where a limb begins, which its neighbours are near to, and as near
/// as those of its twin.
fn never_found(raw: &mut Raw, gone: &mut [bool]) {
    /// Neighbours of the joint that a body was moved by are nearer, as a share of the body's largest extent.
    const NEAR: f64 = 0.4;
    /// The nearest neighbour of a root that a body was moved by is nearer.
    const AROUND: f64 = 0.6;
    /// And the shorter of two bones of twins is at least this share of the longer one.
    const TWINS: f64 = 0.75;
    // where only turns are written, joints may be anywhere
    if raw.rest.is_some() {
        return;
    }
    let joints = raw.names.len();
    let unseen: Vec<usize> = (0..joints).filter(|&j| !gone[j] && raw.unseen.get(j) == Some(&true)).collect();
    if unseen.len() < joints {
        drop_lost(raw, gone, &unseen, "");
    }
    let present = measure::present(&raw.positions, joints);
    let poses = Poses { positions: &raw.positions, present: &present, joints };
    let mut zero: Vec<bool> = gone.iter().map(|gone| !gone).collect();
    for (body, _) in raw.positions.chunks_exact(3 * joints).zip(&present).filter(|(_, there)| **there) {
        for (zero, point) in zero.iter_mut().zip(body.chunks_exact(3)) {
            *zero &= point.iter().all(|&v| v == 0.0);
        }
    }
    let count = zero.iter().filter(|z| **z).count();
    if count == 0 || 3 * count > joints {
        return;
    }
    let samples = poses.sampled();
    let size = measure::extent(&poses, &samples).into_iter().fold(0.0, f64::max);
    let skeleton = Skeleton::named(raw.names.clone(), raw.parents.clone());
    let amid_limb = |j: usize| skeleton.parts[j] != Part::Torso && skeleton.inward(j).nth(1).is_some();
    let like_twin = |j: usize, k: usize| {
        let twins = [skeleton.mirror[j], skeleton.mirror[k]];
        let [own, other] = [[j, k], twins].map(|[a, b]| poses.distance(&samples, a, b));
        own.min(other) >= TWINS * own.max(other)
    };
    let parents = &raw.parents;
    let neighbours = |j: usize| {
        let children = (0..joints).filter(move |&c| parents[c] == Some(j));
        parents[j].into_iter().chain(children).filter(|&k| !zero[k] && !gone[k])
    };
    let within = |j: usize, k: usize, share: f64| poses.distance(&samples, j, k) < share * size;
    let is_centre = |&j: &usize| {
        let mut others = neighbours(j).peekable();
        !amid_limb(j) && others.peek().is_some() && others.all(|k| within(j, k, NEAR) && like_twin(j, k))
    };
    let zeros = || (0..joints).filter(|&j| zero[j]);
    let root = |&j: &usize| raw.parents[j].is_none();
    let centre = zeros().filter(root).chain(zeros()).find(is_centre);
    // by a root with others around it a body was moved, however crooked it was seen and however few joints there are
    let held = |j: &usize| root(j) && neighbours(*j).any(|k| within(*j, k, AROUND));
    let lost: Vec<usize> = zeros().filter(|j| Some(*j) != centre && !held(j)).collect();
    drop_lost(raw, gone, &lost, ", at 0, 0, 0 in every frame");
}

/// Marks joints that have no place, says so, and hangs what a root among them carried from the largest of its parts.
fn drop_lost(raw: &mut Raw, gone: &mut [bool], lost: &[usize], place: &str) {
    if lost.is_empty() {
        return;
    }
    lost.iter().for_each(|&j| gone[j] = true);
    while let Some(&root) = lost.iter().find(|&&j| raw.parents[j].is_none()) {
        let children: Vec<usize> = (0..raw.names.len()).filter(|&c| raw.parents[c] == Some(root)).collect();
        let below = |c: usize| {
            let leads = |j: &usize| std::iter::successors(Some(*j), |&j| raw.parents[j]).any(|j| j == c);
            (0..raw.names.len()).filter(|j| !gone[*j] && leads(j)).count()
        };
        let Some(first) = children.iter().copied().filter(|&c| below(c) > 0).max_by_key(|&c| below(c)) else { break };
        children.into_iter().chain([root]).for_each(|c| raw.parents[c] = Some(first));
        raw.parents[first] = None;
    }
    let names: Vec<&str> = lost.iter().map(|&j| raw.names[j].as_str()).collect();
    raw.warnings.push(format!("never found, and left out: {}{place}", names.join(", ")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_closes_ranks() {
        let names = ["Hips", "LeftUpLeg", "LeftLegTwist", "LeftLeg", "LeftFoot", "LeftToe", "Camera"];
        let parents = [None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(0)];
        let at = |j: usize| [j as f32, 0.5, -1.0];
        let mut raw = Raw {
            names: names.map(str::to_owned).to_vec(),
            parents: parents.to_vec(),
            bones: Some(vec![[0, 6], [4, 5], [3, 4], [2, 3], [1, 2], [0, 1]]),
            bodies: 1,
            positions: (0..14).flat_map(at).collect(),
            orientations: Some((0..14).flat_map(|j| [j as f32, 0.0, 0.0, 0.0]).collect()),
            rest: Some((0..7).flat_map(at).collect()),
            ..Raw::default()
        };
        leave_out_helpers(&mut raw);
        assert_eq!(raw.names, ["Hips", "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToe"]);
        assert_eq!(raw.parents, [None, Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(raw.bones.unwrap(), [[3, 4], [2, 3], [1, 2], [0, 1]]);
        assert_eq!(raw.left_out, ["LeftLegTwist", "Camera"]);
        let kept = [0.0, 1.0, 3.0, 4.0, 5.0, 7.0, 8.0, 10.0, 11.0, 12.0];
        assert_eq!(raw.positions.iter().step_by(3).copied().collect::<Vec<_>>(), kept);
        assert_eq!(raw.orientations.unwrap().iter().step_by(4).copied().collect::<Vec<_>>(), kept);
        assert_eq!(raw.rest.unwrap().iter().step_by(3).copied().collect::<Vec<_>>(), kept[..5]);
    }
}
