//! A made-up scene for the tests of this folder: two bodies of a few joints before one camera.

use std::sync::Arc;

use super::{Buffers, OwnedInputs};
use crate::{
    camera::Camera,
    draction::{DrAction, Metadata},
    passes::Dims,
    testing::{noise, parameters, positions, template},
};

/// Inputs, and the gradient of a loss.
pub(crate) struct Scene {
    pub inputs: OwnedInputs,
    /// `[F, H, W, 3]`.
    pub grad_frames: Vec<f32>,
}

impl Scene {
    pub fn new(frames: usize, joints: usize, gaussians: usize) -> Scene {
        let dims =
            Dims { clips: 1, frames, bodies: 2, joints, gaussians, width: 50, height: 37, nfm: true, oriented: false };
        let template = template(joints, gaussians);
        let people = frames * dims.bodies;
        let positions = positions(&template, people, dims.bodies);
        let parameters = parameters(gaussians);
        let inputs = OwnedInputs {
            dims,
            draction: Arc::new(DrAction { template, parameters, metadata: Metadata::default() }),
            cameras: vec![Camera::reference(50.0)],
            positions,
            velocities: noise(people * joints * 3, 7),
            orientations: None,
        };
        let grad_frames = noise(dims.frame_count() * dims.width * dims.height * 3, 9);
        Scene { inputs, grad_frames }
    }

    /// With joint orientations of small turns.
    pub fn oriented(mut self) -> Scene {
        let mut quats = noise(self.inputs.positions.len() / 3 * 4, 8);
        quats.chunks_exact_mut(4).for_each(|q| q[0] += 3.0);
        self.inputs.dims.oriented = true;
        self.inputs.orientations = Some(quats);
        self
    }

    /// Every buffer as the CPU twins leave it.
    pub fn twin(&self, backward: bool) -> Buffers {
        Buffers::of_twin(&self.inputs, backward.then_some(&self.grad_frames[..])).unwrap().0
    }
}
