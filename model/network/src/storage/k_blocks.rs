//! Blocks of 256 weights, whose scales are themselves quantised.

use super::half_at;

pub(super) fn q4_k(block: &[u8; 144], out: &mut [f32; 256]) {
    let (scale, offset) = (half_at(block, 0), half_at(block, 2));
    let (scales, codes) = (&block[4..16], &block[16..]);
    // 32 bytes hold two groups of 32 weights: low halves, then high halves
    for (group, out) in out.chunks_exact_mut(32).enumerate() {
        let (scale, offset) = scaled(scales, group, scale, offset);
        let codes = &codes[group / 2 * 32..][..32];
        for (out, byte) in out.iter_mut().zip(codes) {
            let code = if group % 2 == 0 { byte & 15 } else { byte >> 4 };
            *out = scale * f32::from(code) - offset;
        }
    }
}

pub(super) fn q5_k(block: &[u8; 176], out: &mut [f32; 256]) {
    let (scale, offset) = (half_at(block, 0), half_at(block, 2));
    let (scales, fifth, codes) = (&block[4..16], &block[16..48], &block[48..]);
    for (group, out) in out.chunks_exact_mut(32).enumerate() {
        let (scale, offset) = scaled(scales, group, scale, offset);
        let codes = &codes[group / 2 * 32..][..32];
        for (i, out) in out.iter_mut().enumerate() {
            let low = if group % 2 == 0 { codes[i] & 15 } else { codes[i] >> 4 };
            let code = low | (fifth[i] >> group & 1) << 4;
            *out = scale * f32::from(code) - offset;
        }
    }
}

pub(super) fn q6_k(block: &[u8; 210], out: &mut [f32; 256]) {
    let scale = half_at(block, 208);
    for (half, out) in out.chunks_exact_mut(128).enumerate() {
        let low = &block[half * 64..][..64];
        let high = &block[128 + half * 32..][..32];
        let scales = &block[192 + half * 8..][..8];
        for (i, out) in out.iter_mut().enumerate() {
            // four quarters of 32: two of low halves, two of high halves, each with its pair of the upper bits
            let (quarter, place) = (i / 32, i % 32);
            let byte = low[quarter % 2 * 32 + place];
            let nibble = if quarter < 2 { byte & 15 } else { byte >> 4 };
            let code = nibble | (high[place] >> (2 * quarter) & 3) << 4;
            *out = scale * f32::from(scales[i / 16] as i8) * f32::from(code as i8 - 32);
        }
    }
}

/// Scale and offset of a group of 32.
fn scaled(packed: &[u8], group: usize, scale: f32, offset: f32) -> (f32, f32) {
    let [own, of_offset] = sixes(packed, group);
    (scale * own, offset * of_offset)
}

/// Steps of scale and offset of a group: 6 bits each, of groups 4 to 7 the upper two in what groups 0 to 3 leave free.
pub(crate) fn sixes(packed: &[u8], group: usize) -> [f32; 2] {
    let steps = if group < 4 {
        [packed[group] & 63, packed[group + 4] & 63]
    } else {
        let both = packed[group + 4];
        [(both & 15) | (packed[group - 4] >> 6) << 4, (both >> 4) | (packed[group] >> 6) << 4]
    };
    steps.map(f32::from)
}
