//! Random numbers that are the same on every machine, for what is not secret.

/// 2⁶⁴ divided by the golden ratio, made odd: its multiples are spread as evenly as they can be.
pub const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The mixing function of [`SplitMix64`]; a bijection on 64 bits.
#[must_use]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): a counter that
/// advances by [`STEP`], and [`mix`] over it. Its whole state is one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// A generator whose counter starts at `state`.
    #[must_use]
    pub fn new(state: u64) -> SplitMix64 {
        SplitMix64 { state }
    }

    /// Where the counter stands: [`SplitMix64::new`] goes on from there.
    #[must_use]
    pub fn state(&self) -> u64 {
        self.state
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// Output `index`, counted from zero, of the generator started at `state`, without its predecessors.
    #[must_use]
    pub fn nth(state: u64, index: u64) -> u64 {
        mix(state.wrapping_add((index + 1).wrapping_mul(STEP)))
    }
}

/// Two independent draws from N(0, `deviation`²), made of two uniform ones (Box and Muller 1958): `u` in `(0, 1]`, `v` in
/// `[0, 1]`.
#[must_use]
pub fn normal_pair(u: f64, v: f64, deviation: f64) -> [f64; 2] {
    let radius = (-2.0 * u.ln()).sqrt() * deviation;
    let (sin, cos) = (std::f64::consts::TAU * v).sin_cos();
    [radius * cos, radius * sin]
}

const N: usize = 624;
const M: usize = 397;

/// The 32-bit Mersenne Twister with its standard seeding, on which the reference rests.
#[derive(Clone)]
pub struct Mt19937 {
    state: [u32; N],
    next: usize,
}

impl Mt19937 {
    /// A generator started from the low 32 bits of `seed`.
    pub fn new(seed: u64) -> Mt19937 {
        let mut state = [seed as u32; N];
        for i in 1..N {
            let previous = state[i - 1];
            state[i] = 1_812_433_253u32.wrapping_mul(previous ^ (previous >> 30)).wrapping_add(i as u32);
        }
        Mt19937 { state, next: N }
    }

    /// The next output, uniform over all 32-bit numbers.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == N {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..N {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }

    /// Uniform in `0..n` as the reference draws it: output modulo `n`. One output is consumed even when `n` is 1.
    ///
    /// # Panics
    /// When `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (u64::from(self.next_u32()) % n as u64) as usize
    }

    /// Uniform in `[0, 1)`, 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        let (high, low) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// `count` draws from N(0, `deviation`²).
    pub fn normals(&mut self, count: usize, deviation: f32) -> Vec<f32> {
        let mut all = Vec::with_capacity(count + 1);
        while all.len() < count {
            let pair = normal_pair(1.0 - self.uniform(), self.uniform(), f64::from(deviation));
            all.extend(pair.map(|x| x as f32));
        }
        all.truncate(count);
        all
    }
}

impl std::fmt::Debug for Mt19937 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mt19937").field("next", &self.next).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twister_gives_its_published_outputs() {
        let mut mt = Mt19937::new(5489);
        assert_eq!(mt.next_u32(), 3_499_211_612);
        let last = (1..10_000).map(|_| mt.next_u32()).last();
        assert_eq!(last, Some(4_123_659_995)); // the 10,000th output that the C++ standard prescribes
    }

    #[test]
    fn splitmix_gives_its_published_outputs() {
        let mut random = SplitMix64::new(0);
        let outputs = [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4];
        assert_eq!([random.next_u64(), random.next_u64()], outputs);
        assert_eq!([SplitMix64::nth(0, 0), SplitMix64::nth(0, 1)], outputs);
    }

    #[test]
    fn normal_numbers_have_the_spread_they_were_asked_for() {
        let numbers = Mt19937::new(3).normals(20_001, 0.5);
        let mean = numbers.iter().sum::<f32>() / 20_001.0;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 20_001.0;
        assert!(mean.abs() < 0.015 && (variance - 0.25).abs() < 0.01, "{mean} {variance}");
        assert_eq!(normal_pair(1.0, 0.3, 2.0), [0.0, 0.0], "a radius of zero");
    }
}
