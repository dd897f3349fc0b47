//! Many rows: parts of a packed matrix are unpacked into the panels of [`product`](fused::product).

use rayon::prelude::*;

use super::{BLOCK, ROWS, STRIP, Strip};
use crate::layers::fused::product::{self, DEPTH, Right, Start};
use crate::layers::fused::simd::Matrix;
use crate::packed::{Bits, Packed};
use draction::simd::{Kernel, Vector, widest};

/// Results of a task: two strips, or a block of columns.
const WIDTH: usize = 32;

/// `x·Wᵀ`; sizes are rows, outputs and columns.
pub(super) fn product(input: &[f32], weight: &Packed, sizes: [usize; 3]) -> Vec<f32> {
    by_parts(input, sizes, |left, first, size, out| widest(Part { left, right: AsStored { weight, first }, size, out }))
}

/// `y·W`; sizes are rows, columns and outputs.
pub(super) fn transposed(upstream: &[f32], weight: &Packed, sizes: [usize; 3]) -> Vec<f32> {
    by_parts(upstream, sizes, |left, first, size, out| {
        widest(Part { left, right: Transposed { weight, first }, size, out });
    })
}

/// A product of `[rows, depth]` numbers in parts of some rows and [`WIDTH`] columns. `part` is given its rows, its first
/// column, its sizes and where its results go, `WIDTH` apart.
fn by_parts(
    left: &[f32],
    [rows, columns, depth]: [usize; 3],
    part: impl Fn(&[f32], usize, [usize; 3], &mut [f32]) + Sync,
) -> Vec<f32> {
    let mut output = vec![0.0_f32; rows * columns];
    if output.is_empty() {
        return output;
    }
    let target = Target { start: output.as_mut_ptr(), row: columns };
    let (tall, wide) = (rows.div_ceil(ROWS), columns.div_ceil(WIDTH));
    (0..tall * wide).into_par_iter().for_each(|task| {
        let (row, column) = (task / wide * ROWS, task % wide * WIDTH);
        let size = [ROWS.min(rows - row), WIDTH.min(columns - column), depth];
        let mut out = vec![0.0_f32; size[0] * WIDTH];
        part(&left[row * depth..][..size[0] * depth], column, size, &mut out);
        for (r, results) in out.chunks_exact(WIDTH).enumerate() {
            // SAFETY: the place is inside of `output`, and no other task has these columns of these rows
            unsafe { target.put([row + r, column], &results[..size[1]]) };
        }
    });
    output
}

/// A matrix that threads write different columns of.
#[derive(Clone, Copy)]
struct Target {
    start: *mut f32,
    row: usize,
}

// SAFETY: whoever writes promises that nobody else writes there
unsafe impl Send for Target {}
// SAFETY: as above
unsafe impl Sync for Target {}

impl Target {
    /// # Safety
    /// The numbers must have their places in the matrix, and nobody else may use these meanwhile.
    unsafe fn put(&self, [row, column]: [usize; 2], numbers: &[f32]) {
        // SAFETY: as the caller promises
        unsafe {
            let to = self.start.add(row * self.row + column);
            to.copy_from_nonoverlapping(numbers.as_ptr(), numbers.len());
        }
    }
}

struct Part<'a, R> {
    left: &'a [f32],
    right: R,
    /// Rows, columns, depth.
    size: [usize; 3],
    out: &'a mut [f32],
}

impl<R: Right> Kernel for Part<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let left = Matrix { data: self.left, row: self.size[2], column: 1 };
        product::product::<V>(self.size, left, self.right, (self.out, WIDTH), Start::Zero);
    }
}

/// Rows of the packed matrix are the columns of a panel.
#[derive(Clone, Copy)]
struct AsStored<'a> {
    weight: &'a Packed,
    first: usize,
}

impl Right for AsStored<'_> {
    #[inline(always)]
    fn pack<V: Vector>(self, [depth, column]: [usize; 2], [deep, _]: [usize; 2], wide: usize, panel: &mut [f32]) {
        for lane in (0..wide).step_by(V::LANES) {
            let row = self.first + column + lane;
            let strip = self.weight.strip(row / STRIP);
            strip.unpack::<V>(self.weight.bits, [depth, deep], row % STRIP, &mut panel[lane..], wide);
        }
    }
}

