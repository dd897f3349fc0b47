//! Matrices that stay as a file stores them.

use super::tensors::Tensors;
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
        self.each_part(entry, STRIP, |first, _, bytes| {
            packing.rows(first, bytes);
            Ok(())
        })?;
        let source = &self.sources[entry.source];
        let scales = self.scales(entry)?;
        packing.finish(scales.as_deref()).map(Some).map_err(|problem| source.tensor(&entry.name, problem))
    }
}
