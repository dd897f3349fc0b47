//! Arrays without names: which layout, which order of axes, which numbers.

use super::{
    super::{Known, Layout, Part, UpAxis, humanoid, read},
    formats::npy,
    *,
};

/// The humanoid who waves the left hand, on the joints of a layout: `[T, J, 3]` in metres.
pub(super) fn waving(layout: Layout) -> Vec<f32> {
    let person = humanoid::Person::default();
    on_layout(&humanoid::perform(humanoid::Action::WaveLeftHand, &person, 30.0).cropped(30..54), layout)
}

/// The humanoid's places of a layout's joints.
pub(in super::super) fn on_layout(motion: &Motion, layout: Layout) -> Vec<f32> {
    let names = layout.names();
    let places: Vec<Place> = names.iter().map(|name| place(name, names)).collect();
    let at = |t: usize, name: &str| glam::Vec3::from(motion.position(t, 0, motion.skeleton.joint(name).unwrap()));
    let all = (0..motion.frames()).flat_map(|t| {
        places.iter().flat_map(move |(a, b, share)| {
            let [a, b] = [a, b].map(|name| at(t, name));
            (a + *share * (b - a)).to_array()
        })
    });
    all.collect()
}

/// From a joint of the humanoid towards another, beyond it where the share exceeds one.
type Place = (String, String, f32);

fn place(name: &str, all: &[&str]) -> Place {
    let side = ["Left", "Right"].into_iter().find(|s| name.contains(s));
    let rest = name.replace("Left", "").replace("Right", "");
    let has = |word: &str| {
        side.is_some_and(|s| all.contains(&&*format!("{s}{word}")) || all.contains(&&*format!("{word}{s}")))
    };
    let Some(side) = side else {
        let share = match &rest[..] {
            "Pelvis" if all.contains(&"Root") => 0.1,
            "SpineBase" | "HipCenter" | "Pelvis" | "Hips" | "MidHip" | "Root" => 0.0,
            "Spine" if all.contains(&"Spine4") => 0.15,
            "Spine" if all.contains(&"Spine1") && all.contains(&"Spine2") => 0.1,
            "Belly" | "Spine1" | "LowerBack" => 0.2,
            "Spine" | "SpineNavel" | "Spine2" if !all.contains(&"Spine4") => 0.33,
            "Spine2" => 0.28,
            "SpineMid" | "Torso" | "Chest" | "UpperBack" => 0.42,
            "Spine3" => 0.5,
            "Spine4" | "SpineChest" => 0.58,
            "SpineShoulder" | "ShoulderCenter" | "Thorax" => 0.68,
            "Neck" | "LowerNeck" => 0.76,
            "UpperNeck" => 0.85,
            "Nose" | "Face" | "Jaw" => 0.97,
            "Head" => 1.0,
            "HeadTop" => 1.2,
            _ => panic!("{name}"),
        };
        return ("Hips".to_owned(), "Head".to_owned(), share);
    };
    let (a, b, share) = match &rest[..] {
        "HipJoint" => ("Hips", "UpLeg", 0.5),
        "Hip" | "UpLeg" | "UpperLeg" | "Femur" => ("UpLeg", "Leg", 0.0),
        "Knee" | "Leg" | "LowerLeg" | "Tibia" => ("Leg", "Foot", 0.0),
        "Foot" if has("Ankle") && has("Toe") => ("Foot", "ToeBase", 0.5),
        "Foot" if has("Ankle") => ("Foot", "ToeBase", 1.0),
        "Ankle" | "Foot" => ("Foot", "ToeBase", 0.0),
        "Heel" => ("Foot", "Leg", -0.1),
        "SmallToe" => ("Foot", "ToeBase", 0.9),
        "Toe" if has("ToeBase") => ("Foot", "ToeBase", 1.3),
        "Toe" | "ToeBase" | "Toes" | "FootIndex" => ("Foot", "ToeBase", 1.0),
        "BigToe" => ("Foot", "ToeBase", 1.1),
        "Shoulder" if has("Arm") || has("UpperArm") => ("Shoulder", "Arm", 0.0),
        "Collar" | "Clavicle" => ("Shoulder", "Arm", 0.0),
        "Shoulder" | "Arm" | "UpperArm" | "Humerus" => ("Arm", "ForeArm", 0.0),
        "Elbow" | "ForeArm" | "Radius" => ("ForeArm", "Hand", 0.0),
        "Hand" if has("Wrist") => ("ForeArm", "Hand", 1.3),
        "Wrist" | "Hand" => ("Hand", "ForeArm", 0.0),
        "HandTip" | "Fingers" => ("ForeArm", "Hand", 1.6),
        "Thumb" | "HandThumb" | "Thumb1" | "Pinky" => ("ForeArm", "Hand", 1.35),
        "ThumbTip" | "Thumb2" | "WristEnd" => ("ForeArm", "Hand", 1.42),
        "Index" | "Index1" | "Middle1" | "Ring1" | "Pinky1" => ("ForeArm", "Hand", 1.4),
        "Index2" | "Middle2" | "Ring2" | "Pinky2" | "Thumb3" => ("ForeArm", "Hand", 1.5),
        "Index3" | "Middle3" | "Ring3" | "Pinky3" | "Middle" | "Ring" => ("ForeArm", "Hand", 1.6),
        // to the side of the head
        "EyeInner" => ("Head", "Arm", 0.05),
        "Eye" => ("Head", "Arm", 0.08),
        "EyeOuter" => ("Head", "Arm", 0.11),
        "Ear" => ("Head", "Arm", 0.18),
        "Mouth" => ("Head", "Arm", 0.06),
        _ => panic!("{name}"),
    };
    let joint = |name: &str| if matches!(name, "Hips" | "Head") { name.to_owned() } else { format!("{side}{name}") };
    (joint(a), joint(b), share)
}

