//! Comparison with golden files, which independent implementations computed.
//!
//! A case is a folder with `checkpoint/` (a public checkpoint in any layout) and `expected.safetensors`: `pixel_values`
//! `[frames, 3, height, width]`, `input_ids` and `labels` `[1, length]`, and the results `vision_last_hidden`,
//! `projected`, `logits`, `loss`, `grad_pixel_values`, `generated`.

use std::path::Path;

use burn::tensor::Device;
use skeletonllm_network::checkpoint::{CheckpointError, Opened};
use skeletonllm_network::generate::{self, GenerateError, GenerateOptions};
use skeletonllm_network::prompt_error::PromptError;
use skeletonllm_network::sentence::SentenceError;
use skeletonllm_network::tensors::host;
use skeletonllm_network::token_reader::{IGNORED, TokenBatch};
use skeletonllm_network::tokenizer::{Tokenizer, TokenizerError};

mod checks;
mod ctr_gcn;
mod golden;
mod gradients;
mod mae;
mod mmcl;
mod s2i;
mod sentence;
mod sugar;
mod text_model;
mod within;

pub use checks::{Check, Checks};
pub use ctr_gcn::ctr_gcn;
pub use golden::{Golden, Integers};
pub use mae::mae;
pub use mmcl::mmcl;
pub use s2i::s2i;
pub use sentence::sentence_encoder;
pub use sugar::sugar;
pub use text_model::text_model;

/// Largest error of a forward result of transformers. f32 sums in another order stay a thousandfold below it.
pub const FORWARD_LIMIT: f64 = 1e-4;
/// Largest error of the gradient at pixels or embeddings.
pub const GRADIENT_LIMIT: f64 = 1e-3;

/// Why a case could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum ConformanceError {
    /// A file of the case cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The case's tokens and pictures do not fit together.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The model could not answer.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A tokenizer of the case cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The folder is no case.
    #[error("{path}: {problem}")]
    Case {
        /// The folder.
        path: String,
        /// What is missing.
        problem: String,
    },
    /// A sentence encoder's folder cannot be used.
    #[error(transparent)]
    Sentence(#[from] SentenceError),
    /// A folder holds nothing to compare with.
    #[error("{path}: there is no golden file (.safetensors) in it")]
    NoCase {
        /// The folder.
        path: String,
    },
    /// A golden file lacks a tensor or a field of its header, or has it in another form.
    #[error("{path}: `{name}`: {problem}")]
    Expected {
        /// The file.
        path: String,
        /// The tensor.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// Runs the case in `folder` on `device`.
///
/// # Errors
/// When the case's files cannot be used. A result that differs is not an error; the checks say so.
pub fn internvl(folder: impl AsRef<Path>, device: &Device) -> Result<Checks, ConformanceError> {
    let folder = folder.as_ref();
    let expected = Golden::load(&folder.join("expected.safetensors"))?;
    let device = device.clone().without_autodiff().autodiff();
    let checkpoint = folder.join("checkpoint");
    let mut opened = Opened::model(&checkpoint)?;

    let pixels = expected.tensor::<4>("pixel_values", &device)?.require_grad();
    let [frames, channels, height, width] = pixels.dims();
    let merge = opened.config.merge();
    let patch = opened.config.vision_config.patch_size;
    let whole = |side: usize, patch: usize| side > 0 && side.is_multiple_of(patch * merge);
    if frames == 0 || channels != 3 || !whole(height, patch[0]) || !whole(width, patch[1]) {
        return Err(expected.wrong("pixel_values", format!("{:?} are no frames of this model", pixels.dims())));
    }
    let grid = [height / patch[0], width / patch[1]];
    let ids = expected.tokens("input_ids")?;
    let labels = vec![expected.integers("labels")?.values.clone()];
    let known = |label: &i64| *label == IGNORED || (0..opened.config.text_config.vocab_size as i64).contains(label);
    if let Some(label) = labels[0].iter().find(|label| !known(label)) {
        return Err(expected.wrong("labels", format!("{label} is no token of this model")));
    }
    if opened.config.image_token_id.is_none() {
        let places = frames * (grid[0] / merge) * (grid[1] / merge);
        opened.config.image_token_id = match Tokenizer::open(&checkpoint) {
            Ok(tokenizer) => Some(tokenizer.image_context()),
            Err(_) => token_with_places(&ids, places),
        };
    }
    let model = opened.read(&device)?;
    let batch = TokenBatch::new(vec![ids]);
    let frames = pixels.clone().permute([0, 2, 3, 1]);
    let features = model.vision_tower.forward(frames.clone());
    let projected = model.project(features.clone(), grid);
    let visual = model.encode_frames(frames);
    let logits = model.reader().logits(&batch, Some(visual.clone()))?;
    let loss = model.reader().loss(&batch, &labels, Some(visual))?;
    let gradients = loss.backward();
    let gradient = pixels.grad(&gradients).map(host).unwrap_or_default();

    let mut checks = Checks::default();
    for (name, found, limit) in [
        ("vision_last_hidden", host(features), FORWARD_LIMIT),
        ("projected", host(projected), FORWARD_LIMIT),
        ("logits", host(logits), FORWARD_LIMIT),
        ("loss", host(loss), FORWARD_LIMIT),
        ("grad_pixel_values", gradient, GRADIENT_LIMIT),
    ] {
        checks.as_vectors(name, &found, expected.floats(name)?, limit);
    }

    let target = expected.tokens("generated")?;
    let prompt = batch.rows()[0].clone();
    let model = burn::module::Module::valid(&model);
    let visual = model.encode_frames(pixels.without_autodiff().permute([0, 2, 3, 1]));
    let options = GenerateOptions { max_tokens: target.len().saturating_sub(prompt.len()), ..Default::default() };
    let answer = generate::greedy(&model, &prompt, Some(visual), &options, |_| {})?;
    checks.exact("generated", &[prompt, answer].concat(), &target);
    Ok(checks)
}

/// The only token that stands at exactly so many places: the image token of a checkpoint that came without tokenizer.
fn token_with_places(ids: &[u32], places: usize) -> Option<u32> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    let mut found = sorted.chunk_by(|a, b| a == b).filter(|run| run.len() == places).map(|run| run[0]);
    found.next().filter(|_| found.next().is_none())
}

#[cfg(test)]
mod tests;
