//! Body parts, left and right, and mirror twins of any skeleton: from joint names, else from its shape, limb by limb.
//!
//! Names win over geometry. A depth camera's mirrored recording has its left hand on the performer's right; whoever
//! labelled it knew which hand it was.

mod backward;
pub(super) mod fit;
mod helpers;
mod layouts;
mod names;
mod rig;
mod shape;
mod spanned;
mod unexplained;

pub(super) use backward::bends_backward;
pub(super) use helpers::helpers;
pub use layouts::Layout;
pub(super) use rig::body_of_rig;
pub(super) use shape::{limbs, sides};
pub(super) use spanned::{names_tell_limbs, spanned_by_names};
pub(super) use unexplained::explain;

use self::names::{Kind, Parsed, Side};
use super::{Part, Skeleton};

impl Layout {
    /// The layout as a skeleton, labelled by its joints' names.
    pub fn skeleton(self) -> Skeleton {
        let names = self.names().iter().map(|&n| n.to_owned()).collect();
        Skeleton { bones: self.bones(), ..Skeleton::named(names, self.parents()) }
    }
}

/// What the names of a skeleton say.
pub(super) struct Labels {
    /// `[J]`, torso where nothing else is known.
    pub parts: Vec<Part>,
    /// `[J]` mirror twins.
    pub mirror: Vec<usize>,
    /// Whether the names settle left and right; otherwise the shape has to.
    pub complete: bool,
    /// `[J]` what the names say of left and right, where the shape has to tell arms from legs.
    sides: Vec<Option<Side>>,
    /// One line on it.
    pub how: String,
}

/// Labels joints by name; joints whose name says nothing follow their neighbours in the tree.
pub(super) fn by_names(joint_names: &[String], parents: &[Option<usize>]) -> Labels {
    let parsed = names::parse(joint_names);
    let known = known_parts(&parsed, parents);
    // a word for a limb without a side matters only where no limb of its kind has one
    let unsided = |kind: Kind| (0..known.len()).any(|j| known[j].is_none() && parsed[j].kind == Some(kind));
    let sided = |is: fn(Part) -> bool| {
        let has = |left| known.iter().flatten().any(|p| is(*p) && p.is_left() == left);
        has(true) && has(false)
    };
    let open = (unsided(Kind::Arm) && !sided(Part::is_arm)) || (unsided(Kind::Leg) && !sided(Part::is_leg));
    let limbs = known.iter().flatten().filter(|&&p| p != Part::Torso).count();
    let parts: Vec<Part> = known.iter().map(|p| p.unwrap_or(Part::Torso)).collect();
    let mirror = twins(&parsed, &parts, parents);
    Labels {
        complete: limbs > 0 && !open,
        how: format!("from joint names: {limbs} of {} joints belong to limbs", parts.len()),
        parts,
        mirror,
        sides: parsed.iter().map(|name| name.side).collect(),
    }
}

/// `[J]` the part of each joint as far as names and the tree tell.
fn known_parts(parsed: &[Parsed], parents: &[Option<usize>]) -> Vec<Option<Part>> {
    let order = parents_first(parents);
    let mut known: Vec<Option<Part>> = parsed.iter().map(|name| if name.weak { None } else { part_of(name) }).collect();
    limbs_in_other_words(parsed, parents, &order, &mut known);
    let open = |j: usize| matches!(parsed[j].kind, None | Some(Kind::Arm | Kind::Leg));

    // downward: what hangs from a limb belongs to it, also its base or middle, but not what the rest of a body hangs from
    let below = limb_below(&order, parents, &known);
    for &j in &order {
        if known[j].is_none() && (open(j) || (parsed[j].weak && below[j] == Below::Nothing)) {
            known[j] =
                parents[j].and_then(|p| known[p]).filter(|&part| part != Part::Torso && agrees(&parsed[j], part));
        }
    }
    // upward: a nameless joint whose named descendants all belong to one limb begins that limb
    let below = limb_below(&order, parents, &known);
    for &j in &order {
        if known[j].is_none() && parents[j].is_some() && open(j) {
            known[j] = below[j].limb().filter(|&part| agrees(&parsed[j], part));
        }
    }
    known
}

