//! The prompts of the training stages (spec A.10), in a text file that users can replace.
//!
//! The file is `assets/prompts/prompts.txt`; its head explains the layout.

use std::{fs, io, ops::Range, path::Path, sync::LazyLock};

use thiserror::Error;

/// What is wrong with a file of prompts.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PromptError {
    /// It cannot be read.
    #[error("{file}: cannot read: {cause}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        cause: io::Error,
    },
    /// A line is not what it should be.
    #[error("{file}, line {line}: {cause}")]
    Line {
        /// The file.
        file: String,
        /// Counted from one.
        line: usize,
        /// What is wrong.
        cause: String,
    },
}

/// Which prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mqa,
    MqaReasoning,
    DiscFt,
    TeacherSystem,
    Teacher,
    Student,
}

impl Kind {
    const ALL: [Kind; 6] =
        [Kind::Mqa, Kind::MqaReasoning, Kind::DiscFt, Kind::TeacherSystem, Kind::Teacher, Kind::Student];

    /// The name in the file.
    fn name(self) -> &'static str {
        match self {
            Kind::Mqa => "mqa",
            Kind::MqaReasoning => "mqa_reasoning",
            Kind::DiscFt => "disc_ft",
            Kind::TeacherSystem => "teacher_system",
            Kind::Teacher => "teacher",
            Kind::Student => "student",
        }
    }

    /// The one place that is filled in, which the text must hold.
    fn place(self) -> Option<&'static str> {
        match self {
            Kind::Mqa | Kind::MqaReasoning => Some("{labels}"),
            Kind::DiscFt | Kind::Teacher => Some("{label}"),
            Kind::TeacherSystem | Kind::Student => None,
        }
    }
}

/// The prompts that follow the pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompts {
    texts: [String; Kind::ALL.len()],
}

static BUILT_IN: LazyLock<Prompts> = LazyLock::new(|| {
    let text = include_str!("../../../assets/prompts/prompts.txt");
    let empty = Prompts { texts: Default::default() };
    empty.overwritten(text, "prompts.txt").expect("a test parses this file")
});

impl Prompts {
    /// The project's own.
    pub fn built_in() -> &'static Prompts {
        &BUILT_IN
    }

    /// Reads a user's file. Prompts that it leaves out are the project's own.
    ///
    /// # Errors
    /// [`PromptError`], with file, line and cause.
    pub fn read(path: &Path) -> Result<Prompts, PromptError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|cause| PromptError::Io { file: file.clone(), cause })?;
        Prompts::parse(&text, &file)
    }

    /// As [`Prompts::read`], from memory; `file` is its name in errors.
    ///
    /// # Errors
    /// As [`Prompts::read`].
    pub fn parse(text: &str, file: &str) -> Result<Prompts, PromptError> {
        Prompts::built_in().clone().overwritten(text, file)
    }

    /// Stages 1 and 4: which of these labels, one a line. Answered by a label alone.
    pub fn mqa(&self, labels: &[String]) -> String {
        self.filled(Kind::Mqa, &labels.join("\n"))
    }

    /// As [`Prompts::mqa`]; answered by thoughts and a last line `Label: …`.
    pub fn mqa_reasoning(&self, labels: &[String]) -> String {
        self.filled(Kind::MqaReasoning, &labels.join("\n"))
    }

    /// Stage 2: is it this action? Answered by `YES` or `NO`.
    pub fn disc_ft(&self, label: &str) -> String {
        self.filled(Kind::DiscFt, label)
    }

    /// What a teacher is told before anything else.
    pub fn teacher_system(&self) -> &str {
        self.text(Kind::TeacherSystem)
    }

    /// Stage 3, to the teacher, who is told the true label: why is it this action?
    pub fn teacher(&self, label: &str) -> String {
        self.filled(Kind::Teacher, label)
    }

    /// Stage 3, to the student, who is not told the label. Answered by the teacher's text.
    pub fn student(&self) -> &str {
        self.text(Kind::Student)
    }

    /// All texts without what is filled in, for training a tokenizer.
    pub fn corpus(&self) -> Vec<String> {
        Kind::ALL.map(|kind| kind.place().map_or(self.text(kind).to_owned(), |_| self.filled(kind, ""))).to_vec()
    }

    fn text(&self, kind: Kind) -> &str {
        &self.texts[kind as usize]
    }

    fn filled(&self, kind: Kind, filling: &str) -> String {
        let place = kind.place().expect("only prompts with a place are filled");
        self.text(kind).replace(place, filling)
    }

    fn overwritten(mut self, text: &str, file: &str) -> Result<Prompts, PromptError> {
        let fault = |line, cause| PromptError::Line { file: file.to_owned(), line, cause };
        let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap_or(text).lines().collect();
        let starts: Vec<usize> = (0..lines.len()).filter(|&i| heading(lines[i]).is_some()).collect();
        if starts.is_empty() {
            return Err(fault(1, "no line such as \"=== student ===\" begins a prompt".to_owned()));
        }
        let ends = starts.iter().skip(1).copied().chain([lines.len()]);
        let mut seen = Vec::new();
        for (start, end) in starts.iter().copied().zip(ends) {
            let name = heading(lines[start]).unwrap_or_default();
            let kind = Kind::ALL.into_iter().find(|k| k.name() == name).ok_or_else(|| {
                let names = Kind::ALL.map(Kind::name).join(", ");
                fault(start + 1, format!("\"{name}\" is none of the prompts: {names}"))
            })?;
            if seen.contains(&kind) {
                return Err(fault(start + 1, format!("a second prompt {name}")));
            }
            seen.push(kind);
            self.texts[kind as usize] =
                section(kind, &lines, start..end).map_err(|(line, cause)| fault(line + 1, cause))?;
        }
        Ok(self)
    }
}

