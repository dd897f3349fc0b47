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
use burn::tensor::{Device, activation::log_softmax};
use skeletonllm_network::checkpoint::{Opened, tensors_of};
use skeletonllm_network::storage::Storage;
use skeletonllm_network::tensors::{host, indices};
use skeletonllm_network::text_model::TextModel;
use skeletonllm_network::tokenizer::Tokenizer;

use super::{ConformanceError, FORWARD_LIMIT, GRADIENT_LIMIT, Golden};

/// One check.
#[derive(Debug, Clone)]
pub struct Check {
    /// What was compared.
    pub name: String,
    /// How far it is off, and in what.
    pub error: f64,
    /// What that may be.
    pub limit: f64,
    /// What the error is measured in.
    pub measure: &'static str,
}

impl Check {
    /// Whether the error is within the limit.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.error <= self.limit
    }

    /// The largest difference, as a share of the largest expected number.
    fn of_largest(name: impl Into<String>, found: &[f32], expected: &[f32], limit: f64) -> Check {
        let scale = largest(expected.iter().map(|value| f64::from(value.abs())));
        let differences = found.iter().zip(expected).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
        let error = if found.len() == expected.len() { largest(differences) / scale } else { f64::INFINITY };
        Check { name: name.into(), error, limit, measure: "of the largest" }
    }

    /// Steps between neighbouring floats.
    fn in_ulps(name: impl Into<String>, found: &[f32], expected: &[f32], limit: f64) -> Check {
        let steps = |(found, expected): (&f32, &f32)| {
            let ulp = f64::from((expected.abs() * f32::EPSILON).max(f32::MIN_POSITIVE));
            (f64::from(*found) - f64::from(*expected)).abs() / ulp
        };
        let error = largest(found.iter().zip(expected).map(steps));
        let error = if found.len() == expected.len() { error } else { f64::INFINITY };
        Check { name: name.into(), error, limit, measure: "ulp" }
    }

    /// Places at which two lists of tokens differ.
    fn exactly<T: PartialEq>(name: impl Into<String>, found: &[T], expected: &[T]) -> Check {
        let same = found.iter().zip(expected).filter(|(a, b)| a == b).count();
        let error = (found.len().max(expected.len()) - same) as f64;
        Check { name: name.into(), error, limit: 0.0, measure: "tokens differ" }
    }
}

/// The largest of some errors; NaN where any is, which no limit allows.
fn largest(errors: impl Iterator<Item = f64>) -> f64 {
    errors.fold(0.0, |most, error| if most.is_nan() || error <= most { most } else { error })
}

/// What a case gave, check by check. `Display` prints the table.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether there were checks and all passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(Check::passed)
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widest = self.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
        for check in &self.checks {
            let Check { name, error, limit, measure } = check;
            let verdict = if check.passed() { "ok" } else { "FAILED" };
            writeln!(formatter, "{name:<widest$}  {error:>9.2e}  limit {limit:>6.0e} {measure:<14}  {verdict}")?;
        }
        Ok(())
    }
}

/// Containers that hold the very numbers of the variant `safetensors`.
const SAME: [&str; 4] = ["hf", "hf-sharded", "bf16", "f32"];

