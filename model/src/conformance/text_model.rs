//! A language model alone against golden files: the same weights in every container.
//!
//! A case is a folder with any of `hf/` (as the transformers library saves a model), `hf-sharded/` and
//! `gguf/*.VARIANT.gguf`; `expected.safetensors` with `input_ids` and for each variant `VARIANT.logits`
//! `[length, vocabulary]` and `VARIANT.greedy`. What the folders and the `bf16` file hold is the variant `safetensors`,
//! of which `hidden.N` (what layer N leaves, from 1), `loss.last5` and `grad.input_embeddings` may be there as well.
//! `blocks.safetensors`, if there, holds stored bytes `raw.TYPE` and their numbers `value.TYPE`.

use std::path::{Path, PathBuf};

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;
use skeletonllm_network::checkpoint::{Opened, tensors_of};
use skeletonllm_network::layers::ops;
use skeletonllm_network::storage::Storage;
use skeletonllm_network::tensors::{host, indices};
use skeletonllm_network::text_model::TextModel;
use skeletonllm_network::tokenizer::Tokenizer;

use super::checks::ulps;
use super::{Checks, ConformanceError, FORWARD_LIMIT, GRADIENT_LIMIT, Golden};

/// Containers that hold the very numbers of the variant `safetensors`.
const SAME: [&str; 4] = ["hf", "hf-sharded", "bf16", "f32"];

/// Runs the case in `folder` on `device`.
///
/// # Errors
/// When the case's files cannot be used. A result that differs is not an error; the checks say so.
pub fn text_model(folder: &Path, device: &Device) -> Result<Checks, ConformanceError> {
    let mut case = Case {
        expected: &Golden::load(&folder.join("expected.safetensors"))?,
        device: device.clone().without_autodiff(),
        checks: Checks::default(),
    };
    let blocks = folder.join("blocks.safetensors");
    if blocks.exists() {
        check_blocks(&Golden::load(&blocks)?, &mut case.checks)?;
    }
    let mut seen = Vec::new();
    for (name, path) in containers(folder)? {
        let own = case.expected.has(&format!("{name}.logits"));
        let variant = if own { name.as_str() } else { "safetensors" };
        if !own && !SAME.contains(&name.as_str()) {
            return Err(case.expected.wrong(&format!("{name}.logits"), format!("not there, but {}", path.display())));
        }
        case.check(&name, variant, &path)?;
        seen.push(variant.to_owned());
    }
    let mut expected = case.expected.below("").filter_map(|name| name.strip_suffix(".logits"));
    if let Some(missing) = expected.find(|variant| !seen.iter().any(|seen| seen == variant)) {
        let problem = format!("expected values of `{missing}`, but no file of it");
        return Err(ConformanceError::Case { path: folder.display().to_string(), problem });
    }
    Ok(case.checks)
}

/// The models of a case: their names and where they are.
fn containers(folder: &Path) -> Result<Vec<(String, PathBuf)>, ConformanceError> {
    let folders = ["hf", "hf-sharded"].map(|name| (name.to_owned(), folder.join(name)));
    let mut found: Vec<_> = folders.into_iter().filter(|(_, path)| path.is_dir()).collect();
    let files = std::fs::read_dir(folder.join("gguf")).into_iter().flatten().flatten().map(|file| file.path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "gguf")).collect();
    files.sort();
    for path in files {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let variant = stem.rsplit_once('.').map_or(stem.as_str(), |(_, variant)| variant).to_lowercase();
        found.push((variant, path));
    }
    if found.is_empty() {
        let problem = "no hf/, hf-sharded/ or gguf/*.gguf in it".to_string();
        return Err(ConformanceError::Case { path: folder.display().to_string(), problem });
    }
    Ok(found)
}

/// Numbers of stored bytes, type by type.
fn check_blocks(blocks: &Golden, checks: &mut Checks) -> Result<(), ConformanceError> {
    let mut stored = Vec::new();
    for (tensor, bytes) in blocks.bytes() {
        let Some(name) = tensor.strip_prefix("raw.") else { continue };
        let storage = Storage::named(name).ok_or_else(|| blocks.wrong(tensor, "a type that is not known"))?;
        if !bytes.len().is_multiple_of(storage.block().1) {
            return Err(blocks.wrong(tensor, format!("{} bytes are no whole blocks", bytes.len())));
        }
        stored.push((storage, name, bytes));
    }
    stored.sort_by_key(|(storage, ..)| *storage as usize);
    for (storage, name, bytes) in stored {
        let mut values = Vec::new();
        storage.dequantise(bytes, &mut values);
        checks.in_ulps(format!("blocks {name}"), &values, blocks.floats(&format!("value.{name}"))?, 1.0);
    }
    Ok(())
}