fn read_plain(bytes: &[u8]) -> Result<Motion, MotionError> {
    read(bytes, "clip.npy", &ReadOptions::default())
}

fn floats(shape: &[usize], values: &[f32]) -> Vec<u8> {
    npy(1, "<f4", false, shape, values)
}

fn with_sidecar(bytes: &[u8], sidecar: &str) -> Result<Motion, MotionError> {
    let options = ReadOptions { sidecar: Some(sidecar.as_bytes().to_vec()), ..ReadOptions::default() };
    read(bytes, "clip.npy", &options)
}

/// Which hand moves most.
fn moving(m: &Motion) -> Part {
    let way = |part: Part| {
        let hand = m.skeleton.tip(part).unwrap_or_else(|| panic!("no {part:?} in {:?}", m.skeleton.names));
        let step = |t: usize| glam::Vec3::from(m.position(t, 0, hand)).distance(m.position(t + 1, 0, hand).into());
        (0..m.frames() - 1).map(step).sum::<f32>()
    };
    if way(Part::LeftArm) > 3.0 * way(Part::RightArm) { Part::LeftArm } else { Part::RightArm }
}

fn assert_same(m: &Motion, expected: &[f32], what: &str) {
    assert_eq!(m.positions.len(), expected.len(), "{what}");
    let worst = m.positions.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5, "{what}: {worst}");
}

#[test]
fn every_layout_is_told_from_a_body_on_it_whatever_axis_and_unit() {
    for layout in Layout::ALL {
        let upright = waving(layout);
        let joints = layout.names().len();
        let shape = [upright.len() / (3 * joints), joints, 3];
        // +z up, millimetres
        let turned: Vec<f32> = upright.chunks_exact(3).flat_map(|p| [p[0], -p[2], p[1]].map(|v| 1000.0 * v)).collect();
        for values in [&upright, &turned] {
            let m = read_plain(&floats(&shape, values)).unwrap_or_else(|e| panic!("{layout:?}: {e}"));
            assert_eq!(m.skeleton.names, layout.names(), "{layout:?}");
            assert_eq!(moving(&m), Part::LeftArm, "{layout:?}");
            let reason = m.source.layout_from.as_ref().unwrap();
            assert!(reason.known == Known::Inferred && reason.why.contains(&layout.to_string()), "{reason}");
            assert_same(&m, &upright, &format!("{layout:?}"));
        }
    }
}

#[test]
fn a_batch_of_clips_is_no_crowd_whatever_their_poses() {
    let person = humanoid::Person::default();
    let clip = |action, layout: Layout| -> Vec<f32> {
        let values = on_layout(&humanoid::perform(action, &person, 30.0).cropped(20..44), layout);
        // the root begins above the origin, as generators put it
        let (x, z) = (values[0], values[2]);
        values.chunks_exact(3).flat_map(|p| [p[0] - x, p[1], p[2] - z]).collect()
    };
    for layout in [Layout::Smpl22, Layout::Human17] {
        let joints = layout.names().len();
        let clips = [humanoid::Action::Squat, humanoid::Action::Walk, humanoid::Action::Clap].map(|a| clip(a, layout));
        let error = read_plain(&floats(&[3, 24, joints, 3], &clips.concat())).unwrap_err().to_string();
        assert!(error.contains("begin in one place"), "{error}");
        // beside each other they are people, also who does the same
        for other in [&clips[1], &clips[0]] {
            let beside: Vec<f32> = other.chunks_exact(3).flat_map(|p| [p[0] + 0.8, p[1], p[2]]).collect();
            let m = read_plain(&floats(&[2, 24, joints, 3], &[&clips[0][..], &beside].concat())).unwrap();
            assert_eq!((m.frames(), m.bodies), (24, 2));
        }
    }
}

