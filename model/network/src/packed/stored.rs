//! The blocks of files as codes, scale and offset of 32 numbers.

use crate::storage::{Storage, five_bits, nibbles, sixes};

use super::{BLOCK, Bits};

/// Codes, scale and offset of a block; scale and offset in half precision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block {
    pub codes: [i8; BLOCK],
    pub scale: half::f16,
    pub offset: half::f16,
}

/// How a stored type is packed: the bits, and whether blocks have offsets. `None` for floats, which are not packed, and
/// for [`Storage::I8`], whose rows have scales.
pub(super) fn packed_as(storage: Storage) -> Option<(Bits, bool)> {
    match storage {
        Storage::F32 | Storage::F16 | Storage::BF16 | Storage::I8 => None,
        Storage::Q4_0 => Some((Bits::Four, false)),
        Storage::Q4_1 | Storage::Q4_K => Some((Bits::Four, true)),
        Storage::Q5_0 | Storage::Q8_0 | Storage::Q6_K => Some((Bits::Eight, false)),
        Storage::Q5_1 | Storage::Q5_K => Some((Bits::Eight, true)),
    }
}

/// Hands over the blocks of a stored row. Nothing is lost, with three exceptions: the scales of [`Storage::Q4_K`] and
/// [`Storage::Q5_K`], products of two numbers, are rounded to half precision; the numbers of [`Storage::Q6_K`], which
/// has a scale for sixteen, to 255 steps for 32.
///
/// # Panics
/// When the bytes are no whole blocks, or the type is not packed in blocks.
pub(super) fn blocks(storage: Storage, row: &[u8], mut take: impl FnMut(usize, Block)) {
    let half = |bytes: &[u8], at: usize| half::f16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let signed = |codes: [u8; BLOCK]| codes.map(|code| code as i8);
    let none = half::f16::ZERO;
    let (_, size) = storage.block();
    for (index, stored) in row.chunks_exact(size).enumerate() {
        let scale = half(stored, 0);
        match storage {
            Storage::Q4_0 => take(index, Block { codes: signed(nibbles(&stored[2..])), scale, offset: none }),
            Storage::Q4_1 => {
                let codes = signed(nibbles(&stored[4..]));
                take(index, Block { codes, scale, offset: half(stored, 2) });
            }
            Storage::Q5_0 => {
                let codes = signed(five_bits(&stored[2..6], &stored[6..])).map(|code| code - 16);
                take(index, Block { codes, scale, offset: none });
            }
            Storage::Q5_1 => {
                let codes = signed(five_bits(&stored[4..8], &stored[8..]));
                take(index, Block { codes, scale, offset: half(stored, 2) });
            }
            Storage::Q8_0 => {
                let codes = std::array::from_fn(|i| stored[2 + i] as i8);
                take(index, Block { codes, scale, offset: none });
            }
            Storage::Q4_K | Storage::Q5_K => {
                let (scale, least) = (scale.to_f32(), half(stored, 2).to_f32());
                let (fifths, fours) = if storage == Storage::Q4_K { (None, 16) } else { (Some(&stored[16..48]), 48) };
                for part in 0..8 {
                    let [steps, below] = sixes(&stored[4..16], part);
                    // 32 bytes hold the low halves of one part and the high halves of the next
                    let fours = &stored[fours + part / 2 * BLOCK..][..BLOCK];
                    let codes = std::array::from_fn(|i| {
                        let code = fours[i] >> (part % 2 * 4) & 15;
                        let fifth = fifths.map_or(0, |fifths| fifths[i] >> part & 1);
                        (code | fifth << 4) as i8
                    });
                    let round = half::f16::from_f32;
                    let (scale, offset) = (round(scale * steps), round(-least * below));
                    take(index * 8 + part, Block { codes, scale, offset });
                }
            }
            Storage::Q6_K => {
                let mut numbers = Vec::with_capacity(256);
                storage.dequantise(stored, &mut numbers);
                for (part, numbers) in numbers.as_chunks::<BLOCK>().0.iter().enumerate() {
                    take(index * 8 + part, rounded(numbers));
                }
            }
            other => panic!("{other:?} has no blocks"),
        }
    }
}

/// The nearest of 255 steps.
fn rounded(numbers: &[f32; BLOCK]) -> Block {
    // not `max`, which passes over what is no number
    let most = numbers.iter().map(|number| number.abs()).fold(0.0, |most, size| if size <= most { most } else { size });
    let scale = half::f16::from_f32(most / 127.0);
    let inverse = if scale.to_f32() > 0.0 { 1.0 / scale.to_f32() } else { 0.0 };
    let codes = numbers.map(|number| (number * inverse).round().clamp(-128.0, 127.0) as i8);
    Block { codes, scale, offset: half::f16::ZERO }
}
