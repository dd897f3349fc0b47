//! The robustness table: recognition of the same clips as worse recordings and other trackers would have them.

use std::collections::BTreeMap;

use anyhow::Result;
use draction::motion::Motion;
use serde::Serialize;
use skeletonllm_data::{DataSet, Perturbation};

use super::{
    baseline::Gallery,
    recognition::{Ranked, Recognition, mean, recognise},
};
use crate::Recogniser;

/// One row: top-1 among all labels, fractions in 0..=1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was done to the clips.
    pub change: Perturbation,
    /// By folder.
    pub sets: BTreeMap<String, f64>,
    /// Mean of the folders with labels.
    pub mean: f64,
    /// The nearest neighbour's mean on the same clips, where it was asked for; its gallery stays as it was recorded.
    pub baseline: Option<f64>,
}

/// Measures all rows of [`Perturbation::TABLE`]. `progress` is called with the number of clips after each batch.
///
/// # Errors
/// When a clip cannot be drawn.
pub fn robustness(
    recogniser: &impl Recogniser,
    gallery: Option<&Gallery>,
    sets: &[DataSet],
    batch: usize,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for change in Perturbation::TABLE {
        let changed = |motion: &Motion, clip: usize| change.apply(motion, clip).into_owned();
        let ranked = recognise(recogniser, sets, batch, Some(&changed), &mut progress)?;
        let judged = sets.iter().zip(&ranked).filter(|(_, ranked)| ranked.iter().any(Option::is_some));
        let by_set: BTreeMap<String, f64> =
            judged.map(|(set, ranked)| (set.name.clone(), Recognition::of(ranked.iter().flatten()).top1_all)).collect();
        let baseline = gallery.and_then(|gallery| {
            let scores = sets.iter().map(|set| gallery.judge(set, &|m, i| change.apply(m, i), &|| {}));
            mean(scores.filter(|s| s.clips > 0).map(|s| s.top1_all))
        });
        rows.push(Row { change, mean: mean(by_set.values().copied()).unwrap_or(0.0), sets: by_set, baseline });
    }
    Ok(rows)
}

/// What another model makes of the same clips, such as the same one in f32.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Its directory.
    pub model: String,
    /// Its recognition, by folder.
    pub sets: BTreeMap<String, Recognition>,
    /// Mean of the folders' top-1 among all labels.
    pub mean_top1_all: f64,
    /// Its mean less ours, in percentage points.
    pub ahead_points: f64,
    /// Share of labelled clips to which both give the same label.
    pub same_answer: f64,
}

/// Compares two models' ranks of the clips of `sets`.
pub fn compare(
    model: String,
    sets: &[DataSet],
    ours: &[Vec<Option<Ranked>>],
    theirs: &[Vec<Option<Ranked>>],
) -> Comparison {
    let by_set = |all: &[Vec<Option<Ranked>>]| -> BTreeMap<String, Recognition> {
        let shares = sets.iter().zip(all).map(|(set, r)| (set.name.clone(), Recognition::of(r.iter().flatten())));
        shares.filter(|(_, r)| r.clips > 0).collect()
    };
    let mean_of = |sets: &BTreeMap<String, Recognition>| mean(sets.values().map(|r| r.top1_all)).unwrap_or(0.0);
    let (own, other) = (by_set(ours), by_set(theirs));
    let pairs = ours.iter().flatten().zip(theirs.iter().flatten());
    let same: Vec<bool> = pairs.filter_map(|(a, b)| Some(a.as_ref()?.best == b.as_ref()?.best)).collect();
    Comparison {
        model,
        mean_top1_all: mean_of(&other),
        ahead_points: 100.0 * (mean_of(&other) - mean_of(&own)),
        same_answer: same.iter().filter(|s| **s).count() as f64 / same.len().max(1) as f64,
        sets: other,
    }
}
