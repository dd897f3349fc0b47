//! Language models alone that are small enough for tests.

use std::{fs, path::Path};

use skeletonllm_network::checkpoint::{self, Precision};

/// The decoder of the model at `from` as a language model alone, which knows nothing of pictures.
pub fn alone(from: &Path, folder: &Path) {
    fs::create_dir(folder).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&fs::read(from.join("config.json")).unwrap()).unwrap();
    fs::write(folder.join("config.json"), config["text_config"].to_string()).unwrap();
    let tensors = checkpoint::read(from.join("model.safetensors")).unwrap().into_iter();
    let decoder = tensors.filter_map(|(name, t)| Some((name.strip_prefix("language_model.")?.to_owned(), t)));
    checkpoint::write(folder.join("model.safetensors"), &decoder.collect(), Precision::F32).unwrap();
    let tokenizer = fs::read_to_string(from.join("tokenizer.json")).unwrap();
    let without = tokenizer.replace("img>", "pic>").replace("IMG_CONTEXT", "PIC_CONTEXT");
    fs::write(folder.join("tokenizer.json"), without).unwrap();
}
