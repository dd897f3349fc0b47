//! Small made-up scenes: a few bodies of some joints, seen by one camera a clip.

use crate::{
    camera::Camera,
    draction::{Parameters, Template},
    engine::Inputs,
    passes::Dims,
    testing::{noise, parameters, positions, template},
};

/// Everything that [`Inputs`] borrows.
#[derive(Clone)]
pub struct Scene {
    pub dims: Dims,
    template: Template,
    parameters: Parameters,
    cameras: Vec<Camera>,
    positions: Vec<f32>,
    velocities: Vec<f32>,
    orientations: Vec<f32>,
}

impl Scene {
    pub fn new(clips: usize, frames: usize, bodies: usize, joints: usize, gaussians: usize) -> Scene {
        let dims = Dims { clips, frames, bodies, joints, gaussians, width: 48, height: 40, nfm: true, oriented: false };
        let template = template(joints, gaussians);
        let people = clips * frames * bodies;
        let positions = positions(&template, people, bodies);
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
        let mut scene = Scene {
            dims,
            template,
            parameters: parameters(gaussians),
            cameras,
            positions,
            velocities: noise(people * joints * 3, 7),
            orientations: noise(people * joints * 4, 8),
        };
        if people > 1 {
            // an empty slot, as files have them
            scene.positions[(people - 1) * joints * 3..].fill(0.0);
            scene.orientations[..4].fill(0.0);
        }
        scene
    }

    pub fn small() -> Scene {
        Scene::new(2, 2, 2, 6, 70)
    }

    pub fn sized(mut self, width: usize, height: usize) -> Scene {
        (self.dims.width, self.dims.height) = (width, height);
        self
    }

    pub fn without_nfm(mut self) -> Scene {
        self.dims.nfm = false;
        self.parameters.nfm = None;
        self
    }

    pub fn oriented(mut self) -> Scene {
        self.dims.oriented = true;
        // small turns, as of a body's joints among themselves
        for q in self.orientations.chunks_exact_mut(4) {
            q[0] += 3.0;
        }
        self
    }

    /// One clip of the batch.
    pub fn clip(&self, clip: usize) -> Scene {
        let part = |all: &[f32]| all.chunks_exact(all.len() / self.dims.clips).nth(clip).unwrap().to_vec();
        Scene {
            dims: Dims { clips: 1, ..self.dims },
            cameras: vec![self.cameras[clip]],
            positions: part(&self.positions),
            velocities: part(&self.velocities),
            orientations: part(&self.orientations),
            ..self.clone()
        }
    }

    pub fn inputs(&self) -> Inputs<'_> {
        Inputs {
            dims: self.dims,
            template: &self.template,
            parameters: &self.parameters,
            cameras: &self.cameras,
            positions: &self.positions,
            velocities: &self.velocities,
            orientations: self.dims.oriented.then_some(&self.orientations[..]),
        }
    }

    /// `[B, T, H, W, 3]`.
    pub fn grad_frames(&self) -> Vec<f32> {
        noise(self.dims.frame_count() * self.dims.width * self.dims.height * 3, 9)
    }
}
