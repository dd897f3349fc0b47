//! Several recognisers as one: a weighted sum of their scores (spec B.6).

#[cfg(test)]
mod tests;

/// A recogniser's raw scores of some clips.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Classes that each clip has a score for.
    pub classes: usize,
    /// `[clips, classes]`.
    pub scores: Vec<f32>,
}

impl Table {
    /// The scores of a clip.
    fn row(&self, clip: usize) -> &[f32] {
        &self.scores[clip * self.classes..][..self.classes]
    }

    /// How many clips there are.
    #[must_use]
    pub fn clips(&self) -> usize {
        self.scores.len() / self.classes.max(1)
    }

    /// The `count` best classes of each clip, best first; of equals the first.
    #[must_use]
    pub fn best(&self, count: usize) -> Vec<Vec<usize>> {
        let best = |clip: usize| {
            let row = self.row(clip);
            let mut order: Vec<usize> = (0..self.classes).collect();
            order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            order.truncate(count);
            order
        };
        (0..self.clips()).map(best).collect()
    }

    /// The share of clips whose right class is among the `count` best.
    #[must_use]
    pub fn accuracy(&self, labels: &[usize], count: usize) -> f64 {
        let right = self.best(count).iter().zip(labels).filter(|(best, label)| best.contains(label)).count();
        right as f64 / labels.len().max(1) as f64
    }
}

/// The sum of the tables, each times its weight.
///
/// # Panics
/// When there are not as many weights as tables, or tables differ in size.
#[must_use]
pub fn combine(tables: &[Table], weights: &[f64]) -> Table {
    assert_eq!(tables.len(), weights.len(), "a weight for each table");
    let Some(first) = tables.first() else { return Table { classes: 0, scores: Vec::new() } };
    let mut sums = vec![0.0_f64; first.scores.len()];
    for (table, weight) in tables.iter().zip(weights) {
        assert!(table.classes == first.classes && table.scores.len() == sums.len(), "tables of one size");
        for (sum, score) in sums.iter_mut().zip(&table.scores) {
            *sum += weight * f64::from(*score);
        }
    }
    Table { classes: first.classes, scores: sums.into_iter().map(|sum| sum as f32).collect() }
}

/// Weights that are tried, in steps of a quarter.
const MOST: f64 = 5.0;
const STEP: f64 = 0.25;
/// Rounds over all weights; it ends sooner when nothing gets better.
const ROUNDS: usize = 8;

/// Weights under which the sum of the tables names most `labels`, and of those under which it is surest. They are to be
/// searched on clips that neither trained the recognisers nor judge them.
///
/// One weight at a time, from equal ones on: the same tables always give the same weights.
#[must_use]
pub fn search(tables: &[Table], labels: &[usize]) -> Vec<f64> {
    let mut weights = vec![1.0; tables.len()];
    let mut best = merit(&combine(tables, &weights), labels);
    for _ in 0..ROUNDS {
        let before = best;
        for at in 0..weights.len() {
            let mut chosen = weights[at];
            for step in 0..=(MOST / STEP) as usize {
                weights[at] = step as f64 * STEP;
                let merit = merit(&combine(tables, &weights), labels);
                if merit > best {
                    (best, chosen) = (merit, weights[at]);
                }
            }
            weights[at] = chosen;
        }
        if best <= before {
            break;
        }
    }
    weights
}

/// How many labels come first, then how likely they are taken to be.
fn merit(table: &Table, labels: &[usize]) -> (usize, f64) {
    let right = table.best(1).iter().zip(labels).filter(|(best, label)| best.first() == Some(label)).count();
    let likelihood = labels.iter().enumerate().map(|(clip, &label)| {
        let row = table.row(clip);
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|score| f64::from(score - largest).exp()).sum();
        f64::from(row[label] - largest) - sum.ln()
    });
    (right, likelihood.sum())
}
