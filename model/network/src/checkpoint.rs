//! Model files: safetensors with the public names.
//!
//! A module's field path is the tensor's name, so there is no table of names; only adapters are renamed to peft's
//! spelling, and two other layouts of the same names are recognised on reading.

mod model;

use std::collections::BTreeMap;
use std::path::Path;

use burn::Tensor;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::TensorData;
use safetensors::{Dtype, SafeTensors};

pub use model::{load_model, parse_model, save_model};

use crate::config::ConfigError;
use crate::quantize;
use crate::tensors::host;

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
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|cause| io(path, cause))?;
    parse(&bytes, &path.display().to_string())
}

/// As [`read`], from bytes; `origin` names them in errors.
///
/// # Errors
/// When the bytes are not safetensors or hold a tensor type this project does not use.
pub fn parse(bytes: &[u8], origin: &str) -> Result<TensorMap, CheckpointError> {
    let wrong = |name: &str, problem: String| CheckpointError::Tensor {
        path: origin.to_string(),
        name: name.to_string(),
        problem,
    };
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| CheckpointError::Format { path: origin.to_string(), problem: error.to_string() })?;
    let mut tensors = TensorMap::new();
    for (name, view) in file.tensors() {
        if name.strip_suffix(quantize::SCALE_SUFFIX).is_some_and(|weight| file.tensor(weight).is_ok()) {
            continue;
        }
        if name.ends_with(".num_batches_tracked") {
            continue; // how often a batch norm was trained, which its formula does not ask for
        }
        let values = match view.dtype() {
            Dtype::F32 => view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            Dtype::F16 => halves(view.data(), |bits| half::f16::from_bits(bits).to_f32()),
            Dtype::BF16 => halves(view.data(), |bits| half::bf16::from_bits(bits).to_f32()),
            Dtype::I8 => {
                let scales = file
                    .tensor(&format!("{name}{}", quantize::SCALE_SUFFIX))
                    .map_err(|_| wrong(&name, format!("int8 without `{name}{}`", quantize::SCALE_SUFFIX)))?;
                let scales: Vec<f32> =
                    scales.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
                let codes: &[i8] = bytemuck::cast_slice(view.data());
                quantize::dequantize(codes, &scales).map_err(|problem| wrong(&name, problem))?
            }
            other => return Err(wrong(&name, format!("type {other:?} is not supported"))),
        };
        tensors.insert(canonical(&name), HostTensor { shape: view.shape().to_vec(), values });
    }
    Ok(tensors)
}

fn halves(bytes: &[u8], convert: impl Fn(u16) -> f32) -> Vec<f32> {
    bytes.chunks_exact(2).map(|pair| convert(u16::from_le_bytes([pair[0], pair[1]]))).collect()
}

/// The name under which this project knows a tensor. Newer transformers releases put everything below `model.`.
fn canonical(name: &str) -> String {
    if name == "lm_head.weight" {
        return format!("language_model.{name}");
    }
    match name.strip_prefix("model.") {
        Some(rest) => match rest.strip_prefix("language_model.") {
            Some(decoder) => format!("language_model.model.{decoder}"),
            None => rest.to_string(),
        },
        None => name.to_string(),
    }
}

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
        if precision == Precision::Int8 && tensor.shape.len() >= 2 && name.ends_with(".weight") {
            let (codes, scales) = quantize::quantize(&tensor.values, tensor.shape[0]);
            let rows = Encoded { dtype: Dtype::F32, shape: vec![scales.len()], bytes: le_bytes(&scales) };
            encoded.push((format!("{name}{}", quantize::SCALE_SUFFIX), rows));
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
    let partial = path.with_extension("safetensors.partial");
    std::fs::write(&partial, bytes).map_err(|cause| io(&partial, cause))?;
    std::fs::rename(&partial, path).map_err(|cause| io(path, cause))
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

fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn io(path: &Path, cause: std::io::Error) -> CheckpointError {
    CheckpointError::Io { path: path.display().to_string(), cause }
}

fn format(path: &Path, problem: impl ToString) -> CheckpointError {
    CheckpointError::Format { path: path.display().to_string(), problem: problem.to_string() }
}

/// Every float parameter of a module under its file name. Reads from the device.
#[must_use]
pub fn tensors_of<M: Module>(module: &M) -> TensorMap {
    let mut collector = Collector { path: Vec::new(), tensors: TensorMap::new() };
    module.visit(&mut collector);
    collector.tensors
}

/// Fills a module from tensors by name; `origin` names them in errors.
///
/// # Errors
/// When a tensor is missing, left over or has another shape. All of them are listed.
pub fn apply<M: Module>(module: M, tensors: TensorMap, origin: &str) -> Result<M, CheckpointError> {
    let mut loader = Loader { path: Vec::new(), tensors, problems: Problems::default() };
    let module = module.map(&mut loader);
    loader.problems.unexpected = loader.tensors.into_keys().collect();
    match loader.problems.describe() {
        None => Ok(module),
        Some(problems) => Err(CheckpointError::Mismatch { path: origin.to_string(), problems }),
    }
}

/// The file name of the parameter at `path`: the path itself, with peft's names for adapters.
fn file_name(path: &[String]) -> String {
    let name = path.join(".");
    match name.strip_suffix(".lora.a") {
        Some(layer) => format!("{layer}.lora_A.weight"),
        None => match name.strip_suffix(".lora.b") {
            Some(layer) => format!("{layer}.lora_B.weight"),
            None => name,
        },
    }
}

struct Collector {
    path: Vec<String>,
    tensors: TensorMap,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let values = host(tensor);
        self.tensors.insert(file_name(&self.path), HostTensor { shape, values });
    }
}

struct Loader {
    path: Vec<String>,
    tensors: TensorMap,
    problems: Problems,
}

#[derive(Default)]
struct Problems {
    missing: Vec<String>,
    misshapen: Vec<String>,
    unexpected: Vec<String>,
}

impl Problems {
    fn describe(&self) -> Option<String> {
        let parts: Vec<String> =
            [("missing", &self.missing), ("wrong shape", &self.misshapen), ("unexpected", &self.unexpected)]
                .into_iter()
                .filter(|(_, names)| !names.is_empty())
                .map(|(kind, names)| {
                    let shown = names.iter().take(5).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                    let rest = names.len().saturating_sub(5);
                    if rest > 0 { format!("{kind}: {shown} and {rest} more") } else { format!("{kind}: {shown}") }
                })
                .collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

impl ModuleMapper for Loader {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = file_name(&self.path);
        let Some(tensor) = self.tensors.remove(&name) else {
            self.problems.missing.push(name);
            return param;
        };
        let shape = param.lazy_shape();
        if shape.as_slice() != tensor.shape.as_slice() {
            let note = format!("{name} is {:?}, expected {:?}", tensor.shape, shape.as_slice());
            self.problems.misshapen.push(note);
            return param;
        }
        let value = Tensor::from_data(TensorData::new(tensor.values, shape), &param.lazy_device());
        let id = param.id;
        param.transform_for_load(value, id)
    }
}

#[cfg(test)]
mod tests;
