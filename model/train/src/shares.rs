//! What the scores of an aligned model count: searched on clips that it did not learn from.

use anyhow::Result;
use skeletonllm::assistant::{Assistant, LabelScores};
use skeletonllm_data::{DataClip, Labels};
use skeletonllm_network::alignment::Shares;

/// What the fit of a label may count: its scores are logarithms of odds already.
const FIT: [f32; 12] = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5];
/// What the decoder's answer may count.
const ANSWER: [f32; 10] = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0];
/// Of the clips that are named rightly, this many are named rather than doubted.
const NAMED: f64 = 0.97;
/// What is likelier right than wrong is named, however sure the model is of most clips.
const LIKELY: f64 = 0.5;
/// Clips that are looked at together.
const TOGETHER: usize = 16;

/// One clip: the scores of its candidates, and which of them is true.
struct Case {
    scores: Vec<LabelScores>,
    truth: usize,
}

impl Case {
    /// The logarithm of the probability of each candidate.
    fn logarithms(&self, fit: f32, answer: f32) -> Vec<f64> {
        let scores: Vec<f64> = self.scores.iter().map(|s| f64::from(fit * s.fit + answer * s.answer)).collect();
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total = most + scores.iter().map(|score| (score - most).exp()).sum::<f64>().ln();
        scores.iter().map(|score| score - total).collect()
    }
}

/// The shares under which the labels of `clips` are likeliest, and the probability below which a label is doubted. `None`
/// for a model that was not aligned, and where no clip has a label that was taught.
///
/// # Errors
/// When a clip cannot be shown.
pub fn searched(assistant: &Assistant, clips: &[&DataClip], labels: &Labels) -> Result<Option<Shares>> {
    if !assistant.is_aligned() {
        return Ok(None);
    }
    let names = assistant.labels();
    let mut cases = Vec::new();
    for clips in clips.chunks(TOGETHER) {
        let motions: Vec<_> = clips.iter().map(|clip| &clip.motion).collect();
        let scores = assistant.label_scores(&assistant.observe(&motions)?, names)?;
        for (clip, scores) in clips.iter().zip(scores) {
            let truth = clip.record.label.as_deref().and_then(|label| names.iter().position(|name| name == label));
            let Some(truth) = truth else { continue };
            // what may be true as well is neither right nor wrong
            let counts = |i: &usize| *i == truth || !labels.both_hold(&names[*i], &names[truth]);
            let kept: Vec<usize> = (0..names.len()).filter(counts).collect();
            let truth = kept.iter().position(|&i| i == truth).unwrap_or_default();
            cases.push(Case { scores: kept.into_iter().map(|i| scores[i]).collect(), truth });
        }
    }
    Ok(best(&cases))
}

fn best(cases: &[Case]) -> Option<Shares> {
    let surprise = |fit: f32, answer: f32| -> f64 {
        -cases.iter().map(|case| case.logarithms(fit, answer)[case.truth]).sum::<f64>()
    };
    let pairs = FIT.into_iter().flat_map(|fit| ANSWER.map(|answer| (surprise(fit, answer), fit, answer)));
    let (_, fit, answer) = pairs.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|_| !cases.is_empty())?;
    let named = cases.iter().filter_map(|case| {
        let logarithms = case.logarithms(fit, answer);
        let most = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (logarithms[case.truth] >= most).then(|| most.exp())
    });
    let mut named: Vec<f64> = named.collect();
    named.sort_by(f64::total_cmp);
    let least = named.get((named.len() as f64 * (1.0 - NAMED)) as usize).copied().unwrap_or_default();
    Some(Shares { fit, answer, least: least.min(LIKELY) as f32, ..Shares::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(scores: &[(f32, f32)], truth: usize) -> Case {
        Case { scores: scores.iter().map(|&(fit, answer)| LabelScores { fit, answer }).collect(), truth }
    }

    #[test]
    fn what_tells_nothing_counts_nothing_and_what_tells_much_counts() {
        // fits that are right nine times of ten and as sure as that, answers that are noise
        let noise = [3.0, -3.0];
        let cases: Vec<Case> = (0..40)
            .map(|i| {
                let wrong = i % 10 == 0;
                case(&[(9f32.ln(), noise[i % 2]), (0.0, noise[(i / 2) % 2])], usize::from(wrong))
            })
            .collect();
        let shares = best(&cases).unwrap();
        assert_eq!((shares.fit, shares.answer), (1.0, 0.0));
        assert_eq!(shares.least, 0.5, "labels of nine in ten are said");
        // never sure, and right in a third of cases
        let unsure: Vec<Case> = (0..40).map(|i| case(&[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)], i % 3)).collect();
        assert!((best(&unsure).unwrap().least - 1.0 / 3.0).abs() < 1e-3);
        // answers that are always right
        let told: Vec<Case> = (0..40).map(|i| case(&[(0.0, 5.0 * (i % 2) as f32), (0.0, 2.5)], 1 - i % 2)).collect();
        assert_eq!(best(&told).unwrap().answer, 1.0);
        assert_eq!(best(&[]), None);
    }
}
