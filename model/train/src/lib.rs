//! What is done to a model before somebody uses it: training ([`run`]), evaluation ([`evaluate`]), explanations by a
//! teacher that looks at pictures ([`endpoint`]).
//!
//! ```text
//! data ──samples──▶ clips + conversations ──Trainer::step──▶ loss ──backward──▶ optimizer ──▶ state, report
//! ```
//!
//! A run is a function of its configuration, its data and its seed: every batch follows from (seed, epoch, index), so
//! a run that was killed and resumed goes on exactly as if nothing had happened.

pub mod ablation;
mod aims;
mod all_reduce;
pub mod compare;
mod config;
mod curriculum;
mod division;
pub mod endpoint;
mod estimate;
pub mod evaluate;
mod fit;
mod learner;
pub mod mmcl;
mod optimizer;
mod options;
mod parameter_map;
pub mod plot;
mod posed;
mod ranks;
mod readout;
mod recipe;
mod recogniser;
mod report;
mod run;
pub mod s2i;
mod samples;
mod schedule;
mod setup;
mod shares;
mod similar;
mod skeleton_llm;
mod state;
#[cfg(test)]
#[path = "../../data/src/stick_figure.rs"]
#[allow(dead_code, reason = "our tests need less of it than those it was written for")]
mod stick_figure;
pub mod sugar;
pub mod system;
mod trainer;
pub mod words;

pub use aims::Aims;
pub use config::{Stage, StageConfig, TrainConfig};
pub use curriculum::Curriculum;
pub use division::{Division, Note, Piece};
pub use estimate::Estimate;
pub use fit::{Batch, Course, Model, StageOf, fit};
pub use learner::{Learner, Losses};
pub use optimizer::{AdamW, AdamWConfig, Rule};
pub use options::RunOptions;
pub use parameter_map::Average;
pub use ranks::{Ranks, Transport};
pub use readout::Readout;
pub use recipe::{Recipe, RecipeStage};
pub use recogniser::{Recogniser, Speaker};
pub use report::{Report, StepRow};
pub use run::run;
pub use samples::{Sample, Share, Source, StepBatch};
pub use schedule::Schedule;
pub use similar::{Similar, SimilarError};
pub use skeleton_llm::{Lessons, SkeletonLlmLearner};
pub use state::{Progress, newest, progress};
pub use system::System;
pub use trainer::{StepResult, Trainer};
