//! SUGAR: a graph network that puts a motion where sentences about it lie (spec D.2), and the [language model](narrator) that
//! some of its models have besides.
//!
//! A directory of such a model holds `config.json`, `graph.safetensors`, and `labels.safetensors` with the vectors of the
//! labels that it was taught. Any other text needs the sentence encoder that it was taught with: it is looked for where
//! the run had it, and its checksum tells whether it is the one.

mod config;
#[cfg(not(target_family = "wasm"))]
pub mod narrator;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use draction::motion::Motion;
use skeletonllm_data::{
    Labels,
    streams::{Poses, Stream},
};
use skeletonllm_network::{
    checkpoint::{self, HostTensor, Precision, TensorMap},
    graph::Pass,
    read_at::read_file,
    sentence::SentenceEncoder,
    sugar::SkeletonEncoder,
    tensors::{host, normalised},
};

pub use config::{NarratorConfig, SYSTEM, SugarModelConfig, TextEncoder};

use crate::graph_recogniser;

/// Texts by their vectors, each of length 1.
pub type Vectors = HashMap<String, Vec<f32>>;

/// The file of the network's weights.
const GRAPH: &str = "graph.safetensors";
/// The file of the labels' vectors.
pub const LABELS: &str = "labels.safetensors";

/// Writes a model directory; `known` holds the vector of every label.
///
/// # Errors
/// When a file cannot be written.
///
/// # Panics
/// When a label has no vector.
pub fn write(
    encoder: &SkeletonEncoder,
    config: &SugarModelConfig,
    known: &Vectors,
    folder: &Path,
    precision: Precision,
) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    checkpoint::write(folder.join(GRAPH), &checkpoint::tensors_of(encoder), precision)?;
    let values = config.labels.iter().flat_map(|label| known[label].iter().copied()).collect();
    let vectors = HostTensor { shape: vec![config.labels.len(), config.text.width], values };
    checkpoint::write(folder.join(LABELS), &TensorMap::from([("vectors".into(), vectors)]), Precision::F32)?;
    let text = serde_json::to_vec_pretty(config)?;
    Ok(draction::store::write_atomically(&folder.join("config.json"), &text)?)
}

/// Reads a model directory: what it says, the network, and the vectors of its labels.
///
/// # Errors
/// When a file is missing or wrong, naming it.
pub fn read(folder: &Path, device: &Device) -> Result<(SugarModelConfig, SkeletonEncoder, Vectors)> {
    let config = SugarModelConfig::read(folder)?;
    let path = folder.join(GRAPH);
    let empty = SkeletonEncoder::new(&config.network, device)?;
    let encoder = checkpoint::apply(empty, checkpoint::read(&path)?, &path.display().to_string())?;
    let path = folder.join(LABELS);
    let (labels, width) = (config.labels.len(), config.text.width);
    let vectors = checkpoint::read(&path)?.remove("vectors").filter(|tensor| tensor.shape == [labels, width]);
    let vectors = vectors.with_context(|| format!("{}: no `vectors` of {labels}×{width}", path.display()))?;
    let known = config.labels.iter().cloned().zip(vectors.values.chunks_exact(width).map(<[f32]>::to_vec)).collect();
    Ok((config, encoder, known))
}

/// Whether the model in a folder has a language model, which tells what a motion is; one that cannot be read has none.
#[must_use]
pub fn narrates(folder: &Path) -> bool {
    SugarModelConfig::read(folder).is_ok_and(|config| config.narrator.is_some())
}

/// What tells vectors of this model from those of any other, 64 hexadecimal digits: it changes with the weights, with what
/// is shown to the network, and with the sentence encoder; not with the labels.
///
/// # Errors
/// When a file cannot be read.
pub fn checksum(folder: &Path) -> Result<String> {
    let SugarModelConfig { input, network, text, .. } = SugarModelConfig::read(folder)?;
    let path = folder.join(GRAPH);
    let mut bytes = read_file(&path).with_context(|| format!("cannot read {}", path.display()))?;
    bytes.extend(serde_json::to_vec(&(input, network, text.sha256))?);
    Ok(draction::store::sha256(&bytes))
}

/// A model ready to be asked.
pub struct Sugar {
    network: SkeletonEncoder,
    config: SugarModelConfig,
    labels: Labels,
    /// Vectors of the texts that were asked about.
    known: Mutex<Vectors>,
    /// Where the sentence encoder lies.
    text: PathBuf,
    sentences: OnceLock<SentenceEncoder>,
    tau: f32,
    device: Device,
    device_name: String,
}

