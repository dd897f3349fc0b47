//! Matrices that stay as a file stores them.

use burn::Tensor;
use burn::tensor::{Device, TensorData};

use super::entry::{Adapter, Entry};
use super::fewer_bits::{self, Matrix, blocks, needs_offset};
use super::tensors::Tensors;
use super::{CheckpointError, HostTensor, Keep};
use crate::packed::{Packed, Packing, STRIP};
use crate::quantize;
use crate::storage::Storage;
use crate::weight::{LowRank, Weight};

/// From this many numbers on, a model's matrices stay packed. `nano` and what two cores train in minutes lie far below:
/// they fit the caches as floats, and answer on every device to the last digit alike.
const LARGE: u64 = 64 << 20;

impl Keep {
    /// Whether the matrices of a model of some size stay packed.
    pub(super) fn packs(self, numbers: u64) -> bool {
        match self {
            Keep::BySize => numbers >= LARGE,
            Keep::Floats => false,
            Keep::Packed | Keep::In(_) => true,
        }
    }
}

/// Fills weights whose numbers are stored in few bits, or shall have few, each by itself, and takes them out of `tensors`;
/// others stay. What adapters add to them is kept beside them.
pub(super) fn keep_packed(
    weights: Vec<(String, &mut Weight)>,
    tensors: &mut Tensors<'_>,
    keep: Keep,
) -> Result<(), CheckpointError> {
    for (name, weight) in weights {
        let projector = name.starts_with("multi_modal_projector.");
        let name = format!("{name}.weight");
        // what has another shape is for the loader to name
        if tensors.shape(&name) != Some(&weight.shape()[..]) {
            continue;
        }
        let packed = match keep {
            Keep::In(bits) if !projector => tensors.packed_in(&name, bits)?,
            _ => tensors.packed(&name)?,
        };
        if let Some(packed) = packed {
            put(weight, packed, tensors.updates(&name, &weight.device())?);
            tensors.remove(&name);
        }
    }
    Ok(())
}

/// Puts a packed matrix in the place of a weight, and beside it what adapters add.
pub(super) fn put(weight: &mut Weight, packed: Packed, updates: Vec<LowRank>) {
    *weight = Weight::packed(packed, &weight.device());
    for update in updates {
        *weight = weight.clone().updated(update);
    }
}

impl Tensors<'_> {
    /// A matrix packed as it is stored, without its adapters; `None` where it is stored as floats.
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
        let (entry, shape) = self.matrix(name)?;
        if (entry.storage == Storage::I8) != entry.scales.is_some() {
            return None;
        }
        Some((entry, Packing::new(entry.storage, shape)?))
    }

    /// A matrix all of whose rows were packed.
    ///
    /// # Errors
    /// As [`Tensors::packed`].
    pub(super) fn finish(&self, entry: &Entry, packing: Packing) -> Result<Packed, CheckpointError> {
        let scales = self.scales(entry)?;
        self.finished(entry, packing, scales.as_deref())
    }

    /// A matrix in so many bits, without its adapters, as [`Matrix`] has it in a file, or as it is stored where that is no
    /// more; `None` where it is no matrix. It is made part by part.
    ///
    /// # Errors
    /// When the file cannot be read, or has a number that is not finite.
    pub fn packed_in(&self, name: &str, bits: fewer_bits::Bits) -> Result<Option<Packed>, CheckpointError> {
        let Some((entry, shape)) = self.matrix(name) else { return Ok(None) };
        if few_bits(entry.storage).is_some_and(|stored| stored <= u8::from(bits)) {
            return self.packed(name);
        }
        let new = |storage| Packing::new(storage, shape).expect("whole blocks, of which there are some");
        match Matrix::of(name, &shape, bits) {
            Matrix::No => Ok(None),
            Matrix::Rows => {
                let (mut packing, mut scales) = (new(Storage::I8), Vec::with_capacity(shape[0]));
                self.each_values(entry, |first, values| {
                    let (codes, of_rows) = quantize::quantize(values, values.len() / shape[1]);
                    packing.rows(first, bytemuck::cast_slice(&codes));
                    scales.extend(of_rows);
                })?;
                self.finished(entry, packing, Some(&scales)).map(Some)
            }
            Matrix::Blocks => {
                let mut tried = [Storage::Q4_0, Storage::Q4_1].map(|storage| (storage, new(storage), [0.0; 2]));
                self.each_values(entry, |first, values| {
                    for (storage, packing, squares) in &mut tried {
                        let (bytes, of_rows) = blocks(*storage, values, shape[1]);
                        packing.rows(first, &bytes);
                        *squares = fewer_bits::total(*squares, &of_rows);
                    }
                })?;
                let [plain, offset] = tried;
                let (_, packing, _) = if needs_offset(plain.2, offset.2) { offset } else { plain };
                self.finished(entry, packing, None).map(Some)
            }
        }
    }

    /// An entry that is a matrix.
    fn matrix(&self, name: &str) -> Option<(&Entry, [usize; 2])> {
        let entry = self.entries.get(name)?;
        let &[rows, columns] = &entry.shape[..] else { return None };
        Some((entry, [rows, columns]))
    }

    /// Hands over a matrix as numbers without its adapters, part by part: the first row, and whole rows.
    fn each_values(&self, entry: &Entry, mut take: impl FnMut(usize, &[f32])) -> Result<(), CheckpointError> {
        let (scales, (_, width)) = (self.scales(entry)?, entry.matrix());
        let mut values = Vec::new();
        self.each_part(entry, STRIP, |first, _, bytes| {
            values.clear();
            entry.storage.dequantise(bytes, &mut values);
            if let Some(scales) = &scales {
                let rows = values.chunks_exact_mut(width).zip(&scales[first..]);
                rows.for_each(|(row, scale)| row.iter_mut().for_each(|value| *value *= scale));
            }
            if values.iter().any(|value| !value.is_finite()) {
                return Err(self.not_finite(entry));
            }
            take(first, &values);
            Ok(())
        })
    }

    fn finished(&self, entry: &Entry, packing: Packing, scales: Option<&[f32]>) -> Result<Packed, CheckpointError> {
        let source = &self.sources[entry.source];
        packing.finish(scales).map_err(|problem| source.tensor(&entry.name, problem))
    }

    /// What adapters add to a tensor.
    pub(super) fn updates(&self, name: &str, device: &Device) -> Result<Vec<LowRank>, CheckpointError> {
        let device = device.clone().without_autodiff();
        let tensor =
            |HostTensor { shape, values }: HostTensor| Tensor::<2>::from_data(TensorData::new(values, shape), &device);
        let adapters = self.entries.get(name).map_or(&[][..], |entry| &entry.adapters);
        let update = |update: &Adapter| {
            let (a, mut b, scale) = (self.values_of(&update.a)?, self.values_of(&update.b)?, update.scale);
            b.values.iter_mut().for_each(|value| *value *= scale);
            if b.values.iter().any(|value| !value.is_finite()) {
                let problem = format!("a number in it times the scale {scale} is not finite");
                return Err(self.sources[update.b.source].tensor(&update.b.name, problem));
            }
            Ok(LowRank { a: tensor(a), b: tensor(b) })
        };
        adapters.iter().map(update).collect()
    }
}

/// Bits of a number, 8 or 4 as matrices are brought to, the next more where it has others; `None` for floats.
fn few_bits(storage: Storage) -> Option<u8> {
    match storage {
        Storage::F32 | Storage::F16 | Storage::BF16 => None,
        Storage::Q4_0 | Storage::Q4_1 | Storage::Q4_K => Some(4),
        _ => Some(8),
    }
}
