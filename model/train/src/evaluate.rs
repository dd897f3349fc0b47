//! How often a model is right: recognition by ranking labels, and questions by the words of the answer.

pub mod answers;
pub mod baseline;
pub mod calibration;
pub mod recognition;
pub mod report;
pub mod robustness;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use draction::motion::Motion;
use serde::Serialize;
use skeletonllm::assistant::{Agreement, QuestionTally};
use skeletonllm_data::{DataClip, DataSet, Family, Labels, LoadOptions, Rng, Split, prompts::Prompts, together};

pub use recognition::rank_of;

use answers::{AnswerScores, SaidAnswer};
use baseline::BaselineScores;
use calibration::Calibration;
use recognition::{Ranked, Recognition, mean};
use robustness::{Comparison, Row};

use crate::{Recogniser, Speaker};

/// The clips of a folder that a model which learned from the others is judged on.
///
/// # Errors
/// When the folder cannot be read, or does not say which clips those are.
pub fn judging_half(folder: &Path, load: &LoadOptions) -> Result<DataSet> {
    let set = DataSet::load_with(folder, Split::judged(load), load, &|_, _| {})?;
    let name = folder.display();
    ensure!(set.divided, "{name}: no clip says which half it belongs to, so there is none that was not learned from");
    Ok(set)
}

/// Scores of one folder. All figures are fractions in 0..=1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SetScores {
    /// Which label is the most likely.
    #[serde(flatten)]
    pub recognition: Recognition,
    /// The nearest neighbour's recognition of the same clips, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineScores>,
    /// Free answers by question family.
    pub questions: BTreeMap<String, QuestionScores>,
}

/// Free answers of one family of questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct QuestionScores {
    /// Questions asked.
    pub asked: usize,
    /// Share of answers that equal the truth, case and punctuation aside.
    pub right: f64,
    /// Share of answers that decline.
    pub declined: f64,
}

impl From<QuestionTally> for QuestionScores {
    fn from(QuestionTally { asked, right, declined }: QuestionTally) -> QuestionScores {
        let share = |n: usize| n as f64 / asked.max(1) as f64;
        QuestionScores { asked, right: share(right), declined: share(declined) }
    }
}

/// Free answers of one family over all folders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FamilyScores {
    /// All questions together.
    #[serde(flatten)]
    pub all: QuestionScores,
    /// Mean of the folders' shares of right answers, each folder alike.
    pub mean_right: f64,
}

/// Means of the folders that have labels, each folder alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Means {
    /// Top-1 among a folder's own labels.
    pub top1_own: f64,
    /// Top-1 among all labels.
    pub top1_all: f64,
    /// The nearest neighbour's top-1 among a folder's own labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_own: Option<f64>,
    /// The nearest neighbour's top-1 among all labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_all: Option<f64>,
}

/// The zero-shot protocol over all folders together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UnseenScores {
    /// The unseen labels that clips of the folders have: what answers are chosen among.
    pub labels: Vec<String>,
    /// Recognition among them (`own`) and among all labels, the generalised protocol.
    #[serde(flatten)]
    pub recognition: Recognition,
}

/// How far what is said of a clip agrees with the label that is named, over the clips of which one is. All figures are
/// fractions in 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct AgreementScores {
    /// Clips of which a label is named.
    pub clips: usize,
    /// "Yes" to whether it is that label.
    pub yes: f64,
    /// "No" to whether it is another one that cannot hold as well.
    pub no: f64,
    /// A sentence that says the label.
    pub caption: f64,
}

impl From<Agreement> for AgreementScores {
    fn from(Agreement { clips, yes, no, caption }: Agreement) -> AgreementScores {
        let share = |n: usize| n as f64 / clips.max(1) as f64;
        AgreementScores { clips, yes: share(yes), no: share(no), caption: share(caption) }
    }
}

/// All folders together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scores {
    /// By folder name.
    pub sets: BTreeMap<String, SetScores>,
    /// Mean of the folders; none where no folder has labels.
    pub mean: Option<Means>,
    /// Top-1 among all labels over all clips of all folders.
    pub top1_all: f64,
    /// All clips of all folders under the zero-shot protocol, where it was asked for: `own` are then the unseen labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<UnseenScores>,
    /// Whether it knows how sure it may be; none where no clip has a label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Whether label, yes or no and sentence agree, of a recogniser that speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<AgreementScores>,
    /// Free answers by question family, over all folders.
    pub families: BTreeMap<String, FamilyScores>,
    /// Share of unanswerable questions that were declined, as they should be.
    pub unanswerable_declined: Option<f64>,
    /// Share of answerable questions of all other families that were declined, as they should not be.
    pub answerable_declined: Option<f64>,
    /// Free answers to the recognition question, as the paper scores them, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<AnswerScores>,
    /// Another model on the same clips, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Comparison>,
    /// The robustness table, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robustness: Option<Vec<Row>>,
    /// Right and asked per label, by label.
    #[serde(skip)]
    pub classes: BTreeMap<String, (usize, usize)>,
    /// `[truth][answer]` counts over `labels`.
    #[serde(skip)]
    pub confusion: Vec<Vec<usize>>,
    /// Names of the rows and columns.
    #[serde(skip)]
    pub labels: Vec<String>,
    /// By folder and clip where the true label stands.
    #[serde(skip)]
    pub ranked: Vec<Vec<Option<Ranked>>>,
}

