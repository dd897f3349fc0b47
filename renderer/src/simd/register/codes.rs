//! From the whole numbers of packed weights to registers of f32.

/// Reads codes of weights. Numbers are exact.
pub trait Codes: Copy {
    /// As many words of 32 bits as a [`Vector`](super::Vector) has numbers.
    type Words: Copy;
    /// What each code of four bits stands for.
    type Table: Copy;
    /// Sums of whole numbers, two for each number of a [`Vector`](super::Vector).
    type Sums: Copy;

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

    /// Sums of nothing.
    fn no_sums() -> Self::Sums;

    /// Adds what the eight codes of four bits of each word give with whole numbers of 16 bits, those of the code in place `p`
    /// and in place `p + 4` in the lower and the upper half of `numbers[p]`. Exact up to 32 codes a sum and [`WHOLE`]. Codes
    /// are taken where they stand, two at once: half of what it costs to turn each into a float.
    fn products(words: Self::Words, numbers: &[i32; 4], sums: Self::Sums) -> Self::Sums;

    /// The sums as floats.
    fn summed(sums: Self::Sums) -> Self;

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

/// The largest whole number that [`Codes::products`] takes, and its negative the smallest.
pub const WHOLE: i16 = i16::MAX;

/// The lowest code in each half of a word. Four bits further up stands another, which counts sixteen times as much there.
const LOW: i32 = 0x000f_000f;

/// 2¹¹²: what a half's exponent lacks when its bits are put where a float has them.
const HALF_EXPONENT: f32 = f32::from_bits((127 + 112) << 23);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Codes, LOW};

    // SAFETY of every block: only `widest` picks a register, on a machine that has its instructions; what is read is
    // there, as the caller promises

    /// Products of whole numbers by the names of a register's instructions.
    macro_rules! whole_numbers {
        (
            $words:ident,
            [$zero:ident, $splat:ident, $and:ident, $pairs:ident, $add:ident],
            [$down:ident, $signed_down:ident, $floats:ident]
        ) => {
            #[inline(always)]
            fn no_sums() -> Self::Sums {
                unsafe { [$zero(); 2] }
            }

            #[inline(always)]
            fn products(words: $words, numbers: &[i32; 4], [first, second]: Self::Sums) -> Self::Sums {
                unsafe {
                    // by hand: a closure would not be compiled for the register's instructions
                    let (low, high) = ($splat(LOW), $splat(LOW << 4));
                    let moved = $down::<8>(words);
                    let a = $pairs($and(words, low), $splat(numbers[0]));
                    let b = $pairs($and(words, high), $splat(numbers[1]));
                    let c = $pairs($and(moved, low), $splat(numbers[2]));
                    let d = $pairs($and(moved, high), $splat(numbers[3]));
                    [$add($add(first, a), c), $add($add(second, b), d)]
                }
            }

            #[inline(always)]
            fn summed([first, second]: Self::Sums) -> Self {
                unsafe { $floats($add(first, $signed_down::<4>(second))) }
            }
        };
    }

    impl Codes for __m512 {
        type Words = __m512i;
        type Table = __m512;
        type Sums = [__m512i; 2];

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

        whole_numbers!(
            __m512i,
            [_mm512_setzero_si512, _mm512_set1_epi32, _mm512_and_si512, _mm512_madd_epi16, _mm512_add_epi32],
            [_mm512_srli_epi32, _mm512_srai_epi32, _mm512_cvtepi32_ps]
        );

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
        type Sums = [__m256i; 2];

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

        whole_numbers!(
            __m256i,
            [_mm256_setzero_si256, _mm256_set1_epi32, _mm256_and_si256, _mm256_madd_epi16, _mm256_add_epi32],
            [_mm256_srli_epi32, _mm256_srai_epi32, _mm256_cvtepi32_ps]
        );

        #[inline(always)]
        unsafe fn bytes(from: *const i8) -> Self {
            unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast()))) }
        }

        #[inline(always)]
        unsafe fn halves(from: *const u16) -> Self {
            unsafe { _mm256_cvtph_ps(_mm_loadu_si128(from.cast())) }
        }
    }
}

impl Codes for [f32; 8] {
    type Words = [u32; 8];
    type Table = f32;
    type Sums = [[i32; 8]; 2];

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
    fn no_sums() -> Self::Sums {
        [[0; 8]; 2]
    }

    #[inline(always)]
    fn products(words: [u32; 8], &[a, b, c, d]: &[i32; 4], [first, second]: Self::Sums) -> Self::Sums {
        let product = |shift: u32, mask: i32, numbers| halves_product(words.map(|w| w >> shift & mask as u32), numbers);
        let add = |sums: [i32; 8], one: [i32; 8], other: [i32; 8]| std::array::from_fn(|i| sums[i] + one[i] + other[i]);
        [
            add(first, product(0, LOW, a), product(8, LOW, c)),
            add(second, product(0, LOW << 4, b), product(8, LOW << 4, d)),
        ]
    }

