//! Rotation of feature pairs by position.

use rayon::prelude::*;

use crate::layers::Table;

/// `[batch, length, heads, 2·half]` → the same, rotated by the table's angles times `direction` (1 or −1).
///
/// The table has a row per position, shared by the batch, or a row per token.
pub(crate) fn rotate(heads: &[f32], [_, length, count, width]: [usize; 4], table: &Table, direction: f32) -> Vec<f32> {
    let half = width / 2;
    let rows = table.cos.len() / half;
    let mut output = vec![0.0; heads.len()];
    let token = count * width;
    output.par_chunks_mut(token * 64).zip(heads.par_chunks(token * 64)).enumerate().for_each(|(task, (out, input))| {
        for (index, (out, input)) in out.chunks_exact_mut(token).zip(input.chunks_exact(token)).enumerate() {
            let place = task * 64 + index;
            let row = if rows == length { place % length } else { place };
            let cos = &table.cos[row * half..][..half];
            let sin = &table.sin[row * half..][..half];
            for (out, input) in out.chunks_exact_mut(width).zip(input.chunks_exact(width)) {
                let (low, high) = out.split_at_mut(half);
                let (first, second) = input.split_at(half);
                for i in 0..half {
                    let sin = direction * sin[i];
                    low[i] = first[i] * cos[i] - second[i] * sin;
                    high[i] = second[i] * cos[i] + first[i] * sin;
                }
            }
        }
    });
    output
}
