//! The training loop.

use std::{
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use draction::{
    clip::{Clip, ClipOptions},
    export::{contact_sheet, encode_png, pictures},
};
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    AdamW, Progress, Report, Schedule, Source, Stage, StageConfig, StepBatch, StepRow, TrainConfig, state,
};
use crate::{
    assistant::{Assistant, Extra, SkeletonLlm, fresh_drawing, see},
    chat::Chat,
    checkpoint::Precision,
    data::{AugmentOptions, Batches, DataClip, DataSet, FamilyWeights, Labels, LoadOptions, corpus},
    evaluate::rank_of,
    internvl::InternVl,
    lora,
    tokenizer::Tokenizer,
};

/// What the command line says.
pub struct RunOptions<'a> {
    /// Folders with a `metadata.jsonl` each.
    pub data: Vec<PathBuf>,
    /// Where the run lives.
    pub out: PathBuf,
    /// Sizes, stages, rates.
    pub config: TrainConfig,
    /// Continue the run in `out`.
    pub resume: bool,
    /// Where to compute.
    pub device: Device,
    /// Its name, for people.
    pub device_name: String,
    /// Set to end the run after the present step, saving it.
    pub stop: &'a AtomicBool,
    /// Do not draw a progress bar.
    pub quiet: bool,
    /// End after so many steps in all, as if stopped: for tests.
    pub max_steps: Option<u64>,
}

/// A model, its optimiser, and one stage's schedule.
pub struct Trainer {
    /// The model as it is now.
    pub model: SkeletonLlm,
    /// The optimiser's memory.
    pub optimizer: AdamW,
    stage: StageConfig,
    schedule: Schedule,
    drawing_rate: f64,
    scratch: bool,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// Cross-entropy before the step.
    pub loss: f64,
    /// Norm of the gradient before clipping.
    pub gradient: f64,
    /// Learning rate used.
    pub rate: f64,
}

impl Trainer {
    /// One optimiser step at `step` of the stage.
    ///
    /// # Errors
    /// When a clip cannot be drawn, or the loss is no longer a number.
    pub fn step(&mut self, batch: &StepBatch, step: u64) -> Result<StepResult> {
        let loss = self.loss(batch)?;
        let value = f64::from(loss.clone().into_scalar::<f32>());
        if !value.is_finite() {
            bail!("the loss is {value} at step {step}: lower the learning rate");
        }
        let gradients = loss.backward();
        let rate = self.stage.learning_rate * self.schedule.factor(step);
        let Trainer { stage, drawing_rate, scratch, .. } = self;
        let factor = |name: &str| rate_of(name, stage, *scratch, *drawing_rate).map(|f| f * rate);
        // cloning a model copies no numbers
        let (model, gradient) = self.optimizer.step(self.model.clone(), &gradients, factor);
        self.model = model;
        Ok(StepResult { loss: value, gradient, rate })
    }

    /// The loss of a batch, `[1]`.
    ///
    /// # Errors
    /// When a clip cannot be drawn.
    pub fn loss(&self, batch: &StepBatch) -> Result<Tensor<1>> {
        let size = self.model.internvl.config().render_size();
        let mut frames = self.model.drawing.render(&batch.clips, size)?;
        if self.stage.stage == Stage::Refine {
            frames = frames.detach();
        }
        let visual = see(&self.model.internvl, frames);
        let clips = batch.clips.len();
        let [all, tokens, width] = visual.dims();
        let questions = batch.labels.len() / clips;
        let visual = visual.reshape([clips, 1, all / clips * tokens, width]).repeat_dim(1, questions);
        let visual = visual.reshape([all * questions, tokens, width]);
        Ok(self.model.internvl.loss(&batch.tokens, &batch.labels, Some(visual))?)
    }
}

/// The factor on the learning rate of a tensor, `None` for a frozen one (spec A.9).
fn rate_of(name: &str, stage: &StageConfig, scratch: bool, drawing_rate: f64) -> Option<f64> {
    if name.starts_with("drawing.") {
        return (stage.stage == Stage::WarmUp).then_some(drawing_rate);
    }
    if name.starts_with("internvl.multi_modal_projector.") {
        return Some(1.0);
    }
    if stage.lora_rank > 0 {
        return name.contains(".lora.").then_some(1.0);
    }
    // a pretrained tower and decoder stay as they are; a model from nothing learns everything
    scratch.then_some(1.0)
}

