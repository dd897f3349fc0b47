//! Questions about a clip, with answers that are true of exactly this motion, mirrored or not.

use serde::{Deserialize, Serialize};

use draction::motion::Motion;

use super::{
    kinematics::{Kinematics, Limbs},
    labels::{self, Labels},
    record::Record,
    rng::Rng,
    texts::{Phrasing, Texts},
};

/// Kinds of questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// "What is the person doing?" The answer is the label.
    Recognition,
    /// "Which of these …?" with 4 to 10 labels, one of them true. The answer is the label.
    RecognitionFromList,
    /// "Which hand …?" Answered from the joints.
    WhichHand,
    /// "Which leg …?" Answered from the joints.
    WhichLeg,
    /// One sentence.
    Caption,
    /// "Is the person waving?"
    YesNo,
    /// What no skeleton shows.
    Unanswerable,
    /// The set's own questions.
    Own,
}

impl Family {
    /// All families.
    pub const ALL: [Family; 8] = [
        Family::Recognition,
        Family::RecognitionFromList,
        Family::WhichHand,
        Family::WhichLeg,
        Family::Caption,
        Family::YesNo,
        Family::Unanswerable,
        Family::Own,
    ];

    /// Those with wordings of ours: all but [`Family::Own`].
    pub const PHRASED: [Family; 7] = {
        let [a, b, c, d, e, f, g, _] = Family::ALL;
        [a, b, c, d, e, f, g]
    };

    /// Those whose answers can be judged word by word: one truth, one way to say it.
    pub const JUDGED: &[Family] = &[
        Family::RecognitionFromList,
        Family::WhichHand,
        Family::WhichLeg,
        Family::YesNo,
        Family::Unanswerable,
        Family::Own,
    ];

    /// The name in reports and text files.
    pub fn name(self) -> &'static str {
        match self {
            Family::Recognition => "recognition",
            Family::RecognitionFromList => "recognition_from_list",
            Family::WhichHand => "which_hand",
            Family::WhichLeg => "which_leg",
            Family::Caption => "caption",
            Family::YesNo => "yes_no",
            Family::Unanswerable => "unanswerable",
            Family::Own => "own",
        }
    }

    /// What a wording of this family must contain.
    pub(super) fn placeholder(self) -> Option<&'static str> {
        match self {
            Family::RecognitionFromList => Some("{options}"),
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
    pub caption: f32,
    pub yes_no: f32,
    pub unanswerable: f32,
    pub own: f32,
}

impl Default for FamilyWeights {
    /// About half of the questions ask for the label, which carries most of the meaning.
    fn default() -> FamilyWeights {
        FamilyWeights {
            recognition: 0.4,
            recognition_from_list: 0.1,
            which_hand: 0.15,
            which_leg: 0.05,
            caption: 0.1,
            yes_no: 0.12,
            unanswerable: 0.05,
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
            Family::Caption => self.caption,
            Family::YesNo => self.yes_no,
            Family::Unanswerable => self.unanswerable,
            Family::Own => self.own,
        }
    }
}

/// All that is known to be true of one motion.
#[derive(Clone, Debug)]
pub struct Truth<'a> {
    /// What is done, `None` where the set does not say.
    pub label: Option<String>,
    /// What the joints show.
    pub kinematics: Kinematics,
    /// The set's own sentences.
    pub captions: Vec<String>,
    /// The set's own questions and answers.
    pub questions: Vec<(String, String)>,
    /// The labels that options and hard negatives are taken from.
    pub labels: &'a Labels,
    /// The wordings.
    pub texts: &'a Texts,
}

