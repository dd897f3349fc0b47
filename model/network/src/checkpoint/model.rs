//! Whole models: the files of a folder, or their bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::{CheckpointError, Precision, TensorMap, apply, format, io, parse, read, tensors_of, write};
use crate::config::InternVlConfig;
use crate::internvl::InternVl;

/// Loads a model folder: `config.json` and `model.safetensors`, or the shards its index names.
///
/// # Errors
/// When a file cannot be read, or its tensors are not exactly the config's.
pub fn load_model(folder: impl AsRef<Path>, device: &Device) -> Result<InternVl, CheckpointError> {
    let folder = folder.as_ref();
    let config = InternVlConfig::load(folder.join("config.json"))?;
    let mut tensors = TensorMap::new();
    for file in weight_files(folder)? {
        tensors.append(&mut read(&file)?);
    }
    build(&config, tensors, &folder.display().to_string(), device)
}

/// As [`load_model`], from the bytes of `config.json` and `model.safetensors`.
///
/// # Errors
/// As [`load_model`].
pub fn parse_model(config: &[u8], weights: &[u8], device: &Device) -> Result<InternVl, CheckpointError> {
    let config = InternVlConfig::parse(config, "config.json")?;
    build(&config, parse(weights, "model.safetensors")?, "model.safetensors", device)
}

fn build(
    config: &InternVlConfig,
    mut tensors: TensorMap,
    origin: &str,
    device: &Device,
) -> Result<InternVl, CheckpointError> {
    if config.tied() {
        // files of tied models may still hold the head; it is the embedding table again
        tensors.remove("language_model.lm_head.weight");
    }
    apply(InternVl::new(config, device), tensors, origin)
}

/// Writes `config.json` and `model.safetensors` into a folder.
///
/// # Errors
/// When a file cannot be written.
pub fn save_model(model: &InternVl, folder: impl AsRef<Path>, precision: Precision) -> Result<(), CheckpointError> {
    let folder = folder.as_ref();
    std::fs::create_dir_all(folder).map_err(|cause| io(folder, cause))?;
    model.config().save(folder.join("config.json"))?;
    write(folder.join("model.safetensors"), &tensors_of(model), precision)
}

/// The weight files of a model folder.
fn weight_files(folder: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index_path = folder.join("model.safetensors.index.json");
    if !index_path.exists() {
        return Ok(vec![folder.join("model.safetensors")]);
    }
    let text = std::fs::read_to_string(&index_path).map_err(|cause| io(&index_path, cause))?;
    let index: Index = serde_json::from_str(&text).map_err(|error| format(&index_path, error))?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}
