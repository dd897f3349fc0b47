use glam::Vec3;
use skeletonllm_checks::max_abs;

use super::*;
use crate::{
    motion::{Layout, humanoid},
    random::Mt19937,
};

/// Somebody who waves, recorded as places alone: arms end in the wrists.
fn waving() -> Motion {
    let person = humanoid::Person::default();
    Motion { orientations: None, ..humanoid::perform(humanoid::Action::WaveLeftHand, &person, 30.0) }
}

#[test]
fn gradients_find_their_way_back_to_the_joints_that_moved() {
    let motion = waving();
    let mapped = on_kinect(&motion, 25).unwrap();
    let map = mapped.maps[0].as_ref().unwrap();
    let numbers = motion.joints() * 3;
    let mut random = Mt19937::new(5);
    let (change, gradient) = (random.normals(numbers, 0.5), random.normals(75, 0.5));
    let pose = &motion.positions[9 * numbers..][..numbers];
    let moved: Vec<f32> = pose.iter().zip(&change).map(|(a, b)| a + b).collect();
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let before: Vec<f32> = map.apply(pose).collect();
    assert_eq!(before, mapped.motion.positions[9 * 75..][..75]);
    let step: Vec<f32> = map.apply(&moved).zip(&before).map(|(a, b)| a - b).collect();
    let own = map.pull_back(&gradient);
    assert_eq!(own.len(), numbers);
    assert!((dot(&step, &gradient) - dot(&change, &own)).abs() < 1e-4);
}

#[test]
fn a_body_of_these_25_joints_stays_and_its_reductions_are_exact() {
    let full = Layout::Ntu25.skeleton();
    let kinect = on_kinect(&waving(), 25).unwrap().motion;
    assert_eq!(*kinect.skeleton, full);
    assert!(on_kinect(&kinect, 25).is_none());
    // the spine is where the tracker saw it, not where it is guessed to be
    let mut bent = kinect.clone();
    bent.positions.chunks_exact_mut(75).for_each(|pose| pose[3] += 0.1);
    let twenty = on_kinect(&bent, 20).unwrap().motion;
    assert_eq!(twenty.position(4, 0, 1), bent.position(4, 0, 1));
}

/// Somebody who squats and holds the hands at these angles (degrees) to the forearms, left and right; arms end in the wrists.
fn with_bent_hands(degrees: [f32; 2]) -> Motion {
    let mut motion = humanoid::perform(humanoid::Action::Squat, &humanoid::Person::default(), 30.0);
    let joint = |name: &str| motion.skeleton.joint(name).unwrap();
    let [wrists, elbows] = [["LeftHand", "RightHand"], ["LeftForeArm", "RightForeArm"]].map(|names| names.map(joint));
    let (frames, joints) = (motion.frames(), motion.joints());
    for t in 0..frames {
        for side in [0, 1] {
            // the person's arms hang along y, so that turning about z bends
            let [w, x, y, z] = motion.orientation(t, 0, elbows[side]);
            let (sin, cos) = (degrees[side].to_radians() / 2.0).sin_cos();
            let turned = [w * cos - z * sin, x * cos + y * sin, y * cos - x * sin, z * cos + w * sin];
            motion.orientations.as_mut().unwrap()[(t * joints + wrists[side]) * 4..][..4].copy_from_slice(&turned);
        }
    }
    motion
}

#[test]
fn hands_point_where_the_wrists_turn_them() {
    let motion = with_bent_hands([35.0, 0.0]);
    let mapped = on_kinect(&motion, 25).unwrap();
    for t in [0, 20, 41] {
        for ([elbow, wrist, hand, tip], degrees) in [([5, 6, 7, 21], 35.0f32), ([9, 10, 11, 23], 0.0)] {
            let at = |joint: usize| Vec3::from(mapped.motion.position(t, 0, joint));
            let bone = |a: usize, b: usize| at(b) - at(a);
            let (forearm, fingers, half) = (bone(elbow, wrist), bone(wrist, tip), bone(wrist, hand));
            let lengths = [forearm, fingers, half].map(Vec3::length);
            let angle = forearm.angle_between(fingers).to_degrees();
            assert!((angle - degrees).abs() < 0.1, "{angle} degrees instead of {degrees} in frame {t}");
            assert!((lengths[1] / lengths[0] - 0.6).abs() < 1e-4 && (lengths[2] / lengths[1] - 0.5).abs() < 1e-4);
        }
    }
    // whatever moves the whole body moves it as one
    let gradient: Vec<f32> = (0..75).map(|i| (i as f32).sin()).collect();
    let own = mapped.maps[0].as_ref().unwrap().pull_back(&gradient);
    assert_eq!(own.len(), motion.joints() * 3);
    let sum = |g: &[f32]| [0, 1, 2].map(|c| g.iter().skip(c).step_by(3).sum::<f32>());
    assert!(sum(&own).iter().zip(sum(&gradient)).all(|(a, b)| (a - b).abs() < 1e-4));
}

#[test]
fn turned_and_mirrored_hands_are_those_of_the_turned_and_mirrored_person() {
    let shown = |motion: &Motion| motion.mirrored().yawed(std::f32::consts::FRAC_PI_2);
    let before = on_kinect(&shown(&with_bent_hands([35.0, -20.0])), 25).unwrap().motion;
    let after = shown(&on_kinect(&with_bent_hands([35.0, -20.0]), 25).unwrap().motion);
    let straight = shown(&on_kinect(&with_bent_hands([0.0; 2]), 25).unwrap().motion);
    let frame = |m: &Motion| m.positions[30 * 75..][..75].to_vec();
    let apart = |other: &Motion| max_abs(&frame(&before), &frame(other));
    assert!(apart(&after) < 1e-4, "{}", apart(&after));
    assert!(apart(&straight) > 0.02);
}

#[test]
fn hands_with_fingers_and_files_without_orientations_stay() {
    let motion = with_bent_hands([35.0, 35.0]);
    let (longer, wrists) = with_hands(&motion).unwrap();
    assert_eq!(longer.joints(), motion.joints() + 2);
    assert_eq!(wrists.map(|j| longer.skeleton.names[j].as_str()), ["LeftHand", "RightHand"]);
    assert!(with_hands(&longer).is_none());
    assert!(with_hands(&Motion { orientations: None, ..motion.clone() }).is_none());
    // orientations that have nothing to do with the bones tell nothing
    let mut unrelated = motion;
    let turns = unrelated.orientations.as_mut().unwrap();
    turns.chunks_exact_mut(4).enumerate().for_each(|(i, q)| {
        let (sin, cos) = (i as f32).sin_cos();
        q.copy_from_slice(&[cos, sin, 0.0, 0.0]);
    });
    assert!(with_hands(&unrelated).is_none());
}
