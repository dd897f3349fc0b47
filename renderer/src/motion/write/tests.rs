//! What was written, read by this crate's readers and by plain evaluation of the formats' rules.

mod glb;

use super::{
    super::{
        Motion, ReadOptions, Skeleton, Unit, UpAxis,
        humanoid::{self, Action, Person},
        read,
    },
    *,
};

/// Somebody whose bones keep their lengths.
fn performer(action: Action) -> Motion {
    humanoid::perform(action, &Person::default(), 30.0).cropped(0..60)
}

/// The same person as a depth camera sees him: joints wander by some millimetres, each for itself.
fn shaking() -> Motion {
    let mut motion = performer(Action::WaveLeftHand);
    motion.orientations = None;
    for (v, noise) in motion.positions.iter_mut().zip(crate::testing::noise(60 * 21 * 3, 5)) {
        *v += 0.01 * noise;
    }
    motion
}

/// Two people, of whom the second comes late and leaves early.
fn two_people() -> Motion {
    let (a, b) = (performer(Action::Squat), performer(Action::Clap).translated([1.0, 0.0, 0.5]));
    let mut motion = Motion { bodies: 2, positions: Vec::new(), present: Vec::new(), orientations: None, ..a.clone() };
    let body = 3 * a.joints();
    for t in 0..a.frames() {
        let there = (10..50).contains(&t);
        motion.positions.extend(&a.positions[t * body..][..body]);
        motion.positions.extend(b.positions[t * body..][..body].iter().map(|v| if there { *v } else { 0.0 }));
        motion.present.extend([true, there]);
    }
    motion
}

