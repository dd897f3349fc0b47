//! SUGAR's first stage as what learns and as what recognises: a graph network whose clips are drawn to the texts about
//! them (spec D.2).
//!
//! ```text
//! clips ──Knowledge──▶ bags of texts ──sentence encoder, once──▶ vectors ┐
//! clips ──Input──▶ joints ──graph network──▶ a vector each ──────────────┴──MIL-NCE──▶ loss
//! ```

mod config;
pub mod narrator;
mod run;
mod texts;

use std::path::Path;

use anyhow::Result;
use burn::{
    module::Module,
    tensor::{Tensor, TensorData},
};
use draction::motion::Motion;
use rayon::prelude::*;
use skeletonllm::sugar::{Sugar, SugarModelConfig, Vectors, write};
use skeletonllm_data::{
    Batches, DataClip,
    streams::{Stream, streamed},
};
use skeletonllm_network::{
    checkpoint::Precision,
    graph::{Observed, Pass, mean_observed},
    sugar::{Bags, Reading, SkeletonEncoder, mil_nce},
};

use super::{Course, Division, Learner, Piece, Recogniser, RunOptions, learner::Losses, posed::Held};

pub use config::{SugarConfig, SugarStage};
pub use run::run;
use texts::BagOfVectors;

/// The network that learns.
#[derive(Module, Debug)]
pub struct SugarLearner {
    /// All of it.
    pub encoder: SkeletonEncoder,
    #[module(skip)]
    reading: Reading,
}

/// What a step learns from.
pub struct BagBatch {
    /// `[N, 3, T, V, M]`.
    pub clips: Vec<f32>,
    /// Its sizes.
    pub shape: [usize; 5],
    /// `[N, slots, width]` vectors of texts; of empty slots zeros.
    pub texts: Vec<f32>,
    /// `[N][slots]` whether the slot holds a text.
    pub filled: Vec<Vec<bool>>,
    /// `[N]` equal for clips of the same label.
    pub labels: Vec<usize>,
}

impl Learner for SugarLearner {
    type Model = SkeletonEncoder;
    type Batch = BagBatch;
    type Stage = SugarStage;

    fn model(&self) -> &SkeletonEncoder {
        &self.encoder
    }

    fn with_model(self, encoder: SkeletonEncoder) -> SugarLearner {
        SugarLearner { encoder, ..self }
    }

    fn loss(&self, _: &SugarStage, batch: &BagBatch) -> Result<Losses> {
        let weight = self.encoder.graph.fc.weight.val();
        let device = weight.device().without_autodiff();
        let clips = Tensor::<5>::from_data(TensorData::new(batch.clips.clone(), batch.shape), &device);
        // where gradients are, inputs have to be, too
        let clips = if weight.is_require_grad() { Tensor::from_inner(clips) } else { clips };
        let mut pass = Pass::training();
        let vectors = self.encoder.embed(clips, &mut pass);
        let [count, slots] = [batch.labels.len(), batch.filled.first().map_or(0, Vec::len)];
        let shape = [count, slots, batch.texts.len() / (count * slots).max(1)];
        let texts = Tensor::<3>::from_data(TensorData::new(batch.texts.clone(), shape), &device);
        let texts = if weight.is_require_grad() { Tensor::from_inner(texts) } else { texts };
        let bags = Bags { texts, filled: batch.filled.clone(), labels: batch.labels.clone() };
        let main = mil_nce(vectors, &bags, self.encoder.tau(), self.reading);
        Ok(Losses { main, auxiliary: None, weight: 0.0, observed: pass.observed() })
    }

    fn rate_factor(&self, _: &SugarStage, _: &str) -> Option<f64> {
        Some(1.0)
    }

    /// Layers share the cores themselves.
    fn side_by_side(&self, _: &SugarStage) -> bool {
        false
    }

    fn settle(self, observed: Vec<Observed>) -> SugarLearner {
        SugarLearner { encoder: self.encoder.settle(&mean_observed(observed)), ..self }
    }
}

