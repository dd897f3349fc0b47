//! A run: stages of steps, with checkpoints, validation and pictures along the way.

use std::{
    path::PathBuf,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use burn::{module::Module, tensor::Device};
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    AdamW, Average, Learner, Progress, Report, Schedule, Source, StepRow, TrainConfig, Trainer, named, setup, state,
};
use crate::{
    assistant::Assistant,
    chat::Chat,
    checkpoint::Precision,
    data::{Batches, DataClip, Labels},
    drawing::DrawSettings,
    evaluate::rank_of,
    folder::{Extra, Loaded, SkeletonLlm},
    look::sheet,
    lora,
    tokenizer::Tokenizer,
};

/// What the command line says.
#[derive(Clone)]
pub struct RunOptions<'a> {
    /// Folders with a `metadata.jsonl` each.
    pub data: Vec<PathBuf>,
    /// Where the run lives.
    pub out: PathBuf,
    /// Sizes, stages, rates.
    pub config: TrainConfig,
    /// A model directory to start from.
    pub from: Option<PathBuf>,
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

/// Trains from the start, or from where a run stopped, to the end.
///
/// # Errors
/// When data, configuration or files cannot be used.
pub fn run(mut options: RunOptions<'_>) -> Result<()> {
    let out = options.out.clone();
    std::fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    // whatever a run starts from is written down first, so that resuming needs nothing else
    let beginning = out.join(state::START);
    let mut resumed = None;
    if options.resume {
        let checkpoint = state::newest(&out);
        let from = checkpoint.clone().or_else(|| state::begun(&out));
        let progress = state::progress(&from.with_context(|| format!("{} holds no run to resume", out.display()))?)?;
        options.config = progress.config.clone();
        options.data = progress.data.clone();
        resumed = Some((checkpoint, progress));
    } else {
        state::make_room(&out)?;
    }
    options.config.validate().map_err(anyhow::Error::msg)?;
    let config = &options.config;
    let (train, validation) = setup::read_data(&options)?;
    let device = options.device.clone().autodiff();
    let asks = setup::asks(config, &train, &out)?;

    let (checkpoint, mut at) = match resumed {
        Some(resumed) => resumed,
        None => {
            let start = setup::start(config, &asks, options.from.as_deref(), &train, &device)?;
            Loaded::write(&beginning, &start.model.valid(), &start.tokenizer, &start.extra, Precision::F32)?;
            let progress = Progress::new(config, &options.data);
            state::begin(&out, &progress)?;
            (None, progress)
        }
    };
    let Loaded { model, tokenizer, extra } = Loaded::read(&beginning, &device)?;
    let learner = Learner::new(setup::prepare(model, config, at.stage));
    let (learner, mean, optimizer) = match checkpoint {
        Some(folder) => {
            // a run that was killed while it wrote its model has no stage left
            match config.stages.get(at.stage) {
                Some(_) => eprintln!("resuming stage {} at step {}", at.stage + 1, at.step),
                None => eprintln!("every stage is done; the model is written once more"),
            }
            state::load(&folder, &at, learner, config.adamw(), &device)?
        }
        None => {
            if options.resume {
                eprintln!("the run has no checkpoint yet; it begins again");
            }
            let mean = learner.pupil.clone().valid();
            (learner, mean, AdamW::new(config.adamw()))
        }
    };
    let clips: Vec<&DataClip> = train.iter().flat_map(|s| &s.clips).collect();
    eprintln!(
        "training {} parameters on {} with {} clips, {} labels",
        learner.pupil.num_params(),
        options.device_name,
        clips.len(),
        extra.labels.len()
    );
    let keys: Vec<&str> = clips.iter().map(|c| c.record.label.as_deref().unwrap_or("")).collect();
    let sizes = learner.pupil.internvl.config();
    let source = Source {
        batches: Batches::balanced(&keys, config.batch, config.seed, config.balance),
        clips,
        labels: Labels::new(&extra.labels).with_mirrored(),
        augment: config.augment.clone(),
        bodies: config.bodies,
        layouts: config.layouts,
        pairs: config.pairs,
        asks,
        chat: Chat::new(&tokenizer, &sizes.skeleton(), sizes.tokens_per_frame()),
        frames: sizes.skeleton().frames,
        questions: config.questions,
        hidden_frames: config.hidden_frames,
        parts: config.parts,
    };
    let watched = setup::spread(&validation, config.validation_clips);
    let average = Average::new(mean, config.average);
    Run { options: &options, source, watched, tokenizer, extra, out }.train(learner, average, optimizer, &mut at)
}

struct Run<'a> {
    options: &'a RunOptions<'a>,
    source: Source<'a>,
    watched: Vec<&'a DataClip>,
    tokenizer: Tokenizer,
    extra: Extra,
    out: PathBuf,
}

