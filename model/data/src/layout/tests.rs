use draction::motion::humanoid;
use skeletonllm_checks::max_abs;

use super::*;
use crate::{AugmentOptions, augment, stick_figure};

#[test]
fn limbs_keep_their_ends_and_hang_together() {
    let motion = stick_figure::waving(0);
    let mut keep = marks_of(&motion).unwrap().to_vec();
    keep.sort_unstable();
    keep.dedup();
    let thin = subset(&motion, &keep);
    let skeleton = &thin.skeleton;
    assert!(skeleton.joints() <= 15 && skeleton.joints() >= 11, "{}", skeleton.joints());
    assert_eq!(skeleton.bones.len(), skeleton.joints() - 1, "one piece");
    assert_eq!(thin.frames(), motion.frames());
    for part in Part::ALL {
        assert!(skeleton.joints_of(part).count() >= 2, "{part:?}");
    }
    for (new, name) in skeleton.names.iter().enumerate() {
        let old = motion.skeleton.joint(name).unwrap();
        assert_eq!(thin.position(7, 0, new), motion.position(7, 0, old), "{name}");
        assert_eq!(skeleton.mirror[skeleton.mirror[new]], new);
    }
}

#[test]
fn without_a_trunk_shoulders_and_hips_make_a_frame() {
    let ntu = draction::motion::Layout::Ntu25.skeleton();
    let name = |j: usize| ntu.names[j].to_lowercase();
    // NTU's numbering from zero: head, shoulders, elbows, wrists, hips, knees, ankles
    let keep = [3, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18];
    let mut bones: Vec<[usize; 2]> = bridge::bones(&ntu, &keep);
    bones.iter_mut().for_each(|b| b.sort_unstable());
    bones.sort_unstable();
    let limbs = [[4, 5], [5, 6], [8, 9], [9, 10], [12, 13], [13, 14], [16, 17], [17, 18]];
    let frame = [[4, 8], [12, 16], [4, 12], [8, 16], [3, 4], [3, 8]];
    let mut expected: Vec<[usize; 2]> = limbs.into_iter().chain(frame).collect();
    expected.sort_unstable();
    assert_eq!(bones, expected, "{:?}", bones.iter().map(|b| b.map(name)).collect::<Vec<_>>());
}

#[test]
fn random_layouts_keep_hands_and_feet_where_they_were_or_near() {
    let motion = stick_figure::waving(0);
    let mut counts = std::collections::BTreeSet::new();
    for index in 0..60 {
        let thin = thinned(&motion, &mut Rng::at(1, 1, index));
        counts.insert(thin.joints());
        let drawn = draction::clip::Clip::from_motion(&thin, &Default::default()).unwrap();
        assert!(drawn.positions.iter().all(|x| x.is_finite()));
        for part in Part::ALL {
            let (old, new) = (motion.skeleton.tip(part).unwrap(), thin.skeleton.tip(part).unwrap());
            assert_eq!(motion.skeleton.names[old], thin.skeleton.names[new]);
            let (a, b) = (motion.position(9, 0, old), thin.position(9, 0, new));
            let apart = (0..3).map(|c| (a[c] - b[c]).powi(2)).sum::<f32>().sqrt();
            assert!(apart < 0.4, "{part:?} moved by {apart} m");
        }
    }
    assert!(counts.len() > 2, "{counts:?}");
}

#[test]
fn gradients_find_their_way_back_to_the_joints_that_moved() {
    let motion = stick_figure::waving(0);
    let mapped = on_kinect(&motion, 25).unwrap();
    let map = mapped.maps[0].as_ref().unwrap();
    let numbers = motion.joints() * 3;
    let mut rng = Rng::new(5);
    let mut random = |n: usize| (0..n).map(|_| rng.range(-1.0, 1.0)).collect::<Vec<f32>>();
    let (change, gradient) = (random(numbers), random(75));
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
    let full = draction::motion::Layout::Ntu25.skeleton();
    let kinect = on_kinect(&stick_figure::waving(1), 25).unwrap().motion;
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
            let bone = |a: usize, b: usize| {
                let (a, b) = (mapped.motion.position(t, 0, a), mapped.motion.position(t, 0, b));
                [0, 1, 2].map(|c| b[c] - a[c])
            };
            let dot = |a: [f32; 3], b: [f32; 3]| (0..3).map(|c| a[c] * b[c]).sum::<f32>();
            let (forearm, fingers, half) = (bone(elbow, wrist), bone(wrist, tip), bone(wrist, hand));
            let lengths = [forearm, fingers, half].map(|bone| dot(bone, bone).sqrt());
            let angle = (dot(forearm, fingers) / lengths[0] / lengths[1]).clamp(-1.0, 1.0).acos().to_degrees();
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
    let options = AugmentOptions { yaw_deg: 90.0, mirror: 1.0, ..AugmentOptions::none() };
    let shown = |motion: &Motion| augment(motion, &options, &mut Rng::new(4)).motion;
    let before = on_kinect(&shown(&with_bent_hands([35.0, -20.0])), 25).unwrap().motion;
    let after = shown(&on_kinect(&with_bent_hands([35.0, -20.0]), 25).unwrap().motion);
    let straight = shown(&on_kinect(&with_bent_hands([0.0; 2]), 25).unwrap().motion);
    let apart = |other: &Motion| {
        // both turn about their own first joint, so places are compared from there
        let from_first =
            |m: &Motion, t: usize, j: usize| [0, 1, 2].map(|c| m.position(t, 0, j)[c] - m.position(t, 0, 0)[c]);
        let all = |m: &Motion| (0..25).flat_map(|j| from_first(m, 30, j)).collect::<Vec<f32>>();
        max_abs(&all(&before), &all(other))
    };
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
