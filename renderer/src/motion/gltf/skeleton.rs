//! Which nodes are joints, and of whose body.

use std::collections::{HashMap, HashSet};

use super::{
    super::{
        Part,
        alike::{Tree, bare, common},
        error::{Cause, excerpt},
        limits::{MAX_JOINTS, check_count},
        topology,
    },
    animation::Animation,
    document::Document,
    nodes::Nodes,
    skins,
};

/// Most people whose joints have names of their own.
const MAX_PEOPLE: usize = 16;
/// Joints of a limb.
const LIMB: usize = 2;
/// Joints and ends of a body whose names say nothing: a head, two hands and two feet.
const NAMELESS: (usize, usize) = (10, 5);

/// The joints of one body.
pub(super) struct Body {
    /// Nodes, parents before children.
    pub joints: Vec<usize>,
    pub names: Vec<String>,
    pub parents: Vec<Option<usize>>,
}

/// What was found: bodies of the same joints in the same order.
pub(super) struct Found {
    pub bodies: Vec<Body>,
    pub left_out: Vec<String>,
    pub warnings: Vec<String>,
}

/// Finds the bodies: skins that share joints, or that hang from each other, are one.
pub(super) fn find(root: &Document, nodes: &Nodes, animation: &Animation) -> Result<Found, Cause> {
    let mut sets: Vec<Vec<usize>> = root.skins.iter().map(|skin| skin.joints.clone()).collect();
    let mut warnings = Vec::new();
    if sets.iter().all(Vec::is_empty) {
        warnings.push("it has no skin: the nodes that its animation moves are taken for joints".to_owned());
        sets = vec![animated(root, nodes, animation)];
    }
    let reached = {
        let mut reached = vec![false; nodes.len()];
        nodes.order.iter().for_each(|&node| reached[node] = true);
        reached
    };
    if let Some(bad) = sets.iter().flatten().find(|&&joint| !reached.get(joint).copied().unwrap_or(false)) {
        return Err(Cause::Malformed(format!("joint {bad} of a skin is no node of the scene")));
    }
    let mut left_out = Vec::new();
    let groups = skins::groups(nodes, &sets);
    check_count("the number of skeletons", groups.len(), MAX_JOINTS)?;
    let bodies: Vec<Body> = groups
        .into_iter()
        .map(|joints| body(root, nodes, animation, joints, &mut left_out))
        .collect::<Result<_, _>>()?;
    let kept = people(&bodies);
    for (_, other) in bodies.iter().enumerate().filter(|(k, _)| !kept.contains(k)) {
        let name = other.names.first().map_or("", |name| name);
        let joints = other.joints.len();
        warnings.push(format!("a skeleton of {joints} joints ({}) is left out", excerpt(name.as_bytes())));
    }
    warnings.truncate(16);
    let kept: Vec<Body> =
        bodies.into_iter().enumerate().filter(|(k, _)| kept.contains(k)).map(|(_, body)| body).collect();
    if kept.first().is_none_or(|body| body.joints.len() < 2) {
        return Err(Cause::Degenerate("it has fewer than two joints, so there is nothing to draw".to_owned()));
    }
    let bodies = side_by_side(kept, &mut warnings);
    Ok(Found { bodies, left_out, warnings })
}

/// Which skeletons are people, in the order of the file: the one that is most like a person, and those with the same joints.
/// Ropes, flags and hair may have more joints than anybody.
fn people(bodies: &[Body]) -> Vec<usize> {
    let likeness = |body: &Body| {
        let labels = topology::by_names(&body.names, &body.parents);
        let limbs = Part::ALL.into_iter().filter(|&part| part != Part::Torso);
        let limbs = limbs.filter(|part| labels.parts.iter().filter(|p| *p == part).count() >= LIMB).count();
        let carries = body.parents.iter().flatten().collect::<HashSet<_>>().len();
        let branches = body.joints.len() >= NAMELESS.0 && body.joints.len() - carries >= NAMELESS.1;
        (labels.complete && limbs > 1, branches, body.joints.len())
    };
    let scored: Vec<(bool, bool, usize)> = bodies.iter().map(likeness).collect();
    // of equals the first
    let Some(main) = (0..bodies.len()).rev().max_by_key(|&k| scored[k]) else { return Vec::new() };
    let mut kept = vec![main];
    for k in (0..bodies.len()).filter(|&k| k != main) {
        let same = bodies[k].names == bodies[main].names;
        // names that say nothing may be alike by chance
        let trees = || kept.iter().map(|&k| bodies[k].tree()).chain([bodies[k].tree()]).collect::<Vec<_>>();
        let like = bodies[k].parents == bodies[main].parents || (scored[k].0 && scored[main].0);
        if same || (like && kept.len() < MAX_PEOPLE && common(&trees()).is_some()) {
            kept.push(k);
        }
    }
    kept.sort_unstable();
    kept
}

