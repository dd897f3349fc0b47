//! Which way is up in files of people who stand, and of people who do not, in all six axes.

use super::{
    super::{Known, humanoid, write_bvh},
    postures::{self, with_rest, with_up},
    *,
};

/// As an array, with the joints' names or without.
fn array(motion: &Motion, named: bool) -> Motion {
    let parents: Vec<i64> = motion.skeleton.parents.iter().map(|p| p.map_or(-1, |p| p as i64)).collect();
    let name = |j: usize| if named { motion.skeleton.names[j].clone() } else { format!("j{j}") };
    let names: Vec<String> = (0..motion.joints()).map(name).collect();
    let sidecar = serde_json::json!({ "joints": names, "parents": parents, "fps": motion.fps });
    let shape = [motion.frames(), motion.joints(), 3];
    let options = ReadOptions { sidecar: Some(sidecar.to_string().into_bytes()), ..ReadOptions::default() };
    read(&super::formats::npy(1, "<f4", false, &shape, &motion.positions), "n.npy", &options).unwrap()
}

fn bvh(motion: &Motion) -> Motion {
    read(write_bvh(motion, 0).unwrap().as_bytes(), "up.bvh", &ReadOptions::default()).unwrap()
}

/// Every way to write a motion, by name.
fn ways(motion: &Motion, axis: UpAxis) -> [(&'static str, Motion); 4] {
    let turned = with_up(motion, axis);
    [
        ("BVH", bvh(&with_rest(motion, axis))),
        ("BVH whose rest pose keeps +y", bvh(&turned)),
        ("array with names", array(&turned, true)),
        ("array without names", array(&turned, false)),
    ]
}

/// Everybody who never stands, or stands on nothing.
fn everybody() -> Vec<(&'static str, Motion)> {
    let mut all = postures::never_standing();
    all.extend(postures::lying());
    all.extend(postures::in_the_air());
    all
}

#[test]
fn who_stands_is_told_in_all_axes() {
    for action in humanoid::Action::ALL {
        let motion = humanoid::perform(action, &humanoid::Person::default(), 30.0);
        for axis in UpAxis::ALL {
            for (how, read) in ways(&motion, axis) {
                let source = &read.source;
                assert_eq!(source.up, axis, "{action:?} as {how}: {source}");
                assert_ne!(source.up_from.known, Known::Stated);
                // what was turned lies where it was
                let close = read.positions.iter().zip(&motion.positions).all(|(a, b)| (a - b).abs() < 0.03);
                assert!(close, "{action:?} as {how}, {axis}");
            }
        }
    }
}

#[test]
fn who_never_stands_is_told_where_files_usually_have_up() {
    for (what, motion) in everybody() {
        for axis in [UpAxis::PlusY, UpAxis::PlusZ] {
            let [file, _, named, nameless] = ways(&motion, axis);
            for (how, read) in [file, named, nameless] {
                assert_eq!(read.source.up, axis, "{what}, {how}: {}", read.source);
                assert_eq!(read.source.up_from.known, Known::Inferred, "{what}, {how}: {}", read.source);
            }
        }
    }
}

#[test]
fn where_nothing_tells_it_says_so() {
    // in files that hardly anybody writes, three postures might as well be others
    let unclear =
        [("does push-ups", UpAxis::MinusZ), ("on the belly", UpAxis::MinusZ), ("hangs from a bar", UpAxis::MinusY)];
    for (what, motion) in everybody() {
        for axis in [UpAxis::PlusX, UpAxis::MinusX, UpAxis::MinusY, UpAxis::MinusZ] {
            let [file, _, named, nameless] = ways(&motion, axis);
            if !unclear.contains(&(what, axis)) {
                assert_eq!(file.1.source.up, axis, "{what}: {}", file.1.source);
            }
            for (how, read) in [file, named, nameless] {
                let source = &read.source;
                assert!(source.up == axis || source.up_from.known == Known::Assumed, "{what}, {how}, {axis}: {source}");
            }
        }
    }
}

#[test]
fn a_rest_pose_that_was_left_behind_gives_way_to_who_moves() {
    // as programs write it that turn the root instead of the rest pose
    let left = ["does sit-ups", "on the back", "on the belly"];
    for (what, motion) in everybody() {
        let read = bvh(&with_up(&motion, UpAxis::PlusZ));
        let right = read.source.up == UpAxis::PlusZ;
        assert!(
            right || left.contains(&what) && read.source.up_from.known == Known::Assumed,
            "{what}: {}",
            read.source
        );
    }
}

#[test]
fn a_drawing_has_no_up_across_the_paper() {
    let mut drawn =
        with_up(&humanoid::perform(humanoid::Action::Clap, &humanoid::Person::default(), 30.0), UpAxis::MinusY);
    drawn.positions.chunks_exact_mut(3).for_each(|p| p[2] = 0.0);
    for named in [true, false] {
        assert_eq!(array(&drawn, named).source.up, UpAxis::MinusY);
    }
}

#[test]
fn who_lies_and_moves_a_leg_still_lies() {
    let lies = postures::lying_with_a_leg_drawn_up();
    for axis in [UpAxis::PlusY, UpAxis::PlusZ] {
        let [file, _, named, nameless] = ways(&lies, axis);
        assert_eq!(file.1.source.up, axis, "{}", file.1.source);
        // without a rest pose, little tells
        for (how, read) in [named, nameless] {
            let source = &read.source;
            assert!(source.up == axis || source.up_from.known == Known::Assumed, "{how}: {source}");
        }
    }
}

#[test]
fn swimmers_go_head_first_and_do_not_climb() {
    let swims = postures::swims();
    for axis in [UpAxis::PlusY, UpAxis::PlusZ] {
        let [file, _, named, nameless] = ways(&swims, axis);
        for (how, read) in [file, named, nameless] {
            assert_eq!(read.source.up, axis, "{how}: {}", read.source);
        }
    }
}

/// With the hips as origin, as estimators write it.
fn centred(motion: &Motion) -> Motion {
    let mut out = motion.clone();
    for pose in out.positions.chunks_exact_mut(3 * motion.joints()) {
        let hips = [pose[0], pose[1], pose[2]];
        pose.iter_mut().zip(hips.into_iter().cycle()).for_each(|(v, hip)| *v -= hip);
    }
    out
}

#[test]
fn who_swims_in_place_is_not_stood_up() {
    for (what, swims) in postures::swims_in_place() {
        for (place, seen) in [
            ("above the origin", swims.clone()),
            ("aside", swims.translated([2.5, 0.0, -2.0])),
            ("at the origin", centred(&swims)),
        ] {
            let [file, _, named, nameless] = ways(&seen, UpAxis::PlusY);
            for (how, read) in [file, named, nameless] {
                assert_eq!(read.source.up, UpAxis::PlusY, "{what} {place}, {how}: {}", read.source);
            }
            // where little tells it says so
            let [file, _, named, nameless] = ways(&seen, UpAxis::PlusZ);
            for (how, read) in [file, named, nameless] {
                let source = &read.source;
                assert!(
                    source.up == UpAxis::PlusZ || source.up_from.known == Known::Assumed,
                    "{what} {place}, {how}: {source}"
                );
            }
        }
    }
}

#[test]
fn who_is_upside_down_at_the_origin_is_not_said_to_stand() {
    let handstand = postures::never_standing().into_iter().find(|p| p.0 == "stands on the hands").unwrap().1;
    for (what, motion) in [("handstand", handstand), ("headstand", postures::on_the_head())] {
        for named in [true, false] {
            let source = array(&centred(&recorded(&motion)), named).source;
            assert!(source.up == UpAxis::PlusY || source.up_from.known == Known::Assumed, "{what}: {source}");
        }
    }
}

#[test]
fn who_stands_at_the_origin_has_the_axis_of_the_file() {
    // nothing is known of the floor
    for action in humanoid::Action::ALL {
        let stands = centred(&recorded(&humanoid::perform(action, &humanoid::Person::default(), 30.0)));
        for axis in [UpAxis::PlusY, UpAxis::PlusZ, UpAxis::MinusY] {
            for named in [true, false] {
                let read = array(&with_up(&stands, axis), named);
                assert_eq!(read.source.up, axis, "{action:?}: {}", read.source);
            }
        }
    }
}

#[test]
fn cameras_have_y_down() {
    // before a camera at the height of the chest or of the head, or with the hips as origin
    let walk = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    let sits = postures::never_standing().into_iter().find(|p| p.0 == "sits on a chair").unwrap().1;
    for (what, motion) in [("stands", postures::still_but_for_an_arm()), ("walks", walk), ("sits", sits)] {
        for (place, seen) in [
            ("at the height of the chest", motion.translated([0.2, -1.3, -3.5])),
            ("at the height of the head", motion.translated([0.2, -1.1, -3.5])),
            ("at the hips", centred(&motion)),
        ] {
            for named in [true, false] {
                let read = array(&with_up(&seen, UpAxis::MinusY), named);
                assert_eq!(read.source.up, UpAxis::MinusY, "{what}, origin {place}: {}", read.source);
            }
        }
    }
}

/// As recorded: every joint wrong by millimetres that change slowly.
fn recorded(motion: &Motion) -> Motion {
    let mut out = motion.clone();
    let noise = crate::random::Mt19937::new(9).normals(out.positions.len(), 0.004);
    let numbers = 3 * out.joints();
    for (i, x) in out.positions.iter_mut().enumerate() {
        // the mean of three frames
        *x += [0, 1, 2].map(|k| noise[(i + k * numbers) % noise.len()]).iter().sum::<f32>() / 3.0;
    }
    out
}

#[test]
fn who_lies_is_not_stood_up_wherever_and_whichever_way() {
    let mut lies = postures::lying();
    lies.push(("draws up a leg", postures::lying_with_a_leg_drawn_up()));
    for (what, motion) in lies {
        for turned in [0.0, 0.6, std::f32::consts::FRAC_PI_2, 3.0] {
            for place in [[0.0; 3], [0.9, 0.0, 0.5], [2.5, 0.0, -2.0]] {
                let seen = recorded(&motion.yawed(turned).translated(place));
                let [file, _, named, nameless] = ways(&seen, UpAxis::PlusY);
                for (how, read) in [file, named, nameless] {
                    assert_eq!(read.source.up, UpAxis::PlusY, "{what}, {how}, {turned} {place:?}: {}", read.source);
                }
                let [file, _, named, nameless] = ways(&seen, UpAxis::PlusZ);
                assert_eq!(file.1.source.up, UpAxis::PlusZ, "{what}, {turned} {place:?}: {}", file.1.source);
                for (how, read) in [named, nameless] {
                    let source = &read.source;
                    let honest = source.up == UpAxis::PlusZ || source.up_from.known == Known::Assumed;
                    assert!(honest, "{what}, {how}, {turned} {place:?}: {source}");
                }
            }
        }
    }
}

#[test]
fn who_stands_straight_and_still_is_told_from_who_lies() {
    // flat as who lies, seen from the side
    let stands = postures::still_but_for_an_arm();
    for turned in [0.0, 1.5, 3.0, 4.6] {
        for place in [[0.0; 3], [0.9, 0.0, 0.5], [2.5, 0.0, -2.0]] {
            let seen = recorded(&stands.yawed(turned).translated(place));
            for axis in [UpAxis::PlusY, UpAxis::PlusZ] {
                let [file, _, named, nameless] = ways(&seen, axis);
                for (how, read) in [file, named, nameless] {
                    assert_eq!(read.source.up, axis, "{how}, {turned} {place:?}: {}", read.source);
                    assert_eq!(read.source.up_from.known, Known::Inferred, "{how}: {}", read.source);
                }
            }
        }
    }
}

#[test]
fn who_stands_on_the_head_is_not_turned_over() {
    let stands = postures::on_the_head();
    for place in [[0.0; 3], [0.9, 0.0, 0.5], [2.5, 0.0, -2.0]] {
        let seen = recorded(&stands.translated(place));
        let [file, _, named, nameless] = ways(&seen, UpAxis::PlusY);
        for (how, read) in [file, named, nameless] {
            assert_eq!(read.source.up, UpAxis::PlusY, "{how}, {place:?}: {}", read.source);
        }
    }
}

#[test]
fn the_origin_at_somebodys_hips_is_no_floor() {
    for action in [humanoid::Action::WaveLeftHand, humanoid::Action::Clap, humanoid::Action::Squat] {
        // flat from the front, and its hips where the axes meet in the first frame or in all
        let stands = recorded(&humanoid::perform(action, &humanoid::Person::default(), 30.0));
        let joint = stands.skeleton.parents.iter().position(Option::is_none).unwrap();
        for every in [false, true] {
            let mut moved = stands.clone();
            for t in 0..stands.frames() {
                let hips = stands.position(if every { t } else { 0 }, 0, joint);
                let frame = moved.joints() * 3;
                for point in moved.positions[t * frame..(t + 1) * frame].chunks_exact_mut(3) {
                    (0..3).for_each(|i| point[i] -= hips[i]);
                }
            }
            for axis in [UpAxis::PlusY, UpAxis::PlusZ, UpAxis::MinusY] {
                let read = array(&with_up(&moved, axis), true);
                assert_eq!(read.source.up, axis, "{action:?}, {every}: {}", read.source);
            }
        }
    }
}

#[test]
fn an_axis_that_the_format_fixes_is_doubted_where_the_body_is_upside_down() {
    let stands = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    let kinect = humanoid::as_kinect(&stands, 0.0);
    let skeleton = |side: f32| {
        let mut text = format!("{}\n", kinect.frames());
        for t in 0..kinect.frames() {
            text += "1\n72057594037927936 0 1 1 1 1 0 0.1 0.2 2\n25\n";
            for j in 0..25 {
                let [x, y, z] = kinect.position(t, 0, j);
                text += &format!("{} {} {} 0 0 0 0 0 0 0 0 2\n", x, side * y, z + 3.0);
            }
        }
        read(text.as_bytes(), "a.skeleton", &ReadOptions::default()).unwrap()
    };
    let doubts = |motion: &Motion| motion.source.warnings.iter().any(|text| text.contains("--up -y"));
    let (right, wrong) = (skeleton(1.0), skeleton(-1.0));
    assert!(!doubts(&right), "{:?}", right.source.warnings);
    assert!(doubts(&wrong), "{:?}", wrong.source.warnings);
    // what the format says stays what is read
    assert_eq!(wrong.source.up, UpAxis::PlusY);
}
