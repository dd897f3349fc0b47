//! What was written comes back as it was understood.

use super::{
    super::{humanoid, write_bvh_of_all},
    postures, *,
};

/// A motion as points alone, in centimetres, written as BVH.
fn of_points(motion: &Motion) -> Motion {
    let points = Motion { orientations: None, ..motion.clone() };
    let options = ReadOptions { unit: Some(Unit::CENTIMETRE), ..ReadOptions::default() };
    read(write_bvh_of_all(&points).unwrap().content.as_bytes(), "points.bvh", &options).unwrap()
}

#[test]
fn a_pose_at_rest_that_was_made_up_stands() {
    // nobody stands in the first frame, which is no evidence of where up is
    for (what, motion) in postures::never_standing() {
        let again = of_points(&motion);
        assert_eq!(again.source.up, UpAxis::PlusY, "{what}: {}", again.source.up_from);
        let lost = motion.positions.iter().zip(&again.positions).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(lost < 3e-4, "{what}: {lost}");
    }
    for action in humanoid::Action::ALL {
        let motion = humanoid::perform(action, &humanoid::Person::default(), 30.0);
        assert_eq!(of_points(&motion).source.up, UpAxis::PlusY, "{action:?}");
    }
}

#[test]
fn joints_that_lie_on_their_parents_are_told_of() {
    let mut motion = humanoid::perform(humanoid::Action::Clap, &humanoid::Person::default(), 30.0).cropped(0..20);
    let notes = |motion: &Motion| write_bvh_of_all(motion).unwrap().notes.join(" ");
    assert_eq!(notes(&motion), "");
    let tips: Vec<usize> = (0..motion.joints()).filter(|&j| !motion.skeleton.parents.contains(&Some(j))).collect();
    let joints = motion.joints();
    for pose in motion.positions.chunks_exact_mut(3 * joints) {
        for &tip in &tips {
            let parent = motion.skeleton.parents[tip].unwrap();
            pose.copy_within(3 * parent..3 * parent + 3, 3 * tip);
        }
    }
    let (said, again) = (notes(&motion), of_points(&motion));
    assert!(said.contains(&format!("{} joints lie on", tips.len())), "{said}");
    assert_eq!(again.joints(), joints - tips.len());
}
