use draction::{
    draction::{LinePoints, Scales, Template, TemplateRule},
    figure,
    motion::{Motion, read_file},
};
use skeletonllm_data::Perturbation;

use super::*;
use crate::folder::{ModelFiles, default_model};

fn host_drawing() -> HostDrawing {
    let files = ModelFiles::read(&default_model().unwrap()).unwrap();
    HostDrawing::from_files(&files.config, files.draction.as_deref()).unwrap()
}

/// A renderer on a chain of so many joints.
fn chain(joints: usize) -> DrAction {
    let bones: Vec<[usize; 2]> = (1..joints).map(|j| [j - 1, j]).collect();
    let pose: Vec<f32> = (0..joints).flat_map(|j| [0.0, 0.1 * j as f32, 3.0]).collect();
    let rule = TemplateRule { points: LinePoints::Fixed(3), scales: Scales::Constant(0.05) };
    DrAction::init(Template::build(&bones, &pose, &rule).unwrap(), 1)
}

fn sample(name: &str) -> Motion {
    let path = format!("{}/../assets/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    read_file(path, &Default::default()).unwrap()
}

#[test]
fn weights_for_another_body_say_so() {
    let host = host_drawing();
    let settings = DrawSettings { weights: Some(Arc::new(chain(24))), ..DrawSettings::default() };
    let error = host.with(&settings).unwrap_err().to_string();
    assert!(error.contains("24 joints") && error.contains("25"), "{error}");
    assert!(HostDrawing::new(chain(22), host.config()).is_err());
    let bytes = chain(22).to_bytes();
    let config = ModelFiles::read(&default_model().unwrap()).unwrap().config;
    let error = format!("{:#}", HostDrawing::from_files(&config, Some(&bytes)).unwrap_err());
    assert!(error.starts_with("draction.safetensors") && error.contains("22 joints"), "{error}");
}

#[test]
fn a_depth_mix_is_a_share() {
    let host = host_drawing();
    for share in [-0.1, 1.1, f32::NAN] {
        let settings = DrawSettings { depth_mix: Some(share), ..DrawSettings::default() };
        assert!(host.with(&settings).unwrap_err().to_string().contains("share"), "{share}");
    }
    let settings = DrawSettings { depth_mix: Some(0.25), ..DrawSettings::default() };
    assert!((host.with(&settings).unwrap().draction().depth_mix() - 0.25).abs() < 1e-5);
}

#[test]
fn without_weights_there_is_a_fresh_renderer() {
    let config = ModelFiles::read(&default_model().unwrap()).unwrap().config;
    let host = HostDrawing::from_files(&config, None).unwrap();
    let drawing = fresh_drawing(host.config(), 0, &Device::flex()).unwrap();
    assert_eq!(*host.draction(), drawing.to_draction());
    assert_eq!(*drawing.present().draction(), drawing.to_draction());
}

#[test]
fn both_cameras_show_the_same_moments() {
    let reference = DrawSettings { camera: CameraMode::Reference, ..DrawSettings::default() };
    for motion in [sample("walk.bvh"), sample("wave_left_hand.skeleton")] {
        let (a, b) = (DrawSettings::default().clip(&motion, 12).unwrap(), reference.clip(&motion, 12).unwrap());
        assert_eq!(a.frame_indices, b.frame_indices);
        assert_ne!(a.camera, b.camera);
    }
    // it is the reference's own rule that decides where a clip is put
    let motion = sample("wave_left_hand.skeleton");
    let clip = reference.clip(&motion, 12).unwrap();
    let theirs =
        Clip::at_frames(&motion.without_empty_bodies(), &clip.frame_indices, &draction::clip::ClipOptions::reference());
    assert_eq!((clip.positions, clip.velocities), theirs.map(|c| (c.positions, c.velocities)).unwrap());
}

#[test]
fn what_shakes_is_drawn_smooth() {
    let shaken = Perturbation::Noise(0.1).apply(&sample("walk.bvh"), 0).into_owned();
    let (smooth, rough) = (figure::of(&shaken).motion, figure::on_kinect(&shaken, 25).unwrap().motion);
    let (before, after) = (figure::noise(&rough), figure::noise(&smooth));
    assert!(after < 0.2 * before, "{before} m, then {after} m");
}

#[test]
fn a_host_drawing_can_go_anywhere() {
    fn travels<T: Send + Sync + Clone>(_: &T) {}
    travels(&host_drawing());
}
