//! One row by some strips: codes go from memory into sums.

use super::{BLOCK, STRIP, Strip};
use crate::packed::{Bits, Packed};
use draction::simd::{Kernel, Vector, widest};

/// A row on its way into products.
pub(super) struct Row {
    /// Numbers, divided by what a code counts in its place where codes have four bits.
    numbers: Vec<f32>,
    /// The sum of each block: what offsets are multiplied with, and the eight that codes of four bits are too large by
    /// without one. Empty where neither is so.
    sums: Vec<f32>,
}

impl Row {
    pub(super) fn new(input: &[f32], weight: &Packed) -> Row {
        let four = weight.bits == Bits::Four;
        let sums = four || !weight.offsets.is_empty();
        Row {
            numbers: if four { widest(Divided(input)) } else { input.to_vec() },
            sums: if sums { sums_of(input) } else { Vec::new() },
        }
    }
}

/// Numbers divided by what a code counts in its place.
struct Divided<'a>(&'a [f32]);

impl Kernel for Divided<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Vec<f32> {
        let factors = V::PLACES.map(f32::recip);
        let mut numbers = self.0.to_vec();
        for word in numbers.as_chunks_mut::<8>().0 {
            for (number, factor) in word.iter_mut().zip(factors) {
                *number *= factor;
            }
        }
        numbers
    }
}

/// The sum of each block, in eight interleaved sums.
fn sums_of(input: &[f32]) -> Vec<f32> {
    let sum = |block: &[f32]| {
        let (eights, rest) = block.as_chunks::<8>();
        let mut sums = [0.0_f32; 8];
        for eight in eights {
            for (sum, number) in sums.iter_mut().zip(eight) {
                *sum += number;
            }
        }
        sums.iter().chain(rest).sum()
    };
    input.chunks(BLOCK).map(sum).collect()
}

/// The strips from `first` on whose rows `output` has places for.
pub(super) struct Strips<'a> {
    pub weight: &'a Packed,
    pub first: usize,
    pub row: &'a Row,
    pub output: &'a mut [f32],
}

impl Kernel for Strips<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for (index, output) in self.output.chunks_mut(STRIP).enumerate() {
            let strip = self.weight.strip(self.first + index);
            let mut rows = [0.0_f32; STRIP];
            match self.weight.bits {
                Bits::Four => four::<V>(strip, self.row, &mut rows),
                Bits::Eight => eight::<V>(strip, self.row, &mut rows),
            }
            output.copy_from_slice(&rows[..output.len()]);
        }
    }
}

/// Words that memory is asked for ahead of time: 2 KiB.
const AHEAD: usize = 512;

/// Sums that run side by side, so that none waits for the one before.
const CHAINS: usize = 4;

/// Words of eight codes in a block.
const WORDS: usize = BLOCK / 8;

/// Sixteen numbers: one register or two, by how wide they are. Both halves of a strip are read together, or memory would
/// rest while the second is computed.
type Sixteen<V> = [V; 2];

/// Where the registers of sixteen numbers begin.
#[inline(always)]
fn lanes<V: Vector>() -> impl Iterator<Item = (usize, usize)> {
    (0..STRIP / V::LANES).map(|half| (half, half * V::LANES))
}

#[inline(always)]
fn four<V: Vector>(strip: Strip<'_>, Row { numbers, sums }: &Row, rows: &mut [f32; STRIP]) {
    let blocks = numbers.len() / BLOCK;
    let offsets = !strip.offsets.is_empty();
    assert!(strip.codes.len() == blocks * WORDS * STRIP && strip.scales.len() == blocks * STRIP);
    assert!(sums.len() == blocks && (!offsets || strip.offsets.len() == blocks * STRIP));
    // SAFETY: the assertions bound every place; lanes end at the strip's width
    unsafe {
        let (codes, x) = (strip.codes.as_ptr(), numbers.as_ptr());
        let mut total = [V::splat(0.0); 2];
        for (block, &block_sum) in sums.iter().enumerate() {
            let mut parts = [[V::splat(0.0); 2]; CHAINS];
            if !offsets {
                // codes without an offset stand for what they are less eight
                parts[0] = [V::splat(-8.0 * block_sum); 2];
            }
            for group in block * WORDS..(block + 1) * WORDS {
                let at = group * STRIP;
                V::expect(codes.wrapping_add(at + AHEAD));
                for place in 0..8 {
                    let factor = V::splat(*x.add(group * 8 + place));
                    for (half, lane) in lanes::<V>() {
                        let part = &mut parts[place % CHAINS][half];
                        *part = V::placed(V::words(codes.add(at + lane)), place).mul_add(factor, *part);
                    }
                }
            }
            scaled(&mut total, parts, strip, block, offsets.then_some(block_sum));
        }
        store(total, rows);
    }
}