#[test]
fn a_joint_that_is_never_found_is_left_out_and_a_body_at_the_origin_is_whole() {
    let values = waving(Layout::Ntu25);
    let shape = [values.len() / 75, 25, 3];
    let mut lost = values.clone();
    lost.chunks_exact_mut(75).for_each(|pose| pose[9..12].fill(0.0));
    let m = read_plain(&floats(&shape, &lost)).unwrap();
    assert_eq!((m.joints(), &m.source.left_out[..]), (24, &["Head".to_owned()][..]), "{:?}", m.source);
    assert!(m.source.warnings.iter().any(|w| w.contains("never found") && w.contains("Head")));
    assert_eq!((m.source.unit.name.as_ref(), moving(&m)), ("m", Part::LeftArm));
    let centred: Vec<f32> = values
        .chunks_exact(75)
        .flat_map(|pose| pose.chunks_exact(3).flat_map(|p| [0, 1, 2].map(|c| p[c] - pose[c])).collect::<Vec<_>>())
        .collect();
    let m = read_plain(&floats(&shape, &centred)).unwrap();
    assert_eq!((m.joints(), m.source.left_out.len(), m.source.warnings.len()), (25, 0, 0), "{:?}", m.source);
    // both at once
    let mut both = centred;
    both.chunks_exact_mut(75).for_each(|pose| pose[9..12].fill(0.0));
    let m = read_plain(&floats(&shape, &both)).unwrap();
    assert_eq!(m.source.left_out, ["Head"], "{:?}", m.source);
}

#[test]
fn a_joint_that_is_missing_throughout_does_not_hide_the_layout() {
    let mut alike = Vec::new();
    for layout in Layout::ALL {
        let values = waving(layout);
        let (joints, skeleton) = (layout.names().len(), layout.skeleton());
        // on the floor, and around the origin, as clips are centred
        let middle = [0, 1, 2].map(|c| values.iter().skip(c).step_by(3).sum::<f32>() / (values.len() / 3) as f32);
        let around: Vec<f32> =
            values.chunks_exact(3).flat_map(|p| [p[0] - middle[0], p[1] - middle[1], p[2] - middle[2]]).collect();
        let hand = skeleton.limb(Part::RightArm)[0];
        let knee = skeleton.limb(Part::LeftLeg).into_iter().rev().nth(1).unwrap();
        for (values, joint) in [(&values, hand), (&values, knee), (&around, hand), (&around, knee)] {
            for lost in [0.0, f32::NAN] {
                let mut without = values.clone();
                without.chunks_exact_mut(3 * joints).for_each(|pose| pose[3 * joint..][..3].fill(lost));
                let shape = [values.len() / (3 * joints), joints, 3];
                let what = format!("{layout:?} without {}, {lost}", layout.names()[joint]);
                let m = match read_plain(&floats(&shape, &without)) {
                    Ok(m) => m,
                    // without the joint that tells two layouts apart
                    Err(e) if e.to_string().contains("fit alike") => {
                        alike.push(what);
                        continue;
                    }
                    Err(e) => panic!("{what}: {e}"),
                };
                assert_eq!(m.source.left_out, [layout.names()[joint]], "{what}: {:?}", m.source);
                let mut names = layout.names().to_vec();
                names.remove(joint);
                assert_eq!(m.skeleton.names, names, "{what}");
                assert!(m.source.warnings.iter().any(|w| w.contains("never found")), "{what}: {:?}", m.source.warnings);
                assert_eq!(moving(&m), Part::LeftArm, "{what}");
            }
        }
    }
    let ours =
        ["Smpl22", "Ntu25", "Coco17", "Human17"].map(|layout| alike.iter().any(|what: &String| what.contains(layout)));
    assert!(alike.len() <= 12 && !ours.contains(&true), "{alike:?}");
    // noise is none, however many joints of it are missing
    let noise: Vec<f32> = (0..30 * 66).map(|k| ((k * k * 37 + k * 11) % 1000) as f32 / 500.0 - 0.9).collect();
    for missing in [1, 7] {
        let mut values = noise.clone();
        values.chunks_exact_mut(66).for_each(|pose| pose[30..30 + 3 * missing].fill(0.0));
        let error = read_plain(&floats(&[30, 22, 3], &values)).unwrap_err().to_string();
        assert!(error.contains("a body in none"), "{error}");
    }
}

