//! Teachers of CR-Distill (spec A.9 stage 3, A.10): texts that explain why a clip shows its label.
//!
//! A rationale has a short summary, a causal chain that names body parts and their motion, and a conclusion; its last
//! line is `Label: <true label>`. Whoever writes it knows the label; the student who learns from it does not.
//!
//! | Teacher | Where the text comes from |
//! | --- | --- |
//! | [`KinematicTeacher`] | the joints themselves |
//! | [`Rationales`] | a JSONL file, written by another teacher or by hand |
//!
//! A teacher that looks at pictures needs more than this crate has; see `skeletonllm-train`.

mod journal;
mod kinematic;
mod ready;
mod writing;

use std::fmt;

use draction::motion::Motion;
use thiserror::Error;

use crate::{Record, Truth, label::normalized};

pub use journal::Journal;
pub use kinematic::{KinematicTeacher, PARTS, explanation, part_phrases};
pub use ready::{RationaleError, Rationales, refuse_ambiguous};
pub use writing::{Written, write_rationales};

/// A clip in the form in which it is shown to the student.
#[derive(Clone, Copy, Debug)]
pub struct ShownClip<'a> {
    /// What the set says of it, not mirrored.
    pub record: &'a Record,
    /// After augmentation.
    pub motion: &'a Motion,
    /// Whether augmentation mirrored it.
    pub mirrored: bool,
    /// What is true of `motion`; holds the label.
    pub truth: &'a Truth<'a>,
}

/// Why a teacher gave no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TeacherError {
    /// No clip will be answered: a wrong key, an unknown model.
    #[error("{0}")]
    Refused(String),
    /// This clip was not answered, after several tries.
    #[error("{0}")]
    GaveUp(String),
    /// The clip cannot be shown to the teacher.
    #[error(transparent)]
    Clip(anyhow::Error),
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
}

/// Explains clips.
pub trait Teacher: Send + Sync {
    /// Why this clip shows its label; `None` where this teacher has nothing to say about it.
    ///
    /// # Errors
    /// When the teacher cannot be reached or cannot be shown the clip.
    fn rationale(&self, clip: &ShownClip<'_>) -> Result<Option<String>, TeacherError>;
}

/// Why a text is no rationale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It names no label.
    NoLabel,
    /// It names another label than the true one.
    OtherLabel,
}

/// Whether a text is a rationale for a clip of this label. Upper case and marks around the label do not matter.
///
/// # Errors
/// Why it is none.
pub fn judge(text: &str, label: &str) -> Result<(), Unfit> {
    const MARK: &str = "label:";
    // lower case in ASCII alone keeps every byte in its place
    let start = text.to_ascii_lowercase().rfind(MARK).ok_or(Unfit::NoLabel)? + MARK.len();
    let said = text[start..].lines().next().unwrap_or_default();
    let bare = |s: &str| normalized(s.trim_matches(|c: char| !c.is_alphanumeric() && c != '(' && c != ')'));
    if bare(said) == bare(label) { Ok(()) } else { Err(Unfit::OtherLabel) }
}

/// What became of some rationales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RationaleTally {
    /// Fit to learn from.
    pub kept: usize,
    /// Dropped: [`Unfit::NoLabel`].
    pub no_label: usize,
    /// Dropped: [`Unfit::OtherLabel`].
    pub other_label: usize,
    /// Left alone: about no clip that has a label here.
    pub unknown: usize,
}

impl RationaleTally {
    /// Counts one verdict of [`judge`].
    pub fn add(&mut self, verdict: Result<(), Unfit>) {
        match verdict {
            Ok(()) => self.kept += 1,
            Err(Unfit::NoLabel) => self.no_label += 1,
            Err(Unfit::OtherLabel) => self.other_label += 1,
        }
    }
}

impl fmt::Display for RationaleTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rationales", self.kept)?;
        for (count, why) in [
            (self.no_label, "dropped without a \"Label:\" line"),
            (self.other_label, "dropped with another label"),
            (self.unknown, "about no labelled clip here"),
        ] {
            if count > 0 {
                write!(f, ", {count} {why}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rationale_names_its_label_and_no_other() {
        for (text, verdict) in [
            ("The hand rises.\nLabel: wave left hand", Ok(())),
            ("…\n**LABEL: Wave_left hand.**\n", Ok(())),
            ("label: clap? No.\nLabel: \"wave left hand\"\r\nDone.", Ok(())),
            ("The label is wave left hand.", Err(Unfit::NoLabel)),
            ("", Err(Unfit::NoLabel)),
            ("Label: wave right hand", Err(Unfit::OtherLabel)),
            ("Label: wave", Err(Unfit::OtherLabel)),
            ("Label: wave left hand\nLabel: clap", Err(Unfit::OtherLabel)),
            ("Label:", Err(Unfit::OtherLabel)),
            ("İŞ Label: é", Err(Unfit::OtherLabel)),
        ] {
            assert_eq!(judge(text, "wave left hand"), verdict, "{text}");
        }
        assert_eq!(judge("Label: Cheer (raise arms).", "cheer (raise arms)"), Ok(()));
    }

    #[test]
    fn a_tally_says_what_was_dropped() {
        let mut tally = RationaleTally::default();
        for verdict in [Ok(()), Ok(()), Err(Unfit::NoLabel), Err(Unfit::OtherLabel), Err(Unfit::OtherLabel)] {
            tally.add(verdict);
        }
        let said = "2 rationales, 1 dropped without a \"Label:\" line, 2 dropped with another label";
        assert_eq!(tally.to_string(), said);
    }
}