/// Expected values, where ours are computed, and how they compare.
struct Case<'a> {
    expected: &'a Golden,
    device: Device,
    checks: Checks,
}

impl Case<'_> {
    /// A tensor of a container against that of a variant.
    fn compare(&mut self, name: &str, found: &[f32], expected: &str, limit: f64) -> Result<(), ConformanceError> {
        self.checks.of_largest(name, found, self.expected.floats(expected)?, limit);
        Ok(())
    }

    fn check(&mut self, name: &str, variant: &str, path: &Path) -> Result<(), ConformanceError> {
        let expected = self.expected;
        let opened = Opened::text_model(path)?;
        let tokenizer = opened.tokenizer_place();
        let model = opened.read(&self.device.clone().autodiff())?;
        let tokens = expected.tokens("input_ids")?;
        if let Ok(prompt) = expected.field::<String>("prompt") {
            let found = Tokenizer::of_text_model(&tokenizer)?.encode_template(&prompt);
            self.checks.exact(format!("{name}: prompt"), &found, &tokens);
        }
        let embedded = model.embed(&tokens)?.detach().require_grad();
        let mut states = Vec::new();
        let hidden = model.language_model.model.forward_seen(embedded.clone(), |state| states.push(state.clone()));
        for (layer, state) in states.into_iter().enumerate() {
            let what = format!("hidden.{}", layer + 1);
            let wanted = format!("{variant}.{what}");
            if expected.has(&wanted) {
                self.compare(&format!("{name}: {what}"), &host(state), &wanted, FORWARD_LIMIT)?;
            }
        }
        let logits = model.language_model.head(hidden);
        let wanted = format!("{variant}.logits");
        self.compare(&format!("{name}: logits"), &host(logits.clone()), &wanted, FORWARD_LIMIT)?;
        if variant == "safetensors" {
            self.check_loss(name, &tokens, &embedded, logits)?;
        }
        self.check_rows(name, variant, &model)?;
        let greedy = expected.tokens(&format!("{variant}.greedy"))?;
        let found = model.valid().greedy(&tokens, greedy.len(), &[])?;
        self.checks.exact(format!("{name}: greedy"), &found, &greedy);
        Ok(())
    }

    /// The mean cross-entropy of the last five tokens, and its gradient at the embeddings.
    fn check_loss(
        &mut self,
        name: &str,
        tokens: &[u32],
        embedded: &Tensor<3>,
        logits: Tensor<2>,
    ) -> Result<(), ConformanceError> {
        const LAST: usize = 5;
        if !self.expected.has("loss.last5") || tokens.len() <= LAST {
            return Ok(());
        }
        let aims = tokens[tokens.len() - LAST..].iter().map(|&token| i64::from(token)).collect();
        let before = logits.narrow(0, tokens.len() - LAST - 1, LAST);
        let shares = Tensor::full([LAST], 1.0 / LAST as f32, &self.device);
        let loss = ops::cross_entropy(before, indices(aims, &self.device), shares);
        let gradients = loss.backward();
        self.compare(&format!("{name}: loss"), &host(loss), "loss.last5", FORWARD_LIMIT)?;
        if self.expected.has("grad.input_embeddings") {
            let found = embedded.grad(&gradients).map(host).unwrap_or_default();
            let name = format!("{name}: gradient at the embeddings");
            self.compare(&name, &found, "grad.input_embeddings", GRADIENT_LIMIT)?;
        }
        Ok(())
    }

    /// Rows of matrices: each must be one of the matrix that it is said to be of.
    fn check_rows(&mut self, name: &str, variant: &str, model: &TextModel) -> Result<(), ConformanceError> {
        let rows = self.expected.tensors_below(&format!("{variant}.row."));
        if rows.is_empty() {
            return Ok(());
        }
        let tensors = tensors_of(model);
        for (layer, row) in rows {
            let matrix = format!("language_model.model.{layer}.weight");
            let wrong = |problem: String| self.expected.wrong(&format!("{variant}.row.{layer}"), problem);
            let matrix = tensors.get(&matrix).ok_or_else(|| wrong(format!("no `{matrix}`")))?;
            let rows = matrix.values.chunks(row.values.len().max(1)).enumerate();
            let closest = rows.min_by(|(_, a), (_, b)| ulps(a, &row.values).total_cmp(&ulps(b, &row.values)));
            let (number, closest) = closest.ok_or_else(|| wrong("of a matrix without rows".into()))?;
            self.checks.in_ulps(format!("{name}: {layer}, row {number}"), closest, &row.values, 1.0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
