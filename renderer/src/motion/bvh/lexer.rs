//! Words and lines of a text of unknown origin.

use super::{
    super::{error::Cause, text::line_end},
    Failure,
};

/// Words that end in a colon, behind which a number may follow at once.
const KEYWORDS: [&[u8]; 3] = [b"Frames", b"Time", b"FrameTime"];

/// Walks over the bytes; never copies, never looks back.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Line of the next unread byte, from one.
    line: usize,
    /// What ends a line: `\n`, or `\r` in files that have no `\n`.
    newline: u8,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, line: 1, newline: line_end(bytes) }
    }

    /// How much of the text is read, 0..1.
    pub(super) fn fraction(&self) -> f32 {
        (self.at as f64 / self.bytes.len().max(1) as f64) as f32
    }

    /// Line of the next unread byte, from one.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    pub(super) fn fail(&self, cause: Cause) -> Failure {
        (Some(self.line), cause)
    }

    fn skip_space(&mut self) {
        while let Some(&b) = self.bytes.get(self.at) {
            // NUL pads some files
            if !(b.is_ascii_whitespace() || b == 0 || b == 0x0b) {
                break;
            }
            self.line += usize::from(b == self.newline);
            self.at += 1;
        }
    }

    /// The next word without consuming it. Braces are words of their own.
    pub(super) fn peek(&mut self) -> Option<&'a [u8]> {
        self.skip_space();
        let rest = &self.bytes[self.at..];
        match rest.first()? {
            b'{' | b'}' => Some(&rest[..1]),
            _ => {
                let end = rest
                    .iter()
                    .position(|b| b.is_ascii_whitespace() || matches!(b, b'{' | b'}' | 0))
                    .unwrap_or(rest.len());
                // "Frames:100" is two words
                let colon = rest[..end].iter().position(|&b| b == b':');
                let keyword = |&at: &usize| KEYWORDS.iter().any(|word| rest[..at].eq_ignore_ascii_case(word));
                Some(&rest[..colon.filter(keyword).map_or(end, |at| at + 1)])
            }
        }
    }

    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let word = self.peek()?;
        self.at += word.len();
        Some(word)
    }

    /// The next word, or an error saying what is missing.
    pub(super) fn expect(&mut self, what: &str) -> Result<&'a [u8], Failure> {
        self.next().ok_or_else(|| self.fail(Cause::Truncated(format!("{what} is missing"))))
    }

    /// Whether the next word is `keyword`, in any case.
    pub(super) fn at_keyword(&mut self, keyword: &str) -> bool {
        self.peek().is_some_and(|w| w.eq_ignore_ascii_case(keyword.as_bytes()))
    }

    /// The rest of the line up to a brace, without surrounding space: a joint's name, which may hold spaces.
    pub(super) fn rest_of_line(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r' | b'{' | b'}')).unwrap_or(rest.len());
        self.at += end;
        rest[..end].trim_ascii()
    }

    /// The next line that holds anything, with its number.
    pub(super) fn next_line(&mut self) -> Option<(usize, &'a [u8])> {
        self.skip_space();
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return None;
        }
        let end = rest.iter().position(|&b| b == self.newline).unwrap_or(rest.len());
        self.at += end;
        Some((self.line, &rest[..end]))
    }
}
