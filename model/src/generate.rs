//! Answers token by token, and the scoring of given answers.
//!
//! Only the last place's logits leave the device, one read per step. In a browser that read must be awaited, so the
//! loop exists as [`greedy_async`]; the blocking functions are the same steps on a machine that can wait.

use burn::Tensor;
use burn::tensor::activation::log_softmax;

use crate::internvl::{InternVl, PromptError, TokenBatch, indices};
use crate::kv_cache::KvCache;
use crate::layers::host;

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
    model: &'m InternVl,
    cache: KvCache,
    rows: usize,
    /// `[rows, vocabulary]` after the last token of each row.
    logits: Option<Tensor<2>>,
}

impl<'m> Session<'m> {
    /// An empty session. The model should be in validation state (`Module::valid`), or every step records a graph.
    #[must_use]
    pub fn new(model: &'m InternVl) -> Self {
        let layers = model.config().text_config.num_hidden_layers;
        Self { model, cache: KvCache::new(layers), rows: 0, logits: None }
    }

    /// Feeds tokens, with the visual tokens `[frames, tokens, hidden]` they have places for. Rows may differ in length.
    ///
    /// # Errors
    /// See [`InternVl::embed`]; also when a row is empty.
    ///
    /// # Panics
    /// When the number of rows differs from earlier calls.
    pub fn feed(&mut self, batch: &TokenBatch, visual: Option<Tensor<3>>) -> Result<(), PromptError> {
        let lengths = batch.lengths();
        if lengths.contains(&0) {
            return Err(PromptError::Empty);
        }
        let embedded = self.model.embed(batch, visual)?;
        let device = embedded.device();
        let hidden = self.model.language_model.model.forward_cached(embedded, &lengths, &mut self.cache);
        let last = lengths.iter().enumerate().map(|(row, length)| (row * batch.length() + length - 1) as i64);
        let last = hidden.select(0, indices(last.collect(), &device));
        self.rows = lengths.len();
        self.logits = Some(self.model.language_model.head(last));
        Ok(())
    }

    /// `[rows, vocabulary]` — logits of the next token of each row; `None` before the first [`Self::feed`].
    #[must_use]
    pub fn logits(&self) -> Option<Tensor<2>> {
        self.logits.clone()
    }

    /// Real tokens seen by each row.
    #[must_use]
    pub fn lengths(&self) -> &[usize] {
        self.cache.filled()
    }