/// The name in a line `=== name ===`.
fn heading(line: &str) -> Option<&str> {
    Some(line.trim().strip_prefix("===")?.strip_suffix("===")?.trim())
}

/// The text below a heading. Errors carry their line, counted from zero.
fn section(kind: Kind, lines: &[&str], Range { start, end }: Range<usize>) -> Result<String, (usize, String)> {
    let place = kind.place();
    let mut found = false;
    for (number, line) in (start + 1..end).map(|i| (i, lines[i])) {
        for name in places(line) {
            if place != Some(name) {
                let has = place.map_or("none at all".to_owned(), |p| format!("only {p}"));
                return Err((number, format!("the prompt {} has no place {name}; it has {has}", kind.name())));
            }
            found = true;
        }
    }
    let text = lines[start + 1..end].join("\n").trim().to_owned();
    match place {
        _ if text.is_empty() => Err((start, format!("the prompt {} is empty", kind.name()))),
        Some(place) if !found => Err((start, format!("the prompt {} lacks {place}", kind.name()))),
        _ => Ok(text),
    }
}

/// Every `{word}` in a line; other braces are text.
fn places(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices('{').filter_map(|(start, _)| {
        let length = line[start..].find('}')?;
        let word = &line[start + 1..start + length];
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        is_word.then_some(&line[start..=start + length])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_prompts_have_the_structure_of_the_paper() {
        let own = Prompts::built_in();
        let labels = ["clap".to_owned(), "wave".to_owned()];
        for prompt in [own.mqa(&labels), own.mqa_reasoning(&labels)] {
            assert!(prompt.contains("\nclap\nwave\n"), "{prompt}");
        }
        assert!(own.mqa_reasoning(&labels).ends_with("Label: <action>"));
        assert!(own.disc_ft("clap").contains("'clap'") && own.disc_ft("clap").contains("YES or NO"));
        let teacher = own.teacher("clap");
        assert!(["Summary", "Chain", "Conclusion"].iter().all(|part| teacher.contains(part)), "{teacher}");
        assert!(teacher.ends_with("\nLabel: clap"), "{teacher}");
        assert!(own.student().ends_with("Label: <action>") && !own.student().contains("clap"));
        assert!(own.corpus().iter().all(|text| !text.is_empty() && !text.contains(['{', '}'])));
    }

    #[test]
    fn a_file_replaces_what_it_holds_and_nothing_else() {
        let text =
            "\u{feff}mine {whatever}\n=== disc_ft ===\r\n\r\nIs it {label}? {\"YES\": 1}\r\n\n===student===\nTell.\n";
        let mine = Prompts::parse(text, "mine.txt").unwrap();
        assert_eq!(mine.disc_ft("clap"), "Is it clap? {\"YES\": 1}");
        assert_eq!(mine.student(), "Tell.");
        assert_eq!(mine.teacher("clap"), Prompts::built_in().teacher("clap"));
    }

    #[test]
    fn errors_name_file_line_and_cause() {
        for (text, line, cause) in [
            ("nothing", 1, "begins a prompt"),
            ("\n=== discft ===\nIs it {label}?", 2, "mqa, mqa_reasoning, disc_ft"),
            ("=== disc_ft ===\nIs it?\nYES or NO.", 1, "lacks {label}"),
            ("=== disc_ft ===\nIs it {label}?\nOr {lable}?", 3, "no place {lable}; it has only {label}"),
            ("=== student ===\nIs it {label}?", 2, "has no place {label}; it has none"),
            ("=== student ===\n \n=== mqa ===\n{labels}", 1, "student is empty"),
            ("=== student ===\na\n=== student ===\nb", 3, "a second prompt student"),
        ] {
            let message = Prompts::parse(text, "mine.txt").unwrap_err().to_string();
            assert!(message.starts_with(&format!("mine.txt, line {line}: ")), "{message}");
            assert!(message.contains(cause), "{message}: no '{cause}'");
        }
        let message = Prompts::read(Path::new("no/such.txt")).unwrap_err().to_string();
        assert!(message.contains("no/such.txt"), "{message}");
    }
}
