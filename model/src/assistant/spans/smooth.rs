//! From what overlapping windows say to stretches of one label.
//!
//! Every window's begin and end cuts the time into cells. A label's evidence in a cell is the mean of its
//! log-probabilities over the windows that show the cell, times the cell's seconds. The path through the labels with
//! the most evidence, less a price for each change, is found by dynamic programming (Viterbi 1967).

use std::ops::Range;

/// Price of a change of label: as much as being e³ ≈ 20 times as likely for one second.
const CHANGE: f64 = 3.0;
/// Probabilities below this count as much as this: one window that is wholly sure shall not outvote two others.
const LEAST: f32 = 1e-3;

/// Frames of one label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LabelSpan {
    pub frames: Range<usize>,
    /// Which label.
    pub label: usize,
    /// Its probability, the mean over cells by length and over each cell's windows.
    pub probability: f32,
}

struct Cell {
    frames: Range<usize>,
    /// `[labels]` mean probability.
    probabilities: Vec<f32>,
    /// `[labels]` mean log-probability times seconds.
    evidence: Vec<f64>,
}

/// Spans of one stretch from its windows and their `[labels]` probabilities, in order; none without windows.
pub(super) fn spans(windows: &[(Range<usize>, Vec<f32>)], fps: f32) -> Vec<LabelSpan> {
    let cells = cells(windows, fps);
    let mut spans: Vec<LabelSpan> = Vec::new();
    for (cell, label) in cells.iter().zip(best_path(&cells)) {
        let probability = cell.probabilities[label];
        match spans.last_mut() {
            Some(last) if last.label == label => {
                let (before, now) = (last.frames.len() as f32, cell.frames.len() as f32);
                last.probability = (last.probability * before + probability * now) / (before + now);
                last.frames.end = cell.frames.end;
            }
            _ => spans.push(LabelSpan { frames: cell.frames.clone(), label, probability }),
        }
    }
    spans
}

fn cells(windows: &[(Range<usize>, Vec<f32>)], fps: f32) -> Vec<Cell> {
    let mut cuts: Vec<usize> = windows.iter().flat_map(|(frames, _)| [frames.start, frames.end]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let cell = |frames: Range<usize>| {
        let shows = |window: &&(Range<usize>, Vec<f32>)| window.0.start <= frames.start && frames.end <= window.0.end;
        let said: Vec<&Vec<f32>> = windows.iter().filter(shows).map(|(_, said)| said).collect();
        let seconds = frames.len() as f64 / f64::from(fps);
        let labels = 0..said[0].len();
        let mean = |of: &dyn Fn(f32) -> f64, label| said.iter().map(|p| of(p[label])).sum::<f64>() / said.len() as f64;
        Cell {
            probabilities: labels.clone().map(|label| mean(&f64::from, label) as f32).collect(),
            evidence: labels.map(|label| seconds * mean(&|p| f64::from(p.max(LEAST)).ln(), label)).collect(),
            frames,
        }
    };
    cuts.windows(2).map(|cut| cell(cut[0]..cut[1])).collect()
}

/// The label of each cell.
fn best_path(cells: &[Cell]) -> Vec<usize> {
    let best = |scores: &[f64]| (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
    let Some(first) = cells.first() else { return Vec::new() };
    let mut scores = first.evidence.clone();
    // for each further cell and each of its labels, the best label before
    let mut before: Vec<Vec<usize>> = Vec::with_capacity(cells.len());
    for cell in &cells[1..] {
        let leader = best(&scores);
        let from: Vec<usize> =
            (0..scores.len()).map(|l| if scores[leader] - CHANGE > scores[l] { leader } else { l }).collect();
        let change = |l: usize| if from[l] == l { 0.0 } else { CHANGE };
        scores = (0..scores.len()).map(|l| scores[from[l]] - change(l) + cell.evidence[l]).collect();
        before.push(from);
    }
    let mut path = vec![best(&scores)];
    for from in before.iter().rev() {
        path.push(from[path[path.len() - 1]]);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three-second windows every second at 10 fps; `said` holds the likeliest of three labels and its probability.
    fn windows(said: &[(usize, f32)]) -> Vec<(Range<usize>, Vec<f32>)> {
        let window = |(i, &(label, p)): (usize, &(usize, f32))| {
            let mut probabilities = vec![(1.0 - p) / 2.0; 3];
            probabilities[label] = p;
            (10 * i..10 * i + 30, probabilities)
        };
        said.iter().enumerate().map(window).collect()
    }

    /// The best path by trying all.
    fn tried(cells: &[Cell]) -> f64 {
        let labels = cells[0].evidence.len();
        let score = |mut n: usize| {
            let path: Vec<usize> = cells
                .iter()
                .map(|_| {
                    let label = n % labels;
                    n /= labels;
                    label
                })
                .collect();
            score_of(cells, &path)
        };
        (0..labels.pow(cells.len() as u32)).map(score).fold(f64::NEG_INFINITY, f64::max)
    }

    fn score_of(cells: &[Cell], path: &[usize]) -> f64 {
        let evidence: f64 = cells.iter().zip(path).map(|(cell, &label)| cell.evidence[label]).sum();
        evidence - CHANGE * path.windows(2).filter(|w| w[0] != w[1]).count() as f64
    }

    #[test]
    fn the_path_is_the_best_of_all() {
        let said: Vec<(usize, f32)> = (0..7).map(|i| (i * i % 3, 0.34 + 0.65 * (i as f32 * 0.7).sin().abs())).collect();
        let cells = cells(&windows(&said), 10.0);
        assert_eq!(cells.len(), 9);
        let path = best_path(&cells);
        assert!((score_of(&cells, &path) - tried(&cells)).abs() < 1e-9, "{path:?}");
    }

    #[test]
    fn a_change_lies_in_the_middle_of_the_windows_that_show_both() {
        let spans = spans(&windows(&[(0, 0.9), (0, 0.9), (0, 0.9), (2, 0.9), (2, 0.9), (2, 0.9)]), 10.0);
        let found: Vec<_> = spans.iter().map(|s| (s.frames.clone(), s.label)).collect();
        assert_eq!(found, [(0..40, 0), (40..80, 2)]);
        assert!(spans.iter().all(|s| s.probability > 0.7 && s.probability < 0.9), "{spans:?}");
    }

    #[test]
    fn a_single_doubtful_window_changes_nothing() {
        let one = spans(&windows(&[(0, 0.9), (0, 0.9), (1, 0.5), (0, 0.9), (0, 0.9)]), 10.0);
        assert_eq!(one.len(), 1);
        assert_eq!((one[0].frames.clone(), one[0].label), (0..70, 0));
        let alone = spans(&windows(&[(1, 0.6)]), 10.0);
        assert_eq!(alone, [LabelSpan { frames: 0..30, label: 1, probability: 0.6 }]);
        assert!(spans(&[], 10.0).is_empty());
    }
}
