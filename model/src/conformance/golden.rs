//! Golden files: tensors of numbers and what their headers say, with errors that name file and tensor.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    str::FromStr,
};

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use safetensors::{Dtype, SafeTensors};
use skeletonllm_network::checkpoint::{CheckpointError, HostTensor, TensorMap};

use super::ConformanceError;

/// The contents of a golden file.
#[derive(Debug)]
pub struct Golden {
    path: String,
    floats: TensorMap,
    integers: BTreeMap<String, Integers>,
    bytes: BTreeMap<String, Vec<u8>>,
    header: BTreeMap<String, String>,
}

/// A tensor of whole numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integers {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<i64>,
}

impl Golden {
    /// Reads a file. Numbers of other kinds than f32, i32, i64 and bytes are passed over.
    ///
    /// # Errors
    /// When it cannot be read or is no safetensors file.
    pub fn load(path: &Path) -> Result<Self, ConformanceError> {
        let origin = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|cause| CheckpointError::Io { path: origin.clone(), cause })?;
        let format = |error: safetensors::SafeTensorError| CheckpointError::Format {
            path: origin.clone(),
            problem: error.to_string(),
        };
        let file = SafeTensors::deserialize(&bytes).map_err(format)?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(format)?;
        let header = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let mut golden =
            Self { path: origin, floats: TensorMap::new(), integers: BTreeMap::new(), bytes: BTreeMap::new(), header };
        for (name, view) in file.tensors() {
            let (data, shape) = (view.data(), view.shape().to_vec());
            match view.dtype() {
                Dtype::F32 => {
                    let values = data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
                    golden.floats.insert(name, HostTensor { shape, values });
                }
                Dtype::I32 => {
                    let number = |b: &[u8]| i64::from(i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
                    let values = data.chunks_exact(4).map(number).collect();
                    golden.integers.insert(name, Integers { shape, values });
                }
                Dtype::I64 => {
                    let number = |b: &[u8]| i64::from_le_bytes(b.try_into().expect("chunks of eight"));
                    let values = data.chunks_exact(8).map(number).collect();
                    golden.integers.insert(name, Integers { shape, values });
                }
                Dtype::U8 => _ = golden.bytes.insert(name, data.to_vec()),
                _ => {}
            }
        }
        Ok(golden)
    }

    /// The golden files of a folder by name, sorted; files of other kinds are passed over.
    ///
    /// # Errors
    /// When the folder cannot be read, holds no such file, or one of them is none.
    pub fn load_all(folder: &Path) -> Result<Vec<(String, Self)>, ConformanceError> {
        let paths = files(folder, "safetensors")?;
        if paths.is_empty() {
            return Err(ConformanceError::NoCase { path: folder.display().to_string() });
        }
        let name = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        paths.iter().map(|path| Ok((name(path), Self::load(path)?))).collect()
    }

    /// An error about a tensor or a field of the header.
    #[must_use]
    pub fn wrong(&self, name: &str, problem: impl Into<String>) -> ConformanceError {
        ConformanceError::Expected { path: self.path.clone(), name: name.to_string(), problem: problem.into() }
    }

    /// Whether there is a tensor of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.floats.contains_key(name) || self.integers.contains_key(name)
    }

    /// The tensors of bytes with their names, sorted.
    pub fn bytes(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.bytes.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// A tensor of floats.
    ///
    /// # Errors
    /// When it is not there as such.
    pub fn float(&self, name: &str) -> Result<&HostTensor, ConformanceError> {
        self.floats.get(name).ok_or_else(|| self.wrong(name, "not there as f32"))
    }

    /// The numbers of a tensor of floats.
    ///
    /// # Errors
    /// When it is not there as such.
    pub fn floats(&self, name: &str) -> Result<&[f32], ConformanceError> {
        Ok(&self.float(name)?.values)
    }

    /// A tensor of floats with `D` axes, on a device.
    ///
    /// # Errors
    /// When it is not there as such.
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Result<Tensor<D>, ConformanceError> {
        let (shape, values) = self.shaped::<D>(name)?;
        Ok(Tensor::from_data(TensorData::new(values.to_vec(), shape), device))
    }

    /// A tensor of floats with `D` axes, and their sizes.
    ///
    /// # Errors
    /// When it is not there as such.
    pub fn shaped<const D: usize>(&self, name: &str) -> Result<([usize; D], &[f32]), ConformanceError> {
        let tensor = self.float(name)?;
        let shape = <[usize; D]>::try_from(&tensor.shape[..])
            .map_err(|_| self.wrong(name, format!("shape {:?} is not of rank {D}", tensor.shape)))?;
        Ok((shape, &tensor.values))
    }

    /// A tensor of whole numbers.
    ///
    /// # Errors
    /// When it is not there as such.
    pub fn integers(&self, name: &str) -> Result<&Integers, ConformanceError> {
        self.integers.get(name).ok_or_else(|| self.wrong(name, "not there as i32 or i64"))
    }

    /// A tensor of tokens.
    ///
    /// # Errors
    /// When it is not there as such, or a number is none that a vocabulary could have.
    pub fn tokens(&self, name: &str) -> Result<Vec<u32>, ConformanceError> {
        let token = |&id: &i64| u32::try_from(id).map_err(|_| self.wrong(name, format!("{id} is no token")));
        self.integers(name)?.values.iter().map(token).collect()
    }

    /// A tensor of whole numbers that count or point into something.
    ///
    /// # Errors
    /// When it is not there as such, or a number is negative.
    pub fn indices(&self, name: &str) -> Result<Vec<usize>, ConformanceError> {
        let whole = |&i: &i64| usize::try_from(i).map_err(|_| self.wrong(name, format!("{i} is no index")));
        self.integers(name)?.values.iter().map(whole).collect()
    }

    /// A field of the header.
    ///
    /// # Errors
    /// When it is missing or cannot be read as such.
    pub fn field<T: FromStr>(&self, name: &str) -> Result<T, ConformanceError> {
        let text = self.header.get(name).ok_or_else(|| self.wrong(name, "not in the header"))?;
        text.trim().parse().map_err(|_| self.wrong(name, format!("the header says {text:?}")))
    }

    /// A field of the header that is JSON.
    ///
    /// # Errors
    /// When it is missing or cannot be read as such.
    pub fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, ConformanceError> {
        let text: String = self.field(name)?;
        serde_json::from_str(&text).map_err(|error| self.wrong(name, format!("in the header: {error}")))
    }

    /// Names of tensors of floats that begin with `prefix`, without it, sorted.
    pub fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.floats.keys().filter_map(move |name| name.strip_prefix(prefix))
    }

    /// The float tensors whose names begin with `prefix`, without it.
    #[must_use]
    pub fn tensors_below(&self, prefix: &str) -> TensorMap {
        self.below(prefix).map(|name| (name.to_owned(), self.floats[&format!("{prefix}{name}")].clone())).collect()
    }

    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The files of a folder with this ending, by name.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, ConformanceError> {
    let io = |cause| CheckpointError::Io { path: folder.display().to_string(), cause };
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder).map_err(io)?.collect();
    let mut files: Vec<PathBuf> = entries.map_err(io)?.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files.sort();
    Ok(files)
}
