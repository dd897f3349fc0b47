//! Answers token by token, and the scoring of given answers.
//!
//! Only the last place's logits leave the device, or of a GPU the winner alone, one read per step. In a browser that read
//! must be awaited and the thread given back between two steps, so the steps are written once, as [`generate`] and
//! [`Session::score_async`]; the blocking functions run those to their end on a machine that can wait.

use std::ops::ControlFlow;

use burn::Tensor;
use burn::tensor::activation::log_softmax;

use crate::kv_cache::KvCache;
use crate::prompt_error::PromptError;
use crate::task::{among_threads, yield_now};
use crate::tensors::{ReadError, host_async, indices, on_cpu};
use crate::token_reader::{Opening, TokenBatch, TokenReader};

mod sequences;
mod tree;

use sequences::Sequences;
pub use sequences::{Ending, Generated};
use tree::Tree;

/// Why there is no answer, or no score.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Tokens and pictures do not fit together.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The device gave nothing back.
    #[error(transparent)]
    Device(#[from] ReadError),
}

/// How an answer is generated.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateOptions {
    /// Tokens at most.
    pub max_tokens: usize,
    /// Tokens that end the answer; they are not part of it.
    pub stop: Vec<u32>,
    /// Above 1, tokens that already occurred become less likely: positive logits are divided by it, negative ones
    /// multiplied (Keskar et al., arXiv 1909.05858, as in transformers). 1 changes nothing.
    pub repetition_penalty: f32,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self { max_tokens: 64, stop: Vec::new(), repetition_penalty: 1.0 }
    }
}

/// A conversation under way: everything fed so far is in the cache and is not computed again.
#[derive(Debug)]
pub struct Session<'m> {
    model: TokenReader<'m>,
    cache: KvCache,
    rows: usize,
    /// `[rows, vocabulary]` after the last token of each row.
    logits: Option<Tensor<2>>,
}

impl<'m> Session<'m> {
    /// An empty session. The model should be in validation state (`Module::valid`), or every step records a graph.
    #[must_use]
    pub fn new(model: impl Into<TokenReader<'m>>) -> Self {
        let model = model.into();
        let layers = model.config().num_hidden_layers;
        Self { model, cache: KvCache::new(layers), rows: 0, logits: None }
    }

    /// A session that goes on behind what was opened.
    #[must_use]
    pub fn behind(model: impl Into<TokenReader<'m>>, opening: Opening) -> Self {
        let Opening { hidden: _, cache, rows } = opening;
        Self { model: model.into(), cache, rows, logits: None }
    }

    /// Feeds tokens, with the visual tokens `[frames, tokens, hidden]` they have places for. Rows may differ in length.
    ///
    /// # Errors
    /// See [`TokenReader::embed`]; also when a row is empty.
    ///
    /// # Panics
    /// When the number of rows differs from earlier calls.
    pub fn feed(&mut self, batch: &TokenBatch, visual: Option<Tensor<3>>) -> Result<(), PromptError> {
        self.feed_embedded(batch, self.model.embed(batch, visual)?)
    }

    /// Feeds what the model itself said.
    fn feed_said(&mut self, batch: &TokenBatch) -> Result<(), PromptError> {
        self.feed_embedded(batch, self.model.embed_said(batch)?)
    }

    fn feed_embedded(&mut self, batch: &TokenBatch, embedded: Tensor<3>) -> Result<(), PromptError> {
        let lengths = batch.lengths();
        if lengths.contains(&0) {
            return Err(PromptError::Empty);
        }
        let device = embedded.device();
        let last = lengths.iter().enumerate().map(|(row, length)| (row * batch.length() + length - 1) as i64);
        let last = indices(last.collect(), &device);
        self.rows = lengths.len();
        let (decoder, cache) = (self.model.language_model, &mut self.cache);
        self.logits = Some(among_threads(&device, || {
            decoder.head(decoder.model.forward_cached(embedded, &lengths, cache).select(0, last))
        }));
        Ok(())
    }

