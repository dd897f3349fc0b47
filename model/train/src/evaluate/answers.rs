//! Lists of answers in the paper's format, one line `sample<TAB>answer`, and their score (spec A.10).

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use skeletonllm_data::{Record, label::normalized, ntu::Sample};

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidAnswer {
    /// [`Record::id`]; `_q` and a number behind it tell several answers about one sample apart.
    pub sample: String,
    /// What was said, or `ERROR: …` where nothing was.
    pub text: String,
}

/// How often answers name the true label. All figures are fractions in 0..=1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AnswerScores {
    /// Samples, not lines.
    pub samples: usize,
    /// By the reference: the answer, in lower case, contains the label.
    pub reference: f64,
    /// The answer is the label and nothing else, case and punctuation around it aside: of two labels of which one
    /// contains the other only the one that was said counts.
    pub strict: f64,
    /// Lines that tell of an error, which are no votes.
    pub errors: usize,
    /// By label: samples and both scores.
    pub classes: BTreeMap<String, ClassScores>,
}

/// [`AnswerScores`] of one label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as in AnswerScores")]
pub struct ClassScores {
    pub samples: usize,
    pub reference: f64,
    pub strict: f64,
}

/// Writes a list. Line breaks and tabs in an answer become spaces.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, answers: &[SaidAnswer]) -> Result<()> {
    let line = |a: &SaidAnswer| format!("{}\t{}\n", a.sample, a.text.split_whitespace().collect::<Vec<_>>().join(" "));
    let text: String = answers.iter().map(line).collect();
    Ok(draction::store::write_atomically(path, text.as_bytes())?)
}

/// Reads a list; empty lines are skipped.
///
/// # Errors
/// When the file cannot be read, a line has no tab, or there is no line; file and line are named.
pub fn read(path: &Path) -> Result<Vec<SaidAnswer>> {
    let file = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {file}"))?;
    let mut answers = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let Some((sample, text)) = line.split_once('\t') else {
            bail!("{file}, line {number}: expected a sample, a tab and an answer");
        };
        answers.push(SaidAnswer { sample: sample.trim().to_owned(), text: text.trim().to_owned() });
    }
    if answers.is_empty() {
        bail!("{file}: there is no answer in it");
    }
    Ok(answers)
}

/// What is true of samples.
#[derive(Clone, Debug, Default)]
pub struct Truths(BTreeMap<String, String>);

impl Truths {
    /// The labels of these records, by [`Record::id`].
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Truths {
        Truths(records.into_iter().filter_map(|r| Some((r.id(), r.label.clone()?))).collect())
    }

    /// The sample that a line is about, and its label. One that is not listed may have a name of NTU RGB+D, which
    /// tells its label.
    fn of_sample<'a>(&self, name: &'a str) -> Option<(&'a str, String)> {
        let known = |name: &str| {
            let file = name.rsplit('/').next().unwrap_or(name);
            let class = || Sample::parse(file)?.class().map(normalized);
            self.0.get(name).cloned().or_else(class)
        };
        let group = group(name);
        known(name).map(|label| (name, label)).or_else(|| Some((group, known(group)?)))
    }
}