impl Sugar {
    /// Loads a model directory onto the chosen device; `text` says where the sentence encoder lies, if no longer where
    /// the model was trained. It is read when a text is first asked about.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it, or the device cannot be had.
    #[cfg(not(target_family = "wasm"))]
    pub fn load(folder: &Path, text: Option<&Path>, choice: skeletonllm_network::device::DeviceChoice) -> Result<Self> {
        let skeletonllm_network::device::Selected { device, name } = skeletonllm_network::device::select(choice)?;
        let (mut config, network, known) = read(folder, &device)?;
        if let Some(text) = text {
            config.text.folder = text.to_owned();
        }
        Ok(Self::new(network, config, known, device, name))
    }

    /// A recogniser around a network without gradients and the vectors of its labels.
    #[must_use]
    pub fn new(
        network: SkeletonEncoder,
        config: SugarModelConfig,
        known: Vectors,
        device: Device,
        device_name: String,
    ) -> Self {
        Self {
            labels: Labels::new(&config.labels),
            tau: host(network.tau())[0],
            known: Mutex::new(known),
            text: config.text.folder.clone(),
            sentences: OnceLock::new(),
            network,
            config,
            device,
            device_name,
        }
    }

    /// What its configuration says.
    #[must_use]
    pub fn config(&self) -> &SugarModelConfig {
        &self.config
    }

    /// The labels that it was taught.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        self.labels.names()
    }

    /// Where it computes.
    #[must_use]
    pub fn device_name(&self) -> &str {
        &self.device_name
    }

    /// Numbers of a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.config.text.width
    }

    /// Where motions lie among sentences: a vector of length 1 for each.
    ///
    /// # Errors
    /// When a motion shows nobody, or has another skeleton than the network.
    pub fn embed(&self, motions: &[&Motion]) -> Result<Vec<Vec<f32>>> {
        let clips = motions.iter().map(|motion| self.shown(motion)).collect::<Result<Vec<_>>>()?;
        Ok(self.embed_shown(&clips))
    }

    /// What the network gets of a motion: the costly half of [`Sugar::embed`] that needs no device.
    ///
    /// # Errors
    /// As [`Sugar::embed`].
    pub fn shown(&self, motion: &Motion) -> Result<Poses> {
        let SugarModelConfig { input, network, .. } = &self.config;
        let body = input.body(motion);
        let joints = body.joints();
        ensure!(
            joints == network.joints,
            "this body has {joints} joints, the network {}; a body without known arms and legs keeps its own",
            network.joints
        );
        let poses = input.poses(&body);
        ensure!(poses.valid_frames() > 0, "nobody is there");
        Ok(input.evaluated(&poses))
    }

    /// The vectors of what [`Sugar::shown`] gave.
    #[must_use]
    pub fn embed_shown(&self, clips: &[Poses]) -> Vec<Vec<f32>> {
        if clips.is_empty() {
            return Vec::new();
        }
        let batch = graph_recogniser::batch(clips, Stream::Joint, &self.config.network.edges, &self.device);
        let vectors = host(normalised(self.network.embed(batch, &mut Pass::evaluation())));
        vectors.chunks_exact(self.width()).map(<[f32]>::to_vec).collect()
    }

    /// The vectors of texts, of length 1. Those of its own labels are known without the sentence encoder.
    ///
    /// # Errors
    /// When the sentence encoder cannot be read or is another one.
    pub fn read_texts(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let open: Vec<&str> = texts.iter().copied().filter(|text| !known.contains_key(*text)).collect();
        if !open.is_empty() {
            let vectors = self.sentences()?.embed(&open)?;
            known.extend(open.iter().zip(vectors).map(|(text, vector)| ((*text).to_owned(), unit(vector))));
        }
        Ok(texts.iter().map(|text| known[*text].clone()).collect())
    }

    /// `[vectors][candidates]` scores of labels: cosines over τ, so that their exponentials are odds.
    ///
    /// # Errors
    /// As [`Sugar::read_texts`].
    pub fn rank(&self, vectors: &[Vec<f32>], candidates: &[String]) -> Result<Vec<Vec<f32>>> {
        let names: Vec<String> = candidates.iter().map(|label| skeletonllm_data::label::normalized(label)).collect();
        let texts = self.read_texts(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let row = |vector: &Vec<f32>| texts.iter().map(|text| dot(vector, text) / self.tau).collect();
        Ok(vectors.iter().map(row).collect())
    }

    fn sentences(&self) -> Result<&SentenceEncoder> {
        if let Some(sentences) = self.sentences.get() {
            return Ok(sentences);
        }
        let sentences = self.config.text.open(&self.text, &self.device)?;
        Ok(self.sentences.get_or_init(|| sentences))
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A vector of length 1 that points the same way; zeros stay.
#[must_use]
pub fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = dot(&vector, &vector).sqrt().max(1e-12);
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}
