use draction::clip::Clip;

use super::*;
use crate::stick_figure::{Pose, motion, waving};

#[test]
fn a_perturbation_is_always_the_same_and_differs_between_clips() {
    let motion = waving(0);
    for change in Perturbation::TABLE {
        let [first, again, other] = [0, 0, 1].map(|clip| change.apply(&motion, clip).positions.clone());
        assert_eq!(first, again, "{change}");
        let random = matches!(change, Perturbation::Dropped(_) | Perturbation::Noise(_));
        assert_eq!(first != other, random, "{change}");
        let clip = Clip::from_motion(&change.apply(&motion, 3), &Default::default()).unwrap();
        assert!(clip.positions.iter().all(|x| x.is_finite()), "{change}");
    }
}

#[test]
fn lost_joints_are_held_where_the_limb_begins() {
    let motion = waving(0);
    let mut before = 0;
    for (share, most) in [(0.1, 2), (0.2, 3), (0.3, 5), (0.5, 8)] {
        let shown = Perturbation::Dropped(share).apply(&motion, 5);
        assert_eq!(shown.skeleton, motion.skeleton);
        let moved: Vec<usize> = (0..16).filter(|&j| shown.position(20, 0, j) != motion.position(20, 0, j)).collect();
        assert!(moved.len() <= most && moved.len() > before, "{share}: {moved:?}");
        before = moved.len() - 1;
        for &joint in &moved {
            let ways = std::iter::successors(motion.skeleton.parents[joint], |&p| motion.skeleton.parents[p]);
            let held = ways.into_iter().find(|j| !moved.contains(j)).unwrap();
            assert_eq!(shown.position(20, 0, joint), motion.position(20, 0, held));
        }
        assert!(!moved.contains(&0), "the pelvis stays");
    }
}

#[test]
fn noise_has_the_deviation_that_it_says_and_spares_the_absent() {
    let mut still = motion(10.0, |_| Pose::default());
    still.present[3] = false;
    let numbers = 16 * 3;
    still.positions[3 * numbers..4 * numbers].fill(0.0);
    let shown = Perturbation::Noise(0.05).apply(&still, 2);
    assert!(shown.positions[3 * numbers..4 * numbers].iter().all(|&x| x == 0.0));
    let errors: Vec<f64> = shown.positions.iter().zip(&still.positions).map(|(a, b)| f64::from(a - b)).collect();
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let sigma = (errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n).sqrt();
    assert!(mean.abs() < 0.002 && (sigma - 0.05).abs() < 0.002, "{mean} {sigma}");
}

#[test]
fn layouts_have_their_joints_where_the_body_has_them() {
    let motion = waving(1);
    let of = |joints| Perturbation::Joints(joints).apply(&motion, 0).into_owned();
    for joints in [25, 20, 17, 13] {
        let shown = of(joints);
        let skeleton = &shown.skeleton;
        assert_eq!(shown.joints(), usize::from(joints));
        assert_eq!((skeleton.bones.len(), shown.frames()), (usize::from(joints) - 1, motion.frames()));
        assert_eq!(skeleton.parents.iter().filter(|p| p.is_none()).count(), 1, "{joints}: one tree");
        let same = |here: &str, there: &str| {
            let (a, b) = (skeleton.joint(here).unwrap(), motion.skeleton.joint(there).unwrap());
            assert_eq!(shown.position(9, 0, a), motion.position(9, 0, b), "{joints}: {here}");
            assert_eq!(skeleton.parts[a], motion.skeleton.parts[b], "{joints}: {here}");
            assert_eq!(skeleton.names[skeleton.mirror[a]].replace("Left", "Right"), here.replace("Left", "Right"));
        };
        same("ElbowLeft", "left elbow");
        same("ShoulderRight", "right shoulder");
        same("KneeRight", "right knee");
        same("Head", "head");
        if joints > 13 {
            same("WristRight", "right wrist");
            same("AnkleLeft", "left ankle");
        }
    }
    // the merged hand lies between wrist and where its tip would be, on the way on from the elbow
    let hand = of(13);
    let (merged, wrist) = (hand.skeleton.joint("WristRight").unwrap(), motion.skeleton.joint("right wrist").unwrap());
    let (a, b) = (hand.position(9, 0, merged), motion.position(9, 0, wrist));
    let apart = (0..3).map(|c| (a[c] - b[c]).powi(2)).sum::<f32>().sqrt();
    assert!(apart > 0.02 && apart < 0.2, "{apart} m");
    assert_eq!(of(14).joints(), motion.joints(), "no such layout");
}
