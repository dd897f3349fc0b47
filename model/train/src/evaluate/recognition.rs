//! Recognition: which label the model finds most likely.

use std::borrow::Cow;

use anyhow::{Context, Result};
use draction::motion::Motion;
use serde::Serialize;
use skeletonllm_data::{DataClip, DataSet, Labels};

use crate::Recogniser;

/// Recognition of the labelled clips of one folder. All figures are fractions in 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Recognition {
    /// Labelled clips judged.
    pub clips: usize,
    /// The true label first among those that the folder chooses among.
    pub top1_own: f64,
    /// Among the first five of them.
    pub top5_own: f64,
    /// The true label first among all labels that the model or a folder knows.
    pub top1_all: f64,
    /// Among the first five of them.
    pub top5_all: f64,
}

/// Where the true label of one clip stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The true label's number.
    pub truth: usize,
    /// The most likely label's number.
    pub best: usize,
    /// How many of the folder's labels are at least as likely as the true one.
    pub own: usize,
    /// How many of all labels.
    pub all: usize,
    /// Probability of the likeliest of the folder's labels, 0..=1.
    pub confidence_own: f64,
    /// Probability of the likeliest of all labels.
    pub confidence_all: f64,
    /// Whether the recogniser was taught the true label, or one that means the same.
    pub taught: bool,
}

impl Recognition {
    /// Shares of some clips.
    pub fn of<'a>(ranked: impl IntoIterator<Item = &'a Ranked>) -> Recognition {
        let ranked: Vec<&Ranked> = ranked.into_iter().collect();
        let share =
            |holds: fn(&Ranked) -> bool| ranked.iter().filter(|r| holds(r)).count() as f64 / ranked.len().max(1) as f64;
        Recognition {
            clips: ranked.len(),
            top1_own: share(|r| r.own == 0),
            top5_own: share(|r| r.own < 5),
            top1_all: share(|r| r.all == 0),
            top5_all: share(|r| r.all < 5),
        }
    }
}

/// Where a label stands when candidates are sorted by log-probability, best first (0).
pub fn rank_of(scores: &[f32], candidates: &[usize], truth: usize) -> usize {
    candidates.iter().filter(|&&c| c != truth && scores[c] >= scores[truth]).count()
}

/// The probability of the likeliest candidate, where the candidates' scores are logarithms: 1 over the sum of all
/// candidates' odds against it.
pub fn confidence(scores: &[f32], candidates: &[usize]) -> f64 {
    let best = candidates.iter().map(|&c| scores[c]).fold(f32::NEG_INFINITY, f32::max);
    1.0 / candidates.iter().map(|&c| f64::from(scores[c] - best).exp()).sum::<f64>()
}

/// The labels that a model and some folders know.
pub fn vocabulary(recogniser: &impl Recogniser, sets: &[DataSet]) -> Labels {
    sets.iter().fold(Labels::new(recogniser.labels()), |all, set| all.union(&set.choices()))
}

/// Ranks all labels of `vocabulary` for each clip that was looked at, and those of its own folder among themselves: what a
/// label counts may hang on what it is chosen among. `None` for clips without a label.
///
/// # Errors
/// As [`Recogniser::scores`].
pub fn rank<R: Recogniser>(
    recogniser: &R,
    observation: &R::Observation,
    clips: &[DataClip],
    vocabulary: &Labels,
    own: &Labels,
) -> Result<Vec<Option<Ranked>>> {
    if clips.iter().all(|clip| clip.record.label.is_none()) {
        return Ok(vec![None; clips.len()]);
    }
    let own: Vec<usize> = own.names().iter().filter_map(|label| vocabulary.index(label)).collect();
    let own_names: Vec<String> = own.iter().map(|&label| vocabulary.names()[label].clone()).collect();
    let scores = recogniser.scores(observation, vocabulary.names())?;
    let own_scores = match own_names == vocabulary.names() {
        true => scores.clone(),
        false => recogniser.scores(observation, &own_names)?,
    };
    let ranked = clips.iter().zip(scores.into_iter().zip(own_scores)).map(|(clip, (scores, own_scores))| {
        let truth = vocabulary.index(clip.record.label.as_deref()?)?;
        // what another folder calls the same is right, too
        let same = |c: usize| {
            c != truth
                && !own.contains(&c)
                && vocabulary.meanings().same(&vocabulary.names()[c], &vocabulary.names()[truth])
        };
        let all: Vec<usize> = (0..vocabulary.len()).filter(|&c| !same(c)).collect();
        let best = all.iter().copied().max_by(|&a, &b| scores[a].total_cmp(&scores[b]))?;
        let name = &vocabulary.names()[truth];
        let among: Vec<usize> = (0..own.len()).collect();
        Some(Ranked {
            truth,
            best,
            own: own.iter().position(|&label| label == truth).map_or(own.len(), |at| rank_of(&own_scores, &among, at)),
            all: rank_of(&scores, &all, truth),
            confidence_own: confidence(&own_scores, &among),
            confidence_all: confidence(&scores, &all),
            taught: recogniser.labels().iter().any(|taught| vocabulary.meanings().same(taught, name)),
        })
    });
    Ok(ranked.collect())
}

