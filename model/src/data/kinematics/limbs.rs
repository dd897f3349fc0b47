//! Which limb moves most, and which moves first.

use super::{
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
/// Two limbs move alike when the shorter path is at least this fraction of the longer.
const ALIKE: f32 = 0.75;
/// A limb moves first when the next one starts this much later, seconds.
const LEAD_S: f32 = 0.3;
/// Two limbs start together when one starts at most this much later.
const TOGETHER_S: f32 = 0.12;
/// What moves this early moved before the clip began, seconds.
const FROM_START_S: f32 = 0.07;

/// The limb, or the pair, with clearly the longest path. `None` in a layout that lacks a limb.
pub(super) fn most_active(m: &Measures) -> Option<Mover> {
    let paths = m.arms.as_ref()?.iter().chain(m.legs.as_ref()?).map(|limb| limb.path);
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

/// The limb, or the pair, that clearly starts before the others. `phases` are in order of time.
pub(super) fn first_to_move(phases: &[Phase]) -> Option<Mover> {
    let mut starts: Vec<(BodyPart, f32)> = Vec::new();
    for phase in phases.iter().filter(|p| p.part != BodyPart::Body) {
        if starts.iter().all(|(part, _)| *part != phase.part) {
            starts.push((phase.part, phase.start));
        }
    }
    let (first, start) = *starts.first()?;
    let after = |i: usize| starts.get(i).map_or(f32::MAX, |s| s.1 - start);
    if start < FROM_START_S && starts.len() > 1 {
        None
    } else if after(1) > LEAD_S {
        Some(Mover::Limb(first))
    } else {
        let pair = Mover::pair(first, starts[1].0)?;
        (after(1) < TOGETHER_S && after(2) > LEAD_S).then_some(pair)
    }
}