#[test]
fn what_carries_the_others_and_was_never_seen_is_left_out() {
    let tall = |m: &Motion| {
        let heights = m.positions[..3 * m.joints()].chunks_exact(3).map(|place| place[1]);
        heights.clone().fold(f32::MIN, f32::max) - heights.fold(f32::MAX, f32::min)
    };
    let mut others = Vec::new();
    for layout in Layout::ALL {
        let values = waving(layout);
        let (names, joints) = (layout.names(), layout.names().len());
        let shape = [values.len() / (3 * joints), joints, 3];
        let whole = read_plain(&floats(&shape, &values)).unwrap();
        let root = layout.parents().iter().position(Option::is_none).unwrap();
        for (joint, seen) in [(root, 0), (0, 0), (root, 1)] {
            let mut without = values.clone();
            let unseen = without.chunks_exact_mut(3 * joints).skip(seen);
            unseen.for_each(|pose| pose[3 * joint..][..3].fill(f32::NAN));
            let what = format!("{layout:?} without {}", names[joint]);
            let m = match read_plain(&floats(&shape, &without)) {
                Ok(m) => m,
                Err(e) if e.to_string().contains("fit alike") => continue,
                Err(e) => panic!("{what}: {e}"),
            };
            if m.source.left_out != [names[joint]] {
                others.push(what);
                continue;
            }
            assert_eq!((m.bodies, moving(&m)), (1, Part::LeftArm), "{what}");
            assert_eq!(m.skeleton.parents.iter().filter(|p| p.is_none()).count(), 1, "{what}");
            // but for a nose above the head
            assert!((tall(&m) - tall(&whole)).abs() < 0.15, "{what}: {} and {} m", tall(&m), tall(&whole));
        }
    }
    // without the joint that tells it from another layout of as many
    assert!(others.len() < 3, "{others:?}");
}

#[test]
fn a_layout_is_told_by_the_poses_of_which_every_joint_was_seen() {
    let values = waving(Layout::Coco17);
    let frames = values.len() / 51;
    let mut lost = values.clone();
    // a shoulder for two frames of three
    lost.chunks_exact_mut(51).skip(frames / 6).take(2 * frames / 3).for_each(|pose| pose[15..18].fill(f32::NAN));
    let m = read_plain(&floats(&[frames, 17, 3], &lost)).unwrap();
    assert_eq!((m.joints(), moving(&m)), (17, Part::LeftArm), "{:?}", m.source);
    // another joint in each frame but one of five
    let values = waving(Layout::Ntu25);
    let mut lost = values.clone();
    for (t, pose) in lost.chunks_exact_mut(75).enumerate().filter(|(t, _)| t % 5 != 0) {
        [7 * t, 7 * t + 11, 7 * t + 17].into_iter().for_each(|j| pose[3 * (j % 25)..][..3].fill(0.0));
    }
    let m = read_plain(&floats(&[values.len() / 75, 25, 3], &lost)).unwrap();
    assert_eq!((m.joints(), moving(&m)), (25, Part::LeftArm), "{:?}", m.source);
}

#[test]
fn places_that_were_not_seen_are_filled_and_told() {
    let values = waving(Layout::Ntu25);
    let shape = [values.len() / 75, 25, 3];
    for lost in [f32::NAN, 0.0] {
        // the right hand for some frames
        let mut some = values.clone();
        some.chunks_exact_mut(75).skip(4).step_by(5).for_each(|pose| pose[33..36].fill(lost));
        let m = read_plain(&floats(&shape, &some)).unwrap();
        assert_eq!((m.joints(), moving(&m)), (25, Part::LeftArm), "{:?}", m.source);
        let worst = m.positions.iter().zip(&values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 0.05, "{worst} m beside where the hand was");
        assert!(m.source.warnings.iter().any(|w| w.contains("not seen") && w.contains("HandRight")), "{:?}", m.source);
    }
    // one that has a number in no frame
    let mut never = values.clone();
    never.chunks_exact_mut(75).for_each(|pose| pose[9..12].fill(f32::NAN));
    let m = read_plain(&floats(&shape, &never)).unwrap();
    assert_eq!((m.joints(), &m.source.left_out[..]), (24, &["Head".to_owned()][..]), "{:?}", m.source);
    // somebody who comes later
    let mut late = values.clone();
    late[..8 * 75].fill(f32::NAN);
    let m = read_plain(&floats(&shape, &late)).unwrap();
    assert_eq!((m.present[0], m.present[7], m.present[8], moving(&m)), (false, false, true, Part::LeftArm));
}

