//! The lines that are written, and the files that have one already.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::{File, OpenOptions, TryLockError},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use skeletonllm::labeller::Labelled;

/// Longest line that is read back: a long take with a vector of a large model.
const LONGEST: u64 = 16 << 20;

/// How lines begin, also torn ones.
const BEGIN: &[u8] = b"{\"file\":";

/// What is said of a file.
pub struct Line {
    /// As it was listed.
    pub file: String,
    /// Its labels, or why there are none.
    pub said: Result<Labelled, String>,
}

/// How a line looks.
#[derive(Serialize)]
struct Written<'a> {
    file: &'a str,
    #[serde(flatten)]
    labelled: Option<&'a Labelled>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// What of a line tells that its file is done.
#[derive(Deserialize)]
struct Known {
    file: String,
    error: Option<serde::de::IgnoredAny>,
}

/// The files that have a line, eight bytes each.
#[derive(Clone, Default)]
pub struct Done(Arc<HashSet<u64>>);

impl Done {
    /// Whether this one has.
    pub fn holds(&self, file: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&number(file))
    }
}

fn number(file: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    file.hash(&mut hasher);
    hasher.finish()
}

/// Where lines go.
pub struct Journal {
    out: Box<dyn Write>,
    done: Done,
}

impl Journal {
    /// Lines for whoever reads.
    pub fn standard_output() -> Journal {
        Journal { out: Box::new(io::stdout()), done: Done::default() }
    }

    /// Lines of a file, to which others are added. A last line that was torn when a program was killed is taken away;
    /// `retry` takes files with an error for open. What has a line in a file `beside` it is done, too; these are left as
    /// they are, for others may be adding to them.
    ///
    /// # Errors
    /// When a file cannot be used, another program adds to this one, or a line is none of ours.
    pub fn open(path: &Path, beside: &[PathBuf], retry: bool) -> Result<Journal> {
        let name = || path.display().to_string();
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).with_context(name)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => anyhow::bail!("{}: another program adds to it", name()),
            // some network drives know no locks
            Err(TryLockError::Error(_)) => {}
        }
        let (mut done, whole) = read(&file, retry).with_context(name)?;
        for path in beside {
            let name = || path.display().to_string();
            done.extend(read(&File::open(path).with_context(name)?, retry).with_context(name)?.0);
        }
        let length = file.seek(SeekFrom::End(0)).with_context(name)?;
        if whole < length {
            file.set_len(whole).with_context(name)?;
        }
        Ok(Journal { out: Box::new(file), done: Done(Arc::new(done)) })
    }

    /// The files that had a line when it was opened.
    pub fn done(&self) -> Done {
        self.done.clone()
    }

    /// Adds a line at once; `false` when whoever reads has seen enough.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, line: &Line) -> Result<bool> {
        let (labelled, error) = match &line.said {
            Ok(labelled) => (Some(labelled), None),
            Err(why) => (None, Some(why.as_str())),
        };
        let mut text = serde_json::to_vec(&Written { file: &line.file, labelled, error })?;
        text.push(b'\n');
        // one write, so that a kill tears the line at most
        match self.out.write_all(&text).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            result => Ok(result.map(|()| true)?),
        }
    }
}

/// `labels.jsonl` of the second process is `labels.2.jsonl`.
pub fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// The journals of a run that several processes share, as many as there are: `labels.jsonl` and `labels.2.jsonl` and so on.
/// There may have been more or fewer processes before.
///
/// # Errors
/// When the folder cannot be read.
pub fn beside(path: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let whole = path.file_name().unwrap_or_default();
    let is_one = |name: &OsStr| {
        // the number is the last part of the name but for the extension
        let stem = if path.extension().is_some() { Path::new(name).file_stem().unwrap_or(name) } else { name };
        let number = Path::new(stem).extension().and_then(|digits| digits.to_str()?.parse().ok());
        name == whole || number.is_some_and(|number| numbered(path, number).file_name() == Some(name))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if is_one(&entry.file_name()) {
            found.push(path.with_file_name(entry.file_name()));
        }
    }
    found.sort();
    Ok(found)
}

