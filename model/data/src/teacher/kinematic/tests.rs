//! What the teacher says is held against the joints themselves, without the code that found it.

use std::collections::BTreeSet;

use draction::{
    figure::{Anatomy, Limb},
    motion::{
        Motion,
        humanoid::{Action, Person, perform},
    },
};
use glam::Vec3;
use skeletonllm_checks::shared;

use super::{
    events::{Event, events},
    *,
};
use crate::{
    DataSet, Labels, Record, Split, Truth,
    kinematics::{BodyPart, Movement, Mover, Travel, Turning},
    label::mirrored,
    record::read_metadata,
};

fn record(label: &str) -> Record {
    let dir = tempfile::tempdir().unwrap();
    let line = format!("{{\"file_name\": \"a.bvh\", \"label\": \"{label}\"}}");
    std::fs::write(dir.path().join("metadata.jsonl"), line).unwrap();
    read_metadata(dir.path()).unwrap().remove(0)
}

fn told(record: &Record, motion: &Motion, mirrored: bool) -> Option<String> {
    let labels = Labels::default();
    let truth = Truth::of(record, motion, mirrored, &labels);
    KinematicTeacher.rationale(&ShownClip { record, motion, mirrored, truth: &truth }).unwrap()
}

/// Words and marks.
fn length(text: &str) -> usize {
    text.split_whitespace().count() + text.matches(['.', ',', ':', '\n']).count()
}

#[test]
fn performed_actions_are_told_as_they_were_made() {
    for (action, label, lines) in [
        (
            Action::WaveLeftHand,
            "wave left hand",
            ["The left hand goes up, then keeps going ", "only the left hand acts"],
        ),
        (
            Action::WaveRightHand,
            "wave right hand",
            ["The right hand goes up, then keeps going ", "only the right hand acts"],
        ),
        (Action::RaiseLeftHand, "raise up left hand", ["The left hand goes up, then goes down.", "above the head"]),
        (Action::RaiseRightHand, "raise up right hand", ["The right hand goes up, then goes down.", "above the head"]),
        (Action::Squat, "squat", ["The body goes down and up.", "then both hands go down."]),
        (Action::Walk, "walk", ["The body goes forward.", "both feet keep stepping"]),
        (Action::Clap, "clap", ["Both arms move most.\nBoth hands go up, then", "below the shoulder"]),
    ] {
        for (seed, height) in [(1, 1.72), (2, 1.5), (3, 1.95)] {
            let person = Person { seed, height, ..Person::default() };
            let motion = perform(action, &person, 30.0);
            let record = record(label);
            let text = told(&record, &motion, false).unwrap();
            assert!(lines.iter().all(|line| text.contains(line)), "{text}");
            assert!(text.ends_with(&format!("\nLabel: {label}")) && length(&text) <= 60, "{text}");
            assert_eq!(told(&record, &motion.mirrored(), true).unwrap(), mirrored(&text));
            let truth = Kinematics::of(&motion);
            for event in events(&truth.phases) {
                assert!(Body::of(&motion).shows(&event), "{action:?}: {event:?}\n{text}");
            }
        }
    }
}

#[test]
fn nothing_is_said_of_what_has_no_label_or_nobody() {
    let mut motion = perform(Action::Walk, &Person::default(), 30.0);
    let mut record = record("walk");
    record.label = None;
    assert_eq!(told(&record, &motion, false), None);
    record.label = Some("walk".to_owned());
    motion.present.fill(false);
    assert_eq!(told(&record, &motion, false), None);
}