fn in_centimetres(text: &str) -> Motion {
    let options = ReadOptions { unit: Some(Unit::CENTIMETRE), up: Some(UpAxis::PlusY), ..ReadOptions::default() };
    read(text.as_bytes(), "written.bvh", &options).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// The largest distance in metres between the joints of a body and those of the same names in another motion.
fn apart(motion: &Motion, body: usize, other: &Motion) -> f32 {
    let mut worst: f32 = 0.0;
    for (j, name) in motion.skeleton.names.iter().enumerate() {
        let k = other.skeleton.joint(name).unwrap_or_else(|| panic!("no {name}"));
        for t in (0..motion.frames()).filter(|&t| motion.is_present(t, body)) {
            let (p, q) = (motion.position(t, body, j), other.position(t, 0, k));
            worst = worst.max((0..3).map(|i| (p[i] - q[i]).powi(2)).sum::<f32>().sqrt());
        }
    }
    worst
}

#[test]
fn the_samples_are_what_is_written_of_their_performers() {
    for (seed, name, action) in humanoid::SAMPLES {
        let motion = humanoid::perform(action, &Person { seed, ..Person::default() }, 30.0);
        let sample = std::fs::read_to_string(skeletonllm_checks::asset(&format!("samples/{name}.bvh"))).unwrap();
        assert!(write_bvh(&motion, 0).unwrap() == sample, "{name}");
    }
}

#[test]
fn recorded_turns_come_back_with_the_joints() {
    for action in Action::ALL {
        let motion = performer(action);
        let written = write_bvh_of_all(&motion).unwrap();
        assert_eq!(written.notes, [""; 0]);
        assert_eq!(written.content.matches("position").count(), 3, "only the root moves");
        let again = in_centimetres(&written.content);
        assert!(apart(&motion, 0, &again) < 3e-4, "{action:?}");
        assert_eq!(again.fps, motion.fps);
        let (a, b) = (motion.orientations.unwrap(), again.orientations.unwrap());
        for (a, b) in a.chunks(4).zip(b.chunks(4)) {
            let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
            assert!(dot.abs() > 1.0 - 1e-6, "{action:?}: {a:?} {b:?}");
        }
    }
}

#[test]
fn turns_are_solved_where_bones_keep_their_length() {
    for action in Action::ALL {
        let motion = Motion { orientations: None, ..performer(action) };
        let written = write_bvh_of_all(&motion).unwrap();
        assert!(apart(&motion, 0, &in_centimetres(&written.content)) < 3e-4, "{action:?}");
        assert_eq!(written.notes, [""; 0], "{action:?}");
        assert_eq!(written.content.matches("position").count(), 3, "{action:?}: only the root moves");
    }
}

#[test]
fn joints_that_wander_have_their_places_written() {
    let motion = shaking();
    let written = write_bvh_of_all(&motion).unwrap();
    assert!(apart(&motion, 0, &in_centimetres(&written.content)) < 3e-4);
    let [note] = &written.notes[..] else { panic!("{:?}", written.notes) };
    assert!(note.contains("20 joints do not keep"), "{note}");
    // orientations that have nothing to do with the positions are no use
    let mut nonsense = motion.clone();
    let values = crate::testing::noise(60 * 21 * 4, 9);
    let unit = |q: &[f32]| {
        let length = q.iter().map(|v| v * v).sum::<f32>().sqrt();
        [q[0] / length, q[1] / length, q[2] / length, q[3] / length]
    };
    nonsense.orientations = Some(values.chunks(4).flat_map(unit).collect());
    assert!(apart(&motion, 0, &in_centimetres(&write_bvh_of_all(&nonsense).unwrap().content)) < 3e-4);
}

#[test]
fn turned_bones_do_not_jump_where_somebody_turns_round_and_round() {
    // a forearm that circles, a body that spins: three turns, no frame far from the one before
    let frames = 180;
    let positions: Vec<f32> = (0..frames)
        .flat_map(|t| {
            let angle = t as f32 / 60.0 * std::f32::consts::TAU;
            let (s, c) = angle.sin_cos();
            let (s2, c2) = (2.3 * angle).sin_cos();
            [0.0, 1.0, 0.0, 0.2 * c, 1.4, -0.2 * s, 0.2 * c + 0.3 * c * c2, 1.4 + 0.3 * s2, -0.2 * s - 0.3 * s * c2]
        })
        .collect();
    let names = ["hips", "elbow", "hand"].map(str::to_owned).to_vec();
    let motion = Motion::of_one_body(Skeleton::named(names, vec![None, Some(0), Some(1)]), 30.0, positions);
    let again = in_centimetres(&write_bvh_of_all(&motion).unwrap().content);
    assert!(apart(&motion, 0, &again) < 3e-4);
    let rotations = again.orientations.as_ref().unwrap();
    for t in 1..frames {
        for j in 0..2 {
            let at = |t: usize| &rotations[(t * again.joints() + j) * 4..][..4];
            let dot: f32 = at(t).iter().zip(at(t - 1)).map(|(a, b)| a * b).sum();
            // 14 degrees of turn at 2.3 turns in 60 frames, and 6 of the body
            assert!(dot.abs() > (12f32.to_radians()).cos(), "joint {j}, frame {t}: {dot}");
        }
    }
}

#[test]
fn who_comes_late_is_held_where_he_is_first_seen() {
    let both = two_people();
    let text = write_bvh(&both, 1).unwrap();
    let again = in_centimetres(&text);
    assert!(apart(&both, 1, &again) < 5e-3);
    for (away, near) in [(0, 10), (59, 49)] {
        let (p, q) = (again.position(away, 0, 3), again.position(near, 0, 3));
        assert_eq!(p, q);
    }
    let written = write_bvh_of_all(&both).unwrap();
    assert_eq!(written.content.matches("ROOT").count(), 2);
    assert!(written.notes.iter().any(|note| note.contains("not there all the time")), "{:?}", written.notes);
    assert!(write_bvh(&both, 2).is_err());
    let mut nobody = both.clone();
    nobody.present.fill(false);
    assert!(write_bvh(&nobody, 0).is_err() && write_bvh_of_all(&nobody).is_err() && write_glb(&nobody).is_err());
}

#[test]
fn two_people_in_one_bvh_come_back_as_two() {
    let both = two_people().cropped(15..45);
    let again = in_centimetres(&write_bvh_of_all(&both).unwrap().content);
    assert_eq!((again.bodies, again.joints(), again.frames()), (2, both.joints(), 30));
    for body in 0..2 {
        for (j, name) in both.skeleton.names.iter().enumerate() {
            let k = again.skeleton.joint(name).unwrap();
            for t in 0..30 {
                let (p, q) = (both.position(t, body, j), again.position(t, body, k));
                assert!((0..3).all(|i| (p[i] - q[i]).abs() < 3e-4), "{name} of {body} in {t}: {p:?} {q:?}");
            }
        }
    }
}

#[test]
fn a_skeleton_with_several_roots_is_one_body() {
    let motion = performer(Action::Walk);
    let mut skeleton = (*motion.skeleton).clone();
    let arm = skeleton.joint("LeftArm").unwrap();
    skeleton.parents[arm] = None;
    skeleton.names[arm] = "Left {Arm}\n".into();
    let torn = Motion { skeleton: skeleton.into(), orientations: None, ..motion };
    let mut named = torn.clone();
    std::sync::Arc::make_mut(&mut named.skeleton).names[arm] = "Left _Arm__".into();
    let written = write_bvh_of_all(&torn).unwrap();
    assert!(apart(&named, 0, &in_centimetres(&written.content)) < 3e-4);
}

#[test]
fn arrays_come_back_bit_by_bit() {
    for motion in [performer(Action::Clap), shaking(), two_people()] {
        let array = write_npy(&motion);
        assert!((array.npy.len() - 4 * motion.positions.len()).is_multiple_of(64), "the numbers are aligned");
        let options = ReadOptions { sidecar: Some(array.skeleton.into_bytes()), ..ReadOptions::default() };
        let again = read(&array.npy, "a.npy", &options).unwrap();
        assert_eq!(again.positions, motion.positions);
        assert_eq!((again.present, again.fps), (motion.present, motion.fps));
        assert_eq!(again.skeleton, motion.skeleton);
    }
}

#[test]
fn json_holds_every_number() {
    let motion = two_people();
    let json: serde_json::Value = serde_json::from_str(&write_json(&motion)).unwrap();
    let number = |t: usize, p: usize, j: usize, i: usize| json["positions"][t][p][j][i].as_f64().unwrap() as f32;
    for t in 0..motion.frames() {
        for p in 0..2 {
            for j in 0..motion.joints() {
                let read = [0, 1, 2].map(|i| number(t, p, j, i));
                assert_eq!(read, motion.position(t, p, j));
            }
            assert_eq!(json["present"][t][p], motion.is_present(t, p));
        }
    }
    assert_eq!(json["joints"][20], "RightToeBase");
    assert_eq!(json["parents"][0], serde_json::Value::Null);
    assert_eq!((&json["parents"][1], &json["parts"][1]), (&0.into(), &"torso".into()));
    assert_eq!((json["unit"].as_str(), json["up"].as_str(), json["fps"].as_f64()), (Some("m"), Some("+y"), Some(30.0)));
    assert!(json.get("orientations").is_none());
    assert_eq!((&json["read"]["up"], &json["read"]["unit_from"]["known"]), (&"+y".into(), &"stated".into()));

    let refused = read(write_json(&motion).as_bytes(), "a.json", &ReadOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("`convert --to json`") && refused.contains(".npy are read"), "{refused}");

    let frame: serde_json::Value = serde_json::from_str(&frame_as_json(&motion, 30)).unwrap();
    assert_eq!((frame["frame"].as_u64(), frame["seconds"].as_f64()), (Some(30), Some(1.0)));
    let second = &frame["bodies"][1];
    assert_eq!((&second["body"], second["joints"].as_array().unwrap().len()), (&2.into(), 21));
    assert_eq!(second["joints"][4]["joint"], "Head");
    let head = motion.position(30, 1, 4);
    assert_eq!(second["joints"][4]["position"][1].as_f64().unwrap() as f32, head[1]);
    let alone: serde_json::Value = serde_json::from_str(&frame_as_json(&motion, 0)).unwrap();
    assert_eq!(alone["bodies"].as_array().unwrap().len(), 1, "the second one is not there yet");
}