/// The files that are done, and the length of the whole lines.
fn read(file: &File, retry: bool) -> Result<(HashSet<u64>, u64)> {
    let mut input = BufReader::new(file);
    let (mut done, mut whole, mut line, mut text) = (HashSet::new(), 0, 0_usize, Vec::new());
    loop {
        text.clear();
        let length = (&mut input).take(LONGEST).read_until(b'\n', &mut text)? as u64;
        if text.last() != Some(&b'\n') {
            let ours = BEGIN.iter().zip(&text).all(|(a, b)| a == b);
            anyhow::ensure!(
                ours && length < LONGEST,
                "line {} is none of this program: it is not overwritten",
                line + 1
            );
            return Ok((done, whole));
        }
        (line, whole) = (line + 1, whole + length);
        if text.trim_ascii().is_empty() {
            continue;
        }
        let known: Known = serde_json::from_slice(&text)
            .with_context(|| format!("line {line} is none of this program: it is not overwritten"))?;
        if known.error.is_none() || !retry {
            done.insert(number(&known.file));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn line(file: &str, said: Result<&str, &str>) -> Line {
        let labelled = |label: &str| Labelled {
            label: label.into(),
            confidence: 0.5,
            caption: None,
            seconds: 2.0,
            spans: Vec::new(),
            embedding: None,
        };
        Line { file: file.into(), said: said.map(labelled).map_err(str::to_owned) }
    }

    #[test]
    fn what_is_done_is_known_again_and_a_torn_line_is_done_once_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.jsonl");
        let mut journal = Journal::open(&path, &[], false).unwrap();
        for line in [line("a \"b\".bvh", Ok("walk")), line("c.bvh", Err("it is empty"))] {
            assert!(journal.append(&line).unwrap());
        }
        assert!(Journal::open(&path, &[], false).is_err(), "only one at a time");
        drop(journal);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            lines[0],
            serde_json::json!({"file": "a \"b\".bvh", "label": "walk", "confidence": 0.5, "seconds": 2.0})
        );
        assert_eq!(lines[1], serde_json::json!({"file": "c.bvh", "error": "it is empty"}));

        fs::write(&path, format!("{text}{{\"file\":\"d.bvh\",\"lab")).unwrap();
        let journal = Journal::open(&path, &[], false).unwrap();
        let holds = ["a \"b\".bvh", "c.bvh", "d.bvh"].map(|file| journal.done().holds(file));
        assert_eq!(holds, [true, true, false]);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        drop(journal);
        let journal = Journal::open(&path, &[], true).unwrap();
        assert!(!journal.done().holds("c.bvh") && journal.done().holds("a \"b\".bvh"));
    }

    #[test]
    fn each_process_has_a_file_of_its_own() {
        for (path, own) in [("out/labels.jsonl", "out/labels.2.jsonl"), ("labels", "labels.2"), ("a.b.c", "a.b.2.c")] {
            assert_eq!(numbered(Path::new(path), 2), Path::new(own));
        }
    }

    #[test]
    fn processes_share_what_is_done_and_one_that_is_being_written_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, first, second] = ["l.jsonl", "l.1.jsonl", "l.12.jsonl"].map(|name| folder.path().join(name));
        for other in ["l.x.jsonl", "l.1.txt", "other.1.jsonl"] {
            fs::write(folder.path().join(other), "no journal").unwrap();
        }
        Journal::open(&whole, &[], false).unwrap().append(&line("a.bvh", Ok("walk"))).unwrap();
        let torn = "{\"file\":\"b.bvh\",\"error\":\"empty\"}\n{\"file\":\"c.bvh\",\"lab";
        fs::write(&second, torn).unwrap();
        let beside = beside(&whole).unwrap();
        assert_eq!(beside, [second.clone(), whole]);
        let done = Journal::open(&first, &beside, false).unwrap().done();
        assert_eq!(["a.bvh", "b.bvh", "c.bvh"].map(|file| done.holds(file)), [true, true, false]);
        assert_eq!(fs::read_to_string(&second).unwrap(), torn);
    }

    #[test]
    fn a_file_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs::write(&path, "{\"file\": \"a\", \"label\": \"b\"}\nDear diary,\n").unwrap();
        let error = format!("{:#}", Journal::open(&path, &[], false).err().unwrap());
        assert!(error.contains("notes.txt") && error.contains("line 2"), "{error}");
        assert!(fs::read_to_string(&path).unwrap().contains("diary"));
        fs::write(&path, "Dear diary,").unwrap();
        assert!(Journal::open(&path, &[], false).is_err(), "a line without an end is not taken for a torn one of ours");
        assert_eq!(fs::read_to_string(&path).unwrap(), "Dear diary,");
    }
}
