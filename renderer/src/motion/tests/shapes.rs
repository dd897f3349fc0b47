//! Body parts without names, and names against a mirrored recording.

use super::super::{Part, humanoid};
use super::*;

/// The humanoid's squat as an array whose joints are called `j0`, `j1`, …
fn nameless(motion: &Motion) -> Motion {
    let parents: Vec<i64> = motion.skeleton.parents.iter().map(|p| p.map_or(-1, |p| p as i64)).collect();
    let names: Vec<String> = (0..motion.joints()).map(|j| format!("j{j}")).collect();
    let sidecar = serde_json::json!({ "joints": names, "parents": parents, "fps": 30.0 });
    let shape = [motion.frames(), motion.joints(), 3];
    let options = ReadOptions { sidecar: Some(sidecar.to_string().into_bytes()), ..ReadOptions::default() };
    read(&super::formats::npy(1, "<f4", false, &shape, &motion.positions), "n.npy", &options).unwrap()
}

#[test]
fn the_shape_alone_tells_parts_and_sides() {
    for action in humanoid::Action::ALL {
        let named = humanoid::perform(action, &humanoid::Person::default(), 30.0);
        for turned in [0.0, 1.0, 3.0] {
            let m = nameless(&named.yawed(turned));
            assert_eq!(m.skeleton.parts, named.skeleton.parts, "{action:?} {turned}");
            assert_eq!(m.skeleton.mirror, named.skeleton.mirror, "{action:?} {turned}");
            assert_eq!(m.source.unit.name, "m");
        }
    }
    // reflected without changing names, the shape says that left is right
    let named = humanoid::perform(humanoid::Action::Squat, &humanoid::Person::default(), 30.0);
    let mut reflected = named.clone();
    for p in reflected.positions.chunks_exact_mut(3) {
        p[0] = -p[0];
    }
    let parts = nameless(&reflected).skeleton.parts.clone();
    let swapped: Vec<Part> = named.skeleton.parts.iter().map(|p| p.mirrored()).collect();
    assert_eq!(parts, swapped);
}

#[test]
fn who_lies_or_crawls_has_sides_as_well() {
    let lies = super::postures::lying_with_a_leg_drawn_up();
    let mut all = vec![("lies", lies)];
    all.extend(super::postures::never_standing());
    for (what, named) in all {
        // sides alone are looked at: up is known
        let parents: Vec<i64> = named.skeleton.parents.iter().map(|p| p.map_or(-1, |p| p as i64)).collect();
        let names: Vec<String> = (0..named.joints()).map(|j| format!("j{j}")).collect();
        let sidecar = serde_json::json!({ "joints": names, "parents": parents, "fps": 30.0, "up": "+y" });
        let options = ReadOptions { sidecar: Some(sidecar.to_string().into_bytes()), ..ReadOptions::default() };
        for turned in [0.0, 2.0] {
            let turned = named.yawed(turned);
            let shape = [named.frames(), named.joints(), 3];
            let bytes = super::formats::npy(1, "<f4", false, &shape, &turned.positions);
            let m = read(&bytes, "n.npy", &options).unwrap();
            assert_eq!(m.skeleton.parts, named.skeleton.parts, "{what}: {}", m.source.parts_from);
        }
    }
}

#[test]
fn sides_that_names_tell_win_where_no_word_tells_the_limb() {
    // mirrored, so that the shape alone would have it the other way round
    let m = humanoid::perform(humanoid::Action::Squat, &humanoid::Person::default(), 30.0);
    let parents: Vec<i64> = m.skeleton.parents.iter().map(|p| p.map_or(-1, |p| p as i64)).collect();
    let name = |n: &String| {
        let rest = |n: &str| format!("x{}", n.len());
        match (n.strip_prefix("Left"), n.strip_prefix("Right")) {
            (Some(n), _) => format!("{}{}.L", rest(n), n.as_bytes()[0]),
            (_, Some(n)) => format!("{}{}.R", rest(n), n.as_bytes()[0]),
            _ => rest(n),
        }
    };
    let names: Vec<String> = m.skeleton.names.iter().map(name).collect();
    let sidecar = serde_json::json!({ "joints": names, "parents": parents, "fps": 30.0, "up": "+y" });
    let options = ReadOptions { sidecar: Some(sidecar.to_string().into_bytes()), ..ReadOptions::default() };
    for mirrored in [false, true] {
        let mut values = m.positions.clone();
        if mirrored {
            values.chunks_exact_mut(3).for_each(|p| p[0] = -p[0]);
        }
        let bytes = super::formats::npy(1, "<f4", false, &[m.frames(), m.joints(), 3], &values);
        let read = read(&bytes, "n.npy", &options).unwrap();
        assert_eq!(read.skeleton.parts, m.skeleton.parts, "{:?}", read.source.parts_from);
        assert!(read.source.parts_from.why.contains("names"), "{}", read.source.parts_from);
    }
}

