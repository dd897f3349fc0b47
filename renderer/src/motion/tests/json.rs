//! What JSON leaves open: which third numbers are depths, what joints with names hang from, and whose a number is.

use serde_json::{Value, json};

use super::super::{Known, Layout, Part, Source, humanoid};
use super::*;

/// Somebody who waves the left hand on the joints of a layout, a frame an entry, half a metre before the origin: all z lie
/// between 0 and 1.
fn waving(layout: Layout) -> Vec<Vec<[f32; 3]>> {
    let values = arrays::waving(layout);
    let frames = values.chunks_exact(3 * layout.names().len());
    frames.map(|frame| frame.as_chunks().0.iter().map(|&[x, y, z]| [x, y, z + 0.5]).collect()).collect()
}

fn opened(json: &Value) -> Motion {
    read(json.to_string().as_bytes(), "a.json", &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn same(m: &Motion, frames: &[Vec<[f32; 3]>]) {
    assert_eq!((m.frames(), m.bodies, m.joints()), (frames.len(), 1, frames[0].len()), "{}", m.source);
    assert_eq!((m.source.up, m.source.unit.name.as_ref()), (UpAxis::PlusY, "m"), "{}", m.source);
    for t in [0, 11, frames.len() - 1] {
        (0..m.joints()).for_each(|j| close(m.position(t, 0, j), frames[t][j]));
    }
}

/// Numbers in 0..1 that hang together with nothing.
fn chance(n: usize) -> f32 {
    (n as f32 * 12.9898).sin().mul_add(43_758.547, 0.0).rem_euclid(1.0)
}

/// `[x, y, confidence]` of a person in the unit that `place` gives pictures.
fn picture(place: impl Fn([f32; 3]) -> [f32; 2], sure: impl Fn(usize) -> f32) -> Vec<Vec<[f32; 3]>> {
    let of = |(n, &at): (usize, &[f32; 3])| [place(at)[0], place(at)[1], sure(n)];
    waving(Layout::Coco17)
        .iter()
        .enumerate()
        .map(|(t, frame)| frame.iter().enumerate().map(|(j, at)| of((17 * t + j, at))).collect())
        .collect()
}

fn is_picture(source: &Source) -> bool {
    source.up == UpAxis::MinusY && source.unit_from.known == Known::Assumed
}

#[test]
fn third_numbers_between_zero_and_one_are_depths_where_they_make_a_body() {
    for layout in [Layout::Coco17, Layout::Smpl22, Layout::Ntu25] {
        let frames = waving(layout);
        assert!(frames.iter().flatten().all(|p| (0.0..=1.0).contains(&p[2])));
        for key in ["joints", "keypoints", "frames", "points3d", "positions"] {
            same(&opened(&json!({"fps": 30, key: frames})), &frames);
        }
        same(&opened(&json!(frames)), &frames);
        same(&opened(&json!({"joint_names": layout.names(), "frames": frames})), &frames);
        // of a body that is level too, whose zeros would be points that nobody saw
        let level: Vec<Vec<[f32; 3]>> =
            frames.iter().map(|frame| frame.iter().map(|&[x, y, _]| [x, y, 0.0]).collect()).collect();
        assert_eq!(opened(&json!(level)).source.up, UpAxis::PlusY, "{layout:?}");
    }
}

#[test]
fn confidences_stay_confidences() {
    let pixels = |[x, y, _]: [f32; 3]| [500.0 + 400.0 * x, 800.0 - 400.0 * y];
    let low = |[x, y, _]: [f32; 3]| [24.0 + 20.0 * x, 48.0 - 20.0 * y];
    let shares = |[x, y, _]: [f32; 3]| [0.5 + 0.4 * x, 0.9 - 0.4 * y];
    let centred = |[x, y, _]: [f32; 3]| [x, 1.0 - y];
    let varied = |n: usize| 0.5 + 0.5 * chance(n);
    let fixed = |n: usize| 0.5 + 0.5 * chance(n % 17);
    for key in ["joints", "keypoints", "frames"] {
        for (what, frames) in [
            ("pixels", picture(pixels, varied)),
            ("pixels, all alike", picture(pixels, |_| 0.9)),
            ("a heat map's cells", picture(low, varied)),
            ("shares", picture(shares, varied)),
            ("shares, all alike", picture(shares, |_| 0.9)),
            ("from the middle", picture(centred, varied)),
            ("from the middle, joint by joint", picture(centred, fixed)),
        ] {
            let m = opened(&json!({"fps": 30, key: frames}));
            assert!(is_picture(&m.source), "{what}: {}", m.source);
            let unclear = m.source.warnings.iter().any(|said| said.contains("keypoints_3d"));
            assert_eq!(unclear, what == "shares, all alike", "{what}: {:?}", m.source.warnings);
        }
    }
}

/// The humanoid's joints in an order that has the right side first, with their names.
fn right_first() -> (Motion, Vec<String>, Vec<Vec<[f32; 3]>>) {
    let person = humanoid::perform(humanoid::Action::WaveLeftHand, &humanoid::Person::default(), 30.0).cropped(30..54);
    let mirror = &person.skeleton.mirror;
    let names = mirror.iter().map(|&j| person.skeleton.names[j].clone()).collect();
    let frames = (0..24).map(|t| mirror.iter().map(|&j| person.position(t, 0, j)).collect()).collect();
    (person, names, frames)
}

#[test]
fn names_of_joints_tell_what_hangs_from_what() {
    type Make<'a> = &'a dyn Fn((&String, &[f32; 3])) -> Value;

    let (person, names, frames) = right_first();
    let each = |make: Make<'_>| -> Vec<Vec<Value>> {
        frames.iter().map(|frame| names.iter().zip(frame).map(make).collect()).collect()
    };
    let keyed = |make: &dyn Fn(&[f32; 3]) -> Value| -> Vec<Value> {
        let frame = |frame: &Vec<[f32; 3]>| -> serde_json::Map<String, Value> {
            names.iter().cloned().zip(frame.iter().map(make)).collect()
        };
        frames.iter().map(|f| Value::from(frame(f))).collect()
    };
    let xyz = |p: &[f32; 3]| json!({"x": p[0], "y": p[1], "z": p[2]});
    for (what, video) in [
        ("a list of names", json!({"joint_names": names, "positions": frames})),
        ("under names", json!(keyed(&xyz))),
        ("lists under names", json!({"frames": keyed(&|p| json!(p))})),
        ("joints with names", json!(each(&|(name, p)| json!({"name": name, "x": p[0], "y": p[1], "z": p[2]})))),
        ("joints with positions", json!(each(&|(name, p)| json!({"name": name, "position": p})))),
    ] {
        let m = opened(&video);
        // under names in the order of these
        assert_eq!((m.joints(), m.source.up), (names.len(), UpAxis::PlusY), "{what}: {}", m.source);
        let parent = |m: &Motion, name: &str| {
            let joint = m.skeleton.joint(name).unwrap();
            m.skeleton.parents[joint].map(|p| m.skeleton.names[p].clone())
        };
        let part = |m: &Motion, name: &str| m.skeleton.parts[m.skeleton.joint(name).unwrap()];
        for (name, &at) in names.iter().zip(&frames[11]) {
            close(m.position(11, 0, m.skeleton.joint(name).unwrap()), at);
            assert_eq!(part(&m, name), part(&person, name), "{what}: {name}");
            // a limb hangs from what is nearest of the trunk
            let [own, told] = [&m, &person].map(|m| parent(m, name));
            let begins = told.as_ref().is_some_and(|above| part(&person, above) != part(&person, name));
            assert!(begins || own == told, "{what}: {name} hangs from {own:?}");
        }
    }
}

#[test]
fn names_win_over_the_order_that_a_number_of_points_has() {
    // as many as SMPL's, in SMPL's order but for the sides
    let layout = Layout::Smpl22;
    let mirror = layout.skeleton().mirror;
    let words = [("Hip", "UpLeg"), ("Knee", "Leg"), ("Ankle", "Foot"), ("Foot", "ToeBase"), ("Pelvis", "Hips")];
    let words =
        words.into_iter().chain([("Collar", "Shoulder"), ("Shoulder", "Arm"), ("Elbow", "ForeArm"), ("Wrist", "Hand")]);
    let words: Vec<(&str, &str)> = words.collect();
    let studio = |j: usize| {
        let name = layout.names()[j];
        let side = ["Left", "Right"].into_iter().find(|side| name.starts_with(side)).unwrap_or("");
        let rest = &name[side.len()..];
        format!("{side}{}", words.iter().find(|word| word.0 == rest).map_or(rest, |word| word.1))
    };
    let names: Vec<String> = mirror.iter().map(|&j| studio(j)).collect();
    let frames: Vec<Vec<[f32; 3]>> =
        waving(layout).iter().map(|frame| mirror.iter().map(|&j| frame[j]).collect()).collect();
    let m = opened(&json!({"joint_names": names, "frames": frames}));
    let hand = m.skeleton.joint("LeftHand").unwrap();
    assert_eq!((m.skeleton.parts[hand], hand), (Part::LeftArm, 21));
    close(m.position(11, 0, hand), waving(layout)[11][20]);
    // names without a word for the trunk tell sides, the order tells bones
    let coco = Layout::Coco17;
    let names: Vec<String> =
        coco.names().iter().map(|name| name.replace("Wrist", "Hand").replace("Knee", "Shin")).collect();
    let mirrored: Vec<String> = coco.skeleton().mirror.iter().map(|&j| names[j].replace("Ankle", "Foot")).collect();
    let m = opened(&json!({"joint_names": mirrored, "joints3d": waving(coco)}));
    let hand = coco.names().iter().position(|&name| name == "LeftWrist").unwrap();
    assert_eq!(m.skeleton.parts[hand], Part::RightArm, "{:?}", m.skeleton.names);
}

#[test]
fn a_number_that_is_never_the_same_is_a_frames() {
    let frames = waving(Layout::Coco17);
    let numbered = |key: &str, step: usize| -> Vec<Value> {
        frames.iter().enumerate().map(|(t, frame)| json!({key: step * t, "joints3d": frame})).collect()
    };
    for key in ["id", "idx", "track_id"] {
        same(&opened(&json!(numbered(key, 1))), &frames);
        same(&opened(&json!({"fps": 30, "frames": numbered(key, 10)})), &frames);
        // in the order of their numbers
        let backward: Vec<Value> = numbered(key, 1).into_iter().rev().collect();
        same(&opened(&json!(backward)), &frames);
    }
    // two people in every picture are two
    let aside = |frame: &[[f32; 3]]| -> Vec<[f32; 3]> { frame.iter().map(|&[x, y, z]| [x + 2.0, y, z]).collect() };
    let both: Vec<Value> = frames
        .iter()
        .map(|frame| json!({"people": [{"id": 1, "joints3d": frame}, {"id": 2, "joints3d": aside(frame)}]}))
        .collect();
    assert_eq!(opened(&json!(both)).bodies, 2);
    // and a list under the name of people is one person over time where it is one
    for key in ["skeleton", "person", "poses"] {
        same(&opened(&json!({key: frames})), &frames);
    }
}

#[test]
fn a_named_joint_that_is_nothing_was_not_seen() {
    let coco = Layout::Coco17;
    let frames: Vec<Value> = waving(coco)
        .iter()
        .map(|frame| {
            let point = |(name, &[x, y, z]): (&&str, &[f32; 3])| {
                let point = if *name == "Nose" { Value::Null } else { json!({"x": x, "y": y, "z": z}) };
                ((*name).to_owned(), point)
            };
            Value::from(coco.names().iter().zip(frame).map(point).collect::<serde_json::Map<_, _>>())
        })
        .collect();
    let m = opened(&json!(frames));
    assert_eq!((m.joints(), &m.source.left_out[..]), (16, &["Nose".to_owned()][..]));
    close(m.position(11, 0, m.skeleton.joint("LeftWrist").unwrap()), waving(coco)[11][9]);
    let root = m.skeleton.parents.iter().position(Option::is_none).unwrap();
    assert!(m.skeleton.names[root].contains("Eye") || m.skeleton.names[root].contains("Shoulder"), "{:?}", m.skeleton);
}

#[test]
fn another_number_of_joints_says_for_what_it_was_taken() {
    let error = failure(json!({"skeletons": waving(Layout::Kinect20)}).to_string().as_bytes()).to_string();
    assert!(error.contains("HumanML3D") && error.contains("found 20"), "{error}");
}
