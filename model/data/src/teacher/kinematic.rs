//! The built-in teacher: it watches the joints and says what they do, in few and fixed phrases.
//!
//! ```text
//! The left arm moves most.
//! The left hand goes up, then keeps going left and right, then goes down.
//! So only the left hand acts, reaching above the head, 5 times.
//! Label: wave left hand
//! ```
//!
//! Summary, chain and conclusion are taken from [`Kinematics`], never from the label. Of what
//! a clip does, only the notable events are told, at most four; "first" and "last" are meant among these.

mod events;
mod parts;
#[cfg(test)]
mod tests;
mod words;

use super::{ShownClip, Teacher, TeacherError};
use crate::{Kinematics, Truth};
use events::events;

pub use parts::{PARTS, part_phrases};

/// Explains clips by what their joints do.
#[derive(Clone, Copy, Debug, Default)]
pub struct KinematicTeacher;

impl Teacher for KinematicTeacher {
    /// `None` where the set names no label, or nobody is seen.
    fn rationale(&self, clip: &ShownClip<'_>) -> Result<Option<String>, TeacherError> {
        let said = clip.truth.label.as_deref().zip(explanation(clip.truth));
        Ok(said.map(|(label, text)| format!("{text}\nLabel: {label}")))
    }
}

/// Summary, chain and conclusion without the label, a line each; where nothing happens, or little is clear, without
/// chain or conclusion. `None` where nobody is seen.
pub fn explanation(truth: &Truth<'_>) -> Option<String> {
    if truth.kinematics == Kinematics::default() {
        return None;
    }
    let events = events(&truth.kinematics.phases);
    let lines = [words::summary(truth), words::chain(&events), words::conclusion(truth, &events)];
    Some(lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
}
