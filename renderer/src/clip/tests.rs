use std::sync::Arc;

use skeletonllm_checks::shared;

use super::*;
use crate::{
    motion::{Format, Part, ReadOptions, Slots, Source, read_file},
    random::Mt19937,
};

/// A stick figure: pelvis, chest, head, and per side shoulder, wrist, hip, foot. Faces +z, left at +x.
pub(crate) fn figure() -> (Arc<Skeleton>, Vec<[f32; 3]>) {
    let names = ["pelvis", "chest", "head", "ls", "lw", "lh", "lf", "rs", "rw", "rh", "rf"];
    let (t, la, ra, ll, rl) = (Part::Torso, Part::LeftArm, Part::RightArm, Part::LeftLeg, Part::RightLeg);
    let skeleton = Skeleton {
        names: names.map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(1), Some(1), Some(3), Some(0), Some(5), Some(1), Some(7), Some(0), Some(9)],
        bones: (1..11).map(|j| [[0, 0, 1, 1, 3, 0, 5, 1, 7, 0, 9][j], j]).collect(),
        parts: vec![t, t, t, la, la, ll, ll, ra, ra, rl, rl],
        mirror: vec![0, 1, 2, 7, 8, 9, 10, 3, 4, 5, 6],
    };
    let pose = vec![
        [0.0, 1.0, 0.0],
        [0.0, 1.4, 0.0],
        [0.0, 1.7, 0.05],
        [0.2, 1.4, 0.0],
        [0.6, 1.2, 0.1],
        [0.1, 1.0, 0.0],
        [0.1, 0.0, 0.1],
        [-0.2, 1.4, 0.0],
        [-0.6, 1.2, 0.1],
        [-0.1, 1.0, 0.0],
        [-0.1, 0.0, 0.1],
    ];
    (Arc::new(skeleton), pose)
}

/// `frames` of one figure, moved by `place(t, joint, point)`.
pub(crate) fn motion(frames: usize, fps: f32, place: impl Fn(usize, usize, [f32; 3]) -> [f32; 3]) -> Motion {
    let (skeleton, pose) = figure();
    let positions = (0..frames)
        .flat_map(|t| pose.iter().enumerate().map(move |(j, p)| (t, j, *p)))
        .flat_map(|(t, j, p)| place(t, j, p));
    Motion {
        positions: positions.collect(),
        skeleton,
        fps,
        bodies: 1,
        performer: None,
        present: vec![true; frames],
        orientations: None,
        source: Source::default(),
    }
}

fn yawed([x, y, z]: [f32; 3], angle: f32) -> [f32; 3] {
    let (s, c) = angle.sin_cos();
    [c * x + s * z, y, c * z - s * x]
}

fn pixel(clip: &Clip, frame: usize, joint: usize, (w, h): (usize, usize)) -> (f64, f64, f64) {
    let i = (frame * clip.bodies * clip.joints() + joint) * 3;
    clip.camera.project([0, 1, 2].map(|c| f64::from(clip.positions[i + c])), w, h)
}

#[test]
fn every_joint_is_inside_and_the_picture_is_full() {
    let mut random = Mt19937::new(5);
    for round in 0..60 {
        let mut draw = |low: f64, high: f64| (low + (high - low) * random.uniform()) as f32;
        let (yaw, scale, spread) = (draw(0.0, 6.3), draw(0.1, 5.0), draw(0.0, 2.0));
        let offset = [draw(-50.0, 50.0), draw(-50.0, 50.0), draw(-50.0, 50.0)];
        let noise: Vec<f32> = (0..40 * 11 * 3).map(|_| draw(-1.0, 1.0) * spread).collect();
        let m = motion(40, 30.0, |t, j, p| {
            let n = &noise[(t * 11 + j) * 3..];
            let p = yawed([p[0] + n[0], p[1] + n[1], p[2] + n[2]], yaw);
            [0, 1, 2].map(|c| p[c] * scale + offset[c])
        });
        let aspect = [1.0, 16.0 / 9.0, 0.5][round % 3];
        let size = ((320.0 * aspect) as usize, 320);
        let fit = Fit { aspect: size.0 as f64 / size.1 as f64, ..Fit::default() };
        let clip =
            Clip::from_motion(&m, &ClipOptions { viewpoint: Viewpoint::Fit(fit), ..ClipOptions::default() }).unwrap();
        let (mut most, mut nearest) = (0f64, f64::INFINITY);
        for t in 0..12 {
            for j in 0..11 {
                let (u, v, depth) = pixel(&clip, t, j, size);
                let across = (u / (size.0 as f64 / 2.0) - 1.0).abs();
                let down = (v / (size.1 as f64 / 2.0) - 1.0).abs();
                assert!(across < 0.9205 && down < 0.9205, "round {round}: {u} {v}");
                assert!(depth > 0.2999);
                (most, nearest) = (most.max(across).max(down), nearest.min(depth));
            }
        }
        assert!(most > 0.91 || nearest < 0.301, "round {round}: only {most} of the picture is used");
    }
}