#[inline(always)]
fn eight<V: Vector>(strip: Strip<'_>, Row { numbers, sums }: &Row, rows: &mut [f32; STRIP]) {
    let (columns, blocks) = (numbers.len(), numbers.len() / BLOCK);
    let offsets = !strip.offsets.is_empty();
    assert!(strip.codes.len() * 4 == columns * STRIP);
    assert!(strip.row_scales.is_some() || (strip.scales.len() == blocks * STRIP && columns == blocks * BLOCK));
    assert!(!offsets || (strip.offsets.len() == blocks * STRIP && sums.len() == blocks));
    // SAFETY: as in `four`
    unsafe {
        let (codes, x) = (strip.codes.as_ptr().cast::<i8>(), numbers.as_ptr());
        let mut total = [V::splat(0.0); 2];
        let mut parts = [[V::splat(0.0); 2]; CHAINS];
        for start in (0..columns).step_by(BLOCK) {
            let width = BLOCK.min(columns - start);
            let whole = width / CHAINS * CHAINS;
            for column in (start..start + whole).step_by(CHAINS) {
                V::expect(strip.codes.as_ptr().wrapping_add(column * STRIP / 4 + AHEAD));
                for (chain, part) in parts.iter_mut().enumerate() {
                    let factor = V::splat(*x.add(column + chain));
                    for (half, lane) in lanes::<V>() {
                        let codes = V::bytes(codes.add((column + chain) * STRIP + lane));
                        part[half] = codes.mul_add(factor, part[half]);
                    }
                }
            }
            for column in start + whole..start + width {
                for (half, lane) in lanes::<V>() {
                    let codes = V::bytes(codes.add(column * STRIP + lane));
                    parts[0][half] = codes.mul_add(V::splat(*x.add(column)), parts[0][half]);
                }
            }
            if strip.row_scales.is_none() {
                let block = start / BLOCK;
                scaled(&mut total, parts, strip, block, offsets.then(|| sums[block]));
                parts = [[V::splat(0.0); 2]; CHAINS];
            }
        }
        if let Some(scales) = strip.row_scales {
            for (half, lane) in lanes::<V>() {
                total[half] = sum(parts, half).mul_add(V::load(scales.as_ptr().add(lane)), V::splat(0.0));
            }
        }
        store(total, rows);
    }
}

/// Adds a block's sums to the rows', by the block's scales, and its offsets where there are any.
///
/// # Safety
/// The strip has scales, and offsets for `offset_by`, of the block.
#[inline(always)]
unsafe fn scaled<V: Vector>(
    total: &mut Sixteen<V>,
    parts: [Sixteen<V>; CHAINS],
    strip: Strip<'_>,
    block: usize,
    offset_by: Option<f32>,
) {
    for (half, lane) in lanes::<V>() {
        let at = block * STRIP + lane;
        // SAFETY: as the caller promises
        unsafe {
            total[half] = sum(parts, half).mul_add(V::halves(strip.scales.as_ptr().add(at)), total[half]);
            if let Some(sum) = offset_by {
                total[half] = V::splat(sum).mul_add(V::halves(strip.offsets.as_ptr().add(at)), total[half]);
            }
        }
    }
}

#[inline(always)]
fn sum<V: Vector>([a, b, c, d]: [Sixteen<V>; CHAINS], half: usize) -> V {
    let one = V::splat(1.0);
    a[half].mul_add(one, b[half]).mul_add(one, c[half].mul_add(one, d[half]))
}

#[inline(always)]
fn store<V: Vector>(total: Sixteen<V>, rows: &mut [f32; STRIP]) {
    for (half, lane) in lanes::<V>() {
        // SAFETY: lanes end at the strip's width
        unsafe { total[half].store(rows.as_mut_ptr().add(lane)) };
    }
}
