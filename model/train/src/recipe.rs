//! What a run is told, whatever learns: stages of so many epochs at such a rate, an optimiser, a seed.

use std::{fmt::Debug, path::Path};

use anyhow::{Context, Result};
use serde::{Serialize, de::DeserializeOwned};
use skeletonllm_data::{ProtocolOptions, SelectionOptions};
use skeletonllm_network::layers::LoraConfig;

use super::{AdamWConfig, Schedule};

/// All that the program `train`, the loop of a run and its checkpoints know of a configuration.
pub trait Recipe: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Sync {
    /// One stage.
    type Stage: RecipeStage;

    /// Reads settings from JSON; fields that the file leaves out have their defaults.
    ///
    /// # Errors
    /// When the file cannot be read or is no such JSON, naming file, line and field.
    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// One sentence naming the field.
    fn validate(&self) -> Result<(), String>;

    /// How folders are divided, and which of their clips take part.
    fn data(&mut self) -> (&mut ProtocolOptions, &mut SelectionOptions);

    /// The stages, in order.
    fn stages(&self) -> &[Self::Stage];

    /// For [`Recipe::validate`]: what every run needs of stages and checkpoints.
    ///
    /// # Errors
    /// One sentence naming the field.
    fn validate_stages(&self) -> Result<(), String> {
        at_least(1, &[("stages", self.stages().len() as u64), ("checkpoint_every", self.checkpoint_every())])?;
        self.stages().iter().try_for_each(|stage| not_negative(&[("stages.learning_rate", stage.learning_rate())]))
    }

    /// The same, to be changed.
    fn stages_mut(&mut self) -> &mut [Self::Stage];

    /// Shortens the run, or makes it longer, to so many epochs in all, in the same proportions; every stage keeps at least
    /// one.
    fn shorten(&mut self, epochs: u64) {
        let whole: u64 = self.stages().iter().map(RecipeStage::epochs).sum();
        for stage in self.stages_mut() {
            stage.set_epochs(stage.epochs().saturating_mul(epochs).div_ceil(whole.max(1)).max(1));
        }
    }

    /// The number of parts of a batch, where only whole parts can be shared out among processes.
    fn whole_parts(&mut self) -> Option<&mut usize> {
        None
    }

    /// Makes sure that a new run of so many processes has something to do for each, where only whole parts of a batch
    /// can be shared out; the number of parts if it had to become larger.
    fn divide_among(&mut self, processes: usize) -> Option<usize> {
        let parts = self.whole_parts()?;
        let before = *parts;
        *parts = before.max(processes);
        (*parts > before).then_some(*parts)
    }

    /// The optimiser's part of it.
    fn optimizer(&self) -> AdamWConfig;

    /// The rate's way over a stage of that many steps an epoch.
    fn schedule(&self, stage: &Self::Stage, per_epoch: u64) -> Schedule;

    /// Weight of the past in the running mean of the weights, 0..1.
    fn average(&self) -> f64;

    /// Everything random follows from it.
    fn seed(&self) -> u64;

    /// Steps between checkpoints.
    fn checkpoint_every(&self) -> u64;
}

/// For [`Recipe::validate`]: numbers of something, of which there have to be at least so many.
///
/// # Errors
/// One sentence naming the first field that is less.
pub(crate) fn at_least(least: u64, fields: &[(&str, u64)]) -> Result<(), String> {
    check(fields, |&value| value >= least, |name, _| format!("{name} must be at least {least}"))
}

/// The same for factors and weights: finite, and not below 0.
///
/// # Errors
/// One sentence naming the first field that is not.
pub(crate) fn not_negative(fields: &[(&str, f64)]) -> Result<(), String> {
    let fits = |value: &f64| value.is_finite() && *value >= 0.0;
    check(fields, fits, |name, _| format!("{name} must be a number of 0 or more"))
}

/// The same for the projections of a decoder that get adapters.
///
/// # Errors
/// One sentence naming the first that there is not.
pub(crate) fn known_targets(targets: &[String]) -> Result<(), String> {
    let known = LoraConfig::default().targets;
    let unknown = targets.iter().find(|target| !known.contains(target));
    unknown.map_or(Ok(()), |unknown| Err(format!("lora_targets names `{unknown}`; there are {}", known.join(", "))))
}

/// Another rank or scale of adapters, as far as one is given; a scale that is not given with a rank is twice that.
pub(crate) fn adapt(rank: Option<usize>, alpha: Option<f64>, own: (&mut usize, &mut f64)) {
    if let Some(rank) = rank {
        (*own.0, *own.1) = (rank, 2.0 * rank as f64);
    }
    *own.1 = alpha.unwrap_or(*own.1);
}

/// The same for what counts from 0 to just below 1.
///
/// # Errors
/// One sentence naming the first field that does not.
pub(crate) fn below_one(fields: &[(&str, f64)]) -> Result<(), String> {
    let told = |name: &str, value: &f64| format!("{name} is {value}; it must be at least 0 and below 1");
    check(fields, |value| (0.0..1.0).contains(value), told)
}

/// The same for the largest gradient norm, which is above 0.
///
/// # Errors
/// One sentence naming it.
pub(crate) fn above_zero(clip_norm: f64) -> Result<(), String> {
    check(&[("clip_norm", clip_norm)], |&value| value > 0.0, |name, _| format!("{name} must be above 0"))
}

fn check<V>(fields: &[(&str, V)], fits: impl Fn(&V) -> bool, told: impl Fn(&str, &V) -> String) -> Result<(), String> {
    fields.iter().find(|(_, value)| !fits(value)).map_or(Ok(()), |(name, value)| Err(told(name, value)))
}

/// One stage of a run.
pub trait RecipeStage: Clone + Debug + Send + Sync {
    /// What to call it.
    fn name(&self) -> String;

    /// Passes over the training clips.
    fn epochs(&self) -> u64;

    /// Other passes over the training clips.
    fn set_epochs(&mut self, epochs: u64);

    /// Peak learning rate.
    fn learning_rate(&self) -> f64;
}
