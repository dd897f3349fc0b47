//! Blocks of 32 weights. The low halves of the bytes are the first sixteen, the high halves the rest.

use super::half_at;

pub(super) fn q4_0(block: &[u8; 18], out: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (i, byte) in block[2..].iter().enumerate() {
        out[i] = f32::from((byte & 15) as i8 - 8) * scale;
        out[i + 16] = f32::from((byte >> 4) as i8 - 8) * scale;
    }
}

pub(super) fn q4_1(block: &[u8; 20], out: &mut [f32; 32]) {
    let (scale, offset) = (half_at(block, 0), half_at(block, 2));
    for (i, byte) in block[4..].iter().enumerate() {
        out[i] = f32::from(byte & 15) * scale + offset;
        out[i + 16] = f32::from(byte >> 4) * scale + offset;
    }
}

pub(super) fn q5_0(block: &[u8; 22], out: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (out, code) in out.iter_mut().zip(five_bits(&block[2..6], &block[6..])) {
        *out = f32::from(code as i8 - 16) * scale;
    }
}

pub(super) fn q5_1(block: &[u8; 24], out: &mut [f32; 32]) {
    let (scale, offset) = (half_at(block, 0), half_at(block, 2));
    for (out, code) in out.iter_mut().zip(five_bits(&block[4..8], &block[8..])) {
        *out = f32::from(code) * scale + offset;
    }
}

pub(super) fn q8_0(block: &[u8; 34], out: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (out, &code) in out.iter_mut().zip(&block[2..]) {
        *out = f32::from(code as i8) * scale;
    }
}

/// Low halves of the bytes, then high halves.
pub(crate) fn nibbles(bytes: &[u8]) -> [u8; 32] {
    std::array::from_fn(|i| if i < 16 { bytes[i] & 15 } else { bytes[i - 16] >> 4 })
}

/// The same with fifth bits, which stand apart, weight by weight from the lowest bit on.
pub(crate) fn five_bits(fifth: &[u8], bytes: &[u8]) -> [u8; 32] {
    let fifth = u32::from_le_bytes([fifth[0], fifth[1], fifth[2], fifth[3]]);
    let low = nibbles(bytes);
    std::array::from_fn(|i| low[i] | ((fifth >> i & 1) as u8) << 4)
}
