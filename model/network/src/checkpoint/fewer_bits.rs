//! Checkpoints with their matrices in fewer bits, written tensor by tensor.
//!
//! In eight bits a matrix has whole numbers and a scale for each row, in four bits blocks of 32 as GGUF files have them
//! ([`Storage::Q4_0`], or [`Storage::Q4_1`] where an offset helps). safetensors knows no blocks: such a matrix is bytes
//! there, and the file's notes say which type they are of. Vectors and positions stay as they are; tables and heads,
//! where words are told apart, have eight bits at least.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use safetensors::Dtype;
use serde_json::{Map, Value, json};

use super::write::{is_matrix, le_bytes};
use super::{CheckpointError, HostTensor, SCALE_SUFFIX, Tensors, io};
use crate::quantize;
use crate::storage::Storage;

/// How many bits the matrices get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Bits {
    /// Eight, and a scale for each row.
    Eight,
    /// Four, and a scale, perhaps an offset, for 32.
    Four,
}

impl TryFrom<u8> for Bits {
    type Error = String;

    fn try_from(bits: u8) -> Result<Self, String> {
        match bits {
            8 => Ok(Bits::Eight),
            4 => Ok(Bits::Four),
            other => Err(format!("{other} bits; it is 8 or 4")),
        }
    }
}

impl From<Bits> for u8 {
    fn from(bits: Bits) -> u8 {
        match bits {
            Bits::Eight => 8,
            Bits::Four => 4,
        }
    }
}

/// What became of a checkpoint.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shrunk {
    /// Numbers in it.
    pub parameters: u64,
    /// Bytes of the new file.
    pub bytes: u64,
    /// Squared errors of its matrices, and squares of these, summed.
    squares: [f64; 2],
}

impl Shrunk {
    /// How far the matrices are off: ‖new − old‖ / ‖old‖ over all of them.
    #[must_use]
    pub fn error(&self) -> f64 {
        if self.squares[1] == 0.0 { 0.0 } else { (self.squares[0] / self.squares[1]).sqrt() }
    }
}

impl Tensors<'_> {
    /// Writes all tensors into a new safetensors file, matrices in fewer bits. `rename` gives the names there; `tell` is
    /// told of each tensor how many numbers it has.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub(super) fn write_in(
        &self,
        bits: Bits,
        path: &Path,
        rename: impl Fn(&str) -> String,
        mut tell: impl FnMut(u64),
    ) -> Result<Shrunk, CheckpointError> {
        let partial = path.with_extension("safetensors.partial");
        let sizes = |name| self.shape(name).map_or(0, <[usize]>::len);
        let mut file = Growing::new(&partial, self.names().map(|name| (rename(name), sizes(name))))?;
        let mut shrunk = Shrunk::default();
        for name in self.names() {
            let tensor = self.values(name)?.expect("listed");
            let matrix = Matrix::of(name, &tensor.shape, bits);
            let name = rename(name);
            let squares = matrix.write(&name, &tensor, &mut file)?;
            shrunk.squares[0] += squares[0];
            shrunk.squares[1] += squares[1];
            shrunk.parameters += tensor.values.len() as u64;
            tell(tensor.values.len() as u64);
        }
        shrunk.bytes = file.finish()?;
        std::fs::rename(&partial, path).map_err(|cause| io(path, cause))?;
        Ok(shrunk)
    }
}

/// How a tensor is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Matrix {
    /// As it is, in f32.
    No,
    /// A scale for each row.
    Rows,
    /// In blocks of 32.
    Blocks,
}

impl Matrix {
    pub(super) fn of(name: &str, shape: &[usize], bits: Bits) -> Matrix {
        if !is_matrix(name, shape) || shape.contains(&0) {
            return Matrix::No;
        }
        let words = name.contains("embed_tokens") || name.contains("lm_head");
        let blocks = shape.len() == 2 && shape[1].is_multiple_of(32);
        if bits == Bits::Four && blocks && !words { Matrix::Blocks } else { Matrix::Rows }
    }

    /// Squared errors and squares.
    fn write(self, name: &str, tensor: &HostTensor, file: &mut Growing) -> Result<[f64; 2], CheckpointError> {
        let values = &tensor.values;
        match self {
            Matrix::No => {
                file.put(name, Dtype::F32, &tensor.shape, &le_bytes(values))?;
                Ok([0.0; 2])
            }
            Matrix::Rows => {
                let (codes, scales) = quantize::quantize(values, tensor.shape[0]);
                file.put(name, Dtype::I8, &tensor.shape, bytemuck::cast_slice(&codes))?;
                file.put(&format!("{name}{SCALE_SUFFIX}"), Dtype::F32, &[scales.len()], &le_bytes(&scales))?;
                let width = (codes.len() / scales.len().max(1)).max(1);
                let back = codes.iter().enumerate().map(|(i, code)| f32::from(*code) * scales[i / width]);
                Ok(squares(values, back))
            }
            Matrix::Blocks => {
                let in_type = |storage| {
                    let (bytes, squares) = blocks(storage, values, tensor.shape[1]);
                    (storage, bytes, total([0.0; 2], &squares))
                };
                let (plain, offset) = (in_type(Storage::Q4_0), in_type(Storage::Q4_1));
                let (storage, bytes, squares) = if needs_offset(plain.2, offset.2) { offset } else { plain };
                file.put(name, Dtype::U8, &[tensor.shape[0], bytes.len() / tensor.shape[0]], &bytes)?;
                file.note(name, storage);
                Ok(squares)
            }
        }
    }
}

