//! The kinds of questions and how often each is asked.

use serde::{Deserialize, Serialize};

/// Kinds of questions. What is not a label is answered from the joints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// "What is the person doing?" The answer is the label.
    Recognition,
    /// "Which of these …?" with 4 to 10 labels, one of them true. The answer is the label.
    RecognitionFromList,
    /// "Which hand …?": left, right, both or neither.
    WhichHand,
    /// "Which leg …?"
    WhichLeg,
    /// "Which limb moves most?"
    MostActive,
    /// "In which direction does the person move?"
    Direction,
    /// "Which way does the person turn?"
    Turning,
    /// "How many times …?"
    Repetitions,
    /// "Which limb moves first?"
    MovesFirst,
    /// "What happens first: …?" with two things that happen one after the other.
    WhatFirst,
    /// "Is the movement fast or slow?"
    Pace,
    /// "What is the posture?": stands, sits, on the ground, goes down, comes up.
    Posture,
    /// "How many people are there?"
    People,
    /// One sentence.
    Caption,
    /// What the joints show, in order, and the label that follows from it.
    Why,
    /// "Is the person …?" with a label, or with a claim about the joints.
    YesNo,
    /// What no skeleton shows.
    Unanswerable,
    /// The set's own questions.
    Own,
}

impl Family {
    /// All families.
    pub const ALL: [Family; 18] = [
        Family::Recognition,
        Family::RecognitionFromList,
        Family::WhichHand,
        Family::WhichLeg,
        Family::MostActive,
        Family::Direction,
        Family::Turning,
        Family::Repetitions,
        Family::MovesFirst,
        Family::WhatFirst,
        Family::Pace,
        Family::Posture,
        Family::People,
        Family::Caption,
        Family::Why,
        Family::YesNo,
        Family::Unanswerable,
        Family::Own,
    ];

    /// Those with wordings of ours: all but [`Family::Own`].
    pub const PHRASED: [Family; 17] = {
        let [first @ .., _] = Family::ALL;
        first
    };

    /// Those that show somebody new to it what may be asked.
    pub const SUGGESTED: &[Family] = &[
        Family::Recognition,
        Family::RecognitionFromList,
        Family::WhichHand,
        Family::Direction,
        Family::Repetitions,
        Family::MovesFirst,
        Family::Posture,
        Family::Caption,
        Family::Why,
        Family::YesNo,
    ];

    /// Those whose answers can be judged word by word: one truth, one way to say it. Of [`Family::Why`] the first
    /// movement and the conclusion are judged.
    pub const JUDGED: &[Family] = &Family::ALL;

    /// The name in reports and text files.
    pub fn name(self) -> &'static str {
        match self {
            Family::Recognition => "recognition",
            Family::RecognitionFromList => "recognition_from_list",
            Family::WhichHand => "which_hand",
            Family::WhichLeg => "which_leg",
            Family::MostActive => "most_active",
            Family::Direction => "direction",
            Family::Turning => "turning",
            Family::Repetitions => "repetitions",
            Family::MovesFirst => "moves_first",
            Family::WhatFirst => "what_first",
            Family::Pace => "pace",
            Family::Posture => "posture",
            Family::People => "people",
            Family::Caption => "caption",
            Family::Why => "why",
            Family::YesNo => "yes_no",
            Family::Unanswerable => "unanswerable",
            Family::Own => "own",
        }
    }

    /// What a wording of this family must contain.
    pub(crate) fn placeholder(self) -> Option<&'static str> {
        match self {
            Family::RecognitionFromList | Family::WhatFirst => Some("{options}"),
            Family::YesNo => Some("{doing}"),
            _ => None,
        }
    }
}

/// How often training asks each family. Families for which a clip has no truth leave their share to the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the families")]
pub struct FamilyWeights {
    pub recognition: f32,
    pub recognition_from_list: f32,
    pub which_hand: f32,
    pub which_leg: f32,
    pub most_active: f32,
    pub direction: f32,
    pub turning: f32,
    pub repetitions: f32,
    pub moves_first: f32,
    pub what_first: f32,
    pub pace: f32,
    pub posture: f32,
    pub people: f32,
    pub caption: f32,
    pub why: f32,
    pub yes_no: f32,
    pub unanswerable: f32,
    pub own: f32,
}

impl Default for FamilyWeights {
    /// A third of the questions ask for the label alone, which carries most of the meaning.
    fn default() -> FamilyWeights {
        FamilyWeights {
            recognition: 0.4,
            recognition_from_list: 0.1,
            which_hand: 0.1,
            which_leg: 0.04,
            most_active: 0.05,
            direction: 0.05,
            turning: 0.04,
            repetitions: 0.08,
            moves_first: 0.05,
            what_first: 0.06,
            pace: 0.03,
            posture: 0.05,
            people: 0.03,
            caption: 0.08,
            why: 0.06,
            yes_no: 0.14,
            unanswerable: 0.06,
            own: 0.15,
        }
    }
}

impl FamilyWeights {
    /// The weight of one family.
    pub fn of(&self, family: Family) -> f32 {
        match family {
            Family::Recognition => self.recognition,
            Family::RecognitionFromList => self.recognition_from_list,
            Family::WhichHand => self.which_hand,
            Family::WhichLeg => self.which_leg,
            Family::MostActive => self.most_active,
            Family::Direction => self.direction,
            Family::Turning => self.turning,
            Family::Repetitions => self.repetitions,
            Family::MovesFirst => self.moves_first,
            Family::WhatFirst => self.what_first,
            Family::Pace => self.pace,
            Family::Posture => self.posture,
            Family::People => self.people,
            Family::Caption => self.caption,
            Family::Why => self.why,
            Family::YesNo => self.yes_no,
            Family::Unanswerable => self.unanswerable,
            Family::Own => self.own,
        }
    }
}