/// Real clips, where they are at hand: they are not part of the repository.
#[test]
fn recorded_clips_show_what_is_said_of_them() {
    let mut words = BTreeSet::new();
    let (mut said, mut shown) = (0, 0);
    for name in ["bandai-namco-2", "mae-gestures", "utd-mhad"] {
        let Some(dir) = shared(&format!("data/{name}")) else { return };
        for clip in DataSet::load(&dir, Split::All).unwrap().clips {
            let text = told(&clip.record, &clip.motion, false).unwrap();
            assert!(length(&text) <= 60, "{text}");
            assert_eq!(told(&clip.record, &clip.motion.mirrored(), true).unwrap(), mirrored(&text));
            words.extend(
                text.lines().filter(|l| !l.starts_with("Label")).flat_map(str::split_whitespace).map(str::to_owned),
            );
            for [only, other] in [["left", "right"], ["right", "left"]] {
                let alone = text.contains(&format!("only the {only} hand"));
                let both = text.to_lowercase().contains("both") || text.contains(&format!("{other} hand"));
                assert!(!(alone && both), "{text}");
            }
            let body = Body::of(&clip.motion);
            for event in events(&Kinematics::of(&clip.motion).phases) {
                said += 1;
                shown += usize::from(body.shows(&event));
            }
        }
    }
    assert!(shown * 100 >= said * 99, "{shown} of {said}");
    assert!(words.len() < 120, "{words:?}");
    eprintln!("{shown} of {said} events shown by the joints; {} words", words.len());
}

/// The joints of the first body.
struct Body<'a> {
    motion: &'a Motion,
    anatomy: Anatomy,
    /// Frames that show it.
    frames: Vec<usize>,
}