/// A name without `_q` and digits at its end.
fn group(name: &str) -> &str {
    match name.rsplit_once("_q") {
        Some((group, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => group,
        _ => name,
    }
}

/// Scores a list as the reference does, and strictly. Several answers about one sample vote: it counts when at least
/// half of the votes, and not none, are right.
///
/// # Errors
/// When a line is about a sample whose label is not known, naming it.
pub fn score(answers: &[SaidAnswer], truths: &Truths) -> Result<AnswerScores> {
    #[derive(Default)]
    struct Votes {
        valid: usize,
        reference: usize,
        strict: usize,
    }
    let mut votes: BTreeMap<(String, &str), Votes> = BTreeMap::new();
    let mut scores = AnswerScores::default();
    for answer in answers {
        let Some((sample, label)) = truths.of_sample(&answer.sample) else {
            bail!("the label of sample '{}' is not known: name its folder with --data", answer.sample);
        };
        let (said, entry) = (answer.text.to_lowercase(), votes.entry((label.clone(), sample)).or_default());
        if said.contains("error") {
            scores.errors += 1;
            continue;
        }
        entry.valid += 1;
        entry.reference += usize::from(said.contains(&label));
        entry.strict += usize::from(trimmed(&said) == trimmed(&label));
    }
    scores.samples = votes.len();
    for ((label, _), Votes { valid, reference, strict }) in votes {
        let class = scores.classes.entry(label).or_default();
        class.samples += 1;
        for (hits, own, all) in
            [(reference, &mut class.reference, &mut scores.reference), (strict, &mut class.strict, &mut scores.strict)]
        {
            let right = f64::from(u8::from(valid > 0 && 2 * hits >= valid));
            *own += right;
            *all += right;
        }
    }
    let share = |sum: &mut f64, of: usize| *sum /= of.max(1) as f64;
    share(&mut scores.reference, scores.samples);
    share(&mut scores.strict, scores.samples);
    for class in scores.classes.values_mut() {
        share(&mut class.reference, class.samples);
        share(&mut class.strict, class.samples);
    }
    Ok(scores)
}

/// Without punctuation around it, and with single spaces. What a label itself begins and ends with may be punctuation,
/// too; both sides are trimmed alike.
fn trimmed(text: &str) -> String {
    normalized(text.trim_matches(|c: char| !c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[(&str, &str)]) -> Vec<SaidAnswer> {
        lines.iter().map(|&(sample, text)| SaidAnswer { sample: sample.into(), text: text.into() }).collect()
    }

    #[test]
    fn the_reference_hears_a_label_inside_an_answer_and_the_strict_score_does_not() {
        let scores = score(
            &list(&[
                ("S001C001P003R001A001", "Drink water."),
                ("S001C001P003R001A007", "The person does throw"),
                ("S001C001P003R001A022", " \"cheer (raise arms)\" "),
                ("S001C001P003R001A011", "writing"),
            ]),
            &Truths::default(),
        )
        .unwrap();
        assert_eq!((scores.samples, scores.reference, scores.strict, scores.errors), (4, 0.75, 0.5, 0));
        assert_eq!(scores.classes["throw"], ClassScores { samples: 1, reference: 1.0, strict: 0.0 });
        assert_eq!(scores.classes["reading"], ClassScores { samples: 1, reference: 0.0, strict: 0.0 });
    }

    #[test]
    fn several_answers_vote_and_errors_do_not() {
        let scores = |lines: &[(&str, &str)]| score(&list(lines), &Truths::default()).unwrap();
        let [one, two, three] = ["S001C001P003R001A001_q0", "S001C001P003R001A001_q1", "S001C001P003R001A001_q12"];
        let half = scores(&[(one, "drink water"), (two, "reading")]);
        assert_eq!((half.samples, half.reference), (1, 1.0), "half is enough");
        let third = scores(&[(one, "drink water"), (two, "reading"), (three, "writing")]);
        assert_eq!((third.samples, third.reference), (1, 0.0));
        let error = scores(&[(one, "drink water"), (two, "ERROR: no answer"), (three, "Error")]);
        assert_eq!((error.samples, error.reference, error.errors), (1, 1.0, 2));
        let nothing = scores(&[(one, "ERROR: out of memory")]);
        assert_eq!((nothing.samples, nothing.reference), (1, 0.0), "no votes are not enough");
    }

    #[test]
    fn samples_are_known_by_their_records_or_their_names() {
        let record =
            |file: &str, label: &str| Record { file_name: file.into(), label: Some(label.into()), ..Record::default() };
        let records = [record("a/clip_q7.bvh", "wave"), record("a/other.bvh", "walk")];
        let truths = Truths::of(&records);
        let lines =
            list(&[("a/clip_q7", "wave"), ("a/other_q1", "walk"), ("nturgb/S001C001P003R001A001", "drink water")]);
        assert_eq!(score(&lines, &truths).unwrap().strict, 1.0);
        let unknown = score(&list(&[("else", "wave")]), &truths).unwrap_err().to_string();
        assert!(unknown.contains("'else'"), "{unknown}");
    }

    #[test]
    fn lists_survive_and_bad_lines_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.tsv");
        write(&path, &list(&[("a", "two\nlines\tand a tab"), ("b", "")])).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\ttwo lines and a tab\nb\t\n");
        assert_eq!(read(&path).unwrap(), list(&[("a", "two lines and a tab"), ("b", "")]));
        for (text, part) in [("a\tx\n\nb x\n", "line 3"), ("\n", "no answer")] {
            std::fs::write(&path, text).unwrap();
            let message = read(&path).unwrap_err().to_string();
            assert!(message.contains("answers.tsv") && message.contains(part), "{message}");
        }
    }
}
