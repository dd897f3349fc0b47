//! One row by some strips: codes go from memory into sums.

use super::{BLOCK, STRIP, Strip};
use crate::packed::{Bits, Packed};
use draction::simd::{Kernel, Loops, Vector, WHOLE, wide};

/// A row on its way into products with matrices of as many bits.
pub(super) struct Row {
    /// What codes of eight bits are multiplied by; empty where they have four.
    numbers: Vec<f32>,
    /// What codes of four bits are multiplied by: whole numbers, as [`Codes::products`](draction::simd::Codes::products)
    /// takes those of a word; empty where codes have eight.
    pairs: Vec<[i32; 4]>,
    /// What a whole number of each block stands for.
    steps: Vec<f32>,
    /// The sum of each block: what offsets are multiplied with, and the eight that codes of four bits are too large by
    /// without one. It is that of the whole numbers where there are such, so that what they are off by counts less.
    /// Empty where nobody asks for it.
    sums: Vec<f32>,
}

impl Row {
    /// For matrices of which some have offsets, or none.
    pub(super) fn new(input: &[f32], bits: Bits, offsets: bool) -> Row {
        let sums = if offsets || bits == Bits::Four { sums_of(input) } else { Vec::new() };
        let mut row = Row { numbers: Vec::new(), pairs: Vec::new(), steps: Vec::new(), sums };
        match bits {
            Bits::Eight => row.numbers = input.to_vec(),
            Bits::Four => wide(Whole { input, row: &mut row }),
        }
        row
    }
}

/// Puts numbers into a row as whole ones, the largest of a block as [`WHOLE`]: none is off by more than 2⁻¹⁶ of that. A sum
/// that is not finite stays, so that nobody takes such a row for another.
struct Whole<'a> {
    input: &'a [f32],
    row: &'a mut Row,
}

impl Loops for Whole<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Row { pairs, steps, sums, .. } = self.row;
        pairs.reserve(self.input.len() / 8);
        steps.reserve(sums.len());
        for (block, block_sum) in self.input.as_chunks::<BLOCK>().0.iter().zip(sums) {
            let largest = block.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
            let step = largest / f32::from(WHOLE);
            let factor = if step > 0.0 { step.recip() } else { 0.0 };
            // loops by hand: what an array's `map` calls would not be compiled for the register's instructions
            let mut whole = [0_i32; BLOCK];
            for (whole, number) in whole.iter_mut().zip(block) {
                *whole = i32::from((number * factor).round_ties_even() as i16);
            }
            if block_sum.is_finite() {
                *block_sum = whole.iter().sum::<i32>() as f32 * step;
            }
            for word in whole.as_chunks::<8>().0 {
                let mut pair = [0; 4];
                for (place, pair) in pair.iter_mut().enumerate() {
                    *pair = word[place] & 0xffff | word[place + 4] << 16;
                }
                pairs.push(pair);
            }
            steps.push(step);
        }
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
fn four<V: Vector>(strip: Strip<'_>, Row { pairs, steps, sums, .. }: &Row, rows: &mut [f32; STRIP]) {
    let blocks = steps.len();
    let offsets = !strip.offsets.is_empty();
    assert!(strip.codes.len() == blocks * WORDS * STRIP && strip.scales.len() == blocks * STRIP);
    assert!(pairs.len() == blocks * WORDS && (!offsets || strip.offsets.len() == blocks * STRIP));
    // SAFETY: the assertions bound every place; lanes end at the strip's width
    unsafe {
        let codes = strip.codes.as_ptr();
        let mut total = [V::splat(0.0); 2];
        for (block, (&step, &block_sum)) in steps.iter().zip(sums).enumerate() {
            let mut products = [V::no_sums(); 2];
            for (group, numbers) in pairs[block * WORDS..(block + 1) * WORDS].iter().enumerate() {
                let at = (block * WORDS + group) * STRIP;
                V::expect(codes.wrapping_add(at + AHEAD));
                for (half, lane) in lanes::<V>() {
                    products[half] = V::products(V::words(codes.add(at + lane)), numbers, products[half]);
                }
            }
            // codes without an offset stand for what they are less eight
            let first = V::splat(if offsets { 0.0 } else { -8.0 * block_sum });
            let mut sums = [first; 2];
            for (half, _) in lanes::<V>() {
                sums[half] = V::summed(products[half]).mul_add(V::splat(step), first);
            }
            scaled(&mut total, sums, strip, block, offsets.then_some(block_sum));
        }
        store(total, rows);
    }
}

#[inline(always)]
fn eight<V: Vector>(strip: Strip<'_>, Row { numbers, sums, .. }: &Row, rows: &mut [f32; STRIP]) {
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
                scaled(&mut total, [sum(parts, 0), sum(parts, 1)], strip, block, offsets.then(|| sums[block]));
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
    sums: Sixteen<V>,
    strip: Strip<'_>,
    block: usize,
    offset_by: Option<f32>,
) {
    for (half, lane) in lanes::<V>() {
        let at = block * STRIP + lane;
        // SAFETY: as the caller promises
        unsafe {
            total[half] = sums[half].mul_add(V::halves(strip.scales.as_ptr().add(at)), total[half]);
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
