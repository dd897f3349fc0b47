//! The layout of the two files in `assets/texts`.

use serde::Deserialize;

use crate::data::labels::mirrored;

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
pub struct Answers {
    pub left_hand: String,
    pub right_hand: String,
    pub both_hands: String,
    pub neither_hand: String,
    pub left_leg: String,
    pub right_leg: String,
    pub both_legs: String,
    pub neither_leg: String,
    pub yes: String,
    pub no: String,
    pub cannot_tell: String,
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

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhrasingsFile {
    pub(super) recognition: Wordings,
    pub(super) recognition_from_list: Wordings,
    pub(super) which_hand: Wordings,
    pub(super) which_leg: Wordings,
    pub(super) caption: Wordings,
    pub(super) yes_no: Wordings,
    pub(super) unanswerable: Wordings,
    pub(super) answers: Answers,
    pub(super) lists: Vec<ListFormat>,
    pub(super) known_label: Sentence,
    pub(super) unknown_label: Unknown,
    pub(super) hands: Sides,
    pub(super) ways: Ways,
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
            ..*self
        }
    }
}
