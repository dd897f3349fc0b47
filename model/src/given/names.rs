//! Names of the files of a model. This file stands alone: the page's build takes it in as it is.

/// Which file of several holds which tensor.
pub const INDEX: &str = "model.safetensors.index.json";

/// Files that are read whole, where they are there.
pub const WHOLE: [&str; 12] = [
    "config.json",
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    INDEX,
    "draction.safetensors",
    "alignment.safetensors",
    "words.txt",
    "words.safetensors",
];

/// Whether a name is that of a GGUF file.
pub fn is_gguf(name: &str) -> bool {
    name.len() > ".gguf".len() && name.to_lowercase().ends_with(".gguf")
}

/// Whether a name is that of all weights, or of a part of them.
pub fn is_weights(name: &str) -> bool {
    name == "model.safetensors" || shard(name).is_some()
}

/// The number of a part of the weights, and of how many.
pub fn shard(name: &str) -> Option<(usize, usize)> {
    const MOST: usize = 1000;
    let (number, of) = name.strip_prefix("model-")?.strip_suffix(".safetensors")?.split_once("-of-")?;
    let (number, of) = (number.parse().ok()?, of.parse().ok()?);
    (number >= 1 && number <= of && of <= MOST).then_some((number, of))
}
