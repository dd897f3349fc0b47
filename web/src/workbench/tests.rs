use std::path::Path;

use draction::{
    clip::{ClipOptions, Stage},
    engine::Scene,
    gpu::{Outcome, Reload},
    inspect::{Capture, Painting, View, paint},
    motion::{ReadOptions, read_file},
};
use skeletonllm::{
    drawing::{DrawSettings, HostDrawing},
    folder::{ModelFiles, default_model},
};
use skeletonllm_checks::{Need, have};

use super::*;

const SIZE: usize = 96;

/// One frame of a sample as the viewer asks for it.
fn request(frame: usize, loss: Option<LossKey>) -> RenderRequest {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/samples/wave_left_hand.bvh");
    let motion = read_file(path, &ReadOptions::default()).unwrap();
    let files = ModelFiles::read(&default_model().unwrap()).unwrap();
    let drawing = HostDrawing::from_files(&files.config, files.draction.as_deref()).unwrap();
    let stage = Stage::new(&motion, &ClipOptions::default()).unwrap();
    let clip = stage.frames(&motion, &[frame]).unwrap();
    let draction = drawing.dressed(&DrawSettings::default(), &clip).unwrap();
    let scene = Scene::new([&clip], &draction, SIZE, SIZE).unwrap();
    let key = RenderKey { take: 1, settings_version: 0, frame, shaders: 0, loss };
    RenderRequest { key, scene, skeleton: clip.skeleton.clone(), frame: 0, loss: loss.map(|loss| loss.at(&[])) }
}

fn render(worker: &mut Worker, request: RenderRequest) -> Arc<Rendering> {
    match worker.serve(Request::Render(Box::new(request))) {
        Event::Rendered(Ok(rendering)) => rendering,
        Event::Rendered(Err(problem)) => panic!("{problem}"),
        _ => panic!("something else"),
    }
}

