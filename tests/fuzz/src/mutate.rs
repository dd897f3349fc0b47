//! Damage to files: what disks, networks, other programs and people with bad intentions do.

mod numbers;
mod text;

use crate::{Target, dice::Dice, input::Input};

/// Longest file that is tried, in bytes. What needs more to go wrong is a matter of limits, which have tests of their own.
const LONGEST: usize = 64 << 10;
/// Most changes to a file at a time.
const MOST_CHANGES: usize = 6;

/// A changed copy of a file; parts of `other` may get into it.
pub(crate) fn mutated(input: &Input, other: &Input, target: &Target, dice: &mut Dice) -> Input {
    let mut input = input.clone();
    // few changes reach far inside, many go wrong at once
    let changes = 1 + if dice.once_in(2) { 0 } else { dice.below(MOST_CHANGES) };
    for _ in 0..changes {
        match (&mut input.beside, &other.beside) {
            (Some(beside), Some(others)) if dice.once_in(3) => change(beside, others, true, target, dice),
            _ => change(&mut input.bytes, &other.bytes, target.text, target, dice),
        }
    }
    input
}

fn change(bytes: &mut Vec<u8>, other: &[u8], is_text: bool, target: &Target, dice: &mut Dice) {
    match dice.below(if is_text { 20 } else { 12 }) {
        0 => flip(bytes, dice),
        1 => overwrite(bytes, dice),
        2 => cut_off(bytes, dice),
        3 => take_out(bytes, dice),
        4 => repeat(bytes, dice),
        5 => splice(bytes, other, dice),
        6 => insert(bytes, dice.one_of::<&[u8]>(target.words), dice),
        7 => nest(bytes, dice),
        8 | 9 => numbers::replace_stored(bytes, dice),
        10 | 11 => numbers::replace_written(bytes, dice),
        12..=14 => numbers::change_digits(bytes, dice),
        15 => text::delete_lines(bytes, dice),
        16 => text::double_lines(bytes, dice),
        17 => text::swap_lines(bytes, dice),
        18 => text::replace_word(bytes, dice.one_of::<&[u8]>(target.words), dice),
        _ => text::change_breaks(bytes, dice),
    }
    bytes.truncate(LONGEST);
}

fn flip(bytes: &mut [u8], dice: &mut Dice) {
    let at = dice.below(bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << dice.below(8);
    }
}

fn overwrite(bytes: &mut [u8], dice: &mut Dice) {
    let at = dice.below(bytes.len());
    for byte in bytes.iter_mut().skip(at).take(1 + dice.below(8)) {
        *byte = dice.byte();
    }
}

fn cut_off(bytes: &mut Vec<u8>, dice: &mut Dice) {
    bytes.truncate(dice.below(bytes.len() + 1));
}

fn take_out(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let (from, to) = stretch(bytes, 1 << dice.below(10), dice);
    bytes.drain(from..to);
}

/// Puts a stretch in again and again.
fn repeat(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let (from, to) = stretch(bytes, 1 << dice.below(8), dice);
    let times = 1 << dice.below(9);
    let room = LONGEST.saturating_sub(bytes.len());
    let again = bytes[from..to].repeat(times.min(room / (to - from).max(1)));
    bytes.splice(to..to, again);
}

/// Puts in a stretch of another file, or goes on as that one does.
fn splice(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let (from, to) = stretch(other, 1 << dice.below(10), dice);
    let at = dice.below(bytes.len() + 1);
    if dice.once_in(3) {
        bytes.truncate(at);
        bytes.extend(&other[from..]);
    } else {
        bytes.splice(at..at, other[from..to].iter().copied());
    }
}

fn insert(bytes: &mut Vec<u8>, word: &[u8], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    bytes.splice(at..at, word.iter().copied());
}

/// Opens many brackets.
fn nest(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let opening: &[u8] = dice.one_of::<&[u8]>(&[&b"["[..], b"{", b"(", b"{\"a\":", b"[[", b"<", b"{\n"]);
    let many = opening.repeat(1 << dice.below(12));
    insert(bytes, &many, dice);
}

/// A stretch of at most `longest` bytes.
fn stretch(bytes: &[u8], longest: usize, dice: &mut Dice) -> (usize, usize) {
    let from = dice.below(bytes.len() + 1);
    let to = (from + 1 + dice.below(longest)).min(bytes.len());
    (from.min(to), to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TARGETS;

    #[test]
    fn the_same_seed_does_the_same_damage_and_another_one_other() {
        for target in TARGETS {
            let seeds = target.seeds();
            let damage = |seed: u64| -> Vec<Input> {
                let mut dice = Dice::new(target.name, seed);
                (0..300).map(|i| mutated(&seeds[i % seeds.len()], &seeds[0], target, &mut dice)).collect()
            };
            let (first, again, other) = (damage(1), damage(1), damage(2));
            assert!(first == again && first != other, "{}", target.name);
            let untouched = first.iter().enumerate().filter(|(i, input)| **input == seeds[i % seeds.len()]).count();
            assert!(untouched < 60, "{}: {untouched} of 300 files are as they were", target.name);
            assert!(first.iter().all(|input| input.bytes.len() <= LONGEST));
        }
    }

    #[test]
    fn nothing_is_too_short_to_be_damaged() {
        let mut dice = Dice::new("short", 3);
        for round in 0..20_000 {
            let target = &TARGETS[round % TARGETS.len()];
            let mut bytes = b"1\n"[..round % 3].to_vec();
            change(&mut bytes, b"", round % 2 == 0, target, &mut dice);
        }
    }
}
