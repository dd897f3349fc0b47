//! Tests on whatever adapter there is. The CPU engine is the oracle, pass by pass.

mod present;
mod scene;

use scene::Scene;
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
    let inputs = scene.inputs();
    let grad_frames = scene.grad_frames();
    let (frames, expected) = (gpu.forward(&inputs).unwrap(), CpuEngine.forward(&inputs).unwrap());
    let error = max_abs(&frames, &expected);
    assert!(error <= 1e-5, "frames differ by {error:e} in {:?}", scene.dims);
    assert!(expected.iter().any(|&x| x > 0.0), "an empty picture in {:?}", scene.dims);
    let got = gpu.backward(&inputs, &frames, &grad_frames).unwrap();
    let expected = CpuEngine.backward(&inputs, &expected, &grad_frames).unwrap();
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
    for scene in [Scene::small(), Scene::small().without_nfm(), Scene::small().oriented()] {
        let (inputs, grad_frames) = (scene.inputs(), scene.grad_frames());
        let frames = CpuEngine.forward(&inputs).unwrap();
        let passes = passes::backward(&scene.dims);
        let buffers: Vec<Buffer> =
            written.iter().filter(|(pass, _)| passes.contains(pass)).map(|&(_, buffer)| buffer).collect();
        let backward = Some((&frames[..], &grad_frames[..]));
        let got = gpu.capture(&inputs, &passes, backward, &buffers).unwrap();
        let expected = CpuEngine.capture(&inputs, &passes, backward, &buffers).unwrap();
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
        agree(gpu, &Scene::small().sized(width, height));
    }
    // the only column may miss everybody, so that gradients may be zero
    for (width, height) in [(1, 1), (1, 40)] {
        let scene = Scene::small().sized(width, height);
        let (got, expected) = (gpu.forward(&scene.inputs()).unwrap(), CpuEngine.forward(&scene.inputs()).unwrap());
        assert!(max_abs(&got, &expected) <= 1e-5);
        let got = gpu.backward(&scene.inputs(), &got, &scene.grad_frames()).unwrap();
        let expected = CpuEngine.backward(&scene.inputs(), &expected, &scene.grad_frames()).unwrap();
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
    agree(gpu, &Scene::new(1, 1, 2, 7, 2100).sized(90, 70));
}

#[test]
fn the_same_bits_on_every_run_and_nothing_unwritten() {
    let Some(gpu) = gpu() else { return };
    let Some(mut poisoned) = fresh_gpu() else { return };
    poisoned.poison = true;
    for scene in [Scene::small(), Scene::small().oriented(), Scene::small().without_nfm()] {
        let (inputs, grad_frames) = (scene.inputs(), scene.grad_frames());
        let frames = gpu.forward(&inputs).unwrap();
        let gradients = gpu.backward(&inputs, &frames, &grad_frames).unwrap();
        for engine in [gpu, &poisoned] {
            assert_eq!(engine.forward(&inputs).unwrap(), frames);
            assert_eq!(engine.backward(&inputs, &frames, &grad_frames).unwrap(), gradients);
        }
    }
}