#[test]
fn knees_that_bend_backward_are_warned_about() {
    let squat = humanoid::perform(humanoid::Action::Squat, &humanoid::Person::default(), 30.0).cropped(20..44);
    for layout in [Layout::Human17, Layout::OpenPose15, Layout::Smpl22] {
        let values = on_layout(&squat, layout);
        let joints = layout.names().len();
        let shape = [values.len() / (3 * joints), joints, 3];
        let exchanged: Vec<f32> = values
            .chunks_exact(3 * joints)
            .flat_map(|pose| {
                layout.skeleton().mirror.iter().flat_map(|&j| pose[3 * j..][..3].to_vec()).collect::<Vec<_>>()
            })
            .collect();
        for (values, wrong) in [(&values, false), (&exchanged, true)] {
            let m = read_plain(&floats(&shape, values)).unwrap();
            let warned = m.source.warnings.iter().any(|w| w.contains("exchanged"));
            assert_eq!(warned, wrong, "{layout:?}: {:?}", m.source);
        }
    }
}

#[test]
fn nobody_bends_backward_in_a_plank_or_however_else_a_body_is_held() {
    let mut all = super::postures::never_standing();
    all.extend(super::postures::lying());
    all.extend(super::postures::in_the_air());
    all.extend(super::postures::swims_in_place());
    all.push(("lies with a leg drawn up", super::postures::lying_with_a_leg_drawn_up()));
    all.push(("holds a plank on the forearms", super::postures::on_the_forearms()));
    for (what, motion) in all {
        for layout in [Layout::Human17, Layout::Coco17, Layout::OpenPose25, Layout::Smpl22, Layout::Ntu25] {
            let values = on_layout(&motion, layout);
            let joints = layout.names().len();
            let m = read_plain(&floats(&[values.len() / (3 * joints), joints, 3], &values)).unwrap();
            let warned = m.source.warnings.iter().any(|w| w.contains("backward"));
            assert!(!warned, "{what}, {layout:?}: {:?}", m.source);
        }
    }
}

#[test]
fn a_right_hand_stays_one() {
    let person = humanoid::Person::default();
    let right = humanoid::perform(humanoid::Action::WaveRightHand, &person, 30.0).cropped(30..54);
    for layout in [Layout::Coco17, Layout::Human17, Layout::Inf17] {
        let values = on_layout(&right, layout);
        let m = read_plain(&floats(&[24, 17, 3], &values)).unwrap();
        assert_eq!((m.skeleton.names[3].as_str(), moving(&m)), (layout.names()[3], Part::RightArm));
    }
}

#[test]
fn a_body_before_a_tilted_camera_has_y_down() {
    let values = waving(Layout::Human17);
    let (sin, cos) = 0.15_f32.sin_cos();
    // around the pelvis, as lifting models give it
    let seen: Vec<f32> = values
        .chunks_exact(51)
        .flat_map(|pose| {
            pose.chunks_exact(3).map(|p| [p[0] - pose[0], p[1] - pose[1], p[2] - pose[2]]).collect::<Vec<_>>()
        })
        .flat_map(|[x, y, z]| [x, -(cos * y - sin * z), -(sin * y + cos * z)])
        .collect();
    let m = read_plain(&floats(&[values.len() / 51, 17, 3], &seen)).unwrap();
    assert_eq!((m.source.up, moving(&m)), (UpAxis::MinusY, Part::LeftArm), "{:?}", m.source.up_from);
    assert_eq!(m.skeleton.names[4], "LeftHip");
}

