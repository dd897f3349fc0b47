//! One row by some strips: codes go from memory into sums.

use super::{BLOCK, STRIP, Strip};
use crate::packed::{Bits, Packed};
use draction::simd::{Kernel, Vector};

/// Sums of the input's blocks, for matrices whose blocks have offsets.
pub(super) fn block_sums(input: &[f32], weight: &Packed) -> Vec<f32> {
    if weight.offsets.is_empty() { Vec::new() } else { input.chunks(BLOCK).map(|block| block.iter().sum()).collect() }
}

/// The strips from `first` on whose rows `output` has places for.
pub(super) struct Strips<'a> {
    pub weight: &'a Packed,
    pub first: usize,
    pub input: &'a [f32],
    pub sums: &'a [f32],
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
                Bits::Four => four::<V>(strip, self.input, self.sums, &mut rows),
                Bits::Eight => eight::<V>(strip, self.input, self.sums, &mut rows),
            }
            output.copy_from_slice(&rows[..output.len()]);
        }
    }
}

/// Words that memory is asked for ahead of time: 2 KiB.
const AHEAD: usize = 512;

/// Sums that run side by side, so that none waits for the one before.
const CHAINS: usize = 4;

#[inline(always)]
fn four<V: Vector>(strip: Strip<'_>, input: &[f32], sums: &[f32], rows: &mut [f32; STRIP]) {
    let blocks = input.len() / BLOCK;
    let offsets = !strip.offsets.is_empty();
    assert!(strip.codes.len() == blocks * CHAINS * STRIP && strip.scales.len() == blocks * STRIP);
    assert!(!offsets || (strip.offsets.len() == blocks * STRIP && sums.len() == blocks));
    let table = V::table(if offsets { 0.0 } else { 8.0 });
    // SAFETY: the assertions bound every place; `lane` ends at the strip's width
    unsafe {
        let (codes, x) = (strip.codes.as_ptr(), input.as_ptr());
        for lane in (0..STRIP).step_by(V::LANES) {
            let mut total = V::splat(0.0);
            for block in 0..blocks {
                let mut parts = [V::splat(0.0); CHAINS];
                for (group, part) in parts.iter_mut().enumerate() {
                    let at = (block * CHAINS + group) * STRIP + lane;
                    V::expect(codes.wrapping_add(at + AHEAD));
                    let mut words = V::words(codes.add(at));
                    let x = x.add(block * BLOCK + group * 8);
                    for column in 0..8 {
                        *part = V::nibble(&mut words, table).mul_add(V::splat(*x.add(column)), *part);
                    }
                }
                let at = block * STRIP + lane;
                total = sum(parts).mul_add(V::halves(strip.scales.as_ptr().add(at)), total);
                if offsets {
                    total =
                        V::splat(*sums.get_unchecked(block)).mul_add(V::halves(strip.offsets.as_ptr().add(at)), total);
                }
            }
            total.store(rows.as_mut_ptr().add(lane));
        }
    }
}

#[inline(always)]
fn eight<V: Vector>(strip: Strip<'_>, input: &[f32], sums: &[f32], rows: &mut [f32; STRIP]) {
    let (columns, blocks) = (input.len(), input.len() / BLOCK);
    let offsets = !strip.offsets.is_empty();
    assert!(strip.codes.len() * 4 == columns * STRIP);
    assert!(strip.row_scales.is_some() || (strip.scales.len() == blocks * STRIP && columns == blocks * BLOCK));
    assert!(!offsets || (strip.offsets.len() == blocks * STRIP && sums.len() == blocks));
    // SAFETY: the assertions bound every place; `lane` ends at the strip's width
    unsafe {
        let (codes, x) = (strip.codes.as_ptr().cast::<i8>(), input.as_ptr());
        for lane in (0..STRIP).step_by(V::LANES) {
            let mut total = V::splat(0.0);
            let mut parts = [V::splat(0.0); CHAINS];
            for start in (0..columns).step_by(BLOCK) {
                let width = BLOCK.min(columns - start);
                let whole = width / CHAINS * CHAINS;
                for column in (start..start + whole).step_by(CHAINS) {
                    V::expect(strip.codes.as_ptr().wrapping_add(column * STRIP / 4 + AHEAD));
                    for (chain, part) in parts.iter_mut().enumerate() {
                        let codes = V::bytes(codes.add((column + chain) * STRIP + lane));
                        *part = codes.mul_add(V::splat(*x.add(column + chain)), *part);
                    }
                }
                for column in start + whole..start + width {
                    let codes = V::bytes(codes.add(column * STRIP + lane));
                    parts[0] = codes.mul_add(V::splat(*x.add(column)), parts[0]);
                }
                if strip.row_scales.is_none() {
                    let at = start / BLOCK * STRIP + lane;
                    total = sum(parts).mul_add(V::halves(strip.scales.as_ptr().add(at)), total);
                    parts = [V::splat(0.0); CHAINS];
                    if offsets {
                        total = V::splat(*sums.get_unchecked(start / BLOCK))
                            .mul_add(V::halves(strip.offsets.as_ptr().add(at)), total);
                    }
                }
            }
            if let Some(scales) = strip.row_scales {
                total = sum(parts).mul_add(V::load(scales.as_ptr().add(lane)), V::splat(0.0));
            }
            total.store(rows.as_mut_ptr().add(lane));
        }
    }
}

#[inline(always)]
fn sum<V: Vector>([a, b, c, d]: [V; CHAINS]) -> V {
    let one = V::splat(1.0);
    a.mul_add(one, b).mul_add(one, c.mul_add(one, d))
}
