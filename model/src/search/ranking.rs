//! Which windows are nearest to a vector.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Index, Row};

/// Windows that a core looks at in one go.
const TOGETHER: usize = 4096;

/// A window that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The number of its row.
    pub row: usize,
    /// The cosine of the angle between it and what was looked for, −1..1.
    pub score: f32,
}

impl Index {
    /// The `most` best windows, best first, of the files of which `wanted` says so by their numbers. Windows of one file
    /// that overlap a better one are left out.
    ///
    /// # Panics
    /// When the vector is of another width.
    #[must_use]
    pub fn search(&self, vector: &[f32], most: usize, wanted: impl Fn(u32) -> bool + Sync) -> Vec<Hit> {
        assert_eq!(vector.len(), self.width, "the width of what is looked for");
        let hits = |(group, rows): (usize, &[Row])| {
            let codes = &self.codes[group * TOGETHER * self.width..];
            let score = |(i, (row, codes)): (usize, (&Row, &[i8]))| {
                wanted(row.file).then(|| Hit { row: group * TOGETHER + i, score: row.scale * product(vector, codes) })
            };
            rows.iter().zip(codes.chunks_exact(self.width)).enumerate().filter_map(score).collect::<Vec<_>>()
        };
        let mut hits: Vec<Hit> = self.rows.par_chunks(TOGETHER).enumerate().flat_map_iter(hits).collect();
        let best_first = |a: &Hit, b: &Hit| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row));
        // long takes have many windows that overlap: sort as many as it takes, not all
        let mut sorted = most.saturating_mul(8).min(hits.len());
        loop {
            if sorted < hits.len() && sorted > 0 {
                hits.select_nth_unstable_by(sorted - 1, best_first);
            }
            hits[..sorted].sort_unstable_by(best_first);
            let apart = self.apart(&hits[..sorted], most);
            if apart.len() == most || sorted == hits.len() {
                return apart;
            }
            sorted = sorted.saturating_mul(8).min(hits.len());
        }
    }

    /// The first `most` that do not overlap any before them.
    fn apart(&self, hits: &[Hit], most: usize) -> Vec<Hit> {
        let mut taken: HashMap<u32, Vec<Row>> = HashMap::new();
        let mut apart = Vec::with_capacity(most.min(hits.len()));
        for hit in hits {
            if apart.len() == most {
                break;
            }
            let row = self.rows[hit.row];
            let before = taken.entry(row.file).or_default();
            if before.iter().all(|other| row.end <= other.start || other.end <= row.start) {
                before.push(row);
                apart.push(*hit);
            }
        }
        apart
    }
}

/// Sums side by side, so that the compiler can take several numbers at a time.
fn product(vector: &[f32], codes: &[i8]) -> f32 {
    const SIDE: usize = 16;
    let mut sums = [0.0_f32; SIDE];
    let (some, codes_of) = (vector.chunks_exact(SIDE), codes.chunks_exact(SIDE));
    let rest: f32 = some.remainder().iter().zip(codes_of.remainder()).map(|(a, b)| a * f32::from(*b)).sum();
    for (a, b) in some.zip(codes_of) {
        for i in 0..SIDE {
            sums[i] += a[i] * f32::from(b[i]);
        }
    }
    sums.iter().sum::<f32>() + rest
}