/// What is judged beside recognition, of a recogniser that speaks.
pub struct Judged<'a, O> {
    /// Who answers.
    pub speaker: &'a dyn Speaker<Observation = O>,
    /// Families of questions that are asked.
    pub families: &'a [Family],
    /// Gets an answer to the recognition question for each clip, in words: from the list of labels by the prompts'
    /// `mqa` where the folder is under a protocol, else without a list.
    pub answers: Option<(&'a Prompts, &'a mut Vec<SaidAnswer>)>,
}

/// Judges a recogniser on `sets`, `batch` clips at a time. `progress` is called with the number of clips after each
/// batch.
///
/// # Errors
/// When a clip cannot be drawn.
pub fn evaluate<R: Recogniser>(
    recogniser: &R,
    sets: &[DataSet],
    batch: usize,
    mut judged: Option<Judged<'_, R::Observation>>,
    mut progress: impl FnMut(usize),
) -> Result<Scores> {
    let vocabulary = recognition::vocabulary(recogniser, sets);
    let names = vocabulary.names().to_vec();
    let mut scores =
        Scores { confusion: vec![vec![0; names.len()]; names.len()], labels: names.clone(), ..Scores::default() };
    let mut families: BTreeMap<String, Vec<QuestionTally>> = BTreeMap::new();
    let mut agreement = Agreement::default();
    for set in sets {
        let own = set.choices();
        let mut tallies = BTreeMap::new();
        let mut ranked = Vec::with_capacity(set.clips.len());
        for clips in set.clips.chunks(batch.max(1)) {
            let motions: Vec<&Motion> = clips.iter().map(|c| &c.motion).collect();
            let observation =
                recogniser.observe(&motions).with_context(|| format!("{}, {}", set.name, clips[0].record.id()))?;
            ranked.extend(recognition::rank(recogniser, &observation, clips, &vocabulary, &own)?);
            if let Some(judged) = &mut judged {
                judged.batch(set, clips, &observation, &mut tallies)?;
                if judged.families.contains(&Family::YesNo) {
                    judged.speaker.judge_agreement(clips, &observation, &mut agreement)?;
                }
            }
            progress(clips.len());
        }
        for ranked in ranked.iter().flatten() {
            scores.confusion[ranked.truth][ranked.best] += 1;
            let class = scores.classes.entry(names[ranked.truth].clone()).or_default();
            class.0 += usize::from(ranked.all == 0);
            class.1 += 1;
        }
        for (family, tally) in &tallies {
            families.entry(family.clone()).or_default().push(*tally);
        }
        let tally = SetScores {
            recognition: Recognition::of(ranked.iter().flatten()),
            baseline: None,
            questions: tallies.into_iter().map(|(family, tally)| (family, tally.into())).collect(),
        };
        scores.sets.insert(set.name.clone(), tally);
        scores.ranked.push(ranked);
    }
    scores.top1_all = Recognition::of(scores.ranked.iter().flatten().flatten()).top1_all;
    scores.agreement = (agreement.clips > 0).then(|| agreement.into());
    scores.calibration = Calibration::of(scores.ranked.iter().flatten().flatten());
    (scores.unanswerable_declined, scores.answerable_declined) = declined(&families);
    scores.families = families.into_iter().map(|(family, tallies)| (family, over_all(&tallies))).collect();
    scores.take_means();
    Ok(scores)
}

impl Scores {
    /// Says that the folders' clips are those of the zero-shot protocol, with these unseen labels.
    pub fn take_unseen(&mut self, labels: &Labels) {
        let recognition = Recognition::of(self.ranked.iter().flatten().flatten());
        self.unseen = Some(UnseenScores { labels: labels.names().to_vec(), recognition });
    }

    /// Takes the means of what the folders have.
    pub fn take_means(&mut self) {
        let labelled = || self.sets.values().filter(|s| s.recognition.clips > 0);
        let of = |value: fn(&SetScores) -> Option<f64>| mean(labelled().filter_map(value));
        let means = of(|s| Some(s.recognition.top1_own)).zip(of(|s| Some(s.recognition.top1_all)));
        self.mean = means.map(|(top1_own, top1_all)| Means {
            top1_own,
            top1_all,
            baseline_own: of(|s| Some(s.baseline?.top1_own)),
            baseline_all: of(|s| Some(s.baseline?.top1_all)),
        });
    }
}

