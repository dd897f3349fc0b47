//! Questions about a clip, with answers that are true of exactly this motion, mirrored or not.

mod claims;
mod negatives;

use draction::motion::Motion;

use super::{
    family::{Family, FamilyWeights},
    kinematics::{BodyPart, Kinematics, Limbs, Movement, Pace, Phase, Posture, Travel, Turning},
    label,
    labels::Labels,
    record::Record,
    rng::Rng,
    texts::{Phrasing, Repeats, Texts, canonical},
};

use negatives::{OPTIONS, not_done, options};

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
        let text = |t: &String| if mirrored { label::mirrored(t) } else { t.clone() };
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
        match self.label.as_deref().and_then(label::hand_of) {
            Some(said) if said != seen => None,
            _ => Some(seen),
        }
    }

    /// How often the movement is done. A wave that the joints show once is a wave of the fingers, which they do not
    /// show; and the strokes of a drawing are no repetitions.
    pub fn repetitions(&self) -> Option<usize> {
        let seen = self.kinematics.repetitions?;
        match self.label.as_deref().and_then(|label| self.texts.repeats(label)) {
            Some(Repeats::Open) => None,
            Some(Repeats::Often) if seen < 2 => None,
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
    let k = &truth.kinematics;
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
            (None, limbs(k.legs?, all))
        }
        Family::MostActive => (None, texts.mover(k.most_active?)?.clone()),
        Family::MovesFirst => (None, texts.mover(k.moves_first?)?.clone()),
        Family::Direction => {
            let way = match k.travel? {
                Travel::InPlace => &answers.in_place,
                Travel::Forward => &answers.forward,
                Travel::Backward => &answers.backward,
                Travel::Left => &answers.to_the_left,
                Travel::Right => &answers.to_the_right,
            };
            (None, way.clone())
        }
        Family::Turning => {
            let way = match k.turning? {
                Turning::Straight => &answers.no_turn,
                Turning::Left => &answers.to_the_left,
                Turning::Right => &answers.to_the_right,
            };
            (None, way.clone())
        }
        Family::Repetitions => (None, texts.times(truth.repetitions()?)?.clone()),
        Family::WhatFirst => {
            let (first, later) = in_order(&k.phases, texts, rng)?;
            let mut options = [first.clone(), later];
            rng.shuffle(&mut options);
            (Some(texts.list(&options, phrasing, rng)), first)
        }
        Family::Pace => (None, if k.pace? == Pace::Fast { &answers.fast } else { &answers.slow }.clone()),
        Family::Posture => {
            let posture = match k.posture? {
                Posture::Upright => &answers.standing,
                Posture::GoesDown => &answers.goes_down,
                Posture::ComesUp => &answers.comes_up,
                Posture::DownAndUp => &answers.down_and_up,
                Posture::Low => &answers.sitting,
                Posture::OnGround => &answers.on_the_ground,
            };
            (None, posture.clone())
        }
        Family::People => (None, texts.people(k.people?)?.clone()),
        Family::Caption if truth.captions.is_empty() => (None, texts.caption(label?, k)),
        Family::Caption => (None, rng.pick(&truth.captions).clone()),
        Family::Why => (None, texts.why(label?, k)?),
        Family::YesNo => {
            let yes = rng.chance(0.5);
            let doing = match claims::claim(truth, yes, rng).filter(|_| label.is_none() || rng.chance(CLAIMS)) {
                Some(claim) => texts.claim(claim).to_owned(),
                None if yes => texts.doing(label?),
                None => texts.doing(&not_done(truth, rng)?),
            };
            (Some(doing), if yes { &answers.yes } else { &answers.no }.clone())
        }
        Family::Unanswerable => (None, answers.cannot_tell.clone()),
        Family::Own => {
            let (question, answer) = truth.questions.get(rng.below(truth.questions.len().max(1)))?.clone();
            return Some(QuestionAnswer { family, question, answer });
        }
    };
    if usual(family, truth) && !rng.chance(USUAL) {
        return None;
    }
    let several = family == Family::Recognition && phrasing == Phrasing::Train && k.people.is_some_and(|n| n > 1);
    let mut question = match several && rng.chance(TOGETHER) {
        true => rng.pick(texts.together()).clone(),
        false => texts.wording(family, phrasing, rng).to_owned(),
    };
    if let Some((place, filled)) = family.placeholder().zip(filled) {
        question = question.replace(place, &filled);
    }
    Some(QuestionAnswer { family, question, answer })
}