impl Run<'_> {
    fn train(
        &self,
        mut learner: Learner,
        mut average: Average<SkeletonLlm>,
        mut optimizer: AdamW,
        progress: &mut Progress,
    ) -> Result<()> {
        let config = &self.options.config;
        let per_epoch = self.source.batches.len() as u64;
        let mut report = Report::open(&self.out, progress.total)?;
        while progress.stage < config.stages.len() {
            let stage = config.stages[progress.stage].clone();
            let total = stage.epochs * per_epoch;
            let mut trainer = Trainer {
                learner,
                average,
                optimizer,
                schedule: Schedule { total, warmup: config.warmup },
                drawing_rate: config.drawing_rate,
                everything: config.everything,
                readout: config.readout,
                stage,
            };
            let done = self.stage(&mut trainer, progress, total, per_epoch, &mut report)?;
            Trainer { learner, average, optimizer, .. } = trainer;
            if !done {
                progress.optimizer_steps = optimizer.steps();
                state::save(&self.out, progress, &learner, &average.mean, &optimizer)?;
                eprintln!("stopped and saved after {} steps; continue with --resume", progress.total);
                return Ok(());
            }
            // the next stage goes on from the mean
            learner.pupil = merged(named::filled(learner.pupil, &average.mean));
            progress.stage += 1;
            progress.step = 0;
            optimizer = AdamW::new(config.adamw());
            progress.optimizer_steps = 0;
            learner.pupil = setup::prepare(learner.pupil, config, progress.stage);
            average = Average::new(learner.pupil.clone().valid(), config.average);
            state::save(&self.out, progress, &learner, &average.mean, &optimizer)?;
        }
        self.write_model(&average.mean, "model", Precision::F32)?;
        self.write_model(&average.mean, "model-int8", Precision::Int8)?;
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
            ProgressStyle::with_template("stage {prefix} [{wide_bar}] {pos}/{len} {msg} eta {eta}")?
                .progress_chars("=> "),
        );
        bar.set_prefix(trainer.stage.stage.number().to_string());
        bar.set_position(progress.step);
        bar.reset_eta();
        // batches are prepared one ahead, on the cores that a step leaves idle
        let (sender, receiver) = sync_channel(2);
        let (first, stage) = (progress.step, trainer.stage.stage);
        // epochs count through the run: no stage sees again what an earlier one saw
        let past: u64 = config.stages[..progress.stage].iter().map(|stage| stage.epochs).sum();
        let done = std::thread::scope(|scope| -> Result<bool> {
            let receiver = receiver; // dropped with this closure, which ends the thread below
            scope.spawn(move || {
                let (mut epoch, mut order) = (u64::MAX, Vec::new());
                for step in first..total {
                    let now = past + step / per_epoch;
                    if now != epoch {
                        epoch = now;
                        order = self.source.batches.epoch(epoch);
                    }
                    let batch = self.source.batch(stage, epoch, &order[(step % per_epoch) as usize]);
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
                let clips = batch.iter().map(|part| part.clips.len()).sum::<usize>();
                if clips == 0 {
                    (progress.step, progress.total) = (step + 1, progress.total + 1);
                    bar.inc(1);
                    continue;
                }
                let result = trainer.step(&batch, step)?;
                let speed = clips as f64 / start.elapsed().max(Duration::from_micros(1)).as_secs_f64();
                report.step(&StepRow {
                    step: progress.total,
                    epoch: step / per_epoch,
                    loss: result.loss,
                    readout: result.readout,
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
                let model = &trainer.average.mean;
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
                }
                if epoch_done || progress.total.is_multiple_of(config.checkpoint_every) {
                    progress.optimizer_steps = trainer.optimizer.steps();
                    state::save(&self.out, progress, &trainer.learner, model, &trainer.optimizer)?;
                }
            }
            Ok(true)
        })?;
        bar.finish();
        Ok(done)
    }

    /// Share of the watched clips whose label ranks first among all.
    fn validate(&self, model: &SkeletonLlm) -> Result<f64> {
        let known = Labels::new(&self.extra.labels);
        let names = known.names().to_vec();
        let assistant = self.assistant(model);
        let everything: Vec<usize> = (0..names.len()).collect();
        let (mut right, mut judged) = (0, 0);
        for clips in self.watched.chunks(16) {
            let motions: Vec<_> = clips.iter().map(|c| &c.motion).collect();
            let scores = assistant.rank(&assistant.look(&motions)?, &names)?;
            for (clip, scores) in clips.iter().zip(scores) {
                if let Some(truth) = clip.record.label.as_deref().and_then(|l| known.index(l)) {
                    right += usize::from(rank_of(&scores, &everything, truth) == 0);
                    judged += 1;
                }
            }
        }
        Ok(f64::from(u32::try_from(right)?) / f64::from(u32::try_from(judged.max(1))?))
    }

    fn assistant(&self, model: &SkeletonLlm) -> Assistant {
        Assistant::new(model.clone(), &self.tokenizer, self.extra.labels.clone(), self.options.device_name.clone())
    }

    /// What the renderer draws now, of the first watched clip.
    fn sheet(&self, model: &SkeletonLlm, step: u64) -> Result<()> {
        let Some(clip) = self.watched.first() else { return Ok(()) };
        let clip = DrawSettings::default().clip(&clip.motion, self.source.frames)?;
        let size = model.internvl.config().render_size().map(|n| 2 * n);
        let frames = model.drawing.render(&[clip], size)?;
        let png = pollster::block_on(sheet(frames))?;
        let folder = self.out.join("drawings");
        std::fs::create_dir_all(&folder)?;
        Ok(draction::store::write_atomically(&folder.join(format!("step_{step:06}.png")), &png)?)
    }

    /// Writes a model directory, with adapters merged into the weights that they belong to.
    fn write_model(&self, model: &SkeletonLlm, name: &str, precision: Precision) -> Result<()> {
        let model = merged(model.clone());
        Loaded::write(&self.out.join(name), &model, &self.tokenizer, &self.extra, precision)
    }
}

/// Without adapters, which become part of the weights that they belong to.
fn merged(mut model: SkeletonLlm) -> SkeletonLlm {
    if lora::attached(&model.internvl) {
        model.internvl = lora::merge(model.internvl);
    }
    model
}
