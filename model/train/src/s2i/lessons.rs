//! A run of S2I: what it begins with, or where it goes on, and what it teaches.

use std::path::Path;

use anyhow::{Result, ensure};
use burn::{
    module::{Module, Param},
    tensor::Tensor,
};
use skeletonllm_data::{Batches, DataClip, Labels, Rng};
use skeletonllm_network::{checkpoint::Precision, tensors::host};

use super::{
    Lesson, PictureBatch, PictureSample, Pictures, S2iConfig, S2iFolder, S2iLearner, S2iModel, S2iRecogniser, S2iStage,
    reconstruction::reconstruction,
};
use crate::{Course, Division, Note, Piece, RunOptions, fit::fit, setup, state};

/// Clips whose reconstructions are looked at.
const RECONSTRUCTED: usize = 4;
/// Clips looked at together.
const TOGETHER: usize = 32;

/// What a run teaches S2I.
pub struct S2iLessons<'a> {
    options: &'a RunOptions<'a, S2iConfig>,
    source: Pictures<'a>,
    batches: Batches,
    watched: Vec<&'a DataClip>,
    labels: Vec<String>,
}

/// Trains from the start, or from where a run stopped, to the end.
///
/// # Errors
/// When data, configuration or files cannot be used.
pub fn run(mut options: RunOptions<'_, S2iConfig>) -> Result<()> {
    let resumed = state::open(&mut options)?;
    let beginning = options.out.join(state::START);
    let (train, validation) =
        setup::read_data(&options.data, &options.config.ntu, &options.config.selection, options.quiet, options.ranks)?;
    let device = options.device.clone().autodiff();
    let (checkpoint, mut at) = match resumed {
        Some(resumed) => resumed,
        None => state::start(&mut options, |options| {
            start(options, setup::labels_of(&train).names().to_vec())?.write(&beginning, Precision::F32)
        })?,
    };
    let config = &options.config;
    let S2iFolder { model, labels, .. } = S2iFolder::read(&beginning, &device)?;
    let clips: Vec<&DataClip> = train.iter().flat_map(|set| &set.clips).collect();
    ensure!(!clips.is_empty(), "there is no training clip in {}", names_of(&options.data));
    let keys: Vec<&str> = clips.iter().map(|clip| clip.record.label.as_deref().unwrap_or("")).collect();
    let lessons = S2iLessons {
        options: &options,
        // those of few labels come in turns: how rare the others are, nobody knows
        batches: Batches::balanced(
            &keys,
            config.batch,
            config.seed,
            config.selection.labelled.map_or(config.balance, |_| 0.0),
        ),
        source: Pictures::new(clips, &Labels::new(&labels), config),
        watched: setup::spread(&validation, config.validation_clips),
        labels,
    };
    let named = config.stages.iter().any(|stage| stage.lesson != Lesson::Pretrain);
    ensure!(!named || !lessons.source.labelled.is_empty(), "no training clip has a label");
    let model = if checkpoint.is_some() { model } else { lessons.begin(model, 0) };
    let learner = S2iLearner::new(model, config);
    options.ranks.tell(format_args!(
        "training {} parameters on {} with {} clips, of which {} have one of {} labels that is known",
        learner.taught.num_params(),
        options.device_name,
        lessons.source.clips.len(),
        lessons.source.labelled.len(),
        lessons.labels.len()
    ));
    fit(&lessons, &options, learner, checkpoint, &mut at)
}

/// The model that a run starts from: that of `--from`, whose pictures stay as they are, public weights, or one drawn afresh.
fn start(options: &mut RunOptions<'_, S2iConfig>, labels: Vec<String>) -> Result<S2iFolder> {
    let device = options.device.clone().without_autodiff();
    let before = options.from.as_deref().map(|folder| S2iFolder::read(folder, &device)).transpose()?;
    if let Some(before) = &before {
        options.config.s2i = before.settings.clone();
    }
    let config = &options.config;
    let mut model = S2iModel::start(&config.s2i, labels.len(), config.seed, &device);
    if let Some(path) = &config.weights {
        model = model.with_public(path)?;
    }
    let model = match before {
        // with other labels only what it sees is of use
        Some(before) if before.labels != labels => model.with_eyes_of(before.model),
        Some(before) => before.model,
        None => model,
    };
    let named_by = config.stages.iter().map(|stage| stage.lesson).rfind(|lesson| *lesson != Lesson::Pretrain);
    let named_by = named_by.unwrap_or(Lesson::FineTune);
    Ok(S2iFolder { model, settings: config.s2i.clone(), named_by, labels })
}

