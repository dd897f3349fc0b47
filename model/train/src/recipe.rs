//! What a run is told, whatever learns: stages of so many epochs at such a rate, an optimiser, a seed.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

use super::{AdamWConfig, Schedule, Stage, StageConfig, TrainConfig};

/// All that the loop of a run and its checkpoints know of a configuration.
pub trait Recipe: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Sync {
    /// One stage.
    type Stage: RecipeStage;

    /// The stages, in order.
    fn stages(&self) -> &[Self::Stage];

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

    /// Peak learning rate.
    fn learning_rate(&self) -> f64;
}

impl Recipe for TrainConfig {
    type Stage = StageConfig;

    fn stages(&self) -> &[StageConfig] {
        &self.stages
    }

    fn optimizer(&self) -> AdamWConfig {
        self.adamw()
    }

    fn schedule(&self, stage: &StageConfig, per_epoch: u64) -> Schedule {
        Schedule::Cosine { total: stage.epochs * per_epoch, warmup: self.warmup }
    }

    fn average(&self) -> f64 {
        self.average
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn checkpoint_every(&self) -> u64 {
        self.checkpoint_every
    }
}

impl RecipeStage for StageConfig {
    fn name(&self) -> String {
        Stage::number(self.stage).to_string()
    }

    fn epochs(&self) -> u64 {
        self.epochs
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }
}
