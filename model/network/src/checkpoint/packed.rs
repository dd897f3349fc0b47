//! Matrices that stay as a file stores them.

use super::entry::Rows;
use super::tensors::{PART, Tensors};
use super::{CheckpointError, Keep};
use crate::packed::{Packed, Packing, STRIP};
use crate::storage::Storage;
use crate::weight::Weight;

/// From this many numbers on, a model's matrices stay packed. `nano` and what two cores train in minutes lie far below:
/// they fit the caches as floats, and answer on every device to the last digit alike.
const LARGE: u64 = 64 << 20;

impl Keep {
    /// Whether the matrices of a model of some size stay packed.
    pub(super) fn packs(self, numbers: u64) -> bool {
        match self {
            Keep::BySize => numbers >= LARGE,
            Keep::Floats => false,
            Keep::Packed => true,
        }
    }
}

/// Fills weights whose numbers are stored in few bits, each by itself, and takes them out of `tensors`; others stay.
pub(super) fn keep_packed(
    weights: Vec<(String, &mut Weight)>,
    tensors: &mut Tensors<'_>,
) -> Result<(), CheckpointError> {
    for (name, weight) in weights {
        let name = format!("{name}.weight");
        // what has another shape is for the loader to name
        if tensors.shape(&name) != Some(&weight.shape()[..]) {
            continue;
        }
        if let Some(packed) = tensors.packed(&name)? {
            *weight = Weight::packed(packed, &weight.device());
            tensors.remove(&name);
        }
    }
    Ok(())
}

impl Tensors<'_> {
    /// A matrix packed as it is stored; `None` where it is stored as floats or has adapters.
    ///
    /// # Errors
    /// When the file cannot be read, or a scale is no finite number.
    pub fn packed(&self, name: &str) -> Result<Option<Packed>, CheckpointError> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        let &[rows, columns] = &entry.shape[..] else { return Ok(None) };
        if !entry.adapters.is_empty() || (entry.storage == Storage::I8) != entry.scales.is_some() {
            return Ok(None);
        }
        let Some(mut packing) = Packing::new(entry.storage, [rows, columns]) else { return Ok(None) };
        let bytes = entry.storage.row_bytes(columns).expect("checked by `new`");
        // whole heads, where these are put in order, and whole strips
        let whole = if let Rows::Paired(head) = entry.rows { lcm(head, STRIP) } else { STRIP };
        let part = (PART / bytes / whole).max(1) * whole;
        for first in (0..rows).step_by(part) {
            packing.rows(first, &self.stored_rows(entry, first..rows.min(first + part))?);
        }
        let source = &self.sources[entry.source];
        let scales = entry.scales.map(|at| self.scales(entry.source, at, rows)).transpose()?;
        packing.finish(scales.as_deref()).map(Some).map_err(|problem| source.tensor(&entry.name, problem))
    }

    fn scales(&self, source: usize, at: u64, rows: usize) -> Result<Vec<f32>, CheckpointError> {
        let mut scales = Vec::with_capacity(rows);
        Storage::F32.dequantise(&self.sources[source].read(at, rows * 4)?, &mut scales);
        Ok(scales)
    }
}

fn lcm(a: usize, b: usize) -> usize {
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    a / divisor * b
}
