//! The words of questions and answers, read from `assets/texts`; a user may bring files of the same layout.

mod corpus;
mod layout;
mod story;

use std::{collections::BTreeMap, sync::LazyLock};

use thiserror::Error;

use super::{
    family::Family,
    kinematics::{BodyPart, Kinematics, Limbs, Mover, Travel},
    label::normalized,
    labels::Labels,
    rng::Rng,
};

pub use corpus::corpus;
pub(super) use layout::Repeats;
pub use layout::{FixedAnswers, Wordings};
use layout::{LabelText, ListFormat, PhrasingsFile, Sentence};

/// A text file does not have the expected layout.
#[derive(Debug, Error)]
#[error("{file}: {cause}")]
pub struct TextError {
    /// Which of the files.
    pub file: &'static str,
    /// What is wrong, with line and column where they are known.
    pub cause: String,
}

/// Which wordings of a question to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phrasing {
    /// Those a model may learn from, the standard one among them.
    Train,
    /// Those kept back for validation.
    HeldOut,
    /// The standard one alone, as `ask` and `evaluate` use it.
    Canonical,
}

/// How often training sees the standard wording of a question.
const CANONICAL_SHARE: f32 = 0.3;

/// The keys under which the text file holds the claims that a yes/no question may make.
const CLAIMS: [&str; 19] = [
    "left_hand",
    "right_hand",
    "both_hands",
    "left_above_head",
    "right_above_head",
    "forward",
    "backward",
    "left",
    "right",
    "in_place",
    "turning_left",
    "turning_right",
    "upright",
    "down",
    "up",
    "fast",
    "slow",
    "once",
    "again",
];

/// All wordings.
#[derive(Clone, Debug)]
pub struct Texts {
    file: PhrasingsFile,
    labels: BTreeMap<String, LabelText>,
}

static BUILT_IN: LazyLock<Texts> = LazyLock::new(|| {
    let phrasings = include_str!("../../../assets/texts/phrasings.json");
    Texts::parse(phrasings, include_str!("../../../assets/texts/labels.json")).expect("a test parses these files")
});

