//! Checkpoints of a run: everything that the next step depends on, in one folder that is whole or not there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use burn::{module::Module, tensor::Device};
use serde::{Deserialize, Serialize};
use skeletonllm_network::checkpoint::{self, HostTensor, Precision};

use super::{
    config::TrainConfig,
    learner::Learner,
    optimizer::{AdamW, AdamWConfig},
    options::RunOptions,
    recipe::Recipe,
};

/// The folder, within a run's, that holds the model the run starts from and what it was told.
pub const START: &str = "start";

/// The file, within a run's folder, with the similar labels that the run found by itself.
pub const SIMILAR: &str = "similar.json";

/// The folder, within a run's, that holds what the stage of this number begins with, where it begins with more than
/// [`START`] and a checkpoint hold: what earlier stages added to a base.
pub fn beginning(folder: &Path, stage: usize) -> PathBuf {
    if stage == 0 { folder.join(START) } else { folder.join(format!("{START}-{}", stage + 1)) }
}

/// The folder, within a run's, of the finished model in f32.
pub const MODEL: &str = "model";

/// The folder of the same in int8: what a run writes last, unless its model lies on top of another.
pub const SMALL_MODEL: &str = "model-int8";

/// What makes a folder a checkpoint: it is written last.
const PROGRESS: &str = "progress.json";

/// Where a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress<R = TrainConfig> {
    /// Index into the configuration's stages.
    pub stage: usize,
    /// Steps done within the stage.
    pub step: u64,
    /// Steps done in all stages.
    pub total: u64,
    /// Steps the optimiser counts.
    pub optimizer_steps: u64,
    /// What the run was told; a resumed run goes by this and not by its command line.
    pub config: R,
    /// The folders it learns from.
    pub data: Vec<PathBuf>,
}

impl<R: Recipe> Progress<R> {
    /// The beginning of a run.
    pub fn new(config: &R, data: &[PathBuf]) -> Progress<R> {
        Progress { stage: 0, step: 0, total: 0, optimizer_steps: 0, config: config.clone(), data: data.to_vec() }
    }
}

/// Writes `<folder>/checkpoint`, replacing the last one only once the new one is complete.
///
/// # Errors
/// When a file cannot be written.
pub fn save<L: Learner, R: Recipe>(
    folder: &Path,
    progress: &Progress<R>,
    learner: &L,
    average: &L::Model,
    optimizer: &AdamW,
) -> Result<()> {
    let (new, old, current) = (folder.join("checkpoint.new"), folder.join("checkpoint.old"), folder.join("checkpoint"));
    remove(&new)?;
    fs::create_dir_all(&new).with_context(|| format!("cannot create {}", new.display()))?;
    let kept = |name: &str| learner.kept(name);
    checkpoint::write(new.join("model.safetensors"), &checkpoint::tensors_where(learner, kept), Precision::F32)?;
    checkpoint::write(new.join("average.safetensors"), &checkpoint::tensors_where(average, kept), Precision::F32)?;
    let moments = optimizer.export().into_iter();
    let moments = moments.map(|(name, values)| (name, HostTensor { shape: vec![values.len()], values })).collect();
    checkpoint::write(new.join("optimizer.safetensors"), &moments, Precision::F32)?;
    draction::store::write_atomically(&new.join(PROGRESS), &serde_json::to_vec_pretty(progress)?)?;
    remove(&old)?;
    if current.exists() {
        fs::rename(&current, &old)?;
    }
    fs::rename(&new, &current)?;
    remove(&old)
}

/// Where the newest complete checkpoint of `folder` is: a run may be killed between the two renames of [`save`].
pub fn newest(folder: &Path) -> Option<PathBuf> {
    ["checkpoint", "checkpoint.new", "checkpoint.old"]
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.join(PROGRESS).exists())
}

/// Writes down that a run has begun: from now on it can be resumed, though it has no checkpoint yet. The model in
/// [`START`] must be complete.
///
/// # Errors
/// When the file cannot be written.
fn begin<R: Recipe>(folder: &Path, progress: &Progress<R>) -> Result<()> {
    Ok(draction::store::write_atomically(&folder.join(START).join(PROGRESS), &serde_json::to_vec_pretty(progress)?)?)
}

/// Begins a run: the first process writes into [`START`] what the run starts from, by `write`, which may settle what the
/// settings left open; the others wait for it. Everybody goes by what was written down.
///
/// # Errors
/// Those of `write`, and when a file cannot be read or written.
pub fn start<'a, R: Recipe>(
    options: &mut RunOptions<'a, R>,
    write: impl FnOnce(&mut RunOptions<'a, R>) -> Result<()>,
) -> Result<(Option<PathBuf>, Progress<R>)> {
    let ranks = options.ranks;
    if ranks.is_first() {
        write(options)?;
        begin(&options.out, &Progress::new(&options.config, &options.data))?;
    }
    if ranks.size() > 1 {
        ranks.wait()?;
        let written: Progress<R> = progress(&options.out.join(START))?;
        options.config = written.config;
    }
    Ok((None, Progress::new(&options.config, &options.data)))
}

