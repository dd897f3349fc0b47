//! What recognises, whatever it is: all that evaluation knows of it.

use std::collections::BTreeMap;

use anyhow::Result;
use draction::motion::Motion;
use skeletonllm::assistant::{Agreement, QuestionTally};
use skeletonllm_data::{DataClip, Family};

/// A motion and candidate labels in, scores out.
pub trait Recogniser {
    /// What it made of some motions before anything was asked, so that several questions cost one look.
    type Observation;

    /// The labels that it was trained on.
    fn labels(&self) -> &[String];

    /// Takes in some motions.
    ///
    /// # Errors
    /// When a motion shows nobody, or nothing can be made of it.
    fn observe(&self, motions: &[&Motion]) -> Result<Self::Observation>;

    /// `[motions][candidates]` scores, greater for what is likelier; only those of one list can be compared.
    ///
    /// # Errors
    /// When a candidate is empty, or the device gives nothing back.
    fn scores(&self, observation: &Self::Observation, candidates: &[String]) -> Result<Vec<Vec<f32>>>;
}

/// A recogniser that answers questions in words, too.
pub trait Speaker: Recogniser {
    /// Asks each clip the questions of `families` that its motion has a truth for, and counts in `tally` what became of
    /// them, by family.
    ///
    /// # Errors
    /// As [`Recogniser::scores`].
    fn judge_questions(
        &self,
        clips: &[DataClip],
        observation: &Self::Observation,
        families: &[Family],
        tally: &mut BTreeMap<String, QuestionTally>,
    ) -> Result<()>;

    /// Counts in `agreement` whether what is said of each clip agrees.
    ///
    /// # Errors
    /// As [`Recogniser::scores`].
    fn judge_agreement(
        &self,
        clips: &[DataClip],
        observation: &Self::Observation,
        agreement: &mut Agreement,
    ) -> Result<()>;

    /// The answer to one question about each motion.
    ///
    /// # Errors
    /// As [`Recogniser::scores`].
    fn label_in_words(&self, observation: &Self::Observation, question: &str) -> Result<Vec<String>>;
}
