//! Bodies without legs, with legs that are cut, and legs without a body.

use super::{
    super::{Part, Skeleton, humanoid, write_bvh},
    *,
};

/// The joints of a person for which `keep` holds, in a unit of `metres`; the first one is the root.
fn part_of(motion: &Motion, metres: f32, keep: impl Fn(&str) -> bool) -> Motion {
    let old: Vec<usize> = (0..motion.joints()).filter(|&j| keep(&motion.skeleton.names[j])).collect();
    let names = old.iter().map(|&j| motion.skeleton.names[j].clone()).collect();
    let parents = old
        .iter()
        .map(|&j| {
            let mut above = motion.skeleton.parents[j];
            while let Some(p) = above {
                if let Some(new) = old.iter().position(|&o| o == p) {
                    return Some(new);
                }
                above = motion.skeleton.parents[p];
            }
            None
        })
        .collect();
    let positions = (0..motion.frames())
        .flat_map(|t| old.iter().flat_map(move |&j| motion.position(t, 0, j).map(|v| v / metres)))
        .collect();
    Motion::of_one_body(Skeleton::named(names, parents), motion.fps, positions)
}

fn upper(name: &str) -> bool {
    !["UpLeg", "Leg", "Foot", "Toe"].iter().any(|w| name.contains(w))
}

#[test]
fn half_a_body_has_the_height_of_the_whole() {
    for height in [1.3, 1.6, 1.95] {
        let person = humanoid::Person { height, ..humanoid::Person::default() };
        let whole = humanoid::perform(humanoid::Action::WaveLeftHand, &person, 30.0);
        let to_knee = |n: &str| !n.contains("Foot") && !n.contains("Toe");
        type Keeps<'a> = (&'a str, &'a dyn Fn(&str) -> bool);
        let keeps: [Keeps<'_>; 6] = [
            ("upper body", &upper),
            ("without hips and spine", &|n| upper(n) && !["Hips", "Spine"].contains(&n)),
            ("legs to the knee", &to_knee),
            ("hip joints without legs", &|n| to_knee(n) && (!n.ends_with("Leg") || n.contains("Up"))),
            ("one leg to the knee", &|n| !["LeftFoot", "LeftToeBase", "LeftLeg"].contains(&n)),
            ("hips and legs", &|n| !upper(n) || n == "Hips"),
        ];
        for (what, keep) in keeps {
            for (metres, unit) in [(1.0, "m"), (0.01, "cm"), (0.001, "mm")] {
                let half = part_of(&whole, metres, keep);
                // BVH from the body itself, whose numbers are centimetres: written as they are
                let text = write_bvh(&half.scaled(0.01), 0).unwrap();
                let read = read(text.as_bytes(), "half.bvh", &ReadOptions::default()).unwrap();
                let source = &read.source;
                assert_eq!(source.unit.name, unit, "{what} of {height} m: {source}");
                assert_eq!(source.up, UpAxis::PlusY, "{what}: {source}");
                assert!((read.height() / height as f32 - 1.0).abs() < 0.08, "{what} of {height} m: {}", read.height());
            }
        }
    }
}

#[test]
fn four_legs_are_said_to_be_four() {
    let whole = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    let read_with = |name: &dyn Fn(&str) -> String| {
        let mut skeleton = (*whole.skeleton).clone();
        skeleton.names = skeleton.names.iter().map(|n| name(n)).collect();
        let renamed = Motion { skeleton: std::sync::Arc::new(skeleton), ..whole.clone() };
        read(write_bvh(&renamed, 0).unwrap().as_bytes(), "legs.bvh", &ReadOptions::default()).unwrap()
    };
    let says = |m: &Motion| m.source.warnings.iter().any(|w| w.contains("four legs"));
    let animal = read_with(&|n| {
        let parts = [("Shoulder", "FrontThigh"), ("ForeArm", "FrontFoot"), ("Hand", "FrontToe"), ("Arm", "FrontShin")];
        parts.iter().fold(n.to_owned(), |n, (arm, leg)| n.replace(arm, leg))
    });
    assert!(says(&animal), "{:?}", animal.source);
    assert!(!animal.skeleton.parts.iter().any(|p| p.is_arm()));
    assert!(!says(&read_with(&str::to_owned)));
}

#[test]
fn half_a_body_without_names_has_arms_or_legs() {
    let person = humanoid::Person::default();
    let no_hand = |n: &str| upper(n) && !n.ends_with("Hand");
    let no_head = |n: &str| upper(n) && !["Neck", "Head"].contains(&n);
    let lower = |n: &str| !upper(n) || ["Hips", "Spine", "Chest"].contains(&n);
    type Keeps<'a> = (&'a str, Part, &'a dyn Fn(&str) -> bool);
    let keeps: [Keeps<'_>; 4] = [
        ("upper body", Part::LeftArm, &upper),
        ("without hands", Part::LeftArm, &no_hand),
        ("without a head", Part::LeftArm, &no_head),
        ("hips, spine and legs", Part::LeftLeg, &lower),
    ];
    // arms that hang end lower than the hips
    for action in [humanoid::Action::WaveLeftHand, humanoid::Action::Walk, humanoid::Action::Squat] {
        let whole = humanoid::perform(action, &person, 30.0);
        for (what, part, keep) in keeps {
            let mut half = part_of(&whole, 1.0, keep);
            let named = Skeleton::clone(&half.skeleton);
            let numbered = (0..named.joints()).map(|j| format!("b{j}")).collect();
            half.skeleton = std::sync::Arc::new(Skeleton { names: numbered, ..named.clone() });
            for metres in [1.0, 0.01, 0.0254] {
                let text = write_bvh(&half.scaled(0.01 / metres), 0).unwrap();
                let read = read(text.as_bytes(), "half.bvh", &ReadOptions::default()).unwrap();
                let of = |m: &Skeleton, part: Part| m.joints_of(part).collect::<Vec<_>>();
                for part in [part, part.mirrored()] {
                    assert_eq!(of(&read.skeleton, part), of(&named, part), "{what}, {action:?}: {}", read.source);
                }
                let source = &read.source;
                assert_eq!(source.up, UpAxis::PlusY, "{what}, {action:?}: {source}");
                assert!((source.unit.metres / f64::from(metres) - 1.0).abs() < 1e-4, "{what}, {action:?}: {source}");
            }
        }
    }
}
