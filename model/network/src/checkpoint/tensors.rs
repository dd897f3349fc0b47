//! The tensors of one or several files, none of which is read before it is asked for.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use super::entry::{Adapter, Entry, Loose, Rows, Source};
use super::names::Layout;
use super::{CheckpointError, HostTensor, TensorMap};
use crate::storage::Storage;

/// InternVL's code always gives adapters twice their rank as alpha; a checkpoint that holds them does not say it.
const SCALE_OF_THE_AUTHORS: f64 = 2.0;

/// Tensors by the names that they have here.
#[derive(Default)]
pub struct Tensors<'a> {
    pub(super) sources: Vec<Source<'a>>,
    pub(super) entries: BTreeMap<String, Entry>,
}

impl<'a> Tensors<'a> {
    /// The tensors of some safetensors files, with the adapters among them on their bases.
    pub(super) fn of_safetensors(
        sources: impl IntoIterator<Item = Result<Source<'a>, CheckpointError>>,
        layout: Layout,
    ) -> Result<Self, CheckpointError> {
        let (mut tensors, mut loose) = (Tensors::default(), Loose::default());
        for source in sources {
            tensors.add_safetensors(source?, layout, &mut loose)?;
        }
        tensors.attach(loose, |_| SCALE_OF_THE_AUTHORS)?;
        Ok(tensors)
    }

    /// Hands adapters to their tensors; `scale` gives the factor for a rank.
    pub(super) fn attach(&mut self, loose: Loose, scale: impl Fn(usize) -> f64) -> Result<(), CheckpointError> {
        for (name, parts) in loose.0 {
            let one = parts.iter().flatten().next().expect("made with the first half");
            let wrong = |problem: String| self.sources[one.source].tensor(&one.name, problem);
            let [Some(a), Some(b)] = parts.clone() else {
                return Err(wrong("one half of an adapter without the other".into()));
            };
            let Some(base) = self.entries.get(&name) else {
                return Err(wrong(format!("an adapter of `{name}`, which is not there")));
            };
            let (rank, inputs, outputs) = match (&a.shape[..], &b.shape[..]) {
                (&[rank, inputs], &[outputs, other]) if rank == other && rank > 0 => (rank, inputs, outputs),
                _ => return Err(wrong(format!("shapes {:?} and {:?} are no adapter", a.shape, b.shape))),
            };
            if base.shape != [outputs, inputs] || inputs == 0 {
                let problem = format!("an adapter of {outputs}×{inputs}, but `{name}` is {:?}", base.shape);
                return Err(wrong(problem));
            }
            let adapter = Adapter { a, b, scale: scale(rank) as f32 };
            self.entries.get_mut(&name).expect("looked up above").adapters.push(adapter);
        }
        Ok(())
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The sizes of a tensor, if it is there.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.entries.get(name).map(|entry| &entry.shape[..])
    }

    /// Numbers in all, and the bytes that they take in their files.
    pub(super) fn size(&self) -> (u64, u64) {
        self.entries.values().fold((0, 0), |(numbers, bytes), entry| {
            let (rows, width) = entry.matrix();
            let row = entry.storage.row_bytes(width).expect("checked on opening");
            let scales = entry.scales.map_or(0, |_| rows * 4);
            (numbers + (rows * width) as u64, bytes + (rows * row + scales) as u64)
        })
    }

    /// An entry whose numbers can be counted.
    pub(super) fn checked(&self, entry: Entry) -> Result<Entry, CheckpointError> {
        if entry.checked_matrix().is_none() {
            let problem = format!("sizes {:?} of {:?} are beyond what can be counted", entry.shape, entry.storage);
            return Err(self.sources[entry.source].tensor(&entry.name, problem));
        }
        Ok(entry)
    }

    pub(super) fn insert(&mut self, name: String, entry: Entry) -> Result<(), CheckpointError> {
        let entry = self.checked(entry)?;
        if let Some(before) = self.entries.get(&name) {
            let other = &self.sources[before.source].origin;
            let problem = format!("is `{name}` here, and so is `{}` of {other}", before.name);
            return Err(self.sources[entry.source].tensor(&entry.name, problem));
        }
        self.entries.insert(name, entry);
        Ok(())
    }

