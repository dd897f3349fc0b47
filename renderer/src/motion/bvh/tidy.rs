//! From the nodes of a file to the joints of a body.
//!
//! * **Joints that never leave their parent** (helpers such as CMU's `LHipJoint`, end sites of length zero) merge into it, so
//!   that no bone has zero length and the bones run through.
//! * **Helpers** (targets, controls, weapons, joints that only twist; `topology::helpers`) go.
//! * **End sites** with a visible bone become joints named `<parent>_end`.
//! * **A root that is a place rather than a joint** goes: many exporters put a `Reference` on the floor or at the origin and
//!   hang the hips from it. Drawn, it would be a long bone that stretches. It is told by having a single child that has
//!   position channels and is not rigidly attached: their distance changes by more than 1 % of the body's size, or the root
//!   never moves at all. A root that is named for a part of the body goes only when the distance changes by a quarter.

use glam::{DVec3, Vec3};

use super::{
    super::{error::Cause, measure::median, topology},
    Channel, Failure, Node,
    kinematics::Posed,
    rest_places,
};

/// Bones below this share of the body's size are invisible: under two millimetres of a person.
const INVISIBLE: f64 = 1e-3;
/// Bones above this share of the usual one are visible, however small they are beside the body.
const USUAL: f64 = 0.3;

/// A body in file units.
pub(super) struct Body {
    pub names: Vec<String>,
    pub parents: Vec<Option<usize>>,
    /// `[T, J, 3]`.
    pub positions: Vec<f32>,
    /// `[T, J, 4]`.
    pub orientations: Vec<f32>,
    /// `[J, 3]` where OFFSETs alone put the joints, before anything turns.
    pub rest: Vec<f32>,
    /// Names of the helpers that are gone.
    pub left_out: Vec<String>,
}

/// Drops what is not drawn.
pub(super) fn tidy(nodes: &[Node], posed: Posed) -> Result<Body, Failure> {
    let count = nodes.len();
    let frames = posed.positions.len() / (3 * count);
    let at = |t: usize, j: usize| Vec3::from_slice(&posed.positions[(t * count + j) * 3..]).as_dvec3();
    let all_names: Vec<String> = nodes.iter().map(|n| n.name.clone()).collect();
    let all_parents: Vec<Option<usize>> = nodes.iter().map(|n| n.parent).collect();
    let helpers = topology::helpers(&all_names, &all_parents);
    // past helpers
    let mut parent = all_parents;
    for j in 0..count {
        parent[j] = parent[j].and_then(|p| if helpers[p] { parent[p] } else { Some(p) });
    }
    // longest each bone ever is
    let step = frames.div_ceil(512).max(1);
    let longest: Vec<f64> = (0..count)
        .map(|j| match parent[j] {
            Some(p) => (0..frames).step_by(step).map(|t| at(t, j).distance(at(t, p))).fold(0.0, f64::max),
            None => 0.0,
        })
        .collect();
    // a root that is a place stands far away from the body, so the size comes from rigid bones: the longest way to a tip
    let mut way: Vec<f64> = vec![0.0; count];
    for j in 0..count {
        if let Some(p) = parent[j] {
            let placed = parent[p].is_none() && has_position(&nodes[j]);
            way[j] = way[p] + if placed || helpers[j] { 0.0 } else { longest[j] };
        }
    }
    let size = way.iter().copied().fold(0.0, f64::max);
    // of a chain of a thousand joints no bone is a share of its length worth mentioning
    let usual = median(longest.iter().copied().filter(|&length| length > 0.0).collect());
    let invisible = (INVISIBLE * size).min(USUAL * usual);

    // who stands for whom: kept nodes for themselves, merged ones for an ancestor
    let mut stands_for: Vec<usize> = (0..count).collect();
    let mut twin_name: Vec<Option<usize>> = vec![None; count];
    let mut kept = vec![true; count];
    for j in 0..count {
        if helpers[j] {
            kept[j] = false;
            stands_for[j] = parent[j].map_or(j, |p| stands_for[p]);
            continue;
        }
        let Some(p) = parent[j] else { continue };
        if longest[j] <= invisible {
            kept[j] = false;
            stands_for[j] = stands_for[p];
            // a helper with one child lends it its place, and takes its name and orientation
            let only = (0..count).filter(|&c| parent[c] == Some(p) && !helpers[c]).count() == 1;
            let says = |n: usize| topology::names_a_part(&nodes[n].name);
            if only && !nodes[j].end_site && says(j) && !says(p) {
                twin_name[stands_for[p]] = Some(j);
            }
        }
    }
    drop_reference_roots(nodes, &mut kept, &stands_for, size, |t, j| at(t * step, j), frames.div_ceil(step));

    let index: Vec<usize> = (0..count).filter(|&j| kept[j]).collect();
    if index.len() < 2 {
        let cause = if count < 2 {
            "the skeleton has a single joint, so there is nothing to draw"
        } else {
            "all joints are at one point: no bone has a length"
        };
        return Err((None, Cause::Degenerate(cause.to_owned())));
    }
    let mut new_index = vec![None; count];
    for (new, &old) in index.iter().enumerate() {
        new_index[old] = Some(new);
    }
    let parents = index.iter().map(|&j| parent[j].and_then(|p| new_index[stands_for[p]])).collect();
    let names = index.iter().map(|&j| nodes[twin_name[j].unwrap_or(j)].name.clone()).collect();
    let mut positions = Vec::with_capacity(frames * index.len() * 3);
    let mut orientations = Vec::with_capacity(frames * index.len() * 4);
    for t in 0..frames {
        for &j in &index {
            positions.extend_from_slice(&posed.positions[(t * count + j) * 3..][..3]);
            let turns = twin_name[j].unwrap_or(j);
            orientations.extend_from_slice(&posed.orientations[(t * count + turns) * 4..][..4]);
        }
    }
    let rest = rest_places(nodes);
    let rest = index.iter().flat_map(|&j| rest[j].as_vec3().to_array()).collect();
    let left_out = all_names.into_iter().zip(nodes).zip(helpers);
    let left_out = left_out.filter_map(|((name, node), helper)| (helper && !node.end_site).then_some(name)).collect();
    Ok(Body { names, parents, positions, orientations, rest, left_out })
}

