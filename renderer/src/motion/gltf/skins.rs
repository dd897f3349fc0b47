//! Which joints of skins belong to one skeleton.

use std::collections::HashMap;

use super::{document::Document, nodes::Nodes};

/// The joints of skeletons that skins name, as far as they are nodes.
pub(super) fn skeletons(root: &Document, nodes: &Nodes) -> Vec<Vec<usize>> {
    let known = |joints: &[usize]| joints.iter().copied().filter(|&joint| joint < nodes.len()).collect();
    let sets: Vec<Vec<usize>> = root.skins.iter().map(|skin| known(&skin.joints)).collect();
    groups(nodes, &sets)
}

/// Joints of skins that belong together.
pub(super) fn groups(nodes: &Nodes, sets: &[Vec<usize>]) -> Vec<Vec<usize>> {
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