/// Begins the pair of limbs that no word is known for, where the other pair has its words and sides are told: of branches with
/// a side and at least three joints, legs hang nearest to the root, and arms are the longest.
fn limbs_in_other_words(parsed: &[Parsed], parents: &[Option<usize>], order: &[usize], known: &mut [Option<Part>]) {
    const LIMB: usize = 3;
    let none = |kind: Kind| parsed.iter().all(|name| name.kind != Some(kind));
    let both = |is: fn(Part) -> bool| {
        let sided = |left: bool| known.iter().flatten().any(|&p| is(p) && p.is_left() == left);
        sided(true) && sided(false)
    };
    let legs = none(Kind::Leg) && both(Part::is_arm);
    let arms = none(Kind::Arm) && both(Part::is_leg);
    if !legs && !arms {
        return;
    }
    let side = |j: usize| parsed[j].side.filter(|_| parsed[j].kind.is_none() && parsed[j].aid.is_none());
    let above = |j: usize| parents[j].filter(|&p| side(p).is_some() && side(p) == side(j));
    let mut length = vec![1; parsed.len()];
    let mut depth = vec![0; parsed.len()];
    for &j in order {
        depth[j] = parents[j].map_or(0, |p| depth[p] + 1);
    }
    for &j in order.iter().rev() {
        if let Some(p) = above(j) {
            length[p] = length[p].max(length[j] + 1);
        }
    }
    let begins = |j: usize, of: Side| side(j) == Some(of) && above(j).is_none() && length[j] >= LIMB;
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for left in (0..parsed.len()).filter(|&j| begins(j, Side::Left)) {
        let twin = (0..parsed.len()).find(|&j| begins(j, Side::Right) && parsed[j].rest == parsed[left].rest);
        pairs.extend(twin.map(|right| (left, right)));
    }
    let short = |j: usize| usize::MAX - length[j];
    let best = pairs.into_iter().min_by_key(|&(j, _)| if legs { (depth[j], short(j)) } else { (short(j), depth[j]) });
    if let Some((left, right)) = best {
        known[left] = Some(if legs { Part::LeftLeg } else { Part::LeftArm });
        known[right] = Some(if legs { Part::RightLeg } else { Part::RightArm });
    }
}

/// The tree of a body that hangs from a limb, as of one whose foot is its origin, hung up at the trunk instead. `None` where
/// it hangs there already, and where there are several trees.
pub(super) fn hung_at_the_trunk(parts: &[Part], parents: &[Option<usize>]) -> Option<Vec<Option<usize>>> {
    let mut roots = (0..parents.len()).filter(|&j| parents[j].is_none());
    let (Some(root), None) = (roots.next(), roots.next()) else { return None };
    if parts[root] == Part::Torso {
        return None;
    }
    let trunk = parents_first(parents).into_iter().find(|&j| parts[j] == Part::Torso)?;
    let mut turned = parents.to_vec();
    let (mut below, mut joint) = (None, Some(trunk));
    while let Some(at) = joint {
        turned[at] = below;
        (below, joint) = (Some(at), parents[at]);
    }
    Some(turned)
}

/// Whether limbs are those of an animal: two pairs of legs, and no arms.
pub(super) fn walks_on_four(skeleton: &Skeleton) -> bool {
    let legs = |part: Part| {
        let begins = |&j: &usize| skeleton.parents[j].is_none_or(|p| skeleton.parts[p] != part);
        let ends = |first: usize| skeleton.joints_of(part).any(|j| skeleton.inward(j).skip(2).last() == Some(first));
        skeleton.joints_of(part).filter(begins).filter(|&first| ends(first)).count()
    };
    !skeleton.parts.iter().any(|part| part.is_arm()) && legs(Part::LeftLeg) > 1 && legs(Part::RightLeg) > 1
}

/// The joint that all others hang from: the first without a parent.
pub(super) fn root(parents: &[Option<usize>]) -> usize {
    parents.iter().position(Option::is_none).unwrap_or(0)
}

/// Whether a name is that of the pelvis, which the rest of a body hangs from.
pub(super) fn names_the_pelvis(name: &str) -> bool {
    names::parse_one(name).pelvis
}

/// Whether joints are called as those of MikuMikuDance's models are.
pub(super) fn is_of_mikumikudance(names: &[String]) -> bool {
    ["センター", "上半身", "下半身"].into_iter().all(|part| names.iter().any(|name| name.contains(part)))
}

/// Whether a name is that of the head, or of something on it.
pub(super) fn names_the_head(name: &str) -> bool {
    names::parse_one(name).head
}