/// Trains from start, or from where a run stopped, to the end.
///
/// # Errors
/// When data, configuration or files cannot be used.
pub fn run(mut options: RunOptions<'_>) -> Result<()> {
    let out = options.out.clone();
    std::fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let resumed = match options.resume {
        true => {
            let found = state::newest(&out).with_context(|| format!("{} holds no run to resume", out.display()))?;
            let progress = state::progress(&found)?;
            options.config = progress.config.clone();
            options.data = progress.data.clone();
            Some((found, progress))
        }
        false => {
            state::refuse_existing(&out)?;
            None
        }
    };
    options.config.validate().map_err(anyhow::Error::msg)?;
    let (train, validation) = read_data(&options)?;
    let labels = train.iter().fold(Labels::new::<&str>([]), |all, set| all.union(&set.labels())).with_mirrored();
    let known = train.iter().fold(Labels::new::<&str>([]), |all, set| all.union(&set.labels()));

    let tokenizer = tokenizer(&out, &train, &labels, options.config.vocabulary, resumed.is_some())?;
    let mut config = options.config.model.clone();
    config.text_config.vocab_size = tokenizer.vocabulary();
    config.image_token_id = tokenizer.image_context();
    config.image_seq_length = Some(config.tokens_per_frame());
    config.validate()?;
    let extra = Extra { labels: known.names().to_vec(), drawing: options.config.drawing };

    let device = options.device.clone().autodiff();
    let mut model = SkeletonLlm {
        drawing: fresh_drawing(options.config.drawing, options.config.seed, &device)?,
        internvl: InternVl::random(&config, options.config.seed, &device),
    };
    let mut progress = Progress {
        stage: 0,
        step: 0,
        total: 0,
        optimizer_steps: 0,
        best: -1.0,
        config: options.config.clone(),
        data: options.data.clone(),
    };
    let mut optimizer = AdamW::new(options.config.adamw());
    if let Some((folder, found)) = resumed {
        progress = found;
        model = prepare(model, &progress.config.stages[progress.stage], progress.config.seed);
        (model, optimizer) = state::load(&folder, &progress, model, options.config.adamw(), &device)?;
        eprintln!("resuming stage {} at step {}", progress.stage + 1, progress.step);
    } else {
        model = prepare(model, &options.config.stages[0], options.config.seed);
    }
    eprintln!(
        "training {} parameters on {} with {} clips, {} labels",
        model.num_params(),
        options.device_name,
        train.iter().map(|s| s.clips.len()).sum::<usize>(),
        known.len()
    );

    let config = &options.config;
    let clips: Vec<&DataClip> = train.iter().flat_map(|s| &s.clips).collect();
    let keys: Vec<&str> = clips.iter().map(|c| c.record.label.as_deref().unwrap_or("")).collect();
    let source = Source {
        batches: Batches::balanced(&keys, config.batch, config.seed, config.balance),
        clips,
        labels,
        augment: AugmentOptions { yaw_deg: 25.0, ..AugmentOptions::default() },
        families: FamilyWeights::default(),
        chat: Chat::new(&tokenizer, &model.internvl.config().skeleton(), model.internvl.config().tokens_per_frame()),
        frames: model.internvl.config().skeleton().frames,
        questions: config.questions,
    };
    let watched = spread(&validation, config.validation_clips);
    let mut run = Run { options: &options, source, watched, known, tokenizer, extra, out };
    run.train(model, optimizer, progress)
}

struct Run<'a> {
    options: &'a RunOptions<'a>,
    source: Source<'a>,
    watched: Vec<&'a DataClip>,
    known: Labels,
    tokenizer: Tokenizer,
    extra: Extra,
    out: PathBuf,
}