/// Blocks get offsets where these leave less than this share of the squared error: an offset takes a ninth more room.
const WORTH_AN_OFFSET: f64 = 0.8;

/// Whether blocks get offsets, by squared errors and squares of a matrix without and with them.
pub(super) fn needs_offset(plain: [f64; 2], offset: [f64; 2]) -> bool {
    offset[0] < WORTH_AN_OFFSET * plain[0]
}

/// Rows of some width as blocks, and of each row squared error and squares.
pub(super) fn blocks(storage: Storage, values: &[f32], width: usize) -> (Vec<u8>, Vec<[f64; 2]>) {
    let rows = values.par_chunks(width).map(|row| {
        let (mut bytes, mut back) = (Vec::new(), Vec::new());
        storage.quantise(row, &mut bytes);
        storage.dequantise(&bytes, &mut back);
        let squares = squares(row, back.into_iter());
        (bytes, squares)
    });
    let (bytes, squares): (Vec<Vec<u8>>, Vec<[f64; 2]>) = rows.unzip();
    (bytes.concat(), squares)
}

/// Sums of those of further rows and `before`.
pub(super) fn total(before: [f64; 2], rows: &[[f64; 2]]) -> [f64; 2] {
    rows.iter().fold(before, |sum, s| [sum[0] + s[0], sum[1] + s[1]])
}

fn squares(values: &[f32], back: impl Iterator<Item = f32>) -> [f64; 2] {
    values.iter().zip(back).fold([0.0; 2], |[error, size], (value, back)| {
        [error + f64::from(value - back).powi(2), size + f64::from(*value).powi(2)]
    })
}

/// A safetensors file whose tensors come one by one.
struct Growing {
    path: PathBuf,
    file: BufWriter<File>,
    header: Map<String, Value>,
    notes: Map<String, Value>,
    /// Bytes kept free for the header, which comes first and is known last.
    room: usize,
    /// Bytes of tensors so far.
    place: u64,
}

impl Growing {
    /// For tensors of these names and of so many sizes each.
    fn new(path: &Path, tensors: impl Iterator<Item = (String, usize)>) -> Result<Growing, CheckpointError> {
        // a name may stand there three times: itself, its scales, its note; then types, sizes and places. What JSON
        // escapes in a name takes more room than the name
        let room =
            tensors.map(|(name, sizes)| 3 * json!(name).to_string().len() + SCALE_SUFFIX.len() + 21 * sizes + 400);
        let room = (room.sum::<usize>() + 200).next_multiple_of(8);
        let mut file = BufWriter::new(File::create(path).map_err(|cause| io(path, cause))?);
        file.seek(SeekFrom::Start(8 + room as u64)).map_err(|cause| io(path, cause))?;
        let notes = Map::from_iter([("format".to_string(), "pt".into())]);
        Ok(Growing { path: path.to_owned(), file, header: Map::new(), notes, room, place: 0 })
    }

    fn put(&mut self, name: &str, dtype: Dtype, shape: &[usize], bytes: &[u8]) -> Result<(), CheckpointError> {
        let end = self.place + bytes.len() as u64;
        let info = json!({"dtype": dtype, "shape": shape, "data_offsets": [self.place, end]});
        self.header.insert(name.to_string(), info);
        self.place = end;
        self.file.write_all(bytes).map_err(|cause| io(&self.path, cause))
    }

    fn note(&mut self, name: &str, storage: Storage) {
        self.notes.insert(name.to_string(), format!("{storage:?}").into());
    }

    /// Writes the header. The size of the file.
    fn finish(mut self) -> Result<u64, CheckpointError> {
        self.header.insert("__metadata__".into(), Value::Object(self.notes));
        let mut text = Value::Object(self.header).to_string().into_bytes();
        assert!(text.len() <= self.room, "a header of {} in {}", text.len(), self.room);
        text.resize(self.room, b' ');
        let cannot = |cause| io(&self.path, cause);
        self.file.seek(SeekFrom::Start(0)).map_err(cannot)?;
        let header = [&(self.room as u64).to_le_bytes()[..], &text].concat();
        self.file.write_all(&header).and_then(|()| self.file.flush()).map_err(cannot)?;
        self.file.get_ref().sync_all().map_err(cannot)?;
        Ok(8 + self.room as u64 + self.place)
    }
}
