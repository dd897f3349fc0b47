//! A made-up scene for the tests of this folder: two bodies of a few joints before one camera.

use std::sync::Arc;

use super::Buffers;
use crate::{
    camera::Camera,
    engine::Scene,
    passes::Dims,
    testing::{noise, parameters, positions, template},
};

/// A scene, and the gradient of a loss.
pub(crate) struct Example {
    pub scene: Scene,
    /// `[F, H, W, 3]`.
    pub grad_frames: Vec<f32>,
}

impl Example {
    pub fn new(frames: usize, joints: usize, gaussians: usize) -> Example {
        let dims =
            Dims { clips: 1, frames, bodies: 2, joints, gaussians, width: 50, height: 37, nfm: true, oriented: false };
        let template = template(joints, gaussians);
        let people = frames * dims.bodies;
        let positions = positions(&template, people, dims.bodies);
        let parameters = parameters(gaussians);
        let scene = Scene {
            dims,
            template: Arc::new(template),
            parameters,
            cameras: vec![Camera::reference(50.0)],
            positions,
            velocities: noise(people * joints * 3, 7),
            orientations: None,
        };
        let grad_frames = noise(dims.frame_count() * dims.width * dims.height * 3, 9);
        Example { scene, grad_frames }
    }

    /// With joint orientations of small turns.
    pub fn oriented(mut self) -> Example {
        let mut quats = noise(self.scene.positions.len() / 3 * 4, 8);
        quats.chunks_exact_mut(4).for_each(|q| q[0] += 3.0);
        self.scene.dims.oriented = true;
        self.scene.orientations = Some(quats);
        self
    }

    /// Every buffer as the CPU twins leave it.
    pub fn twin(&self, backward: bool) -> Buffers {
        Buffers::of_twin(&self.scene, backward.then_some(&self.grad_frames[..])).unwrap().0
    }
}
