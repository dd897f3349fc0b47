//! A sentence encoder's folder.

use std::path::Path;

use burn::tensor::Device;
use draction::store::tensor_f32;
use safetensors::SafeTensors;
use serde::{Deserialize, de::DeserializeOwned};

use super::{BertConfig, Pooling, SentenceBert, SentenceEncoder, SentenceError, SentenceTokenizer};
use crate::bert;
use crate::checkpoint::{self, CheckpointError, HostTensor, TensorMap};

/// One step of `modules.json`.
#[derive(Deserialize)]
struct Step {
    path: String,
    r#type: String,
}

/// `1_Pooling/config.json`; of the modes one is true.
#[derive(Deserialize, Default)]
#[serde(default)]
struct PoolingConfig {
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
}

/// `sentence_bert_config.json`.
#[derive(Deserialize)]
struct Limits {
    max_seq_length: Option<usize>,
}

pub(super) fn load(folder: &Path, device: &Device) -> Result<SentenceEncoder, SentenceError> {
    let config_path = folder.join("config.json");
    let config: BertConfig = json(&config_path)?;
    let unsupported =
        |path: &Path, problem: String| SentenceError::Unsupported { path: path.display().to_string(), problem };
    if let Some(problem) = config.problem() {
        return Err(unsupported(&config_path, problem));
    }
    let (pooling, normalise) = steps(folder)?;

    let weights = folder.join("model.safetensors");
    let tensors = read(&weights)?;
    // a count of blocks that the file does not bear out would be built before it fails
    let blocks = tensors.keys().filter_map(|name| name.strip_prefix("encoder.layer.")?.split_once('.')?.0.parse().ok());
    let blocks = blocks.max().map_or(0, |last: usize| last.saturating_add(1));
    if blocks != config.num_hidden_layers {
        let says = config.num_hidden_layers;
        return Err(unsupported(&weights, format!("{blocks} blocks, where `num_hidden_layers` says {says}")));
    }
    let model = SentenceBert::new(&config, pooling, normalise, device);
    let bert = checkpoint::apply(model, tensors, &weights.display().to_string())?;

    let limits = folder.join("sentence_bert_config.json");
    let most = if limits.exists() { json::<Limits>(&limits)?.max_seq_length } else { None };
    let path = folder.join("tokenizer.json");
    let positions = config.max_position_embeddings;
    let mut tokenizer = SentenceTokenizer::load(&path, most.map(|most| most.min(positions)))?;
    if tokenizer.most().is_none_or(|most| most > positions) {
        tokenizer = SentenceTokenizer::load(&path, Some(positions))?;
    }
    Ok(SentenceEncoder { bert, tokenizer })
}

/// How tokens become one vector, by `modules.json`; without one their mean, of length 1.
fn steps(folder: &Path) -> Result<(Pooling, bool), SentenceError> {
    let path = folder.join("modules.json");
    if !path.exists() {
        return Ok((Pooling::Mean, true));
    }
    let (mut pooling, mut normalise) = (Pooling::Mean, false);
    for step in json::<Vec<Step>>(&path)? {
        match step.r#type.rsplit('.').next().unwrap_or_default() {
            "Transformer" => {}
            "Normalize" => normalise = true,
            "Pooling" => pooling = pooling_of(&folder.join(&step.path).join("config.json"))?,
            other => {
                let problem = format!("a step of the kind {other} is not implemented");
                return Err(SentenceError::Unsupported { path: path.display().to_string(), problem });
            }
        }
    }
    Ok((pooling, normalise))
}

fn pooling_of(path: &Path) -> Result<Pooling, SentenceError> {
    let config: PoolingConfig = json(path)?;
    let modes = [
        (config.pooling_mode_mean_tokens, Some(Pooling::Mean)),
        (config.pooling_mode_cls_token, Some(Pooling::Class)),
        (config.pooling_mode_max_tokens, Some(Pooling::Max)),
        (config.pooling_mode_mean_sqrt_len_tokens, None),
        (config.pooling_mode_weightedmean_tokens, None),
        (config.pooling_mode_lasttoken, None),
    ];
    let mut chosen = modes.into_iter().filter(|(on, _)| *on);
    match (chosen.next(), chosen.next()) {
        (Some((_, Some(mode))), None) => Ok(mode),
        _ => Err(SentenceError::Unsupported {
            path: path.display().to_string(),
            problem: "one pooling mode is needed: mean, class token or max".to_owned(),
        }),
    }
}

/// What the network uses, under our own paths. Public files also hold a pooler and the numbers of positions.
fn read(path: &Path) -> Result<TensorMap, CheckpointError> {
    let origin = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|cause| CheckpointError::Io { path: origin.clone(), cause })?;
    let problem = |problem: String| CheckpointError::Format { path: origin.clone(), problem };
    let file = SafeTensors::deserialize(&bytes).map_err(|error| problem(error.to_string()))?;
    let mut tensors = TensorMap::new();
    for name in file.names() {
        let short = name.strip_prefix("bert.").unwrap_or(name);
        if ["pooler.", "cls.", "embeddings.position_ids"].iter().any(|unused| short.starts_with(unused)) {
            continue;
        }
        let (shape, values) = tensor_f32(&file, name).map_err(problem)?;
        let path = bert::path(short).replace(".attention.self.", ".attention.attention.");
        tensors.insert(path, HostTensor { shape, values });
    }
    Ok(tensors)
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, SentenceError> {
    let name = || path.display().to_string();
    let bytes = std::fs::read(path).map_err(|cause| SentenceError::Io { path: name(), cause })?;
    serde_json::from_slice(&bytes).map_err(|cause| SentenceError::Json { path: name(), cause })
}
