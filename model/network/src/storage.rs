//! How files store the numbers of a tensor, and how to get the numbers back.
//!
//! Names and layouts of the block types are those of ggml: a block holds a fixed count of weights of one row, with
//! scales of its own. What is read from a file may stay as it is; [`Storage::dequantise`] makes it f32.

mod blocks;
mod encode;
mod k_blocks;

pub(crate) use blocks::{five_bits, nibbles};
pub(crate) use k_blocks::sixes;

/// The type of a stored tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "the names that files and tools use")]
pub enum Storage {
    /// 32-bit floats.
    F32,
    /// IEEE half precision.
    F16,
    /// Brain floats.
    BF16,
    /// Whole numbers in −128..=127; their scales, one a row, are a tensor of its own.
    I8,
    /// 4 bits, a scale for 32.
    Q4_0,
    /// 4 bits, a scale and an offset for 32.
    Q4_1,
    /// 5 bits, a scale for 32.
    Q5_0,
    /// 5 bits, a scale and an offset for 32.
    Q5_1,
    /// 8 bits, a scale for 32.
    Q8_0,
    /// 4 bits in blocks of 256: scale and offset for 32, in 6 bits each.
    Q4_K,
    /// 5 bits in blocks of 256, as [`Storage::Q4_K`].
    Q5_K,
    /// 6 bits in blocks of 256: a scale for 16, in 8 bits.
    Q6_K,
}

use Storage::*;

impl Storage {
    /// Every type: numbers that stand alone, small blocks, large ones.
    pub const ALL: [Storage; 12] = [F32, F16, BF16, I8, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K];

    /// By the number that GGUF files give it.
    ///
    /// # Errors
    /// The name of a type that is known and not supported, or the number of one that is not known.
    pub fn of_gguf(id: u32) -> Result<Storage, String> {
        Ok(match id {
            0 => F32,
            1 => F16,
            2 => Q4_0,
            3 => Q4_1,
            6 => Q5_0,
            7 => Q5_1,
            8 => Q8_0,
            12 => Q4_K,
            13 => Q5_K,
            14 => Q6_K,
            30 => BF16,
            other => {
                let name = match other {
                    9 => "Q8_1",
                    10 => "Q2_K",
                    11 => "Q3_K",
                    15 => "Q8_K",
                    16..=23 | 29 => "of the IQ family",
                    24..=27 => "of whole numbers",
                    28 => "F64",
                    34 | 35 => "ternary",
                    39 => "MXFP4",
                    _ => "unknown",
                };
                return Err(format!("type {other} ({name}) is not supported"));
            }
        })
    }

    /// By the name that files give it.
    #[must_use]
    pub fn named(name: &str) -> Option<Storage> {
        Self::ALL.into_iter().find(|storage| format!("{storage:?}") == name)
    }

    /// Weights and bytes of a block; where numbers stand alone, 1 and the bytes of one.
    #[must_use]
    pub fn block(self) -> (usize, usize) {
        match self {
            F32 => (1, 4),
            F16 | BF16 => (1, 2),
            I8 => (1, 1),
            Q4_0 => (32, 18),
            Q4_1 => (32, 20),
            Q5_0 => (32, 22),
            Q5_1 => (32, 24),
            Q8_0 => (32, 34),
            Q4_K => (256, 144),
            Q5_K => (256, 176),
            Q6_K => (256, 210),
        }
    }

    /// Bytes of a row of `values`; `None` where they are no whole blocks or more than can be counted.
    #[must_use]
    pub fn row_bytes(self, values: usize) -> Option<usize> {
        let (weights, bytes) = self.block();
        values.is_multiple_of(weights).then(|| (values / weights).checked_mul(bytes)).flatten()
    }

    /// Appends the numbers of whole blocks; [`Storage::I8`] without its scales.
    ///
    /// # Panics
    /// When `raw` is no whole number of blocks.
    pub fn dequantise(self, raw: &[u8], values: &mut Vec<f32>) {
        let (weights, bytes) = self.block();
        assert!(raw.len().is_multiple_of(bytes), "{} bytes of {self:?}", raw.len());
        let start = values.len();
        values.resize(start + raw.len() / bytes * weights, 0.0);
        let out = &mut values[start..];
        match self {
            F32 => each::<4, 1>(raw, out, |b, y| y[0] = f32::from_le_bytes(*b)),
            F16 => each::<2, 1>(raw, out, |b, y| y[0] = half::f16::from_le_bytes(*b).to_f32()),
            BF16 => each::<2, 1>(raw, out, |b, y| y[0] = half::bf16::from_le_bytes(*b).to_f32()),
            I8 => each::<1, 1>(raw, out, |b, y| y[0] = f32::from(b[0] as i8)),
            Q4_0 => each(raw, out, blocks::q4_0),
            Q4_1 => each(raw, out, blocks::q4_1),
            Q5_0 => each(raw, out, blocks::q5_0),
            Q5_1 => each(raw, out, blocks::q5_1),
            Q8_0 => each(raw, out, blocks::q8_0),
            Q4_K => each(raw, out, k_blocks::q4_k),
            Q5_K => each(raw, out, k_blocks::q5_k),
            Q6_K => each(raw, out, k_blocks::q6_k),
        }
    }
}

