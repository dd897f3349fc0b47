//! Damage that keeps to lines and words.

use crate::dice::Dice;

/// From the beginning of a line to the beginning of the one after `lines` lines.
fn some_lines(bytes: &[u8], lines: usize, dice: &mut Dice) -> (usize, usize) {
    let at = dice.below(bytes.len());
    let from = bytes[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let mut ends = bytes[from..].iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| from + i + 1);
    (from, ends.nth(lines).unwrap_or(bytes.len()))
}

pub(super) fn delete_lines(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let (from, to) = some_lines(bytes, dice.below(4), dice);
    bytes.drain(from..to);
}

pub(super) fn double_lines(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let (from, to) = some_lines(bytes, dice.below(12), dice);
    let lines = bytes[from..to].to_vec();
    bytes.splice(to..to, lines);
}

/// Lines change their places.
pub(super) fn swap_lines(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let (from, to) = some_lines(bytes, dice.below(3), dice);
    let lines: Vec<u8> = bytes.drain(from..to).collect();
    let (at, _) = some_lines(bytes, 0, dice);
    bytes.splice(at..at, lines);
}

/// One of the format's words in the place of a word.
pub(super) fn replace_word(bytes: &mut Vec<u8>, word: &[u8], dice: &mut Dice) {
    let at = dice.below(bytes.len());
    let is_gap = |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b':' | b'"');
    let from = bytes[..at].iter().rposition(is_gap).map_or(0, |i| i + 1);
    let to = bytes[at..].iter().position(is_gap).map_or(bytes.len(), |i| at + i);
    bytes.splice(from..to.max(from), word.iter().copied());
}

/// Other ends of lines, no ends of lines, other spaces.
pub(super) fn change_breaks(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let (from, to): (&[u8], &[u8]) = *dice.one_of(&[
        (&b"\n"[..], &b"\r\n"[..]),
        (b"\n", b"\r"),
        (b"\n", b" "),
        (b" ", b"\n"),
        (b" ", b"\t\0"),
        (b" ", b""),
        (b".", b","),
    ]);
    let whole = dice.once_in(2);
    let (first, last) = if whole { (0, bytes.len()) } else { some_lines(bytes, 3, dice) };
    let changed: Vec<u8> = bytes[first..last]
        .iter()
        .flat_map(|b| if *b == from[0] { to } else { std::slice::from_ref(b) })
        .copied()
        .collect();
    bytes.splice(first..last, changed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_whole() {
        let mut dice = Dice::new("lines", 1);
        let text = b"one\ntwo\nthree\nfour\n";
        let lines =
            |bytes: &[u8]| -> Vec<String> { String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect() };
        let known = lines(text);
        for _ in 0..500 {
            for damage in [delete_lines, double_lines, swap_lines] {
                let mut bytes = text.to_vec();
                damage(&mut bytes, &mut dice);
                assert!(lines(&bytes).iter().all(|line| known.contains(line)), "{:?}", lines(&bytes));
            }
            let mut bytes = text.to_vec();
            swap_lines(&mut bytes, &mut dice);
            assert_eq!(bytes.len(), text.len());
        }
    }
}
