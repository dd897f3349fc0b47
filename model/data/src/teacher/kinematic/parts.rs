//! What six parts of the body do, in a few words each: SUGAR's motion text (spec D.1).

use super::{events::events, words::predicate};
use crate::{
    Kinematics, Limbs,
    kinematics::{BodyPart, Mover, Posture, Travel, Turning},
};

/// The parts, in the order of the phrases.
pub const PARTS: [&str; 6] = ["head", "hand", "arm", "hip", "leg", "foot"];

/// What each of [`PARTS`] does; `None` where nobody is seen, or several people are.
#[must_use]
pub fn part_phrases(seen: &Kinematics) -> Option<[String; 6]> {
    if *seen == Kinematics::default() || seen.people.is_some_and(|people| people > 1) {
        return None;
    }
    let events = events(&seen.phases);
    // what the first notable event of some movers is
    let does = |movers: [Mover; 3]| events.iter().find(|event| movers.contains(&event.who)).map(predicate);
    let arms = [Mover::Arms, Mover::Limb(BodyPart::LeftArm), Mover::Limb(BodyPart::RightArm)];
    let legs = [Mover::Legs, Mover::Limb(BodyPart::LeftLeg), Mover::Limb(BodyPart::RightLeg)];
    let down = match seen.posture {
        Some(Posture::GoesDown) => Some("goes down"),
        Some(Posture::ComesUp) => Some("comes up"),
        Some(Posture::DownAndUp) => Some("goes down and up again"),
        Some(Posture::Low) => Some("stays low"),
        Some(Posture::OnGround) => Some("is on the ground"),
        Some(Posture::Upright) | None => None,
    };
    let turns = match seen.turning {
        Some(Turning::Left) => Some("turns left"),
        Some(Turning::Right) => Some("turns right"),
        Some(Turning::Straight) | None => None,
    };
    let goes = match seen.travel {
        Some(Travel::Forward) => Some("goes forward"),
        Some(Travel::Backward) => Some("goes back"),
        Some(Travel::Left) => Some("goes left"),
        Some(Travel::Right) => Some("goes right"),
        Some(Travel::InPlace) | None => None,
    };
    let side = |limbs: Option<Limbs>| match limbs {
        Some(Limbs::Left) => Some("left"),
        Some(Limbs::Right) => Some("right"),
        Some(Limbs::Both) => Some("both"),
        Some(Limbs::Neither) | None => None,
    };
    let hand = match (side(seen.hands), side(seen.above_head), side(seen.above_shoulder)) {
        (None, ..) if seen.hands == Some(Limbs::Neither) => "rests".to_owned(),
        (which, Some(_), _) => join(which, "moves above the head"),
        (which, None, Some(_)) => join(which, "moves above the shoulder"),
        (which, None, None) if seen.above_shoulder == Some(Limbs::Neither) => join(which, "moves below the shoulder"),
        (which, None, None) => join(which, "moves"),
    };
    let arm = does(arms).unwrap_or_else(|| if hand == "rests" { "hangs" } else { "moves" }.to_owned());
    let leg = does(legs).unwrap_or_else(|| if side(seen.legs).is_some() { "moves" } else { "stands" }.to_owned());
    let foot = match (goes, side(seen.legs)) {
        (Some(_), _) => "steps on",
        (None, Some(_)) => "lifts from the floor",
        (None, None) => "stays on the floor",
    };
    Some([
        turns.or(down).unwrap_or("stays up").to_owned(),
        hand,
        arm,
        down.or(goes).or(turns).unwrap_or("stays").to_owned(),
        leg,
        foot.to_owned(),
    ])
}

fn join(which: Option<&str>, does: &str) -> String {
    which.map_or(does.to_owned(), |which| format!("{which} {does}"))
}