fn names_of(folders: &[std::path::PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl S2iLessons<'_> {
    /// What names labels in the stage of this number, or did last.
    fn named_by(&self, stage: usize) -> Lesson {
        let stages = &self.options.config.stages;
        let until = &stages[..(stage + 1).min(stages.len())];
        let named = until.iter().map(|stage| stage.lesson).rfind(|lesson| *lesson != Lesson::Pretrain);
        named.unwrap_or(Lesson::FineTune)
    }

    fn folder(&self, model: &S2iModel, stage: usize) -> S2iFolder {
        S2iFolder {
            model: model.clone(),
            settings: self.options.config.s2i.clone(),
            named_by: self.named_by(stage),
            labels: self.labels.clone(),
        }
    }

    /// The same with mean and deviation of the labelled clips' features in its probe.
    fn measured(&self, mut model: S2iModel) -> S2iModel {
        let still = model.clone().valid();
        let settings = &self.options.config.s2i;
        let clips: Vec<usize> = self.source.labelled.iter().map(|&(clip, _)| clip).collect();
        let width = still.encoder.norm.weight.lazy_shape()[0];
        let (mut sum, mut squares, mut count) = (vec![0.0_f64; width], vec![0.0_f64; width], 0.0);
        for some in clips.chunks(TOGETHER) {
            let motions: Vec<_> = some.iter().map(|&clip| &self.source.clips[clip].motion).collect();
            let (batch, _) = PictureBatch::whole(&motions, settings);
            if batch.counts.is_empty() {
                continue;
            }
            for row in host(still.features(&batch)).chunks_exact(width) {
                count += 1.0;
                for (i, &x) in row.iter().enumerate() {
                    sum[i] += f64::from(x);
                    squares[i] += f64::from(x) * f64::from(x);
                }
            }
        }
        let device = model.encoder.cls_token.val().device();
        let count = f64::max(count, 1.0);
        let mean: Vec<f32> = sum.iter().map(|s| (s / count) as f32).collect();
        let variance: Vec<f32> =
            sum.iter().zip(&squares).map(|(s, q)| (q / count - (s / count).powi(2)).max(0.0) as f32).collect();
        let tensor = |values: &[f32]| Param::from_tensor(Tensor::<1>::from_floats(values, &device));
        model.probe.running_mean = tensor(&mean);
        model.probe.running_var = tensor(&variance);
        model
    }
}

impl Course for S2iLessons<'_> {
    type Recipe = S2iConfig;
    type Learner = S2iLearner;
    type Recogniser = S2iRecogniser;
    type Sample = PictureSample;

    fn batches(&self) -> &Batches {
        &self.batches
    }

    fn samples(&self, stage: &S2iStage, epoch: u64, members: &[(usize, usize)]) -> Result<Vec<PictureSample>> {
        let streams = members.iter().map(|&(position, clip)| (self.batches.rng(epoch, position), clip));
        Ok(self.source.samples(stage.lesson, streams.collect()))
    }

    fn division(&self) -> Division {
        Division { parts: self.options.config.parts, cut: true }
    }

    fn note(&self, sample: &PictureSample) -> Note {
        sample.note()
    }

    fn piece(&self, stage: &S2iStage, samples: Vec<PictureSample>, piece: &Piece<'_>) -> PictureBatch {
        self.source.piece(stage.lesson, samples, piece)
    }

    fn begin(&self, model: S2iModel, stage: usize) -> S2iModel {
        let probes = |stage: &S2iStage| stage.lesson == Lesson::Probe;
        if self.options.config.stages.get(stage).is_some_and(probes) { self.measured(model) } else { model }
    }

    fn recogniser(&self, model: &S2iModel, stage: usize) -> S2iRecogniser {
        S2iRecogniser::new(vec![self.folder(model, stage)], self.options.device_name.clone()).expect("one model")
    }

    fn watched(&self) -> &[&DataClip] {
        &self.watched
    }

    /// Some watched clips, what is seen of them, and what the model makes of that.
    fn picture(&self, model: &S2iModel) -> Result<Option<Vec<u8>>> {
        let config = &self.options.config;
        let motions: Vec<_> = self.watched.iter().take(RECONSTRUCTED).map(|clip| &clip.motion).collect();
        let (batch, _) = PictureBatch::whole(&motions, &config.s2i);
        if batch.counts.is_empty() {
            return Ok(None);
        }
        reconstruction(model, &config.s2i, batch, Rng::new(config.seed)).map(Some)
    }

    fn write(&self, model: &S2iModel, folders: [(&Path, Precision); 2]) -> Result<()> {
        let finished = self.folder(model, usize::MAX - 1);
        folders.into_iter().try_for_each(|(folder, precision)| finished.write(folder, precision))
    }
}
