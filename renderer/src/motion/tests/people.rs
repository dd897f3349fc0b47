//! Several people in one BVH, and things that are none.

use std::sync::Arc;

use super::{
    super::{
        Skeleton,
        humanoid::{Action, Person, perform},
        write_bvh,
    },
    *,
};

const FRAMES: usize = 60;
const PLACED: &str = "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation";

/// The two halves of a file, the upper one with its first root's joints only.
#[derive(Clone)]
struct Text {
    hierarchy: String,
    rows: Vec<String>,
}

fn person(action: Action, aside: f32) -> Motion {
    perform(action, &Person::default(), 30.0).cropped(0..FRAMES).translated([aside, 0.0, 0.0])
}

fn text(motion: &Motion) -> Text {
    let text = write_bvh(motion, 0).unwrap();
    let (hierarchy, rows) = text.split_once("MOTION\n").unwrap();
    Text {
        hierarchy: hierarchy.trim_start_matches("HIERARCHY\n").to_owned(),
        rows: rows.lines().skip(2).map(str::to_owned).collect(),
    }
}

impl Text {
    /// With other joint names.
    fn named(&self, name: impl Fn(usize, &str) -> String) -> Self {
        let mut n = 0;
        let line =
            |line: &str| match ["ROOT ", "JOINT "].iter().find_map(|k| line.split_once(k).map(|(a, b)| (a, k, b))) {
                Some((tabs, keyword, old)) => {
                    n += 1;
                    format!("{tabs}{keyword}{}\n", name(n - 1, old))
                }
                None => format!("{line}\n"),
            };
        Self { hierarchy: self.hierarchy.lines().map(line).collect(), ..self.clone() }
    }

    fn called(&self, before: &str, after: &str) -> Self {
        self.named(|_, name| format!("{before}{name}{after}"))
    }
}

/// Something long that flies about.
fn prop(name: &str) -> Text {
    let rows = (0..FRAMES).map(|t| format!("{} 100 50 {} 0 0", 2 * t, 3 * t));
    let tip = "\tEnd Site\n\t{\n\t\tOFFSET 0 90 0\n\t}\n";
    Text { hierarchy: format!("ROOT {name}\n{{\n\tOFFSET 0 0 0\n\tCHANNELS {PLACED}\n{tip}}}\n"), rows: rows.collect() }
}

fn beside(texts: &[Text]) -> Text {
    Text {
        hierarchy: texts.iter().map(|t| t.hierarchy.as_str()).collect(),
        rows: (0..FRAMES).map(|t| texts.iter().map(|x| x.rows[t].trim()).collect::<Vec<_>>().join(" ")).collect(),
    }
}

/// All below one root that has these channels.
fn below(root: &str, channels: &str, row: &str, texts: &[Text]) -> Text {
    let Text { hierarchy, rows } = beside(texts);
    let hierarchy = hierarchy.replace("ROOT ", "JOINT ");
    Text {
        hierarchy: format!("ROOT {root}\n{{\nOFFSET 0 0 0\nCHANNELS {channels}\n{hierarchy}}}\n"),
        rows: rows.into_iter().map(|own| format!("{row} {own}")).collect(),
    }
}

fn file(text: &Text) -> String {
    format!("HIERARCHY\n{}MOTION\nFrames: {FRAMES}\nFrame Time: 0.0333333\n{}\n", text.hierarchy, text.rows.join("\n"))
}

