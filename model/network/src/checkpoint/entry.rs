//! Where a tensor lies in a file, and what is done to it on the way: the order of its rows, its scales, its adapters.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::{CheckpointError, io};
use crate::arriving::Arriving;
use crate::read_at::{OnDisk, ReadAt};
use crate::storage::Storage;

/// Rows are read in parts of about this many bytes, so that beside the numbers hardly any memory is taken.
const PART: usize = 8 << 20;

/// A file that tensors lie in.
pub(super) struct Source<'a> {
    /// How errors name it.
    pub origin: String,
    pub bytes: Box<dyn ReadAt + 'a>,
}

impl Source<'static> {
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let bytes = Box::new(OnDisk::open(path).map_err(|cause| io(path, cause))?);
        Ok(Self { origin: path.display().to_string(), bytes })
    }

    pub fn arriving(file: &Arriving, origin: &str) -> Self {
        Self { origin: origin.to_string(), bytes: Box::new(file.clone()) }
    }
}

impl<'a> Source<'a> {
    pub fn memory(bytes: &'a [u8], origin: &str) -> Self {
        Self { origin: origin.to_string(), bytes: Box::new(bytes) }
    }

    pub fn format(&self, problem: impl ToString) -> CheckpointError {
        CheckpointError::Format { path: self.origin.clone(), problem: problem.to_string() }
    }

    pub fn tensor(&self, name: &str, problem: impl Into<String>) -> CheckpointError {
        CheckpointError::Tensor { path: self.origin.clone(), name: name.to_string(), problem: problem.into() }
    }

    pub fn read(&self, start: u64, length: usize) -> Result<Vec<u8>, CheckpointError> {
        let mut bytes = vec![0; length];
        let read = self.bytes.read_at(start, &mut bytes);
        read.map_err(|cause| CheckpointError::Io { path: self.origin.clone(), cause })?;
        Ok(bytes)
    }
}

/// Which of the stored rows are a tensor's, and in which order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rows {
    /// From this one on, as they lie.
    From(usize),
    /// The rows of each head of this many lie with the partners of a rotation side by side; the tensor has the first
    /// partners of all pairs, then the second (Llama models in GGUF files).
    Paired(usize),
}

/// A tensor as it lies in a file, under the name that it has here.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its name in the file.
    pub name: String,
    pub shape: Vec<usize>,
    pub storage: Storage,
    /// Which of the files.
    pub source: usize,
    /// The first stored byte.
    pub start: u64,
    pub rows: Rows,
    /// Where one f32 a row lies that the row is multiplied by.
    pub scales: Option<u64>,
    /// What is added to it.
    pub adapters: Vec<Adapter>,
}

impl Entry {
    /// Rows and the numbers in each. A tensor of one axis is one number a row.
    pub fn matrix(&self) -> (usize, usize) {
        self.checked_matrix().expect("checked on opening")
    }

    /// Where some of its rows lie in the file: the first byte, and how many.
    pub fn place(&self, rows: &Range<usize>) -> (u64, usize) {
        let (_, width) = self.matrix();
        let bytes = self.storage.row_bytes(width).expect("checked on opening");
        let before = if let Rows::From(first) = self.rows { first } else { 0 };
        (self.start + ((before + rows.start) * bytes) as u64, rows.len() * bytes)
    }

    /// Its rows in parts that are small whatever its size. All but the last are whole heads, where these are put in
    /// order, and a multiple of some number of rows.
    pub fn parts(&self, multiple: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (rows, width) = self.matrix();
        let bytes = self.storage.row_bytes(width).expect("checked on opening");
        let whole = if let Rows::Paired(head) = self.rows { lcm(head, multiple) } else { multiple };
        let part = (PART / bytes.max(1) / whole).max(1) * whole;
        // rows of nothing, of which a file may claim any number
        let rows = if bytes == 0 { 0 } else { rows };
        (0..rows).step_by(part).map(move |first| first..rows.min(first + part))
    }

    /// Whether the stored rows alone are its numbers.
    pub fn is_plain(&self) -> bool {
        self.scales.is_none() && self.adapters.is_empty()
    }

    /// The same; `None` where they are no whole blocks or more than can be counted. A size of 0 among the sizes makes the
    /// tensor empty, not the others small.
    pub fn checked_matrix(&self) -> Option<(usize, usize)> {
        let (rows, width) = match &self.shape[..] {
            [] => (1, 1),
            [length] if self.storage.block().0 == 1 => (*length, 1),
            [length] => (1, *length),
            [rows, rest @ ..] => (*rows, rest.iter().try_fold(1usize, |all, &size| all.checked_mul(size))?),
        };
        rows.checked_mul(self.storage.row_bytes(width)?)?;
        // as f32, into which few bits become many
        rows.checked_mul(width)?.checked_mul(4)?;
        Some((rows, width))
    }
}

/// `W += scale·B·A`.
#[derive(Debug, Clone)]
pub(super) struct Adapter {
    /// `[rank, in]`.
    pub a: Entry,
    /// `[out, rank]`.
    pub b: Entry,
    pub scale: f32,
}

/// Halves of adapters whose bases are not known yet, by the tensor that they are added to.
#[derive(Default)]
pub(super) struct Loose(pub BTreeMap<String, [Option<Entry>; 2]>);

impl Loose {
    pub fn add(&mut self, tensor: String, part: char, entry: Entry) {
        self.0.entry(tensor).or_default()[usize::from(part == 'b')] = Some(entry);
    }
}

fn lcm(a: usize, b: usize) -> usize {
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    a / divisor * b
}