impl Texts {
    /// The project's own.
    pub fn built_in() -> &'static Texts {
        &BUILT_IN
    }

    /// Reads the two files of `assets/texts`.
    ///
    /// # Errors
    /// [`TextError`] with the file and, for what is no JSON or lacks a field, the line.
    pub fn parse(phrasings: &str, labels: &str) -> Result<Texts, TextError> {
        let fault = |file, cause: String| TextError { file, cause };
        let file: PhrasingsFile =
            serde_json::from_str(phrasings).map_err(|e| fault("phrasings.json", e.to_string()))?;
        let table: Vec<LabelText> = serde_json::from_str(labels).map_err(|e| fault("labels.json", e.to_string()))?;
        let twins: Vec<LabelText> = table.iter().filter(|l| l.mirror).map(LabelText::mirrored).collect();
        let labels = table.into_iter().chain(twins).map(|l| (normalized(&l.label), l)).collect();
        let texts = Texts { file, labels };
        for family in Family::PHRASED {
            let name = family.name();
            let Some(w) = texts.file.questions.get(&family) else {
                return Err(fault("phrasings.json", format!("questions: {name} is missing")));
            };
            for text in w.train.iter().chain(&w.held_out).chain([&w.canonical]) {
                if let Some(place) = family.placeholder().filter(|p| !text.contains(p)) {
                    return Err(fault("phrasings.json", format!("{name}: \"{text}\" lacks {place}")));
                }
            }
        }
        let missing = |table: &str, key: &str| fault("phrasings.json", format!("{table}: {key} is missing"));
        if let Some(key) = story::VERBS.iter().find(|key| !texts.file.movements.contains_key(**key)) {
            return Err(missing("movements", key));
        }
        if let Some(key) = CLAIMS.iter().find(|key| !texts.file.claims.contains_key(**key)) {
            return Err(missing("claims", key));
        }
        if texts.file.together.is_empty() {
            return Err(fault("phrasings.json", "together: at least one wording is needed".into()));
        }
        if !texts.file.unsure.contains("{options}") {
            return Err(fault("phrasings.json", "unsure lacks {options}".into()));
        }
        if !texts.file.why.conclusion.starts_with("{chain}") {
            return Err(fault("phrasings.json", "why: conclusion does not begin with {chain}".into()));
        }
        if texts.file.lists.is_empty() {
            return Err(fault("phrasings.json", "lists: at least one way to write a list is needed".into()));
        }
        Ok(texts)
    }

    /// The wordings of a family.
    ///
    /// # Panics
    /// For [`Family::Own`], whose questions come from the set itself.
    pub fn wordings(&self, family: Family) -> &Wordings {
        self.file.questions.get(&family).expect("a set's own questions have no wordings of ours, all others have")
    }

    /// One wording of a family, placeholders still in it.
    pub(super) fn wording(&self, family: Family, phrasing: Phrasing, rng: &mut Rng) -> &str {
        let wordings = self.wordings(family);
        let others = match phrasing {
            Phrasing::Canonical => return &wordings.canonical,
            Phrasing::Train => &wordings.train,
            Phrasing::HeldOut => &wordings.held_out,
        };
        // every unanswerable question is another question, so none of them is preferred
        let share = if family == Family::Unanswerable { 1.0 / (1.0 + others.len() as f32) } else { CANONICAL_SHARE };
        let canonical = phrasing == Phrasing::Train && rng.chance(share);
        if canonical || others.is_empty() { &wordings.canonical } else { rng.pick::<String>(others) }
    }

    /// The fixed answers.
    pub fn answers(&self) -> &FixedAnswers {
        &self.file.answers
    }

    /// The activity as it follows "is": `waving the left hand`.
    pub fn doing(&self, label: &str) -> String {
        let known = self.labels.get(label).map(|l| l.doing.clone());
        known.unwrap_or_else(|| self.file.unknown_label.doing.replace("{label}", label))
    }

    /// How a sentence about a clip of this label begins: all of it but what the joints may add, and its end.
    #[must_use]
    pub fn caption_begins(&self, label: &str) -> String {
        let does = self.labels.get(label).map(|l| l.does.clone());
        let does = does.unwrap_or_else(|| self.file.unknown_label.does.replace("{label}", label));
        self.file.known_label.sentence.replace("{does}", &does).trim_end_matches('.').to_owned()
    }

    /// How an explanation ends that comes to this label, from where its chain of movements is complete.
    #[must_use]
    pub fn concludes(&self, label: &str) -> String {
        self.conclusion().replace("{doing}", &self.doing(label))
    }

    /// The chain of movements of an explanation that has come to its conclusion.
    #[must_use]
    pub fn chain_of<'a>(&self, explanation: &'a str) -> Option<&'a str> {
        Some(explanation.split_once(self.conclusion().chars().next()?)?.0)
    }

    /// What follows the chain.
    fn conclusion(&self) -> &str {
        self.file.why.conclusion.split_once("{chain}").map_or("", |(_, after)| after)
    }

    /// One sentence about a clip: from its label, with hand and direction where the label leaves them open and the
    /// joints show them.
    pub fn caption(&self, label: &str, kinematics: &Kinematics) -> String {
        let Sentence { sentence, hand, travel } = &self.file.known_label;
        let Some(known) = self.labels.get(label) else {
            return sentence.replace("{does}", &self.file.unknown_label.does.replace("{label}", label));
        };
        let mut does = known.does.clone();
        let sides = &self.file.hands;
        let with = match kinematics.hands {
            Some(Limbs::Left) => Some(&sides.left),
            Some(Limbs::Right) => Some(&sides.right),
            Some(Limbs::Both) => Some(&sides.both),
            Some(Limbs::Neither) | None => None,
        };
        if let Some(with) = with.filter(|_| known.hand) {
            does += &hand.replace("{hand}", with);
        }
        let ways = &self.file.ways;
        let way = match kinematics.travel {
            Some(Travel::Forward) => Some(&ways.forward),
            Some(Travel::Backward) => Some(&ways.backward),
            Some(Travel::Left) => Some(&ways.left),
            Some(Travel::Right) => Some(&ways.right),
            Some(Travel::InPlace) | None => None,
        };
        if let Some(way) = way.filter(|_| known.travel) {
            does += &travel.replace("{travel}", way);
        }
        sentence.replace("{does}", &does)
    }

    /// Whether `other` is, or may be, true of a clip labelled `label`; such a pair makes no honest "no".
    pub(super) fn also(&self, label: &str, other: &str) -> bool {
        self.labels.get(label).is_some_and(|l| l.also.iter().any(|a| a == other))
    }

    /// Whether two of these labels may hold of one clip.
    #[must_use]
    pub fn may_both_hold(&self, labels: &Labels, a: &str, b: &str) -> bool {
        labels.both_hold(a, b) || self.also(a, b) || self.also(b, a)
    }

    /// The labels that a clip of this label is most easily taken for.
    pub(super) fn like(&self, label: &str) -> &[String] {
        self.labels.get(label).map_or(&[], |l| &l.like)
    }

    /// The hands that are up in every clip of this label, by its meaning.
    pub(super) fn raises(&self, label: &str) -> Option<Limbs> {
        match self.labels.get(label)?.raises.as_deref()? {
            "left" => Some(Limbs::Left),
            "right" => Some(Limbs::Right),
            "both" => Some(Limbs::Both),
            _ => None,
        }
    }

    /// Whether a label says of hands that they are up, and nothing more.
    pub(super) fn only_raises(&self, label: &str) -> bool {
        self.labels.get(label).is_some_and(|l| l.only_raises)
    }

    /// How often what a label names is done, where the label says it.
    pub(super) fn repeats(&self, label: &str) -> Option<Repeats> {
        self.labels.get(label)?.repeats
    }

    /// `twice`; `None` for more than there are words for.
    pub(super) fn times(&self, n: usize) -> Option<&String> {
        self.file.times.get(n.checked_sub(1)?)
    }

    /// `two people`; `None` for more than there are words for.
    pub(super) fn people(&self, n: usize) -> Option<&String> {
        self.file.people.get(n.checked_sub(1)?)
    }

    /// The name of a limb or a pair: `left arm`; `None` for what is no limb.
    pub(super) fn mover(&self, mover: Mover) -> Option<&String> {
        let answers = self.answers();
        match mover {
            Mover::Limb(BodyPart::LeftArm) => Some(&answers.left_arm),
            Mover::Limb(BodyPart::RightArm) => Some(&answers.right_arm),
            Mover::Limb(BodyPart::LeftLeg) => Some(&answers.left_leg),
            Mover::Limb(BodyPart::RightLeg) => Some(&answers.right_leg),
            Mover::Limb(BodyPart::Body) => None,
            Mover::Arms => Some(&answers.both_arms),
            Mover::Legs => Some(&answers.both_legs),
        }
    }

    /// A claim about the joints as it follows "is".
    pub(super) fn claim(&self, name: &str) -> &str {
        &self.file.claims[name]
    }

    /// Whether an activity, as it follows "is", is a claim about the joints.
    pub(super) fn is_claim(&self, doing: &str) -> bool {
        self.file.claims.values().any(|claim| claim == doing)
    }

    /// The label that an activity belongs to, as it follows "is".
    pub(super) fn label_of_doing(&self, doing: &str) -> Option<&str> {
        self.labels.iter().find(|(_, text)| text.doing.to_lowercase() == doing).map(|(label, _)| label.as_str())
    }

    /// Whether this is a label that we have words for.
    pub(super) fn knows(&self, label: &str) -> bool {
        self.labels.contains_key(label)
    }

    /// Questions for what several people do.
    pub(super) fn together(&self) -> &[String] {
        &self.file.together
    }

    /// What is said where nothing is likely, with the labels that are nearest.
    #[must_use]
    pub fn unsure(&self, nearest: &[String]) -> String {
        self.file.unsure.replace("{options}", &written(nearest, &self.file.lists[0]))
    }

    /// Writes a list of options: in the first way for the standard wording, else in any.
    pub(super) fn list(&self, options: &[String], phrasing: Phrasing, rng: &mut Rng) -> String {
        let lists = &self.file.lists;
        let any = phrasing != Phrasing::Canonical && !rng.chance(CANONICAL_SHARE);
        let format = if any { rng.pick(lists) } else { &lists[0] };
        written(options, format)
    }
}

