//! Writing safetensors.

use std::path::Path;

use safetensors::Dtype;

use super::{CheckpointError, Precision, SCALE_SUFFIX, TensorMap, format};
use crate::quantize;

/// Writes tensors under their names, replacing the file only once the new one is complete.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: impl AsRef<Path>, tensors: &TensorMap, precision: Precision) -> Result<(), CheckpointError> {
    let path = path.as_ref();
    let mut encoded: Vec<(String, Encoded)> = Vec::new();
    for (name, tensor) in tensors {
        let shape = tensor.shape.clone();
        let floats = |dtype, bytes| Encoded { dtype, shape: shape.clone(), bytes };
        if precision == Precision::Int8 && is_matrix(name, &tensor.shape) {
            let (codes, scales) = quantize::quantize(&tensor.values, tensor.shape[0]);
            let rows = Encoded { dtype: Dtype::F32, shape: vec![scales.len()], bytes: le_bytes(&scales) };
            encoded.push((format!("{name}{}", SCALE_SUFFIX), rows));
            encoded.push((name.clone(), floats(Dtype::I8, bytemuck::cast_slice(&codes).to_vec())));
            continue;
        }
        let values = tensor.values.iter();
        encoded.push((
            name.clone(),
            match precision {
                Precision::F32 | Precision::Int8 => floats(Dtype::F32, le_bytes(&tensor.values)),
                Precision::F16 => {
                    floats(Dtype::F16, values.flat_map(|&v| half::f16::from_f32(v).to_le_bytes()).collect())
                }
                Precision::Bf16 => {
                    floats(Dtype::BF16, values.flat_map(|&v| half::bf16::from_f32(v).to_le_bytes()).collect())
                }
            },
        ));
    }
    let metadata = std::collections::HashMap::from([("format".to_string(), "pt".to_string())]);
    let bytes = safetensors::serialize(encoded, Some(metadata)).map_err(|error| format(path, error))?;
    draction::store::write_atomically(path, &bytes).map_err(CheckpointError::Write)
}

struct Encoded {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl safetensors::View for Encoded {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        (&self.bytes).into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Whether a tensor is one of those that get fewer bits; vectors and positions do not.
pub(super) fn is_matrix(name: &str, shape: &[usize]) -> bool {
    shape.len() >= 2 && name.ends_with(".weight")
}

/// As files keep them.
pub(super) fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
