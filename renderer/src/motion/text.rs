//! Lines, words and numbers of a text of unknown origin.

use std::fmt::Display;

use super::{
    error::{Cause, excerpt},
    limits::MAX_COORDINATE,
};

/// What ends a line: `\n`, or `\r` in a text that has no `\n`.
pub(super) fn line_end(text: &[u8]) -> u8 {
    if text.contains(&b'\n') { b'\n' } else { b'\r' }
}

/// Lines that are not empty, with their numbers from one, without the space around them.
pub(super) fn numbered_lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let end = line_end(text);
    let all = text.split(move |&b| b == end).map(<[u8]>::trim_ascii).enumerate();
    all.filter(|(_, line)| !line.is_empty()).map(|(k, line)| (k + 1, line))
}

/// Words of one line. NUL pads some files, and DOS ends some with 0x1a.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|b| b.is_ascii_whitespace() || matches!(b, 0 | 0x0b | 0x1a)).filter(|w| !w.is_empty())
}

/// A word as a number, or as whatever else is written with letters and digits; `None` for anything else.
pub(super) fn parse<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// A finite number.
pub(super) fn number(word: &[u8], what: impl Display) -> Result<f64, Cause> {
    // an excerpt costs as much as the number: it is made where it is shown
    let shown = || excerpt(word);
    match parse::<f64>(word) {
        Some(v) if v.is_finite() && v.abs() <= MAX_COORDINATE => Ok(v),
        Some(_) => Err(Cause::NotFinite(format!("{what} {}", shown()))),
        // what C programs print for NaN and infinity
        None if word.windows(2).any(|w| w == b"#I" || w == b"#Q" || w == b"#S") => {
            Err(Cause::NotFinite(format!("{what} {}", shown())))
        }
        None if is_decimal_comma(word) => Err(Cause::Malformed(format!(
            "{what} should be a number, not {}: it has a decimal comma; write a point",
            shown()
        ))),
        None if word.iter().any(|b| matches!(b, b',' | b';')) && word.iter().any(u8::is_ascii_digit) => {
            Err(Cause::Malformed(format!(
                "{what} should be a number, not {}: spaces part numbers, and nothing else",
                shown()
            )))
        }
        None => Err(Cause::Malformed(format!("{what} should be a number, not {}", shown()))),
    }
}

/// Whether a word is a number with a comma for its point.
pub(super) fn is_decimal_comma(word: &[u8]) -> bool {
    let mut parts = word.split(|&b| b == b',');
    let (Some(whole), Some(fraction), None) = (parts.next(), parts.next(), parts.next()) else { return false };
    let whole = whole.strip_prefix(b"-").or_else(|| whole.strip_prefix(b"+")).unwrap_or(whole);
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let exponent = fraction.iter().position(|b| matches!(b, b'e' | b'E')).unwrap_or(fraction.len());
    digits(whole) && digits(&fraction[..exponent])
}
