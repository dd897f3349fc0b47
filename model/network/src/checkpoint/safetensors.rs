//! The safetensors container, read by its header.

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::entry::{Entry, Loose, Rows, Source};
use super::names::{Layout, Place, place};
use super::tensors::Tensors;
use super::{CheckpointError, SCALE_SUFFIX};
use crate::storage::Storage;

/// The longest header that the format allows.
const LONGEST: u64 = 100_000_000;

/// The header, and the first byte after it.
pub(super) fn header(source: &Source<'_>) -> Result<(Metadata, u64), CheckpointError> {
    let size = source.bytes.size();
    if size < 8 {
        return Err(source.format(format!("not a safetensors file: it has {size} bytes")));
    }
    let length = u64::from_le_bytes(source.read(0, 8)?.try_into().expect("eight were asked for"));
    if length > LONGEST || length > size - 8 {
        let problem = format!("not a safetensors file: it has {size} bytes and claims a header of {length}");
        return Err(source.format(problem));
    }
    let text = source.read(8, length as usize)?;
    let metadata: Metadata =
        serde_json::from_slice(&text).map_err(|error| source.format(format!("the safetensors header: {error}")))?;
    let (found, expected) = (size - 8 - length, metadata.data_len() as u64);
    if found != expected {
        let problem =
            format!("{found} bytes of tensors where the header lists {expected}; it was cut short or mixed up");
        return Err(source.format(problem));
    }
    Ok((metadata, 8 + length))
}

impl<'a> Tensors<'a> {
    /// Adds the tensors of a file; adapters are put aside until their bases are known.
    pub(super) fn add_safetensors(
        &mut self,
        source: Source<'a>,
        layout: Layout,
        loose: &mut Loose,
    ) -> Result<(), CheckpointError> {
        let (metadata, data) = header(&source)?;
        let number = self.sources.len();
        self.sources.push(source);
        let infos = metadata.tensors();
        let mut names: Vec<&String> = infos.keys().collect();
        names.sort_unstable();
        for name in names {
            let source = &self.sources[number];
            if name.strip_suffix(SCALE_SUFFIX).is_some_and(|weight| infos.contains_key(weight)) {
                continue;
            }
            let place = place(layout, name);
            if place == Place::Nowhere {
                continue;
            }
            let info = infos[name];
            let mut shape = info.shape.clone();
            let storage = match info.dtype {
                Dtype::F32 => Storage::F32,
                Dtype::F16 => Storage::F16,
                Dtype::BF16 => Storage::BF16,
                Dtype::I8 => Storage::I8,
                Dtype::U8 => {
                    let note = metadata.metadata().as_ref().and_then(|notes| notes.get(name));
                    blocks(note, &mut shape).map_err(|problem| source.tensor(name, problem))?
                }
                other => return Err(source.tensor(name, format!("type {other:?} is not supported"))),
            };
            let scales = match storage {
                Storage::I8 => Some(data + scales_of(name, info, &infos).map_err(|e| source.tensor(name, e))?),
                _ => None,
            };
            let entry = Entry {
                name: name.clone(),
                shape,
                storage,
                source: number,
                start: data + info.data_offsets.0 as u64,
                rows: Rows::From(0),
                scales,
                adapters: Vec::new(),
            };
            match place {
                Place::Nowhere => {}
                Place::Whole(name) => self.insert(name, entry)?,
                Place::Adapter(name, part) => loose.add(name, part, self.checked(entry)?),
                Place::Thirds(names) => {
                    let rows = entry.shape.first().filter(|rows| rows.is_multiple_of(3) && scales.is_none());
                    let Some(rows) = rows.map(|rows| rows / 3) else {
                        let problem = format!("{:?} of {storage:?} are no queries, keys and values", entry.shape);
                        return Err(source.tensor(name, problem));
                    };
                    for (third, name) in names.into_iter().enumerate() {
                        let mut entry = Entry { rows: Rows::From(third * rows), ..entry.clone() };
                        entry.shape[0] = rows;
                        self.insert(name, entry)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Which blocks the bytes `[rows, bytes]` of a tensor are, by the file's note of it; `shape` becomes that of the numbers.
fn blocks(note: Option<&String>, shape: &mut [usize]) -> Result<Storage, String> {
    let note = note.ok_or("type U8 is not supported without a note of what it holds")?;
    let storage = Storage::named(note).filter(|storage| storage.block().0 > 1);
    let storage = storage.ok_or_else(|| format!("bytes of the type {note}, which is not known"))?;
    let (weights, bytes) = storage.block();
    let row = match shape {
        [_, row] if row.is_multiple_of(bytes) => (*row / bytes).checked_mul(weights).map(|whole| *row = whole),
        _ => None,
    };
    row.map(|()| storage).ok_or_else(|| format!("bytes of {shape:?} are no rows of {storage:?} blocks"))
}

/// Where in the data the scales of an int8 tensor lie.
fn scales_of(
    name: &str,
    info: &TensorInfo,
    infos: &std::collections::HashMap<String, &TensorInfo>,
) -> Result<u64, String> {
    let scales = infos.get(&format!("{name}{SCALE_SUFFIX}"));
    let scales = scales.ok_or_else(|| format!("int8 without `{name}{SCALE_SUFFIX}`"))?;
    let rows = if info.shape.len() < 2 { None } else { Some(info.shape[0]) };
    if scales.dtype != Dtype::F32 || rows.is_none_or(|rows| scales.shape != [rows]) {
        let (kind, found) = (scales.dtype, &scales.shape);
        return Err(format!("{:?} of int8 with scales {found:?} of {kind:?}; there is one F32 a row", info.shape));
    }
    Ok(scales.data_offsets.0 as u64)
}