fn written(options: &[String], format: &ListFormat) -> String {
    let mut text = format.before.clone();
    for (i, option) in options.iter().enumerate() {
        match i {
            0 => {}
            i if i + 1 == options.len() => text += &format.last,
            _ => text += &format.between,
        }
        text += option;
    }
    text
}

/// The standard wording of a family's question, with `{doing}` or `{options}` still in it where the family has one;
/// `None` for [`Family::Own`].
pub fn canonical(family: Family) -> Option<&'static str> {
    (family != Family::Own).then(|| Texts::built_in().wordings(family).canonical.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::label::mirrored;

    #[test]
    fn wordings_are_many_and_held_out_ones_are_held_out() {
        for family in Family::PHRASED {
            let w = Texts::built_in().wordings(family);
            assert!((10..=160).contains(&w.train.len()) && w.held_out.len() >= 3, "{family:?}");
            let all: Vec<&String> = w.train.iter().chain(&w.held_out).chain([&w.canonical]).collect();
            assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "{family:?} repeats itself");
            let mut rng = Rng::new(1);
            for _ in 0..500 {
                let text = Texts::built_in().wording(family, Phrasing::Train, &mut rng);
                assert!(!w.held_out.iter().any(|h| h == text));
                let text = Texts::built_in().wording(family, Phrasing::HeldOut, &mut rng);
                assert!(w.held_out.iter().any(|h| h == text));
            }
        }
        assert_eq!(canonical(Family::Recognition), Some("What is the person doing?"));
        assert_eq!(canonical(Family::Own), None);
    }

    #[test]
    fn captions_add_only_what_is_certain() {
        let caption = |label, hands, travel| {
            Texts::built_in().caption(label, &Kinematics { hands, travel, ..Kinematics::default() })
        };
        assert_eq!(caption("wave left hand", Some(Limbs::Left), None), "A person waves the left hand.");
        assert_eq!(caption("wave right hand", None, None), "A person waves the right hand.");
        assert_eq!(caption("wave", None, None), "A person waves.");
        assert_eq!(caption("wave", Some(Limbs::Right), None), "A person waves with the right hand.");
        assert_eq!(caption("walk", None, Some(Travel::Forward)), "A person walks forward.");
        assert_eq!(caption("drink water", Some(Limbs::Left), None), "A person does this: drink water.");
        assert_eq!(Texts::built_in().doing("draw a circle counter-clockwise"), "drawing a circle counter-clockwise");
    }

    #[test]
    fn what_a_label_also_means_is_a_label() {
        let texts = Texts::built_in();
        assert_eq!(texts.labels.len(), 145);
        for (label, text) in &texts.labels {
            assert_eq!(*label, normalized(label));
            assert!(text.also.iter().all(|a| texts.labels.contains_key(a)), "{label}: {:?}", text.also);
            for like in &text.like {
                assert!(
                    texts.labels.contains_key(like) && like != label && !texts.also(label, like),
                    "{label}: {like}"
                );
            }
            assert!(text.like.len() >= 4, "{label}");
            assert_eq!(text.raises.is_some(), texts.raises(label).is_some(), "{label}");
            assert!(texts.labels.contains_key(&mirrored(label)));
        }
    }

    #[test]
    fn a_broken_file_is_named() {
        let labels = include_str!("../../../assets/texts/labels.json");
        let error = Texts::parse("{\n\"questions\": 3}", labels).unwrap_err().to_string();
        assert!(error.contains("phrasings.json") && error.contains("line 2"), "{error}");
        let phrasings = include_str!("../../../assets/texts/phrasings.json");
        let error = Texts::parse(&phrasings.replacen("{doing}?", "?", 1), labels).unwrap_err().to_string();
        assert!(error.contains("lacks {doing}"), "{error}");
        assert!(Texts::parse(phrasings, "[{}]").unwrap_err().to_string().contains("labels.json"));
    }
}
