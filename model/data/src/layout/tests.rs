use draction::motion::Part;

use super::*;
use crate::stick_figure;

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
