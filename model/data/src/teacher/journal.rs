//! A file of rationales that grows by a line with every answer, so that nothing paid for is lost.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::ready::{Entry, RationaleError, entries};

/// A file open for appending, and which clips stand in it already.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    done: HashSet<String>,
    mended: bool,
}

impl Journal {
    /// Opens a file, or makes it. A last line that was torn when a program was killed is taken away.
    ///
    /// # Errors
    /// [`RationaleError`] when the file cannot be used, another program writes to it, or a line is none of ours.
    pub fn open(path: &Path) -> Result<Journal, RationaleError> {
        let fault = |cause| RationaleError::Io { path: path.to_owned(), cause };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(fault(io::Error::other("another program writes to it"))),
            // some network drives know no locks
            Err(TryLockError::Error(_)) => {}
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).map_err(fault)?;
        let start = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
        // a cut may go through the middle of a letter
        let whole = std::str::from_utf8(&bytes[start..]).is_ok_and(|l| l.trim().is_empty() || Entry::parse(l).is_ok());
        if !whole {
            file.set_len(start as u64).map_err(fault)?;
            bytes.truncate(start);
        } else if start < bytes.len() {
            file.write_all(b"\n").map_err(fault)?;
        }
        let text = String::from_utf8(bytes).map_err(|e| fault(io::Error::new(io::ErrorKind::InvalidData, e)))?;
        let done = entries(&text, path)?.into_iter().map(|e| e.file_name).collect();
        Ok(Journal { path: path.to_owned(), file: Mutex::new(file), done, mended: !whole })
    }

    /// Whether a clip stood in the file when it was opened.
    pub fn holds(&self, file_name: &str) -> bool {
        self.done.contains(file_name)
    }

    /// How many clips stood in the file when it was opened.
    pub fn len(&self) -> usize {
        self.done.len()
    }

    /// Whether the file was empty when it was opened.
    pub fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    /// Whether a torn line was taken away.
    pub fn mended(&self) -> bool {
        self.mended
    }

    /// Appends a line, at once.
    ///
    /// # Errors
    /// What the file system says.
    pub fn append(&self, file_name: &str, rationale: &str) -> Result<(), RationaleError> {
        let fault = |cause| RationaleError::Io { path: self.path.clone(), cause };
        let entry = Entry { file_name: file_name.to_owned(), rationale: rationale.to_owned() };
        let mut line = serde_json::to_string(&entry).map_err(|e| fault(e.into()))?;
        line.push('\n');
        // one write, so that a kill tears the line at most
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes()).map_err(fault)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LINE: &str = "{\"file_name\":\"a.bvh\",\"rationale\":\"Label: ü\\nx\"}\n";

    /// Opens a file with this text, appends, and gives what stands in it then.
    fn after(text: &[u8]) -> Result<(Journal, String), RationaleError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.jsonl");
        fs::write(&path, text).unwrap();
        let journal = Journal::open(&path)?;
        journal.append("b.bvh", "x")?;
        Ok((journal, fs::read_to_string(&path).unwrap()))
    }

    #[test]
    fn lines_are_added_and_known_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.jsonl");
        let journal = Journal::open(&path).unwrap();
        assert!(journal.is_empty() && !journal.holds("a.bvh"));
        journal.append("a.bvh", "Label: ü\nx").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), LINE);
        let message = Journal::open(&path).unwrap_err().to_string();
        assert!(message.contains("r.jsonl") && message.contains("another program"), "{message}");
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert!(journal.holds("a.bvh") && journal.len() == 1 && !journal.mended());
    }

    #[test]
    fn a_torn_last_line_is_mended_wherever_it_was_torn() {
        let added = "{\"file_name\":\"b.bvh\",\"rationale\":\"x\"}\n";
        for cut in 1..LINE.len() - 1 {
            // a cut through a letter of several bytes leaves no text at all
            let torn = [LINE.as_bytes(), &LINE.as_bytes()[..cut]].concat();
            let (journal, text) = after(&torn).unwrap();
            assert_eq!((journal.mended(), journal.len()), (true, 1), "{cut}");
            assert_eq!(text, format!("{LINE}{added}"), "{cut}");
        }
        let (journal, text) = after(LINE.trim_end().as_bytes()).unwrap();
        assert_eq!((journal.mended(), text), (false, format!("{LINE}{added}")), "only its end was missing");
    }

    #[test]
    fn a_broken_line_before_the_last_is_left_to_its_owner() {
        let message = after(format!("{LINE}{{\n{LINE}").as_bytes()).unwrap_err().to_string();
        assert!(message.contains("r.jsonl, line 2"), "{message}");
    }
}