    #[inline(always)]
    fn summed([first, second]: Self::Sums) -> Self {
        std::array::from_fn(|lane| (first[lane] + (second[lane] >> 4)) as f32)
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

/// Of each word's halves with those of `numbers`, both with a sign: their products' sum.
#[inline(always)]
fn halves_product(words: [u32; 8], numbers: i32) -> [i32; 8] {
    let (low, high) = (i32::from(numbers as i16), numbers >> 16);
    words.map(|word| i32::from(word as i16) * low + (word as i32 >> 16) * high)
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm {
    use std::arch::wasm32::*;

    use super::{Codes, HALF_EXPONENT, LOW};

    /// Both halves of a register.
    #[inline(always)]
    fn both<A: Copy, B>([a, b]: [A; 2], of: impl Fn(A) -> B) -> [B; 2] {
        [of(a), of(b)]
    }

    // SAFETY of every block: what is read is there, as the caller promises
    impl Codes for [v128; 2] {
        type Words = [v128; 2];
        type Table = v128;
        type Sums = [[v128; 2]; 2];

        #[inline(always)]
        unsafe fn words(from: *const u32) -> [v128; 2] {
            unsafe { [v128_load(from.cast()), v128_load(from.add(4).cast())] }
        }

        #[inline(always)]
        fn table(zero: f32) -> v128 {
            f32x4_splat(zero)
        }

        #[inline(always)]
        fn nibble(words: &mut [v128; 2], zero: v128) -> Self {
            let codes = both(*words, |words| v128_and(words, i32x4_splat(15)));
            *words = both(*words, |words| u32x4_shr(words, 4));
            both(codes, |codes| f32x4_sub(f32x4_convert_i32x4(codes), zero))
        }

        #[inline(always)]
        fn no_sums() -> Self::Sums {
            [[i32x4_splat(0); 2]; 2]
        }

        #[inline(always)]
        fn products(words: [v128; 2], numbers: &[i32; 4], [first, second]: Self::Sums) -> Self::Sums {
            let (low, high) = (i32x4_splat(LOW), i32x4_splat(LOW << 4));
            let (a, b) = (i32x4_splat(numbers[0]), i32x4_splat(numbers[1]));
            let (c, d) = (i32x4_splat(numbers[2]), i32x4_splat(numbers[3]));
            let of = |words, sum, mask, [near, far]: [v128; 2]| {
                let near = i32x4_dot_i16x8(v128_and(words, mask), near);
                let far = i32x4_dot_i16x8(v128_and(u32x4_shr(words, 8), mask), far);
                i32x4_add(i32x4_add(sum, near), far)
            };
            let [one, other] = words;
            [
                [of(one, first[0], low, [a, c]), of(other, first[1], low, [a, c])],
                [of(one, second[0], high, [b, d]), of(other, second[1], high, [b, d])],
            ]
        }

        #[inline(always)]
        fn summed([first, second]: Self::Sums) -> Self {
            let of = |first, second| f32x4_convert_i32x4(i32x4_add(first, i32x4_shr(second, 4)));
            [of(first[0], second[0]), of(first[1], second[1])]
        }

        #[inline(always)]
        unsafe fn bytes(from: *const i8) -> Self {
            let whole = i16x8_extend_low_i8x16(unsafe { v128_load64_zero(from.cast()) });
            both([i32x4_extend_low_i16x8(whole), i32x4_extend_high_i16x8(whole)], |whole| f32x4_convert_i32x4(whole))
        }

        #[inline(always)]
        unsafe fn halves(from: *const u16) -> Self {
            let bits = unsafe { v128_load(from.cast()) };
            both([u32x4_extend_low_u16x8(bits), u32x4_extend_high_u16x8(bits)], |bits| {
                let size = i32x4_shl(v128_and(bits, i32x4_splat(0x7fff)), 13);
                let size = f32x4_mul(size, f32x4_splat(HALF_EXPONENT));
                v128_or(size, i32x4_shl(v128_and(bits, i32x4_splat(0x8000)), 16))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WHOLE;
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
                let code = |lane: usize, place: usize| words[start + lane] >> (4 * place) & 15;
                for place in 0..8 {
                    let found = stored(V::nibble(&mut read, V::table(8.0)));
                    for lane in 0..V::LANES {
                        assert_eq!(found[lane], code(lane, place) as f32 - 8.0);
                    }
                }
                // four words are summed, the largest numbers among what they are multiplied with
                let factors = [WHOLE, -WHOLE, 12_345, -1, WHOLE, 0, -WHOLE, 777_i16];
                let pairs = std::array::from_fn(|p| i32::from(factors[p]) & 0xffff | i32::from(factors[p + 4]) << 16);
                let sums = (0..4).fold(V::no_sums(), |sums, _| V::products(whole, &pairs, sums));
                let largest = (0..4).fold(V::no_sums(), |sums, _| {
                    // SAFETY: there are sixteen
                    let all = unsafe { V::words([u32::MAX; 16].as_ptr()) };
                    V::products(all, &[i32::from(WHOLE) | i32::from(WHOLE) << 16; 4], sums)
                });
                let (sums, largest) = (stored(V::summed(sums)), stored(V::summed(largest)));
                for lane in 0..V::LANES {
                    let exact: i64 =
                        (0..8).map(|place| 4 * i64::from(code(lane, place)) * i64::from(factors[place])).sum();
                    assert_eq!(sums[lane], exact as f32);
                    assert_eq!(largest[lane], (32 * 15 * i64::from(WHOLE)) as f32);
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