/// Whether a name says which part of the body a joint is, rather than `root` or `joint7`.
pub(super) fn names_a_part(name: &str) -> bool {
    names::parse_one(name).telling
}

fn part_of(name: &Parsed) -> Option<Part> {
    match (name.kind?, name.side) {
        (Kind::Torso, _) => Some(Part::Torso),
        (Kind::Arm, Some(Side::Left)) => Some(Part::LeftArm),
        (Kind::Arm, Some(Side::Right)) => Some(Part::RightArm),
        (Kind::Leg, Some(Side::Left)) => Some(Part::LeftLeg),
        (Kind::Leg, Some(Side::Right)) => Some(Part::RightLeg),
        (Kind::Arm | Kind::Leg, None) => None,
    }
}

/// Whether a part is compatible with what little the name says.
fn agrees(name: &Parsed, part: Part) -> bool {
    let kind = match name.kind {
        Some(Kind::Arm) => part.is_arm(),
        Some(Kind::Leg) => part.is_leg(),
        _ => true,
    };
    let side = match name.side {
        Some(Side::Left) => part.is_left(),
        Some(Side::Right) => !part.is_left(),
        None => true,
    };
    kind && side
}

/// Joints in an order in which every parent comes before its children.
pub(super) fn parents_first(parents: &[Option<usize>]) -> Vec<usize> {
    let mut children = vec![Vec::new(); parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    for (j, parent) in parents.iter().enumerate() {
        match parent {
            Some(p) => children[*p].push(j),
            None => order.push(j),
        }
    }
    let mut at = 0;
    while at < order.len() {
        let next = std::mem::take(&mut children[order[at]]);
        order.extend(next);
        at += 1;
    }
    order
}

/// `[J]` the joints that hang from each.
pub(super) fn children(parents: &[Option<usize>]) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); parents.len()];
    for (j, parent) in parents.iter().enumerate() {
        if let Some(p) = parent {
            children[*p].push(j);
        }
    }
    children
}

/// Bones from parent to child, in the joints' order.
pub(super) fn tree_bones(parents: &[Option<usize>]) -> Vec<[usize; 2]> {
    let bones = parents.iter().enumerate();
    bones.filter_map(|(j, p)| p.map(|p| [p, j])).collect()
}

/// The tree that bones span from a joint, nearest joints first; bones that would close a ring are left out, and joints that
/// no bone reaches have no parent.
pub(crate) fn tree_along(joints: usize, bones: &[[usize; 2]], root: usize) -> Vec<Option<usize>> {
    let mut parents = vec![None; joints];
    let mut queue = std::collections::VecDeque::from([root]);
    while let Some(a) = queue.pop_front() {
        for bone in bones.iter().filter(|bone| bone.contains(&a)) {
            let b = if bone[0] == a { bone[1] } else { bone[0] };
            if b != root && parents[b].is_none() {
                parents[b] = Some(a);
                queue.push_back(b);
            }
        }
    }
    parents
}

/// What the labelled joints that hang from a joint belong to.
#[derive(Clone, Copy, PartialEq)]
enum Below {
    Nothing,
    One(Part),
    Mixed,
}

impl Below {
    /// The limb that they all share.
    fn limb(self) -> Option<Part> {
        match self {
            Self::One(part) if part != Part::Torso => Some(part),
            _ => None,
        }
    }
}

/// `[J]`.
fn limb_below(order: &[usize], parents: &[Option<usize>], known: &[Option<Part>]) -> Vec<Below> {
    let mut below = vec![Below::Nothing; parents.len()];
    for &j in order.iter().rev() {
        let here = known[j].map_or(below[j], Below::One);
        if let Some(p) = parents[j] {
            below[p] = match (below[p], here) {
                (a, Below::Nothing) => a,
                (Below::Nothing, b) => b,
                (a, b) if a == b => a,
                _ => Below::Mixed,
            };
        }
    }
    below
}

