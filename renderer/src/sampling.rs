//! Which frames of a motion are drawn (spec A.1.3).

use crate::random::Mt19937;

/// The constant from which an unseeded generator of the reference starts.
pub const UNSEEDED: u64 = 67_280_421_310_721;

/// How `n` of `T` source frames are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampler {
    /// One frame out of each of `n` equal segments, drawn by the reference's generator. `None` is its unseeded start,
    /// which the release uses in training and evaluation: the same frames every time.
    Reference {
        /// Seed of the generator; low 32 bits count.
        seed: Option<u64>,
    },
    /// The middle frame of each of `n` equal segments.
    Uniform,
    /// One frame out of the middle half of each of `n` equal segments, at places as different from each other as they can
    /// be. Frames at equal distances would show a wave whose period this distance is as a hand held still.
    Staggered,
    /// One frame out of each segment, different for every seed: augmentation in time while training. Segments are
    /// those of [`Sampler::Reference`].
    Random {
        /// All 64 bits count.
        seed: u64,
    },
}

impl Sampler {
    /// `n` indices into `frames` source frames, never decreasing; empty when either is 0.
    ///
    /// The reference's rules: one index is the middle frame; as many as there are is all of them; with too few source
    /// frames indices repeat.
    pub fn indices(self, frames: usize, n: usize) -> Vec<usize> {
        if frames == 0 || n == 0 {
            return Vec::new();
        }
        match self {
            Sampler::Reference { seed } => {
                let mut random = Mt19937::new(seed.unwrap_or(UNSEEDED));
                drawn(frames, n, |count| random.below(count))
            }
            Sampler::Uniform => (0..n).map(|i| middle(i, frames, n)).collect(),
            Sampler::Staggered => (0..n).map(|i| staggered(i, frames, n)).collect(),
            Sampler::Random { seed } => {
                // the twister takes 32 bits: fold the upper half in, or clips numbered there would look alike
                let mut random = Mt19937::new(seed ^ (seed >> 32).wrapping_mul(0x9e37_79b9));
                drawn(frames, n, |count| ((random.uniform() * count as f64) as usize).min(count - 1))
            }
        }
    }
}

/// `⌊(i + ½)·T/n⌋` in exact integers.
fn middle(i: usize, frames: usize, n: usize) -> usize {
    (((2 * i as u128 + 1) * frames as u128) / (2 * n as u128)) as usize
}

/// `⌊(i + ¼ + ½·frac(½ + i·φ))·T/n⌋` in exact integers, φ the golden ratio: its multiples spread most evenly over 0..1.
fn staggered(i: usize, frames: usize, n: usize) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15; // frac(φ)·2⁶⁴
    let place = (i as u64).wrapping_mul(GOLDEN).wrapping_add(1 << 63) >> 33; // ½·frac in 1/2³²
    let at = (u128::from(place) + (1 << 30)) + ((i as u128) << 32);
    ((at * frames as u128) / ((n as u128) << 32)) as usize
}

fn drawn(frames: usize, n: usize, mut below: impl FnMut(usize) -> usize) -> Vec<usize> {
    if n == 1 {
        return vec![frames / 2];
    }
    if frames == n {
        return (0..n).collect();
    }
    if frames < n {
        let mut all: Vec<usize> = (0..n).map(|_| below(frames)).collect();
        all.sort_unstable();
        return all;
    }
    let edge = |i: usize| i as u128 * frames as u128;
    (0..n)
        .map(|i| {
            let low = (edge(i) / n as u128) as usize;
            let high = edge(i + 1).div_ceil(n as u128) as usize - 1;
            low + below(high - low + 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: Sampler = Sampler::Reference { seed: None };
    const SEED_0: Sampler = Sampler::Reference { seed: Some(0) };

    #[test]
    fn unseeded_start_is_the_low_half_of_the_constant() {
        assert_eq!(UNSEEDED as u32, 4_053_586_177);
    }

    #[test]
    fn reference_vectors_of_the_spec() {
        assert_eq!(REFERENCE.indices(100, 12), [0, 10, 18, 32, 33, 43, 52, 63, 67, 83, 85, 95]);
        assert_eq!(SEED_0.indices(100, 12), [8, 8, 18, 31, 40, 47, 57, 59, 67, 75, 91, 93]);
        assert_eq!(REFERENCE.indices(7, 12), [0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5, 6]);
        assert_eq!(SEED_0.indices(7, 12), [0, 0, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6]);
        assert_eq!(REFERENCE.indices(20, 12), [0, 3, 4, 5, 6, 9, 10, 13, 14, 16, 18, 19]);
    }

    #[test]
    fn special_counts() {
        for sampler in [REFERENCE, SEED_0, Sampler::Uniform, Sampler::Staggered, Sampler::Random { seed: 3 }] {
            assert_eq!(sampler.indices(9, 1), [4]);
            assert_eq!(sampler.indices(4, 4), [0, 1, 2, 3]);
            assert_eq!(sampler.indices(1, 3), [0, 0, 0]);
            assert!(sampler.indices(0, 12).is_empty());
            assert!(sampler.indices(12, 0).is_empty());
        }
    }

    #[test]
    fn uniform_takes_segment_centres() {
        assert_eq!(Sampler::Uniform.indices(120, 12), (0..12).map(|i| 10 * i + 5).collect::<Vec<_>>());
        assert_eq!(Sampler::Uniform.indices(3, 6), [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn staggered_frames_show_many_phases_of_what_repeats_with_each_segment() {
        let all = Sampler::Staggered.indices(1200, 12);
        assert!(all.iter().enumerate().all(|(i, &at)| (100 * i + 25..100 * i + 75).contains(&at)), "{all:?}");
        let mut phases: Vec<usize> = all.iter().map(|at| at % 100).collect();
        phases.sort_unstable();
        // twelve places that lie evenly would be four or five apart
        assert!(phases.windows(2).all(|w| (1..10).contains(&(w[1] - w[0]))), "{phases:?}");
    }

    #[test]
    fn order_never_decreases_and_stays_inside() {
        for frames in 1..300 {
            for n in [2, 8, 12, 16] {
                for sampler in
                    [REFERENCE, Sampler::Uniform, Sampler::Staggered, Sampler::Random { seed: frames as u64 }]
                {
                    let all = sampler.indices(frames, n);
                    assert_eq!(all.len(), n);
                    assert!(all.windows(2).all(|w| w[0] <= w[1]) && all[n - 1] < frames);
                }
            }
        }
    }

    #[test]
    fn random_differs_by_seed_also_in_the_upper_half() {
        let of = |seed| Sampler::Random { seed }.indices(500, 12);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_ne!(of(1), of(1 + (1 << 32)));
    }
}
