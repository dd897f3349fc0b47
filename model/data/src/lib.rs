//! Motions with labels, what can be known about them, and questions about it: what training and evaluation show and ask.
//!
//! ```text
//! folder ──set──▶ DataSet ──batches──▶ (epoch, position) ──augment──▶ Motion ──kinematics──▶ Truth ──questions──▶ text
//! ```
//!
//! There is no burn and no GPU in here. Everything random follows from `(seed, epoch, position)`, so that a resumed
//! training run meets exactly the samples that an uninterrupted one would have met.
//!
//! ```no_run
//! use skeletonllm_data::*;
//!
//! let (train, _val) = DataSet::load_halves("data/my-set".as_ref(), &LoadOptions::default(), &|_, _| {})?;
//! let labels = train.labels().with_mirrored();
//! let keys: Vec<_> = train.clips.iter().map(|c| c.record.label.as_deref()).collect();
//! let batches = Batches::balanced(&keys, 8, 1, 0.5);
//! for batch in batches.epoch(0) {
//!     for (position, clip) in batch {
//!         let (clip, mut rng) = (&train.clips[clip], batches.rng(0, position));
//!         let shown = augment(&clip.motion, &AugmentOptions::default(), &mut rng);
//!         let truth = Truth::of(&clip.record, &shown.motion, shown.mirrored, &labels);
//!         let asked = sample_question(&truth, &mut rng, Phrasing::Train, &FamilyWeights::default());
//!         println!("{asked:?}");
//!     }
//! }
//! # Ok::<(), DataError>(())
//! ```

pub mod asked;
pub mod augment;
pub mod batches;
pub mod ensemble;
pub mod error;
pub mod family;
pub mod formats;
pub mod kinds;
pub mod kinematics;
pub mod knowledge;
pub mod label;
pub mod labels;
pub mod layout;
pub mod listing;
pub mod mapping;
pub mod meanings;
pub mod ntu;
pub mod options;
pub mod perturb;
pub mod prompts;
pub mod proportions;
pub mod questions;
pub mod record;
pub mod rng;
pub mod selection;
pub mod set;
pub mod streams;
pub mod teacher;
pub mod texts;
pub mod together;

pub use asked::{Asked, asked};
pub use augment::{AugmentOptions, Augmented, augment, degraded};
pub use batches::Batches;
pub use error::DataError;
pub use family::{Family, FamilyWeights};
pub use kinds::{Kind, Kinds};
pub use kinematics::{BodyPart, Kinematics, Limbs, Movement, Phase, phases};
pub use knowledge::{Knowledge, KnowledgeError, TextBag};
pub use labels::Labels;
pub use meanings::Meanings;
pub use ntu::Protocol;
pub use options::{LoadOptions, ProtocolOptions};
pub use perturb::Perturbation;
pub use proportions::Proportions;
pub use questions::{QuestionAnswer, Truth, example, question_of, questions, sample_question};
pub use record::Record;
pub use rng::Rng;
pub use selection::{Selection, SelectionOptions};
pub use set::{DataClip, DataSet, Failed, Split};
pub use texts::{Phrasing, Texts, canonical, corpus};
pub use together::together;

#[cfg(test)]
mod real_data;
#[cfg(test)]
pub(crate) mod stick_figure;
