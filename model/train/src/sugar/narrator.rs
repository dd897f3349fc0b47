//! SUGAR's second half as what learns and as what recognises: a frozen encoder's tokens go through TQP to a language model
//! beneath adapters, which says what is done, of a list, and how the body moves (spec D.3, D.4).
//!
//! ```text
//! clips ──Input──▶ joints ──graph network──▶ tokens ──TQP──▶ tokens of words' width ┐
//! labels of the set ──▶ question ───────────────────────────────────────────────────┼──language model──▶ loss
//! label, and a text of its bag ──▶ answer ──────────────────────────────────────────┘
//! ```

mod config;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use draction::motion::Motion;
use rayon::prelude::*;
use skeletonllm::{
    folder::Base,
    graph_recogniser::batch,
    sugar::{
        self, NarratorConfig, SugarModelConfig, Vectors,
        narrator::{self, Narrated, Speech, SugarNarrator},
    },
};
use skeletonllm_data::{
    Batches, DataClip, DataSet, Rng, TextBag, label,
    streams::{Poses, Stream, streamed},
};
use skeletonllm_network::{
    chat::Prompt,
    checkpoint::{Keep, Opened, Precision},
    lora,
    sugar::{Narrator, SkeletonEncoder, Spread, Tqp, TqpConfig},
    token_reader::TokenBatch,
};

use super::texts::bags;
use crate::{
    Course, Division, Learner, Piece, Recogniser, RunOptions,
    fit::fit,
    learner::Losses,
    posed::{class, epoch, labelled, posed},
    setup, state,
};

pub use config::{NarratorRecipe, NarratorStage};

/// The network that learns: all of it but encoder and language model.
#[derive(Module, Debug)]
pub struct NarratorLearner {
    /// All of it.
    pub narrator: Narrator,
    #[module(skip)]
    motion_token: u32,
}

/// What a step learns from.
pub struct ToldBatch {
    /// `[N, 3, T, V, M]`.
    clips: Vec<f32>,
    shape: [usize; 5],
    openings: TokenBatch,
    /// Questions with their answers, one a clip.
    rests: TokenBatch,
    /// What of them is learned.
    labels: Vec<Vec<i64>>,
}

/// Whether a parameter, by its name in the learner or in its model, is one of those that learn.
fn learns(name: &str) -> bool {
    name.strip_prefix("narrator.").unwrap_or(name).starts_with("tqp.") || name.contains(".lora.")
}

impl Learner for NarratorLearner {
    type Model = Narrator;
    type Batch = ToldBatch;
    type Stage = NarratorStage;

    fn model(&self) -> &Narrator {
        &self.narrator
    }

    fn with_model(self, narrator: Narrator) -> NarratorLearner {
        NarratorLearner { narrator, ..self }
    }

    fn loss(&self, _: &NarratorStage, batch: &ToldBatch) -> Result<Losses> {
        let device = self.narrator.tqp.query_tokens.val().device().without_autodiff();
        let clips = Tensor::<5>::from_data(TensorData::new(batch.clips.clone(), batch.shape), &device);
        let reader = self.narrator.text.reader(Some(self.motion_token));
        let opening = reader.open(&batch.openings, Some(self.narrator.tokens(clips)))?;
        let main = reader.loss_of_rests(opening, &batch.rests, &batch.labels)?;
        Ok(Losses { main, auxiliary: None, weight: 0.0, observed: Vec::new() })
    }

    fn rate_factor(&self, _: &NarratorStage, parameter: &str) -> Option<f64> {
        learns(parameter).then_some(1.0)
    }

    fn kept(&self, parameter: &str) -> bool {
        learns(parameter)
    }

    /// Layers share the cores themselves.
    fn side_by_side(&self, _: &NarratorStage) -> bool {
        false
    }
}

impl Recogniser for SugarNarrator {
    type Observation = Tensor<3>;

    fn labels(&self) -> &[String] {
        self.labels()
    }

    fn observe(&self, motions: &[&Motion]) -> Result<Tensor<3>> {
        self.observe(motions)
    }

    /// Any label, once it is in the list that is offered.
    fn scores(&self, observation: &Tensor<3>, candidates: &[String]) -> Result<Vec<Vec<f32>>> {
        self.rank(observation, candidates)
    }
}

/// A clip as it is learned from.
struct Example {
    poses: Poses,
    label: String,
    /// All labels of its set.
    offered: Arc<[String]>,
    bag: TextBag,
}

impl Example {
    /// A list with the label in it, in an order of its own.
    fn list(&self, most: usize, rng: &mut Rng) -> Vec<&str> {
        let mut others: Vec<&str> =
            self.offered.iter().map(String::as_str).filter(|label| *label != self.label).collect();
        rng.shuffle(&mut others);
        others.truncate(most - 1);
        others.push(&self.label);
        rng.shuffle(&mut others);
        others
    }

