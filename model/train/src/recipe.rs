//! What a run is told, whatever learns: stages of so many epochs at such a rate, an optimiser, a seed.

use std::{fmt::Debug, path::Path};

use anyhow::{Context, Result};
use serde::{Serialize, de::DeserializeOwned};
use skeletonllm_data::{ProtocolOptions, SelectionOptions};

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

    /// The same, to be changed.
    fn stages_mut(&mut self) -> &mut [Self::Stage];

    /// Shortens the run, or makes it longer, to so many epochs in all, in the same proportions; every stage keeps at least
    /// one.
    fn shorten(&mut self, epochs: u64) {
        let whole: u64 = self.stages().iter().map(RecipeStage::epochs).sum();
        for stage in self.stages_mut() {
            stage.set_epochs((stage.epochs() * epochs).div_ceil(whole.max(1)).max(1));
        }
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