    /// Log-probability of each candidate as the continuation of each row: `[rows][candidates]`, summed over the
    /// candidate's tokens (put the end token last if it shall count). The session itself is left as it was.
    ///
    /// # Errors
    /// When a candidate is empty or has a token outside the vocabulary, or nothing was fed yet.
    pub fn score(&self, candidates: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, PromptError> {
        let first = self.logits.clone().ok_or(PromptError::Empty)?;
        if candidates.is_empty() {
            return Ok(vec![Vec::new(); self.rows]);
        }
        if candidates.iter().any(Vec::is_empty) {
            return Err(PromptError::Empty);
        }
        // a candidate's last token is predicted but never fed
        let fed: Vec<Vec<u32>> = candidates.iter().map(|tokens| tokens[..tokens.len() - 1].to_vec()).collect();
        let fed = TokenBatch::new(fed);
        let first = log_softmax(first, 1);
        let device = first.device();
        let heads: Vec<i64> = candidates.iter().map(|tokens| i64::from(tokens[0])).collect();
        let vocabulary = first.dims()[1];
        if let Some((row, &token)) = candidates.iter().enumerate().find_map(|(row, tokens)| {
            tokens.iter().find(|token| **token as usize >= vocabulary).map(|token| (row, token))
        }) {
            return Err(PromptError::UnknownToken { row, token, vocabulary });
        }
        let heads: Vec<f32> = host(first.select(1, indices(heads, &device)));
        let mut scores: Vec<Vec<f32>> = heads.chunks(candidates.len()).map(<[f32]>::to_vec).collect();
        if fed.length() == 0 {
            return Ok(scores);
        }
        // every place of every candidate: its row among the logits and the token that should follow
        let mut places = Vec::new();
        let mut owners = Vec::new();
        for (candidate, tokens) in candidates.iter().enumerate() {
            for (place, &next) in tokens[1..].iter().enumerate() {
                places.push(((candidate * fed.length() + place) * vocabulary) as i64 + i64::from(next));
                owners.push(candidate);
            }
        }
        let embedded = self.model.embed(&fed, None)?;
        let lengths = fed.lengths();
        for (row, scores) in scores.iter_mut().enumerate() {
            let mut cache = self.cache.repeat_row(row, candidates.len());
            let decoder = &self.model.language_model.model;
            let hidden = decoder.forward_cached(embedded.clone(), &lengths, &mut cache);
            let rows = hidden.dims()[0];
            let following = log_softmax(self.model.language_model.head(hidden), 1);
            let following = following.reshape([rows * vocabulary]).select(0, indices(places.clone(), &device));
            for (&owner, value) in owners.iter().zip(host(following)) {
                scores[owner] += value;
            }
        }
        Ok(scores)
    }
}

/// Answers `prompt`, always taking the most likely token; `on_token` sees each as it comes.
///
/// # Errors
/// See [`InternVl::embed`].
pub fn greedy(
    model: &InternVl,
    prompt: &[u32],
    visual: Option<Tensor<3>>,
    options: &GenerateOptions,
    mut on_token: impl FnMut(u32),
) -> Result<Vec<u32>, PromptError> {
    let answers = greedy_batch(model, &[prompt.to_vec()], visual, options, |_, token| on_token(token))?;
    Ok(answers.into_iter().next().unwrap_or_default())
}

/// Answers several prompts at once; `on_token` sees each row and token as it comes. Prompts may differ in length.
///
/// # Errors
/// See [`InternVl::embed`].
pub fn greedy_batch(
    model: &InternVl,
    prompts: &[Vec<u32>],
    visual: Option<Tensor<3>>,
    options: &GenerateOptions,
    mut on_token: impl FnMut(usize, u32),
) -> Result<Vec<Vec<u32>>, PromptError> {
    let mut answers = Answers::new(prompts, options);
    let mut session = Session::new(model);
    let mut next = Some((TokenBatch::new(prompts.to_vec()), visual));
    while let Some((batch, visual)) = next {
        session.feed(&batch, visual)?;
        let logits = host(session.logits.clone().expect("set by feed"));
        next = answers.take(&logits, &mut on_token).map(|batch| (batch, None));
    }
    Ok(answers.tokens)
}

/// As [`greedy`], awaiting each read from the device; for browsers.
///
/// # Errors
/// See [`InternVl::embed`].
pub async fn greedy_async(
    model: &InternVl,
    prompt: &[u32],
    visual: Option<Tensor<3>>,
    options: &GenerateOptions,
    mut on_token: impl FnMut(u32),
) -> Result<Vec<u32>, PromptError> {
    let prompts = [prompt.to_vec()];
    let mut answers = Answers::new(&prompts, options);
    let mut session = Session::new(model);
    let mut next = Some((TokenBatch::new(prompts.to_vec()), visual));
    while let Some((batch, visual)) = next {
        session.feed(&batch, visual)?;
        let logits = session.logits.clone().expect("set by feed");
        let data = logits.into_data_async().await.expect("the device answers");
        let logits: Vec<f32> = data.try_to_vec().expect("logits are f32");
        next = answers.take(&logits, |_, token| on_token(token)).map(|batch| (batch, None));
    }
    Ok(answers.tokens.into_iter().next().unwrap_or_default())
}

/// Log-probability of each candidate after `prefix`, the sum over its tokens (end token included if given).
///
/// # Errors
/// See [`InternVl::embed`] and [`Session::score`].
pub fn score_continuations(
    model: &InternVl,
    prefix: &[u32],
    visual: Option<Tensor<3>>,
    candidates: &[Vec<u32>],
) -> Result<Vec<f32>, PromptError> {
    let mut session = Session::new(model);
    session.feed(&TokenBatch::new(vec![prefix.to_vec()]), visual)?;
    Ok(session.score(candidates)?.into_iter().next().unwrap_or_default())
}

/// What was answered so far, and who is still answering.
struct Answers<'o> {
    options: &'o GenerateOptions,
    tokens: Vec<Vec<u32>>,
    finished: Vec<bool>,
    /// Per row, the tokens that occurred in prompt and answer.
    seen: Vec<Vec<u32>>,
}

impl<'o> Answers<'o> {
    fn new(prompts: &[Vec<u32>], options: &'o GenerateOptions) -> Self {
        let mut seen = prompts.to_vec();
        for row in &mut seen {
            row.sort_unstable();
            row.dedup();
        }
        let done = options.max_tokens == 0;
        Self { options, tokens: vec![Vec::new(); prompts.len()], finished: vec![done; prompts.len()], seen }
    }

    /// Takes the best token of each unfinished row from `[rows·vocabulary]` logits and says what to feed next.
    fn take(&mut self, logits: &[f32], mut on_token: impl FnMut(usize, u32)) -> Option<TokenBatch> {
        let vocabulary = logits.len() / self.tokens.len().max(1);
        let mut feed = Vec::with_capacity(self.tokens.len());
        for (row, logits) in logits.chunks(vocabulary.max(1)).enumerate() {
            // finished rows go on with any token, so that the batch keeps its shape; nobody reads what follows
            let mut token = 0;
            if !self.finished[row] {
                token = self.best(row, logits);
                if self.options.stop.contains(&token) {
                    self.finished[row] = true;
                } else {
                    on_token(row, token);
                    self.tokens[row].push(token);
                    if let Err(place) = self.seen[row].binary_search(&token) {
                        self.seen[row].insert(place, token);
                    }
                    self.finished[row] = self.tokens[row].len() >= self.options.max_tokens;
                }
            }
            feed.push(vec![token]);
        }
        (!self.finished.iter().all(|finished| *finished)).then(|| TokenBatch::new(feed))
    }

    fn best(&self, row: usize, logits: &[f32]) -> u32 {
        let penalty = self.options.repetition_penalty;
        let mut best = (0, f32::NEG_INFINITY);
        for (token, &logit) in logits.iter().enumerate() {
            let token = token as u32;
            let logit = if penalty != 1.0 && self.seen[row].binary_search(&token).is_ok() {
                if logit > 0.0 { logit / penalty } else { logit * penalty }
            } else {
                logit
            };
            if logit > best.1 {
                best = (token, logit);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests;
