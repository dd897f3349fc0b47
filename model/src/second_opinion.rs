//! What a small graph network on the joints makes of a motion, beside a model that looks at pictures of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use draction::motion::Motion;
use skeletonllm_data::{Labels, Texts};
use skeletonllm_network::device::Selected;

use crate::{
    assistant::among_themselves,
    folder::shipped,
    graph_recogniser::{GraphModelConfig, GraphNetworks, GraphRecogniser},
};

/// Where the network that ships with the programs lies.
const SHIPPED: &str = "assets/second-opinion/config.json";

/// A graph network that is asked beside a model.
pub struct SecondOpinion {
    recogniser: GraphRecogniser,
}

/// What the network finds likeliest.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// The label.
    pub label: String,
    /// Its probability among all labels that the network knows, 0..1.
    pub probability: f32,
}

impl Opinion {
    /// Whether it may be true together with another label: it is the same, means the same, or says more or less of the
    /// same movement.
    #[must_use]
    pub fn agrees_with(&self, label: &str) -> bool {
        let labels = Labels::new([self.label.as_str(), label]);
        labels.len() == 1 || Texts::built_in().may_both_hold(&labels, &self.label, label)
    }
}

impl SecondOpinion {
    /// Loads a graph network's directory onto the chosen device.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it, or the device cannot be had.
    #[cfg(not(target_family = "wasm"))]
    pub fn load(folder: &Path, choice: skeletonllm_network::device::DeviceChoice) -> Result<SecondOpinion> {
        Ok(SecondOpinion { recogniser: GraphRecogniser::load(folder, choice)? })
    }

    /// Reads `config.json` and the weights of its streams, in their order, from memory.
    ///
    /// # Errors
    /// When they are wrong.
    pub fn from_files(config: &[u8], weights: &[Vec<u8>], selected: &Selected) -> Result<SecondOpinion> {
        let config = GraphModelConfig::parse(config).context("config.json")?;
        let networks = GraphNetworks::parse(weights, &config, &selected.device)?;
        let recogniser = GraphRecogniser::new(networks, config, selected.device.clone(), selected.name.clone())?;
        Ok(SecondOpinion { recogniser })
    }

    /// What it makes of a motion.
    ///
    /// # Errors
    /// When its skeleton is not the network's, or the device gives nothing back.
    pub async fn of_async(&self, motion: &Motion) -> Result<Opinion> {
        let table = self.recogniser.look_async(&[motion]).await?;
        let labels = self.recogniser.labels();
        let scores = self.recogniser.rank(&table, labels).swap_remove(0);
        let probabilities = among_themselves(&scores);
        let best = (0..labels.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).context("it knows no label")?;
        Ok(Opinion { label: labels[best].clone(), probability: probabilities[best] })
    }

    /// As [`SecondOpinion::of_async`], waiting for the device.
    ///
    /// # Errors
    /// As there.
    #[cfg(not(target_family = "wasm"))]
    pub fn of(&self, motion: &Motion) -> Result<Opinion> {
        pollster::block_on(self.of_async(motion))
    }
}

/// The directory of the graph network that ships with the programs.
///
/// # Errors
/// When it is not there.
#[cfg(not(target_family = "wasm"))]
pub fn default_second_opinion() -> Result<PathBuf> {
    let config = shipped(SHIPPED).with_context(|| format!("{SHIPPED} is not beside the program"))?;
    Ok(config.parent().expect("a file lies in a folder").to_owned())
}
