//! The layout of the two files in `assets/texts`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{family::Family, label::mirrored};

/// The wordings of one family of questions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wordings {
    /// The standard one.
    pub canonical: String,
    /// Others to learn from.
    pub train: Vec<String>,
    /// Others never learned from.
    pub held_out: Vec<String>,
}

/// The fixed answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it: they are the answers")]
pub struct FixedAnswers {
    pub left_hand: String,
    pub right_hand: String,
    pub both_hands: String,
    pub neither_hand: String,
    pub left_leg: String,
    pub right_leg: String,
    pub both_legs: String,
    pub neither_leg: String,
    pub left_arm: String,
    pub right_arm: String,
    pub both_arms: String,
    pub forward: String,
    pub backward: String,
    pub to_the_left: String,
    pub to_the_right: String,
    pub in_place: String,
    pub no_turn: String,
    pub fast: String,
    pub slow: String,
    pub standing: String,
    pub goes_down: String,
    pub comes_up: String,
    pub down_and_up: String,
    pub sitting: String,
    pub on_the_ground: String,
    pub yes: String,
    pub no: String,
    pub cannot_tell: String,
}

impl FixedAnswers {
    /// Every one of them.
    pub(super) fn all(&self) -> Vec<&String> {
        vec![
            &self.left_hand,
            &self.right_hand,
            &self.both_hands,
            &self.neither_hand,
            &self.left_leg,
            &self.right_leg,
            &self.both_legs,
            &self.neither_leg,
            &self.left_arm,
            &self.right_arm,
            &self.both_arms,
            &self.forward,
            &self.backward,
            &self.to_the_left,
            &self.to_the_right,
            &self.in_place,
            &self.no_turn,
            &self.fast,
            &self.slow,
            &self.standing,
            &self.goes_down,
            &self.comes_up,
            &self.down_and_up,
            &self.sitting,
            &self.on_the_ground,
            &self.yes,
            &self.no,
            &self.cannot_tell,
        ]
    }
}

/// A way to write a list of options.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListFormat {
    pub(super) before: String,
    pub(super) between: String,
    pub(super) last: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sentence {
    pub(super) sentence: String,
    pub(super) hand: String,
    pub(super) travel: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unknown {
    pub(super) does: String,
    pub(super) doing: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sides {
    pub(super) left: String,
    pub(super) right: String,
    pub(super) both: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ways {
    pub(super) forward: String,
    pub(super) backward: String,
    pub(super) left: String,
    pub(super) right: String,
}

/// The body parts as they stand in a sentence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parts {
    pub(super) left_arm: String,
    pub(super) right_arm: String,
    pub(super) both_arms: String,
    pub(super) left_leg: String,
    pub(super) right_leg: String,
    pub(super) both_legs: String,
    pub(super) body: String,
}

/// What one part does, or a pair (`many`), once or again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verb {
    pub(super) one: String,
    pub(super) one_again: String,
    #[serde(default)]
    pub(super) many: String,
    #[serde(default)]
    pub(super) many_again: String,
}

/// How the parts of an explanation hang together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    pub(super) between: String,
    pub(super) meanwhile: String,
    pub(super) conclusion: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhrasingsFile {
    pub(super) questions: BTreeMap<Family, Wordings>,
    pub(super) answers: FixedAnswers,
    pub(super) lists: Vec<ListFormat>,
    pub(super) known_label: Sentence,
    pub(super) unknown_label: Unknown,
    pub(super) hands: Sides,
    pub(super) ways: Ways,
    pub(super) times: Vec<String>,
    pub(super) people: Vec<String>,
    pub(super) parts: Parts,
    pub(super) movements: BTreeMap<String, Verb>,
    pub(super) why: Why,
    pub(super) claims: BTreeMap<String, String>,
    pub(super) unsure: String,
    pub(super) together: Vec<String>,
}

/// How often what a label names is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Repeats {
    /// More than once: who waves or knocks.
    Often,
    /// The strokes of the hand are no repetitions: who draws.
    Open,
}

/// What is known of one label.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelText {
    pub(super) label: String,
    pub(super) does: String,
    pub(super) doing: String,
    #[serde(default)]
    pub(super) hand: bool,
    #[serde(default)]
    pub(super) travel: bool,
    #[serde(default)]
    pub(super) raises: Option<String>,
    #[serde(default)]
    pub(super) only_raises: bool,
    #[serde(default)]
    pub(super) also: Vec<String>,
    #[serde(default)]
    pub(super) like: Vec<String>,
    #[serde(default)]
    pub(super) repeats: Option<Repeats>,
    #[serde(default)]
    pub(super) mirror: bool,
}

impl LabelText {
    /// The same of the mirrored label.
    pub(super) fn mirrored(&self) -> LabelText {
        LabelText {
            label: mirrored(&self.label),
            does: mirrored(&self.does),
            doing: mirrored(&self.doing),
            raises: self.raises.as_deref().map(mirrored),
            also: self.also.iter().map(|a| mirrored(a)).collect(),
            like: self.like.iter().map(|l| mirrored(l)).collect(),
            ..*self
        }
    }
}
