//! A small generator whose whole state is one number, so that any sample of any epoch can be drawn without its
//! predecessors: [`SplitMix64`] with what training and augmentation draw from it.

use draction::random::{STEP, SplitMix64, mix};

/// A stream of random numbers. The same start gives the same stream on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(SplitMix64);

impl Rng {
    /// A stream for one seed.
    pub fn new(seed: u64) -> Rng {
        Rng(SplitMix64::new(mix(seed ^ STEP)))
    }

    /// The stream of one sample: training seed, epoch, and the sample's position in the epoch.
    pub fn at(seed: u64, epoch: u64, index: u64) -> Rng {
        // each number is mixed in before the next one, so that (1, 2) and (2, 1) have nothing in common
        [epoch, index].iter().fold(Rng::new(seed), |rng, &key| Rng::new(SplitMix64::nth(rng.0.state(), 0) ^ mix(key)))
    }

    /// Where the stream stands, for [`Rng::from_state`].
    #[must_use]
    pub fn state(&self) -> u64 {
        self.0.state()
    }

    /// The stream that stands there.
    #[must_use]
    pub fn from_state(state: u64) -> Rng {
        Rng(SplitMix64::new(state))
    }

    /// An independent stream; this one advances by one number. Used where the amount of randomness that one step
    /// takes should not shift what the next step sees.
    pub fn fork(&mut self) -> Rng {
        Rng::new(self.next_u64())
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1), in steps of 2^-24.
    pub fn unit(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 * (1.0 / (1 << 24) as f32)
    }

    /// Uniform between two bounds.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform among `0..n`.
    ///
    /// The high half of a 128-bit product stands in for a modulus; its bias is below n / 2^64.
    ///
    /// # Panics
    /// When `n` is zero.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "nothing to choose from");
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f32) -> bool {
        self.unit() < p
    }

    /// One of the items.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// An index drawn in proportion to its weight; `None` when no weight is positive.
    pub fn weighted(&mut self, weights: &[f32]) -> Option<usize> {
        let total: f32 = weights.iter().filter(|&&w| w > 0.0).sum();
        let mut left = self.unit() * total;
        let mut last = None;
        for (i, &w) in weights.iter().enumerate().filter(|&(_, &w)| w > 0.0) {
            last = Some(i);
            if left < w {
                break;
            }
            left -= w;
        }
        last
    }

    /// Puts the items into a uniformly random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_every_key_and_on_nothing_else() {
        let first = |seed, epoch, index| Rng::at(seed, epoch, index).next_u64();
        assert_eq!(first(7, 3, 11), first(7, 3, 11));
        let mut seen = std::collections::HashSet::new();
        for seed in 0..10 {
            for epoch in 0..10 {
                for index in 0..100 {
                    assert!(seen.insert(first(seed, epoch, index)), "{seed} {epoch} {index} repeats");
                }
            }
        }
    }

    #[test]
    fn numbers_are_the_same_on_every_machine() {
        // a change here breaks the resuming of every training run begun before it
        let mut rng = Rng::at(1, 2, 3);
        assert_eq!([rng.next_u64(), rng.next_u64()], [12_521_779_798_155_149_562, 9_704_278_084_225_628_700]);
        // the published generator, started at zero
        let mut plain = Rng(SplitMix64::new(0));
        assert_eq!([plain.next_u64(), plain.next_u64()], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }

    #[test]
    fn draws_are_uniform() {
        let mut rng = Rng::new(5);
        let mut counts = [0usize; 10];
        let mut sum = 0.0;
        for _ in 0..100_000 {
            counts[rng.below(10)] += 1;
            sum += f64::from(rng.unit());
        }
        assert!(counts.iter().all(|c| (9_600..10_400).contains(c)), "{counts:?}");
        assert!((sum / 1e5 - 0.5).abs() < 0.005);
    }

    #[test]
    fn weights_are_kept() {
        let mut rng = Rng::new(6);
        let mut counts = [0usize; 4];
        for _ in 0..40_000 {
            counts[rng.weighted(&[1.0, 0.0, 3.0, -1.0]).unwrap()] += 1;
        }
        assert_eq!((counts[1], counts[3]), (0, 0));
        assert!((9_500..10_500).contains(&counts[0]), "{counts:?}");
        assert_eq!(rng.weighted(&[0.0, 0.0]), None);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<usize> = (0..100).collect();
        Rng::new(9).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
