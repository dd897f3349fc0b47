//! Phases in words: clauses, and the chain of them that explains a label.

use super::Texts;
use crate::{
    kinematics::{BodyPart, Kinematics, Movement, Mover, Phase, Travel, Turning},
    label::hand_of,
};

/// Most clauses of an explanation.
const CLAUSES: usize = 3;
/// Two limbs of a pair that do the same do it together when they start within this, seconds.
const TOGETHER_S: f32 = 0.3;

/// What arms count in a walk.
const SWINGING: f32 = 0.2;
/// Again and again, and no word for how often.
const UNCOUNTED: usize = usize::MAX;

/// The keys under which the text file holds what a part does.
pub(super) const VERBS: [&str; 17] = [
    "rises",
    "lowers",
    "forward",
    "back",
    "out",
    "in",
    "bends",
    "straightens",
    "steps",
    "body_rises",
    "body_lowers",
    "goes_forward",
    "goes_backward",
    "goes_left",
    "goes_right",
    "turns_left",
    "turns_right",
];

/// One part or pair does one thing.
struct Clause {
    mover: Mover,
    movement: Movement,
    start: f32,
    end: f32,
    times: usize,
    /// What it counts among others: the way that was gone in it.
    weight: f32,
}

fn verb(mover: Mover, movement: Movement) -> &'static str {
    let body = mover == Mover::Limb(BodyPart::Body);
    match movement {
        Movement::Rises if body => "body_rises",
        Movement::Lowers if body => "body_lowers",
        Movement::Rises => "rises",
        Movement::Lowers => "lowers",
        Movement::Forward => "forward",
        Movement::Back => "back",
        Movement::Out => "out",
        Movement::In => "in",
        Movement::Bends => "bends",
        Movement::Straightens => "straightens",
        Movement::Steps => "steps",
        Movement::Goes(Travel::Backward) => "goes_backward",
        Movement::Goes(Travel::Left) => "goes_left",
        Movement::Goes(Travel::Right) => "goes_right",
        Movement::Goes(Travel::Forward | Travel::InPlace) => "goes_forward",
        Movement::Turns(Turning::Right) => "turns_right",
        Movement::Turns(Turning::Left | Turning::Straight) => "turns_left",
    }
}

impl Texts {
    /// What a part does, in words: `the right arm rises`; `again`: `the right arm moves up and down`.
    pub(crate) fn happens(&self, part: BodyPart, movement: Movement, again: bool) -> String {
        self.clause(Mover::Limb(part), movement, if again { UNCOUNTED } else { 1 })
    }

    fn clause(&self, mover: Mover, movement: Movement, times: usize) -> String {
        let (parts, verb) = (&self.file.parts, &self.file.movements[verb(mover, movement)]);
        let (part, [once, again]) = match mover {
            Mover::Arms => (&parts.both_arms, [&verb.many, &verb.many_again]),
            Mover::Legs => (&parts.both_legs, [&verb.many, &verb.many_again]),
            Mover::Limb(BodyPart::LeftArm) => (&parts.left_arm, [&verb.one, &verb.one_again]),
            Mover::Limb(BodyPart::RightArm) => (&parts.right_arm, [&verb.one, &verb.one_again]),
            Mover::Limb(BodyPart::LeftLeg) => (&parts.left_leg, [&verb.one, &verb.one_again]),
            Mover::Limb(BodyPart::RightLeg) => (&parts.right_leg, [&verb.one, &verb.one_again]),
            Mover::Limb(BodyPart::Body) => (&parts.body, [&verb.one, &verb.one_again]),
        };
        match self.times(times).filter(|_| times > 1) {
            Some(count) => format!("{part} {again} {count}"),
            None if times > 1 => format!("{part} {again}"),
            None => format!("{part} {once}"),
        }
    }

    /// Why the clip shows what its label says: its largest movements in order of time, then the label. `None` where
    /// nothing moves, and where a label names a direction or a hand that the joints do not show to move.
    pub(crate) fn why(&self, label: &str, kinematics: &Kinematics) -> Option<String> {
        let mut clauses = clauses(&kinematics.phases);
        clauses.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        clauses.truncate(CLAUSES);
        clauses.sort_by(|a, b| a.start.total_cmp(&b.start));
        if clauses.is_empty() || hand_of(label).is_some_and(|hand| kinematics.hands != Some(hand)) {
            return None;
        }
        let why = &self.file.why;
        let mut chain = String::new();
        let mut last: Option<(&Clause, String)> = None;
        for clause in &clauses {
            let said = self.clause(clause.mover, clause.movement, clause.times);
            // a movement in two strokes with a little pause is told once
            if last.as_ref().is_some_and(|(_, before)| *before == said) {
                continue;
            }
            if let Some((before, _)) = &last {
                let overlaps = clause.start < (before.start + before.end) / 2.0;
                chain += if overlaps { &why.meanwhile } else { &why.between };
            }
            chain += &said;
            last = Some((clause, said));
        }
        Some(capital(&chain) + &self.concludes(label))
    }

    /// Everything that the clauses of a story are made of, for a tokenizer.
    pub(super) fn story_words(&self) -> Vec<String> {
        let (file, mut all) = (&self.file, Vec::new());
        let p = &file.parts;
        let parts = [&p.left_arm, &p.right_arm, &p.both_arms, &p.left_leg, &p.right_leg, &p.both_legs, &p.body];
        for part in parts {
            for verb in file.movements.values() {
                for verb in [&verb.one, &verb.one_again, &verb.many, &verb.many_again] {
                    all.push(format!("{}{}{part} {verb}{}", capital(part), file.why.between, file.why.meanwhile));
                }
            }
        }
        all.extend(file.times.iter().chain(&file.people).chain(file.claims.values()).cloned());
        all
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Phases as clauses, those that both limbs of a pair do together as one.
fn clauses(phases: &[Phase]) -> Vec<Clause> {
    let goes = phases.iter().any(|p| matches!(p.movement, Movement::Goes(_)));
    let mut clauses: Vec<Clause> = Vec::new();
    for phase in phases {
        // arms swing with every walk and explain none
        let counts = if goes && phase.part.is_arm() { SWINGING } else { 1.0 };
        let weight = counts * phase.amount * phase.times as f32;
        let twin = clauses.iter_mut().find(|c| {
            c.mover == Mover::Limb(phase.part.mirrored())
                && phase.part != BodyPart::Body
                && c.movement == phase.movement
                && (c.times > 1) == (phase.times > 1)
                && (phase.start - c.start < TOGETHER_S || phase.times > 1 && phase.start < c.end)
        });
        match twin {
            Some(twin) => {
                twin.mover = if phase.part.is_arm() { Mover::Arms } else { Mover::Legs };
                twin.weight = twin.weight.max(weight);
                twin.end = twin.end.max(phase.end);
                if twin.times != phase.times {
                    twin.times = UNCOUNTED;
                }
            }
            None => clauses.push(Clause {
                mover: Mover::Limb(phase.part),
                movement: phase.movement,
                start: phase.start,
                end: phase.end,
                times: phase.times,
                weight,
            }),
        }
    }
    clauses
}
