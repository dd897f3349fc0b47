//! A sentence encoder's folder.

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, de::DeserializeOwned};

use super::{BertConfig, Pooling, SentenceBert, SentenceEncoder, SentenceError, SentenceTokenizer};
use crate::bert;
use crate::checkpoint::{self, CheckpointError, HostTensor, TensorMap};
use crate::config::from_json;
use crate::read_at::read_file;

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
    let blocks = tensors.keys().filter_map(|name| Some(name.strip_prefix("encoder.layer.")?.split_once('.')?.0));
    let blocks = blocks.collect::<BTreeSet<_>>().len();
    if blocks != config.num_hidden_layers {
        let says = config.num_hidden_layers;
        return Err(unsupported(&weights, format!("{blocks} blocks, where `num_hidden_layers` says {says}")));
    }
    let model = SentenceBert::new(&config, pooling, normalise, device);
    let bert = checkpoint::apply(model, tensors, &weights.display().to_string())?;

    let limits = folder.join("sentence_bert_config.json");
    let most = if limits.exists() { json::<Limits>(&limits)?.max_seq_length } else { None };
    let path = folder.join("tokenizer.json");
    let tokenizer = SentenceTokenizer::load(&path, most, config.max_position_embeddings)?;
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
    let ours = |(name, tensor): (String, HostTensor)| {
        let name = name.strip_prefix("bert.").unwrap_or(&name);
        let used = !["pooler.", "cls."].iter().any(|unused| name.starts_with(unused));
        used.then(|| (bert::path(name).replace(".attention.self.", ".attention.attention."), tensor))
    };
    Ok(checkpoint::read(path)?.into_iter().filter_map(ours).collect())
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, SentenceError> {
    let name = || path.display().to_string();
    let bytes = read_file(path).map_err(|cause| SentenceError::Io { path: name(), cause })?;
    from_json(&bytes).map_err(|cause| SentenceError::Json { path: name(), cause })
}
