//! Why a motion could not be read or written.

use thiserror::Error;

use super::Format;

/// An error that names the file, the line where there is one, and the cause.
#[derive(Debug, Error)]
#[error("{file}{}: {cause}", line.map(|l| format!(", line {l}")).unwrap_or_default())]
pub struct MotionError {
    /// The name the caller gave.
    pub file: String,
    /// Line, counted from one; `None` for binary files and for what concerns the file as a whole.
    pub line: Option<usize>,
    /// What is wrong. Part of the text above, so not a source of its own: whoever prints a chain would say it twice.
    pub cause: Cause,
}

/// What is wrong with a motion file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Cause {
    /// The file could not be opened or read.
    #[error("cannot read the file: {0}")]
    Io(std::io::Error),
    /// A stated size exceeds what this program accepts, whether or not the data is there.
    #[error("{what} is {value}, more than the limit of {limit}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// The count as the file states it.
        value: String,
        /// The limit.
        limit: u64,
    },
    /// The bytes are none of the known formats.
    #[error("{0} (what can be read: {known})", known = Format::listed())]
    UnknownFormat(String),
    /// The file ends before it is complete.
    #[error("the file ends early: {0}")]
    Truncated(String),
    /// Something else than the format's grammar asks for.
    #[error("{0}")]
    Malformed(String),
    /// A number that is NaN, infinite or beyond any sensible size.
    #[error("{0} is not a finite number of sensible size")]
    NotFinite(String),
    /// The file is well-formed but holds no motion of a body.
    #[error("{0}")]
    Degenerate(String),
}

impl From<std::io::Error> for Cause {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl Cause {
    /// Attaches file and line.
    pub(super) fn at(self, file: &str, line: impl Into<Option<usize>>) -> MotionError {
        MotionError { file: file.to_owned(), line: line.into(), cause: self }
    }

    /// A [`Cause::Malformed`] from anything printable.
    pub(super) fn malformed(text: impl Into<String>) -> Self {
        Self::Malformed(text.into())
    }
}

/// At most 24 characters of untrusted text, printable and in quotes, for error messages.
pub(super) fn excerpt(text: &[u8]) -> String {
    let lossy = String::from_utf8_lossy(&text[..text.len().min(64)]);
    let printable = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    let mut out: String = lossy.chars().take(24).map(printable).collect();
    if lossy.chars().count() > 24 || text.len() > 64 {
        out.push('…');
    }
    format!("'{out}'")
}

/// At most so many items of a list, for error messages: `'a.bin', 'b.bin', …`.
pub(super) fn several(mut items: impl Iterator<Item = String>, limit: usize) -> String {
    let mut shown: Vec<String> = items.by_ref().take(limit).collect();
    if items.next().is_some() {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
