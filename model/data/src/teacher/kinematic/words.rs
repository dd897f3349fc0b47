//! The teacher's few fixed phrases: what a small model must learn to write.

use super::events::Event;
use crate::{
    Limbs, Truth,
    kinematics::{BodyPart, Movement, Mover, Posture, Travel, Turning},
};

/// What starts this much before the end of what came before happens meanwhile, seconds.
const MEANWHILE_S: f32 = 0.2;

/// One sentence about the whole: where the body goes, or what moves most.
pub(super) fn summary(truth: &Truth<'_>) -> String {
    let seen = &truth.kinematics;
    let goes = seen.travel.filter(|way| *way != Travel::InPlace).map(|way| format!("goes {}", ways(way)[0]));
    let turns = match seen.turning {
        Some(Turning::Left) => Some("turns left"),
        Some(Turning::Right) => Some("turns right"),
        Some(Turning::Straight) | None => None,
    };
    let sinks = match seen.posture {
        Some(Posture::GoesDown) => Some("goes down"),
        Some(Posture::ComesUp) => Some("goes up"),
        Some(Posture::DownAndUp) => Some("goes down and up"),
        _ => None,
    };
    let body: Vec<&str> = goes.as_deref().into_iter().chain(turns).chain(sinks).collect();
    if !body.is_empty() {
        return format!("The body {}.", body.join(" and "));
    }
    match seen.most_active {
        Some(Mover::Limb(part)) => format!("The {} moves most.", limb(part)),
        Some(Mover::Arms) => "Both arms move most.".to_owned(),
        Some(Mover::Legs) => "Both legs move most.".to_owned(),
        None if seen.phases.is_empty() => "Almost nothing moves.".to_owned(),
        None => "Several parts move.".to_owned(),
    }
}

/// The events in order, in one sentence; empty where there are none.
pub(super) fn chain(events: &[Event]) -> String {
    let mut text = String::new();
    for (i, event) in events.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| &events[i]);
        let same = before.is_some_and(|b| subject(b) == subject(event));
        text += match before {
            None => "",
            Some(before) if event.start >= before.end - MEANWHILE_S => ", then ",
            Some(_) if same => " and ",
            Some(_) => ", meanwhile ",
        };
        if !same {
            text += subject(event);
            text += " ";
        }
        text += &predicate(event);
    }
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => text,
    }
}

/// What follows: which limbs act, how high the hands get, how often; empty where that is not clear.
pub(super) fn conclusion(truth: &Truth<'_>, events: &[Event]) -> String {
    let seen = &truth.kinematics;
    let still = Some(Limbs::Neither);
    let hands = truth.hands();
    // "only" of what the chain tells alone, too
    let only = |limbs: &[Mover]| events.iter().all(|e| limbs.contains(&e.who) || e.who == Mover::Limb(BodyPart::Body));
    let [left_arm, right_arm, left_leg, right_leg] = BodyPart::LIMBS.map(Mover::Limb);
    let who = match (hands, seen.legs) {
        (Some(Limbs::Left), legs) if legs == still && only(&[left_arm]) => "only the left hand acts",
        (Some(Limbs::Right), legs) if legs == still && only(&[right_arm]) => "only the right hand acts",
        (_, Some(Limbs::Left)) if hands == still && only(&[left_leg]) => "only the left leg acts",
        (_, Some(Limbs::Right)) if hands == still && only(&[right_leg]) => "only the right leg acts",
        (_, Some(Limbs::Both)) if hands == still && only(&[left_leg, right_leg, Mover::Legs]) => "only the legs act",
        (Some(Limbs::Both), Some(Limbs::Both)) => "hands and legs act",
        (Some(Limbs::Left), _) => "the left hand acts",
        (Some(Limbs::Right), _) => "the right hand acts",
        (Some(Limbs::Both), _) => "both hands act",
        _ if seen.travel == Some(Travel::InPlace) => return "So the body stays in place.".to_owned(),
        _ => return String::new(),
    };
    let mut text = format!("So {who}");
    // what is said of the hands must be said of those that act
    if hands != still {
        if seen.above_head == hands {
            text += ", reaching above the head";
        } else if seen.above_shoulder == hands {
            text += ", reaching above the shoulder";
        } else if seen.above_shoulder == still {
            text += ", staying below the shoulder";
        }
    }
    // a chain with its there and back counted otherwise would contradict itself
    let again = events.iter().any(|e| e.again);
    match seen.repetitions {
        Some(1) if !again => text += ", once",
        Some(n) if n > 1 && again => text += &format!(", {n} times"),
        _ => {}
    }
    text + "."
}

