//! MMCL: graph networks as what learns and as what recognises (spec B).

mod beside;
mod config;
mod run;

use std::path::Path;

use anyhow::{Result, ensure};
use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use draction::motion::Motion;
use rayon::prelude::*;
use skeletonllm::graph_recogniser::{GraphModelConfig, GraphNetworks, GraphRecogniser, WeightedStream};
use skeletonllm_data::{
    Batches, DataClip, Labels,
    ensemble::{Table, search},
    streams::{Stream, streamed},
};
use skeletonllm_network::{
    checkpoint::Precision,
    co_learning::{Beside, Helpers, Losses as Parts, cross_entropy},
    graph::{Observed, Pass, absorb, mean_observed},
};

use super::{
    Course, Division, Learner, Piece, Recogniser, RunOptions,
    learner::Losses,
    posed::{Held, class},
};

pub use beside::{Pictures, Texts};
pub use config::{MmclConfig, MmclStage};
pub use run::run;

/// The networks that learn, and what helps them.
#[derive(Module, Debug)]
pub struct MmclLearner {
    /// One for each stream; a stage teaches one of them.
    pub networks: GraphNetworks,
    /// Pictures and texts, where the run has any.
    pub helpers: Option<Helpers>,
    #[module(skip)]
    streams: Vec<Stream>,
}

impl MmclLearner {
    /// Networks of these streams, in order.
    #[must_use]
    pub fn new(networks: GraphNetworks, helpers: Option<Helpers>, streams: &[WeightedStream]) -> Self {
        Self { networks, helpers, streams: streams.iter().map(|stream| stream.stream).collect() }
    }

    /// Which network a stage teaches.
    fn taught(&self, stage: &MmclStage) -> usize {
        self.streams.iter().position(|stream| *stream == stage.stream).expect("a network for every stage")
    }
}

/// What a step learns from.
pub struct StreamBatch {
    /// `[N, 3, T, V, M]`.
    pub clips: Vec<f32>,
    /// Its sizes.
    pub shape: [usize; 5],
    /// `[N]` the right classes.
    pub labels: Vec<i64>,
    /// `[N, pictures]` features of pictures, where there are any.
    pub pictures: Option<Vec<f32>>,
    /// `[N, texts]` features of texts, where there are any.
    pub texts: Option<Vec<f32>>,
}

impl Learner for MmclLearner {
    type Model = GraphNetworks;
    type Batch = StreamBatch;
    type Stage = MmclStage;

    fn model(&self) -> &GraphNetworks {
        &self.networks
    }

    fn with_model(self, networks: GraphNetworks) -> MmclLearner {
        MmclLearner { networks, ..self }
    }

    /// Cross-entropy of the scores, with both helpers' losses in it.
    fn loss(&self, stage: &MmclStage, batch: &StreamBatch) -> Result<Losses> {
        let network = &self.networks.streams[self.taught(stage)];
        let weight = network.fc.weight.val();
        let device = weight.device().without_autodiff();
        let clips = Tensor::from_data(TensorData::new(batch.clips.clone(), batch.shape), &device);
        // where gradients are, inputs have to be, too
        let clips = if weight.is_require_grad() { Tensor::from_inner(clips) } else { clips };
        let mut pass = Pass::training();
        let features = network.features(clips, &mut pass, |_, _| ());
        let pooled = network.pooled(features);
        let scores = network.fc.forward(pooled.clone());
        let main = match &self.helpers {
            None => cross_entropy(scores, &batch.labels),
            Some(helpers) => {
                let rows = |numbers: &Option<Vec<f32>>| {
                    let numbers = numbers.as_ref()?;
                    let shape = [batch.labels.len(), numbers.len() / batch.labels.len().max(1)];
                    let rows: Tensor<2> = Tensor::from_data(TensorData::new(numbers.clone(), shape), &device);
                    Some(if weight.is_require_grad() { Tensor::from_inner(rows) } else { rows })
                };
                let beside = Beside { pictures: rows(&batch.pictures), texts: rows(&batch.texts) };
                let parts: Parts = helpers.loss(pooled, scores, &batch.labels, beside);
                parts.total()
            }
        };
        Ok(Losses { main, auxiliary: None, weight: 0.0, observed: pass.observed() })
    }

    fn rate_factor(&self, stage: &MmclStage, parameter: &str) -> Option<f64> {
        let network = format!("networks.streams.{}.", self.taught(stage));
        (parameter.starts_with("helpers.") || parameter.starts_with(&network)).then_some(1.0)
    }

    /// Layers share the cores themselves.
    fn side_by_side(&self, _: &MmclStage) -> bool {
        false
    }

    fn settle(self, observed: Vec<Observed>) -> MmclLearner {
        MmclLearner { networks: absorb(self.networks, &mean_observed(observed)), ..self }
    }
}

impl Recogniser for GraphRecogniser {
    type Observation = Table;

    fn labels(&self) -> &[String] {
        self.labels()
    }

    fn observe(&self, motions: &[&Motion]) -> Result<Table> {
        self.look(motions)
    }

    fn scores(&self, observation: &Table, candidates: &[String]) -> Result<Vec<Vec<f32>>> {
        Ok(self.rank(observation, candidates))
    }
}

/// A clip as it is learned from.
struct Example {
    held: Held,
    label: i64,
    /// The label of its mirror image, where there is one.
    mirrored: Option<i64>,
    pictures: Option<Vec<f32>>,
    texts: Option<Vec<f32>>,
}

