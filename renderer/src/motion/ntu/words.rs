//! The words of a text whose line breaks carry no meaning.

use super::{
    super::{
        error::{Cause, excerpt},
        limits::check_count,
        text::{line_end, parse},
    },
    Failure,
};

/// The file's words, with the line of the last one.
pub(super) struct Words<'a> {
    rest: &'a [u8],
    pub line: usize,
    newline: u8,
}

impl<'a> Words<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, line: 1, newline: line_end(bytes) }
    }

    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|b| !b.is_ascii_whitespace())?;
        self.line += self.rest[..start].iter().filter(|&&b| b == self.newline).count();
        let rest = &self.rest[start..];
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        Some(word)
    }

    /// The lines that come next, with their numbers, and how many words each has; lines without any do not count.
    /// Nothing where words are left in the current line.
    fn lines(&self) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let (newline, line) = (self.newline, self.line);
        let end = self.rest.iter().position(|&b| b == newline).unwrap_or(self.rest.len());
        let (own, next) = self.rest.split_at(end);
        let next = if own.trim_ascii().is_empty() { next } else { &[] };
        let count = |line: &[u8]| line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
        let lines = next.split(move |&b| b == newline).map(count).enumerate();
        lines.filter(|(_, words)| *words > 0).map(move |(k, words)| (line + k, words))
    }

    /// Number of the next line that has words, and how many.
    pub(super) fn next_line(&self) -> Option<(usize, usize)> {
        self.lines().next()
    }

    /// How many words each of the next `lines` lines has, where all of these have as many and the one behind them has
    /// not: then it is lines that joints stand in.
    pub(super) fn in_each_of(&self, lines: usize) -> Option<usize> {
        let mut counts = self.lines().map(|(_, words)| words);
        let first = counts.next()?;
        let alike = 1 + counts.by_ref().take(lines - 1).filter(|&words| words == first).count();
        (alike == lines && counts.next() != Some(first)).then_some(first)
    }

    pub(super) fn fail(&self, cause: Cause) -> Failure {
        (Some(self.line), cause)
    }

    /// The next word, or an error saying what is missing.
    pub(super) fn expect(&mut self, what: &str) -> Result<&'a [u8], Failure> {
        self.next().ok_or_else(|| self.fail(Cause::Truncated(format!("{what} is missing"))))
    }

    /// A whole number up to `limit`.
    pub(super) fn count(&mut self, what: &'static str, limit: usize) -> Result<usize, Failure> {
        let word = self.expect(what)?;
        let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        let value = match parse::<usize>(word) {
            Some(value) => value,
            // digits beyond 64 bits
            None if digits => usize::MAX,
            None => {
                let text = format!("{what} should be a whole number, not {}", excerpt(word));
                return Err(self.fail(Cause::Malformed(text)));
            }
        };
        check_count(what, value, limit).map_err(|cause| self.fail(cause))?;
        Ok(value)
    }
}
