//! Smaller files with the same mistake: a person reads them.

use std::time::{Duration, Instant};

use crate::{Input, Wrong, check};

/// How long to try.
const TIME: Duration = Duration::from_secs(5);

/// Takes out what the mistake does not need, larger pieces first.
pub(crate) fn reduced(mut input: Input, wrong: &Wrong) -> Input {
    if *wrong == Wrong::Hang {
        return input;
    }
    let end = Instant::now() + TIME;
    let fails = |input: &Input| check(input).is_err_and(|other| other.resembles(wrong));
    let mut piece = input.bytes.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < input.bytes.len() {
            if Instant::now() > end {
                return input;
            }
            let mut smaller = input.clone();
            smaller.bytes.drain(at..(at + piece).min(input.bytes.len()));
            if fails(&smaller) {
                input = smaller;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    input
}
