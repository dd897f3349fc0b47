//! From angles to places: forward kinematics over the whole file.

use glam::{DQuat, DVec3};

use super::{
    super::{
        quaternion::{about, nearer_sign, normalized, rotate, scalar_first},
        raw::joints_of,
    },
    Channel, File,
    displacement::Meaning,
};

/// All nodes of all frames, in file units.
pub(super) struct Posed {
    /// `[T, N, 3]`.
    pub positions: Vec<f32>,
    /// `[T, N, 4]` global, scalar first.
    pub orientations: Vec<f32>,
}

impl Posed {
    /// Only these of `nodes` nodes.
    pub(super) fn cut(&self, nodes: usize, keep: &[usize]) -> Self {
        Self {
            positions: joints_of(&self.positions, nodes, 3, keep),
            orientations: joints_of(&self.orientations, nodes, 4, keep),
        }
    }
}

/// Poses every frame: `R = R_parent · R₁·R₂·…` in channel order and `p = p_parent + R_parent · t`, where `t` is the offset
/// with position channels in its place, or added to it, or `p` is what they say, as their `meanings` are. Rotations listed
/// before positions do not turn them.
pub(super) fn pose(file: &File, meanings: &[Meaning]) -> Posed {
    let joints = file.nodes.len();
    let frames = file.frames;
    let mut positions = Vec::with_capacity(frames * joints * 3);
    let mut orientations: Vec<f32> = Vec::with_capacity(frames * joints * 4);
    let mut global: Vec<(DQuat, DVec3)> = vec![(DQuat::IDENTITY, DVec3::ZERO); joints];
    for row in file.values.chunks_exact(file.channels()) {
        let mut row = row.iter();
        for (j, node) in file.nodes.iter().enumerate() {
            let mut local = DQuat::IDENTITY;
            let mut shift = node.offset;
            for channel in &node.channels {
                let value = f64::from(*row.next().unwrap_or(&0.0));
                match *channel {
                    Channel::Position(axis) if meanings[j] == Meaning::Displacement => shift[axis] += value,
                    Channel::Position(axis) => shift[axis] = value,
                    Channel::Rotation(axis) => local *= about(axis, value.to_radians()),
                }
            }
            let (parent_q, parent_p) = match node.parent {
                Some(p) => global[p],
                None => (DQuat::IDENTITY, DVec3::ZERO),
            };
            let p = match meanings[j] {
                Meaning::World => shift,
                _ => parent_p + rotate(parent_q, shift),
            };
            let q = normalized(parent_q * local);
            // without jumps of sign from frame to frame
            let q = nearer_sign(q, global[j].0);
            global[j] = (q, p);
            positions.extend(p.as_vec3().to_array());
            orientations.extend(scalar_first(q));
        }
    }
    Posed { positions, orientations }
}
