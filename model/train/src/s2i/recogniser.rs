//! S2I as what recognises.

use std::path::Path;

use anyhow::{Result, ensure};
use burn::tensor::activation::softmax;
use draction::motion::Motion;
use skeletonllm_data::Labels;
use skeletonllm_network::{
    device::{DeviceChoice, select},
    tensors::host,
};

use super::{PictureBatch, S2iFolder};
use crate::Recogniser;

/// What a label that was never taught scores: less than any other.
const UNKNOWN: f32 = -1e9;

/// Models of one or several streams, whose probabilities count alike.
pub struct S2iRecogniser {
    folders: Vec<S2iFolder>,
    labels: Labels,
    device_name: String,
}

impl S2iRecogniser {
    /// Models that name the same labels.
    ///
    /// # Errors
    /// When there is none, or their labels differ.
    pub fn new(folders: Vec<S2iFolder>, device_name: String) -> Result<Self> {
        ensure!(!folders.is_empty(), "no model");
        let alike = folders.iter().all(|folder| folder.labels == folders[0].labels);
        ensure!(alike, "the models do not name the same labels");
        Ok(Self { labels: Labels::new(&folders[0].labels), folders, device_name })
    }

    /// Reads one folder for each stream.
    ///
    /// # Errors
    /// When a folder cannot be used, or the device cannot be had.
    pub fn load<P: AsRef<Path>>(folders: &[P], device: DeviceChoice) -> Result<Self> {
        let selected = select(device)?;
        let read = |folder: &P| S2iFolder::read(folder.as_ref(), &selected.device);
        Self::new(folders.iter().map(read).collect::<Result<_>>()?, selected.name.clone())
    }

    /// What it computes on.
    #[must_use]
    pub fn device_name(&self) -> &str {
        &self.device_name
    }
}

impl Recogniser for S2iRecogniser {
    /// `[motions][labels]` logarithms of probabilities.
    type Observation = Vec<Vec<f32>>;

    fn labels(&self) -> &[String] {
        self.labels.names()
    }

    fn observe(&self, motions: &[&Motion]) -> Result<Vec<Vec<f32>>> {
        let count = self.labels.len();
        let mut sums = vec![vec![0.0; count]; motions.len()];
        for folder in &self.folders {
            let (batch, shown) = PictureBatch::whole(motions, &folder.settings);
            ensure!(shown.iter().all(|&shown| shown), "a motion shows nobody");
            let found = host(softmax(folder.model.logits(&batch, folder.named_by, 0.0), 1));
            for (sum, row) in sums.iter_mut().zip(found.chunks_exact(count)) {
                sum.iter_mut().zip(row).for_each(|(sum, p)| *sum += p / self.folders.len() as f32);
            }
        }
        sums.iter_mut().flatten().for_each(|p| *p = p.max(f32::MIN_POSITIVE).ln());
        Ok(sums)
    }

    fn scores(&self, observation: &Vec<Vec<f32>>, candidates: &[String]) -> Result<Vec<Vec<f32>>> {
        let places: Vec<Option<usize>> = candidates.iter().map(|label| self.labels.index(label)).collect();
        let row = |scores: &Vec<f32>| places.iter().map(|place| place.map_or(UNKNOWN, |i| scores[i])).collect();
        Ok(observation.iter().map(row).collect())
    }
}
