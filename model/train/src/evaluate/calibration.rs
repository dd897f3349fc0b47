//! Whether a recogniser knows how sure it may be: calibration, risk against coverage, and known against unknown.

use serde::Serialize;

use super::recognition::Ranked;

/// Bins of the reliability diagram, of equal width.
const BINS: usize = 15;
/// Points of the curve of risk against coverage.
const POINTS: usize = 20;

/// How far confidence can be trusted, over all labelled clips; confidence is the probability of the likeliest of a
/// folder's own labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Expected calibration error: the mean distance of a clip's bin's accuracy from its bin's mean confidence, in fifteen
    /// bins of equal width (Guo et al., ICML 2017). 0 is perfect.
    pub error: f64,
    /// The bins with clips in them, least confident first.
    pub bins: Vec<Bin>,
    /// Risk against coverage: share of wrong answers among the share of clips of which the recogniser is most sure.
    pub risk: Vec<RiskPoint>,
    /// Area under that curve, taken at every clip; smaller is better.
    pub area_under_risk: f64,
    /// How well confidence among all labels tells clips of labels that were taught from others: the area under the ROC
    /// curve, 0.5 for chance. None where there are no clips of one kind.
    pub known_against_unknown: Option<f64>,
}

/// Clips of similar confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// How many.
    pub clips: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// Share of right answers.
    pub accuracy: f64,
}

/// A point of risk against coverage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RiskPoint {
    /// Share of clips that are answered, the surest first.
    pub coverage: f64,
    /// Share of wrong answers among them.
    pub risk: f64,
}

impl Calibration {
    /// Of some clips; none where there are no clips.
    pub fn of<'a>(ranked: impl IntoIterator<Item = &'a Ranked>) -> Option<Calibration> {
        let ranked: Vec<&Ranked> = ranked.into_iter().collect();
        if ranked.is_empty() {
            return None;
        }
        let mut sure: Vec<(f64, bool)> = ranked.iter().map(|r| (r.confidence_own, r.own == 0)).collect();
        let bins = bins(&sure);
        let apart = |bin: &Bin| bin.clips as f64 * (bin.accuracy - bin.confidence).abs();
        let error = bins.iter().map(apart).sum::<f64>() / sure.len() as f64;
        sure.sort_by(|a, b| b.0.total_cmp(&a.0));
        let wrong = running_wrong(&sure);
        let risk_at = |clips: usize| wrong[clips - 1] / clips as f64;
        let risk = (1..=POINTS)
            .map(|i| i as f64 / POINTS as f64)
            .map(|coverage| RiskPoint {
                coverage,
                risk: risk_at(((coverage * sure.len() as f64).round() as usize).max(1)),
            })
            .collect();
        let area_under_risk = (1..=sure.len()).map(risk_at).sum::<f64>() / sure.len() as f64;
        let of =
            |taught| ranked.iter().filter(move |r| r.taught == taught).map(|r| r.confidence_all).collect::<Vec<_>>();
        Some(Calibration {
            error,
            bins,
            risk,
            area_under_risk,
            known_against_unknown: area_under_roc(&of(true), &of(false)),
        })
    }
}

fn bins(sure: &[(f64, bool)]) -> Vec<Bin> {
    let bin_of = |confidence: f64| ((confidence * BINS as f64) as usize).min(BINS - 1);
    (0..BINS)
        .filter_map(|bin| {
            let here: Vec<&(f64, bool)> = sure.iter().filter(|(confidence, _)| bin_of(*confidence) == bin).collect();
            let clips = here.len();
            let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / clips as f64;
            (clips > 0).then(|| Bin {
                clips,
                confidence: mean(&mut here.iter().map(|(confidence, _)| *confidence)),
                accuracy: mean(&mut here.iter().map(|(_, right)| f64::from(u8::from(*right)))),
            })
        })
        .collect()
}

/// How many wrong answers are among the first one, two, three …; of equally sure clips each counts as their mean.
fn running_wrong(sorted: &[(f64, bool)]) -> Vec<f64> {
    let (mut sums, mut total) = (Vec::with_capacity(sorted.len()), 0.0);
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        let share = equal.iter().filter(|(_, right)| !right).count() as f64 / equal.len() as f64;
        sums.extend((1..=equal.len()).map(|n| total + share * n as f64));
        total += share * equal.len() as f64;
    }
    sums
}

/// The probability that one of `high` exceeds one of `low`, ties counting half.
fn area_under_roc(high: &[f64], low: &[f64]) -> Option<f64> {
    if high.is_empty() || low.is_empty() {
        return None;
    }
    let mut sorted = low.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = |x: f64| sorted.partition_point(|&y| y < x) as f64;
    let upto = |x: f64| sorted.partition_point(|&y| y <= x) as f64;
    let wins: f64 = high.iter().map(|&x| 0.5 * (below(x) + upto(x))).sum();
    Some(wins / (high.len() * low.len()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(confidence: f64, right: bool, taught: bool) -> Ranked {
        let rank = usize::from(!right);
        Ranked {
            truth: 0,
            best: rank,
            own: rank,
            all: rank,
            confidence_own: confidence,
            confidence_all: confidence,
            taught,
        }
    }

    #[test]
    fn the_error_is_the_distance_of_confidence_from_accuracy() {
        // four clips at 0.75, three of them right; two at 0.25, both wrong
        let mut clips = vec![clip(0.75, true, true); 3];
        clips.push(clip(0.75, false, true));
        clips.extend([clip(0.25, false, true); 2]);
        let found = Calibration::of(&clips).unwrap();
        assert!((found.error - 2.0 * 0.25 / 6.0).abs() < 1e-12, "{}", found.error);
        assert_eq!(found.bins.len(), 2);
        assert_eq!(found.bins[1], Bin { clips: 4, confidence: 0.75, accuracy: 0.75 });
        assert_eq!(found.known_against_unknown, None);
        assert_eq!(Calibration::of([]), None);
    }

    #[test]
    fn risk_grows_with_coverage_where_the_sure_ones_are_right() {
        let clips = [clip(0.9, true, true), clip(0.8, true, true), clip(0.7, false, true), clip(0.6, false, true)];
        let found = Calibration::of(&clips).unwrap();
        // after one, two, three and four clips: 0, 0, 1/3, 1/2
        assert!((found.area_under_risk - (1.0 / 3.0 + 0.5) / 4.0).abs() < 1e-12);
        assert_eq!(found.risk.len(), 20);
        assert_eq!(found.risk[9], RiskPoint { coverage: 0.5, risk: 0.0 });
        assert_eq!(found.risk[19], RiskPoint { coverage: 1.0, risk: 0.5 });
        let tied = [clip(0.5, true, true), clip(0.5, false, true)];
        assert_eq!(Calibration::of(&tied).unwrap().area_under_risk, 0.5, "the order of equals says nothing");
    }

    #[test]
    fn known_and_unknown_are_told_apart_as_often_as_one_is_surer() {
        let clips = [clip(0.9, true, true), clip(0.4, true, true), clip(0.4, false, false), clip(0.1, false, false)];
        // of four pairs three are in order and one is a tie
        assert_eq!(Calibration::of(&clips).unwrap().known_against_unknown, Some(3.5 / 4.0));
    }
}
