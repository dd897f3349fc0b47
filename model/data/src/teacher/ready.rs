//! A file of ready rationales: one line a clip, `{"file_name": …, "rationale": …}`.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{RationaleTally, ShownClip, Teacher, TeacherError, judge};
use crate::{Record, label::mirrored};

/// What is wrong with a file of rationales.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RationaleError {
    /// It cannot be read or written.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A line is not what it should be.
    #[error("{}, line {line}: {cause}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What is wrong.
        cause: String,
    },
    /// Clips of several folders share a name, so that a line could be about either.
    #[error(
        "the folders hold several clips named {0}; rationales are found by file name, so take one folder at a time"
    )]
    Ambiguous(String),
}

/// One line of the file. Further fields are allowed and not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The clip, as its `metadata.jsonl` names it.
    pub(super) file_name: String,
    /// The text.
    pub(super) rationale: String,
}

impl Entry {
    pub(super) fn parse(line: &str) -> Result<Entry, String> {
        serde_json::from_str(line).map_err(|e| format!("not {{\"file_name\": …, \"rationale\": …}}: {e}"))
    }
}

/// The lines of a file, empty ones left out.
pub(super) fn entries(text: &str, path: &Path) -> Result<Vec<Entry>, RationaleError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let fault = |i, cause| RationaleError::Line { path: path.to_owned(), line: i + 1, cause };
    lines.map(|(i, line)| Entry::parse(line).map_err(|cause| fault(i, cause))).collect()
}

/// Makes sure that a file name means one clip.
///
/// # Errors
/// [`RationaleError::Ambiguous`] with the name that means several.
pub fn refuse_ambiguous<'a>(clips: impl IntoIterator<Item = &'a Record>) -> Result<(), RationaleError> {
    let mut seen = HashSet::new();
    match clips.into_iter().find(|record| !seen.insert(record.file_name.as_str())) {
        Some(twice) => Err(RationaleError::Ambiguous(twice.file_name.clone())),
        None => Ok(()),
    }
}

/// A teacher who has written everything down before.
///
/// A clip that is shown mirrored gets its text with left and right exchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rationales {
    of: HashMap<String, String>,
}

impl Rationales {
    /// Reads what a file says about these clips, and keeps what [`judge`] finds fit. Of several lines about one clip
    /// the last counts.
    ///
    /// # Errors
    /// [`RationaleError`], with file, line and cause.
    pub fn read<'a>(
        path: &Path,
        clips: impl IntoIterator<Item = &'a Record> + Clone,
    ) -> Result<(Rationales, RationaleTally), RationaleError> {
        refuse_ambiguous(clips.clone())?;
        let text = fs::read_to_string(path).map_err(|cause| RationaleError::Io { path: path.to_owned(), cause })?;
        let mut of: HashMap<String, String> =
            entries(&text, path)?.into_iter().map(|e| (e.file_name, e.rationale)).collect();
        let labels: HashMap<&str, &str> =
            clips.into_iter().filter_map(|r| Some((r.file_name.as_str(), r.label.as_deref()?))).collect();
        let mut tally = RationaleTally::default();
        of.retain(|file_name, rationale| {
            let Some(label) = labels.get(file_name.as_str()) else {
                tally.unknown += 1;
                return false;
            };
            let verdict = judge(rationale, label);
            tally.add(verdict);
            verdict.is_ok()
        });
        Ok((Rationales { of }, tally))
    }

    /// How many clips it explains.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether it explains none.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// All texts as they stand in the file, for training a tokenizer.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.of.values().map(String::as_str)
    }
}

impl Teacher for Rationales {
    fn rationale(&self, clip: &ShownClip<'_>) -> Result<Option<String>, TeacherError> {
        let text = self.of.get(&clip.record.file_name);
        Ok(text.map(|text| if clip.mirrored { mirrored(text) } else { text.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use draction::motion::humanoid::{Action, Person, perform};

    use super::*;
    use crate::{Labels, Truth, record::read_metadata};

    fn records() -> Vec<Record> {
        let dir = tempfile::tempdir().unwrap();
        let lines = ["a.bvh", "b.bvh", "c.bvh"].map(|name| {
            let label = if name == "c.bvh" { "clap" } else { "wave left hand" };
            format!("{{\"file_name\": \"{name}\", \"label\": \"{label}\"}}\n")
        });
        fs::write(dir.path().join("metadata.jsonl"), lines.concat()).unwrap();
        read_metadata(dir.path()).unwrap()
    }

    fn read(text: &str) -> Result<(Rationales, RationaleTally), RationaleError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.jsonl");
        fs::write(&path, text).unwrap();
        Rationales::read(&path, &records())
    }

    fn line(file_name: &str, rationale: &str) -> String {
        serde_json::json!({"file_name": file_name, "rationale": rationale, "model": "x"}).to_string() + "\n"
    }

    #[test]
    fn only_fit_texts_about_known_clips_are_kept() {
        let text = [
            line("a.bvh", "Once.\nLabel: wave left hand"),
            "\n".into(),
            line("b.bvh", "no end"),
            line("c.bvh", "Label: wave left hand"),
            line("d.bvh", "Label: clap"),
            line("a.bvh", "The left hand rises.\nLabel: wave left hand"),
        ];
        let (rationales, tally) = read(&("\u{feff}".to_owned() + &text.concat())).unwrap();
        assert_eq!(tally, RationaleTally { kept: 1, no_label: 1, other_label: 1, unknown: 1 });
        assert_eq!(rationales.texts().collect::<Vec<_>>(), ["The left hand rises.\nLabel: wave left hand"]);
        let records = records();
        let motion = perform(Action::WaveLeftHand, &Person::default(), 30.0);
        let labels = Labels::default();
        let said = |record, mirrored| {
            let truth = Truth::of(record, &motion, mirrored, &labels);
            rationales.rationale(&ShownClip { record, motion: &motion, mirrored, truth: &truth }).unwrap()
        };
        assert_eq!(said(&records[0], false).unwrap(), "The left hand rises.\nLabel: wave left hand");
        assert_eq!(said(&records[0], true).unwrap(), "The right hand rises.\nLabel: wave right hand");
        assert_eq!(said(&records[1], false), None);
    }

    #[test]
    fn errors_name_file_line_and_cause() {
        for (bad, cause) in [("{", "EOF"), ("[1]", "not {"), ("{\"file_name\": \"a\"}", "rationale"), ("3", "3")] {
            let message = read(&format!("{}\n{bad}\n", line("a.bvh", "Label: x"))).unwrap_err().to_string();
            assert!(message.contains("r.jsonl, line 3: ") && message.contains(cause), "{message}");
        }
        let message = Rationales::read(Path::new("no/such.jsonl"), &records()).unwrap_err().to_string();
        assert!(message.contains("no/such.jsonl"), "{message}");
    }

    #[test]
    fn a_name_that_means_two_clips_is_refused() {
        let twice = [records(), records()].concat();
        let message = refuse_ambiguous(&twice).unwrap_err().to_string();
        assert!(message.contains("a.bvh"), "{message}");
    }
}
