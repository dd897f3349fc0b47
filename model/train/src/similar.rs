//! Which labels are easily taken for each other: the hard negatives of Disc-FT (spec A.10), kept in a file like the
//! paper's, `{"label": ["the most similar", …]}`, at most five each.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use draction::clip::{Clip, ClipOptions};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use skeletonllm_data::{
    AugmentOptions, DataClip, Labels, Rng, augment,
    label::{contains, mirrored, normalized},
};

use super::{Recogniser, readout};

/// Neighbours of a label.
const NEIGHBOURS: usize = 5;
/// Clips of a label that are compared at most: enough for its neighbours, and the time stays short.
const CLIPS: usize = 24;

/// For each label those that are most like it, the most similar first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Similar(BTreeMap<String, Vec<String>>);

/// What is wrong with a file of similar labels.
#[derive(Debug, thiserror::Error)]
pub enum SimilarError {
    /// It cannot be read.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It is no object of lists of texts.
    #[error("{}: not {{\"label\": [\"similar label\", …], …}}: {cause}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        cause: serde_json::Error,
    },
}

impl Similar {
    /// Reads a file. Spelling differences of labels that [`normalized`] removes do not matter.
    ///
    /// # Errors
    /// [`SimilarError`] with file, line and cause.
    pub fn read(path: &Path) -> Result<Similar, SimilarError> {
        let text = fs::read_to_string(path).map_err(|cause| SimilarError::Io { path: path.into(), cause })?;
        let Similar(lists) =
            serde_json::from_str(&text).map_err(|cause| SimilarError::Json { path: path.into(), cause })?;
        let clean = |list: Vec<String>| list.iter().map(|l| normalized(l)).collect();
        Ok(Similar(lists.into_iter().map(|(label, list)| (normalized(&label), clean(list))).collect()))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(draction::store::write_atomically(path, &serde_json::to_vec_pretty(self)?)?)
    }

    /// The labels most like `label`; none for one that the file does not have. A mirrored label has the mirrored
    /// neighbours of its twin, where it has none of its own.
    pub fn of(&self, label: &str) -> Vec<String> {
        let own = self.0.get(label).cloned();
        own.or_else(|| Some(self.0.get(&mirrored(label))?.iter().map(|l| mirrored(l)).collect())).unwrap_or_default()
    }

    /// How many labels it knows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From the joints: labels are as far apart as each clip of the one from the nearest clip of the other, on average.
    /// Mirrored clips are clips of the mirrored label, so that sides are told apart.
    ///
    /// # Errors
    /// When a clip shows nobody, naming its file.
    pub fn by_movement(clips: &[&DataClip]) -> Result<Similar> {
        let of = readings(clips)?;
        let names: Vec<&String> = of.keys().collect();
        let lists: Vec<&Vec<Vec<f32>>> = of.values().collect();
        let distances: Vec<Vec<f32>> = lists
            .par_iter()
            .map(|here| {
                let to = |there: &&Vec<Vec<f32>>| {
                    let nearest = |a: &Vec<f32>| there.iter().map(|b| apart(a, b)).fold(f32::INFINITY, f32::min);
                    here.iter().map(nearest).sum::<f32>() / here.len() as f32
                };
                lists.iter().map(to).collect()
            })
            .collect();
        Ok(Similar::nearest(&names, |a, b| distances[a][b]))
    }

    /// From a model's own confusions on these clips: the labels that it finds most probable besides the true one.
    /// `progress(done)` is called with the clips judged so far.
    ///
    /// # Errors
    /// When a clip cannot be drawn.
    pub fn by_confusion(
        recogniser: &impl Recogniser,
        clips: &[&DataClip],
        mut progress: impl FnMut(usize),
    ) -> Result<Similar> {
        let names = Labels::new(clips.iter().filter_map(|c| c.record.label.as_deref()));
        let labels: Vec<&String> = names.names().iter().collect();
        let mut sums = vec![vec![0.0f32; labels.len()]; labels.len()];
        let mut counts = vec![0.0f32; labels.len()];
        for (at, batch) in clips.chunks(16).enumerate() {
            let motions: Vec<_> = batch.iter().map(|c| &c.motion).collect();
            let scores = recogniser.scores(&recogniser.observe(&motions)?, names.names())?;
            for (clip, scores) in batch.iter().zip(scores) {
                if let Some(truth) = clip.record.label.as_deref().and_then(|l| names.index(l)) {
                    sums[truth].iter_mut().zip(&scores).for_each(|(sum, score)| *sum -= score);
                    counts[truth] += 1.0;
                }
            }
            progress((at * 16 + batch.len()).min(clips.len()));
        }
        Ok(Similar::nearest(&labels, |a, b| sums[a][b] / counts[a].max(1.0)))
    }

    /// The nearest labels of each that are certainly other ones: a walk is no answer to a walk that turns left.
    fn nearest(names: &[&String], distance: impl Fn(usize, usize) -> f32) -> Similar {
        let of = |a: usize| {
            let mut others: Vec<usize> = (0..names.len()).filter(|&b| !contains(names[a], names[b])).collect();
            others.sort_by(|&b, &c| distance(a, b).total_cmp(&distance(a, c)));
            others.truncate(NEIGHBOURS);
            others.into_iter().map(|b| names[b].clone()).collect()
        };
        Similar((0..names.len()).map(|a| (names[a].clone(), of(a))).collect())
    }
}

/// What a readout would read of the clips of each label, as shown and mirrored.
fn readings(clips: &[&DataClip]) -> Result<BTreeMap<String, Vec<Vec<f32>>>> {
    let mut chosen: BTreeMap<&str, Vec<&DataClip>> = BTreeMap::new();
    for clip in clips {
        if let Some(label) = clip.record.label.as_deref() {
            chosen.entry(label).or_default().push(clip);
        }
    }
    let chosen: Vec<(&str, &DataClip, bool)> = chosen
        .into_iter()
        .flat_map(|(label, clips)| {
            let count = clips.len().min(CLIPS);
            (0..count).map(move |i| (label, clips[i * clips.len() / count]))
        })
        .flat_map(|(label, clip)| [(label, clip, false), (label, clip, true)])
        .collect();
    let read: Vec<Option<(String, Vec<f32>)>> = chosen
        .into_par_iter()
        .map(|(label, clip, mirror)| {
            let options = AugmentOptions { mirror: f32::from(u8::from(mirror)) * 2.0, ..AugmentOptions::none() };
            let motion = augment(&clip.motion, &options, &mut Rng::new(0)).motion.without_empty_bodies();
            let seen = Clip::from_motion(&motion, &ClipOptions::default());
            let seen = seen.with_context(|| clip.record.file_name.clone())?;
            let label = if mirror { mirrored(label) } else { label.to_owned() };
            Ok(readout::truth(&seen).map(|numbers| (label, numbers)))
        })
        .collect::<Result<_>>()?;
    let mut of: BTreeMap<String, Vec<Vec<f32>>> = BTreeMap::new();
    for (label, numbers) in read.into_iter().flatten() {
        of.entry(label).or_default().push(numbers);
    }
    Ok(of)
}

/// Distance of two clips' readings.
fn apart(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests;
