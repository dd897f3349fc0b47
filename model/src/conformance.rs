//! Comparison with golden files, which independent implementations computed.
//!
//! A case is a folder with `checkpoint/` (a public checkpoint in any layout) and `expected.safetensors`: `pixel_values`
//! `[frames, 3, height, width]`, `input_ids` and `labels` `[1, length]`, and the results `vision_last_hidden`,
//! `projected`, `logits`, `loss`, `grad_pixel_values`, `generated`.

use std::path::Path;

pub mod text_model;

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use skeletonllm_network::checkpoint::{CheckpointError, Opened};
use skeletonllm_network::generate::{self, GenerateError, GenerateOptions};
use skeletonllm_network::internvl::{PromptError, TokenBatch};
use skeletonllm_network::sentence::SentenceError;
use skeletonllm_network::tensors::host;
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
mod within;

pub use checks::{Check, Checks};
pub use ctr_gcn::ctr_gcn;
pub use golden::{Golden, Integers};
pub use mae::mae;
pub use mmcl::mmcl;
pub use s2i::s2i;
pub use sentence::sentence_encoder;
pub use sugar::sugar;

/// Largest relative L2 error of a forward result. f32 sums in another order stay a thousandfold below it.
pub const FORWARD_LIMIT: f64 = 1e-4;
/// Largest relative L2 error of the gradient at the pixels.
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

/// One compared tensor.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name in `expected.safetensors`.
    pub name: String,
    /// Largest absolute difference.
    pub max_abs: f64,
    /// ‖difference‖₂ / ‖expected‖₂.
    pub relative_l2: f64,
    /// What `relative_l2` may be.
    pub limit: f64,
}

impl Row {
    fn new(name: &str, found: &[f32], expected: &[f32], limit: f64) -> Self {
        let mut max_abs = 0.0_f64;
        let (mut error, mut size) = (0.0_f64, 0.0_f64);
        for (found, expected) in found.iter().zip(expected) {
            let (found, expected) = (f64::from(*found), f64::from(*expected));
            let difference = found - expected;
            // f64::max would drop a NaN, which must show
            max_abs = if max_abs.is_nan() || difference.abs() <= max_abs { max_abs } else { difference.abs() };
            error += difference * difference;
            size += expected * expected;
        }
        let relative_l2 = if found.len() == expected.len() { (error / size).sqrt() } else { f64::INFINITY };
        Self { name: name.to_string(), max_abs, relative_l2, limit }
    }

    /// Whether the error is within the limit.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.relative_l2 <= self.limit
    }
}

/// What a case gave. `Display` prints the table.
#[derive(Debug, Clone)]
pub struct Report {
    /// Compared tensors.
    pub rows: Vec<Row>,
    /// Tokens that greedy generation gave, prompt included.
    pub generated: Vec<u32>,
    /// Tokens that the case expects.
    pub expected: Vec<u32>,
}

impl Report {
    /// Whether every tensor is within its limit and the continuation is the expected one.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.rows.iter().all(Row::passed) && self.generated == self.expected
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = |passed| if passed { "ok" } else { "FAILED" };
        writeln!(formatter, "{:<20} {:>10} {:>10} {:>8}", "tensor", "max abs", "rel L2", "limit")?;
        for row in &self.rows {
            let Row { name, max_abs, relative_l2, limit } = row;
            let verdict = verdict(row.passed());
            writeln!(formatter, "{name:<20} {max_abs:>10.2e} {relative_l2:>10.2e} {limit:>8.0e}  {verdict}")?;
        }
        let same = self.generated.iter().zip(&self.expected).take_while(|(a, b)| a == b).count();
        let (found, wanted) = (self.generated.len(), self.expected.len());
        let verdict = verdict(self.generated == self.expected);
        write!(formatter, "{:<20} {same} of {wanted} tokens equal ({found} given)  {verdict}", "generated")
    }
}

/// Runs the case in `folder` on `device`.
///
/// # Errors
/// When the case's files cannot be used. A result that differs is not an error; the report says so.
pub fn internvl(folder: impl AsRef<Path>, device: &Device) -> Result<Report, ConformanceError> {
    let folder = folder.as_ref();
    let expected = Golden::load(&folder.join("expected.safetensors"))?;
    let plain = device.clone().without_autodiff();
    let checkpoint = folder.join("checkpoint");
    let mut opened = Opened::model(&checkpoint)?;

    let ([frames, channels, height, width], pixels) = expected.shaped("pixel_values")?;
    let data = TensorData::new(pixels.to_vec(), [frames, channels, height, width]);
    let pixels = Tensor::<4>::from_data(data, &plain.clone().autodiff()).require_grad();
    let frames = pixels.clone().permute([0, 2, 3, 1]);

    let ids: Vec<u32> = expected.integers("input_ids")?.values.iter().map(|&id| id as u32).collect();
    let labels = vec![expected.integers("labels")?.values.clone()];

    let [patch_height, patch_width] = opened.config.vision_config.patch_size;
    let grid = [height / patch_height, width / patch_width];
    if opened.config.image_token_id.is_none() {
        let merge = opened.config.merge();
        let places = frames.dims()[0] * (grid[0] / merge) * (grid[1] / merge);
        opened.config.image_token_id = match Tokenizer::open(&checkpoint) {
            Ok(tokenizer) => Some(tokenizer.image_context()),
            Err(_) => token_with_places(&ids, places),
        };
    }
    let model = opened.read(&plain.clone().autodiff())?;
    let batch = TokenBatch::new(vec![ids]);
    let features = model.vision_tower.forward(frames.clone());
    let projected = model.project(features.clone(), grid);
    let visual = model.encode_frames(frames);
    let logits = model.logits(&batch, Some(visual.clone()))?;
    let loss = model.loss(&batch, &labels, Some(visual))?;
    let gradients = loss.backward();
    let gradient = pixels.grad(&gradients).map(host).unwrap_or_default();

    let mut rows = Vec::new();
    for (name, found, limit) in [
        ("vision_last_hidden", host(features), FORWARD_LIMIT),
        ("projected", host(projected), FORWARD_LIMIT),
        ("logits", host(logits), FORWARD_LIMIT),
        ("loss", host(loss), FORWARD_LIMIT),
        ("grad_pixel_values", gradient, GRADIENT_LIMIT),
    ] {
        rows.push(Row::new(name, &found, &expected.float(name)?.values, limit));
    }

    let target: Vec<u32> = expected.integers("generated")?.values.iter().map(|&id| id as u32).collect();
    let prompt = batch.rows()[0].clone();
    let model = burn::module::Module::valid(&model);
    let visual = model.encode_frames(pixels.without_autodiff().permute([0, 2, 3, 1]));
    let options = GenerateOptions { max_tokens: target.len().saturating_sub(prompt.len()), ..Default::default() };
    let answer = generate::greedy(&model, &prompt, Some(visual), &options, |_| {})?;
    Ok(Report { rows, generated: [prompt, answer].concat(), expected: target })
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
