//! The GGUF container: named settings, then tensors as blocks.
//!
//! Counts and lengths come from the file and are believed only as far as its size allows: nothing is allocated for
//! what the file cannot hold.

use std::collections::BTreeMap;

use crate::read_at::ReadAt;
use crate::storage::Storage;

mod reader;
mod settings;
#[cfg(test)]
pub(crate) mod writer;

use reader::Reader;
pub use settings::{Settings, Value};

/// What every GGUF file begins with.
pub const MAGIC: &[u8; 4] = b"GGUF";
/// Tensors begin at multiples of this unless the file says otherwise.
const ALIGNMENT: u64 = 32;
/// Dimensions at most.
const DIMENSIONS: u32 = 4;

/// What is wrong with a file; whoever knows its name adds it.
pub type Problem = String;

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorInfo {
    /// Sizes, outermost first (the file has them the other way round).
    pub shape: Vec<usize>,
    /// How its numbers are stored.
    pub storage: Storage,
    /// Its first byte in the file.
    pub start: u64,
    /// Its bytes.
    pub length: u64,
}

/// What a file says of its content, without the content.
#[derive(Debug, Clone)]
pub struct Gguf {
    /// The settings.
    pub settings: Settings,
    /// The tensors by name.
    pub tensors: BTreeMap<String, TensorInfo>,
}

impl Gguf {
    /// Reads everything but the tensors' numbers.
    ///
    /// # Errors
    /// When the file is no GGUF of version 2 or 3, ends too early, or contradicts itself.
    pub fn read(file: &dyn ReadAt) -> Result<Gguf, Problem> {
        let mut reader = Reader::new(file);
        if reader.bytes(4)? != MAGIC {
            return Err("not a GGUF file: it does not begin with `GGUF`".into());
        }
        match reader.u32()? {
            2 | 3 => {}
            version if (1..=3).contains(&version.swap_bytes()) => {
                return Err("a big-endian GGUF file, which is not supported".into());
            }
            version => return Err(format!("GGUF version {version}; versions 2 and 3 are supported")),
        }
        // a tensor takes at least 8 + 4 + 4 + 8 bytes, a setting at least 8 + 4 + 1
        let tensors = reader.count("tensors", 24)?;
        let settings = reader.count("settings", 13)?;
        let settings = Settings::read(&mut reader, settings)?;
        let mut raw = Vec::with_capacity(tensors);
        for _ in 0..tensors {
            raw.push(RawInfo::read(&mut reader)?);
        }
        let alignment = settings.unsigned("general.alignment")?.unwrap_or(ALIGNMENT);
        if alignment == 0 || !alignment.is_multiple_of(8) || alignment > 1 << 30 {
            return Err(format!("general.alignment = {alignment} is no usable multiple of 8"));
        }
        let data = reader.place().next_multiple_of(alignment);
        let mut found = BTreeMap::new();
        for raw in raw {
            let name = raw.name.clone();
            let info = raw.placed(data, alignment, file.size()).map_err(|e| format!("tensor `{name}`: {e}"))?;
            if found.insert(name.clone(), info).is_some() {
                return Err(format!("tensor `{name}` is listed twice"));
            }
        }
        no_overlap(&found)?;
        Ok(Gguf { settings, tensors: found })
    }
}

/// A tensor as the file lists it.
struct RawInfo {
    name: String,
    /// Innermost first.
    sizes: Vec<u64>,
    kind: u32,
    offset: u64,
}

impl RawInfo {
    fn read(reader: &mut Reader<'_>) -> Result<RawInfo, Problem> {
        let name = reader.string()?;
        let dimensions = reader.u32()?;
        if dimensions > DIMENSIONS {
            return Err(format!("tensor `{name}` has {dimensions} dimensions; {DIMENSIONS} are the most"));
        }
        let sizes = (0..dimensions).map(|_| reader.u64()).collect::<Result<_, _>>()?;
        Ok(RawInfo { name, sizes, kind: reader.u32()?, offset: reader.u64()? })
    }

    fn placed(self, data: u64, alignment: u64, size: u64) -> Result<TensorInfo, Problem> {
        let storage = Storage::of_gguf(self.kind)?;
        let too_large = || format!("its sizes {:?} are beyond what can be counted", self.sizes);
        let shape: Vec<usize> = self
            .sizes
            .iter()
            .rev()
            .map(|&size| usize::try_from(size))
            .collect::<Result<_, _>>()
            .map_err(|_| too_large())?;
        let row = shape.last().copied().unwrap_or(1);
        let row_bytes =
            storage.row_bytes(row).ok_or_else(|| format!("rows of {row} are no whole {storage:?} blocks"))?;
        let rows = shape.iter().rev().skip(1).try_fold(1usize, |all, &size| all.checked_mul(size));
        let length = rows.and_then(|rows| rows.checked_mul(row_bytes)).ok_or_else(too_large)? as u64;
        // numbers, too, must be countable: four bits a weight become four bytes
        rows.and_then(|rows| rows.checked_mul(row)?.checked_mul(4)).ok_or_else(too_large)?;
        if !self.offset.is_multiple_of(alignment) {
            return Err(format!("its offset {} is no multiple of {alignment}", self.offset));
        }
        let start = data.checked_add(self.offset);
        let end = start.and_then(|start| start.checked_add(length));
        match (start, end) {
            (Some(start), Some(end)) if end <= size => Ok(TensorInfo { shape, storage, start, length }),
            _ => Err(format!("{length} bytes at offset {} go beyond the end of the file", self.offset)),
        }
    }
}

fn no_overlap(tensors: &BTreeMap<String, TensorInfo>) -> Result<(), Problem> {
    let mut places: Vec<(u64, u64, &str)> = tensors
        .iter()
        .filter(|(_, info)| info.length > 0)
        .map(|(name, info)| (info.start, info.start + info.length, name.as_str()))
        .collect();
    places.sort_unstable();
    match places.windows(2).find(|pair| pair[0].1 > pair[1].0) {
        Some(pair) => Err(format!("tensors `{}` and `{}` lie over each other", pair[0].2, pair[1].2)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