/// How often a yes/no question is about the joints rather than the label.
const CLAIMS: f32 = 0.4;

/// How often training asks what several people do in words that mean them all.
const TOGETHER: f32 = 0.5;

/// How often a family is asked where its answer is the usual one, so that no answer is a safe guess.
const USUAL: f32 = 0.3;

/// Whether the answer is the one that most clips share: people mostly stand where they are, on both feet.
fn usual(family: Family, truth: &Truth<'_>) -> bool {
    let k = &truth.kinematics;
    match family {
        Family::WhichLeg => k.legs == Some(Limbs::Neither),
        Family::Direction => k.travel == Some(Travel::InPlace),
        Family::Turning => k.turning == Some(Turning::Straight),
        Family::Repetitions => k.repetitions == Some(1),
        Family::Posture => k.posture == Some(Posture::Upright),
        _ => false,
    }
}

/// Phases that a question about the order may name: as far at least, in the unit of their part, and as clear.
const NAMEABLE: [f32; 2] = [0.4, 0.75];
/// What happens later starts this much later, and before the end of the first by this much at most, seconds.
const LATER_S: [f32; 2] = [0.4, 0.1];

/// Two things that happen one after the other, in words, neither of which has happened before.
fn in_order(phases: &[Phase], texts: &Texts, rng: &mut Rng) -> Option<(String, String)> {
    let mut known: Vec<(String, &Phase)> = Vec::new();
    for phase in phases {
        let said = texts.happens(phase.part, phase.movement, phase.times > 1);
        // the first of its kind counts, even if it is too small to be named: the person asked may have seen it
        if known.iter().all(|(other, _)| *other != said) {
            known.push((said, phase));
        }
    }
    known.retain(|(_, p)| p.part == BodyPart::Body || p.amount >= NAMEABLE[0] && p.clear >= NAMEABLE[1]);
    let mut pairs = Vec::new();
    for (i, first) in known.iter().enumerate() {
        let Phase { start, end, .. } = *first.1;
        let later = known[i + 1..].iter().filter(|(_, b)| b.start >= start + LATER_S[0] && b.start >= end - LATER_S[1]);
        pairs.extend(later.map(|later| (first, later)));
    }
    // what rises lowers later: nobody needs to look for that
    let telling = |(a, b): &(&(String, &Phase), &(String, &Phase))| {
        !(a.1.movement == Movement::Rises && b.1.movement == Movement::Lowers)
    };
    if !rng.chance(USUAL) {
        pairs.retain(telling);
    }
    let ((first, _), (later, _)) = pairs.get(rng.below(pairs.len().max(1)))?;
    Some((first.clone(), later.clone()))
}

/// The standard question of a family with its place filled from the `labels` that a model knows; `None` where it needs
/// a label and there is none, and for [`Family::Own`].
pub fn example(family: Family, labels: &[String]) -> Option<String> {
    let texts = Texts::built_in();
    let wording = canonical(family)?;
    let Some(place) = family.placeholder() else { return Some(wording.to_owned()) };
    let filled = match family {
        Family::RecognitionFromList => {
            // spread over the alphabet, so that they differ
            let options: Vec<String> =
                labels.iter().step_by(labels.len().div_ceil(OPTIONS[0]).max(1)).cloned().collect();
            let [_, _, ..] = &options[..] else { return None };
            texts.list(&options, Phrasing::Canonical, &mut Rng::new(0))
        }
        Family::WhatFirst => {
            let options =
                [Movement::Rises, Movement::Lowers].map(|movement| texts.happens(BodyPart::RightArm, movement, false));
            texts.list(&options, Phrasing::Canonical, &mut Rng::new(0))
        }
        _ => texts.doing(labels.last()?),
    };
    Some(wording.replace(place, &filled))
}

#[cfg(test)]
mod tests;