/// Runs the case in `folder` on `device`.
///
/// # Errors
/// When the case's files cannot be used. A result that differs is not an error; the report says so.
pub fn run(folder: &Path, device: &Device) -> Result<Report, ConformanceError> {
    let case = Case {
        expected: Golden::load(&folder.join("expected.safetensors"))?,
        device: device.clone().without_autodiff(),
    };
    let mut report = Report::default();
    let blocks = folder.join("blocks.safetensors");
    if blocks.exists() {
        report.checks.extend(check_blocks(&Golden::load(&blocks)?)?);
    }
    let mut seen = Vec::new();
    for (name, path) in containers(folder)? {
        let own = case.has(&format!("{name}.logits"));
        let variant = if own { name.as_str() } else { "safetensors" };
        if !own && !SAME.contains(&name.as_str()) {
            return Err(case.expected.wrong(&format!("{name}.logits"), format!("not there, but {}", path.display())));
        }
        report.checks.extend(case.check(&name, variant, &path)?);
        seen.push(variant.to_owned());
    }
    let expected = case.expected.floats().filter_map(|name| name.strip_suffix(".logits"));
    if let Some(missing) = expected.into_iter().find(|variant| !seen.iter().any(|seen| seen == variant)) {
        let problem = format!("expected values of `{missing}`, but no file of it");
        return Err(ConformanceError::Case { path: folder.display().to_string(), problem });
    }
    Ok(report)
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
fn check_blocks(blocks: &Golden) -> Result<Vec<Check>, ConformanceError> {
    /// In the order in which they are shown.
    const TYPES: [(&str, Storage); 12] = [
        ("F32", Storage::F32),
        ("F16", Storage::F16),
        ("BF16", Storage::BF16),
        ("I8", Storage::I8),
        ("Q4_0", Storage::Q4_0),
        ("Q4_1", Storage::Q4_1),
        ("Q5_0", Storage::Q5_0),
        ("Q5_1", Storage::Q5_1),
        ("Q8_0", Storage::Q8_0),
        ("Q4_K", Storage::Q4_K),
        ("Q5_K", Storage::Q5_K),
        ("Q6_K", Storage::Q6_K),
    ];
    let mut checks = Vec::new();
    for (tensor, bytes) in blocks.bytes() {
        let Some(name) = tensor.strip_prefix("raw.") else { continue };
        let known = TYPES.iter().find(|(known, _)| *known == name);
        let (_, storage) = known.ok_or_else(|| blocks.wrong(tensor, "a type that is not known"))?;
        if !bytes.len().is_multiple_of(storage.block().1) {
            return Err(blocks.wrong(tensor, format!("{} bytes are no whole blocks", bytes.len())));
        }
        let mut values = Vec::new();
        storage.dequantise(bytes, &mut values);
        let expected = blocks.float(&format!("value.{name}"))?;
        checks.push(Check::in_ulps(format!("blocks {name}"), &values, &expected.values, 1.0));
    }
    checks.sort_by_key(|check| TYPES.iter().position(|(name, _)| check.name.ends_with(&format!(" {name}"))));
    Ok(checks)
}

/// Expected values, and where ours are computed.
struct Case {
    expected: Golden,
    device: Device,
}

impl Case {
    fn has(&self, name: &str) -> bool {
        self.expected.has(name)
    }

    fn tokens(&self, name: &str) -> Result<Vec<u32>, ConformanceError> {
        Ok(self.expected.integers(name)?.values.iter().map(|&id| id as u32).collect())
    }

    fn check(&self, name: &str, variant: &str, path: &Path) -> Result<Vec<Check>, ConformanceError> {
        let opened = Opened::text_model(path)?;
        let tokenizer = opened.tokenizer_place();
        let model = opened.read(&self.device.clone().autodiff())?;
        let mut checks = Vec::new();
        let tokens = self.tokens("input_ids")?;
        if let Ok(prompt) = self.expected.field::<String>("prompt") {
            let found = Tokenizer::of_text_model(&tokenizer)?.encode_template(&prompt);
            checks.push(Check::exactly(format!("{name}: prompt"), &found, &tokens));
        }
        let expected = |what: &str| format!("{variant}.{what}");
        let embedded = model.embed(&tokens)?.detach().require_grad();
        let mut states = Vec::new();
        let hidden = model.language_model.model.forward_seen(embedded.clone(), |state| states.push(state.clone()));
        for (layer, state) in states.into_iter().enumerate() {
            let what = format!("hidden.{}", layer + 1);
            if self.has(&expected(&what)) {
                let values = &self.expected.float(&expected(&what))?.values;
                checks.push(Check::of_largest(format!("{name}: {what}"), &host(state), values, FORWARD_LIMIT));
            }
        }
        let logits = model.language_model.head(hidden);
        let values = &self.expected.float(&expected("logits"))?.values;
        checks.push(Check::of_largest(format!("{name}: logits"), &host(logits.clone()), values, FORWARD_LIMIT));
        if variant == "safetensors" {
            checks.extend(self.check_loss(name, &tokens, &embedded, logits)?);
        }
        checks.extend(self.check_rows(name, variant, &model)?);
        let greedy = self.tokens(&expected("greedy"))?;
        let found = model.valid().greedy(&tokens, greedy.len(), &[])?;
        checks.push(Check::exactly(format!("{name}: greedy"), &found, &greedy));
        Ok(checks)
    }

    /// The mean cross-entropy of the last five tokens, and its gradient at the embeddings.
    fn check_loss(
        &self,
        name: &str,
        tokens: &[u32],
        embedded: &Tensor<3>,
        logits: Tensor<2>,
    ) -> Result<Vec<Check>, ConformanceError> {
        const LAST: usize = 5;
        let mut checks = Vec::new();
        if !self.has("loss.last5") || tokens.len() <= LAST {
            return Ok(checks);
        }
        let aims = tokens[tokens.len() - LAST..].iter().map(|&token| i64::from(token)).collect();
        let aims = indices(aims, &self.device).reshape([LAST, 1]);
        let before = logits.narrow(0, tokens.len() - LAST - 1, LAST);
        let loss = log_softmax(before, 1).gather(1, aims).mean().neg();
        let gradients = loss.backward();
        let expected = &self.expected.float("loss.last5")?.values;
        checks.push(Check::of_largest(format!("{name}: loss"), &host(loss), expected, FORWARD_LIMIT));
        if self.has("grad.input_embeddings") {
            let found = embedded.grad(&gradients).map(host).unwrap_or_default();
            let expected = &self.expected.float("grad.input_embeddings")?.values;
            let name = format!("{name}: gradient at the embeddings");
            checks.push(Check::of_largest(name, &found, expected, GRADIENT_LIMIT));
        }
        Ok(checks)
    }

    /// Rows of matrices: each must be one of the matrix that it is said to be of.
    fn check_rows(&self, name: &str, variant: &str, model: &TextModel) -> Result<Vec<Check>, ConformanceError> {
        let prefix = format!("{variant}.row.");
        let rows: Vec<&str> = self.expected.floats().filter(|name| name.starts_with(&prefix)).collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let tensors = tensors_of(model);
        let mut checks = Vec::new();
        for row in rows {
            let layer = &row[prefix.len()..];
            let matrix = format!("language_model.model.{layer}.weight");
            let matrix = tensors.get(&matrix).ok_or_else(|| self.expected.wrong(row, format!("no `{matrix}`")))?;
            let expected = &self.expected.float(row)?.values;
            let width = expected.len().max(1);
            let closest =
                matrix.values.chunks(width).enumerate().map(|(number, found)| {
                    Check::in_ulps(format!("{name}: {layer}, row {number}"), found, expected, 1.0)
                });
            checks.extend(closest.min_by(|a, b| a.error.total_cmp(&b.error)));
        }
        Ok(checks)
    }
}

/// How well a language model foresees a text.
#[derive(Debug, Clone, Copy)]
pub struct Perplexity {
    /// e to the mean of −log p over the tokens that have something before them.
    pub value: f64,
    /// Those tokens.
    pub tokens: usize,
}

/// Tokens that are read together, in [`perplexity`].
pub const WINDOW: usize = 512;

/// Reads a text in windows of [`WINDOW`] tokens, each from its beginning, and measures how well each next token was
/// foreseen. No token is put before the text.
///
/// # Errors
/// When the text has fewer than two tokens.
pub fn perplexity(model: &TextModel, tokens: &[u32]) -> Result<Perplexity, ConformanceError> {
    let window = WINDOW.min(model.config().max_position_embeddings.max(2));
    let mut found = Vec::with_capacity(tokens.len());
    for window in tokens.chunks(window).filter(|window| window.len() > 1) {
        found.extend(model.log_probabilities(window)?);
    }
    if found.is_empty() {
        return Err(skeletonllm_network::internvl::PromptError::Empty.into());
    }
    let mean = found.iter().map(|value| f64::from(*value)).sum::<f64>() / found.len() as f64;
    Ok(Perplexity { value: (-mean).exp(), tokens: found.len() })
}

#[cfg(test)]
mod tests;
