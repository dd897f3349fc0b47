//! Which nodes are joints, and of whose body.

use std::collections::HashMap;

use super::{
    super::{
        error::{Cause, excerpt},
        limits::{MAX_JOINTS, check_count},
        topology,
    },
    animation::Animation,
    document::Document,
    nodes::Nodes,
};

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
    let groups = groups(nodes, sets);
    check_count("the number of skeletons", groups.len(), MAX_JOINTS)?;
    let mut bodies: Vec<Body> = groups
        .into_iter()
        .map(|joints| body(root, nodes, animation, joints, &mut left_out))
        .collect::<Result<_, _>>()?;
    // the largest one, and those like it in the order of the file
    let largest = bodies.iter().map(|body| body.joints.len()).max().unwrap_or(0);
    let mut kept: Vec<Body> = Vec::new();
    for other in bodies.drain(..) {
        let like = kept.first().map_or(other.joints.len() == largest, |first| first.names == other.names);
        if like {
            kept.push(other);
        } else {
            let name = other.names.first().map_or("", |name| name);
            warnings.push(format!(
                "a skeleton of {} joints ({}) is left out",
                other.joints.len(),
                excerpt(name.as_bytes())
            ));
        }
    }
    warnings.truncate(16);
    if kept.is_empty() || largest < 2 {
        return Err(Cause::Degenerate("it has fewer than two joints, so there is nothing to draw".to_owned()));
    }
    Ok(Found { bodies: kept, left_out, warnings })
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

/// Joints of skins that belong together.
fn groups(nodes: &Nodes, sets: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let mut is_joint = vec![false; nodes.len()];
    sets.iter().flatten().for_each(|&joint| is_joint[joint] = true);
    // which skin stands for a joint's group; skins are led to the first of their group
    let mut leader: Vec<usize> = (0..sets.len()).collect();
    fn lead(leader: &mut [usize], mut set: usize) -> usize {
        while leader[set] != set {
            leader[set] = leader[leader[set]];
            set = leader[set];
        }
        set
    }
    let mut owner: HashMap<usize, usize> = HashMap::new();
    for (k, set) in sets.iter().enumerate() {
        for &joint in set {
            let other = *owner.entry(joint).or_insert(k);
            let (a, b) = (lead(&mut leader, other), lead(&mut leader, k));
            leader[a.max(b)] = a.min(b);
        }
    }
    let above = nodes.above(&is_joint);
    for &node in nodes.order.iter().filter(|&&node| is_joint[node]) {
        if let Some(above) = above[node] {
            let (a, b) = (lead(&mut leader, owner[&node]), lead(&mut leader, owner[&above]));
            leader[a.max(b)] = a.min(b);
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); sets.len()];
    for &node in nodes.order.iter().filter(|&&node| is_joint[node]) {
        let group = lead(&mut leader, owner[&node]);
        groups[group].push(node);
    }
    groups.retain(|group| !group.is_empty());
    groups
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