/// Runs over blocks of `BYTES` and the `WEIGHTS` that each becomes.
fn each<const BYTES: usize, const WEIGHTS: usize>(
    raw: &[u8],
    out: &mut [f32],
    block: impl Fn(&[u8; BYTES], &mut [f32; WEIGHTS]),
) {
    let (raw, out) = (raw.as_chunks::<BYTES>().0, out.as_chunks_mut::<WEIGHTS>().0);
    raw.iter().zip(out).for_each(|(raw, out)| block(raw, out));
}

/// The half-precision number at a place of a block.
fn half_at(block: &[u8], place: usize) -> f32 {
    half::f16::from_le_bytes([block[place], block[place + 1]]).to_f32()
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;
    use skeletonllm_checks::shared;

    use super::*;

    #[test]
    fn blocks_become_what_another_implementation_makes_of_them() {
        let Some(path) = shared("golden/llama-tiny/blocks.safetensors") else { return };
        let bytes = std::fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        // the file has all that need a formula
        for name in ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"] {
            let storage = Storage::named(name).unwrap();
            let raw = file.tensor(&format!("raw.{name}")).unwrap();
            let expected = file.tensor(&format!("value.{name}")).unwrap();
            let expected = expected.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
            let mut values = Vec::new();
            storage.dequantise(raw.data(), &mut values);
            assert_eq!(values.len(), expected.len(), "{name}");
            for (value, expected) in values.iter().zip(expected) {
                let ulp = (expected.abs() * f32::EPSILON).max(f32::MIN_POSITIVE);
                assert!((value - expected).abs() <= ulp, "{name}: {value} against {expected}");
            }
        }
    }

    /// By hand: a scale of 2, an offset of 1 where there is one, and codes that count up.
    #[test]
    fn small_blocks_follow_their_formulas() {
        let two = half::f16::from_f32(2.0).to_le_bytes();
        let one = half::f16::ONE.to_le_bytes();
        // low nibbles 0..16 are the first half of the block, high nibbles the second
        let nibbles: Vec<u8> = (0..16).map(|i| i | ((15 - i) << 4)).collect();
        let values = |storage: Storage, parts: &[&[u8]]| {
            let mut values = Vec::new();
            storage.dequantise(&parts.concat(), &mut values);
            values
        };
        let q4_0 = values(Q4_0, &[&two, &nibbles]);
        assert_eq!((q4_0[0], q4_0[15], q4_0[16], q4_0[31]), (-16.0, 14.0, 14.0, -16.0));
        let q4_1 = values(Q4_1, &[&two, &one, &nibbles]);
        assert_eq!((q4_1[0], q4_1[15], q4_1[16], q4_1[31]), (1.0, 31.0, 31.0, 1.0));
        // the fifth bits: of weights 0 and 31
        let q5_0 = values(Q5_0, &[&two, &0x8000_0001_u32.to_le_bytes(), &nibbles]);
        assert_eq!((q5_0[0], q5_0[1], q5_0[31], q5_0[30]), (0.0, -30.0, 0.0, -30.0));
        let q5_1 = values(Q5_1, &[&two, &one, &0x8000_0001_u32.to_le_bytes(), &nibbles]);
        assert_eq!((q5_1[0], q5_1[1], q5_1[31], q5_1[30]), (33.0, 3.0, 33.0, 3.0));
        let q8_0 = values(Q8_0, &[&two, &(0..32).map(|i: u8| i.wrapping_sub(16)).collect::<Vec<_>>()]);
        assert_eq!((q8_0[0], q8_0[16], q8_0[31]), (-32.0, 0.0, 30.0));
    }

    #[test]
    fn rows_are_whole_blocks_and_never_overflow() {
        assert_eq!(Q4_0.row_bytes(64), Some(36));
        assert_eq!(Q4_0.row_bytes(65), None);
        assert_eq!(Q6_K.row_bytes(192), None);
        assert_eq!(F32.row_bytes(usize::MAX), None);
        assert!(Storage::ALL.iter().enumerate().all(|(place, storage)| *storage as usize == place), "none is left out");
        assert_eq!((Storage::named("Q5_K"), Storage::named("q5_k")), (Some(Q5_K), None));
        assert_eq!(Storage::of_gguf(10).unwrap_err(), "type 10 (Q2_K) is not supported");
        assert_eq!(Storage::of_gguf(999).unwrap_err(), "type 999 (unknown) is not supported");
    }
}
