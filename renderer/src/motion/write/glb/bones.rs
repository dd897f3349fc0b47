//! A mesh of bones: slim double pyramids from joint to joint.

use glam::{DVec3, Mat4};
use serde_json::{Value, json};

use super::{super::rig::Rig, buffer::Buffer};

/// Where along a bone it is thickest, and how thick, as shares of its length.
const WAIST: f64 = 0.15;
const THICKNESS: f64 = 0.07;

/// A body at rest, its lowest joint on the floor.
pub(super) struct Bones<'r> {
    rig: &'r Rig<'r>,
    /// `[J]` in the world.
    places: Vec<DVec3>,
}

impl<'r> Bones<'r> {
    pub(super) fn at_rest(rig: &'r Rig<'r>) -> Self {
        let mut places = vec![DVec3::ZERO; rig.offsets.len()];
        for &j in rig.order() {
            if let Some(p) = rig.parent(j) {
                places[j] = places[p] + rig.offsets[j];
            }
        }
        let lowest = rig.order().iter().map(|&j| places[j].y).fold(0.0, f64::min);
        places.iter_mut().for_each(|place| place.y -= lowest);
        Self { rig, places }
    }

    /// Where a joint is, in metres.
    pub(super) fn place(&self, j: usize) -> DVec3 {
        self.places[j]
    }

    /// `[J]` in the rig's order: matrices that take a point of the world at rest to the axes of a joint.
    pub(super) fn world_to_joints(&self) -> Vec<[f32; 16]> {
        let matrix = |&j: &usize| Mat4::from_translation(-self.places[j].as_vec3()).to_cols_array();
        self.rig.order().iter().map(matrix).collect()
    }

    /// A double pyramid a bone: its tip follows the joint below, everything else the joint above, so that a bone that
    /// changes its length still ends at its joints.
    pub(super) fn mesh(&self, buffer: &mut Buffer) -> Value {
        let mut number = vec![0u16; self.places.len()];
        for (i, &j) in self.rig.order().iter().enumerate() {
            number[j] = i as u16;
        }
        let (mut points, mut joints, mut triangles) = (Vec::new(), Vec::new(), Vec::new());
        for &j in self.rig.order() {
            let Some(p) = self.rig.parent(j) else { continue };
            let (from, along) = (self.places[p], self.rig.offsets[j]);
            let across = along.try_normalize().unwrap_or(DVec3::Y).any_orthonormal_vector();
            let other = along.try_normalize().unwrap_or(DVec3::Y).cross(across);
            let waist = from + WAIST * along;
            let size = THICKNESS * along.length();
            let first = points.len() as u16;
            let ring = [across, other, -across, -other].map(|side| waist + size * side);
            points.push(from.as_vec3().to_array());
            points.extend(ring.map(|point| point.as_vec3().to_array()));
            points.push((from + along).as_vec3().to_array());
            joints.extend([[number[p], 0, 0, 0]; 5]);
            joints.push([number[j], 0, 0, 0]);
            for side in 0..4 {
                let (a, b) = (first + 1 + side, first + 1 + (side + 1) % 4);
                triangles.extend([first, b, a, a, b, first + 5]);
            }
        }
        let weights = vec![[1.0, 0.0, 0.0, 0.0]; points.len()];
        json!({
            "attributes": {
                "POSITION": buffer.vectors(&points, true),
                "JOINTS_0": buffer.joints(&joints),
                "WEIGHTS_0": buffer.weights(&weights),
            },
            "indices": buffer.indices(&triangles),
            "material": 0,
        })
    }
}