impl Run<'_> {
    fn train(&mut self, mut model: SkeletonLlm, mut optimizer: AdamW, mut progress: Progress) -> Result<()> {
        let config = &self.options.config;
        let per_epoch = self.source.batches.len() as u64;
        let mut report = Report::open(&self.out, progress.total)?;
        while progress.stage < config.stages.len() {
            let stage = config.stages[progress.stage].clone();
            let total = stage.epochs * per_epoch;
            let mut trainer = Trainer {
                model,
                optimizer,
                schedule: Schedule { total, warmup: config.warmup },
                drawing_rate: config.drawing_rate,
                scratch: true,
                stage,
            };
            let done = self.stage(&mut trainer, &mut progress, total, per_epoch, &mut report)?;
            Trainer { model, optimizer, .. } = trainer;
            if !done {
                progress.optimizer_steps = optimizer.steps();
                state::save(&self.out, &progress, &model, &optimizer)?;
                eprintln!("stopped and saved after {} steps; continue with --resume", progress.total);
                return Ok(());
            }
            if lora::attached(&model.internvl) {
                model.internvl = lora::merge(model.internvl);
            }
            progress.stage += 1;
            progress.step = 0;
            optimizer = AdamW::new(config.adamw());
            if let Some(next) = config.stages.get(progress.stage) {
                model = prepare(model, next, config.seed + progress.stage as u64);
                progress.optimizer_steps = 0;
                state::save(&self.out, &progress, &model, &optimizer)?;
            }
        }
        self.write_model(&model, "model", Precision::F32)?;
        self.write_model(&model, "model-int8", Precision::Int8)?;
        report.draw()?;
        eprintln!("finished: {} and {}", self.out.join("model").display(), self.out.join("model-int8").display());
        Ok(())
    }

    /// Runs a stage from `progress.step` to its end; `false` when it was stopped before.
    fn stage(
        &self,
        trainer: &mut Trainer,
        progress: &mut Progress,
        total: u64,
        per_epoch: u64,
        report: &mut Report,
    ) -> Result<bool> {
        let config = &self.options.config;
        let bar = if self.options.quiet { ProgressBar::hidden() } else { ProgressBar::new(total) };
        bar.set_style(
            ProgressStyle::with_template("stage {prefix} [{wide_bar}] {pos}/{len} {msg} eta {eta}")?.progress_chars("=> "),
        );
        bar.set_prefix(trainer.stage.stage.number().to_string());
        bar.set_position(progress.step);
        bar.reset_eta();
        // batches are prepared one ahead, on the cores that a step leaves idle
        let (sender, receiver) = sync_channel(2);
        let first = progress.step;
        let done = std::thread::scope(|scope| -> Result<bool> {
            let receiver = receiver; // dropped with this closure, which ends the thread below
            scope.spawn(move || {
                for step in first..total {
                    let batch = self.source.batch(step / per_epoch, (step % per_epoch) as usize);
                    if sender.send(batch).is_err() {
                        break;
                    }
                }
            });
            let mut smooth = None;
            for step in first..total {
                if self.options.stop.load(Ordering::Relaxed)
                    || self.options.max_steps.is_some_and(|most| progress.total >= most)
                {
                    return Ok(false);
                }
                let start = Instant::now();
                // dropout follows from the step, too
                self.options.device.seed(config.seed ^ (progress.total << 20));
                let batch = receiver.recv().context("the thread that prepares batches ended")??;
                let clips = batch.clips.len();
                let result = trainer.step(&batch, step)?;
                let speed = clips as f64 / start.elapsed().max(Duration::from_micros(1)).as_secs_f64();
                report.step(&StepRow {
                    step: progress.total,
                    epoch: step / per_epoch,
                    loss: result.loss,
                    gradient: result.gradient,
                    rate: result.rate,
                    speed,
                })?;
                let mean = smooth.map_or(result.loss, |s: f64| 0.97 * s + 0.03 * result.loss);
                smooth = Some(mean);
                bar.set_message(format!("loss {mean:.3} {speed:.1} clips/s"));
                bar.inc(1);
                progress.step = step + 1;
                progress.total += 1;
                let model = &trainer.model;
                let epoch_done = (step + 1).is_multiple_of(per_epoch);
                if epoch_done {
                    let top1 = self.validate(model)?;
                    report.validation(progress.total, top1)?;
                    self.sheet(model, progress.total)?;
                    bar.println(format!(
                        "epoch {} of stage {}: loss {mean:.3}, validation top-1 {:.1} % of {} clips",
                        (step + 1) / per_epoch,
                        trainer.stage.stage.number(),
                        100.0 * top1,
                        self.watched.len()
                    ));
                    if top1 > progress.best {
                        progress.best = top1;
                        self.write_model(model, "best", Precision::F32)?;
                    }
                }
                if epoch_done || progress.total.is_multiple_of(config.checkpoint_every) {
                    progress.optimizer_steps = trainer.optimizer.steps();
                    state::save(&self.out, progress, model, &trainer.optimizer)?;
                }
            }
            Ok(true)
        })?;
        bar.finish();
        Ok(done)
    }

    /// Share of the watched clips whose label ranks first among all.
    fn validate(&self, model: &SkeletonLlm) -> Result<f64> {
        let names = self.known.names().to_vec();
        let assistant = self.assistant(model);
        let everything: Vec<usize> = (0..names.len()).collect();
        let (mut right, mut judged) = (0, 0);
        for clips in self.watched.chunks(16) {
            let motions: Vec<_> = clips.iter().map(|c| &c.motion).collect();
            let scores = assistant.rank(&assistant.look(&motions)?, &names)?;
            for (clip, scores) in clips.iter().zip(scores) {
                if let Some(truth) = clip.record.label.as_deref().and_then(|l| self.known.index(l)) {
                    right += usize::from(rank_of(&scores, &everything, truth) == 0);
                    judged += 1;
                }
            }
        }
        Ok(f64::from(u32::try_from(right)?) / f64::from(u32::try_from(judged.max(1))?))
    }

    fn assistant(&self, model: &SkeletonLlm) -> Assistant {
        Assistant::new(model.clone().valid(), &self.tokenizer, self.extra.labels.clone(), self.options.device_name.clone())
    }

    /// What the renderer draws now, of the first watched clip.
    fn sheet(&self, model: &SkeletonLlm, step: u64) -> Result<()> {
        let Some(clip) = self.watched.first() else { return Ok(()) };
        let options = ClipOptions { frames: self.source.frames, ..ClipOptions::default() };
        let clip = Clip::from_motion(&clip.motion.without_empty_bodies(), &options)?;
        let [height, width] = model.internvl.config().render_size();
        let frames = model.drawing.clone().valid().render(&[clip], [2 * height, 2 * width])?;
        let count = frames.dims().iter().product::<usize>();
        let frames: Vec<f32> = frames.reshape([count]).into_data().try_into_vec().expect("frames are f32");
        let sheet = contact_sheet(&pictures(&frames, 2 * width, 2 * height)?);
        let folder = self.out.join("drawings");
        std::fs::create_dir_all(&folder)?;
        Ok(draction::store::write_atomically(&folder.join(format!("step_{step:06}.png")), &encode_png(&sheet)?)?)
    }

    fn write_model(&self, model: &SkeletonLlm, name: &str, precision: Precision) -> Result<()> {
        Assistant::save(&self.out.join(name), &model.clone().valid(), &self.tokenizer, &self.extra, precision)
    }
}