fn open(text: &Text) -> Motion {
    read(file(text).as_bytes(), "people.bvh", &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// Whether the slots hold exactly these people, on the joints of the motion.
#[track_caller]
fn shows(m: &Motion, people: &[&Motion]) {
    assert_eq!((m.bodies, m.frames()), (people.len(), FRAMES), "{:?}", m.source.bodies_from);
    for (p, person) in people.iter().enumerate() {
        for (j, name) in m.skeleton.names.iter().enumerate() {
            let own = person.skeleton.joint(name).unwrap_or_else(|| panic!("no joint {name}"));
            for t in 0..FRAMES {
                let (a, b) = (m.position(t, p, j), person.position(t, 0, own));
                // what was written was rounded
                assert!((0..3).all(|i| (a[i] - b[i]).abs() < 4e-3), "slot {p} frame {t} {name}: {a:?} {b:?}");
            }
        }
    }
}

/// Two people, of whom the second one moves more.
fn two() -> (Motion, Motion) {
    (person(Action::RaiseRightHand, 0.0), person(Action::Squat, 1.2))
}

#[test]
fn two_roots_are_two_people_whatever_they_are_called() {
    let (a, b) = two();
    for [first, second] in [
        [("A:", ""), ("B:", "")],
        [("Skeleton1:", ""), ("Skeleton2:", "")],
        [("A_", ""), ("B_", "")],
        [("Ann", ""), ("Bob", "")],
        [("P1 ", ""), ("P2 ", "")],
        [("", "1"), ("", "2")],
        [("", ""), ("", ".001")],
        [("", ""), ("", "")],
        [("mixamorig:", ""), ("mixamorig1:", "")],
        // what looks like a side is whose joint it is
        [("Left_", ""), ("Right_", "")],
    ] {
        let m = open(&beside(&[text(&a).called(first.0, first.1), text(&b).called(second.0, second.1)]));
        shows(&m, &[&a, &b]);
        assert_eq!(m.skeleton.parts, a.skeleton.parts, "{first:?}");
        assert_eq!((m.performer, m.people()), (Some(1), 2), "{first:?}");
        assert!(m.source.warnings.is_empty(), "{:?}", m.source.warnings);
        let told = m.source.bodies_from.as_ref().unwrap().to_string();
        assert!(told.contains("2 people, person 2 performs"), "{told}");
    }
    let m = open(&beside(&[text(&b), text(&a)]));
    assert_eq!(m.performer, Some(0));
}

#[test]
fn people_below_a_scene_are_no_less_people() {
    let (a, b) = two();
    let texts = [text(&a).called("A:", ""), text(&b).called("B:", "")];
    shows(&open(&below("Scene", "0", "", &texts)), &[&a, &b]);
    shows(&open(&below("Scene", "0", "", &[text(&a).called("Left ", ""), text(&b).called("Right ", "")])), &[&a, &b]);
    let deeper = below("World", "0", "", &[below("Scene", "0", "", &texts)]);
    shows(&open(&deeper), &[&a, &b]);
    // a scene that stands aside takes people with it
    let moved = open(&below("Scene", PLACED, "100 0 0 0 0 0", &texts));
    shows(&moved, &[&a.translated([1.0, 0.0, 0.0]), &b.translated([1.0, 0.0, 0.0])]);
    // each with a reference of its own
    let referenced = texts.map(|t| below("Reference", "0", "", &[t]));
    shows(&open(&below("Scene", "0", "", &referenced)), &[&a, &b]);
}

#[test]
fn three_people_are_three() {
    let (a, b) = two();
    let c = person(Action::Clap, -1.4);
    let m = open(&beside(&[text(&a).called("A:", ""), text(&b).called("B:", ""), text(&c).called("C:", "")]));
    shows(&m, &[&a, &b, &c]);
}

#[test]
fn things_are_no_people() {
    let (a, b) = two();
    let alone = open(&text(&a));
    assert_eq!((alone.performer, alone.source.bodies_from.clone()), (None, None));
    for texts in [[prop("Sword"), text(&a)], [text(&a), prop("Shield")]] {
        for both in [beside(&texts), below("Scene", "0", "", &texts)] {
            let m = open(&both);
            assert_eq!((m.bodies, &m.skeleton.names), (1, &alone.skeleton.names));
            assert_eq!(m.positions, alone.positions);
            assert_eq!(m.source.left_out.len(), 1, "{:?}", m.source.left_out);
        }
    }
    let all = [prop("Sword"), text(&a).called("A:", ""), prop("Camera"), text(&b).called("B:", "")];
    for both in [beside(&all), below("Scene", "0", "", &all)] {
        let m = open(&both);
        shows(&m, &[&a, &b]);
        assert_eq!(m.source.left_out, ["Sword", "Camera"]);
    }
}

#[test]
fn each_of_them_can_be_read_alone() {
    let (a, b) = two();
    let both = file(&beside(&[text(&a).called("A:", ""), text(&b).called("B:", "")]));
    let alone = |n| read(both.as_bytes(), "people.bvh", &ReadOptions { person: Some(n), ..ReadOptions::default() });
    for (n, person) in [(1, &a), (2, &b)] {
        let m = alone(n).unwrap();
        assert_eq!((m.bodies, m.performer), (1, None));
        assert_eq!(m.positions, open(&text(person)).positions);
    }
    assert!(alone(3).unwrap_err().to_string().contains("there is no person 3: there are 2"));
    let single = file(&text(&a));
    let options = |n| ReadOptions { person: Some(n), ..ReadOptions::default() };
    assert_eq!(read(single.as_bytes(), "a.bvh", &options(1)).unwrap().bodies, 1);
    assert!(read(single.as_bytes(), "a.bvh", &options(2)).unwrap_err().to_string().contains("there is one"));
}

/// Without the joints whose names say so.
fn without(motion: &Motion, gone: impl Fn(&str) -> bool) -> Motion {
    let keep: Vec<usize> = (0..motion.joints()).filter(|&j| !gone(&motion.skeleton.names[j])).collect();
    let place = |old: usize| keep.iter().position(|&k| k == old);
    let names = keep.iter().map(|&j| motion.skeleton.names[j].clone()).collect();
    let skeleton = Skeleton::named(names, keep.iter().map(|&j| motion.skeleton.parents[j].and_then(place)).collect());
    let pick = |values: &[f32], width: usize| -> Vec<f32> {
        let frames = values.chunks_exact(width * motion.joints());
        frames.flat_map(|f| keep.iter().flat_map(move |&j| &f[j * width..][..width])).copied().collect()
    };
    Motion {
        skeleton: Arc::new(skeleton),
        positions: pick(&motion.positions, 3),
        orientations: motion.orientations.as_deref().map(|o| pick(o, 4)),
        ..motion.clone()
    }
}

#[test]
fn people_of_two_skeletons_meet_on_the_joints_of_both() {
    let (a, b) = two();
    let toeless = text(&without(&b, |name| name.contains("ToeBase"))).called("B:", "");
    let m = open(&beside(&[text(&a).called("A:", ""), toeless.clone()]));
    shows(&m, &[&a, &b]);
    assert_eq!(m.joints(), a.joints() - 2);
    assert!(m.source.warnings[0].contains("2 joints"), "{:?}", m.source.warnings);
    let m = open(&beside(&[toeless, text(&a).called("A:", "")]));
    shows(&m, &[&b, &a]);
    assert_eq!(m.joints(), a.joints() - 2);
    assert!(m.source.warnings[0].contains("2 joints"), "{:?}", m.source.warnings);
    // nobody loses a limb unnoticed
    let legless = text(&without(&b, |name| ["UpLeg", "Leg", "Foot", "ToeBase"].iter().any(|w| name.ends_with(w))));
    let error = failure(file(&beside(&[legless.called("B:", ""), text(&a).called("A:", "")])).as_bytes());
    assert!(error.to_string().contains("(13 and 21 joints)"), "{error}");
    // other names on the same tree
    let french = |i: usize, _: &str| format!("os{i}");
    let m = open(&beside(&[text(&a).called("A:", ""), text(&b).called("B:", "")].map(|t| t.named(french))));
    assert_eq!(m.bodies, 2);
}

#[test]
fn skeletons_without_anything_in_common_are_refused_with_the_way_out() {
    let (a, b) = two();
    // other names, and no toes, so that neither names nor trees say who is who
    let other = text(&without(&b, |name| name.contains("ToeBase"))).named(|_, name| {
        let side = if name.contains("Left") { "_l" } else { "_r" };
        match name.trim_start_matches("Left").trim_start_matches("Right") {
            "Hips" => "pelvis".into(),
            "Spine" => "lumbar".into(),
            "Chest" => "thorax".into(),
            "Neck" => "cervical".into(),
            "Head" => "skull".into(),
            "Shoulder" => format!("clavicle{side}"),
            "Arm" => format!("upperarm{side}"),
            "ForeArm" => format!("lowerarm{side}"),
            "Hand" => format!("palm{side}"),
            "UpLeg" => format!("thigh{side}"),
            "Leg" => format!("calf{side}"),
            rest => format!("ankle_{rest}{side}"),
        }
    });
    let both = file(&beside(&[text(&a), other]));
    let error = failure(both.as_bytes()).to_string();
    assert!(error.contains("2 people of different skeletons (21 and 19 joints)"), "{error}");
    assert!(error.contains("--person 1"), "{error}");
    let second = read(both.as_bytes(), "x", &ReadOptions { person: Some(2), ..ReadOptions::default() }).unwrap();
    assert_eq!((second.bodies, second.joints()), (1, 19));
}

#[test]
fn copies_of_a_skeleton_in_one_rig_are_one_person() {
    let (a, _) = two();
    let rig = ["DEF-", "ORG-", "MCH-"].map(|prefix| text(&a).called(prefix, ""));
    for copies in [beside(&rig), below("root", "0", "", &rig)] {
        let m = open(&copies);
        assert_eq!((m.bodies, m.joints()), (1, a.joints()));
        assert!(m.source.bodies_from.unwrap().to_string().contains("copies"));
    }
}

#[test]
fn bodies_without_names_are_told_by_their_trees() {
    let (a, b) = two();
    let nameless = [text(&a), text(&b)].map(|t| t.named(|n, _| format!("bone{n}")));
    for both in [beside(&nameless), below("top", "0", "", &nameless)] {
        let m = open(&both);
        assert_eq!((m.bodies, m.joints()), (2, 21));
        for (x, y) in m.positions.iter().zip(&open(&beside(&[text(&a), text(&b)])).positions) {
            assert!((x - y).abs() < 1e-4);
        }
    }
    // one person with fingers is one person: two hands are alike, too
    let finger = |side: &str| {
        (0..5).map(|f| format!("JOINT {side}{f}\n{{\nOFFSET {f} 5 0\nCHANNELS 3 Zrotation Xrotation Yrotation\nJOINT {side}{f}b\n{{\nOFFSET 0 3 0\nCHANNELS 0\nJOINT {side}{f}c\n{{\nOFFSET 0 3 0\nCHANNELS 0\nEnd Site\n{{\nOFFSET 0 2 0\n}}\n}}\n}}\n}}\n")).collect::<String>()
    };
    let mut hands = text(&a);
    for side in ["Left", "Right"] {
        let at = hands.hierarchy.find(&format!("JOINT {side}Hand")).unwrap();
        let site = at + hands.hierarchy[at..].find("End Site").unwrap();
        let end = site + hands.hierarchy[site..].find('}').unwrap() + 1;
        hands.hierarchy.replace_range(site..end, &finger(side));
    }
    let order: Vec<&str> = hands.hierarchy.lines().filter(|l| l.contains("JOINT") || l.contains("ROOT")).collect();
    // rotations of the fingers come right behind those of their hand
    let numbers = |name: &str| {
        let at = order.iter().position(|l| l.trim().ends_with(&format!(" {name}"))).unwrap();
        3 + 3 * (at - order[..at].iter().filter(|l| l.trim().ends_with('b') || l.trim().ends_with('c')).count()) + 3
    };
    let ends = [numbers("LeftHand"), numbers("RightHand")];
    hands.rows.iter_mut().for_each(|row| {
        let mut words: Vec<&str> = row.split_whitespace().collect();
        for end in ends {
            words.splice(end..end, ["0"; 15]);
        }
        *row = words.join(" ");
    });
    for hands in [hands.clone(), hands.named(|n, _| format!("bone{n}"))] {
        let m = open(&hands);
        assert_eq!((m.bodies, m.source.bodies_from.clone()), (1, None));
        assert!(m.joints() > 50);
    }
}

#[test]
fn halves_and_targets_are_one_body() {
    let (a, _) = two();
    let legs = |name: &str| ["UpLeg", "Leg", "Foot", "ToeBase"].iter().any(|w| name.ends_with(w));
    let upper = without(&a, legs);
    // a pelvis below, with what hangs from it
    let lower = without(&a, |name| !legs(name) && name != "Hips");
    let halves = [text(&upper), text(&lower).named(|n, name| if n == 0 { "Pelvis".into() } else { name.into() })];
    let m = open(&beside(&halves));
    assert_eq!((m.bodies, m.source.bodies_from.clone()), (1, None));
    assert!(m.source.warnings.iter().any(|w| w.contains("several roots")), "{:?}", m.source.warnings);
    assert_eq!(open(&below("Center", "0", "", &halves)).bodies, 1);
    // targets for hands and feet
    let target = |name: &str| prop(name).hierarchy.replace("ROOT", "JOINT");
    let targets = |name: &str| {
        let inner = format!("{}{}}}\n", target(&format!("{name}_l")), target(&format!("{name}_r")));
        let own = format!("ROOT {name}_root\n{{\nOFFSET 0 0 0\nCHANNELS 0\n{inner}");
        Text { hierarchy: own, rows: vec!["0 0 0 0 0 0 0 0 0 0 0 0".to_owned(); FRAMES] }
    };
    let rig = [text(&a), targets("ik_foot"), targets("ik_hand")];
    let m = open(&below("root", "0", "", &rig));
    assert_eq!((m.bodies, m.source.bodies_from.clone()), (1, None));
}
