//! Products with packed matrices on the processor.
//!
//! One row, as in decoding, takes each code from memory to the sum at once: what limits it is how fast codes come.
//! Many rows unpack a part of the matrix into the first cache and multiply it by all of them, as does the transposed
//! product, which brings gradients back. Every result is summed in the same order whatever the number of threads.

mod one_row;
mod panels;

use rayon::prelude::*;

use super::{BLOCK, Bits, Packed, STRIP, Scales};
use draction::simd::widest;

/// Multiplications that are worth a thread of their own.
const WORTH: usize = 1 << 16;
/// Rows of the left matrix that are multiplied by one unpacked part.
const ROWS: usize = 512;

/// `[rows, columns]` → `[rows, outputs]`: `x·Wᵀ`.
///
/// # Panics
/// When `input` is no whole number of rows.
#[must_use]
pub(super) fn product(input: &[f32], weight: &Packed) -> Vec<f32> {
    let [outputs, columns] = weight.shape();
    let rows = input.len() / columns;
    assert_eq!(rows * columns, input.len(), "rows of {columns} numbers");
    if rows == 1 { one_row(input, &[weight]) } else { panels::product(input, weight, [rows, outputs, columns]) }
}

/// `[columns]` → the products with several matrices one after the other, computed together: threads part and meet once.
///
/// # Panics
/// When `input` is not as wide as each of them.
#[must_use]
pub(crate) fn one_row(input: &[f32], weights: &[&Packed]) -> Vec<f32> {
    let columns = input.len();
    assert!(weights.iter().all(|weight| weight.columns == columns), "rows of {columns} numbers");
    let row = |bits| {
        let of_bits = || weights.iter().filter(move |weight| weight.bits == bits);
        let offsets = || of_bits().any(|weight| !weight.offsets.is_empty());
        of_bits().next().map(|_| one_row::Row::new(input, bits, offsets()))
    };
    let (four, eight) = (row(Bits::Four), row(Bits::Eight));
    // few strips together: a call for each would cost more than it computes
    let together = (WORTH / (columns * STRIP)).max(1);
    let mut output = vec![0.0; weights.iter().map(|weight| weight.rows).sum()];
    let (mut rest, mut parts) = (&mut output[..], Vec::new());
    for weight in weights {
        let own;
        (own, rest) = rest.split_at_mut(weight.rows);
        let row = match weight.bits {
            Bits::Four => &four,
            Bits::Eight => &eight,
        };
        let row = row.as_ref().expect("made of the bits that there are");
        let strips = own.chunks_mut(together * STRIP).enumerate();
        parts.extend(strips.map(|(part, output)| one_row::Strips { weight, first: part * together, row, output }));
    }
    if parts.len() == 1 {
        parts.into_iter().for_each(widest);
    } else {
        parts.into_par_iter().for_each(widest);
    }
    output
}

/// `[rows, outputs]` → `[rows, columns]`: `y·W`, which takes a gradient at the outputs to the inputs.
///
/// # Panics
/// When `upstream` is no whole number of rows.
#[must_use]
pub(super) fn transposed(upstream: &[f32], weight: &Packed) -> Vec<f32> {
    let [outputs, columns] = weight.shape();
    let rows = upstream.len() / outputs;
    assert_eq!(rows * outputs, upstream.len(), "rows of {outputs} numbers");
    panels::transposed(upstream, weight, [rows, columns, outputs])
}

/// Sixteen rows, as kernels read them.
#[derive(Clone, Copy)]
struct Strip<'a> {
    codes: &'a [u32],
    /// Of the rows.
    row_scales: Option<&'a [f32; STRIP]>,
    /// Of the blocks of the rows, `[blocks, 16]`; empty where rows have one.
    scales: &'a [u16],
    /// As `scales`; empty where there are none.
    offsets: &'a [u16],
}

impl Packed {
    fn strip(&self, index: usize) -> Strip<'_> {
        let words = self.bits.words(self.columns);
        let blocks = self.columns / BLOCK * STRIP;
        let of_blocks = |all: &'_ [u16]| index * blocks..(index * blocks + blocks).min(all.len());
        let (row_scales, scales) = match &self.scales {
            Scales::Rows(scales) => (Some(&scales.as_chunks::<STRIP>().0[index]), &[][..]),
            Scales::Blocks(scales) => (None, &scales[of_blocks(scales)]),
        };
        let offsets = if self.offsets.is_empty() { &[] } else { &self.offsets[of_blocks(&self.offsets)] };
        Strip { codes: &self.codes[index * words..][..words], row_scales, scales, offsets }
    }
}
