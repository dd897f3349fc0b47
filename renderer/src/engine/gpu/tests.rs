//! Tests on whatever adapter there is. The CPU engine is the oracle, pass by pass.

mod present;
mod scene;

use scene::{Variation, made_up, small};
use skeletonllm_checks::{cases, max_abs};

use super::{plan::Plan, *};
use crate::{
    conformance::Case,
    engine::cpu::CpuEngine,
    testing::{fresh_gpu, gpu},
};

/// Fills every buffer of `workspace` with NaN: what a run reads without having written it spoils the result.
pub(super) fn poison(
    device: &wgpu::Device,
    encoder: &mut wgpu::CommandEncoder,
    workspace: &Workspace,
) -> Result<(), GpuError> {
    for buffer in workspace.all() {
        let poison = gpu::fresh(device, &vec![f32::NAN; buffer.size() as usize / 4])?;
        encoder.copy_buffer_to_buffer(&poison, 0, buffer, 0, buffer.size());
    }
    Ok(())
}

fn relative(got: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(got.len(), expected.len());
    let square = |x: f64| x * x;
    let error: f64 = got.iter().zip(expected).map(|(a, b)| square(f64::from(*a) - f64::from(*b))).sum();
    let size: f64 = expected.iter().map(|b| square(f64::from(*b))).sum();
    if error == 0.0 { 0.0 } else { (error / size).sqrt() }
}

fn gradient_parts(g: &Gradients) -> Vec<(&'static str, Vec<f32>)> {
    vec![
        ("positions", g.positions.clone()),
        ("velocities", g.velocities.clone()),
        ("features", g.parameters.features.clone()),
        ("weights", g.parameters.pack()),
    ]
}

/// Compares frames and gradients of both engines.
fn agree(gpu: &GpuEngine, scene: &Scene) {
    let grad_frames = scene.grad_frames();
    let (frames, expected) = (gpu.forward(scene).unwrap(), CpuEngine.forward(scene).unwrap());
    let error = max_abs(&frames, &expected);
    assert!(error <= 1e-5, "frames differ by {error:e} in {:?}", scene.dims);
    assert!(expected.iter().any(|&x| x > 0.0), "an empty picture in {:?}", scene.dims);
    let got = gpu.backward(scene, &frames, &grad_frames).unwrap();
    let expected = CpuEngine.backward(scene, &expected, &grad_frames).unwrap();
    for ((name, got), (_, expected)) in gradient_parts(&got).into_iter().zip(gradient_parts(&expected)) {
        let error = relative(&got, &expected);
        assert!(error <= 2e-4, "gradient of {name} differs by {error:e} in {:?}", scene.dims);
    }
}

#[test]
fn golden_cases() {
    let Some(gpu) = gpu() else { return };
    for file in cases() {
        let case = Case::load(&std::fs::read(&file).unwrap()).unwrap();
        let report = case.run(|i| gpu.forward(i), |i, f, g| gpu.backward(i, f, g)).unwrap();
        assert!(report.passed(), "{}\n{report}", file.display());
    }
}

#[test]
fn each_pass_agrees_with_its_twin() {
    let Some(gpu) = gpu() else { return };
    let written = [
        (Pass::Head, Buffer::Head),
        (Pass::Skin, Buffer::Skinned),
        (Pass::SkinOriented, Buffer::Skinned),
        (Pass::Project, Buffer::Projected),
        (Pass::DepthRange, Buffer::DepthRange),
        (Pass::Appearance, Buffer::Shaded),
        (Pass::Sort, Buffer::Order),
        (Pass::GatherTiles, Buffer::GradSplats),
        (Pass::AppearanceBackward, Buffer::GradAppearance),
        (Pass::DepthRangeBackward, Buffer::GradDepthRange),
        (Pass::ProjectBackward, Buffer::GradMeans),
        (Pass::SkinBackward, Buffer::GradPositions),
        (Pass::SkinBackward, Buffer::GradVelocities),
        (Pass::HeadBackward, Buffer::GradHead),
        (Pass::HeadBackward, Buffer::GradFeatures),
        (Pass::ReduceWeights, Buffer::GradWeights),
    ];
    for scene in [small(), small().without_nfm(), small().oriented()] {
        let grad_frames = scene.grad_frames();
        let frames = CpuEngine.forward(&scene).unwrap();
        let passes = passes::backward(&scene.dims);
        let buffers: Vec<Buffer> =
            written.iter().filter(|(pass, _)| passes.contains(pass)).map(|&(_, buffer)| buffer).collect();
        let backward = Some((&frames[..], &grad_frames[..]));
        let got = gpu.capture(&scene, &passes, backward, &buffers).unwrap();
        let expected = CpuEngine.capture(&scene, &passes, backward, &buffers).unwrap();
        for ((buffer, got), expected) in buffers.iter().zip(got).zip(expected) {
            let error = relative(&got, &expected);
            let bound = if *buffer == Buffer::Order { 0.0 } else { 1e-4 };
            assert!(error <= bound, "{buffer:?} differs by {error:e}, nfm {}", scene.dims.nfm);
        }
    }
}