/// Columns of the packed matrix are the columns of a panel.
#[derive(Clone, Copy)]
struct Transposed<'a> {
    weight: &'a Packed,
    first: usize,
}

impl Right for Transposed<'_> {
    #[inline(always)]
    fn pack<V: Vector>(self, [depth, column]: [usize; 2], [deep, width]: [usize; 2], wide: usize, panel: &mut [f32]) {
        let mut unpacked = [0.0_f32; WIDTH * STRIP];
        for (strip, panel) in panel[..deep * wide].chunks_mut(STRIP * wide).enumerate() {
            let from = self.weight.strip(depth / STRIP + strip);
            for lane in (0..STRIP).step_by(V::LANES) {
                let columns = [self.first + column, width];
                from.unpack::<V>(self.weight.bits, columns, lane, &mut unpacked[lane..], STRIP);
            }
            for (row, panel) in panel.chunks_exact_mut(wide).enumerate() {
                for (column, to) in panel.iter_mut().enumerate() {
                    *to = unpacked[column * STRIP + row];
                }
            }
        }
    }
}

impl Strip<'_> {
    /// `count` columns from `first` on of the rows from `lane` on, as many as a register has: columns are `step` apart
    /// in `to`. Of four bits, `first` is a multiple of 8, and so is `count`.
    #[inline(always)]
    fn unpack<V: Vector>(&self, bits: Bits, [first, count]: [usize; 2], lane: usize, to: &mut [f32], step: usize) {
        if count == 0 {
            return;
        }
        assert!(lane + V::LANES <= STRIP && to.len() >= (count - 1) * step + V::LANES);
        let blocks = (first + count).div_ceil(BLOCK) * STRIP;
        assert!(self.row_scales.is_some() || self.scales.len() >= blocks);
        assert!(self.offsets.is_empty() || self.offsets.len() >= blocks);
        let zero = if self.offsets.is_empty() { 8.0 } else { 0.0 };
        // SAFETY: the assertions here and below bound every place
        unsafe {
            let to = to.as_mut_ptr();
            match bits {
                Bits::Four => {
                    assert!(first.is_multiple_of(8) && count.is_multiple_of(8));
                    assert!(self.codes.len() >= (first + count) / 8 * STRIP);
                    let table = V::table(zero);
                    for group in (0..count).step_by(8) {
                        let (scale, offset) = self.of_block::<V>(first + group, lane);
                        let mut words = V::words(self.codes.as_ptr().add((first + group) / 8 * STRIP + lane));
                        for column in group..group + 8 {
                            V::nibble(&mut words, table).mul_add(scale, offset).store(to.add(column * step));
                        }
                    }
                }
                Bits::Eight => {
                    assert!(self.codes.len() * 4 >= (first + count) * STRIP);
                    let codes = self.codes.as_ptr().cast::<i8>();
                    let mut column = 0;
                    while column < count {
                        let (scale, offset) = self.of_block::<V>(first + column, lane);
                        let end = ((first + column) / BLOCK * BLOCK + BLOCK - first).min(count);
                        for column in column..end {
                            let numbers = V::bytes(codes.add((first + column) * STRIP + lane));
                            numbers.mul_add(scale, offset).store(to.add(column * step));
                        }
                        column = end;
                    }
                }
            }
        }
    }

    /// Scale and offset of the rows from `lane` on.
    ///
    /// # Safety
    /// The strip must have the column, and a register's rows from `lane` on.
    #[inline(always)]
    unsafe fn of_block<V: Vector>(&self, column: usize, lane: usize) -> (V, V) {
        let at = column / BLOCK * STRIP + lane;
        // SAFETY: as the caller promises
        unsafe {
            let scale = match self.row_scales {
                Some(scales) => V::load(scales.as_ptr().add(lane)),
                None => V::halves(self.scales.as_ptr().add(at)),
            };
            let offset = if self.offsets.is_empty() { V::splat(0.0) } else { V::halves(self.offsets.as_ptr().add(at)) };
            (scale, offset)
        }
    }
}

const _: () = assert!(DEPTH.is_multiple_of(BLOCK) && WIDTH.is_multiple_of(STRIP));