impl<O> Judged<'_, O> {
    /// Asks about clips that were looked at, and counts what became of the questions.
    fn batch(
        &mut self,
        set: &DataSet,
        clips: &[DataClip],
        observation: &O,
        tallies: &mut BTreeMap<String, QuestionTally>,
    ) -> Result<()> {
        self.speaker.judge_questions(clips, observation, self.families, tallies)?;
        if self.families.contains(&Family::People) {
            self.pairs(clips, tallies)?;
        }
        let Some((prompts, answers)) = &mut self.answers else { return Ok(()) };
        let plain = skeletonllm_data::canonical(Family::Recognition).expect("every family but one has a wording");
        let listed = set.candidates.as_deref().map(|labels| prompts.mqa(labels));
        let said = self.speaker.label_in_words(observation, listed.as_deref().unwrap_or(plain))?;
        answers.extend(clips.iter().zip(said).map(|(c, text)| SaidAnswer { sample: c.record.id(), text }));
        Ok(())
    }

    /// Asks for the number of people where there are two: every other clip together with its neighbour in the list.
    fn pairs(&self, clips: &[DataClip], tallies: &mut BTreeMap<String, QuestionTally>) -> Result<()> {
        let pair = |pair: &[DataClip]| together(&pair[0], pair.get(1)?, &mut Rng::at(0, 0, pair[0].record.line as u64));
        let pairs: Vec<DataClip> = clips.chunks(2).filter_map(pair).collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let motions: Vec<&Motion> = pairs.iter().map(|c| &c.motion).collect();
        let seen = self.speaker.observe(&motions).with_context(|| format!("two people, {}", pairs[0].record.id()))?;
        self.speaker.judge_questions(&pairs, &seen, &[Family::People], tallies)
    }
}

fn sum(tallies: &[QuestionTally]) -> QuestionTally {
    tallies.iter().fold(QuestionTally::default(), |a, b| QuestionTally {
        asked: a.asked + b.asked,
        right: a.right + b.right,
        declined: a.declined + b.declined,
    })
}

fn over_all(tallies: &[QuestionTally]) -> FamilyScores {
    let mean_right = mean(tallies.iter().map(|t| QuestionScores::from(*t).right)).unwrap_or(0.0);
    FamilyScores { all: sum(tallies).into(), mean_right }
}

/// Shares of unanswerable and of all other questions that were declined.
fn declined(families: &BTreeMap<String, Vec<QuestionTally>>) -> (Option<f64>, Option<f64>) {
    let share = |unanswerable: bool| {
        let of_kind = families.iter().filter(|(f, _)| (*f == Family::Unanswerable.name()) == unanswerable);
        let all = sum(&of_kind.flat_map(|(_, tallies)| tallies.iter().copied()).collect::<Vec<_>>());
        (all.asked > 0).then(|| QuestionScores::from(all).declined)
    };
    (share(true), share(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_summed_and_averaged() {
        let tally = |asked, right, declined| QuestionTally { asked, right, declined };
        let families = BTreeMap::from([
            ("unanswerable".to_owned(), vec![tally(10, 9, 9), tally(10, 10, 10)]),
            ("yes_no".to_owned(), vec![tally(10, 10, 0), tally(30, 15, 3)]),
            ("which_hand".to_owned(), vec![tally(10, 4, 2)]),
        ]);
        let scores = over_all(&families["yes_no"]);
        assert_eq!(scores.all, QuestionScores { asked: 40, right: 0.625, declined: 0.075 });
        assert_eq!(scores.mean_right, 0.75, "each folder counts alike");
        assert_eq!(declined(&families), (Some(0.95), Some(0.1)));
        assert_eq!(declined(&BTreeMap::new()), (None, None));
    }

    #[test]
    fn means_leave_out_folders_without_labels() {
        let set = |clips, top1_all, baseline| SetScores {
            recognition: Recognition { clips, top1_all, ..Recognition::default() },
            baseline,
            ..SetScores::default()
        };
        let baseline = BaselineScores { clips: 4, top1_own: 0.5, top1_all: 0.25 };
        let sets = [set(4, 0.5, Some(baseline)), set(100, 1.0, None), set(0, 0.0, None)];
        let sets = ["a", "b", "c"].map(str::to_owned).into_iter().zip(sets).collect();
        let mut scores = Scores { sets, ..Scores::default() };
        scores.take_means();
        let mean = scores.mean.unwrap();
        assert_eq!((mean.top1_all, mean.baseline_own, mean.baseline_all), (0.75, Some(0.5), Some(0.25)));
        scores.sets.retain(|name, _| name == "c");
        scores.take_means();
        assert_eq!(scores.mean, None);
    }
}