#[test]
fn axes_are_read_in_every_order_that_people_save() {
    let one = waving(Layout::Ntu25);
    let frames = one.len() / 75;
    let other: Vec<f32> = one.chunks_exact(3).flat_map(|p| [p[0] + 1.2, p[1], p[2] + 0.3]).collect();
    let body = |p: usize, t: usize| &[&one, &other][p][75 * t..][..75];
    let both: Vec<f32> = (0..frames).flat_map(|t| [body(0, t), body(1, t)].concat()).collect();
    let people_first = [&one[..], &other].concat();
    // [3, T, V, M]
    let tensor: Vec<f32> = (0..3)
        .flat_map(|c| (0..frames).flat_map(move |t| (0..25).flat_map(move |j| (0..2).map(move |p| (c, t, j, p)))))
        .map(|(c, t, j, p)| body(p, t)[3 * j + c])
        .collect();
    for (shape, values) in [
        (vec![frames, 25, 3], &one),
        (vec![1, frames, 25, 3], &one),
        (vec![frames, 1, 25, 3], &one),
        (vec![frames, 25, 3, 1], &one),
        (vec![frames, 75], &one),
        (vec![1, frames, 75], &one),
        (vec![frames, 2, 25, 3], &both),
        (vec![frames, 150], &both),
        (vec![frames, 2, 75], &both),
        (vec![1, frames, 2, 25, 3], &both),
        (vec![2, frames, 25, 3], &people_first),
        (vec![1, 2, frames, 25, 3], &people_first),
        (vec![2, frames, 75], &people_first),
        (vec![3, frames, 25, 2], &tensor),
        (vec![1, 3, frames, 25, 2], &tensor),
    ] {
        for fortran in [false, true] {
            let m = read_plain(&npy(1, "<f4", fortran, &shape, values)).unwrap_or_else(|e| panic!("{shape:?}: {e}"));
            let expected = if values.len() == one.len() { &one } else { &both };
            assert_eq!(m.frames(), frames, "{shape:?}");
            assert_same(&m, expected, &format!("{shape:?}"));
        }
    }
    // the coordinates of all joints one after the other, and how sure a tracker was behind the coordinates
    let planes: Vec<f32> =
        one.chunks_exact(75).flat_map(|f| (0..3).flat_map(move |c| (0..25).map(move |j| f[3 * j + c]))).collect();
    assert_same(&read_plain(&floats(&[frames, 3, 25], &planes)).unwrap(), &one, "planes");
    let sure: Vec<f32> = one.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 0.9]).collect();
    assert_same(&read_plain(&floats(&[frames, 25, 4], &sure)).unwrap(), &one, "sure");
    // twelve frames of two people, who are not two frames of twelve
    let short: Vec<f32> = (0..2).flat_map(|p| (0..12).flat_map(move |t| body(p, t).to_vec())).collect();
    let m = read_plain(&floats(&[2, 12, 25, 3], &short)).unwrap();
    assert_eq!((m.frames(), m.bodies), (12, 2));
    let m = read_plain(&floats(&[12, 2, 25, 3], &both[..12 * 150])).unwrap();
    assert_eq!((m.frames(), m.bodies), (12, 2));
    // a single pose
    let m = read_plain(&floats(&[25, 3], &one[..75])).unwrap();
    assert_eq!((m.frames(), m.joints()), (1, 25));
}

#[test]
fn numbers_of_every_usual_type_are_read() {
    let metres = waving(Layout::Smpl22);
    let shape = [metres.len() / 66, 22, 3];
    // from the floor up, so that no number is negative
    let millimetres: Vec<f32> = metres.iter().map(|v| (1000.0 * v).round() + 1000.0).collect();
    let header = |descr: &str| npy(1, descr, false, &shape, &[]);
    type Encode = fn(f32) -> Vec<u8>;
    let encodings: [(&str, &[f32], Encode); 9] = [
        ("<f2", &metres, |v| half::f16::from_f32(v).to_le_bytes().to_vec()),
        (">f2", &metres, |v| half::f16::from_f32(v).to_be_bytes().to_vec()),
        ("=f4", &metres, |v| v.to_le_bytes().to_vec()),
        ("<i2", &millimetres, |v| (v as i16).to_le_bytes().to_vec()),
        (">i2", &millimetres, |v| (v as i16).to_be_bytes().to_vec()),
        ("<i4", &millimetres, |v| (v as i32).to_le_bytes().to_vec()),
        (">i8", &millimetres, |v| (v as i64).to_be_bytes().to_vec()),
        ("<u2", &millimetres, |v| (v as u16).to_le_bytes().to_vec()),
        ("<u4", &millimetres, |v| (v as u32).to_le_bytes().to_vec()),
    ];
    for (descr, values, encode) in encodings {
        let mut bytes = header(descr);
        bytes.extend(values.iter().flat_map(|&v| encode(v)));
        let m = read_plain(&bytes).unwrap_or_else(|e| panic!("{descr}: {e}"));
        let unit = if values == &metres[..] { "m" } else { "mm" };
        assert_eq!((m.source.unit.name.as_ref(), moving(&m)), (unit, Part::LeftArm), "{descr}");
        let expected: Vec<f32> = values.iter().map(|v| if unit == "m" { *v } else { v / 1000.0 }).collect();
        let worst = m.positions.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 2e-3, "{descr}: {worst}");
    }
    // below zero, too
    let mut bytes = npy(1, "<i2", false, &[1, 4, 3], &[]);
    let signed: [i16; 12] = [0, 0, 0, 0, 900, 0, -200, -800, 5, 200, -800, 5];
    bytes.extend(signed.iter().flat_map(|v| v.to_le_bytes()));
    let sidecar = r#"{"joints": ["hips", "head", "left_knee", "right_knee"], "parents": [-1, 0, 0, 0], "fps": 15,
        "unit": "mm", "up": "y"}"#;
    close(with_sidecar(&bytes, sidecar).unwrap().position(0, 0, 2), [-0.2, -0.8, 0.005]);
}

