//! Who is in a recording, on files written from people of whom we know what they do.

use std::{f32::consts::PI, fmt::Write as _, ops::Range};

use super::{
    super::{
        Layout, Motion, Part, ReadOptions, Unit, UpAxis,
        humanoid::{Action, Person, as_kinect, perform},
        read,
    },
    Slots,
};
use crate::random::Mt19937;

const FRAMES: usize = 84;

/// Somebody or something before the sensor.
#[derive(Clone)]
struct Cast {
    id: String,
    motion: Motion,
    /// When it is tracked.
    seen: Range<usize>,
}

impl Cast {
    fn new(id: &str, motion: Motion) -> Self {
        Self { id: id.to_owned(), motion, seen: 0..FRAMES }
    }

    fn seen(self, seen: Range<usize>) -> Self {
        Self { seen, ..self }
    }
}

/// A person `aside` metres to the left of the picture's middle.
fn person(action: Action, height: f64, aside: f32) -> Motion {
    let person = Person { height, ..Person::default() };
    let motion = as_kinect(&perform(action, &person, 30.0), 3.0).cropped(0..FRAMES);
    assert_eq!(motion.frames(), FRAMES);
    motion.translated([aside, 0.0, 0.0])
}

/// Somebody who never moves at all.
fn statue(height: f64, aside: f32) -> Motion {
    let motion = person(Action::Clap, height, aside);
    let pose = motion.positions[..3 * motion.joints()].to_vec();
    Motion { positions: pose.repeat(FRAMES), ..motion }
}

/// A chair: somebody who never moves, as large as a share of a person, seen with an error of `shakes` metres.
fn chair(size: f32, aside: f32, shakes: f32) -> Motion {
    let mut chair = statue(1.72, 0.0).translated([0.0, 0.0, -3.0]).scaled(size).translated([aside, -0.4, 3.4]);
    let noise = Mt19937::new(11).normals(chair.positions.len(), shakes);
    chair.positions.iter_mut().zip(noise).for_each(|(x, by)| *x += by);
    chair
}

/// `.skeleton` text; `order` says in which order a frame lists who is there.
fn written(cast: &[Cast], order: impl Fn(usize, &mut Vec<usize>)) -> String {
    let mut text = format!("{FRAMES}\n");
    for t in 0..FRAMES {
        let mut there: Vec<usize> = (0..cast.len()).filter(|&i| cast[i].seen.contains(&t)).collect();
        order(t, &mut there);
        let _ = writeln!(text, "{}", there.len());
        for i in there {
            let Cast { id, motion, .. } = &cast[i];
            let _ = writeln!(text, "{id} 0 1 1 1 1 0 0.02 -0.1 2\n{}", motion.joints());
            for j in 0..motion.joints() {
                let [x, y, z] = motion.position(t, 0, j);
                let _ = writeln!(text, "{x:.4} {y:.4} {z:.4} 250 200 1000 500 1 0 0 0 2");
            }
        }
    }
    text
}

fn as_listed(_: usize, _: &mut Vec<usize>) {}

