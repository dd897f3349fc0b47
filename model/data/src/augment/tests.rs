use skeletonllm_checks::max_abs;

use super::*;
use crate::{
    kinematics::Kinematics,
    stick_figure::{Pose, motion, waving},
};

fn person() -> Motion {
    motion(2.0, |t| Pose { pelvis: [1.0 + t, 0.9, 2.0], ..Pose::default() })
}

/// Distance between two joints of one frame.
fn apart(motion: &Motion, t: usize, a: usize, b: usize) -> f32 {
    let [a, b] = [a, b].map(|j| motion.position(t, 0, j));
    (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f32>().sqrt()
}

#[test]
fn nothing_changes_without_options() {
    let before = person();
    let after = augment(&before, &AugmentOptions::none(), &mut Rng::new(1));
    assert!(!after.mirrored);
    let degraded = degraded(&after.motion, &AugmentOptions::none(), &mut Rng::new(1));
    assert_eq!((degraded.fps, degraded.frames()), (before.fps, before.frames()));
    for (a, b) in degraded.positions.iter().zip(&before.positions) {
        assert!((a - b).abs() < 1e-5);
    }
}

#[test]
fn the_same_stream_gives_the_same_clip() {
    let options = AugmentOptions::default();
    let draw = |index| {
        let mut rng = Rng::at(5, 2, index);
        let shown = augment(&person(), &options, &mut rng).motion;
        degraded(&shown, &options, &mut rng).positions
    };
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
}

#[test]
fn every_change_stays_in_its_range() {
    let options = AugmentOptions {
        yaw_deg: 30.0,
        tempo: [0.8, 1.25],
        keep: [0.8, 1.0],
        slow_recording: 0.0,
        ..AugmentOptions::default()
    };
    let before = person();
    let mut mirrored = 0;
    for index in 0..200 {
        let Augmented { motion, mirrored: m } = augment(&before, &options, &mut Rng::at(1, 1, index));
        mirrored += usize::from(m);
        assert!((48..=60).contains(&motion.frames()), "{}", motion.frames());
        assert!((23.9..=37.6).contains(&motion.fps));
        let scale = apart(&motion, 0, 0, 3) / apart(&before, 0, 0, 3);
        assert!((0.899..=1.101).contains(&scale), "{scale}");
        // from right to left shoulder is +x, turned by the yaw
        let (left, right) = (motion.position(0, 0, 4), motion.position(0, 0, 7));
        let yaw = (right[2] - left[2]).atan2(left[0] - right[0]);
        assert!(yaw.abs() < 30.1f32.to_radians(), "{yaw}");
    }
    assert!((70..130).contains(&mirrored), "{mirrored}");
}

#[test]
fn a_mirrored_clip_swaps_sides_and_a_second_mirror_restores_it() {
    let mirror = AugmentOptions { mirror: 1.1, ..AugmentOptions::none() };
    let before = waving(0);
    assert_eq!(Kinematics::of(&before).hands, Some(crate::Limbs::Left));
    let once = augment(&before, &mirror, &mut Rng::new(1));
    assert!(once.mirrored);
    assert_eq!(Kinematics::of(&once.motion), Kinematics::of(&before).mirrored());
    let twice = augment(&once.motion, &mirror, &mut Rng::new(1)).motion;
    for (a, b) in twice.positions.iter().zip(&before.positions) {
        assert!((a - b).abs() < 1e-5);
    }
}

#[test]
fn mirror_and_yaw_are_those_of_the_motion_module() {
    let mut before = waving(0);
    let quaternions = (0..before.positions.len() / 3).map(|i| {
        let mut rng = Rng::new(i as u64);
        let q = [0; 4].map(|_| rng.range(-1.0, 1.0));
        let n = q.iter().map(|v| v * v).sum::<f32>().sqrt();
        q.map(|v| v / n)
    });
    before.orientations = Some(quaternions.flatten().collect());
    let options = AugmentOptions { mirror: 1.1, yaw_deg: 40.0, ..AugmentOptions::none() };
    let ours = augment(&before, &options, &mut Rng::new(8)).motion;
    let yaw = Rng::new(8).range(-1.0, 1.0) * 40f32.to_radians();
    let theirs = before.mirrored().yawed(yaw);
    // the place may differ: compared is what the pose looks like from its own first joint
    for t in [0, 30] {
        let relative = |m: &Motion, j| {
            let (p, root) = (m.position(t, 0, j), m.position(t, 0, 0));
            [0, 1, 2].map(|i| p[i] - root[i])
        };
        for j in 0..before.joints() {
            let (a, b) = (relative(&ours, j), relative(&theirs, j));
            assert!((0..3).all(|i| (a[i] - b[i]).abs() < 1e-4), "joint {j}: {a:?} {b:?}");
            let (a, b) = (ours.orientation(t, 0, j), theirs.orientation(t, 0, j));
            let dot: f32 = (0..4).map(|i| a[i] * b[i]).sum();
            assert!(dot.abs() > 0.9999, "joint {j}: {a:?} {b:?}");
        }
    }
}

#[test]
fn bones_change_alike_on_both_sides_and_little() {
    let (before, options) = (person(), AugmentOptions { bone_length: 0.1, ..AugmentOptions::none() });
    let after = degraded(&before, &options, &mut Rng::new(4));
    let factor = |a, b| apart(&after, 9, a, b) / apart(&before, 9, a, b);
    assert!((factor(4, 5) - factor(7, 8)).abs() < 1e-4);
    let all: Vec<f32> = before.skeleton.bones.iter().map(|&[a, b]| factor(a, b)).collect();
    assert!(all.iter().all(|f| (0.899..=1.101).contains(f)), "{all:?}");
    assert!(all.iter().any(|f| (f - 1.0).abs() > 0.01));
}

#[test]
fn errors_of_joints_are_small_and_drift_is_slow() {
    let before = person();
    let most = |options: AugmentOptions, steps: bool| {
        let after = degraded(&before, &options, &mut Rng::new(3));
        let error: Vec<f32> = after.positions.iter().zip(&before.positions).map(|(a, b)| a - b).collect();
        let row = before.joints() * 3;
        if steps {
            max_abs(&error[..error.len() - row], &error[row..])
        } else {
            max_abs(&after.positions, &before.positions)
        }
    };
    let drift = AugmentOptions { drift_m: 0.015, ..AugmentOptions::none() };
    let error = most(drift.clone(), false);
    assert!(error > 0.0005 && error < 0.0151, "{error}");
    assert!(most(drift, true) < 0.0025);
    let jitter = most(AugmentOptions { jitter_m: 0.5, ..AugmentOptions::none() }, false);
    assert!(jitter > 1e-5 && jitter < 0.501, "{jitter}");
}

#[test]
fn a_good_tracker_sees_the_same_performance() {
    let before = waving(0);
    let steady = AugmentOptions {
        flat: 0.5,
        drift_m: 0.0,
        jitter_m: 0.0,
        lost_joints: 0.0,
        lost_frames: 0.0,
        ..AugmentOptions::default()
    };
    let shaky = AugmentOptions { lost_frames: 0.3, drift_m: 0.2, jitter_m: 0.2, lost_joints: 0.5, ..steady.clone() };
    let mut apart = 0;
    for seed in 0..20 {
        let draw = |options: &AugmentOptions| degraded(&before, options, &mut Rng::new(seed)).positions;
        assert_eq!(draw(&shaky.well_tracked()), draw(&steady));
        apart += usize::from(draw(&shaky) != draw(&steady));
    }
    assert_eq!(apart, 20, "errors are seen where they are asked for");
}

#[test]
fn an_absent_body_stays_absent() {
    let mut before = person();
    before.present[7] = false;
    let row = before.joints() * 3;
    before.positions[7 * row..8 * row].fill(0.0);
    let options = AugmentOptions {
        keep: [1.0; 2],
        warp: 0.0,
        slow_recording: 0.0,
        lost_frames: 0.0,
        ..AugmentOptions::default()
    };
    let mut rng = Rng::new(2);
    let after = degraded(&augment(&before, &options, &mut rng).motion, &options, &mut rng);
    assert!(!after.is_present(7, 0));
    assert!(after.positions[7 * row..8 * row].iter().all(|&v| v == 0.0));
}

#[test]
fn a_slow_recording_and_lost_frames_keep_the_time() {
    let before = waving(0);
    let slow = AugmentOptions { slow_recording: 1.1, ..AugmentOptions::none() };
    let after = augment(&before, &slow, &mut Rng::new(1)).motion;
    assert!(after.frames() < before.frames() * 2 / 3);
    assert!((after.seconds() - before.seconds()).abs() < 0.1, "{} s, {} s", after.seconds(), before.seconds());
    let (mut held, mut frames) = (0, 0);
    for seed in 0..20 {
        let lossy =
            degraded(&before, &AugmentOptions { lost_frames: 1.0, ..AugmentOptions::none() }, &mut Rng::new(seed));
        assert_eq!(lossy.frames(), before.frames());
        let row = before.joints() * 3;
        let rows: Vec<&[f32]> = lossy.positions.chunks_exact(row).collect();
        held += rows.windows(2).filter(|w| w[0] == w[1]).count();
        frames += rows.len();
    }
    let share = held as f32 / frames as f32;
    assert!(share > 0.1 && share < 0.7, "{share}");
}

#[test]
fn a_flat_clip_lies_in_one_plane_before_the_performer() {
    let before = waving(0);
    let flat = degraded(&before, &AugmentOptions { flat: 1.1, ..AugmentOptions::none() }, &mut Rng::new(5));
    let point = |i: usize| [0, 2].map(|c| flat.positions[i * 3 + c] - flat.positions[c]);
    let count = flat.positions.len() / 3;
    let widest = (0..count).map(point).max_by(|a, b| a[0].hypot(a[1]).total_cmp(&b[0].hypot(b[1]))).unwrap();
    for [x, z] in (0..count).map(point) {
        assert!((x * widest[1] - z * widest[0]).abs() < 1e-4, "out of the plane");
    }
    // the figure faces +z: shoulders and hands keep much of their distance
    assert!(widest[0].abs() > 0.5 * widest[0].hypot(widest[1]));
    assert!(flat.positions.iter().zip(&before.positions).skip(1).step_by(3).all(|(a, b)| a == b), "heights stay");
}

#[test]
fn another_person_moves_as_far_as_asked_and_keeps_bones() {
    let before = waving(0);
    let limb = AugmentOptions { limb_deg: 20.0, ..AugmentOptions::none() };
    let turned = degraded(&before, &limb, &mut Rng::new(6));
    let mut moved = 0.0f32;
    for &[a, b] in &before.skeleton.bones {
        for t in [0, 40] {
            assert!((apart(&turned, t, a, b) - apart(&before, t, a, b)).abs() < 1e-4, "bone {a}-{b}");
        }
    }
    let larger = degraded(&before, &AugmentOptions { amplitude: 0.3, ..AugmentOptions::none() }, &mut Rng::new(6));
    let hand = before.skeleton.tip(draction::motion::Part::LeftArm).unwrap();
    let range = |m: &Motion| {
        let xs = (0..m.frames()).map(|t| m.position(t, 0, hand)[0] - m.position(t, 0, 0)[0]);
        let (low, high) = xs.fold((f32::MAX, f32::MIN), |(l, h), x| (l.min(x), h.max(x)));
        high - low
    };
    let factor = range(&larger) / range(&before);
    assert!((0.69..=1.31).contains(&factor) && (factor - 1.0).abs() > 0.005, "{factor}");
    for (a, b) in turned.positions.iter().zip(&before.positions) {
        moved = moved.max((a - b).abs());
    }
    assert!(moved > 0.01 && moved < 0.5, "{moved}");
}

#[test]
fn lost_joints_stay_with_the_joint_above() {
    let before = waving(0);
    let options = AugmentOptions { lost_joints: 1.0, ..AugmentOptions::none() };
    let mut lost = Vec::new();
    for seed in 0..100 {
        let after = degraded(&before, &options, &mut Rng::new(seed));
        let moved = |j: &usize| (0..3).any(|c| after.position(20, 0, *j)[c] != before.position(20, 0, *j)[c]);
        let joints: Vec<usize> = (0..before.joints()).filter(moved).collect();
        for &joint in &joints {
            let parent = before.skeleton.parents[joint].expect("the root is never lost");
            assert_eq!(after.position(20, 0, joint), after.position(20, 0, parent));
        }
        lost.push(joints.len());
    }
    lost.sort_unstable();
    assert!(lost[50] <= 2 && lost[99] >= before.joints() / 2, "{lost:?}");
}

#[test]
fn options_that_no_clip_can_be_shown_with_are_refused_by_name() {
    for fine in [AugmentOptions::default(), AugmentOptions::of_joints(), AugmentOptions::none()] {
        assert_eq!(fine.validate(), Ok(()));
    }
    let none = AugmentOptions::none;
    for (bad, name) in [
        (AugmentOptions { mirror: 1.5, ..none() }, "augment.mirror"),
        (AugmentOptions { lost_joints: -0.1, ..none() }, "augment.lost_joints"),
        (AugmentOptions { yaw_deg: 181.0, ..none() }, "augment.yaw_deg"),
        (AugmentOptions { jitter_m: f32::NAN, ..none() }, "augment.jitter_m"),
        (AugmentOptions { drift_m: f32::INFINITY, ..none() }, "augment.drift_m"),
        (AugmentOptions { scale: [1.2, 0.8], ..none() }, "augment.scale"),
        (AugmentOptions { tempo: [0.0, 1.0], ..none() }, "augment.tempo"),
        (AugmentOptions { keep: [0.5, 1.1], ..none() }, "augment.keep"),
    ] {
        let problem = bad.validate().unwrap_err();
        assert!(problem.starts_with(&format!("{name} is ")), "{problem}");
    }
}
