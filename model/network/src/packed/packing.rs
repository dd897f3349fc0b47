//! From the rows of a file to strips, some rows at a time.

use rayon::prelude::*;

use super::{BLOCK, Bits, Packed, STRIP, Scales, stored};
use crate::storage::Storage;

/// A matrix of which rows are still coming.
#[derive(Debug)]
pub struct Packing {
    storage: Storage,
    packed: Packed,
    /// A scale or offset that is no finite number was met.
    broken: bool,
}

impl Packing {
    /// A matrix whose rows are stored in some type; `None` where that type is not packed: floats, and rows that are no
    /// whole blocks.
    #[must_use]
    pub fn new(storage: Storage, [rows, columns]: [usize; 2]) -> Option<Packing> {
        let strips = rows.div_ceil(STRIP);
        let (bits, offsets, scales) = match stored::packed_as(storage) {
            Some((bits, offsets)) => {
                storage.row_bytes(columns)?;
                let blocks = strips * (columns / BLOCK) * STRIP;
                (bits, if offsets { blocks } else { 0 }, Scales::Blocks(vec![0; blocks]))
            }
            None if storage == Storage::I8 => (Bits::Eight, 0, Scales::Rows(vec![0.0; strips * STRIP])),
            None => return None,
        };
        let codes = vec![0; strips * bits.words(columns)];
        let packed = Packed { rows, columns, bits, codes, scales, offsets: vec![0; offsets] };
        (rows > 0 && columns > 0).then_some(Packing { storage, packed, broken: false })
    }

    /// Takes whole rows as they are stored. `first` is a multiple of [`STRIP`], and so is their number, unless they are
    /// the last.
    ///
    /// # Panics
    /// When they are not, or there are more than the matrix has.
    pub fn rows(&mut self, first: usize, bytes: &[u8]) {
        let Packed { rows, columns, bits, codes, scales, offsets } = &mut self.packed;
        let row_bytes = self.storage.row_bytes(*columns).expect("checked by `new`");
        let count = bytes.len() / row_bytes;
        assert!(first.is_multiple_of(STRIP) && first + count <= *rows && count * row_bytes == bytes.len());
        assert!(count.is_multiple_of(STRIP) || first + count == *rows);
        let strip_bytes = STRIP * row_bytes;
        let strip = first / STRIP;
        let words = bits.words(*columns);
        let codes = codes[strip * words..].par_chunks_mut(words).zip(bytes.par_chunks(strip_bytes));
        let scales = match scales {
            Scales::Rows(_) => {
                codes.for_each(|(codes, bytes)| whole_rows(codes, bytes, *columns));
                return;
            }
            Scales::Blocks(scales) => scales,
        };
        let blocks = *columns / BLOCK * STRIP;
        let scales = scales[strip * blocks..].par_chunks_mut(blocks);
        let storage = self.storage;
        // of each strip
        let offsets: Vec<Option<&mut [u16]>> = if offsets.is_empty() {
            (0..count.div_ceil(STRIP)).map(|_| None).collect()
        } else {
            offsets[strip * blocks..].chunks_mut(blocks).map(Some).collect()
        };
        let finite = codes.zip(scales).zip(offsets).map(|(((codes, bytes), scales), mut offsets)| {
            let mut finite = true;
            for (lane, row) in bytes.chunks_exact(row_bytes).enumerate() {
                stored::blocks(storage, row, |block, stored| {
                    finite &= stored.scale.is_finite() && stored.offset.is_finite();
                    scales[block * STRIP + lane] = stored.scale.to_bits();
                    if let Some(offsets) = &mut offsets {
                        offsets[block * STRIP + lane] = stored.offset.to_bits();
                    }
                    put(codes, *bits, block, lane, &stored.codes);
                });
            }
            finite
        });
        self.broken |= !finite.all(|finite| finite);
    }

    /// The matrix. `scales` are those of rows, where the type has such.
    ///
    /// # Errors
    /// A scale or an offset is not a finite number.
    ///
    /// # Panics
    /// When row scales are asked for and not there, or the other way round.
    pub fn finish(mut self, row_scales: Option<&[f32]>) -> Result<Packed, String> {
        match (&mut self.packed.scales, row_scales) {
            (Scales::Rows(scales), Some(given)) => {
                assert_eq!(given.len(), self.packed.rows, "one scale a row");
                scales[..given.len()].copy_from_slice(given);
                self.broken |= given.iter().any(|scale| !scale.is_finite());
            }
            (Scales::Blocks(_), None) => {}
            _ => panic!("rows have scales in one type and in no other"),
        }
        if self.broken { Err("a scale is not a finite number".into()) } else { Ok(self.packed) }
    }
}

/// Rows of bytes side by side.
fn whole_rows(codes: &mut [u32], bytes: &[u8], columns: usize) {
    let codes: &mut [u8] = bytemuck::cast_slice_mut(codes);
    for (lane, row) in bytes.chunks_exact(columns).enumerate() {
        for (column, &code) in row.iter().enumerate() {
            codes[column * STRIP + lane] = code;
        }
    }
}

/// The codes of a row's block in their places.
fn put(codes: &mut [u32], bits: Bits, block: usize, lane: usize, values: &[i8; BLOCK]) {
    match bits {
        Bits::Eight => {
            let codes: &mut [u8] = bytemuck::cast_slice_mut(codes);
            for (column, &code) in values.iter().enumerate() {
                codes[(block * BLOCK + column) * STRIP + lane] = code as u8;
            }
        }
        Bits::Four => {
            for (group, values) in values.as_chunks::<8>().0.iter().enumerate() {
                let word = values.iter().rev().fold(0, |word, &code| word << 4 | u32::from(code as u8));
                codes[(block * 4 + group) * STRIP + lane] = word;
            }
        }
    }
}
