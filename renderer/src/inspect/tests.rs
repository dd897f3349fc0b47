//! A made-up scene for the tests of this folder: two bodies of a few joints before one camera.

use std::sync::{Arc, OnceLock};

use super::{Buffers, OwnedInputs};
use crate::{
    camera::Camera,
    draction::{DrAction, Metadata, Parameters, Template},
    engine::gpu::{AdapterChoice, GpuEngine},
    passes::{Dims, WEIGHTS_LEN},
};

/// Inputs, and the gradient of a loss.
pub(crate) struct Scene {
    pub inputs: OwnedInputs,
    /// `[F, H, W, 3]`.
    pub grad_frames: Vec<f32>,
}

/// Numbers in −1..1 that are the same on every machine.
fn noise(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

impl Scene {
    pub fn new(frames: usize, joints: usize, gaussians: usize) -> Scene {
        let dims =
            Dims { clips: 1, frames, bodies: 2, joints, gaussians, width: 50, height: 37, nfm: true, oriented: false };
        let canonical_joints: Vec<f32> =
            noise(joints * 3, 1).chunks_exact(3).flat_map(|p| [0.6 * p[0], 0.8 * p[1], 3.0 + 0.2 * p[2]]).collect();
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
            means,
            lbs_logits,
            canonical_joints,
        };
        let weights: Vec<f32> = noise(WEIGHTS_LEN, 4).iter().map(|x| 0.4 * x).collect();
        let people = frames * dims.bodies;
        let shake = noise(people * joints * 3, 6);
        let positions = (0..people * joints * 3)
            .map(|i| {
                let body = i / (joints * 3) % dims.bodies;
                template.canonical_joints[i % (joints * 3)] + 0.15 * shake[i] + 0.3 * body as f32
            })
            .collect();
        let parameters = Parameters::from_packed(noise(gaussians * 3, 5), &weights, true);
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

/// A new engine, or `None` and a line on standard error.
pub(crate) fn fresh_gpu() -> Option<GpuEngine> {
    match pollster::block_on(GpuEngine::request(&AdapterChoice::from_env())) {
        Ok(engine) => Some(engine),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

/// An engine whose shaders nobody changes.
pub(crate) fn gpu() -> Option<&'static GpuEngine> {
    static ENGINE: OnceLock<Option<GpuEngine>> = OnceLock::new();
    ENGINE.get_or_init(fresh_gpu).as_ref()
}
