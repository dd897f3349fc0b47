//! Claims about the joints that a yes/no question may make.

use super::Truth;
use crate::{
    kinematics::{Limbs, Pace, Posture, Travel, Turning},
    rng::Rng,
};

/// How often claims of a kind are made of clips that are as most clips are, upright in one place and done at once: else
/// "upright" would always be right and "turning" never.
const USUAL: f32 = 0.15;

/// Claims of one kind, with whether they are true of the clip.
type Kind = Vec<(&'static str, bool)>;

/// The claims that the joints decide, by kind.
fn decided(truth: &Truth<'_>) -> Vec<Kind> {
    let k = &truth.kinematics;
    let left = |limbs: Limbs| matches!(limbs, Limbs::Left | Limbs::Both);
    let right = |limbs: Limbs| matches!(limbs, Limbs::Right | Limbs::Both);
    let hands = truth.hands().map(|hands| {
        vec![("left_hand", left(hands)), ("right_hand", right(hands)), ("both_hands", hands == Limbs::Both)]
    });
    let above = k.above_head.map(|up| vec![("left_above_head", left(up)), ("right_above_head", right(up))]);
    let travel = k.travel.map(|way| {
        vec![
            ("forward", way == Travel::Forward),
            ("backward", way == Travel::Backward),
            ("left", way == Travel::Left),
            ("right", way == Travel::Right),
            ("in_place", way == Travel::InPlace),
        ]
    });
    let turning =
        k.turning.map(|way| vec![("turning_left", way == Turning::Left), ("turning_right", way == Turning::Right)]);
    let posture = k.posture.filter(|p| *p != Posture::Low && *p != Posture::OnGround).map(|p| {
        vec![
            ("upright", p == Posture::Upright),
            ("down", matches!(p, Posture::GoesDown | Posture::DownAndUp)),
            ("up", matches!(p, Posture::ComesUp | Posture::DownAndUp)),
        ]
    });
    let pace = k.pace.map(|pace| vec![("fast", pace == Pace::Fast), ("slow", pace == Pace::Slow)]);
    let again = truth.repetitions().map(|n| vec![("once", n == 1), ("again", n > 1)]);
    [hands, above, travel, turning, posture, pace, again].into_iter().flatten().collect()
}

/// Whether a claim of this kind is answered as for most clips: the one usual claim is true, or none is.
fn usual(kind: &Kind) -> bool {
    kind.iter().filter(|c| c.1).all(|c| matches!(c.0, "in_place" | "upright" | "once"))
}

/// A claim that is `wanted` (true or not true) of the clip; all kinds that have one are equally likely. `None` where
/// there is none.
pub(super) fn claim(truth: &Truth<'_>, wanted: bool, rng: &mut Rng) -> Option<&'static str> {
    let mut kinds = decided(truth);
    kinds.retain(|kind| !usual(kind) || rng.chance(USUAL));
    kinds.iter_mut().for_each(|kind| kind.retain(|c| c.1 == wanted));
    kinds.retain(|kind| !kind.is_empty());
    let kind = kinds.get(rng.below(kinds.len().max(1)))?;
    Some(rng.pick(kind).0)
}
