use std::f32::consts::TAU;

use super::*;
use crate::stick_figure::{Pose, motion, waving};

/// The truths but for when and how far things happen.
fn of(motion: &Motion) -> Kinematics {
    Kinematics { phases: Vec::new(), ..Kinematics::of(motion) }
}

#[test]
fn a_waving_hand_is_told_from_a_hanging_one() {
    let left = of(&waving(0));
    assert_eq!(left.hands, Some(Limbs::Left));
    assert_eq!(left.legs, Some(Limbs::Neither));
    assert_eq!(left.above_shoulder, Some(Limbs::Left));
    assert_eq!(left.above_head, Some(Limbs::Left));
    assert_eq!(left.travel, Some(Travel::InPlace));
    assert_eq!(left.turning, Some(Turning::Straight));
    assert_eq!(left.posture, Some(Posture::Upright));
    assert_eq!(left.most_active, Some(Mover::Limb(BodyPart::LeftArm)));
    assert_eq!(left.moves_first, Some(Mover::Limb(BodyPart::LeftArm)));
    // sin(9 t) has five crests in three seconds
    assert_eq!(left.repetitions, Some(5));
    assert_eq!(of(&waving(1)), left.mirrored());
}

#[test]
fn standing_still_moves_nothing() {
    let still = Kinematics::of(&motion(2.0, |_| Pose::default()));
    assert_eq!((still.hands, still.legs), (Some(Limbs::Neither), Some(Limbs::Neither)));
    assert_eq!((still.above_head, still.pace), (Some(Limbs::Neither), Some(Pace::Slow)));
}

/// Walks with swinging limbs, turning at `turn` radians a second.
fn walking(speed: f32, turn: f32) -> Motion {
    motion(4.0, |t| {
        let heading = turn * t;
        let swing = (t * TAU).sin();
        // the integral of the heading's direction, up to where it starts
        let [x, z] =
            if turn == 0.0 { [0.0, speed * t] } else { [-speed / turn * heading.cos(), speed / turn * heading.sin()] };
        Pose {
            pelvis: [x, 0.9, z],
            heading,
            wrists: [[0.05, -0.48, 0.3 * swing], [-0.05, -0.48, -0.3 * swing]],
            ankles: [[0.0, -0.8, -0.4 * swing], [0.0, -0.8, 0.4 * swing]],
        }
    })
}

#[test]
fn walking_moves_both_and_goes_where_the_body_faces() {
    let forward = Kinematics::of(&walking(1.0, 0.0));
    assert_eq!((forward.hands, forward.legs), (Some(Limbs::Both), Some(Limbs::Both)));
    assert_eq!((forward.travel, forward.turning), (Some(Travel::Forward), Some(Turning::Straight)));
    assert_eq!(Kinematics::of(&walking(-1.0, 0.0)).travel, Some(Travel::Backward));
    let left = Kinematics::of(&walking(1.0, 0.5));
    assert_eq!((left.travel, left.turning), (Some(Travel::Forward), Some(Turning::Left)));
    // more than half a turn: the angle must not wrap around
    assert_eq!(Kinematics::of(&walking(1.0, -1.5)).turning, Some(Turning::Right));
    let sideways = motion(2.0, |t| Pose { pelvis: [t, 0.9, 0.0], ..Pose::default() });
    assert_eq!(Kinematics::of(&sideways).travel, Some(Travel::Left));
}

#[test]
fn sitting_and_rising_show_in_the_pelvis() {
    let at = |drop: fn(f32) -> f32| {
        Kinematics::of(&motion(2.0, |t| {
            let low = 0.4 * drop(t / 2.0).clamp(0.0, 1.0);
            Pose { pelvis: [0.0, 0.9 - low, 0.0], ankles: [[0.0, -0.82 + low, 0.0]; 2], ..Pose::default() }
        }))
        .posture
    };
    assert_eq!(at(|_| 0.0), Some(Posture::Upright));
    assert_eq!(at(|t| 3.0 * t - 1.0), Some(Posture::GoesDown));
    assert_eq!(at(|t| 2.0 - 3.0 * t), Some(Posture::ComesUp));
    assert_eq!(at(|t| 2.0 - (8.0 * t - 4.0).abs()), Some(Posture::DownAndUp));
}

#[test]
fn truths_do_not_depend_on_place_heading_size_or_frame_rate() {
    let base = waving(1);
    let expected = of(&base);
    let mut other = motion(3.0, |t| {
        let mut pose = Pose { heading: 2.0, pelvis: [5.0, 0.9, -7.0], ..Pose::default() };
        pose.wrists[1] = [0.2 * (t * 9.0).sin(), 0.5, 0.1];
        pose
    });
    assert_eq!(of(&other), expected);
    other.positions.iter_mut().for_each(|v| *v *= 0.7);
    assert_eq!(of(&other), expected);
    // every second frame at half the rate
    let row = base.joints() * 3;
    let half = Motion {
        fps: base.fps / 2.0,
        positions: base.positions.chunks(row).step_by(2).flatten().copied().collect(),
        present: vec![true; base.frames().div_ceil(2)],
        ..base
    };
    assert_eq!(Kinematics::of(&half).hands, expected.hands);
}

#[test]
fn nothing_is_claimed_of_what_cannot_be_seen() {
    let mut nobody = waving(0);
    nobody.present.fill(false);
    assert_eq!(Kinematics::of(&nobody), Kinematics::default());
    let mut blob = waving(0);
    let mut skeleton = (*blob.skeleton).clone();
    skeleton.parts.fill(draction::motion::Part::Torso);
    blob.skeleton = skeleton.into();
    let truths = Kinematics::of(&blob);
    assert_eq!((truths.hands, truths.legs, truths.turning, truths.posture), (None, None, None, None));
}