/// Pairs left joints with right ones: by name, and for nameless joints by their place below a paired parent.
fn twins(parsed: &[Parsed], parts: &[Part], parents: &[Option<usize>]) -> Vec<usize> {
    let mut mirror: Vec<usize> = (0..parts.len()).collect();
    let mut waiting: std::collections::HashMap<(&str, Part), Vec<usize>> = std::collections::HashMap::new();
    for (j, name) in parsed.iter().enumerate() {
        if name.side == Some(Side::Right) {
            let key = (name.rest.as_str(), parts[j]);
            waiting.entry(key).or_default().push(j);
        }
    }
    for list in waiting.values_mut() {
        list.reverse(); // so that `pop` takes them in the file's order
    }
    for (j, name) in parsed.iter().enumerate() {
        if name.side == Some(Side::Left) {
            let key = (name.rest.as_str(), parts[j].mirrored());
            if let Some(twin) = waiting.get_mut(&key).and_then(Vec::pop) {
                mirror[j] = twin;
                mirror[twin] = j;
            }
        }
    }
    let children = children(parents);
    for j in parents_first(parents) {
        let twin = mirror[j];
        if twin <= j {
            continue;
        }
        for (&a, &b) in children[j].iter().zip(&children[twin]) {
            let free = mirror[a] == a && mirror[b] == b && a != b;
            if free && parts[a] != Part::Torso && parts[a] == parts[b].mirrored() {
                mirror[a] = b;
                mirror[b] = a;
            }
        }
    }
    mirror
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(joints: &[(&str, Option<usize>)]) -> Labels {
        let names: Vec<String> = joints.iter().map(|j| j.0.to_owned()).collect();
        let parents: Vec<Option<usize>> = joints.iter().map(|j| j.1).collect();
        by_names(&names, &parents)
    }

    #[test]
    fn every_layout_has_four_limbs_and_symmetric_twins() {
        for layout in Layout::ALL {
            let names: Vec<String> = layout.names().iter().map(|&n| n.to_owned()).collect();
            let labels = by_names(&names, &layout.parents());
            assert!(labels.complete, "{layout:?}");
            for (j, &twin) in labels.mirror.iter().enumerate() {
                assert_eq!(labels.mirror[twin], j);
                assert_eq!(labels.parts[twin], labels.parts[j].mirrored());
            }
            for part in Part::ALL {
                let n = |p: Part| labels.parts.iter().filter(|&&x| x == p).count();
                // below fifteen joints there is only a head, or head and neck
                let least = if part == Part::Torso && names.len() < 15 { names.len() - 12 } else { 3 };
                assert!(n(part) >= least, "{layout:?} {part:?}");
                assert_eq!(n(part), n(part.mirrored()));
            }
        }
    }

    #[test]
    fn nameless_joints_follow_their_limb() {
        let labels = label(&[
            ("Hips", None),
            ("TLH", Some(0)),
            ("LEFT_HIP", Some(1)),
            ("x", Some(2)),
            ("knee", Some(3)),
            ("TRH", Some(0)),
            ("RIGHT_HIP", Some(5)),
            ("y", Some(6)),
            ("Chest", Some(0)),
        ]);
        use Part::{LeftLeg as L, RightLeg as R, Torso as T};
        assert_eq!(labels.parts, [T, L, L, L, L, R, R, R, T]);
        assert_eq!(labels.mirror[2], 6);
        assert_eq!(labels.mirror[3], 7);
        assert_eq!(labels.mirror[8], 8);
        assert!(labels.complete);
    }

    #[test]
    fn one_limb_without_a_side_leaves_those_of_all_others() {
        let labels = label(&[
            ("Hips", None),
            ("Footsteps", Some(0)),
            ("LeftUpLeg", Some(0)),
            ("LeftLeg", Some(2)),
            ("RightUpLeg", Some(0)),
            ("RightLeg", Some(4)),
            ("hand_gun", Some(0)),
            ("LeftHand", Some(0)),
            ("RightHand", Some(0)),
        ]);
        use Part::{LeftArm, LeftLeg as L, RightArm, RightLeg as R, Torso as T};
        assert_eq!(labels.parts, [T, T, L, L, R, R, T, LeftArm, RightArm]);
        assert!(labels.complete);
    }

    #[test]
    fn limbs_without_sides_are_left_to_the_shape() {
        // sides of arms say nothing of legs
        let legs = [("Hips", None), ("Leg", Some(0)), ("Leg.001", Some(0)), ("Arm.L", Some(0)), ("Arm.R", Some(0))];
        assert!(!label(&legs).complete);
        assert!(!label(&[("Hips", None), ("Arm1", Some(0)), ("Arm2", Some(0))]).complete);
        assert!(!label(&[("a", None), ("b", Some(0)), ("c", Some(1))]).complete);
    }
}
