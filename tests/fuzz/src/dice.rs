//! Random choices that follow from a seed.

use draction::random::SplitMix64;

/// Chooses.
pub(crate) struct Dice(SplitMix64);

impl Dice {
    /// The choices of one target and seed.
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        let mixed = name.bytes().fold(seed, |state, byte| SplitMix64::nth(state, u64::from(byte)));
        Self(SplitMix64::new(mixed))
    }

    /// A number below `n`; 0 where there is none.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        match n {
            0 => 0,
            n => (self.0.next_u64() % n as u64) as usize,
        }
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.0.next_u64() as u8
    }

    /// One of a list that holds something.
    pub(crate) fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}
