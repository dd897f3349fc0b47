//! The scene without a window: what is where on the screen, and what gestures do.

use std::{cell::RefCell, sync::Arc};

use draction::motion::{Motion, Part, ReadOptions, read};
use eframe::egui::{PointerButton, Rect, pos2};

use super::*;
use crate::widgets::testing::Harness;

const WAVE: &[u8] = include_bytes!("../../../../assets/samples/wave_left_hand.bvh");

fn wave() -> Motion {
    read(WAVE, "wave_left_hand.bvh", &ReadOptions::default()).expect("a sample")
}

fn view() -> Rect {
    Rect::from_min_size(pos2(0.0, 0.0), vec2(600.0, 400.0))
}

/// The orbit before and after a gesture on a view of 600 by 400 points.
fn with(motion: &Motion, gesture: impl FnOnce(&mut Harness, &mut dyn FnMut(&mut Ui))) -> (Orbit, Orbit) {
    let mut h = Harness::new(600.0, 400.0);
    let orbit = RefCell::new(Orbit::new(motion));
    let mut content = |ui: &mut Ui| {
        SceneView::new(motion, 3.5).show(ui, &mut orbit.borrow_mut());
    };
    h.frame(&mut content);
    let before = orbit.borrow().clone();
    gesture(&mut h, &mut content);
    (before, orbit.into_inner())
}

#[test]
fn from_the_front_the_left_hand_is_at_the_right() {
    let motion = wave();
    let mut orbit = Orbit::new(&motion);
    let pose = Pose::at(&motion, 0.0, orbit.figure());
    let front = pose.facing(0).expect("twins");
    orbit.yaw = front.x.atan2(front.z);
    let x = |orbit: &Orbit, part| {
        let joint = motion.skeleton.tip(part).expect("a hand");
        orbit.camera(view(), &pose).project(pose.joints[joint]).expect("in sight").0.x
    };
    use Part::{LeftArm, RightArm};
    assert!(x(&orbit, LeftArm) > x(&orbit, RightArm) + 20.0);
    orbit.yaw += std::f32::consts::PI;
    assert!(x(&orbit, LeftArm) < x(&orbit, RightArm) - 20.0, "from behind it is the other way round");
}

#[test]
fn people_have_numbers_and_one_alone_has_none() {
    let one = wave();
    let mut two = Motion { bodies: 2, orientations: None, ..one.clone() };
    two.present = one.present.iter().flat_map(|&there| [there, there]).collect();
    let beside = |body: &[f32]| {
        let mut other = body.to_vec();
        other.iter_mut().step_by(3).for_each(|x| *x += 1.5);
        [body.to_vec(), other].concat()
    };
    two.positions = one.positions.chunks_exact(3 * one.joints()).flat_map(beside).collect();
    for (motion, expected) in [(&one, vec![]), (&two, vec!["1", "2"])] {
        let (mut h, mut orbit) = (Harness::new(600.0, 400.0), Orbit::new(motion));
        h.frame(|ui| drop(SceneView::new(motion, 0.0).show(ui, &mut orbit)));
        let mut found: Vec<&str> =
            h.texts().iter().map(String::as_str).filter(|text| ["1", "2"].contains(text)).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }
}

#[test]
fn the_first_view_shows_all_of_it() {
    let motion = wave();
    for (width, height) in [(1200.0, 500.0), (374.0, 500.0), (200.0, 900.0)] {
        let mut h = Harness::new(width, height);
        let mut orbit = Orbit::new(&motion);
        h.frame(|ui| {
            let rect = SceneView::new(&motion, 0.0).show(ui, &mut orbit).rect;
            let mut covered = Rect::NOTHING;
            for t in 0..motion.frames() {
                let pose = Pose::at(&motion, t as f32, orbit.figure());
                let camera = orbit.camera(rect, &pose);
                for &joint in &pose.joints {
                    covered.extend_with(camera.project(joint).expect("in sight").0);
                }
            }
            assert!(rect.contains_rect(covered), "{covered:?} of {rect:?}");
            let filled = (covered.height() / rect.height()).max(covered.width() / rect.width());
            assert!(filled > 0.55, "{covered:?} of {rect:?}");
        });
        assert!(h.triangles() > 2000);
    }
}

#[test]
fn up_is_up_and_near_is_big() {
    let motion = wave();
    let orbit = Orbit::new(&motion);
    let pose = Pose::at(&motion, 0.0, orbit.figure());
    let camera = orbit.camera(view(), &pose);
    let foot = camera.project(pose.joints[motion.skeleton.tip(Part::LeftLeg).unwrap()]).unwrap();
    let head = camera.project(pose.heads[0].unwrap().0).unwrap();
    assert!(head.0.y + 100.0 < foot.0.y);
    assert!(camera.size(1.0, 2.0) > camera.size(1.0, 3.0));
    assert!(camera.project(camera.eye - camera.forward).is_none(), "behind the eye");
}

#[test]
fn frames_between_frames_interpolate() {
    let motion = wave();
    let at = |frame: f32| Pose::at(&motion, frame, 1.7).joints[motion.skeleton.tip(Part::LeftArm).unwrap()];
    let (a, b, middle) = (at(4.0), at(5.0), at(4.5));
    assert!(middle.abs_diff_eq((a + b) * 0.5, 1e-5), "{middle} between {a} and {b}");
    assert_eq!(at(-3.0), at(0.0));
    assert_eq!(at(f32::NAN), at(0.0));
    assert_eq!(at(1e9), at((motion.frames() - 1) as f32));
}