    /// As [`Session::score_async`], waiting for the device; not for a browser.
    ///
    /// # Errors
    /// As [`Session::score_async`].
    pub fn score(&self, candidates: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, GenerateError> {
        pollster::block_on(self.score_async(candidates))
    }

    /// Log-probability of each candidate as the continuation of each row: `[rows][candidates]`, summed over the
    /// candidate's tokens (put the end token last if it shall count). The session itself is left as it was.
    ///
    /// # Errors
    /// When a candidate is empty or has a token outside the vocabulary, or nothing was fed yet; when the device gives
    /// nothing back.
    pub async fn score_async(&self, candidates: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, GenerateError> {
        let first = self.logits.clone().ok_or(PromptError::Empty)?;
        if candidates.is_empty() {
            return Ok(vec![Vec::new(); self.rows]);
        }
        if candidates.iter().any(Vec::is_empty) {
            return Err(PromptError::Empty.into());
        }
        let first = log_softmax(first, 1);
        let device = first.device();
        let heads: Vec<i64> = candidates.iter().map(|tokens| i64::from(tokens[0])).collect();
        let vocabulary = first.dims()[1];
        if let Some((row, &token)) = candidates.iter().enumerate().find_map(|(row, tokens)| {
            tokens.iter().find(|token| **token as usize >= vocabulary).map(|token| (row, token))
        }) {
            return Err(PromptError::UnknownToken { row, token, vocabulary }.into());
        }
        let heads: Vec<f32> = host_async(first.select(1, indices(heads, &device))).await?;
        let mut scores: Vec<Vec<f32>> = heads.chunks(candidates.len()).map(<[f32]>::to_vec).collect();
        // a candidate's last token is predicted but never fed
        if candidates.iter().any(|tokens| tokens.len() > 1) {
            self.score_trees(candidates, &mut scores).await?;
        }
        Ok(scores)
    }

    /// Adds to `[rows][candidates]` the log-probabilities of all tokens after the candidates' first.
    async fn score_trees(&self, candidates: &[Vec<u32>], scores: &mut [Vec<f32>]) -> Result<(), GenerateError> {
        /// Tokens at a time: enough to keep a device busy, few enough that a page stays awake in between.
        const PART: usize = 128;
        let decoder = self.model.language_model;
        let vocabulary = self.model.config().vocab_size;
        let mut first = 0;
        for tree in Tree::several(candidates, PART) {
            let here = first..first + tree.paths.len();
            first = here.end;
            if tree.tokens.is_empty() {
                continue;
            }
            let embedded = self.model.embed(&TokenBatch::new(vec![tree.tokens.clone()]), None)?;
            let device = embedded.device();
            // what follows each token of the tree in a candidate: its place among the logits, and the candidate
            let following: Vec<(i64, usize)> = here
                .zip(&tree.paths)
                .flat_map(|(candidate, path)| {
                    path.iter().zip(&candidates[candidate][1..]).map(move |to| (candidate, to))
                })
                .map(|(candidate, (&at, &next))| ((at * vocabulary) as i64 + i64::from(next), candidate))
                .collect();
            let places = indices(following.iter().map(|(place, _)| *place).collect(), &device);
            for (row, scores) in scores.iter_mut().enumerate() {
                yield_now().await;
                let hidden = among_threads(&device, || {
                    decoder.model.forward_tree(embedded.clone(), &tree.parents, self.cache.repeat_row(row, 1))
                });
                let logs = log_softmax(decoder.head(hidden), 1);
                let logs = logs.reshape([tree.tokens.len() * vocabulary]).select(0, places.clone());
                for ((_, candidate), value) in following.iter().zip(host_async(logs).await?) {
                    scores[*candidate] += value;
                }
            }
        }
        Ok(())
    }
}

/// Answers several prompts at once, always taking the most likely token. Prompts may differ in length. `on_token` sees
/// each row and token as it comes; [`ControlFlow::Break`] ends all answers with what was said, that token included.
///
/// # Errors
/// See [`TokenReader::embed`]; also when the device gives nothing back.
pub async fn generate<'m>(
    model: impl Into<TokenReader<'m>>,
    prompts: &[Vec<u32>],
    visual: Option<Tensor<3>>,
    options: &GenerateOptions,
    mut on_token: impl FnMut(usize, u32) -> ControlFlow<()>,
) -> Result<Vec<Generated>, GenerateError> {
    let mut answers = Sequences::new(prompts, options);
    let mut session = Session::new(model);
    yield_now().await;
    session.feed(&TokenBatch::new(prompts.to_vec()), visual)?;
    loop {
        let logits = session.logits.clone().expect("set by feed");
        let Some(batch) = answers.choose(logits, &mut on_token).await? else { break };
        yield_now().await;
        session.feed_said(&batch)?;
    }
    Ok(answers.into_generated())
}

impl Sequences<'_> {
    /// Takes the best token of each unfinished row of `[rows, vocabulary]` logits and says what to feed next.
    async fn choose(
        &mut self,
        logits: Tensor<2>,
        on_token: impl FnMut(usize, u32) -> ControlFlow<()>,
    ) -> Result<Option<TokenBatch>, ReadError> {
        Ok(if self.penalises() || on_cpu(&logits.device()) {
            self.take(&host_async(logits).await?, on_token)
        } else {
            self.take_winners(&winners(logits).await?, on_token)
        })
    }
}

