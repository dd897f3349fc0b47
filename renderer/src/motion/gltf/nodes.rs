//! The tree of nodes, and where each is against its parent.

use glam::{DMat4, DQuat, DVec3};

use super::{
    super::{quaternion::normalized, topology},
    document::Document,
};

/// What an animation makes of a node at a time; `None` leaves it as the file has it.
#[derive(Clone, Copy, Default)]
pub(super) struct Pose {
    pub translation: Option<DVec3>,
    pub rotation: Option<DQuat>,
    pub scale: Option<DVec3>,
}

/// A node's place in the world: where its origin is, and how far it is turned, apart from any scale.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    pub matrix: DMat4,
    pub turn: DQuat,
}

/// The tree of nodes.
pub(super) struct Nodes {
    parents: Vec<Option<usize>>,
    /// Parents before children; nodes of a ring are not in it.
    pub order: Vec<usize>,
}

impl Nodes {
    pub(super) fn new(root: &Document) -> Self {
        let mut parents = vec![None; root.nodes.len()];
        for (parent, node) in root.nodes.iter().enumerate() {
            for &child in &node.children {
                if child < parents.len() && parents[child].is_none() && child != parent {
                    parents[child] = Some(parent);
                }
            }
        }
        let order = topology::parents_first(&parents);
        Self { parents, order }
    }

    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    pub(super) fn parent(&self, node: usize) -> Option<usize> {
        self.parents[node]
    }

    /// These nodes and all above them, parents first.
    pub(super) fn needed(&self, nodes: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut needed = vec![false; self.len()];
        for mut node in nodes {
            while !std::mem::replace(&mut needed[node], true) {
                let Some(parent) = self.parents[node] else { break };
                node = parent;
            }
        }
        self.order.iter().copied().filter(|&node| needed[node]).collect()
    }

    /// For every node the nearest one above it that is in the set.
    pub(super) fn above(&self, set: &[bool]) -> Vec<Option<usize>> {
        let mut above = vec![None; self.len()];
        for &node in &self.order {
            above[node] = self.parents[node].and_then(|p| if set[p] { Some(p) } else { above[p] });
        }
        above
    }

    /// A node against its parent.
    pub(super) fn local(&self, root: &Document, node: usize, pose: Pose) -> Placed {
        let node = &root.nodes[node];
        if let Some(matrix) = node.matrix {
            let matrix = DMat4::from_cols_array(&matrix.map(f64::from));
            let (_, turn, _) = matrix.to_scale_rotation_translation();
            return Placed { matrix, turn: normalized(turn) };
        }
        let vector = |stated: Option<[f32; 3]>, rest: DVec3| stated.map_or(rest, |v| DVec3::from(v.map(f64::from)));
        let scale = pose.scale.unwrap_or_else(|| vector(node.scale, DVec3::ONE));
        let place = pose.translation.unwrap_or_else(|| vector(node.translation, DVec3::ZERO));
        let stated = node.rotation.map_or(DQuat::IDENTITY, |q| DQuat::from_array(q.map(f64::from)));
        let turn = normalized(pose.rotation.unwrap_or(stated));
        Placed { matrix: DMat4::from_scale_rotation_translation(scale, turn, place), turn }
    }
}