#[test]
fn gestures_turn_move_zoom_and_reset() {
    let motion = wave();
    let (before, after) = with(&motion, |h, ui| h.drag([300.0, 200.0], [400.0, 180.0], PointerButton::Primary, ui));
    assert!(after.yaw < before.yaw - 0.5 && after.pitch < before.pitch, "{before:?} {after:?}");
    assert_eq!(after.target, before.target);

    let (before, after) = with(&motion, |h, ui| h.drag([300.0, 200.0], [300.0, 300.0], PointerButton::Secondary, ui));
    assert_eq!((after.yaw, after.pitch), (before.yaw, before.pitch));
    assert!(after.target.y > before.target.y + 0.1, "the body follows the pointer down, so the target goes up");

    let (before, after) = with(&motion, |h, ui| {
        h.hover(300.0, 200.0);
        h.wheel(3.0, ui);
    });
    assert!(after.distance < before.distance * 0.9, "{} {}", after.distance, before.distance);

    let (before, after) = with(&motion, |h, ui| h.pinch([300.0, 200.0], 40.0, 120.0, vec2(30.0, 0.0), ui));
    assert!(after.distance < before.distance * 0.6, "{} {}", after.distance, before.distance);
    assert_ne!(after.target, before.target);
    assert_eq!(after.yaw, before.yaw, "two fingers do not turn");

    let (before, after) = with(&motion, |h, ui| {
        h.drag([300.0, 200.0], [400.0, 180.0], PointerButton::Primary, &mut *ui);
        (0..60).for_each(|_| h.frame(&mut *ui));
        h.click(300.0, 200.0, &mut *ui);
        h.click(300.0, 200.0, &mut *ui);
    });
    assert_eq!((after.yaw, after.target), (before.yaw, before.target));
}

#[test]
fn the_hottest_joints_are_named() {
    let motion = wave();
    let pose = Pose::at(&motion, 0.0, 1.7);
    let mut heat = vec![0.0; motion.joints()];
    heat[3] = 0.4;
    heat[1] = 0.9;
    heat[5] = 0.6;
    heat[2] = 0.3;
    heat[4] = f32::NAN;
    assert_eq!(hottest(&heat, &pose), [1, 5, 3]);
    assert_eq!(hottest(&[], &pose), [0_usize; 0]);
}

#[test]
fn who_walks_away_is_followed() {
    let mut motion = wave();
    assert!(!Orbit::new(&motion).follow);
    let (frames, joints) = (motion.frames(), motion.joints());
    for t in 0..frames {
        for j in 0..joints {
            motion.positions[(t * joints + j) * 3 + 2] += 10.0 * t as f32 / frames as f32;
        }
    }
    let orbit = Orbit::new(&motion);
    assert!(orbit.follow);
    let pose = Pose::at(&motion, (frames - 1) as f32, orbit.figure());
    let head = orbit.camera(view(), &pose).project(pose.heads[0].unwrap().0);
    assert!(head.is_some_and(|(pos, _)| view().contains(pos)), "{head:?}");
}

#[test]
fn broken_motions_are_drawn_without_harm() {
    let empty = Motion { positions: Vec::new(), present: Vec::new(), ..wave() };
    let mut absent = wave();
    absent.present.fill(false);
    let mut holes = wave();
    holes.positions.iter_mut().step_by(7).for_each(|v| *v = f32::NAN);
    holes.positions.iter_mut().step_by(11).for_each(|v| *v = f32::INFINITY);
    let mut huge = wave();
    huge.positions.iter_mut().for_each(|v| *v *= 1e6);
    let point = Motion { positions: vec![0.0; wave().positions.len()], ..wave() };
    let mut bare = wave();
    bare.skeleton = Arc::new(draction::motion::Skeleton {
        names: Vec::new(),
        parents: Vec::new(),
        bones: Vec::new(),
        parts: Vec::new(),
        mirror: Vec::new(),
    });
    // the figure alone: the same view of the same take without anybody in it
    let figure = |motion: &Motion| {
        let mut h = Harness::new(500.0, 400.0);
        let mut triangles = |motion: &Motion| {
            h.frame(|ui| drop(SceneView::new(motion, 2.5).show(ui, &mut Orbit::new(&wave()))));
            h.triangles()
        };
        triangles(motion) as i64 - triangles(&absent) as i64
    };
    assert!(figure(&wave()) > 500, "{}", figure(&wave()));
    assert_eq!(figure(&empty), 0);
    for motion in [&empty, &absent, &holes, &huge, &point, &bare] {
        for (width, height) in [(500.0, 400.0), (1.0, 1.0), (0.0, 50.0)] {
            let mut h = Harness::new(width, height);
            let mut orbit = Orbit::new(motion);
            for frame in [0.0, 2.5, f32::NAN, f32::INFINITY, -1.0, 1e20] {
                h.hover(width * 0.5, height * 0.5);
                h.frame(|ui| {
                    let heat = [0.5, f32::NAN, 2.0];
                    SceneView::new(motion, frame).heat(Some(&heat)).trails(true).show(ui, &mut orbit);
                });
            }
            (orbit.yaw, orbit.distance, orbit.target) = (f32::NAN, f32::INFINITY, glam::Vec3::NAN);
            h.frame(|ui| {
                SceneView::new(motion, 1.0).show(ui, &mut orbit);
            });
        }
    }
}