#[test]
fn a_worker_without_a_gpu_draws_measures_and_says_what_it_cannot() {
    let mut worker = Worker::without_gpu();
    let rendering = render(&mut worker, request(3, Some(LossKey::Picture)));
    assert_eq!(rendering.timing.clock, draction::gpu::Clock::Twin);
    assert_eq!(rendering.timing.kernels.len(), 15, "all with a twin, and one way to skin");
    assert!(pull(&rendering.scene.dims, &rendering.buffers, 0).unwrap().joints.iter().any(|&x| x > 0.0));
    let Event::Compared(Err(problem)) = worker.serve(Request::Compare) else { panic!("there is no GPU") };
    assert!(problem.contains("no GPU"), "{problem}");
    let folder = std::env::temp_dir().join(format!("workbench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let Event::Captured(Ok(path)) = worker.serve(Request::Capture(folder.join("x.safetensors"))) else {
        panic!("no file")
    };
    let capture = Capture::load(&std::fs::read(path).unwrap()).unwrap();
    assert!(capture.replay(None).unwrap().passed());
    std::fs::remove_dir_all(folder).unwrap();
    let Event::Captured(Err(problem)) = worker.serve(Request::Capture("/no/such/folder/x".into())) else {
        panic!("a file")
    };
    assert!(problem.contains("/no/such/folder"), "{problem}");
}

#[test]
fn every_pixel_of_a_sample_adds_up() {
    let mut worker = Worker::without_gpu();
    let rendering = render(&mut worker, request(10, None));
    let mut busiest = 0;
    for i in 0..SIZE * SIZE {
        let pixel = inspect(&rendering.scene.dims, &rendering.buffers, 0, i % SIZE, i / SIZE).unwrap();
        assert!(pixel.error() < 2e-5, "{pixel:?}");
        busiest = busiest.max(pixel.contributions.len());
    }
    assert!(busiest > 5, "{busiest}");
}

#[test]
fn a_planted_bug_is_found_through_the_worker_and_the_last_good_shader_stays() {
    let (mut worker, Event::Opened { no_gpu, .. }) = Worker::open(None) else { panic!("it says what it is") };
    let Some(()) = have(Need::Gpu, no_gpu.map_or(Ok(()), Err)) else { return };
    let before = render(&mut worker, request(10, Some(LossKey::Pixel([40, 40]))));
    let compare = |worker: &mut Worker| match worker.serve(Request::Compare) {
        Event::Compared(Ok(comparison)) => comparison,
        Event::Compared(Err(problem)) => panic!("{problem}"),
        _ => panic!("something else"),
    };
    let comparison = compare(&mut worker);
    assert!(comparison.verdicts.iter().all(|v| v.outcome == Outcome::Agrees), "{:#?}", comparison.verdicts);

    let mut shaders = ShaderBench::new(program(), None);
    let text = shaders.text("project").to_owned();
    let bug = text.replacen("form(v.cov, v.a, v.a)", "1.1 * form(v.cov, v.a, v.a)", 1);
    assert_ne!(bug, text, "there is something to break");
    let Reload::Good(sources) = shaders.edit("project", &bug) else { panic!("{:?}", shaders.problem()) };
    assert!(matches!(worker.serve(Request::Reload(sources)), Event::Reloaded(Ok(()))));
    let bugged = render(&mut worker, request(10, None));
    let comparison = compare(&mut worker);
    assert_eq!(first_disagreeing(&comparison.verdicts).map(|v| v.kernel), Some(Pass::Project.name()));
    let Some(Painting::Numbers(_, scale)) =
        paint(View::Difference(&comparison.twin), &bugged.scene.dims, &bugged.buffers, 0)
    else {
        panic!("no picture")
    };
    assert!(scale.high > 1e-3, "the difference is seen");

    assert!(matches!(shaders.edit("project", "fn main( {"), Reload::Bad));
    assert_eq!(shaders.good().get("project"), Some(bug.as_str()));
    let Reload::Good(sources) = shaders.reset() else { panic!("{:?}", shaders.problem()) };
    assert!(matches!(worker.serve(Request::Reload(sources)), Event::Reloaded(Ok(()))));
    let after = render(&mut worker, request(10, None));
    assert_eq!(
        after.buffers.get(draction::passes::Buffer::Frames),
        before.buffers.get(draction::passes::Buffer::Frames)
    );
}

#[test]
fn a_frame_is_asked_for_once_and_again_when_something_changed() {
    let ctx = Context::default();
    let mut bench = Workbench::new(&ctx, None, None);
    let key = bench.lacks(1, 0, 5, true).expect("nothing was drawn yet");
    assert_eq!(key.loss, None, "gradients only while nothing moves");
    bench.render(key, Ok(request(5, None)));
    assert_eq!(bench.lacks(1, 0, 6, true), None, "one at a time");
    for _ in 0..6000 {
        bench.update(&ctx);
        if bench.rendering.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(bench.rendering.as_ref().expect("a minute is enough").key, key);
    assert_eq!(bench.history.len(), 1);
    assert_eq!(bench.lacks(1, 0, 5, true), None);
    assert!(bench.lacks(1, 0, 5, false).unwrap().loss.is_some());
    assert!(bench.lacks(1, 1, 5, true).is_some() && bench.lacks(2, 0, 5, true).is_some());
    bench.change(Change::Again);
    assert_eq!(bench.lacks(1, 0, 5, true), Some(key));
    bench.render(key, Err("nobody is there".into()));
    assert_eq!(bench.problem.as_deref(), Some("nobody is there"));
    bench.change(Change::Loss(LossKind::Pixel));
    assert_eq!(bench.loss_key(1, 0), None, "no pixel is chosen");
    bench.change(Change::Pixel([40, 40]));
    assert_eq!(bench.loss_key(1, 0), Some(LossKey::Pixel([40, 40])));
    bench.change(Change::Loss(LossKind::Answer));
    assert_eq!(bench.loss_key(1, 0), None, "nothing was answered");
    assert!(bench.inspected().is_some_and(|pixel| pixel.error() < 2e-5));
    bench.update(&ctx);
    assert!(bench.texture().is_some());
}
