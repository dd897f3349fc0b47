//! What animators put around a body, taken from the nodes of a file before its people are told apart.

use glam::DVec3;

use super::{super::topology, Node, cut, kinematics::Posed, rest_places};

/// Leaves the body of a rig that has its own bones for it (`topology::body_of_rig`), and returns the names of what is
/// gone. Other files stay as they are.
pub(super) fn without_controls(nodes: &mut Vec<Node>, posed: Posed) -> (Posed, Vec<String>) {
    let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
    let parents: Vec<Option<usize>> = nodes.iter().map(|node| node.parent).collect();
    let Some(body) = topology::body_of_rig(&names, &parents) else { return (posed, Vec::new()) };
    let left_out = nodes.iter().zip(body.left_out()).filter(|(node, gone)| *gone && !node.end_site);
    let left_out = left_out.map(|(node, _)| node.name.clone()).collect();
    // seen from what they hang from now
    let rest = rest_places(nodes);
    for (n, node) in nodes.iter_mut().enumerate() {
        node.parent = body.parents[n];
        node.offset = rest[n] - node.parent.map_or(DVec3::ZERO, |p| rest[p]);
    }
    let posed = posed.cut(nodes.len(), &body.joints);
    *nodes = cut(nodes, &body.joints);
    (posed, left_out)
}
