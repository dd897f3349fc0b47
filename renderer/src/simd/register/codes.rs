//! From the whole numbers of packed weights to registers of f32.

/// Reads codes of weights. Numbers are exact.
pub trait Codes: Copy {
    /// As many words of 32 bits as a [`Vector`](super::Vector) has numbers.
    type Words: Copy;
    /// What each code of four bits stands for.
    type Table: Copy;

    /// Reads words.
    ///
    /// # Safety
    /// They must be there, and the machine must have the instructions.
    unsafe fn words(from: *const u32) -> Self::Words;

    /// Says that words from here on will be read soon. There need not be any.
    #[inline(always)]
    fn expect(_from: *const u32) {}

    /// Code `c` stands for `c − zero`.
    fn table(zero: f32) -> Self::Table;

    /// What the lowest four bits of each word stand for; the words move on to the next four.
    fn nibble(words: &mut Self::Words, table: Self::Table) -> Self;

    /// What a code counts in each of a word's eight places, where [`Codes::placed`] leaves it: a power of two.
    const PLACES: [f32; 8] = [1.0; 8];

    /// The four bits in one of the eight places of each word, times what they count there: exact, and cheaper than
    /// [`Codes::nibble`] where moving bits costs as much as turning them into numbers.
    fn placed(words: Self::Words, place: usize) -> Self;

    /// Reads whole numbers of eight bits.
    ///
    /// # Safety
    /// As for [`Codes::words`].
    unsafe fn bytes(from: *const i8) -> Self;

    /// Reads finite numbers in half precision.
    ///
    /// # Safety
    /// As for [`Codes::words`].
    unsafe fn halves(from: *const u16) -> Self;
}

/// 2¹¹²: what a half's exponent lacks when its bits are put where a float has them.
const HALF_EXPONENT: f32 = f32::from_bits((127 + 112) << 23);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Codes, HALF_EXPONENT};

    // SAFETY of every block: only `widest` picks a register, on a machine that has its instructions; what is read is
    // there, as the caller promises

    impl Codes for __m512 {
        type Words = __m512i;
        type Table = __m512;

        #[inline(always)]
        unsafe fn words(from: *const u32) -> __m512i {
            unsafe { _mm512_loadu_si512(from.cast()) }
        }

        #[inline(always)]
        fn expect(from: *const u32) {
            // SAFETY: it reads nothing that the program would notice
            unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
        }

        #[inline(always)]
        fn table(zero: f32) -> __m512 {
            let numbers: [f32; 16] = std::array::from_fn(|code| code as f32 - zero);
            unsafe { _mm512_loadu_ps(numbers.as_ptr()) }
        }

        #[inline(always)]
        fn nibble(words: &mut __m512i, table: __m512) -> Self {
            unsafe {
                // the look-up minds no other bits than the lowest four
                let numbers = _mm512_permutexvar_ps(*words, table);
                *words = _mm512_srli_epi32::<4>(*words);
                numbers
            }
        }

        #[inline(always)]
        fn placed(words: __m512i, place: usize) -> Self {
            // the look-up minds no other bits than the lowest four
            unsafe {
                _mm512_permutexvar_ps(_mm512_srl_epi32(words, _mm_cvtsi32_si128(4 * place as i32)), Self::table(0.0))
            }
        }

        #[inline(always)]
        unsafe fn bytes(from: *const i8) -> Self {
            unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast()))) }
        }

        #[inline(always)]
        unsafe fn halves(from: *const u16) -> Self {
            unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())) }
        }
    }

    impl Codes for __m256 {
        type Words = __m256i;
        type Table = __m256;

        #[inline(always)]
        unsafe fn words(from: *const u32) -> __m256i {
            unsafe { _mm256_loadu_si256(from.cast()) }
        }

        #[inline(always)]
        fn expect(from: *const u32) {
            // SAFETY: it reads nothing that the program would notice
            unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
        }

        #[inline(always)]
        fn table(zero: f32) -> __m256 {
            unsafe { _mm256_set1_ps(zero) }
        }

        #[inline(always)]
        fn nibble(words: &mut __m256i, table: __m256) -> Self {
            unsafe {
                let codes = _mm256_and_si256(*words, _mm256_set1_epi32(15));
                *words = _mm256_srli_epi32::<4>(*words);
                _mm256_sub_ps(_mm256_cvtepi32_ps(codes), table)
            }
        }

        // the last place is the sign's, so its bits are moved
        const PLACES: [f32; 8] = [1.0, 16.0, 256.0, 4096.0, 65536.0, 1_048_576.0, 16_777_216.0, 1.0];

        #[inline(always)]
        fn placed(words: __m256i, place: usize) -> Self {
            unsafe {
                let codes = match place {
                    7 => _mm256_srli_epi32::<28>(words),
                    _ => _mm256_and_si256(words, _mm256_set1_epi32(15 << (4 * place))),
                };
                _mm256_cvtepi32_ps(codes)
            }
        }

        #[inline(always)]
        unsafe fn bytes(from: *const i8) -> Self {
            unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast()))) }
        }

        #[inline(always)]
        unsafe fn halves(from: *const u16) -> Self {
            // not the instruction that does it: it belongs to a set of its own
            unsafe {
                let bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
                let size = _mm256_slli_epi32::<13>(_mm256_and_si256(bits, _mm256_set1_epi32(0x7fff)));
                let sign = _mm256_slli_epi32::<16>(_mm256_and_si256(bits, _mm256_set1_epi32(0x8000)));
                let size = _mm256_mul_ps(_mm256_castsi256_ps(size), _mm256_set1_ps(HALF_EXPONENT));
                _mm256_or_ps(size, _mm256_castsi256_ps(sign))
            }
        }
    }
}