#[test]
fn pictures_are_not_mirrored_and_show_the_front() {
    for degrees in [0f32, 77.0, 180.0, 260.0] {
        let m = motion(30, 30.0, |_, _, p| yawed(p, degrees.to_radians()));
        let clip = Clip::from_motion(&m, &ClipOptions::default()).unwrap();
        let at = |j: usize| pixel(&clip, 0, j, (448, 448));
        let (left, right, head, foot) = (at(4), at(8), at(2), at(6));
        assert!(left.0 > 260.0 && right.0 < 190.0, "{degrees}: left wrist at {}, right at {}", left.0, right.0);
        assert!(head.1 < foot.1);
        // the camera stands to their left, so that hand is nearer
        assert!(left.2 < right.2);
        // the picture does not depend on how they were recorded
        let (u, v, _) = pixel(
            &Clip::from_motion(&motion(30, 30.0, |_, _, p| p), &ClipOptions::default()).unwrap(),
            0,
            4,
            (448, 448),
        );
        assert!((left.0 - u).abs() < 1e-2 && (left.1 - v).abs() < 1e-2);
    }
}

#[test]
fn helper_joints_inside_the_trunk_do_not_decide_the_front() {
    // shoulders and hips on the spine, as some tools write: only hands and feet tell left from right
    let m = motion(20, 30.0, |_, j, p| if matches!(j, 3 | 5 | 7 | 9) { [0.0, p[1], 0.0] } else { yawed(p, 2.0) });
    let clip = Clip::from_motion(&m, &ClipOptions::default()).unwrap();
    assert!(pixel(&clip, 0, 4, (448, 448)).0 > pixel(&clip, 0, 8, (448, 448)).0 + 100.0);
}

#[test]
fn lying_on_the_side_keeps_the_files_front() {
    let m = motion(20, 30.0, |_, _, p| [p[1], -p[0], p[2]]);
    let clip = Clip::from_motion(&m, &ClipOptions::default()).unwrap();
    // file axes: the head is along +x, which is the picture's right
    assert!(pixel(&clip, 0, 2, (448, 448)).0 > pixel(&clip, 0, 6, (448, 448)).0 + 100.0);
}

#[test]
fn orientations_turn_with_the_clip() {
    let mut m = motion(12, 30.0, |_, _, p| yawed(p, std::f32::consts::FRAC_PI_2));
    let half = std::f32::consts::FRAC_PI_4;
    m.orientations = Some([half.cos(), 0.0, half.sin(), 0.0].repeat(12 * 11));
    let clip = Clip::from_motion(&m, &ClipOptions { oriented: true, ..ClipOptions::default() }).unwrap();
    let q = &clip.orientations.as_ref().unwrap()[..4];
    // recorded facing +x with joints turned likewise: in the clip's axes nothing is turned
    assert!((q[0].abs() - 1.0).abs() < 1e-5 && q[1..].iter().all(|x| x.abs() < 1e-5), "{q:?}");
}

#[test]
fn reference_velocity_reaches_four_frames_ahead() {
    let m = motion(10, 60.0, |t, _, p| [p[0] + (t * t) as f32, p[1], p[2]]);
    let options = ClipOptions { frames: 10, ..ClipOptions::reference() };
    let clip = Clip::from_motion(&m, &options).unwrap();
    let v: Vec<f32> = clip.velocities.chunks_exact(33).map(|f| f[0]).collect();
    assert_eq!(v, [16.0, 24.0, 32.0, 40.0, 48.0, 56.0, 45.0, 32.0, 17.0, 0.0]);
}

