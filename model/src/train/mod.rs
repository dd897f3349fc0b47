//! Training: stages, steps, checkpoints, and what a run leaves to look at.
//!
//! ```text
//! data ──samples──▶ clips + conversations ──Trainer::step──▶ loss ──backward──▶ optimizer ──▶ state, report
//! ```
//!
//! A run is a function of its configuration, its data and its seed: every batch follows from (seed, epoch, index), so
//! a run that was killed and resumed goes on exactly as if nothing had happened.

pub mod ablation;
mod asks;
mod config;
mod named;
mod optimizer;
mod readout;
mod report;
mod run;
mod samples;
mod schedule;
mod setup;
mod similar;
mod state;
mod trainer;

pub use asks::Asks;
pub use config::{Stage, StageConfig, TrainConfig};
pub use named::Average;
pub use optimizer::{AdamW, AdamWConfig};
pub use readout::Readout;
pub use report::{Report, StepRow};
pub use run::{RunOptions, run};
pub use samples::{Source, StepBatch};
pub use schedule::Schedule;
pub use similar::{Similar, SimilarError};
pub use state::{Progress, newest, progress};
pub use trainer::{Learner, Losses, StepResult, Trainer};