impl<'a> Body<'a> {
    fn of(motion: &'a Motion) -> Body<'a> {
        let seen = |body: &usize| (0..motion.frames()).filter(|&t| motion.is_present(t, *body)).count();
        let body = (0..motion.bodies).rev().max_by_key(seen).unwrap();
        assert_eq!(body, 0, "the clips at hand have their performer first");
        let frames: Vec<usize> = (0..motion.frames()).filter(|&t| motion.is_present(t, 0)).collect();
        Body { motion, anatomy: Anatomy::of(motion, 0, frames[0]), frames }
    }

    fn at(&self, frame: usize, joint: usize) -> Vec3 {
        Vec3::from(self.motion.position(self.frames[frame.min(self.frames.len() - 1)], 0, joint))
    }

    fn middle(&self, frame: usize, pair: [Limb; 2]) -> Vec3 {
        let [a, b] = pair.map(|limb| self.at(frame, limb.root));
        (a + b) / 2.0
    }

    /// To the left and forward, both level, as the roots of a pair lie.
    fn axes(&self, frame: usize, pair: [Limb; 2]) -> [Vec3; 2] {
        let across = (self.at(frame, pair[0].root) - self.at(frame, pair[1].root)).with_y(0.0);
        let left = across / across.length().max(1e-6);
        // up × forward = left, so forward = left × up
        [left, left.cross(Vec3::Y)]
    }

    /// A limb's end from the middle of its pair: to the left, up, forward; metres.
    fn end(&self, frame: usize, pair: [Limb; 2], side: usize) -> [f32; 3] {
        let from_trunk = self.at(frame, pair[side].end) - self.middle(frame, pair);
        let [left, forward] = self.axes(frame, pair);
        [left.dot(from_trunk), from_trunk.y, forward.dot(from_trunk)]
    }

    /// The middle of three neighbours of a number that is read in each frame: one bad frame does not count.
    fn calm(&self, of: impl Fn(usize) -> f32, from: usize, to: usize) -> Vec<f32> {
        let to = to.min(self.frames.len() - 1);
        let raw = |t: usize| of(t.clamp(from, to));
        (from..=to)
            .map(|t| {
                let mut three = [raw(t.saturating_sub(1)), raw(t), raw(t + 1)];
                three.sort_by(f32::total_cmp);
                three[1]
            })
            .collect()
    }

    /// Whether the joints do what an event says, between its start and its end.
    fn shows(&self, event: &Event) -> bool {
        let frame = |seconds: f32| (seconds * self.motion.fps).round() as usize;
        let (from, to) = (frame(event.start), frame(event.end));
        match event.who {
            Mover::Limb(BodyPart::Body) => self.body_does(event, from, to),
            Mover::Limb(part) => self.limb_does(event, part, from, to),
            Mover::Arms => BodyPart::LIMBS[..2].iter().all(|&part| self.limb_does(event, part, from, to)),
            Mover::Legs => BodyPart::LIMBS[2..].iter().all(|&part| self.limb_does(event, part, from, to)),
        }
    }

    fn limb_does(&self, event: &Event, part: BodyPart, from: usize, to: usize) -> bool {
        let index = BodyPart::LIMBS.iter().position(|p| *p == part).unwrap();
        let pair = if index < 2 { self.anatomy.arms.unwrap() } else { self.anatomy.legs.unwrap() };
        let side = index % 2;
        let outward = if side == 0 { 1.0 } else { -1.0 };
        let of = |t: usize| {
            let [left, up, forward] = self.end(t, pair, side);
            match event.movement {
                Movement::Rises => up,
                Movement::Lowers => -up,
                Movement::Forward => forward,
                Movement::Back => -forward,
                Movement::Out => outward * left,
                Movement::In => -outward * left,
                Movement::Bends => -self.at(t, pair[side].end).distance(self.at(t, pair[side].root)),
                Movement::Straightens => self.at(t, pair[side].end).distance(self.at(t, pair[side].root)),
                Movement::Steps => {
                    let way = self.at(t, pair[side].end) - self.at(from, pair[side].end);
                    way.x.hypot(way.z)
                }
                other => panic!("no limb does {other:?}"),
            }
        };
        let middle = self.at(from, pair[side].middle);
        let reach = self.at(from, pair[side].end).distance(middle) + middle.distance(self.at(from, pair[side].root));
        let path = self.calm(of, from, to);
        match event.movement {
            Movement::Steps => path.iter().any(|way| *way > 0.1 * reach),
            _ if event.again => turns(&path, 0.08 * reach) >= 2,
            _ => path.last() > path.first(),
        }
    }

    fn body_does(&self, event: &Event, from: usize, to: usize) -> bool {
        let legs = self.anatomy.legs.unwrap();
        let gone = |axis: usize| {
            let mut sum = 0.0;
            let mut way = vec![0.0];
            for t in from + 1..=to.min(self.frames.len() - 1) {
                let step = self.middle(t, legs) - self.middle(t - 1, legs);
                sum += step.dot(self.axes(t, legs)[axis]);
                way.push(sum);
            }
            way
        };
        let height = |t: usize| {
            let lower = self.at(t, legs[0].end).y.min(self.at(t, legs[1].end).y);
            self.middle(t, legs).y - lower
        };
        let facing = || {
            let mut sum = 0.0;
            let mut way = vec![0.0];
            for t in from + 1..=to.min(self.frames.len() - 1) {
                let [a, b] = [self.axes(t - 1, legs)[0], self.axes(t, legs)[0]];
                // the left side swings backwards when somebody turns left
                sum += a.cross(b).y.atan2(a.dot(b));
                way.push(sum);
            }
            way
        };
        let (path, sign, least) = match event.movement {
            Movement::Rises => (self.calm(height, from, to), 1.0, 0.05),
            Movement::Lowers => (self.calm(height, from, to), -1.0, 0.05),
            Movement::Goes(Travel::Left) => (gone(0), 1.0, 0.1),
            Movement::Goes(Travel::Right) => (gone(0), -1.0, 0.1),
            Movement::Goes(Travel::Forward) => (gone(1), 1.0, 0.1),
            Movement::Goes(Travel::Backward) => (gone(1), -1.0, 0.1),
            Movement::Turns(Turning::Left) => (facing(), 1.0, 0.2),
            Movement::Turns(_) => (facing(), -1.0, 0.2),
            other => panic!("no body does {other:?}"),
        };
        if event.again { turns(&path, least) >= 2 } else { sign * (path[path.len() - 1] - path[0]) > 0.0 }
    }
}

/// How often a path turns back by more than `least`.
fn turns(path: &[f32], least: f32) -> usize {
    let (mut turns, mut way, mut extreme) = (0, 0.0, path[0]);
    for &p in path {
        if way == 0.0 {
            if (p - extreme).abs() > least {
                way = (p - extreme).signum();
                extreme = p;
            }
        } else if way * (p - extreme) > 0.0 {
            extreme = p;
        } else if way * (extreme - p) > least {
            turns += 1;
            way = -way;
            extreme = p;
        }
    }
    turns
}
