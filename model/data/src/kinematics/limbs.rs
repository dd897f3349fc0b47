//! Which limb moves most, and which moves first.

use super::{
    Limbs,
    measure::Measures,
    phases::{BodyPart, Phase},
};

/// One limb, or both of a pair. Sides are the performer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mover {
    /// This one.
    Limb(BodyPart),
    /// Both arms alike.
    Arms,
    /// Both legs alike.
    Legs,
}

impl Mover {
    /// The same of the mirrored motion.
    pub fn mirrored(self) -> Mover {
        match self {
            Mover::Limb(part) => Mover::Limb(part.mirrored()),
            pair => pair,
        }
    }

    /// Both limbs of the pair that two limbs make up.
    fn pair(a: BodyPart, b: BodyPart) -> Option<Mover> {
        let pair = if a.is_arm() { Mover::Arms } else { Mover::Legs };
        (a != b && a.is_arm() == b.is_arm()).then_some(pair)
    }
}

/// The shortest path that is a movement worth a name, in limb lengths.
const PATH: f32 = 0.55;
/// A limb moves most when its path is this many times the next one's.
const AHEAD: f32 = 1.6;
/// A leg is about this many times as long as an arm.
const LEG: f32 = 1.45;
/// Two limbs move alike when the shorter path is at least this fraction of the longer.
const ALIKE: f32 = 0.75;
/// A limb moves first when the next one starts this much later, seconds.
const LEAD_S: f32 = 0.3;
/// Two limbs start together when one starts at most this much later.
const TOGETHER_S: f32 = 0.12;
/// What moves this early moved before the clip began, seconds.
const FROM_START_S: f32 = 0.07;

/// The limb, or the pair, with clearly the longest path, whether in limb lengths or in metres. `None` in a layout that
/// lacks a limb.
pub(super) fn most_active(m: &Measures) -> Option<Mover> {
    let [arms, legs] = [m.arms.as_ref()?, m.legs.as_ref()?];
    let paths = |leg: f32| [arms[0].path, arms[1].path, leg * legs[0].path, leg * legs[1].path];
    longest(paths(1.0)).filter(|&mover| longest(paths(LEG)) == Some(mover))
}

fn longest(paths: [f32; 4]) -> Option<Mover> {
    let mut limbs: Vec<(BodyPart, f32)> = BodyPart::LIMBS.into_iter().zip(paths).collect();
    limbs.sort_by(|a, b| b.1.total_cmp(&a.1));
    let [(first, most), (second, next), (_, third), _] = limbs[..] else { return None };
    if most < PATH {
        None
    } else if most > AHEAD * next {
        Some(Mover::Limb(first))
    } else {
        Mover::pair(first, second).filter(|_| next > ALIKE * most && next > AHEAD * third)
    }
}

/// The limb, or the pair, that clearly starts before the others. `phases` are in order of time; limbs that `hands` and
/// `legs` do not name do not count.
pub(super) fn first_to_move(phases: &[Phase], hands: Option<Limbs>, legs: Option<Limbs>) -> Option<Mover> {
    let idle = |part| match part {
        BodyPart::LeftArm => matches!(hands, Some(Limbs::Right | Limbs::Neither)),
        BodyPart::RightArm => matches!(hands, Some(Limbs::Left | Limbs::Neither)),
        BodyPart::LeftLeg => matches!(legs, Some(Limbs::Right | Limbs::Neither)),
        BodyPart::RightLeg => matches!(legs, Some(Limbs::Left | Limbs::Neither)),
        BodyPart::Body => true,
    };
    let mut starts: Vec<(BodyPart, f32)> = Vec::new();
    for phase in phases.iter().filter(|p| !idle(p.part)) {
        if starts.iter().all(|(part, _)| *part != phase.part) {
            starts.push((phase.part, phase.start));
        }
    }
    let (first, start) = *starts.first()?;
    let Some(&(second, next)) = starts.get(1) else { return Some(Mover::Limb(first)) };
    let third = starts.get(2).map_or(f32::MAX, |s| s.1);
    let together = Mover::pair(first, second).filter(|_| next - start < TOGETHER_S && third - start > LEAD_S);
    if start < FROM_START_S {
        // only where nothing else moves is it certain that nothing else moved before
        together.filter(|_| starts.len() == 2)
    } else if next - start > LEAD_S {
        Some(Mover::Limb(first))
    } else {
        together
    }
}
