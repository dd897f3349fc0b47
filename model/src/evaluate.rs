//! How often the model is right: recognition by ranking labels, and questions by the words of the answer.

use std::collections::BTreeMap;

use anyhow::Result;
use draction::motion::Motion;
use serde::Serialize;

use crate::{
    assistant::Assistant,
    data::{DataSet, Family, Labels},
};

/// Scores of one folder. All figures are fractions in 0..=1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SetScores {
    /// Labelled clips judged.
    pub clips: usize,
    /// The true label first among the folder's own labels.
    pub top1_own: f64,
    /// Among the first five of them.
    pub top5_own: f64,
    /// The true label first among all labels that the model knows.
    pub top1_all: f64,
    /// Among the first five of them.
    pub top5_all: f64,
    /// Share of right answers by question family.
    pub questions: BTreeMap<String, QuestionScores>,
}

/// Free answers of one family of questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct QuestionScores {
    /// Questions asked.
    pub asked: usize,
    /// Answers that equal the truth, case and punctuation aside.
    pub right: f64,
}

/// All folders together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scores {
    /// By folder name.
    pub sets: BTreeMap<String, SetScores>,
    /// Over all clips of all folders.
    pub top1_all: f64,
    /// Right and asked per label, by label.
    #[serde(skip)]
    pub classes: BTreeMap<String, (usize, usize)>,
    /// `[truth][answer]` counts over `labels`.
    #[serde(skip)]
    pub confusion: Vec<Vec<usize>>,
    /// Names of the rows and columns.
    #[serde(skip)]
    pub labels: Vec<String>,
}

/// Where a label stands when candidates are sorted by log-probability, best first (0).
pub fn rank_of(scores: &[f32], candidates: &[usize], truth: usize) -> usize {
    candidates.iter().filter(|&&c| c != truth && scores[c] >= scores[truth]).count()
}

/// Judges the model on `sets`, `batch` clips at a time. `progress(done, total)` is called after each batch.
///
/// # Errors
/// When a clip cannot be drawn.
pub fn evaluate(
    assistant: &Assistant,
    sets: &[DataSet],
    batch: usize,
    families: &[Family],
    mut progress: impl FnMut(usize, usize),
) -> Result<Scores> {
    let known = Labels::new(assistant.labels());
    let labels = sets.iter().fold(known, |all, set| all.union(&set.choices()));
    let names = labels.names().to_vec();
    let everything: Vec<usize> = (0..names.len()).collect();
    let total = sets.iter().map(|s| s.clips.len()).sum();
    let mut scores =
        Scores { confusion: vec![vec![0; names.len()]; names.len()], labels: names.clone(), ..Scores::default() };
    let (mut done, mut right, mut judged) = (0, 0, 0);
    for set in sets {
        let own: Vec<usize> = set.choices().names().iter().filter_map(|l| labels.index(l)).collect();
        let mut tally = SetScores::default();
        let mut questions: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for clips in set.clips.chunks(batch.max(1)) {
            let motions: Vec<&Motion> = clips.iter().map(|c| &c.motion).collect();
            let look = assistant.look(&motions)?;
            let ranked = assistant.rank(&look, &names)?;
            for (clip, ranked) in clips.iter().zip(&ranked) {
                let Some(truth) = clip.record.label.as_deref().and_then(|l| labels.index(l)) else { continue };
                let (mine, all) = (rank_of(ranked, &own, truth), rank_of(ranked, &everything, truth));
                tally.clips += 1;
                tally.top1_own += f64::from(mine == 0);
                tally.top5_own += f64::from(mine < 5);
                tally.top1_all += f64::from(all == 0);
                tally.top5_all += f64::from(all < 5);
                let best = (0..ranked.len()).max_by(|&a, &b| ranked[a].total_cmp(&ranked[b])).unwrap_or(0);
                scores.confusion[truth][best] += 1;
                let class = scores.classes.entry(names[truth].clone()).or_default();
                class.0 += usize::from(all == 0);
                class.1 += 1;
                right += usize::from(all == 0);
                judged += 1;
            }
            assistant.judge_questions(clips, &look, families, &mut questions)?;
            done += clips.len();
            progress(done, total);
        }
        let share = |x: f64| x / tally.clips.max(1) as f64;
        tally.top1_own = share(tally.top1_own);
        tally.top5_own = share(tally.top5_own);
        tally.top1_all = share(tally.top1_all);
        tally.top5_all = share(tally.top5_all);
        tally.questions = questions
            .into_iter()
            .map(|(family, (right, asked))| (family, QuestionScores { asked, right: right as f64 / asked as f64 }))
            .collect();
        scores.sets.insert(set.name.clone(), tally);
    }
    scores.top1_all = right as f64 / judged.max(1) as f64;
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::rank_of;

    #[test]
    fn ranks_count_the_better_ones_and_ties_against_us() {
        let scores = [-1.0, -0.5, -3.0, -0.5];
        assert_eq!(rank_of(&scores, &[0, 1, 2, 3], 1), 1, "a tie is not a win");
        assert_eq!(rank_of(&scores, &[0, 1, 2], 1), 0);
        assert_eq!(rank_of(&scores, &[0, 2], 2), 1);
    }
}