/// How clips are changed before they are shown: the clip's motion and its number in the folder.
pub type Change<'c> = &'c (dyn Fn(&Motion, usize) -> Motion + Sync);

/// Recognition alone, of every folder's clips as `change` shows them, `batch` at a time; one list of ranks a folder.
/// `progress` is called with the number of clips after each batch.
///
/// # Errors
/// When a clip cannot be drawn.
pub fn recognise(
    recogniser: &impl Recogniser,
    sets: &[DataSet],
    batch: usize,
    change: Option<Change<'_>>,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Vec<Option<Ranked>>>> {
    let vocabulary = vocabulary(recogniser, sets);
    let mut all = Vec::with_capacity(sets.len());
    for set in sets {
        let (own, mut ranked) = (set.choices(), Vec::with_capacity(set.clips.len()));
        for (i, clips) in set.clips.chunks(batch.max(1)).enumerate() {
            let shown: Vec<Cow<'_, Motion>> = (clips.iter().zip(i * batch.max(1)..))
                .map(|(clip, n)| change.map_or(Cow::Borrowed(&clip.motion), |c| Cow::Owned(c(&clip.motion, n))))
                .collect();
            let motions: Vec<&Motion> = shown.iter().map(AsRef::as_ref).collect();
            let observation =
                recogniser.observe(&motions).with_context(|| format!("{}, {}", set.name, clips[0].record.id()))?;
            ranked.extend(rank(recogniser, &observation, clips, &vocabulary, &own)?);
            progress(clips.len());
        }
        all.push(ranked);
    }
    Ok(all)
}

/// The mean, where there is something.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_count_the_better_ones_and_ties_against_us() {
        let scores = [-1.0, -0.5, -3.0, -0.5];
        assert_eq!(rank_of(&scores, &[0, 1, 2, 3], 1), 1, "a tie is not a win");
        assert_eq!(rank_of(&scores, &[0, 1, 2], 1), 0);
        assert_eq!(rank_of(&scores, &[0, 2], 2), 1);
    }

    #[test]
    fn confidence_is_the_softmax_of_the_best() {
        let scores = [0.25f32.ln(), 0.5f32.ln(), 0.125f32.ln(), 0.125f32.ln()];
        assert!((confidence(&scores, &[0, 1, 2, 3]) - 0.5).abs() < 1e-6);
        assert!((confidence(&scores, &[0, 1]) - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(confidence(&[-900.0], &[0]), 1.0);
    }

    #[test]
    fn shares_are_of_the_clips_judged() {
        let ranked =
            |own, all| Ranked { truth: 0, best: 0, own, all, confidence_own: 0.5, confidence_all: 0.5, taught: true };
        let shares = Recognition::of(&[ranked(0, 0), ranked(0, 4), ranked(4, 5), ranked(9, 9)]);
        assert_eq!(shares, Recognition { clips: 4, top1_own: 0.5, top5_own: 0.75, top1_all: 0.25, top5_all: 0.5 });
        assert_eq!(Recognition::of(&[]), Recognition::default());
    }
}