fn open(text: &str) -> Motion {
    read(text.as_bytes(), "test.skeleton", &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// Whether slot `p` holds exactly `cast`, whenever that is tracked.
#[track_caller]
fn stands(m: &Motion, p: usize, cast: &[&Cast]) {
    for t in 0..FRAMES {
        let here = cast.iter().find(|c| c.seen.contains(&t));
        assert_eq!(m.is_present(t, p), here.is_some(), "slot {p} frame {t}");
        if let Some(cast) = here {
            for j in 0..m.joints() {
                let (a, b) = (m.position(t, p, j), cast.motion.position(t, 0, j));
                assert!((0..3).all(|i| (a[i] - b[i]).abs() < 2e-4), "slot {p} frame {t} joint {j}: {a:?} {b:?}");
            }
        }
    }
}

fn told(m: &Motion) -> String {
    m.source.bodies_from.as_ref().map_or_else(String::new, ToString::to_string)
}

/// Reads the cast and checks who is left, slot by slot, and who performs.
#[track_caller]
fn check(cast: &[Cast], left: &[&[usize]], performer: usize) -> Motion {
    let m = open(&written(cast, as_listed));
    assert_eq!(m.bodies, left.len(), "{}", told(&m));
    for (p, &who) in left.iter().enumerate() {
        stands(&m, p, &who.iter().map(|&i| &cast[i]).collect::<Vec<_>>());
    }
    assert_eq!(m.main_body(), Some(performer), "{}", told(&m));
    m
}

fn waving() -> Cast {
    Cast::new("72057594037930002", person(Action::WaveLeftHand, 1.72, 0.0))
}

/// Moves more than anybody else here.
fn squatting() -> Cast {
    Cast::new("72057594037930002", person(Action::Squat, 1.72, 0.0))
}

#[test]
fn who_is_alone_is_read_as_ever() {
    for action in [Action::WaveLeftHand, Action::Squat, Action::Walk] {
        let one = Cast::new("7", person(action, 1.6, 0.3));
        let m = check(std::slice::from_ref(&one), &[&[0]], 0);
        assert_eq!((m.source.bodies_from.clone(), m.performer), (None, None), "there was no choice");
        let options = ReadOptions { slots: Slots::File, ..ReadOptions::default() };
        let filed = read(written(&[one], as_listed).as_bytes(), "f", &options).unwrap();
        assert_eq!((filed.bodies, filed.without_empty_bodies().positions), (2, m.positions));
    }
}

#[test]
fn furniture_is_nobody() {
    for size in [0.3, 0.45, 0.65] {
        for shakes in [0.0, 0.004, 0.02] {
            let ghost = || Cast::new("1", chair(size, 0.9, shakes));
            let m = check(&[ghost(), waving()], &[&[1]], 0);
            assert!(told(&m).contains("left out a body"), "{}", told(&m));
            assert_eq!(m.source.body_ids, [72_057_594_037_930_002]);
            // there longer, and so first
            check(&[ghost(), waving().seen(4..FRAMES)], &[&[1]], 0);
            // listed last, and lost for a while
            check(&[waving(), ghost().seen(20..70)], &[&[0]], 0);
            // two of them
            let other = Cast::new("2", chair(size, -1.2, shakes));
            let m = check(&[ghost(), other, waving()], &[&[2]], 0);
            assert!(told(&m).contains("2 bodies"), "{}", told(&m));
        }
    }
}

#[test]
fn a_thing_that_twitches_and_a_thing_that_drifts_are_nobody() {
    let twitches = Cast::new("1", chair(1.0, 0.9, 0.15));
    check(&[twitches, waving()], &[&[1]], 0);
    let mut drifts = Cast::new("1", chair(0.5, 0.9, 0.003));
    for (t, pose) in drifts.motion.positions.chunks_exact_mut(75).enumerate() {
        pose.chunks_exact_mut(3).for_each(|p| p[0] += 0.01 * t as f32);
    }
    check(&[drifts, waving()], &[&[1]], 0);
}

/// A chair whose joints stray by themselves, slowly, by a standard deviation in metres.
fn swaying(size: f32, aside: f32, by: f32) -> Motion {
    let mut chair = chair(size, aside, 0.003);
    let wander = Mt19937::new(13).normals(75 * (FRAMES / 12 + 2), by);
    for (t, pose) in chair.positions.chunks_exact_mut(75).enumerate() {
        let (k, share) = (t / 12, (t % 12) as f32 / 12.0);
        for (i, x) in pose.iter_mut().enumerate() {
            *x += (1.0 - share) * wander[75 * k + i] + share * wander[75 * (k + 1) + i];
        }
    }
    chair
}

/// A chair that rocks from its foot.
fn rocking(size: f32, aside: f32, by: f32) -> Motion {
    let mut chair = chair(size, aside, 0.003);
    for (t, pose) in chair.positions.chunks_exact_mut(75).enumerate() {
        let low = pose.chunks_exact(3).map(|p| p[1]).fold(f32::INFINITY, f32::min);
        pose.chunks_exact_mut(3).for_each(|p| p[0] += by * (p[1] - low) * (t as f32 / 12.0).sin());
    }
    chair
}

#[test]
fn furniture_that_sways_does_not_perform() {
    for size in [0.5, 0.65] {
        for by in [0.01, 0.02, 0.04] {
            for ghost in [swaying(size, 0.9, by), rocking(size, 0.9, by)] {
                let ghost = || Cast::new("1", ghost.clone());
                for action in [Action::WaveLeftHand, Action::Squat, Action::Walk] {
                    let actor = || Cast::new("2", person(action, 1.72, 0.0));
                    let m = check(&[ghost(), actor()], &[&[1]], 0);
                    assert!(told(&m).contains("left out a body"), "{}", told(&m));
                    // there for less than half of the time
                    if action != Action::WaveLeftHand {
                        check(&[ghost(), actor().seen(24..60)], &[&[1]], 0);
                    }
                }
            }
        }
    }
    // a child is somebody, and performs where the other one hardly moves
    let child = || Cast::new("1", person(Action::Squat, 1.15, 0.9));
    check(&[child(), waving()], &[&[0], &[1]], 1);
    check(&[Cast::new("3", statue(1.75, -0.5)), child()], &[&[0], &[1]], 1);
}

#[test]
fn a_thing_that_is_still_but_for_a_moment_is_nobody() {
    let talker = || Cast::new("2", person(Action::Clap, 1.72, 0.0));
    for (frames, joints) in [(30..34, 0..25), (24..36, 4..12)] {
        let mut ghost = chair(0.5, 0.9, 0.003);
        let burst = Mt19937::new(3).normals(75, 0.2);
        for pose in ghost.positions[75 * frames.start..75 * frames.end].chunks_exact_mut(75) {
            joints.clone().for_each(|j| (0..3).for_each(|c| pose[3 * j + c] += burst[3 * j + c]));
        }
        check(&[Cast::new("1", ghost), talker()], &[&[1]], 0);
    }
}

#[test]
fn ids_that_are_exchanged_stay_with_their_people() {
    for apart in [0.6, 0.9, 2.1] {
        let cast = [waving().motion, person(Action::Clap, 1.8, apart)];
        let motions: Vec<Cast> =
            cast.iter().enumerate().map(|(i, m)| Cast::new(&(1 + i).to_string(), m.clone())).collect();
        for every in [30, 10] {
            // the same people under each other's ids every now and then
            let text = written(&motions, as_listed);
            let mut frame = 0;
            let swapped: Vec<String> = text
                .lines()
                .map(|line| {
                    frame += usize::from(line == "2");
                    match (line.strip_prefix("1 0 1"), line.strip_prefix("2 0 1"), (frame / every) % 2) {
                        (Some(rest), _, 1) => format!("2 0 1{rest}"),
                        (_, Some(rest), 1) => format!("1 0 1{rest}"),
                        _ => line.to_owned(),
                    }
                })
                .collect();
            let m = open(&swapped.join("\n"));
            assert_eq!(m.bodies, 2, "{}", told(&m));
            stands(&m, 0, &[&motions[0]]);
            stands(&m, 1, &[&motions[1]]);
        }
    }
}

#[test]
fn an_id_that_is_written_in_two_ways_is_one() {
    let text = written(&[waving()], as_listed);
    let mut frame = 0;
    let rounded = text.lines().map(|line| {
        frame += usize::from(line == "1");
        match line.strip_prefix("72057594037930002") {
            Some(rest) if frame % 2 == 1 => format!("7.2057594037930002e+16{rest}"),
            _ => line.to_owned(),
        }
    });
    let m = open(&rounded.collect::<Vec<_>>().join("\n"));
    assert_eq!(m.bodies, 1, "{}", told(&m));
    stands(&m, 0, &[&waving()]);
}

#[test]
fn other_layouts_of_as_many_joints_are_told_from_the_sensors() {
    let still = perform(Action::WaveLeftHand, &Person::default(), 30.0).cropped(0..FRAMES);
    for layout in [Layout::OpenPose25, Layout::Utd20, Layout::Human32] {
        let values = super::super::tests::on_layout(&still, layout);
        let motion = Motion::of_one_body(layout.skeleton(), 30.0, values);
        let m = open(&written(&[Cast::new("1", motion)], as_listed));
        assert_eq!(m.skeleton.names, layout.names(), "{:?}", m.source);
        assert!(m.source.layout_from.as_ref().is_some_and(|why| why.why.contains(&layout.to_string())));
        assert_eq!((m.source.unit.clone(), m.source.up), (Unit::METRE, UpAxis::PlusY), "{:?}", m.source);
    }
    // the sensor's own, also where somebody wrote millimetres
    let millimetres = Cast { motion: waving().motion.scaled(1000.0), ..waving() };
    let m = open(&written(&[Cast::new("1", chair(0.4, 0.9, 0.004).scaled(1000.0)), millimetres], as_listed));
    assert_eq!((m.bodies, m.source.unit.clone(), m.source.up), (1, Unit::MILLIMETRE, UpAxis::PlusY), "{:?}", m.source);
    let own = open(&written(&[waving()], as_listed));
    assert_eq!(own.source.unit, Unit::METRE);
    assert_eq!((own.source.layout_from.clone(), own.skeleton.names[0].as_str()), (None, "SpineBase"));
}

#[test]
fn a_flicker_is_nobody_however_it_moves() {
    let flicker = Cast::new("9", person(Action::Walk, 1.7, 1.5)).seen(30..38);
    let m = check(&[flicker, waving()], &[&[1]], 0);
    assert!(told(&m).contains("for a moment"), "{}", told(&m));
    // in a short file eight frames are much
    let short = waving().seen(0..20);
    check(&[Cast::new("9", person(Action::Walk, 1.7, 1.5)).seen(30..38), short], &[&[1], &[0]], 0);
}

#[test]
fn who_stands_still_is_a_person() {
    let still = |aside| Cast::new("5", statue(1.68, aside));
    check(&[still(0.0)], &[&[0]], 0);
    check(&[Cast::new("1", chair(0.45, 0.9, 0.004)), still(0.0)], &[&[1]], 0);
    // beside somebody who moves, and whoever is listed first
    let m = check(&[still(-1.0), waving()], &[&[0], &[1]], 1);
    assert_eq!(m.performer, Some(1));
    assert!(told(&m).contains("2 people, person 2 performs"), "{}", told(&m));
    check(&[waving(), still(-1.0)], &[&[0], &[1]], 0);
    // two who stand still
    check(&[still(-1.0), Cast::new("6", statue(1.8, 0.5))], &[&[0], &[1]], 0);
}

#[test]
fn a_sitting_person_is_a_person_when_nobody_else_is_there() {
    let mut sits = statue(1.7, 0.0);
    let joint = |name: &str| sits.skeleton.joint(name).unwrap();
    let legs =
        ["Left", "Right"].map(|side| ["Hip", "Knee", "Ankle", "Foot"].map(|name| joint(&format!("{name}{side}"))));
    for pose in sits.positions.chunks_exact_mut(75) {
        for [hip, knee, ankle, foot] in legs {
            let at = |pose: &[f32], j: usize| [pose[3 * j], pose[3 * j + 1], pose[3 * j + 2]];
            let thigh = at(pose, hip)[1] - at(pose, knee)[1];
            let (from, shift) = (at(pose, knee), [0.0, thigh, -thigh]);
            assert!(from[1] < at(pose, hip)[1]);
            for j in [knee, ankle, foot] {
                (0..3).for_each(|i| pose[3 * j + i] += shift[i]);
            }
        }
    }
    let sits = || Cast::new("3", sits.clone());
    check(&[sits()], &[&[0]], 0);
    check(&[sits(), Cast::new("1", chair(0.4, 1.0, 0.01))], &[&[0]], 0);
}

#[test]
fn whoever_is_lost_keeps_the_slot() {
    let (a, b) = (squatting(), Cast::new("8", person(Action::Clap, 1.8, 1.1)));
    let cast = [a.clone().seen(0..30), a.seen(50..FRAMES), b];
    // under the same id, while somebody else is there
    check(&cast, &[&[0, 1], &[2]], 0);
    // the reference lets the other one jump into the first slot
    let text = written(&cast, as_listed);
    let options = ReadOptions { slots: Slots::File, ..ReadOptions::default() };
    let filed = read(text.as_bytes(), "f", &options).unwrap();
    let place = |t, p| filed.position(t, p, 0)[0];
    assert!(place(29, 0) < 0.5 && place(35, 0) > 0.8 && place(35, 1) == 0.0 && place(60, 0) < 0.5);
    // under another id at nearly the same place, and that is said
    let mut renamed = cast.clone();
    renamed[1].id = "99".to_owned();
    let m = check(&renamed, &[&[0, 1], &[2]], 0);
    assert!(told(&m).contains("lost and found"), "{}", told(&m));
    assert_eq!(m.source.body_ids, [72_057_594_037_930_002, 8]);
}

#[test]
fn whoever_comes_in_elsewhere_is_somebody_else() {
    // two metres away, two thirds of a second later
    let comes = Cast::new("9", person(Action::Clap, 1.72, 2.0)).seen(40..FRAMES);
    check(&[waving().seen(0..20), comes], &[&[0], &[1]], 1);
    // where the first one was, but a child
    let child = Cast::new("9", person(Action::Clap, 1.2, 0.0)).seen(40..FRAMES);
    check(&[waving().seen(0..20), child], &[&[0], &[1]], 1);
}

#[test]
fn the_order_of_a_frame_does_not_matter() {
    let cast = [waving(), Cast::new("8", person(Action::Clap, 1.8, 1.1)), Cast::new("1", chair(0.45, -1.0, 0.004))];
    let text = written(&cast, |t, there| {
        if t % 3 == 1 {
            there.reverse();
        }
        if t % 3 == 2 {
            there.rotate_left(1);
        }
    });
    let m = open(&text);
    assert_eq!(m.bodies, 2);
    stands(&m, 0, &[&cast[0]]);
    stands(&m, 1, &[&cast[1]]);
}

#[test]
fn ids_that_say_nothing_do_no_harm() {
    let people = [person(Action::WaveLeftHand, 1.72, 0.0), person(Action::Clap, 1.8, 1.1)];
    for id in ["-1", "0", "7.2e+16"] {
        let cast = people.clone().map(|motion| Cast::new(id, motion));
        let m = open(&written(&cast, |t, there| {
            if t % 2 == 1 {
                there.reverse()
            }
        }));
        assert_eq!(m.bodies, 2, "{id}");
        stands(&m, 0, &[&cast[0]]);
        stands(&m, 1, &[&cast[1]]);
    }
}

#[test]
fn who_is_tracked_twice_is_one_person() {
    let mut again = waving();
    again.id = "44".to_owned();
    again.motion = again.motion.translated([0.05, 0.02, 0.04]);
    check(&[waving(), again.clone().seen(10..60)], &[&[0]], 0);
    // the second track takes over a little before the first one ends
    let text = written(&[waving().seen(0..45), again.clone().seen(40..FRAMES)], as_listed);
    let m = open(&text);
    assert_eq!((m.bodies, m.present.iter().filter(|there| **there).count()), (1, FRAMES));
    // an embrace is two people
    let other = Cast::new("8", statue(1.8, 0.0).yawed(PI).translated([0.0, 0.0, 6.3]));
    check(&[waving(), other], &[&[0], &[1]], 0);
}

#[test]
fn more_than_two_people_are_kept_and_more_than_six_are_not() {
    let crowd: Vec<Cast> = (0..8)
        .map(|i| {
            let action = if i == 7 { Action::Squat } else { Action::Clap };
            Cast::new(&format!("{}", 100 + i), person(action, 1.6 + 0.03 * f64::from(i), 0.9 * i as f32 - 3.0))
                .seen(0..FRAMES - if i == 7 { 30 } else { i as usize })
        })
        .collect();
    let m = check(&crowd[5..], &[&[0], &[1], &[2]], 2);
    assert_eq!(m.source.body_ids, [105, 106, 107]);
    // the performer stays, and who is there longest
    let m = open(&written(&crowd, as_listed));
    assert_eq!((m.bodies, m.source.body_ids.clone()), (6, vec![100, 101, 102, 103, 104, 107]));
    assert_eq!(m.performer, Some(5), "{}", told(&m));
    assert!(told(&m).contains("2 bodies more than are kept"), "{}", told(&m));
}

#[test]
fn where_nobody_is_a_person_something_is_shown() {
    let m = check(&[Cast::new("1", chair(0.3, 0.5, 0.004))], &[&[0]], 0);
    assert_eq!(m.source.bodies_from, None);
    check(&[Cast::new("1", chair(0.3, 0.5, 0.004)), Cast::new("2", chair(0.4, -0.5, 0.004))], &[&[0], &[1]], 0);
}

#[test]
fn one_of_several_people_can_be_read_alone() {
    let cast = [Cast::new("5", statue(1.68, -1.0)), waving(), Cast::new("1", chair(0.45, 1.0, 0.004))];
    let text = written(&cast, as_listed);
    let alone = |n| read(text.as_bytes(), "f", &ReadOptions { person: Some(n), ..ReadOptions::default() });
    for n in [1, 2] {
        let m = alone(n).unwrap();
        assert_eq!((m.bodies, m.performer, told(&m)), (1, None, format!("given: person {n} of 2")));
        stands(&m, 0, &[&cast[n - 1]]);
    }
    assert!(alone(3).unwrap_err().to_string().contains("there is no person 3: there are 2"));
    assert!(alone(0).unwrap_err().to_string().contains("counted from 1"));
}

/// For each joint of another sensor a joint of Kinect v2, and what to add, metres.
fn on(layout: Layout, motion: &Motion) -> Motion {
    let place = |name: &str| -> (String, [f32; 3]) {
        match name {
            "HipCenter" | "Pelvis" => ("SpineBase".into(), [0.0; 3]),
            "Spine" | "SpineNavel" => ("SpineMid".into(), [0.0; 3]),
            "ShoulderCenter" => ("SpineShoulder".into(), [0.0; 3]),
            "SpineChest" => ("SpineShoulder".into(), [0.0, -0.1, 0.0]),
            "ClavicleLeft" => ("SpineShoulder".into(), [-0.05, -0.02, 0.0]),
            "ClavicleRight" => ("SpineShoulder".into(), [0.05, -0.02, 0.0]),
            "Nose" => ("Head".into(), [0.0, 0.0, -0.12]),
            "EyeLeft" => ("Head".into(), [-0.03, 0.03, -0.1]),
            "EyeRight" => ("Head".into(), [0.03, 0.03, -0.1]),
            "EarLeft" => ("Head".into(), [-0.08, 0.0, 0.0]),
            "EarRight" => ("Head".into(), [0.08, 0.0, 0.0]),
            same => (same.to_owned(), [0.0; 3]),
        }
    };
    let joints: Vec<(usize, [f32; 3])> = layout
        .names()
        .iter()
        .map(|name| place(name))
        .map(|(name, add)| (motion.skeleton.joint(&name).unwrap_or_else(|| panic!("{name}")), add))
        .collect();
    let positions = (0..motion.frames()).flat_map(|t| {
        joints.iter().flat_map(move |&(j, add)| {
            let p = motion.position(t, 0, j);
            [0, 1, 2].map(|i| p[i] + add[i])
        })
    });
    Motion::of_one_body(layout.skeleton(), 30.0, positions.collect())
}

/// As Azure Kinect's SDK has it: x to the right of the picture, y down, millimetres.
fn azure(motion: &Motion) -> Motion {
    let mut out = on(Layout::Azure32, motion);
    for p in out.positions.chunks_exact_mut(3) {
        p.copy_from_slice(&[-1000.0 * p[0], -1000.0 * p[1], 1000.0 * p[2]]);
    }
    out
}

#[test]
fn azure_kinect_is_known_by_its_joints() {
    let wave = waving().motion;
    let m = open(&written(&[Cast::new("1", azure(&wave))], as_listed));
    assert_eq!((m.bodies, m.joints(), m.source.unit.clone(), m.source.up), (1, 32, Unit::MILLIMETRE, UpAxis::MinusY));
    assert!((m.height() - wave.height()).abs() < 0.25, "{} {}", m.height(), wave.height());
    let expected = on(Layout::Azure32, &wave).yawed(PI);
    for (a, b) in m.positions.iter().zip(&expected.positions) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
    let hand = m.skeleton.joint("HandLeft").unwrap();
    assert_eq!(m.skeleton.parts[hand], Part::LeftArm);
    assert_eq!(m.skeleton.names[m.skeleton.mirror[hand]], "HandRight");
    let above = |name: &str| {
        let j = m.skeleton.joint(name).unwrap();
        (0..FRAMES).map(|t| m.position(t, 0, j)[1]).fold(f32::MIN, f32::max)
    };
    assert!(above("HandLeft") > above("HandRight") + 0.5);
    // with two people and a chair, in metres and with y up as some programs write it
    let cast = [azure(&chair(0.4, 0.9, 0.004)), azure(&wave), azure(&statue(1.8, -1.1))];
    let cast: Vec<Cast> = cast.into_iter().enumerate().map(|(i, m)| Cast::new(&i.to_string(), m)).collect();
    let m = open(&written(&cast, as_listed));
    assert_eq!((m.bodies, m.performer), (2, Some(0)), "{}", told(&m));
    let turned = cast.iter().map(|c| {
        let mut motion = c.motion.scaled(0.001);
        motion.positions.chunks_exact_mut(3).for_each(|p| p.copy_from_slice(&[-p[0], -p[1], p[2]]));
        Cast { motion, ..c.clone() }
    });
    let m = open(&written(&turned.collect::<Vec<_>>(), as_listed));
    assert_eq!((m.bodies, m.source.unit.clone(), m.source.up), (2, Unit::METRE, UpAxis::PlusY), "{}", told(&m));
}

#[test]
fn the_first_kinect_is_known_by_its_joints() {
    let of = |id: &str, motion: &Motion| Cast::new(id, on(Layout::Kinect20, motion));
    let cast = [of("1", &chair(0.45, 0.9, 0.004)), of("2", &waving().motion)];
    let m = check(&cast, &[&[1]], 0);
    assert_eq!((m.joints(), m.source.unit.clone(), m.source.up), (20, Unit::METRE, UpAxis::PlusY));
    assert_eq!(m.skeleton.parts[m.skeleton.joint("HandLeft").unwrap()], Part::LeftArm);
}

#[test]
fn a_file_of_flickers_takes_little_time() {
    let start = std::time::Instant::now();
    // thousands of ids, each for one frame, and sixty-four bodies a frame
    let joints = "0.1 0.2 3 0 0 0 0 1 0 0 0 2\n0.2 0.5 3 0 0 0 0 1 0 0 0 2\n".repeat(10);
    let mut text = String::from("300\n");
    for t in 0..300 {
        text += "64\n";
        for i in 0..64 {
            let _ = write!(text, "{} 0 1 1 1 1 0 0 0 2\n20\n{joints}", 64 * t + i);
        }
    }
    assert!(open(&text).bodies <= 6);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

/// The text with only the numbers `kept` in the lines of joints.
fn joint_lines(text: &str, kept: &[usize]) -> String {
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let own = if words.len() == 12 { kept.iter().map(|&k| words[k]).collect() } else { words };
        own.join(" ") + "\n"
    };
    text.lines().map(line).collect()
}

#[test]
fn joints_of_a_place_and_a_state_are_read_by_their_lines() {
    let cast = [waving(), Cast::new("8", person(Action::Clap, 1.8, 1.1)).seen(10..60)];
    for (cast, kept) in [(&cast[..], &[0, 1, 2, 11][..]), (&cast[..1], &[0, 1, 2, 11]), (&cast[..1], &[0, 1, 2])] {
        let text = joint_lines(&written(cast, as_listed), kept);
        for text in [text.clone(), text.replace('\n', "\r\n"), text.replace('\n', " \n\n")] {
            let m = open(&text);
            assert_eq!(m.bodies, cast.len());
            cast.iter().enumerate().for_each(|(p, cast)| stands(&m, p, &[cast]));
            let told = format!("{} numbers in the line of each joint", kept.len());
            assert!(m.source.warnings.iter().any(|w| w.starts_with(&told)), "{:?}", m.source.warnings);
        }
    }
    // a joint that lost a number, a file that was cut, and lines of another make
    let failure = |text: &str| read(text.as_bytes(), "f", &ReadOptions::default()).unwrap_err();
    let text = joint_lines(&written(&cast[..1], as_listed), &[0, 1, 2, 11]);
    let lines: Vec<&str> = text.lines().collect();
    let short = lines[40].rsplit_once(' ').unwrap().0;
    let damaged = [&lines[..40], &[short], &lines[41..]].concat().join("\n");
    let error = failure(&damaged);
    assert!(error.line == Some(41) && error.to_string().contains("joint 9 has 3 numbers in its line"), "{error}");
    let error = failure(&lines[..45].join("\n"));
    assert!(error.line == Some(45) && error.to_string().contains("the file ends early"), "{error}");
    let error = failure(&joint_lines(&written(&cast[..1], as_listed), &[0, 1, 2, 7, 8, 9, 10]));
    assert!(error.line == Some(5) && error.to_string().contains("7 numbers in the line of each joint"), "{error}");
}

#[test]
fn whole_joints_may_be_wrapped_in_any_way() {
    let text = written(&[waving()], as_listed);
    let expected = open(&text);
    let wrapped = |at: usize| -> String {
        let line = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let parts: Vec<String> =
                words.chunks(if words.len() == 12 { at } else { 12 }).map(|part| part.join(" ")).collect();
            parts.join("\n") + "\n"
        };
        text.lines().map(line).collect()
    };
    for text in [wrapped(3), wrapped(4), wrapped(6), wrapped(7), text.replace('\n', " ")] {
        let m = open(&text);
        assert_eq!((&m.positions, &m.source.warnings), (&expected.positions, &expected.source.warnings));
    }
}