#[test]
fn pictures_of_any_size() {
    let Some(gpu) = gpu() else { return };
    for (width, height) in [(33, 17), (16, 16), (3, 40), (100, 3)] {
        agree(gpu, &small().sized(width, height));
    }
    // the only column may miss everybody, so that gradients may be zero
    for (width, height) in [(1, 1), (1, 40)] {
        let scene = small().sized(width, height);
        let (got, expected) = (gpu.forward(&scene).unwrap(), CpuEngine.forward(&scene).unwrap());
        assert!(max_abs(&got, &expected) <= 1e-5);
        let got = gpu.backward(&scene, &got, &scene.grad_frames()).unwrap();
        let expected = CpuEngine.backward(&scene, &expected, &scene.grad_frames()).unwrap();
        for ((name, got), (_, expected)) in gradient_parts(&got).into_iter().zip(gradient_parts(&expected)) {
            let size = max_abs(&expected, &vec![0.0; expected.len()]);
            let error = max_abs(&got, &expected);
            assert!(error <= 2e-4 * size + 1e-7, "gradient of {name} differs by {error:e} in {width}x{height}");
        }
    }
}

#[test]
fn thousands_of_gaussians() {
    let Some(gpu) = gpu() else { return };
    agree(gpu, &made_up(1, 1, 2, 7, 2100).sized(90, 70));
}

#[test]
fn the_same_bits_on_every_run_and_nothing_unwritten() {
    let Some(gpu) = gpu() else { return };
    let Some(mut poisoned) = fresh_gpu() else { return };
    poisoned.poison = true;
    for scene in [small(), small().oriented(), small().without_nfm()] {
        let grad_frames = scene.grad_frames();
        let frames = gpu.forward(&scene).unwrap();
        let gradients = gpu.backward(&scene, &frames, &grad_frames).unwrap();
        for engine in [gpu, &poisoned] {
            assert_eq!(engine.forward(&scene).unwrap(), frames);
            assert_eq!(engine.backward(&scene, &frames, &grad_frames).unwrap(), gradients);
        }
    }
}

#[test]
fn a_batch_draws_what_its_clips_draw() {
    let Some(gpu) = gpu() else { return };
    let batch = made_up(3, 2, 2, 5, 40);
    let grad_frames = batch.grad_frames();
    let frames = gpu.forward(&batch).unwrap();
    let gradients = gpu.backward(&batch, &frames, &grad_frames).unwrap();
    let (mut all_frames, mut positions) = (Vec::new(), Vec::new());
    let mut weights = vec![0.0; passes::WEIGHTS_LEN];
    for clip in 0..3 {
        let single = batch.clip(clip);
        let drawn = gpu.forward(&single).unwrap();
        let upstream = &grad_frames[clip * drawn.len()..][..drawn.len()];
        let g = gpu.backward(&single, &drawn, upstream).unwrap();
        all_frames.extend(drawn);
        positions.extend(g.positions);
        weights.iter_mut().zip(g.parameters.pack()).for_each(|(sum, x)| *sum += x);
    }
    assert_eq!(frames, all_frames);
    assert_eq!(gradients.positions, positions);
    assert!(relative(&gradients.parameters.pack(), &weights) < 1e-5);
}

#[test]
fn cutting_into_stretches_and_bands_changes_nothing() {
    let Some(gpu) = gpu() else { return };
    let Some(mut cut) = fresh_gpu() else { return };
    let scene = made_up(2, 3, 2, 5, 60).sized(70, 50);
    // room for two frames and a few tiles
    cut.budget.piece = 2 * 70 * 50 * 12;
    let plan = Plan::new(&scene.dims, cut.budget).unwrap();
    assert!(plan.chunks.len() == 3 && plan.bands.len() > 1, "{plan:?}");
    let grad_frames = scene.grad_frames();
    let frames = gpu.forward(&scene).unwrap();
    assert_eq!(cut.forward(&scene).unwrap(), frames);
    let whole = gpu.backward(&scene, &frames, &grad_frames).unwrap();
    let pieces = cut.backward(&scene, &frames, &grad_frames).unwrap();
    for ((name, a), (_, b)) in gradient_parts(&pieces).into_iter().zip(gradient_parts(&whole)) {
        assert!(relative(&a, &b) < 1e-5, "{name}");
    }
    assert_eq!(cut.backward(&scene, &frames, &grad_frames).unwrap(), pieces);
}