fn has_position(node: &Node) -> bool {
    node.channels.iter().any(|c| matches!(c, Channel::Position(_)))
}

/// Drops roots that are places (see the module's text), one after the other.
fn drop_reference_roots(
    nodes: &[Node],
    kept: &mut [bool],
    stands_for: &[usize],
    size: f64,
    at: impl Fn(usize, usize) -> DVec3,
    samples: usize,
) {
    loop {
        let alive = |j: &usize| kept[*j];
        let mut roots = (0..kept.len()).filter(alive).filter(|&j| nodes[j].parent.is_none_or(|p| !kept[stands_for[p]]));
        let (Some(root), None) = (roots.next(), roots.next()) else {
            return;
        };
        let hangs = |&j: &usize| j != root && nodes[j].parent.is_some_and(|p| stands_for[p] == root);
        let mut children = (0..kept.len()).filter(alive).filter(hangs);
        let (Some(child), None) = (children.next(), children.next()) else {
            return;
        };
        // the child itself must hold the rest of the body
        let carries = (0..kept.len()).filter(alive).count() > 2;
        if !carries || !has_position(&nodes[child]) {
            return;
        }
        let spread = |points: Vec<DVec3>| points.iter().map(|p| p.distance(points[0])).fold(0.0, f64::max);
        let apart: Vec<f64> = (0..samples).map(|t| at(t, child).distance(at(t, root))).collect();
        let stretch = apart.iter().copied().fold(0.0, f64::max) - apart.iter().copied().fold(f64::INFINITY, f64::min);
        let still = spread((0..samples).map(|t| at(t, root)).collect()) <= 1e-9 * size;
        let named = topology::names_a_part(&nodes[root].name);
        if !(stretch > 0.25 * size || (!named && (stretch > 0.01 * size || still))) {
            return;
        }
        kept[root] = false;
    }
}