/// People on the joints that all of them have.
fn side_by_side(mut people: Vec<Body>, warnings: &mut Vec<String>) -> Vec<Body> {
    if people.iter().all(|body| body.names == people[0].names) {
        return people;
    }
    let trees: Vec<Tree<'_>> = people.iter().map(Body::tree).collect();
    let Some(common) = common(&trees) else {
        people.truncate(1);
        return people;
    };
    let own = bare(&people[0].names);
    let names: Vec<String> = common.joints[0].iter().map(|&j| own[j].clone()).collect();
    let missing = people.iter().map(|body| body.joints.len() - names.len()).max().unwrap_or(0);
    if missing > 0 {
        warnings.push(format!("{missing} joints that not all people have are left out"));
    }
    let shared = people.iter().zip(&common.joints);
    let bodies = shared.map(|(body, joints)| Body {
        joints: joints.iter().map(|&j| body.joints[j]).collect(),
        names: names.clone(),
        parents: common.parents.clone(),
    });
    bodies.collect()
}

impl Body {
    fn tree(&self) -> Tree<'_> {
        Tree { names: &self.names, parents: &self.parents }
    }
}

/// Nodes with curves and what hangs from them, apart from meshes and cameras.
fn animated(root: &Document, nodes: &Nodes, animation: &Animation) -> Vec<usize> {
    let mut carried = vec![false; nodes.len()];
    for &node in &nodes.order {
        carried[node] = animation.moves(node) || nodes.parent(node).is_some_and(|p| carried[p]);
    }
    let thing = |node: usize| root.nodes[node].is_thing() && !animation.moves(node);
    nodes.order.iter().copied().filter(|&node| carried[node] && !thing(node)).collect()
}

/// A body of these joints, in the order of the file's nodes so that like bodies compare.
fn body(
    root: &Document,
    nodes: &Nodes,
    animation: &Animation,
    mut joints: Vec<usize>,
    left_out: &mut Vec<String>,
) -> Result<Body, Cause> {
    check_count("the number of joints", joints.len(), MAX_JOINTS)?;
    let name = |node: usize| root.nodes[node].name.clone();
    let mut set = vec![false; nodes.len()];
    joints.iter().for_each(|&joint| set[joint] = true);
    let mut above = nodes.above(&set);
    let roots: Vec<usize> = joints.iter().copied().filter(|&joint| above[joint].is_none()).collect();
    if roots.len() > 1 {
        // joints that carry no skin, such as hips between legs and spine, hold the others together
        let carriers = nodes.needed(roots.iter().copied());
        let mut held = vec![0; nodes.len()];
        carriers.iter().filter_map(|&node| nodes.parent(node)).for_each(|parent| held[parent] += 1);
        let holds = |node: usize| held[node] > 1 && (animation.moves(node) || topology::names_a_part(&name(node)));
        if let Some(holder) = carriers.iter().copied().find(|&node| !set[node] && holds(node)) {
            let mut carried = vec![false; nodes.len()];
            for &node in &carriers {
                carried[node] = node == holder || nodes.parent(node).is_some_and(|p| carried[p]);
                set[node] |= carried[node];
            }
            joints = nodes.order.iter().copied().filter(|&node| set[node]).collect();
            check_count("the number of joints", joints.len(), MAX_JOINTS)?;
            above = nodes.above(&set);
        }
        // what neither hangs from a joint nor carries one is no part of a body
        let lonely = |node: usize| above[node].is_none() && !joints.iter().any(|&joint| above[joint] == Some(node));
        let (alone, rest): (Vec<usize>, Vec<usize>) = joints.iter().copied().partition(|&node| lonely(node));
        if !rest.is_empty() {
            left_out.extend(alone.into_iter().map(name));
            joints = rest;
        }
    }
    let place: HashMap<usize, usize> = joints.iter().enumerate().map(|(j, &node)| (node, j)).collect();
    let parents = joints.iter().map(|&node| above[node].and_then(|p| place.get(&p).copied())).collect();
    let names = joints
        .iter()
        .enumerate()
        .map(|(j, &node)| {
            let name: String = name(node).chars().take(256).collect();
            if name.is_empty() { format!("joint_{j}") } else { name }
        })
        .collect();
    Ok(Body { joints, names, parents })
}