impl Recogniser for Sugar {
    /// Where each motion lies among sentences.
    type Observation = Vec<Vec<f32>>;

    fn labels(&self) -> &[String] {
        self.labels()
    }

    fn observe(&self, motions: &[&Motion]) -> Result<Vec<Vec<f32>>> {
        self.embed(motions)
    }

    /// Any label: it is a text like another.
    fn scores(&self, observation: &Vec<Vec<f32>>, candidates: &[String]) -> Result<Vec<Vec<f32>>> {
        self.rank(observation, candidates)
    }
}

/// A clip as it is learned from.
struct Example {
    held: Held,
    label: usize,
    bag: BagOfVectors,
}

/// The same as a step shows it.
pub struct Shown {
    /// `[3, T, V, M]`.
    numbers: Vec<f32>,
    /// Rows of the table of vectors.
    bag: Vec<usize>,
    label: usize,
}

/// What a run teaches.
pub struct TextLessons<'a> {
    options: &'a RunOptions<'a, SugarConfig>,
    config: SugarModelConfig,
    /// Vectors of the labels.
    known: Vectors,
    /// `[texts, width]` vectors of all texts.
    vectors: Vec<f32>,
    examples: Vec<Example>,
    batches: Batches,
    watched: Vec<&'a DataClip>,
}

impl Course for TextLessons<'_> {
    type Recipe = SugarConfig;
    type Learner = SugarLearner;
    type Recogniser = Sugar;
    type Sample = Shown;

    fn batches(&self) -> &Batches {
        &self.batches
    }

    fn samples(&self, _: &SugarStage, epoch: u64, members: &[(usize, usize)]) -> Result<Vec<Shown>> {
        let (settings, network) = (&self.options.config, &self.config.network);
        let shown = members.par_iter().map(|&(position, clip)| {
            let (example, mut rng) = (&self.examples[clip % self.examples.len()], self.batches.rng(epoch, position));
            let (joints, _) = settings.showing().show(&example.held, false, &mut rng);
            let numbers = streamed(Stream::Joint, joints, &network.edges);
            Shown { numbers, bag: example.bag.drawn(settings.visual, &mut rng), label: example.label }
        });
        Ok(shown.collect())
    }

    /// Clips of a part are weighed against each other.
    fn division(&self) -> Division {
        Division { parts: self.options.config.parts, cut: false }
    }

    fn piece(&self, _: &SugarStage, shown: Vec<Shown>, _: &Piece<'_>) -> BagBatch {
        let (network, width, count) = (&self.config.network, self.config.text.width, shown.len());
        let slots = shown.iter().map(|shown| shown.bag.len()).max().unwrap_or(0);
        let mut texts = vec![0.0; count * slots * width];
        for (i, shown) in shown.iter().enumerate() {
            for (slot, text) in shown.bag.iter().enumerate() {
                let at = (i * slots + slot) * width;
                texts[at..at + width].copy_from_slice(&self.vectors[text * width..(text + 1) * width]);
            }
        }
        BagBatch {
            shape: [count, 3, self.config.input.window, network.joints, network.bodies],
            filled: shown.iter().map(|shown| (0..slots).map(|slot| slot < shown.bag.len()).collect()).collect(),
            labels: shown.iter().map(|shown| shown.label).collect(),
            clips: shown.into_iter().flat_map(|shown| shown.numbers).collect(),
            texts,
        }
    }

    fn recogniser(&self, encoder: &SkeletonEncoder, _: usize) -> Sugar {
        let RunOptions { device, device_name, .. } = self.options;
        let device = device.clone().without_autodiff();
        Sugar::new(encoder.clone(), self.config.clone(), self.known.clone(), device, device_name.clone())
    }

    fn watched(&self) -> &[&DataClip] {
        &self.watched
    }

    fn write(&self, encoder: &SkeletonEncoder, folders: [(&Path, Precision); 2]) -> Result<()> {
        let (config, known) = (&self.config, &self.known);
        folders.into_iter().try_for_each(|(folder, precision)| write(encoder, config, known, folder, precision))
    }
}
