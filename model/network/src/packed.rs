//! Matrices that stay in eight or four bits a number, and products with them.
//!
//! A matrix is cut into strips of [`STRIP`] rows. In a strip the codes of a column lie side by side, one for each row, so
//! that a vector register holds rows: a product needs no sum over its lanes, and a strip unpacked is already the panel
//! that [many rows](kernels) are multiplied with. Codes are whole `u32`, scales and offsets stand apart from them, as a
//! GPU wants to read them.
//!
//! | | codes of a strip | a number is |
//! | --- | --- | --- |
//! | eight bits | a column after the other: 16 bytes | `code·scale (+ offset)`, −128 ≤ code ≤ 127 |
//! | four bits | eight columns after the other: 16 words, the first column in the lowest bits | `(code − 8)·scale`, or `code·scale + offset` |
//!
//! Scales are one f32 a row, or one half-precision number for each row and [`BLOCK`] columns, as are offsets. Whatever a
//! file stores becomes one of these ([`Packing`]). All arithmetic is f32 on numbers that were unpacked exactly.

#[cfg(feature = "cpu")]
pub(crate) mod kernels;
pub(crate) mod ops;
mod packing;
mod stored;

pub use packing::Packing;

use crate::storage::Storage;

/// Rows that lie together.
pub const STRIP: usize = 16;
/// Columns that share a scale, where rows do not.
pub const BLOCK: usize = 32;

/// Bits of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// A byte, from −128 to 127.
    Eight,
    /// Half a byte, from 0 to 15.
    Four,
}

impl Bits {
    /// Words of a strip's column; of four bits, on average.
    fn words(self, columns: usize) -> usize {
        match self {
            Bits::Eight => columns * STRIP / 4,
            Bits::Four => columns * STRIP / 8,
        }
    }
}

/// What codes are multiplied by.
#[derive(Debug, Clone, PartialEq)]
enum Scales {
    /// `[strips, 16]`.
    Rows(Vec<f32>),
    /// `[strips, blocks, 16]` in half precision.
    Blocks(Vec<u16>),
}

/// A matrix in few bits.
#[derive(Clone, PartialEq)]
pub struct Packed {
    rows: usize,
    columns: usize,
    bits: Bits,
    /// `[strips, words of a strip]`; rows that fill the last strip up are zero.
    codes: Vec<u32>,
    scales: Scales,
    /// As block scales; empty where there are none.
    offsets: Vec<u16>,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed {{{}×{}, {:?} bits}}", self.rows, self.columns, self.bits)
    }
}

impl Packed {
    /// Rows and columns: outputs and inputs of a layer.
    #[must_use]
    pub fn shape(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// Whether numbers of some type are packed.
    pub(crate) fn is_of(storage: Storage) -> bool {
        storage == Storage::I8 || stored::packed_as(storage).is_some()
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let scales = match &self.scales {
            Scales::Rows(scales) => scales.len() * 4,
            Scales::Blocks(scales) => scales.len() * 2,
        };
        self.codes.len() * 4 + scales + self.offsets.len() * 2
    }

    /// The numbers of some rows, `[rows, columns]`.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn numbers(&self, rows: impl IntoIterator<Item = usize>) -> Vec<f32> {
        let mut numbers = Vec::new();
        for row in rows {
            assert!(row < self.rows, "row {row} of {}", self.rows);
            numbers.extend((0..self.columns).map(|column| self.number(row, column)));
        }
        numbers
    }

    /// One number, by the table above.
    fn number(&self, row: usize, column: usize) -> f32 {
        let (strip, lane) = (row / STRIP, row % STRIP);
        let block = (strip * self.columns.div_ceil(BLOCK) + column / BLOCK) * STRIP + lane;
        let codes = &self.codes[strip * self.bits.words(self.columns)..];
        let code = match self.bits {
            Bits::Eight => f32::from(codes[(column * STRIP + lane) / 4].to_le_bytes()[lane % 4] as i8),
            Bits::Four => {
                let code = codes[column / 8 * STRIP + lane] >> (column % 8 * 4) & 15;
                code as f32 - if self.offsets.is_empty() { 8.0 } else { 0.0 }
            }
        };
        let scale = match &self.scales {
            Scales::Rows(scales) => scales[row],
            Scales::Blocks(scales) => half::f16::from_bits(scales[block]).to_f32(),
        };
        let offset = self.offsets.get(block).map_or(0.0, |&offset| half::f16::from_bits(offset).to_f32());
        code * scale + offset
    }
}

#[cfg(test)]
mod tests;
