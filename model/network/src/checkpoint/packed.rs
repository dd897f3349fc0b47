//! Matrices that stay as a file stores them.

use super::entry::Entry;
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
        let Some((entry, mut packing)) = self.packing(name) else { return Ok(None) };
        self.each_part(entry, STRIP, |first, _, bytes| {
            packing.rows(first, bytes);
            Ok(())
        })?;
        self.finish(entry, packing).map(Some)
    }

    /// A matrix none of whose rows was packed yet; `None` as in [`Tensors::packed`].
    pub(super) fn packing(&self, name: &str) -> Option<(&Entry, Packing)> {
        let entry = self.entries.get(name)?;
        let &[rows, columns] = &entry.shape[..] else { return None };
        if !entry.adapters.is_empty() || (entry.storage == Storage::I8) != entry.scales.is_some() {
            return None;
        }
        Some((entry, Packing::new(entry.storage, [rows, columns])?))
    }

    /// A matrix all of whose rows were packed.
    ///
    /// # Errors
    /// As [`Tensors::packed`].
    pub(super) fn finish(&self, entry: &Entry, packing: Packing) -> Result<Packed, CheckpointError> {
        let scales = self.scales(entry)?;
        packing.finish(scales.as_deref()).map_err(|problem| self.sources[entry.source].tensor(&entry.name, problem))
    }
}