    /// Forgets a tensor. Whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        self.entries.remove(name).is_some()
    }

    /// Takes out the tensors whose names begin with `prefix`, which is cut off, and reads them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn split_off(&mut self, prefix: &str) -> Result<TensorMap, CheckpointError> {
        let names: Vec<String> = self.names().filter(|name| name.starts_with(prefix)).map(str::to_owned).collect();
        let mut taken = TensorMap::new();
        for name in names {
            let entry = self.entries.remove(&name).expect("it was just listed");
            taken.insert(name[prefix.len()..].to_owned(), self.values_of(&entry)?);
        }
        Ok(taken)
    }

    /// The bytes of some rows as they are stored, one row after the other in the tensor's order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn stored_rows(&self, entry: &Entry, rows: Range<usize>) -> Result<Vec<u8>, CheckpointError> {
        let (start, length) = entry.place(&rows);
        let stored = self.sources[entry.source].read(start, length)?;
        let Rows::Paired(head) = entry.rows else { return Ok(stored) };
        let bytes = length / rows.len().max(1);
        let mut ordered = Vec::with_capacity(stored.len());
        for head in stored.chunks_exact(head * bytes) {
            let pairs = || head.chunks_exact(2 * bytes);
            pairs().for_each(|pair| ordered.extend_from_slice(&pair[..bytes]));
            pairs().for_each(|pair| ordered.extend_from_slice(&pair[bytes..]));
        }
        Ok(ordered)
    }

    /// Hands over a tensor's rows as they are stored, part by part: first row, rows, bytes. A block type stays what it
    /// is; the parts are those of [`Entry::parts`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn each_part(
        &self,
        entry: &Entry,
        multiple: usize,
        mut take: impl FnMut(usize, usize, &[u8]) -> Result<(), CheckpointError>,
    ) -> Result<(), CheckpointError> {
        for rows in entry.parts(multiple) {
            take(rows.start, rows.len(), &self.stored_rows(entry, rows)?)?;
        }
        Ok(())
    }

    /// The numbers of a tensor, adapters added; `None` where there is no such tensor.
    ///
    /// # Errors
    /// When the file cannot be read, or a number is not finite: what is computed with such a one is nothing.
    pub fn values(&self, name: &str) -> Result<Option<HostTensor>, CheckpointError> {
        self.entries.get(name).map(|entry| self.values_of(entry)).transpose()
    }

    pub(super) fn values_of(&self, entry: &Entry) -> Result<HostTensor, CheckpointError> {
        let (rows, width) = entry.matrix();
        let mut values = Vec::with_capacity(rows * width);
        self.each_part(entry, 1, |_, _, bytes| {
            entry.storage.dequantise(bytes, &mut values);
            Ok(())
        })?;
        if let Some(scales) = self.scales(entry)?
            && width > 0
        {
            values.chunks_exact_mut(width).zip(&scales).for_each(|(row, s)| row.iter_mut().for_each(|x| *x *= s));
        }
        for adapter in &entry.adapters {
            let (a, b) = (self.values_of(&adapter.a)?, self.values_of(&adapter.b)?);
            let rank = a.shape[0];
            values.par_chunks_exact_mut(width).zip(b.values.par_chunks_exact(rank)).for_each(|(row, b)| {
                for (b, a) in b.iter().zip(a.values.chunks_exact(width)) {
                    let share = b * adapter.scale;
                    row.iter_mut().zip(a).for_each(|(w, a)| *w += share * a);
                }
            });
        }
        if !values.par_iter().all(|value| value.is_finite()) {
            return Err(self.not_finite(entry));
        }
        Ok(HostTensor { shape: entry.shape.clone(), values })
    }

    pub(super) fn not_finite(&self, entry: &Entry) -> CheckpointError {
        self.sources[entry.source].tensor(&entry.name, "a number in it is not finite")
    }

    /// What each row of a tensor is multiplied by; `None` where nothing is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn scales(&self, entry: &Entry) -> Result<Option<Vec<f32>>, CheckpointError> {
        let Some(at) = entry.scales else { return Ok(None) };
        let (rows, _) = entry.matrix();
        let mut scales = Vec::with_capacity(rows);
        Storage::F32.dequantise(&self.sources[entry.source].read(at, rows * 4)?, &mut scales);
        Ok(Some(scales))
    }

    /// Whether two tensors are stored as the same bytes. Tensors of other types or shapes are not.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn same(&self, a: &str, b: &str) -> Result<bool, CheckpointError> {
        let (Some(a), Some(b)) = (self.entries.get(a), self.entries.get(b)) else { return Ok(false) };
        if a.shape != b.shape || a.storage != b.storage || !a.is_plain() || !b.is_plain() {
            return Ok(false);
        }
        let mut same = true;
        self.each_part(a, 1, |first, count, bytes| {
            same = same && self.stored_rows(b, first..first + count)? == bytes;
            Ok(())
        })?;
        Ok(same)
    }

    /// All of it at once.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn into_map(self) -> Result<TensorMap, CheckpointError> {
        self.entries.iter().map(|(name, entry)| Ok((name.clone(), self.values_of(entry)?))).collect()
    }
}