#[test]
fn a_batch_draws_what_its_clips_draw() {
    let Some(gpu) = gpu() else { return };
    let batch = Scene::new(3, 2, 2, 5, 40);
    let (inputs, grad_frames) = (batch.inputs(), batch.grad_frames());
    let frames = gpu.forward(&inputs).unwrap();
    let gradients = gpu.backward(&inputs, &frames, &grad_frames).unwrap();
    let (mut all_frames, mut positions) = (Vec::new(), Vec::new());
    let mut weights = vec![0.0; passes::WEIGHTS_LEN];
    for clip in 0..3 {
        let single = batch.clip(clip);
        let drawn = gpu.forward(&single.inputs()).unwrap();
        let upstream = &grad_frames[clip * drawn.len()..][..drawn.len()];
        let g = gpu.backward(&single.inputs(), &drawn, upstream).unwrap();
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
    let scene = Scene::new(2, 3, 2, 5, 60).sized(70, 50);
    // room for two frames and a few tiles
    cut.budget.piece = 2 * 70 * 50 * 12;
    let plan = Plan::new(&scene.dims, cut.budget).unwrap();
    assert!(plan.chunks.len() == 3 && plan.bands.len() > 1, "{plan:?}");
    let (inputs, grad_frames) = (scene.inputs(), scene.grad_frames());
    let frames = gpu.forward(&inputs).unwrap();
    assert_eq!(cut.forward(&inputs).unwrap(), frames);
    let whole = gpu.backward(&inputs, &frames, &grad_frames).unwrap();
    let pieces = cut.backward(&inputs, &frames, &grad_frames).unwrap();
    for ((name, a), (_, b)) in gradient_parts(&pieces).into_iter().zip(gradient_parts(&whole)) {
        assert!(relative(&a, &b) < 1e-5, "{name}");
    }
    assert_eq!(cut.backward(&inputs, &frames, &grad_frames).unwrap(), pieces);
}

/// Inputs and outputs in the middle of larger buffers, as a tensor library keeps them.
#[test]
fn recording_between_foreign_buffers() {
    let Some(gpu) = gpu() else { return };
    let scene = Scene::small();
    let (inputs, grad_frames) = (scene.inputs(), scene.grad_frames());
    let frames = gpu.forward(&inputs).unwrap();
    let expected = gpu.backward(&inputs, &frames, &grad_frames).unwrap();

    let (template, cameras) = (PackedTemplate::new(inputs.template), inputs.camera_rows());
    let weights = inputs.parameters.pack();
    let pool: Vec<f32> = [&[9.0; 3], inputs.positions, &weights, &grad_frames].concat();
    let pool = gpu::fresh(gpu.device(), &pool).unwrap();
    let part = |start: usize, len: usize| {
        Source::Gpu(BufferRange { buffer: &pool, offset: 4 * start as u64, size: 4 * len as u64 })
    };
    let joints = inputs.positions.len();
    let sources = Sources {
        positions: part(3, joints),
        velocities: Source::Host(inputs.velocities),
        orientations: None,
        cameras: Source::Host(&cameras),
        canonical_joints: Source::Host(&template.canonical_joints),
        template: Source::Host(&template.rows),
        lbs_weights: Source::Host(&template.lbs_weights),
        features: Source::Host(&inputs.parameters.features),
        weights: part(3 + joints, weights.len()),
    };
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
    gpu.record_forward(&mut encoder, &scene.dims, &sources, drawn).unwrap();
    let targets = GradientTargets { weights: Some(grad_weights), ..Default::default() };
    let upstream = part(3 + joints + weights.len(), grad_frames.len());
    gpu.record_backward(&mut encoder, &scene.dims, &sources, Source::Gpu(drawn), upstream, &targets).unwrap();
    encoder.copy_buffer_to_buffer(&out, 0, &staging, 0, out.size());
    gpu.queue().submit([encoder.finish()]);
    let got = pollster::block_on(read_back(gpu.device(), &[staging])).unwrap();
    assert_eq!(got[..5], [0.0; 5]);
    assert_eq!(got[5..5 + frames.len()], frames);
    assert_eq!(got[5 + frames.len()..], expected.parameters.pack());

    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    let short = BufferRange { size: drawn.size - 4, ..drawn };
    let error = gpu.record_forward(&mut encoder, &scene.dims, &sources, short).unwrap_err();
    assert!(matches!(&error, GpuError::Gpu(gpu::Error::Range { what, .. }) if what == "Frames"), "{error}");
}

#[test]
fn bad_inputs_are_named() {
    let Some(gpu) = gpu() else { return };
    let scene = Scene::small();
    let mut inputs = scene.inputs();
    inputs.velocities = &inputs.velocities[1..];
    let error = gpu.forward(&inputs).unwrap_err().to_string();
    assert!(error.starts_with("velocities holds"), "{error}");
    let error = gpu.backward(&scene.inputs(), &[0.0; 3], &scene.grad_frames()).unwrap_err().to_string();
    assert!(error.starts_with("frames holds 3 numbers"), "{error}");
    let choice = AdapterChoice { name: Some("no such adapter".into()) };
    let error = pollster::block_on(GpuEngine::request(&choice)).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.starts_with("no graphics adapter named like \"no such adapter\""), "{error}");
}

#[test]
fn a_broken_shader_leaves_the_good_one() {
    let Some(gpu) = fresh_gpu() else { return };
    let scene = Scene::small();
    let frames = gpu.forward(&scene.inputs()).unwrap();
    let mut sources = draction_shaders::Sources::default();
    sources.replace("sort", "fn nothing( {");
    let error = pollster::block_on(gpu.reload(&sources)).unwrap_err();
    assert!(matches!(error, GpuError::Gpu(gpu::Error::Shader { .. })), "{error}");
    assert_eq!(gpu.forward(&scene.inputs()).unwrap(), frames);
    // a shader that draws nothing replaces the good one
    let text = draction_shaders::wgsl::RASTERIZE.text;
    let mut sources = draction_shaders::Sources::default();
    sources.replace("rasterize", text.replace("saturate(x)", "0.0 * x"));
    pollster::block_on(gpu.reload(&sources)).unwrap();
    assert!(gpu.forward(&scene.inputs()).unwrap().iter().all(|&x| x == 0.0));
}
