//! Texts that tell a motion what it is: one for each label in six body parts, several for each clip (spec D.1).
//!
//! The kinematic teacher writes them from the joints; whoever has better ones, of a language model that was asked about
//! labels or of one that looked at pictures, brings them as lines of JSON ([`Knowledge::read`]).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde::Deserialize;
use thiserror::Error;

use super::{
    Labels,
    error::{DataError, io_error},
    label::normalized,
    questions::Truth,
    set::DataClip,
    teacher::{PARTS, RationaleError, explanation, part_phrases, refuse_ambiguous},
};

/// What is wrong with texts.
#[derive(Debug, Error)]
pub enum KnowledgeError {
    /// The file cannot be read, or a line of it is none.
    #[error(transparent)]
    File(#[from] DataError),
    /// A line could be about several clips.
    #[error(transparent)]
    Ambiguous(#[from] RationaleError),
}

/// The texts of one clip, any of which may fit it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextBag {
    /// Shown each time: the label, and what the body's parts do in it.
    pub always: Vec<String>,
    /// Of these a few at a time are shown: what was seen in this clip.
    pub some: Vec<String>,
}

/// Texts that somebody wrote, by label and by clip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knowledge {
    motion: BTreeMap<String, String>,
    visual: BTreeMap<String, Vec<String>>,
}