/// Inputs and outputs in the middle of larger buffers, as a tensor library keeps them.
#[test]
fn recording_between_foreign_buffers() {
    let Some(gpu) = gpu() else { return };
    let scene = small();
    let grad_frames = scene.grad_frames();
    let frames = gpu.forward(&scene).unwrap();
    let expected = gpu.backward(&scene, &frames, &grad_frames).unwrap();

    let weights = scene.parameters.pack();
    let pool: Vec<f32> = [&[9.0; 3], &scene.positions[..], &weights, &grad_frames].concat();
    let pool = gpu::fresh(gpu.device(), &pool).unwrap();
    let part = |start: usize, len: usize| {
        Source::Gpu(BufferRange { buffer: &pool, offset: 4 * start as u64, size: 4 * len as u64 })
    };
    let joints = scene.positions.len();
    let memory = scene.memory();
    let inputs = Inputs::of(&memory)
        .with(Buffer::Positions, part(3, joints))
        .with(Buffer::Weights, part(3 + joints, weights.len()));
    let out = gpu.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 4 * (5 + frames.len() + weights.len()) as u64,
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    let staging = gpu.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: out.size(),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let drawn = BufferRange { buffer: &out, offset: 20, size: 4 * frames.len() as u64 };
    let grad_weights = BufferRange { buffer: &out, offset: 20 + drawn.size, size: 4 * weights.len() as u64 };
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    gpu.record_forward(&mut encoder, &scene.dims, &inputs, drawn).unwrap();
    let targets = GradientTargets { weights: Some(grad_weights), ..Default::default() };
    let upstream = part(3 + joints + weights.len(), grad_frames.len());
    gpu.record_backward(&mut encoder, &scene.dims, &inputs, Source::Gpu(drawn), upstream, &targets).unwrap();
    encoder.copy_buffer_to_buffer(&out, 0, &staging, 0, out.size());
    gpu.queue().submit([encoder.finish()]);
    let got = pollster::block_on(read_back(gpu.device(), &[staging])).unwrap();
    assert_eq!(got[..5], [0.0; 5]);
    assert_eq!(got[5..5 + frames.len()], frames);
    assert_eq!(got[5 + frames.len()..], expected.parameters.pack());

    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    let short = BufferRange { size: drawn.size - 4, ..drawn };
    let error = gpu.record_forward(&mut encoder, &scene.dims, &inputs, short).unwrap_err();
    assert!(matches!(&error, GpuError::Gpu(gpu::Error::Range { what, .. }) if what == "Frames"), "{error}");

    let lacking: Inputs<'_> = inputs.iter().filter(|(buffer, _)| *buffer != Buffer::Cameras).collect();
    let error = gpu.record_forward(&mut encoder, &scene.dims, &lacking, drawn).unwrap_err();
    assert_eq!(error.to_string(), "camera rows holds 0 numbers, but the sizes ask for 32");
}

#[test]
fn bad_inputs_are_named() {
    let Some(gpu) = gpu() else { return };
    let scene = small();
    let mut short = scene.clone();
    short.velocities.pop();
    let error = gpu.forward(&short).unwrap_err().to_string();
    assert!(error.starts_with("velocities holds"), "{error}");
    let error = gpu.backward(&scene, &[0.0; 3], &scene.grad_frames()).unwrap_err().to_string();
    assert!(error.starts_with("frames holds 3 numbers"), "{error}");
    let choice = AdapterChoice { name: Some("no such adapter".into()) };
    let error = pollster::block_on(GpuEngine::request(&choice)).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.starts_with("no graphics adapter named like \"no such adapter\""), "{error}");
}

#[test]
fn a_broken_shader_leaves_the_good_one() {
    let Some(gpu) = fresh_gpu() else { return };
    let scene = small();
    let frames = gpu.forward(&scene).unwrap();
    let mut sources = draction_shaders::Sources::default();
    sources.replace("sort", "fn nothing( {");
    let error = pollster::block_on(gpu.reload(&sources)).unwrap_err();
    assert!(matches!(error, GpuError::Gpu(gpu::Error::Shader { .. })), "{error}");
    assert_eq!(gpu.forward(&scene).unwrap(), frames);
    // a shader that draws nothing replaces the good one
    let text = draction_shaders::wgsl::RASTERIZE.text;
    let mut sources = draction_shaders::Sources::default();
    sources.replace("rasterize", text.replace("saturate(x)", "0.0 * x"));
    pollster::block_on(gpu.reload(&sources)).unwrap();
    assert!(gpu.forward(&scene).unwrap().iter().all(|&x| x == 0.0));
}
