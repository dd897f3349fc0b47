//! S2I as a system: motions as pictures, masked learning without labels, and labels learned with what was seen (spec C).
//!
//! ```text
//! clips ──source──▶ pictures, masks ──learner──▶ what is hidden, then what it is ──recogniser──▶ scores
//! ```
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `config`, `settings` | what a run is told; how motions become pictures, which a model knows for ever |
//! | `source` | pictures of clips, and what is hidden of them |
//! | `model` | the network, and its folder |
//! | `learner`, `recogniser` | what learns and what recognises |
//! | `lessons` | a run |
//! | `reconstruction` | pictures of what a model makes of what it does not see |

mod config;
mod learner;
mod lessons;
mod model;
mod recogniser;
mod reconstruction;
mod settings;
mod source;

#[cfg(test)]
mod tests;

pub use config::{Lesson, S2iConfig, S2iStage};
pub use learner::S2iLearner;
pub use lessons::{S2iLessons, run};
pub use model::{S2iFolder, S2iModel};
pub use recogniser::S2iRecogniser;
pub use settings::{DecoderKind, S2iSettings};
pub use source::{PictureBatch, PictureSample, Pictures};