    /// How the body moves: what its label's parts do, or one thing that was seen in this clip.
    fn told(&self, rng: &mut Rng) -> &str {
        let motion = self.bag.always.get(1).map(|text| text.split_once(": ").map_or(text.as_str(), |(_, told)| told));
        let all: Vec<&str> = motion.into_iter().chain(self.bag.some.iter().map(String::as_str)).collect();
        if all.is_empty() { "" } else { all[rng.below(all.len())] }
    }
}

/// The same as a step shows it.
pub struct Shown {
    /// `[3, T, V, M]`.
    numbers: Vec<f32>,
    rest: Prompt,
}

/// What a run teaches.
struct Telling<'a> {
    options: &'a RunOptions<'a, NarratorRecipe>,
    config: SugarModelConfig,
    known: Vectors,
    speech: Speech,
    base: PathBuf,
    examples: Vec<Example>,
    batches: Batches,
    watched: Vec<&'a DataClip>,
}

impl Course for Telling<'_> {
    type Recipe = NarratorRecipe;
    type Learner = NarratorLearner;
    type Recogniser = SugarNarrator;
    type Sample = Shown;

    fn batches(&self) -> &Batches {
        &self.batches
    }

    fn samples(&self, _: &NarratorStage, epoch: u64, members: &[(usize, usize)]) -> Result<Vec<Shown>> {
        let (settings, edges) = (&self.options.config, &self.config.network.edges);
        let shown = members.par_iter().map(|&(position, clip)| {
            let (example, mut rng) = (&self.examples[clip % self.examples.len()], self.batches.rng(epoch, position));
            let joints = self.config.input.trained(&example.poses, settings.rotation, &mut rng);
            let question = Speech::question(&example.list(settings.offered, &mut rng));
            let answer = Speech::answer(&example.label, example.told(&mut rng));
            Shown { numbers: streamed(Stream::Joint, joints, edges), rest: self.speech.chat().rest(&question, &answer) }
        });
        Ok(shown.collect())
    }

    fn division(&self) -> Division {
        Division { parts: self.options.config.parts, cut: false }
    }

    fn piece(&self, _: &NarratorStage, shown: Vec<Shown>, _: &Piece<'_>) -> ToldBatch {
        let (network, count) = (&self.config.network, shown.len());
        let (numbers, rests): (Vec<_>, Vec<_>) = shown.into_iter().map(|shown| (shown.numbers, shown.rest)).unzip();
        let (ids, labels) = rests.into_iter().map(|rest| (rest.ids, rest.labels)).unzip();
        ToldBatch {
            clips: numbers.concat(),
            shape: [count, 3, self.config.input.window, network.joints, network.bodies],
            openings: TokenBatch::new(vec![self.speech.chat().opening().to_vec(); count]),
            rests: TokenBatch::new(ids),
            labels,
        }
    }

    fn recogniser(&self, narrator: &Narrator, _: usize) -> SugarNarrator {
        let RunOptions { device, device_name, .. } = self.options;
        let device = device.clone().without_autodiff();
        let (config, known, speech) = (self.config.clone(), self.known.clone(), self.speech.clone());
        SugarNarrator::new(narrator.clone(), config, known, speech, device, device_name.clone())
    }

    fn watched(&self) -> &[&DataClip] {
        &self.watched
    }

    /// What lies on top of a language model is not made smaller.
    fn write(&self, narrator: &Narrator, [(folder, precision), _]: [(&Path, Precision); 2]) -> Result<()> {
        sugar::write(&narrator.encoder, &self.config, &self.known, folder, precision)?;
        let projection = (&narrator.spread, &narrator.tqp);
        narrator::write(projection, &lora::merge(narrator.text.clone()), &self.base, folder, precision)
    }
}

/// Trains from the start, or from where a run stopped, to the end. A run begins with the encoder of an earlier one.
///
/// # Errors
/// When data, configuration or files cannot be used.
pub fn run(mut options: RunOptions<'_, NarratorRecipe>) -> Result<()> {
    let resumed = state::open(&mut options)?;
    let beginning = options.out.join(state::START);
    let device = options.device.clone().autodiff();
    let (train, validation) =
        setup::read_data(&options.data, &options.config.ntu, &options.config.selection, options.quiet, options.ranks)?;
    let (checkpoint, mut at) = match resumed {
        Some(resumed) => resumed,
        None => state::start(&mut options, |options| begin(options, &train, &beginning))?,
    };
    let (settings, ranks) = (&options.config, options.ranks);
    let Narrated { config, narrator, known, speech, base } =
        narrator::read(&beginning, settings.base.as_deref(), &device)?;
    let narrator = narrator.adapting(&settings.adapters(), settings.seed);
    let examples = examples(&train, &config, settings.texts.as_deref())?;
    ranks.tell(format_args!(
        "training on {} with {} clips; a motion is {} tokens to {}",
        options.device_name,
        examples.len(),
        settings.tqp.queries,
        base.display()
    ));
    let labels = setup::labels_of(&train);
    let keys: Vec<usize> = labelled(&train).map(|clip| class(clip, &labels)).collect::<Result<_>>()?;
    let learner = NarratorLearner { narrator, motion_token: speech.motion_token() };
    let order = epoch(&keys, &train, &settings.selection);
    let course = Telling {
        options: &options,
        batches: Batches::balanced(&order, settings.batch, settings.seed, settings.balance),
        examples,
        watched: setup::spread(&validation, settings.validation_clips),
        config,
        known,
        speech,
        base,
    };
    fit(&course, &options, learner, checkpoint, &mut at)
}