impl<'a> Truth<'a> {
    /// The truth about a clip in the form in which it is shown: `motion` after augmentation, and whether that
    /// mirrored it. The set's texts are mirrored with it; the kinematics are read from the motion itself.
    pub fn of(record: &Record, motion: &Motion, mirrored: bool, labels: &'a Labels) -> Truth<'a> {
        let text = |t: &String| if mirrored { labels::mirrored(t) } else { t.clone() };
        Truth {
            label: record.label.as_ref().map(text),
            kinematics: Kinematics::of(motion),
            captions: record.captions.iter().map(text).collect(),
            questions: record.questions.iter().map(|(q, a)| (text(q), text(a))).collect(),
            labels,
            texts: Texts::built_in(),
        }
    }

    /// The hands in motion. A label that names a hand and joints that move another one leave the question open.
    pub fn hands(&self) -> Option<Limbs> {
        let seen = self.kinematics.hands?;
        match self.label.as_deref().and_then(labels::hand_of) {
            Some(said) if said != seen => None,
            _ => Some(seen),
        }
    }
}

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionAnswer {
    /// Its kind.
    pub family: Family,
    /// As a user would ask.
    pub question: String,
    /// As short as it can be.
    pub answer: String,
}

/// One question of each family that this motion has a truth for.
pub fn questions(truth: &Truth<'_>, rng: &mut Rng, phrasing: Phrasing) -> Vec<QuestionAnswer> {
    // a stream for each, so that a family without a truth does not change the others
    let asked = Family::ALL.map(|family| question_of(family, truth, &mut rng.fork(), phrasing));
    asked.into_iter().flatten().collect()
}

/// One question, its family drawn by weight among those that this motion has a truth for. `None` when every such
/// weight is zero.
pub fn sample_question(
    truth: &Truth<'_>,
    rng: &mut Rng,
    phrasing: Phrasing,
    weights: &FamilyWeights,
) -> Option<QuestionAnswer> {
    let mut asked = questions(truth, rng, phrasing);
    let of: Vec<f32> = asked.iter().map(|qa| weights.of(qa.family)).collect();
    rng.weighted(&of).map(|i| asked.swap_remove(i))
}

/// A question of one family, or `None` where nothing certain can be asked.
pub fn question_of(family: Family, truth: &Truth<'_>, rng: &mut Rng, phrasing: Phrasing) -> Option<QuestionAnswer> {
    let texts = truth.texts;
    let answers = texts.answers();
    let label = truth.label.as_deref();
    let limbs = |limbs, [left, right, both, neither]: [&String; 4]| match limbs {
        Limbs::Left => left.clone(),
        Limbs::Right => right.clone(),
        Limbs::Both => both.clone(),
        Limbs::Neither => neither.clone(),
    };
    // what stands for the placeholder, and the answer
    let (filled, answer) = match family {
        Family::Recognition => (None, label?.to_owned()),
        Family::RecognitionFromList => {
            let options = options(label?, truth.labels, rng)?;
            (Some(texts.list(&options, phrasing, rng)), label?.to_owned())
        }
        Family::WhichHand => {
            let all = [&answers.left_hand, &answers.right_hand, &answers.both_hands, &answers.neither_hand];
            (None, limbs(truth.hands()?, all))
        }
        Family::WhichLeg => {
            let all = [&answers.left_leg, &answers.right_leg, &answers.both_legs, &answers.neither_leg];
            (None, limbs(truth.kinematics.legs?, all))
        }
        Family::Caption if truth.captions.is_empty() => (None, texts.caption(label?, &truth.kinematics)),
        Family::Caption => (None, rng.pick(&truth.captions).clone()),
        Family::YesNo => {
            let other = if rng.chance(0.5) { None } else { Some(not_done(truth, rng)?) };
            let answer = if other.is_some() { &answers.no } else { &answers.yes };
            (Some(texts.doing(other.as_deref().or(label)?)), answer.clone())
        }
        Family::Unanswerable => (None, answers.cannot_tell.clone()),
        Family::Own => {
            let (question, answer) = truth.questions.get(rng.below(truth.questions.len().max(1)))?.clone();
            return Some(QuestionAnswer { family, question, answer });
        }
    };
    let mut question = texts.wording(family, phrasing, rng).to_owned();
    if let Some((place, filled)) = family.placeholder().zip(filled) {
        question = question.replace(place, &filled);
    }
    Some(QuestionAnswer { family, question, answer })
}

/// The standard question of a family with its place filled from the `labels` that a model knows; `None` where it needs
/// a label and there is none, and for [`Family::Own`].
pub fn example(family: Family, labels: &[String]) -> Option<String> {
    let texts = Texts::built_in();
    let wording = super::canonical(family)?;
    let Some(place) = family.placeholder() else { return Some(wording.to_owned()) };
    let filled = match family {
        Family::RecognitionFromList => {
            // spread over the alphabet, so that they differ
            let options: Vec<String> =
                labels.iter().step_by(labels.len().div_ceil(OPTIONS[0]).max(1)).cloned().collect();
            let [_, _, ..] = &options[..] else { return None };
            texts.list(&options, Phrasing::Canonical, &mut Rng::new(0))
        }
        _ => texts.doing(labels.last()?),
    };
    Some(wording.replace(place, &filled))
}

/// Fewest and most options in a list.
const OPTIONS: [usize; 2] = [4, 10];

/// The true label among others in random order: its mirror twin always, labels that share a word with it often.
/// Labels that contain each other (`walk`, `walk turn left`) are not offered together: both would be right.
fn options(label: &str, labels: &Labels, rng: &mut Rng) -> Option<Vec<String>> {
    let [least, most] = OPTIONS;
    let others: Vec<&String> = labels.names().iter().filter(|n| !labels::contains(n, label)).collect();
    let wanted = least + rng.below(most - least + 1);
    let mut options = vec![label.to_owned()];
    let twin = labels::mirrored(label);
    if twin != label {
        options.push(twin);
    }
    let (mut alike, mut rest): (Vec<&String>, Vec<&String>) = others.into_iter().partition(|o| shares_word(o, label));
    rng.shuffle(&mut alike);
    rng.shuffle(&mut rest);
    // half of the list at most, lest it become a test of word overlap
    let hard = alike.len().min(wanted / 2);
    for other in alike[..hard].iter().chain(&rest).chain(&alike[hard..]) {
        if options.len() < wanted && !options.contains(other) {
            options.push((*other).clone());
        }
    }
    // a set with few labels gives a shorter list
    if options.len() < 2 {
        return None;
    }
    rng.shuffle(&mut options);
    Some(options)
}

/// A label that is certainly not true of the motion: its mirror twin often, else one that shares a word, else any.
fn not_done(truth: &Truth<'_>, rng: &mut Rng) -> Option<String> {
    let label = truth.label.as_deref()?;
    let twin = labels::mirrored(label);
    if twin != label && rng.chance(0.4) {
        return Some(twin);
    }
    let certain = |other: &&String| {
        let may_be_true = labels::contains(other, label) || truth.texts.also(label, other);
        !may_be_true && !raised_all_the_same(truth, label, other)
    };
    let (alike, rest): (Vec<&String>, Vec<&String>) =
        truth.labels.names().iter().filter(certain).partition(|o| shares_word(o, label));
    let pool = if rng.chance(0.4) && !alike.is_empty() || rest.is_empty() { alike } else { rest };
    (!pool.is_empty()).then(|| (*rng.pick(&pool)).clone())
}

/// Somebody who shoots a basketball raises both hands too: "is the person raising both hands?" has an honest "no"
/// only where the label settles which hands are up, or the joints show that they are not.
fn raised_all_the_same(truth: &Truth<'_>, label: &str, other: &str) -> bool {
    let Some(claimed) = truth.texts.raises(other).filter(|_| truth.texts.only_raises(other)) else { return false };
    let up = truth.texts.raises(label).or(truth.kinematics.above_shoulder);
    match up {
        Some(up) => up == claimed || up == Limbs::Both,
        None => true,
    }
}

/// Words that say nothing about what is done.
const SMALL_WORDS: [&str; 9] = ["a", "an", "and", "in", "on", "up", "down", "from", "the"];

fn shares_word(a: &str, b: &str) -> bool {
    a.split_whitespace().any(|w| !SMALL_WORDS.contains(&w) && b.split_whitespace().any(|v| v == w))
}

#[cfg(test)]
mod tests;