#[test]
fn places_in_pictures_are_drawn_flat() {
    let metres = waving(Layout::Coco17);
    let frames = metres.len() / 51;
    // y down, 300 pixels a metre
    let pixels: Vec<[f32; 2]> = metres.chunks_exact(3).map(|p| [640.0 + 300.0 * p[0], 700.0 - 300.0 * p[1]]).collect();
    let flat: Vec<f32> = pixels.iter().flatten().copied().collect();
    let sure: Vec<f32> =
        pixels.iter().enumerate().flat_map(|(i, p)| [p[0], p[1], 0.3 + 0.1 * (i % 7) as f32]).collect();
    // the left ankle is lost for two frames, the right ear is never seen
    let mut gaps = sure.clone();
    for t in 0..frames {
        let lost = if t == 5 || t == 6 { &[4, 15][..] } else { &[4] };
        lost.iter().for_each(|j| gaps[51 * t + 3 * j..][..3].fill(0.0));
    }
    for (shape, values) in [
        (vec![frames, 17, 2], &flat),
        (vec![frames, 34], &flat),
        (vec![1, frames, 17, 2], &flat),
        (vec![frames, 17, 3], &sure),
        (vec![frames, 17, 3], &gaps),
    ] {
        let m = read_plain(&floats(&shape, values)).unwrap_or_else(|e| panic!("{shape:?}: {e}"));
        let joint = |name: &str| m.skeleton.joint(name).unwrap();
        let (left, right) = (joint("LeftShoulder"), joint("RightShoulder"));
        assert_eq!((right, m.source.up), (left + 1, UpAxis::MinusY), "{shape:?}");
        assert_eq!(moving(&m), Part::LeftArm, "{shape:?}");
        assert!(m.positions.chunks_exact(3).all(|p| p[2].abs() < 1e-6));
        // the left is on the right of a picture of somebody who faces the camera
        assert!(m.position(0, 0, left)[0] > m.position(0, 0, right)[0]);
    }
    let m = read_plain(&floats(&[frames, 17, 3], &gaps)).unwrap();
    let ankle = m.skeleton.joint("LeftAnkle").unwrap();
    assert_eq!(m.position(5, 0, ankle), m.position(4, 0, ankle));
    assert_eq!((m.joints(), &m.source.left_out[..]), (16, &["RightEar".to_owned()][..]));
    assert!(m.source.warnings.iter().any(|w| w.starts_with("2 places")), "{:?}", m.source.warnings);
}