/// One line of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    label: Option<String>,
    motion: Option<MotionText>,
    file_name: Option<String>,
    visual: Option<VisualTexts>,
    rationale: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum MotionText {
    Whole(String),
    Parts(BTreeMap<String, String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum VisualTexts {
    One(String),
    Several(Vec<String>),
}

/// How a line looks, for whoever wrote another one.
const SHAPES: &str = "expected {\"label\": …, \"motion\": \"…\" or {\"head\": …, …}}, {\"file_name\": …, \"visual\": \
                      [\"…\", …]} or a line of the program `rationales`";

impl Knowledge {
    /// Reads lines of JSON: `{"label": …, "motion": "…"}`, where the text may be given by body part as `{"head": …,
    /// "hand": …, …}`; and `{"file_name": …, "visual": ["…", …]}`, or what the program `rationales` writes.
    ///
    /// # Errors
    /// [`DataError`] naming file, line and field.
    pub fn read(path: &Path) -> Result<Knowledge, DataError> {
        let text = std::fs::read_to_string(path).map_err(io_error(path))?;
        Knowledge::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Knowledge, DataError> {
        let mut found = Knowledge::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong =
                |cause: String| DataError::Line { path: PathBuf::from(path), line: index + 1, field: None, cause };
            let line: Line = serde_json::from_str(line).map_err(|error| wrong(format!("{error}; {SHAPES}")))?;
            match line {
                Line { label: Some(label), motion: Some(motion), file_name: None, visual: None, rationale: None } => {
                    let text = match motion {
                        MotionText::Whole(text) => text,
                        MotionText::Parts(parts) => {
                            if let Some(part) = parts.keys().find(|part| !PARTS.contains(&part.as_str())) {
                                return Err(wrong(format!("no body part '{part}'; there are {}", PARTS.join(", "))));
                            }
                            in_parts(&label, PARTS.iter().filter_map(|part| Some((*part, parts.get(*part)?.as_str()))))
                        }
                    };
                    found.motion.insert(normalized(&label), text);
                }
                Line { label: None, motion: None, file_name: Some(file), visual: Some(visual), rationale: None } => {
                    let texts = match visual {
                        VisualTexts::One(text) => vec![text],
                        VisualTexts::Several(texts) => texts,
                    };
                    found.visual.entry(file).or_default().extend(texts);
                }
                Line { label: None, motion: None, file_name: Some(file), visual: None, rationale: Some(text) } => {
                    found.visual.entry(file).or_default().push(text);
                }
                _ => return Err(wrong(SHAPES.to_owned())),
            }
        }
        Ok(found)
    }

    /// What was written about a label.
    #[must_use]
    pub fn motion(&self, label: &str) -> Option<&str> {
        self.motion.get(&normalized(label)).map(String::as_str)
    }

    /// The texts of each clip: those that were written, and the kinematic teacher's for labels and clips without any.
    /// A set's own captions count as seen. A clip without a label has none that are always shown.
    ///
    /// # Errors
    /// When a file name that was written about is that of several clips.
    pub fn bags(&self, clips: &[&DataClip]) -> Result<Vec<TextBag>, KnowledgeError> {
        if !self.visual.is_empty() {
            refuse_ambiguous(clips.iter().map(|clip| &clip.record))?;
        }
        let known = Labels::default();
        let seen: Vec<Truth<'_>> =
            clips.par_iter().map(|clip| Truth::of(&clip.record, &clip.motion, false, &known)).collect();
        let motion = self.motions(&seen);
        let bag = |(clip, truth): (&&DataClip, &Truth<'_>)| {
            let mut always = Vec::new();
            if let Some(label) = truth.label.as_deref().map(normalized) {
                let motion = motion.get(&label).cloned();
                always.push(label);
                always.extend(motion);
            }
            let written = self.visual.get(&clip.record.file_name).cloned();
            let mut some = written.unwrap_or_else(|| {
                let told = explanation(truth).unwrap_or_default();
                // each sentence by itself, and all of them
                let sentences = told.lines().filter(|line| !line.is_empty()).map(str::to_owned);
                sentences.chain((told.lines().count() > 1).then(|| told.replace('\n', " "))).collect()
            });
            some.extend(truth.captions.iter().cloned());
            some.retain(|text| !text.trim().is_empty());
            TextBag { always, some }
        };
        Ok(clips.iter().zip(&seen).map(bag).collect())
    }

    /// The motion text of every label: as written, or of each part what it does in most clips.
    fn motions(&self, seen: &[Truth<'_>]) -> BTreeMap<String, String> {
        let mut phrases: BTreeMap<String, [BTreeMap<String, usize>; 6]> = BTreeMap::new();
        for truth in seen {
            let Some((label, said)) = truth.label.as_deref().zip(part_phrases(&truth.kinematics)) else { continue };
            let counts = phrases.entry(normalized(label)).or_default();
            for (counts, phrase) in counts.iter_mut().zip(said) {
                *counts.entry(phrase).or_default() += 1;
            }
        }
        let mut motions: BTreeMap<String, String> = phrases
            .into_iter()
            .map(|(label, counts)| {
                let most = counts.iter().map(|counts| {
                    // of phrases as common the first by name
                    counts.iter().rev().max_by_key(|(_, count)| **count).map_or("", |(phrase, _)| phrase)
                });
                let text = in_parts(&label, PARTS.into_iter().zip(most));
                (label, text)
            })
            .collect();
        motions.extend(self.motion.clone());
        motions
    }
}

/// `label: head …, hand …`.
fn in_parts<'a>(label: &str, parts: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let parts: Vec<String> = parts.map(|(part, does)| format!("{part} {does}")).collect();
    format!("{}: {}", normalized(label), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use draction::motion::{ReadOptions, read_file};
    use skeletonllm_checks::asset;

    use super::*;
    use crate::Record;

    fn clip(file: &str, label: Option<&str>) -> DataClip {
        let motion = read_file(asset(&format!("samples/{file}")), &ReadOptions::default()).unwrap();
        let record = Record { file_name: file.into(), label: label.map(str::to_owned), ..Record::default() };
        DataClip { record, motion }
    }

    #[test]
    fn the_teacher_says_what_parts_do_and_what_was_seen() {
        let clips = [clip("wave_left_hand.bvh", Some("wave left hand")), clip("squat.bvh", Some("squat"))];
        let bags = Knowledge::default().bags(&clips.each_ref()).unwrap();
        let [wave, squat] = &bags[..] else { panic!("two bags") };
        assert_eq!(wave.always[0], "wave left hand");
        assert!(wave.always[1].contains("hand left moves above the head"), "{wave:?}");
        assert!(wave.always[1].contains("foot stays on the floor"), "{wave:?}");
        assert!(squat.always[1].contains("hip goes down and up again"), "{squat:?}");
        assert!(wave.some.len() > 2 && wave.some.iter().any(|text| text.contains("left hand")), "{wave:?}");
        assert_ne!(wave.some, squat.some);
        let unlabelled = Knowledge::default().bags(&[&clip("walk.bvh", None)]).unwrap().remove(0);
        assert!(unlabelled.always.is_empty() && !unlabelled.some.is_empty());
    }

    #[test]
    fn what_was_written_goes_before_what_the_teacher_says() {
        let text = "{\"label\": \"Squat\", \"motion\": {\"leg\": \"bends\", \"head\": \"sinks\"}}\n\n\
                    {\"file_name\": \"squat.bvh\", \"visual\": [\"knees\", \"hips\"]}\n\
                    {\"file_name\": \"walk.bvh\", \"rationale\": \"steps\\nLabel: walk\"}";
        let written = Knowledge::parse(text, Path::new("k.jsonl")).unwrap();
        let clips = [clip("squat.bvh", Some("squat")), clip("walk.bvh", Some("walk"))];
        let bags = written.bags(&clips.each_ref()).unwrap();
        assert_eq!(bags[0].always, ["squat", "squat: head sinks, leg bends"]);
        assert_eq!(bags[0].some, ["knees", "hips"]);
        assert_eq!(bags[1].some, ["steps\nLabel: walk"]);
        let twice = [&clips[0], &clips[0]];
        assert!(written.bags(&twice).unwrap_err().to_string().contains("squat.bvh"));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for (line, part) in [
            ("{", "line 2"),
            ("{\"label\": \"a\"}", "expected"),
            ("{\"label\": \"a\", \"motion\": {\"tail\": \"wags\"}}", "no body part 'tail'"),
            ("{\"file_name\": \"a\", \"visual\": 3}", "line 2"),
            ("{\"lable\": \"a\"}", "lable"),
        ] {
            let text = format!("\n{line}");
            let error = Knowledge::parse(&text, Path::new("k.jsonl")).unwrap_err().to_string();
            assert!(error.contains("k.jsonl") && error.contains(part), "{line}: {error}");
        }
    }
}