/// The [`START`] of a run that has begun in `folder`.
fn begun(folder: &Path) -> Option<PathBuf> {
    Some(folder.join(START)).filter(|start| start.join(PROGRESS).exists())
}

/// Reads what [`Progress`] a checkpoint, or the beginning of a run, holds.
///
/// # Errors
/// When the file cannot be read.
pub fn progress<R: Recipe>(checkpoint: &Path) -> Result<Progress<R>> {
    let path = checkpoint.join(PROGRESS);
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is no checkpoint of ours", path.display()))
}

/// Fills a learner, the running mean of its model, and an optimiser from a checkpoint.
///
/// # Errors
/// When a file cannot be read or belongs to another model.
pub fn load<L: Learner, R: Recipe>(
    checkpoint: &Path,
    progress: &Progress<R>,
    learner: L,
    adamw: AdamWConfig,
    device: &Device,
) -> Result<(L, L::Model, AdamW)> {
    let origin = learner.clone();
    let kept = |name: &str| origin.kept(name);
    let path = checkpoint.join("average.safetensors");
    let mean = learner.model().clone().valid();
    let mean = checkpoint::apply_to(mean, checkpoint::read(&path)?, kept, &path.display().to_string())?;
    let path = checkpoint.join("model.safetensors");
    let learner = checkpoint::apply_to(learner, checkpoint::read(&path)?, kept, &path.display().to_string())?;
    let moments = checkpoint::read(checkpoint.join("optimizer.safetensors"))?;
    let moments = moments.into_iter().map(|(name, tensor)| (name, tensor.values)).collect();
    Ok((learner, mean, AdamW::import(adamw, progress.optimizer_steps, moments, device)))
}

/// Opens the folder that a run lives in, and makes sure that what the run is told can be followed. One that is resumed
/// takes over what it was told when it began; for it, its newest checkpoint, if it has any, and where it is.
///
/// # Errors
/// When there is no run to resume, or one that would be overwritten; when the settings are not valid.
pub fn open<R: Recipe>(options: &mut RunOptions<'_, R>) -> Result<Option<(Option<PathBuf>, Progress<R>)>> {
    let out = &options.out;
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut resumed = None;
    if options.resume {
        let checkpoint = newest(out);
        let from = checkpoint.clone().or_else(|| begun(out));
        let at: Progress<R> = progress(&from.with_context(|| format!("{} holds no run to resume", out.display()))?)?;
        options.config = at.config.clone();
        options.data = at.data.clone();
        resumed = Some((checkpoint, at));
    } else {
        if options.ranks.is_first() {
            make_room(out)?;
        }
        if let Some(parts) = options.config.divide_among(options.ranks.size()) {
            options.ranks.tell(format_args!(
                "a batch is divided into {parts} parts, one a process; clips are weighed against those of their part, \
                 and norms go by it"
            ));
        }
    }
    options.config.validate().map_err(anyhow::Error::msg)?;
    Ok(resumed)
}

/// Begins the run that `options` describe, or goes on with it where it stopped; one that has ended stays as it is. Whether
/// it has ended now.
///
/// # Errors
/// When the folder holds a run that was told something else; and those of `run`.
pub fn go_on<'a, R: Recipe>(
    mut options: RunOptions<'a, R>,
    run: impl FnOnce(RunOptions<'a, R>) -> Result<()>,
) -> Result<bool> {
    let out = &options.out;
    let ended = |out: &Path| out.join(SMALL_MODEL).exists() || checkpoint::is_adapter(&out.join(MODEL));
    if let Some(folder) = newest(out).or_else(|| begun(out)) {
        let at: Progress<R> = progress(&folder)?;
        if at.config != options.config || at.data != options.data {
            bail!("{} holds a run with other settings or other data: choose another --out", out.display());
        }
    }
    if !ended(out) {
        options.resume = newest(out).is_some();
        let out = out.clone();
        run(options)?;
        return Ok(ended(&out));
    }
    Ok(true)
}

/// Prepares `folder` for a new run. One that was killed before its first checkpoint gives way, with what it had found
/// out about its data.
///
/// # Errors
/// When `folder` holds a checkpoint: an old run is not overwritten.
fn make_room(folder: &Path) -> Result<()> {
    if newest(folder).is_some() {
        bail!("{} already holds a run: continue it with --resume, or choose another --out", folder.display());
    }
    if let Some(start) = begun(folder) {
        remove_file(&start.join(PROGRESS))?;
        remove_file(&folder.join(SIMILAR))?;
    }
    Ok(())
}

fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