/// As the part is called where it is looked at as a whole.
fn limb(part: BodyPart) -> &'static str {
    match part {
        BodyPart::LeftArm => "left arm",
        BodyPart::RightArm => "right arm",
        BodyPart::LeftLeg => "left leg",
        BodyPart::RightLeg => "right leg",
        BodyPart::Body => "body",
    }
}

/// Arms are watched at their hands, legs at their feet unless they bend.
fn subject(event: &Event) -> &'static str {
    let bends = matches!(event.movement, Movement::Bends | Movement::Straightens);
    match event.who {
        Mover::Limb(BodyPart::LeftArm) => "the left hand",
        Mover::Limb(BodyPart::RightArm) => "the right hand",
        Mover::Limb(BodyPart::LeftLeg) if bends => "the left leg",
        Mover::Limb(BodyPart::RightLeg) if bends => "the right leg",
        Mover::Limb(BodyPart::LeftLeg) => "the left foot",
        Mover::Limb(BodyPart::RightLeg) => "the right foot",
        Mover::Limb(BodyPart::Body) => "the body",
        Mover::Arms => "both hands",
        Mover::Legs if bends => "both legs",
        Mover::Legs => "both feet",
    }
}

/// A way and the way back.
fn ways(way: Travel) -> [&'static str; 2] {
    match way {
        Travel::Forward => ["forward", "back"],
        Travel::Backward => ["back", "forward"],
        Travel::Left => ["left", "right"],
        Travel::Right => ["right", "left"],
        Travel::InPlace => ["nowhere", "nowhere"],
    }
}

/// What it does, as its subject is followed by it.
pub(super) fn predicate(event: &Event) -> String {
    let many = matches!(event.who, Mover::Arms | Mover::Legs);
    let s = if many { "" } else { "s" };
    let es = if many { "" } else { "es" };
    let left = matches!(event.who, Mover::Limb(BodyPart::LeftArm | BodyPart::LeftLeg));
    let side = match (many, left) {
        (true, _) => ["apart", "together"],
        (false, true) => ["left", "right"],
        (false, false) => ["right", "left"],
    };
    let [there, back] = match event.movement {
        Movement::Rises => ["up", "down"],
        Movement::Lowers => ["down", "up"],
        Movement::Forward => ["forward", "back"],
        Movement::Back => ["back", "forward"],
        Movement::Out => side,
        Movement::In => [side[1], side[0]],
        Movement::Goes(way) => ways(way),
        Movement::Bends | Movement::Straightens if event.again => return format!("keep{s} bending"),
        Movement::Bends => return format!("bend{s}"),
        Movement::Straightens => return format!("straighten{s}"),
        Movement::Steps if event.again => return format!("keep{s} stepping"),
        Movement::Steps => return format!("step{s}"),
        Movement::Turns(way) => {
            let [there, back] = if way == Turning::Left { ["left", "right"] } else { ["right", "left"] };
            let again = format!("keep{s} turning {there} and {back}");
            return if event.again { again } else { format!("turn{s} {there}") };
        }
    };
    if event.again { format!("keep{s} going {there} and {back}") } else { format!("go{es} {there}") }
}