impl Codes for [f32; 8] {
    type Words = [u32; 8];
    type Table = f32;

    #[inline(always)]
    unsafe fn words(from: *const u32) -> [u32; 8] {
        // SAFETY: as the caller promises
        unsafe { from.cast::<[u32; 8]>().read() }
    }

    #[inline(always)]
    fn table(zero: f32) -> f32 {
        zero
    }

    #[inline(always)]
    fn nibble(words: &mut [u32; 8], zero: f32) -> Self {
        let numbers = words.map(|word| (word & 15) as i32 as f32 - zero);
        *words = words.map(|word| word >> 4);
        numbers
    }

    #[inline(always)]
    fn placed(words: [u32; 8], place: usize) -> Self {
        words.map(|word| (word >> (4 * place) & 15) as i32 as f32)
    }

    #[inline(always)]
    unsafe fn bytes(from: *const i8) -> Self {
        // SAFETY: as the caller promises
        unsafe { from.cast::<[i8; 8]>().read() }.map(f32::from)
    }

    #[inline(always)]
    unsafe fn halves(from: *const u16) -> Self {
        // SAFETY: as the caller promises
        let bits = unsafe { from.cast::<[u16; 8]>().read() };
        bits.map(|bits| {
            let size = f32::from_bits(u32::from(bits & 0x7fff) << 13) * HALF_EXPONENT;
            f32::from_bits(size.to_bits() | u32::from(bits & 0x8000) << 16)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::simd::{Kernel, Vector, widest};

    struct Reads;

    impl Kernel for Reads {
        type Output = ();

        #[inline(always)]
        fn run<V: Vector>(self) {
            let words: Vec<u32> = (0..16).map(|i: u32| i.wrapping_mul(0x9e37_79b9)).collect();
            let bytes: Vec<i8> = (0..16).map(|i| (i * 17 - 128) as i8).collect();
            let numbers =
                [0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, -3.1e-5, 6.1e-5, 0.1, 1e3, 7.0, -9.0, 5e-7, 2.0, 3.0, 4.0];
            let halves = numbers.map(half::f16::from_f32);
            let bits = halves.map(half::f16::to_bits);
            let stored = |vector: V| {
                let mut out = [0.0_f32; 16];
                // SAFETY: a register has at most sixteen numbers
                unsafe { vector.store(out.as_mut_ptr()) };
                out
            };
            for start in (0..16).step_by(V::LANES) {
                // SAFETY: there are sixteen of each
                let (whole, byte, half) = unsafe {
                    (
                        V::words(words[start..].as_ptr()),
                        V::bytes(bytes[start..].as_ptr()),
                        V::halves(bits[start..].as_ptr()),
                    )
                };
                let mut read = whole;
                for place in 0..8 {
                    let code = |lane: usize| (words[start + lane] >> (4 * place) & 15) as f32;
                    let placed = stored(V::placed(whole, place));
                    let found = stored(V::nibble(&mut read, V::table(8.0)));
                    for lane in 0..V::LANES {
                        assert_eq!(found[lane], code(lane) - 8.0);
                        assert_eq!(placed[lane], code(lane) * V::PLACES[place]);
                    }
                }
                let (byte, half) = (stored(byte), stored(half));
                for lane in 0..V::LANES {
                    assert_eq!(byte[lane], f32::from(bytes[start + lane]));
                    assert_eq!(half[lane].to_bits(), halves[start + lane].to_f32().to_bits());
                }
            }
        }
    }

    #[test]
    fn codes_are_read_exactly_with_every_register() {
        widest(Reads);
        Reads.run::<[f32; 8]>();
    }
}
