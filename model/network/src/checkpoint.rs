//! Model files: safetensors and GGUF, in the layouts that models are published in.
//!
//! A module's field path is the tensor's name; `names` says what the tensors of other layouts are called here. Files
//! are opened first ([`Opened`]) and their numbers read tensor by tensor, so that beside the model itself
//! hardly any memory is taken.

mod adapter;
mod arriving;
mod entry;
mod fewer_bits;
mod files;
mod gguf;
mod model;
mod module;
mod names;
mod packed;
mod safetensors;
mod tensors;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

pub use adapter::{Whole, base_named, base_of, is_adapter, save_adapter, save_text_adapter};
pub use fewer_bits::{Bits, Shrunk};
pub use files::{weight_names, weights_at};
pub use model::{Opened, is_text_config, is_text_model, load_model, parse_model, save_model};
pub use module::{TakeTensor, apply, apply_to, tensors_of, tensors_where};
pub use tensors::Tensors;
pub use write::write;

use entry::Source;

use crate::config::ConfigError;

/// Appended to an int8 tensor's name to name its scales, `[rows]` in f32.
const SCALE_SUFFIX: &str = "_scale";

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file could not be read or written.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file could not be written; the text names it.
    #[error(transparent)]
    Write(std::io::Error),
    /// The file is not safetensors, or its header contradicts its content.
    #[error("{path}: {problem}")]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A tensor of the file cannot be used.
    #[error("{path}: tensor `{name}`: {problem}")]
    Tensor {
        /// The file.
        path: String,
        /// The tensor.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The file's tensors are not those of the model.
    #[error("{path}: not this model's tensors: {problems}")]
    Mismatch {
        /// The file or folder.
        path: String,
        /// Missing, unexpected and misshapen tensors, the first few of each.
        problems: String,
    },
    /// The model is larger than what there is room for.
    #[error(
        "{path}: it takes {:.1} GB of memory here, and there is room for {:.1}; with fewer bits it takes less: \
         quantize DIR --to int4 --out DIR", giga(.needed), giga(.room)
    )]
    TooLarge {
        /// The files.
        path: String,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that there are.
        room: u64,
    },
    /// The folder's `config.json` cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// How weights are stored. Vectors (biases, norms, layer scales) and positions stay in f32 when the matrices are int8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    F32,
    /// IEEE half precision.
    F16,
    /// Brain floats.
    Bf16,
    /// One byte per weight of a matrix and one scale per output row, see [`quantize`].
    Int8,
}

/// What becomes of matrices that are stored in eight or four bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keep {
    /// They stay packed, and do not learn, in models of 64 Mi numbers and more; else as [`Keep::Floats`]. As those, too,
    /// on a browser's GPU.
    #[default]
    BySize,
    /// They become f32, which can learn.
    Floats,
    /// They stay packed whatever the model's size.
    Packed,
    /// All matrices of tower and decoder have so many bits, whatever they are stored as; those that have fewer stay.
    In(Bits),
}

/// One tensor on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct HostTensor {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// Tensors by name.
pub type TensorMap = BTreeMap<String, HostTensor>;

/// Reads every tensor of a safetensors file as f32; int8 tensors are multiplied by their scales.
///
/// # Errors
/// When the file cannot be read or holds a tensor type this project does not use.
pub fn read(path: impl AsRef<Path>) -> Result<TensorMap, CheckpointError> {
    open(path)?.into_map()
}

/// The tensors of a safetensors file, none of which is read yet.
///
/// # Errors
/// As [`read`].
pub fn open(path: impl AsRef<Path>) -> Result<Tensors<'static>, CheckpointError> {
    Tensors::of_safetensors([Source::open(path.as_ref())], names::Layout::InternVl)
}

/// As [`read`], from bytes; `origin` names them in errors.
///
/// # Errors
/// When the bytes are not safetensors or hold a tensor type this project does not use.
pub fn parse(bytes: &[u8], origin: &str) -> Result<TensorMap, CheckpointError> {
    open_bytes(bytes, origin)?.into_map()
}

/// As [`open`], of bytes; `origin` names them in errors.
///
/// # Errors
/// As [`parse`].
pub fn open_bytes<'a>(bytes: &'a [u8], origin: &str) -> Result<Tensors<'a>, CheckpointError> {
    Tensors::of_safetensors([Ok(Source::memory(bytes, origin))], names::Layout::InternVl)
}

fn giga(bytes: &u64) -> f64 {
    *bytes as f64 / 1e9
}

fn io(path: &Path, cause: std::io::Error) -> CheckpointError {
    CheckpointError::Io { path: path.display().to_string(), cause }
}

fn format(path: &Path, problem: impl ToString) -> CheckpointError {
    CheckpointError::Format { path: path.display().to_string(), problem: problem.to_string() }
}

#[cfg(test)]
mod tests;
