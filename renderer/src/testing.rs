//! What the tests of several folders share: a made-up body that moves a little, and the GPU where there is one.

use std::sync::OnceLock;

use skeletonllm_checks::{Need, have};

use crate::{
    draction::{Parameters, Template},
    engine::gpu::{GpuEngine, GpuError},
    gpu::AdapterChoice,
    passes::WEIGHTS_LEN,
};

/// Numbers in −1..1 that are the same on every machine.
pub fn noise(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// A body whose Gaussians each lie between two joints.
pub fn template(joints: usize, gaussians: usize) -> Template {
    let canonical_joints: Vec<f32> =
        noise(joints * 3, 1).chunks_exact(3).flat_map(|p| [0.6 * p[0], 0.8 * p[1], 3.0 + 0.2 * p[2]]).collect();
    let (mut means, mut lbs_logits) = (Vec::new(), Vec::new());
    for k in 0..gaussians {
        let (a, b, share) = (k % joints, (3 * k + 1) % joints, (k as f32 * 0.377).fract());
        means.extend((0..3).map(|c| (1.0 - share) * canonical_joints[3 * a + c] + share * canonical_joints[3 * b + c]));
        lbs_logits.extend((0..joints).map(|j| match j {
            _ if j == a => (1.0 - share).max(1e-6).ln() + 10.0,
            _ if j == b => share.max(1e-6).ln() + 10.0,
            _ => -10.0,
        }));
    }
    Template {
        joints,
        gaussians,
        scales: noise(gaussians * 3, 2).iter().map(|x| 0.05 + 0.02 * x).collect(),
        quats: noise(gaussians * 4, 3),
        opacities: vec![1.0; gaussians],
        canonical_joints,
        means,
        lbs_logits,
    }
}

/// Trained numbers of that many Gaussians, NFM included.
pub fn parameters(gaussians: usize) -> Parameters {
    let weights: Vec<f32> = noise(WEIGHTS_LEN, 4).iter().map(|x| 0.4 * x).collect();
    Parameters::from_packed(noise(gaussians * 3, 5), &weights, true)
}

/// `[people, J, 3]` metres: the body of `template` shaken, every person of a frame a little aside of the one before.
pub fn positions(template: &Template, people: usize, bodies: usize) -> Vec<f32> {
    let each = template.joints * 3;
    let shake = noise(people * each, 6);
    let aside = |i: usize| 0.3 * (i / each % bodies) as f32;
    (0..people * each).map(|i| template.canonical_joints[i % each] + 0.15 * shake[i] + aside(i)).collect()
}

/// A new engine; `None`, and a skip on record, where there is no adapter and none is required.
pub fn fresh_gpu() -> Option<GpuEngine> {
    have(Need::Gpu, open())
}

/// The engine that most tests share, because compiling takes seconds. Nobody changes its shaders.
pub fn gpu() -> Option<&'static GpuEngine> {
    static ENGINE: OnceLock<Result<GpuEngine, GpuError>> = OnceLock::new();
    have(Need::Gpu, ENGINE.get_or_init(open).as_ref())
}

fn open() -> Result<GpuEngine, GpuError> {
    pollster::block_on(GpuEngine::request(&AdapterChoice::from_env()))
}