#[test]
fn what_is_no_body_is_refused_by_name() {
    let smpl = waving(Layout::Smpl22);
    let frames = smpl.len() / 66;
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    let mut noise = |n: usize| (0..n).map(|_| random()).collect::<Vec<f32>>();
    let last: Vec<f32> =
        (0..66).flat_map(|k| (0..frames).map(move |t| (t, k))).map(|(t, k)| smpl[66 * t + k]).collect();
    // the joints of SMPL in an order of somebody's own
    let own: Vec<f32> =
        smpl.chunks_exact(66).flat_map(|f| (0..22).flat_map(|j| f[3 * (j * 5 % 22)..][..3].to_vec())).collect();
    let twice = [&smpl[..], &smpl].concat();
    let many = [1.0; 40 * 20 * 66];
    for (shape, values, words) in [
        (vec![1, 22, 3, frames], &last[..], &["[clips, joints, 3, frames]", "transpose"][..]),
        (vec![22, 3, frames], &last, &["[joints, 3, frames]", "transpose"]),
        (vec![40, 263], &noise(40 * 263), &["HumanML3D", "feature vectors", "recover_from_ric"]),
        (vec![1, 263, 1, 40], &noise(40 * 263), &["HumanML3D", "feature vectors"]),
        (vec![30, 251], &noise(30 * 251), &["KIT-ML", "feature vectors"]),
        (vec![30, 22, 3], &noise(30 * 66), &["SMPL's body", "LAFAN1", "a body in none", "skeleton.json"]),
        (vec![30, 72], &noise(30 * 72), &["SMPL (24 joints)", "rotations"]),
        (vec![30, 17, 3], &noise(30 * 51), &["COCO", "Human3.6M", "MPI-INF-3DHP", "layout"]),
        (vec![frames, 22, 3], &own, &["SMPL's body", "a body in none"]),
        (vec![2, frames, 22, 3], &twice, &["[bodies, frames, joints, 3]", "begin in one place"]),
        (vec![40, 20, 22, 3], &many, &["40 clips of 20 frames", "[frames, joints, 3]"]),
        (vec![30, 25, 4], &noise(3000), &["Kinect v2", "no", "rotations"]),
        (vec![30, 10, 3], &noise(900), &["no known layout has 10 joints", "skeleton.json"]),
        (vec![30, 24, 3, 3], &noise(6480), &["rotation matrices"]),
        (vec![30, 24, 4, 4], &noise(11520), &["transforms", "[..., :3, 3]"]),
        (vec![30, 24, 6], &noise(4320), &["rotations", "6 or 9 numbers"]),
        (vec![900], &noise(900), &["shape is [900]"]),
    ] {
        let error = read_plain(&floats(&shape, values)).map(|m| m.source.layout_from).unwrap_err().to_string();
        assert!(words.iter().all(|w| error.contains(w)), "{shape:?}: {error}");
    }
    for (descr, words) in [
        ("|O", &["pickled", "allow_pickle"][..]),
        ("<c8", &["'<c8'", "f4"]),
        ("|S12", &["'|S12'"]),
        ("<U8", &["'<U8'"]),
        ("<f3", &["'<f3'"]),
        ("<f16", &["'<f16'"]),
    ] {
        let error = read_plain(&npy(1, descr, false, &[2, 22, 3], &smpl[..132])).unwrap_err().to_string();
        assert!(words.iter().all(|w| error.contains(w)), "{descr}: {error}");
    }
    // a layout of another number of joints is no longer looked for when the description names one
    let error = with_sidecar(&floats(&[frames, 22, 3], &smpl), r#"{"layout": "Human17"}"#).unwrap_err().to_string();
    assert!(error.contains("17 joints"), "{error}");
}

#[test]
fn a_description_may_name_a_layout_and_write_roots_in_any_way() {
    let values = waving(Layout::Human17);
    let bytes = floats(&[values.len() / 51, 17, 3], &values);
    let m = with_sidecar(&bytes, r#"{"layout": "human17", "fps": 25, "up": "+y", "unit": "m"}"#).unwrap();
    assert_eq!((m.fps, m.skeleton.names[1].as_str()), (25.0, "RightHip"));
    assert!(m.source.layout_from.is_none(), "it was told");
    let sidecar = |root: &str| {
        format!(r#"{{"joints": ["hips", "head", "left_knee", "right_knee"], "parents": [{root}, 0, 0, 0], "fps": 15}}"#)
    };
    let values: Vec<f32> = [0.0, 0.9, 0.0, 0.0, 1.7, 0.0, 0.1, 0.4, 0.0, -0.1, 0.4, 0.0].repeat(2);
    for root in ["-1", "0", "null", "4294967295"] {
        let m = with_sidecar(&floats(&[2, 4, 3], &values), &sidecar(root)).unwrap();
        assert_eq!(m.skeleton.parents, [None, Some(0), Some(0), Some(0)], "{root}");
        // described arrays come in all orders, too
        let m = with_sidecar(&floats(&[1, 2, 12], &values), &sidecar(root)).unwrap();
        assert_eq!((m.frames(), m.bodies), (2, 1));
    }
    // parents counted from one, as MATLAB counts
    let values: Vec<f32> = [0.0, 0.9, 0.0, 0.0, 1.3, 0.0, 0.0, 1.7, 0.0, -0.1, 0.4, 0.0].repeat(2);
    let chain = |parents: &str| {
        let text = format!(r#"{{"joints": ["hips", "spine", "head", "knee"], "parents": [{parents}], "fps": 15}}"#);
        with_sidecar(&floats(&[2, 4, 3], &values), &text).unwrap()
    };
    for (parents, said) in [("-1, 0, 1, 0", false), ("0, 0, 1, 0", false), ("0, 1, 2, 1", true), ("-1, 1, 2, 1", true)]
    {
        let m = chain(parents);
        assert_eq!(m.skeleton.parents, [None, Some(0), Some(1), Some(0)], "{parents}");
        assert_eq!(m.source.warnings.iter().any(|w| w.contains("counted from one")), said, "{parents}");
    }
    for (text, cause) in [
        (r#"{"layout": "Human18"}"#, "unknown layout 'Human18'"),
        (r#"{"layout": "Human17", "joints": []}"#, "not both"),
        (r#"{"fps": 3}"#, "missing field `joints`"),
        (r#"{"joints": ["a"], "fps": 3}"#, "missing field `parents`"),
        (r#"{"joints": ["a", "b"], "parents": [-1, 0]}"#, "missing field `fps`"),
        (r#"{"joints": ["a", "b", "c", "d"], "parents": [-1, 2, 1, 0], "fps": 3}"#, "ring"),
    ] {
        let error = with_sidecar(&bytes, text).unwrap_err().to_string();
        assert!(error.contains("skeleton.json") && error.contains(cause), "{text}: {error}");
    }
}