/// A stage's adapters, where it has any.
fn prepare(mut model: SkeletonLlm, stage: &StageConfig, seed: u64) -> SkeletonLlm {
    if stage.lora_rank > 0 {
        let config = lora::LoraConfig { rank: stage.lora_rank, alpha: stage.lora_alpha, ..Default::default() };
        model.internvl = lora::attach(model.internvl, &config, seed);
    }
    model
}

/// Reads every folder's two halves, telling of files that cannot be used.
fn read_data(options: &RunOptions<'_>) -> Result<(Vec<DataSet>, Vec<DataSet>)> {
    let mut halves = (Vec::new(), Vec::new());
    for folder in &options.data {
        let bar = if options.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        bar.set_style(ProgressStyle::with_template("reading {msg} [{wide_bar}] {pos}/{len}")?.progress_chars("=> "));
        bar.set_message(folder.display().to_string());
        let progress = |done: usize, total: usize| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        };
        let (train, validation) = DataSet::load_halves(folder, &LoadOptions::default(), &progress)?;
        bar.finish_and_clear();
        for warning in train.warnings.iter().chain(&validation.warnings) {
            eprintln!("train: {warning}");
        }
        halves.0.push(train);
        halves.1.push(validation);
    }
    Ok(halves)
}

/// The run's tokenizer: the one it began with, or one trained on all that will be said.
fn tokenizer(out: &Path, sets: &[DataSet], labels: &Labels, vocabulary: usize, resumed: bool) -> Result<Tokenizer> {
    let path = out.join("tokenizer.json");
    if resumed {
        return Ok(Tokenizer::load(&path)?);
    }
    let mut texts = corpus(labels);
    texts.extend(sets.iter().flat_map(|s| s.texts().into_iter().map(str::to_owned)));
    texts.extend(["user\n", "assistant\n", "system\n"].map(str::to_owned));
    let tokenizer = Tokenizer::train(texts.iter().map(String::as_str), vocabulary);
    draction::store::write_atomically(&path, tokenizer.to_json().as_bytes())?;
    Ok(tokenizer)
}

/// At most `most` clips, evenly over all sets.
fn spread(sets: &[DataSet], most: usize) -> Vec<&DataClip> {
    let all: Vec<&DataClip> = sets.iter().flat_map(|s| &s.clips).filter(|c| c.record.label.is_some()).collect();
    let count = most.min(all.len());
    (0..count).map(|i| all[i * all.len() / count]).collect()
}