#[test]
fn straight_knees_do_not_outvote_arms() {
    let named = humanoid::perform(humanoid::Action::RaiseRightHand, &humanoid::Person::default(), 30.0);
    let mut seen = named.clone();
    let numbers = named.joints() * 3;
    let (first, later) = seen.positions.split_at_mut(numbers);
    for side in ["Left", "Right"] {
        let joint = |name: &str| 3 * named.skeleton.joint(&format!("{side}{name}")).unwrap();
        // without toes, and with knees as far back as a depth camera has them
        let (knee, foot, toe) = (joint("Leg"), joint("Foot"), joint("ToeBase"));
        first.copy_within(foot..foot + 3, toe);
        first[knee + 2] = (first[joint("UpLeg") + 2] + first[foot + 2]) / 2.0 - 0.05;
        // arms hang, the hands a little in front
        let (shoulder, elbow, wrist) = (joint("Arm"), joint("ForeArm"), joint("Hand"));
        first[wrist + 2] = first[shoulder + 2] + 0.06;
        first[elbow + 2] = first[shoulder + 2] + 0.02;
    }
    later.chunks_exact_mut(numbers).for_each(|pose| pose.copy_from_slice(first));
    assert_eq!(nameless(&seen).skeleton.parts, named.skeleton.parts);
}

#[test]
fn names_win_over_a_mirrored_recording() {
    let m = humanoid::perform(humanoid::Action::WaveLeftHand, &humanoid::Person::default(), 30.0);
    let mut reflected = m.clone();
    for p in reflected.positions.chunks_exact_mut(3) {
        p[0] = -p[0];
    }
    reflected.orientations = None;
    let text = super::super::write_bvh(&reflected, 0).unwrap();
    let again = read(text.as_bytes(), "mirrored.bvh", &ReadOptions::default()).unwrap();
    assert_eq!(again.skeleton.parts, m.skeleton.parts);
    let hand = again.skeleton.joint("LeftHand").unwrap();
    assert_eq!(again.skeleton.parts[hand], Part::LeftArm);
    assert!(again.position(0, 0, hand)[0] < 0.0);
}

#[test]
fn twins_by_name_that_the_shape_parts_are_let_go() {
    let bone = |name: &str, x: f32, y: f32, below: &str| {
        format!("JOINT {name}\n{{\nOFFSET {x} {y} 0\nCHANNELS 1 Xrotation\n{below}}}\n")
    };
    let end = "End Site\n{\nOFFSET 0 -0.5 0\n}\n";
    // names make a pair of the first two; by shape, the first one and the third one are alike
    let legs = bone("LeftLeg", 0.2, -0.5, end) + &bone("RightLeg", -0.2, -0.1, "") + &bone("Leg", -0.2, -0.5, end);
    let text = format!(
        "HIERARCHY\nROOT Hips\n{{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n{legs}{}}}\nMOTION\nFrames: 1\nFrame Time: 0.1\n\
         5 5 5 5 5\n",
        bone("Spine", 0.0, 0.6, end)
    );
    let skeleton = as_written(&text).skeleton;
    for (j, &twin) in skeleton.mirror.iter().enumerate() {
        assert_eq!(skeleton.mirror[twin], j, "{:?}", skeleton.mirror);
    }
}

#[test]
fn what_cannot_be_told_is_torso_and_says_so() {
    let text = "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\nJOINT b\n{\nOFFSET 0 1 0\nCHANNELS 1 Xrotation\n\
        End Site\n{\nOFFSET 0 1 0\n}\n}\n}\nMOTION\nFrames: 1\nFrame Time: 0.1\n0 5\n";
    let m = as_written(text);
    assert!(m.skeleton.parts.iter().all(|&p| p == Part::Torso));
    assert!(m.source.warnings.iter().any(|w| w.contains("left and right")));
}