/// `[rows, vocabulary]` → the best token of each row and its log-probability: all that has to leave the device.
async fn winners(logits: Tensor<2>) -> Result<Vec<(u32, f64)>, ReadError> {
    let best = logits.clone().argmax(1);
    let top = logits.clone().gather(1, best.clone());
    let above = (logits - top).exp().sum_dim(1).log();
    // one read: f32 counts further than any vocabulary
    let both = host_async(Tensor::cat(vec![best.float(), above], 1)).await?;
    Ok(both.chunks_exact(2).map(|row| (row[0] as u32, -f64::from(row[1]))).collect())
}

/// As [`generate`], waiting for the device; not for a browser. Returns the tokens alone.
///
/// # Errors
/// As [`generate`].
pub fn greedy_batch<'m>(
    model: impl Into<TokenReader<'m>>,
    prompts: &[Vec<u32>],
    visual: Option<Tensor<3>>,
    options: &GenerateOptions,
    mut on_token: impl FnMut(usize, u32),
) -> Result<Vec<Vec<u32>>, GenerateError> {
    let on_token = |row, token| {
        on_token(row, token);
        ControlFlow::Continue(())
    };
    let answers = pollster::block_on(generate(model, prompts, visual, options, on_token))?;
    Ok(answers.into_iter().map(|answer| answer.tokens).collect())
}

/// As [`greedy_batch`] for one prompt.
///
/// # Errors
/// As [`generate`].
pub fn greedy<'m>(
    model: impl Into<TokenReader<'m>>,
    prompt: &[u32],
    visual: Option<Tensor<3>>,
    options: &GenerateOptions,
    mut on_token: impl FnMut(u32),
) -> Result<Vec<u32>, GenerateError> {
    let answers = greedy_batch(model, &[prompt.to_vec()], visual, options, |_, token| on_token(token))?;
    Ok(answers.into_iter().next().unwrap_or_default())
}

/// Log-probability of each candidate after `prefix`, the sum over its tokens (end token included if given). Waits for
/// the device; not for a browser.
///
/// # Errors
/// See [`TokenReader::embed`] and [`Session::score_async`].
pub fn score_continuations<'m>(
    model: impl Into<TokenReader<'m>>,
    prefix: &[u32],
    visual: Option<Tensor<3>>,
    candidates: &[Vec<u32>],
) -> Result<Vec<f32>, GenerateError> {
    let mut session = Session::new(model);
    session.feed(&TokenBatch::new(vec![prefix.to_vec()]), visual)?;
    Ok(session.score(candidates)?.into_iter().next().unwrap_or_default())
}

#[cfg(test)]
mod tests;