#[test]
fn velocity_in_seconds_does_not_depend_on_the_rate() {
    let at = |fps: f32, sample: usize| {
        let m = motion((fps * 2.0) as usize, fps, |t, _, p| [p[0], p[1] + t as f32 / fps * 3.0, p[2]]);
        let clip = Clip::at_frames(&m, &[0, sample], &ClipOptions::default()).unwrap();
        clip.velocities[1]
    };
    for fps in [25.0, 30.0, 50.0, 59.94, 120.0] {
        assert!((at(fps, 5) - 0.4).abs() < 1e-4, "{fps}: {}", at(fps, 5));
    }
}

#[test]
fn bodies_that_come_and_go() {
    let mut m = motion(20, 30.0, |_, _, p| p);
    let body = 33;
    let one = m.positions.clone();
    m.bodies = 2;
    m.positions = one
        .chunks_exact(body)
        .enumerate()
        .flat_map(|(t, b)| {
            let second = if t < 10 { b.iter().map(|x| x + 1.0).collect() } else { vec![0.0; body] };
            [b.to_vec(), second].concat()
        })
        .collect();
    m.present = (0..20).flat_map(|t| [true, t < 10]).collect();
    let frames = ClipOptions { frames: 20, ..ClipOptions::reference() };
    let clip = Clip::from_motion(&m, &frames).unwrap();
    let v = |c: &Clip, t: usize| c.velocities[(t * 2 + 1) * body];
    assert_eq!((v(&clip, 3), v(&clip, 7)), (0.0, -1.0)); // the reference lets it fly to the origin
    let clip = Clip::from_motion(&m, &ClipOptions { frames: 20, ..ClipOptions::default() }).unwrap();
    assert_eq!((v(&clip, 3), v(&clip, 7)), (0.0, 0.0));
    assert!(clip.positions[(12 * 2 + 1) * body..][..body].iter().all(|x| *x == 0.0));
}

#[test]
fn the_camera_stands_before_who_performs() {
    let one = motion(20, 30.0, |_, _, p| p);
    let mut m = Motion { bodies: 2, present: vec![true; 40], positions: Vec::new(), ..one.clone() };
    for pose in one.positions.chunks_exact(33) {
        m.positions.extend(pose);
        // turned about, and a metre and a half aside
        m.positions.extend(pose.chunks_exact(3).flat_map(|p| [1.5 - p[0], p[1], -p[2]]));
    }
    let left_of_right = |m: &Motion, body: usize| {
        let clip = Clip::from_motion(m, &ClipOptions::default()).unwrap();
        let x = |joint: usize| clip.positions[(body * 11 + joint) * 3];
        x(4) - x(8)
    };
    for performer in [0, 1] {
        m.performer = Some(performer);
        assert!(left_of_right(&m, performer) > 1.0 && left_of_right(&m, 1 - performer) < -1.0, "{performer}");
    }
    // who performs and is not there, does not; nobody is chosen by a slot that does not exist
    m.performer = Some(7);
    assert!(left_of_right(&m, 0) > 1.0);
    m.performer = Some(1);
    (0..20).for_each(|t| m.present[2 * t + 1] = false);
    assert!(left_of_right(&m, 0) > 1.0);
    assert_eq!((m.main_body(), m.people(), m.without_empty_bodies().performer), (Some(0), 1, None));
}

#[test]
fn reference_places_by_format() {
    let mut m = motion(12, 30.0, |_, _, p| [p[0], p[1], p[2] + 0.1]);
    m.source.format = Format::Ntu;
    let reference = ClipOptions::reference();
    let clip = Clip::from_motion(&m, &reference).unwrap();
    assert!((clip.positions[2] - 1.1).abs() < 1e-6 && (clip.positions[1] - 1.0).abs() < 1e-6);
    assert_eq!(clip.camera, Camera::reference(60.0));
    let far = motion(12, 30.0, |_, _, p| [p[0], p[1], p[2] + 3.0]);
    let far = Motion { source: m.source.clone(), ..far };
    assert_eq!(Clip::from_motion(&far, &reference).unwrap().positions[2], 3.0);
    m.source.format = Format::HumanMl3d;
    let clip = Clip::from_motion(&m, &reference).unwrap();
    let median = |axis: usize| lower(clip.positions.iter().skip(axis).step_by(3).copied().collect());
    assert!(median(1).abs() < 1e-6 && (median(2) - 2.5).abs() < 1e-6 && clip.positions[0] == 0.0);
}