/// The same as a step shows it.
pub struct Shown {
    /// Its number among the examples.
    clip: usize,
    label: i64,
    /// `[3, T, V, M]`.
    numbers: Vec<f32>,
}

/// What a run teaches graph networks.
pub struct GraphLessons<'a> {
    options: &'a RunOptions<'a, MmclConfig>,
    config: GraphModelConfig,
    examples: Vec<Example>,
    batches: Batches,
    watched: Vec<&'a DataClip>,
    /// Training clips that are not learned from, to weigh the streams by.
    held_out: Vec<&'a DataClip>,
}

impl GraphLessons<'_> {
    fn recogniser_with(&self, networks: &GraphNetworks, weights: impl Fn(usize) -> f64) -> Result<GraphRecogniser> {
        let mut config = self.config.clone();
        config.streams.iter_mut().enumerate().for_each(|(index, stream)| stream.weight = weights(index));
        let device: Device = self.options.device.clone().without_autodiff();
        GraphRecogniser::new(networks.clone(), config, device, self.options.device_name.clone())
    }

    /// What each stream counts: searched on the clips held out; without any, all alike.
    fn weights(&self, networks: &GraphNetworks) -> Result<Vec<f64>> {
        let alike = vec![1.0; self.config.streams.len()];
        if alike.len() < 2 || self.held_out.is_empty() {
            return Ok(alike);
        }
        let recogniser = self.recogniser_with(networks, |_| 1.0)?;
        let classes = self.config.network.classes;
        let mut tables = vec![Table { classes, scores: Vec::new() }; alike.len()];
        let (known, mut labels) = (Labels::new(&self.config.labels), Vec::new());
        for clips in self.held_out.chunks(16) {
            let motions: Vec<&Motion> = clips.iter().map(|clip| &clip.motion).collect();
            for (all, table) in tables.iter_mut().zip(recogniser.tables(&motions)?) {
                all.scores.extend(table.scores);
            }
            for clip in clips {
                labels.push(class(clip, &known)?);
            }
        }
        let weights = search(&tables, &labels);
        let streams = self.config.streams.iter().zip(&weights);
        let told: Vec<String> = streams.map(|(stream, weight)| format!("{} {weight}", stream.stream.name())).collect();
        self.options.ranks.tell(format_args!("weights by {} clips held out: {}", labels.len(), told.join(", ")));
        Ok(weights)
    }
}

impl Course for GraphLessons<'_> {
    type Recipe = MmclConfig;
    type Learner = MmclLearner;
    type Recogniser = GraphRecogniser;
    type Sample = Shown;

    fn batches(&self) -> &Batches {
        &self.batches
    }

    fn samples(&self, stage: &MmclStage, epoch: u64, members: &[(usize, usize)]) -> Result<Vec<Shown>> {
        let (settings, network) = (&self.options.config, &self.config.network);
        let shown = members.par_iter().map(|&(position, clip)| {
            let (clip, mut rng) = (clip % self.examples.len(), self.batches.rng(epoch, position));
            let Example { held, label, mirrored, pictures, texts } = &self.examples[clip];
            // of what helps, only the clip as it is was seen
            let other = mirrored.filter(|_| pictures.is_none() && texts.is_none());
            let (joints, mirrored) = settings.showing().show(held, other.is_some(), &mut rng);
            let label = other.filter(|_| mirrored).unwrap_or(*label);
            Shown { clip, label, numbers: streamed(stage.stream, joints, &network.edges) }
        });
        Ok(shown.collect())
    }

    /// Norms go by a part as a whole.
    fn division(&self) -> Division {
        Division { parts: self.options.config.parts, cut: false }
    }

    fn piece(&self, _: &MmclStage, shown: Vec<Shown>, _: &Piece<'_>) -> StreamBatch {
        let (network, count) = (&self.config.network, shown.len());
        let of = |shown: &Shown| &self.examples[shown.clip];
        let all = |part: fn(&Example) -> Option<&Vec<f32>>| -> Option<Vec<f32>> {
            let rows = shown.iter().map(|shown| part(of(shown))).collect::<Option<Vec<_>>>();
            rows.map(|rows| rows.into_iter().flatten().copied().collect())
        };
        StreamBatch {
            shape: [count, 3, self.config.input.window, network.joints, network.bodies],
            labels: shown.iter().map(|shown| shown.label).collect(),
            pictures: all(|example| example.pictures.as_ref()),
            texts: all(|example| example.texts.as_ref()),
            clips: shown.into_iter().flat_map(|shown| shown.numbers).collect(),
        }
    }

    /// With the streams that were taught until then, all alike.
    fn recogniser(&self, networks: &GraphNetworks, stage: usize) -> GraphRecogniser {
        let taught = &self.options.config.stages[..(stage + 1).min(self.options.config.stages.len())];
        let weight = |index: usize| {
            let stream = self.config.streams[index].stream;
            f64::from(u8::from(taught.iter().any(|stage| stage.stream == stream)))
        };
        self.recogniser_with(networks, weight).expect("labels were collected without doubles")
    }

    fn watched(&self) -> &[&DataClip] {
        &self.watched
    }

    fn write(&self, networks: &GraphNetworks, folders: [(&Path, Precision); 2]) -> Result<()> {
        let mut config = self.config.clone();
        for (stream, weight) in config.streams.iter_mut().zip(self.weights(networks)?) {
            ensure!(weight.is_finite(), "a weight of the ensemble is {weight}");
            stream.weight = weight;
        }
        folders.into_iter().try_for_each(|(folder, precision)| networks.write(folder, &config, precision))
    }
}
