//! The loop of a run, for whatever learns: stages of steps, with checkpoints, validation and pictures along the way.

use std::{
    path::{Path, PathBuf},
    sync::{atomic::Ordering, mpsc::sync_channel},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use burn::module::Module;
use indicatif::{ProgressBar, ProgressStyle};
use skeletonllm_data::{Batches, DataClip, Labels};
use skeletonllm_network::checkpoint::Precision;

use super::{
    AdamW, Average, Division, Learner, Note, Piece, Progress, Ranks, Recipe, RecipeStage, Recogniser, Report,
    RunOptions, StepRow, Trainer,
    division::{Divided, divided, own},
    evaluate::rank_of,
    parameter_map, state,
};

/// The model of a course's learner.
pub type Model<C> = <<C as Course>::Learner as Learner>::Model;
/// A stage of the course's recipe.
pub type StageOf<C> = <<C as Course>::Learner as Learner>::Stage;
/// What it learns from in one go.
pub type Batch<C> = <<C as Course>::Learner as Learner>::Batch;

/// What a run is about beside its learner: where batches come from, what happens between stages, and who tells how
/// well it goes.
pub trait Course: Sized + Sync {
    /// What the run is told.
    type Recipe: Recipe<Stage = StageOf<Self>>;
    /// What learns.
    type Learner: Learner;
    /// What the model is when it is asked.
    type Recogniser: Recogniser;
    /// A clip as a step shows it.
    type Sample: Send;

    /// Which clips each step shows.
    fn batches(&self) -> &Batches;

    /// What a step shows of some members of a batch, that is, of an element of [`Batches::epoch`]. Depends on nothing else.
    /// There may be nothing to show of some of them.
    ///
    /// # Errors
    /// When a clip cannot be shown.
    fn samples(&self, stage: &StageOf<Self>, epoch: u64, members: &[(usize, usize)]) -> Result<Vec<Self::Sample>>;

    /// How a batch is divided.
    fn division(&self) -> Division;

    /// What other pieces of a part have to know of a sample in this one; nothing where parts are not cut.
    fn note(&self, _: &Self::Sample) -> Note {
        Note::default()
    }

    /// A part of a batch, or the piece of it that this process computes, of its samples, of which there is at least one.
    fn piece(&self, stage: &StageOf<Self>, samples: Vec<Self::Sample>, piece: &Piece<'_>) -> Batch<Self>;

    /// The model as the stage of this number begins with it; after the last stage as it stays.
    fn begin(&self, model: Model<Self>, _stage: usize) -> Model<Self> {
        model
    }

    /// Writes down what the stage of this number begins with, as far as a run that is resumed does not find it in its
    /// checkpoint.
    ///
    /// # Errors
    /// When a file cannot be written.
    fn pass_on(&self, _model: &Model<Self>, _stage: usize) -> Result<()> {
        Ok(())
    }

    /// The model without what was there for one stage only.
    fn end(model: Model<Self>) -> Model<Self> {
        model
    }

    /// The model as it is in the stage of this number, ready to be asked.
    fn recogniser(&self, model: &Model<Self>, stage: usize) -> Self::Recogniser;

    /// The clips that validation asks about.
    fn watched(&self) -> &[&DataClip];

    /// What the model sees now, as PNG, where there is anything to look at.
    ///
    /// # Errors
    /// When it cannot be drawn.
    fn picture(&self, _model: &Model<Self>) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// Writes the finished model as directories; one that lies on top of another as the first alone.
    ///
    /// # Errors
    /// When a file cannot be written.
    fn write(&self, model: &Model<Self>, folders: [(&Path, Precision); 2]) -> Result<()>;
}

/// Trains from `progress` to the end, or until it is stopped. `learner` is as the stage begins with it; with a checkpoint
/// it goes on as that has it.
///
/// # Errors
/// When a clip cannot be shown, a file cannot be read or written, or the loss is no longer a number.
pub fn fit<C: Course>(
    course: &C,
    options: &RunOptions<'_, C::Recipe>,
    learner: C::Learner,
    checkpoint: Option<PathBuf>,
    progress: &mut Progress<C::Recipe>,
) -> Result<()> {
    let (config, out, ranks) = (&options.config, &options.out, options.ranks);
    ranks.tell_of_each(format_args!("computing on {}", options.device_name));
    let (mut learner, mean, mut optimizer) = match checkpoint {
        Some(folder) => {
            // a run that was killed while it wrote its model has no stage left
            match config.stages().get(progress.stage) {
                Some(stage) => ranks.tell(format_args!("resuming stage {} at step {}", stage.name(), progress.step)),
                None => ranks.tell("every stage is done; the model is written once more"),
            }
            let device = options.device.clone().autodiff();
            state::load(&folder, progress, learner, config.optimizer(), &device)?
        }
        None => {
            if options.resume {
                ranks.tell("the run has no checkpoint yet; it begins again");
            }
            let mean = learner.model().clone().valid();
            (learner, mean, AdamW::new(config.optimizer()))
        }
    };
    let mut average = Average::new(mean, config.average());
    let per_epoch = course.batches().len() as u64;
    // everybody has read the last checkpoint before the first process replaces it
    ranks.wait()?;
    let (start, before) = (Instant::now(), progress.total);
    let mut report = ranks.is_first().then(|| Report::open(out, progress.total)).transpose()?;
    while progress.stage < config.stages().len() {
        let stage = config.stages()[progress.stage].clone();
        let total = stage.epochs() * per_epoch;
        let schedule = config.schedule(&stage, per_epoch);
        let mut trainer = Trainer { learner, average, optimizer, stage, schedule };
        let done = run_stage(course, options, &mut trainer, progress, total, report.as_mut())?;
        if !done {
            save(options, &trainer, progress)?;
            ranks.tell_cost(progress.total - before, start.elapsed());
            ranks.tell(format_args!("stopped and saved after {} steps; continue with --resume", progress.total));
            return Ok(());
        }
        Trainer { learner, average, .. } = trainer;
        // the next stage goes on from the mean
        let model = C::end(parameter_map::filled(learner.model().clone(), &average.mean));
        progress.stage += 1;
        progress.step = 0;
        optimizer = AdamW::new(config.optimizer());
        progress.optimizer_steps = 0;
        if ranks.is_first() {
            course.pass_on(&model, progress.stage)?;
        }
        learner = learner.with_model(course.begin(model, progress.stage));
        average = Average::new(learner.model().clone().valid(), config.average());
        if ranks.is_first() {
            state::save(out, progress, &learner, &average.mean, &optimizer)?;
        }
    }
    ranks.tell_cost(progress.total - before, start.elapsed());
    if let Some(report) = report {
        let [model, small] = [state::MODEL, state::SMALL_MODEL].map(|name| out.join(name));
        course.write(&average.mean, [(&model, Precision::F32), (&small, Precision::Int8)])?;
        report.draw()?;
        match small.exists() {
            true => ranks.tell(format_args!("finished: {} and {}", model.display(), small.display())),
            false => ranks.tell(format_args!("finished: {}", model.display())),
        }
    }
    ranks.wait()
}

/// Writes a checkpoint within a stage, once everybody is found to have the same of what is in it.
fn save<L: Learner, R: Recipe>(
    options: &RunOptions<'_, R>,
    trainer: &Trainer<L>,
    progress: &mut Progress<R>,
) -> Result<()> {
    progress.optimizer_steps = trainer.optimizer.steps();
    trainer.agree(options.ranks)?;
    match options.ranks.is_first() {
        true => state::save(&options.out, progress, &trainer.learner, &trainer.average.mean, &trainer.optimizer),
        false => Ok(()),
    }
}

/// Runs a stage from `progress.step` to its end; `false` when it was stopped before.
fn run_stage<C: Course>(
    course: &C,
    options: &RunOptions<'_, C::Recipe>,
    trainer: &mut Trainer<C::Learner>,
    progress: &mut Progress<C::Recipe>,
    total: u64,
    mut report: Option<&mut Report>,
) -> Result<bool> {
    let (config, out, ranks) = (&options.config, &options.out, options.ranks);
    let per_epoch = course.batches().len() as u64;
    let bar = if options.quiet { ProgressBar::hidden() } else { ProgressBar::new(total) };
    bar.set_style(
        ProgressStyle::with_template("stage {prefix} [{wide_bar}] {pos}/{len} {msg} eta {eta}")?.progress_chars("=> "),
    );
    bar.set_prefix(trainer.stage.name());
    bar.set_position(progress.step);
    bar.reset_eta();
    // batches are prepared one ahead, on the cores that a step leaves idle
    let (sender, receiver) = sync_channel(2);
    let (first, stage) = (progress.step, trainer.stage.clone());
    // epochs count through the run: no stage sees again what an earlier one saw
    let past: u64 = config.stages()[..progress.stage].iter().map(RecipeStage::epochs).sum();
    let done = std::thread::scope(|scope| -> Result<bool> {
        let receiver = receiver; // dropped with this closure, which ends the thread below
        scope.spawn(move || {
            let (mut epoch, mut order) = (u64::MAX, Vec::new());
            for step in first..total {
                let now = past + step / per_epoch;
                if now != epoch {
                    epoch = now;
                    order = course.batches().epoch(epoch);
                }
                let members = own(&order[(step % per_epoch) as usize], course.division(), ranks);
                if sender.send(course.samples(&stage, epoch, members)).is_err() {
                    break;
                }
            }
        });
        let mut smooth = None;
        for step in first..total {
            if options.max_steps.is_some_and(|most| progress.total >= most) {
                return Ok(false);
            }
            let start = Instant::now();
            // dropout follows from the step, too, and differs from process to process as it does from part to part
            options.device.seed(config.seed() ^ (progress.total << 20) ^ ranks.rank() as u64);
            let samples = receiver.recv().context("the thread that prepares batches ended")??;
            let asked = options.stop.load(Ordering::Relaxed);
            let stage = &trainer.stage;
            let note = |sample: &C::Sample| course.note(sample);
            let piece = |samples: Vec<C::Sample>, piece: &Piece<'_>| course.piece(stage, samples, piece);
            let Divided { pieces, parts, clips, stop } =
                divided(samples, course.division(), note, piece, ranks, asked)?;
            if stop {
                return Ok(false);
            }
            if clips == 0 {
                (progress.step, progress.total) = (step + 1, progress.total + 1);
                bar.inc(1);
                continue;
            }
            let result = trainer.step(&pieces, parts, ranks, step)?;
            let speed = clips as f64 / start.elapsed().max(Duration::from_micros(1)).as_secs_f64();
            if let Some(report) = &mut report {
                report.step(&StepRow {
                    step: progress.total,
                    epoch: step / per_epoch,
                    loss: result.loss,
                    readout: result.auxiliary,
                    gradient: result.gradient,
                    rate: result.rate,
                    speed,
                })?;
            }
            let mean = smooth.map_or(result.loss, |s: f64| 0.97 * s + 0.03 * result.loss);
            smooth = Some(mean);
            bar.set_message(format!("loss {mean:.3} {speed:.1} clips/s"));
            bar.inc(1);
            progress.step = step + 1;
            progress.total += 1;
            let model = &trainer.average.mean;
            let epoch_done = (step + 1).is_multiple_of(per_epoch);
            if epoch_done {
                let top1 = validate(&course.recogniser(model, progress.stage), course.watched(), ranks)?;
                if let Some(report) = &mut report {
                    report.validation(progress.total, top1)?;
                    if let Some(png) = course.picture(model)? {
                        let folder = out.join("drawings");
                        std::fs::create_dir_all(&folder)?;
                        let name = format!("step_{:06}.png", progress.total);
                        draction::store::write_atomically(&folder.join(name), &png)?;
                    }
                }
                let line = format!(
                    "epoch {} of stage {}: loss {mean:.3}, validation top-1 {:.1} % of {} clips",
                    (step + 1) / per_epoch,
                    trainer.stage.name(),
                    100.0 * top1,
                    course.watched().len()
                );
                // a launcher passes lines on, but is no terminal
                match ranks.size() > 1 && bar.is_hidden() && !options.quiet {
                    true => ranks.tell(line),
                    false => bar.println(line),
                }
            }
            if epoch_done || progress.total.is_multiple_of(config.checkpoint_every()) {
                save(options, trainer, progress)?;
            }
        }
        Ok(true)
    })?;
    bar.finish();
    Ok(done)
}

/// Share of the watched clips whose label ranks first among all; the processes of the run share them.
fn validate(recogniser: &impl Recogniser, watched: &[&DataClip], ranks: &Ranks) -> Result<f64> {
    let known = Labels::new(recogniser.labels());
    let names = known.names().to_vec();
    let everything: Vec<usize> = (0..names.len()).collect();
    let (mut right, mut judged) = (0_u64, 0_u64);
    for clips in watched.chunks(16).skip(ranks.rank()).step_by(ranks.size()) {
        let motions: Vec<_> = clips.iter().map(|c| &c.motion).collect();
        let scores = recogniser.scores(&recogniser.observe(&motions)?, &names)?;
        for (clip, scores) in clips.iter().zip(scores) {
            if let Some(truth) = clip.record.label.as_deref().and_then(|l| known.index(l)) {
                right += u64::from(rank_of(&scores, &everything, truth) == 0);
                judged += 1;
            }
        }
    }
    let all = ranks.gather(&[right, judged])?;
    let [right, judged] = [0, 1].map(|at| all.iter().map(|told| told[at]).sum::<u64>());
    Ok(f64::from(u32::try_from(right)?) / f64::from(u32::try_from(judged.max(1))?))
}