fn lower(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values[(values.len() - 1) / 2]
}

#[test]
fn golden_clip_is_reproduced_from_its_file() {
    let Some(case) = shared("golden/draction/ntu_released_01.safetensors") else { return };
    let Some(file) = shared("data/ntu-sample/S001C001P001R001A001.skeleton") else { return };
    let case = crate::conformance::Case::load(&std::fs::read(case).unwrap()).unwrap();
    let as_filed = ReadOptions { slots: Slots::File, ..ReadOptions::default() };
    let motion = read_file(file, &as_filed).unwrap();
    // these indices stand in the case's metadata; they are not the unseeded sampler's
    let indices = [0, 10, 18, 32, 34, 44, 54, 65, 69, 85, 87, 97];
    let clip = Clip::at_frames(&motion, &indices, &ClipOptions::reference()).unwrap();
    let near = |a: &[f32], b: &[f32]| a.len() == b.len() && a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-6);
    assert!(near(&clip.positions, &case.scene.positions) && near(&clip.velocities, &case.scene.velocities));
}

#[test]
fn further_frames_join_a_stage_as_if_they_had_been_sampled() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/samples/walk.bvh");
    let motion = read_file(path, &ReadOptions::default()).expect("a sample");
    for options in [ClipOptions::default(), ClipOptions::reference()] {
        let stage = Stage::new(&motion, &options).expect("a stage");
        let sampled = stage.clip().clone();
        let again = stage.frames(&motion, &sampled.frame_indices).expect("the same frames");
        assert_eq!((&again.positions, &again.velocities), (&sampled.positions, &sampled.velocities));
        assert_eq!(again.camera, sampled.camera);
        // a frame between two sampled ones lies between them, for so slow a joint as the root
        let t = sampled.frame_indices[5].midpoint(sampled.frame_indices[6]);
        let between = stage.frames(&motion, &[t]).expect("a frame");
        let joints = sampled.joints() * 3;
        let (a, b) = (&sampled.positions[5 * joints..][..3], &sampled.positions[6 * joints..][..3]);
        for c in 0..3 {
            let (low, high) = (a[c].min(b[c]) - 0.1, a[c].max(b[c]) + 0.1);
            assert!((low..high).contains(&between.positions[c]), "{c}: {} in {low}..{high}", between.positions[c]);
        }
        assert!(stage.frames(&motion, &[motion.frames()]).is_err());
    }
}

#[test]
fn empty_and_broken_motions_are_refused() {
    let options = ClipOptions::default();
    let fails = |m: &Motion, options: &ClipOptions| Clip::from_motion(m, options).unwrap_err();
    let good = motion(5, 30.0, |_, _, p| p);
    let empty = Motion { present: vec![], positions: vec![], ..good.clone() };
    assert!(matches!(fails(&empty, &options), ClipError::Empty { frames: 0, .. }));
    assert!(matches!(fails(&Motion { bodies: 0, ..good.clone() }, &options), ClipError::Empty { .. }));
    let absent = Motion { present: vec![false; 5], ..good.clone() };
    assert_eq!(fails(&absent, &options), ClipError::Nobody(12));
    let short = Motion { positions: vec![0.0; 7], ..good.clone() };
    assert!(matches!(fails(&short, &options), ClipError::Length { got: 7, .. }));
    let mut nan = good.clone();
    nan.positions[4] = f32::NAN;
    let all = ClipOptions { frames: 5, ..options };
    assert!(matches!(fails(&nan, &all), ClipError::NotFinite { frame: 0, joint: 1, .. }));
    assert!(matches!(fails(&good, &ClipOptions { frames: 0, ..options }), ClipError::Option(_)));
    for bad in [
        Fit { fov: 0.0, ..Fit::default() },
        Fit { aspect: f64::NAN, ..Fit::default() },
        Fit { pitch: 90.0, ..Fit::default() },
    ] {
        assert!(matches!(
            fails(&good, &ClipOptions { viewpoint: Viewpoint::Fit(bad), ..options }),
            ClipError::Option(_)
        ));
    }
    assert!(matches!(Clip::at_frames(&good, &[5], &options), Err(ClipError::Option(_))));
    assert!(matches!(Clip::at_frames(&good, &[3, 2], &options), Err(ClipError::Option(_))));
}