/// Writes what a run begins with: the encoder that `--from` names, and a fresh projection to the language model.
fn begin(options: &RunOptions<'_, NarratorRecipe>, train: &[DataSet], folder: &Path) -> Result<()> {
    let settings = &options.config;
    let plain = options.device.clone().without_autodiff();
    let from = options.from.as_deref().context(
        "--from: name a model that `train --system sugar --text DIR` has made; its encoder stays as it is beneath what \
         learns now",
    )?;
    let (mut config, encoder, known) = sugar::read(from, &plain)?;
    if config.narrator.is_some() {
        bail!("{}: it has a language model already; its run goes on with --resume", from.display());
    }
    let base = setup::lowest(settings.base.as_deref().context("base: name a language model with --base")?)?;
    let mut opened = Opened::text_model(&base)?;
    opened.keep = settings.base_bits.map_or(Keep::Packed, Keep::In);
    let tqp =
        TqpConfig { skeleton: config.network.features(), language: opened.config.hidden_size, ..settings.tqp.clone() };
    config.narrator = Some(NarratorConfig {
        labels: setup::labels_of(train).names().to_vec(),
        base: Base::of(&base)?,
        base_bits: settings.base_bits,
        tqp: tqp.clone(),
    });
    config.validate()?;
    sugar::write(&encoder, &config, &known, folder, Precision::F32)?;
    let spread = spread(&encoder, &config, train, &plain)?;
    let fresh = Tqp::new(&tqp, &plain).fresh(settings.seed);
    narrator::write((&spread, &fresh), &opened.read(&plain)?, &base, folder, Precision::F32)
}

/// How the encoder's tokens of training clips lie, of some of each set.
fn spread(encoder: &SkeletonEncoder, config: &SugarModelConfig, train: &[DataSet], device: &Device) -> Result<Spread> {
    const CLIPS: usize = 256;
    const TOGETHER: usize = 16;
    let mut tokens = Vec::new();
    for clips in setup::spread(train, CLIPS).chunks(TOGETHER) {
        let poses =
            clips.par_iter().map(|clip| Ok(config.input.evaluated(&posed(clip, &config.input, &config.network)?)));
        let batch = batch(&poses.collect::<Result<Vec<_>>>()?, Stream::Joint, &config.network.edges, device);
        tokens.push(encoder.tokens(batch));
    }
    Ok(Spread::of(Tensor::cat(tokens, 0)))
}

/// The clips that have a label, with what is said of them.
fn examples(train: &[DataSet], config: &SugarModelConfig, texts: Option<&Path>) -> Result<Vec<Example>> {
    let of_sets = train.iter().flat_map(|set| {
        let offered: Arc<[String]> = set.labels().names().iter().map(|name| label::normalized(name)).collect();
        labelled(std::slice::from_ref(set)).map(move |clip| (clip, offered.clone()))
    });
    let (learned, offered): (Vec<&DataClip>, Vec<Arc<[String]>>) = of_sets.unzip();
    let bags = bags(texts, &learned)?;
    let example = |((clip, offered), bag): ((&DataClip, Arc<[String]>), TextBag)| {
        let label = label::normalized(clip.record.label.as_deref().unwrap_or_default());
        Ok(Example { poses: posed(clip, &config.input, &config.network)?, label, offered, bag })
    };
    learned.into_par_iter().zip(offered).zip(bags).map(example).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_the_label_and_no_more_than_is_asked_for() {
        let labels = ["walk", "squat", "clap", "wave"].map(str::to_owned);
        let bag =
            TextBag { always: vec!["clap".into(), "clap: hand meets hand".into()], some: vec!["both hands".into()] };
        let input = skeletonllm_data::streams::Input::default();
        let path = skeletonllm_checks::asset("samples/clap.bvh");
        let motion = draction::motion::read_file(path, &Default::default()).unwrap();
        let poses = input.poses(&input.body(&motion));
        let example = Example { poses, label: "clap".into(), offered: labels.into(), bag };
        let (mut places, mut others, mut told) = ([0; 3], std::collections::BTreeSet::new(), Vec::new());
        for epoch in 0..60 {
            let mut rng = Rng::at(1, epoch, 0);
            let list = example.list(3, &mut rng);
            assert_eq!(list.len(), 3);
            places[list.iter().position(|label| *label == "clap").unwrap()] += 1;
            others.extend(list.iter().map(|label| (*label).to_owned()));
            told.push(example.told(&mut rng).to_owned());
        }
        assert!(places.iter().all(|&count| count > 5), "{places:?}");
        assert_eq!((others.len(), example.list(9, &mut Rng::at(1, 0, 0)).len()), (4, 4));
        told.sort();
        told.dedup();
        assert_eq!(told, ["both hands", "hand meets hand"]);
    }
}
