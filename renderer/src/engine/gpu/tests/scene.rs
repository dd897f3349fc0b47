//! Small made-up scenes: a few bodies of some joints, seen by one camera a clip.

use crate::{
    camera::Camera,
    draction::{Parameters, Template},
    engine::Inputs,
    passes::Dims,
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

/// Numbers in −1..1 that are the same on every machine.
fn noise(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

impl Scene {
    pub fn new(clips: usize, frames: usize, bodies: usize, joints: usize, gaussians: usize) -> Scene {
        let dims = Dims { clips, frames, bodies, joints, gaussians, width: 48, height: 40, nfm: true, oriented: false };
        let canonical_joints: Vec<f32> =
            noise(joints * 3, 1).chunks_exact(3).flat_map(|p| [0.6 * p[0], 0.8 * p[1], 3.0 + 0.2 * p[2]]).collect();
        // every Gaussian lies between two joints
        let (mut means, mut lbs_logits) = (Vec::new(), Vec::new());
        for k in 0..gaussians {
            let (a, b, share) = (k % joints, (3 * k + 1) % joints, (k as f32 * 0.377).fract());
            means.extend(
                (0..3).map(|c| (1.0 - share) * canonical_joints[3 * a + c] + share * canonical_joints[3 * b + c]),
            );
            lbs_logits.extend((0..joints).map(|j| match j {
                _ if j == a => (1.0 - share).max(1e-6).ln() + 10.0,
                _ if j == b => share.max(1e-6).ln() + 10.0,
                _ => -10.0,
            }));
        }
        let template = Template {
            joints,
            gaussians,
            scales: noise(gaussians * 3, 2).iter().map(|x| 0.05 + 0.02 * x).collect(),
            quats: noise(gaussians * 4, 3),
            opacities: vec![1.0; gaussians],
            canonical_joints,
            means,
            lbs_logits,
        };
        let weights: Vec<f32> = noise(crate::passes::WEIGHTS_LEN, 4).iter().map(|x| 0.4 * x).collect();
        let features = noise(gaussians * 3, 5);
        let parameters = Parameters::from_packed(features, &weights, true);
        let people = clips * frames * bodies;
        let shake = noise(people * joints * 3, 6);
        let positions = (0..people * joints * 3)
            .map(|i| {
                let body = i / (joints * 3) % bodies;
                template.canonical_joints[i % (joints * 3)] + 0.15 * shake[i] + 0.3 * body as f32
            })
            .collect();
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
            parameters,
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
