//! Training: stages, steps, checkpoints, and what a run leaves to look at.
//!
//! ```text
//! data ──samples──▶ clips + conversations ──Trainer::step──▶ loss ──backward──▶ optimizer ──▶ state, report
//! ```
//!
//! A run is a function of its configuration, its data and its seed: every batch follows from (seed, epoch, index), so
//! a run that was killed and resumed goes on exactly as if nothing had happened.

mod config;
mod optimizer;
mod report;
mod run;
mod samples;
mod schedule;
mod setup;
mod state;
mod trainer;

pub use config::{Stage, StageConfig, TrainConfig};
pub use optimizer::{AdamW, AdamWConfig};
pub use report::{Report, StepRow};
pub use run::{RunOptions, run};
pub use samples::{Source, StepBatch};
pub use schedule::Schedule;
pub use state::{Progress, newest, progress, refuse_existing};
pub use trainer::{StepResult, Trainer};
