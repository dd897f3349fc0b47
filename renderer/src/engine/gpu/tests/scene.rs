//! Small made-up scenes: a few bodies of some joints, seen by one camera a clip.

use std::sync::Arc;

use crate::{
    camera::Camera,
    engine::Scene,
    passes::Dims,
    testing::{noise, parameters, positions, template},
};

pub fn made_up(clips: usize, frames: usize, bodies: usize, joints: usize, gaussians: usize) -> Scene {
    let dims = Dims { clips, frames, bodies, joints, gaussians, width: 48, height: 40, nfm: true, oriented: false };
    let template = template(joints, gaussians);
    let people = clips * frames * bodies;
    let mut positions = positions(&template, people, bodies);
    let cameras = (0..clips)
        .map(|clip| {
            let turn = 0.1 * clip as f32;
            let (s, c) = turn.sin_cos();
            Camera {
                camera_from_world: [c, 0.0, s, 0.1, 0.0, 1.0, 0.0, -0.1, -s, 0.0, c, 0.2],
                tan_half_x: 0.5,
                tan_half_y: 0.45,
            }
        })
        .collect();
    let mut orientations = noise(people * joints * 4, 8);
    if people > 1 {
        // an empty slot, as files have them
        positions[(people - 1) * joints * 3..].fill(0.0);
        orientations[..4].fill(0.0);
    }
    Scene {
        dims,
        template: Arc::new(template),
        parameters: parameters(gaussians),
        cameras,
        positions,
        velocities: noise(people * joints * 3, 7),
        orientations: Some(orientations),
    }
}

pub fn small() -> Scene {
    made_up(2, 2, 2, 6, 70)
}

/// The same scene in other ways.
pub trait Variation: Sized {
    fn sized(self, width: usize, height: usize) -> Self;
    fn without_nfm(self) -> Self;
    fn oriented(self) -> Self;
    /// One clip of the batch.
    fn clip(&self, clip: usize) -> Self;
    /// `[B, T, H, W, 3]`.
    fn grad_frames(&self) -> Vec<f32>;
}

impl Variation for Scene {
    fn sized(mut self, width: usize, height: usize) -> Scene {
        (self.dims.width, self.dims.height) = (width, height);
        self
    }

    fn without_nfm(mut self) -> Scene {
        self.dims.nfm = false;
        self.parameters.nfm = None;
        self
    }

    fn oriented(mut self) -> Scene {
        self.dims.oriented = true;
        // small turns, as of a body's joints among themselves
        for q in self.orientations.iter_mut().flat_map(|all| all.chunks_exact_mut(4)) {
            q[0] += 3.0;
        }
        self
    }

    fn clip(&self, clip: usize) -> Scene {
        let part = |all: &[f32]| all.chunks_exact(all.len() / self.dims.clips).nth(clip).unwrap().to_vec();
        Scene {
            dims: Dims { clips: 1, ..self.dims },
            cameras: vec![self.cameras[clip]],
            positions: part(&self.positions),
            velocities: part(&self.velocities),
            orientations: self.orientations.as_deref().map(part),
            ..self.clone()
        }
    }

    fn grad_frames(&self) -> Vec<f32> {
        noise(self.dims.frame_count() * self.dims.width * self.dims.height * 3, 9)
    }
}
