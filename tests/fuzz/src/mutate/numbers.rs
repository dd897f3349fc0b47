//! Other numbers in the places of numbers.

use crate::dice::Dice;

/// At the edges of types and formats, and what is no number.
const WRITTEN: [&str; 36] = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "17",
    "22",
    "25",
    "255",
    "256",
    "1024",
    "1025",
    "65535",
    "65536",
    "500000",
    "500001",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999",
    "1e9",
    "1.0000001e9",
    "1e38",
    "3.5e38",
    "1e308",
    "1e999",
    "1e-320",
    "-0",
    "nan",
    "-inf",
    "1.#QNAN",
    "1,5",
    "0x1F",
    "7.2e+16",
];

/// The same as bytes.
const STORED: [u64; 14] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
    0x7f80_0000,
    0x7fc0_0000,
    0x7ff0_0000_0000_0000,
    0x0000_0001_0000_0000,
];

fn belongs_to_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E')
}

/// A number in a text becomes another one.
pub(super) fn replace_written(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let start = dice.below(bytes.len());
    let Some(digit) = bytes[start..].iter().position(u8::is_ascii_digit).map(|i| start + i) else { return };
    let from = bytes[..digit].iter().rposition(|&b| !belongs_to_number(b)).map_or(0, |i| i + 1);
    let to = bytes[digit..].iter().position(|&b| !belongs_to_number(b)).map_or(bytes.len(), |i| digit + i);
    let word = match dice.below(4) {
        // nearly the same
        0 => {
            let whole = std::str::from_utf8(&bytes[from..to]).ok().and_then(|w| w.parse::<i64>().ok());
            whole.map_or_else(|| "1e5".to_owned(), |n| n.wrapping_add(1 - 2 * dice.below(2) as i64).to_string())
        }
        _ => (*dice.one_of(&WRITTEN)).to_owned(),
    };
    bytes.splice(from..to, word.into_bytes());
}

/// Some digits become others: numbers stay numbers, and what is inferred from them may not.
pub(super) fn change_digits(bytes: &mut [u8], dice: &mut Dice) {
    for _ in 0..1 << dice.below(8) {
        let start = dice.below(bytes.len());
        if let Some(digit) = bytes[start..].iter_mut().find(|b| b.is_ascii_digit()) {
            *digit = b'0' + dice.below(10) as u8;
        }
    }
}

/// Bytes that may be a number become another one, of one to eight bytes, in either order.
pub(super) fn replace_stored(bytes: &mut [u8], dice: &mut Dice) {
    let width = 1 << dice.below(4);
    let at = dice.below(bytes.len());
    let mut value = dice.one_of(&STORED).to_le_bytes();
    if dice.once_in(4) {
        value[..width].reverse();
    }
    for (byte, new) in bytes.iter_mut().skip(at).zip(&value[..width]) {
        *byte = *new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_replaced_and_nothing_else() {
        let mut dice = Dice::new("numbers", 1);
        for _ in 0..500 {
            let mut bytes = b"OFFSET -1.5e3;".to_vec();
            replace_written(&mut bytes, &mut dice);
            assert!(bytes.starts_with(b"OFFSET ") && bytes.ends_with(b";"), "{:?}", String::from_utf8_lossy(&bytes));
            let mut bytes = b"a 12.5 b".to_vec();
            change_digits(&mut bytes, &mut dice);
            assert!(bytes.starts_with(b"a ") && bytes.ends_with(b" b") && bytes[4] == b'.', "{bytes:?}");
            let mut bytes = b"no digit".to_vec();
            replace_written(&mut bytes, &mut dice);
            assert_eq!(bytes, b"no digit");
        }
    }
}
