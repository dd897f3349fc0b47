//! A decoder that reads tokens, some of which stand for what is no text: embeddings, logits, losses, and openings that
//! several continuations share.

use burn::Tensor;
use burn::tensor::{Device, TensorData};

use crate::config::TextConfig;
use crate::decoder::LanguageModel;
use crate::kv_cache::KvCache;
use crate::layers::ops;
use crate::prompt_error::PromptError;
use crate::task::{among_threads, yield_now};
use crate::tensors::indices;

/// Label of a token that does not count in the loss.
pub const IGNORED: i64 = -100;

/// Token sequences of different lengths as one batch, padded on the right.
///
/// The lengths say what is padding; no token id does (in the Qwen vocabulary 0 is an exclamation mark).
#[derive(Debug, Clone)]
pub struct TokenBatch {
    rows: Vec<Vec<u32>>,
    length: usize,
}

impl TokenBatch {
    /// A batch of one or more sequences.
    #[must_use]
    pub fn new(rows: Vec<Vec<u32>>) -> Self {
        let length = rows.iter().map(Vec::len).max().unwrap_or(0);
        Self { rows, length }
    }

    /// Sequences.
    #[must_use]
    pub fn rows(&self) -> &[Vec<u32>] {
        &self.rows
    }

    /// Length of the longest sequence, to which all are padded.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Real tokens of each sequence.
    #[must_use]
    pub fn lengths(&self) -> Vec<usize> {
        self.rows.iter().map(Vec::len).collect()
    }
}

/// A language model, and the token in whose places visual tokens stand: those of pictures, or of whatever else was brought
/// to the decoder's width.
#[derive(Debug, Clone, Copy)]
pub struct TokenReader<'m> {
    pub(crate) language_model: &'m LanguageModel,
    config: &'m TextConfig,
    visual: Option<u32>,
}

impl<'m> TokenReader<'m> {
    /// Of a model of these sizes; without a token for them it reads text alone.
    #[must_use]
    pub fn new(language_model: &'m LanguageModel, config: &'m TextConfig, visual: Option<u32>) -> Self {
        Self { language_model, config, visual }
    }

    /// The sizes and constants of the language model.
    #[must_use]
    pub fn config(&self) -> &'m TextConfig {
        self.config
    }

    /// Where the parameters live.
    #[must_use]
    pub fn device(&self) -> Device {
        self.language_model.model.norm.weight.lazy_device()
    }

    /// Tokens → `[batch, length, hidden]`, with the visual tokens `[frames, tokens, hidden]` of the whole batch, in
    /// order, in the places of the image token.
    ///
    /// # Errors
    /// When the number of places differs from the number of visual tokens (the reference silently fills the shorter),
    /// or a token is outside the vocabulary.
    pub fn embed(&self, batch: &TokenBatch, visual: Option<Tensor<3>>) -> Result<Tensor<3>, PromptError> {
        let width = self.config.hidden_size;
        let plan = self.plan(batch, self.visual)?;
        let supplied = visual.as_ref().map_or(0, |visual| visual.dims()[0] * visual.dims()[1]);
        if plan.places != supplied {
            let token = self.visual.ok_or(PromptError::NoImageToken)?;
            return Err(PromptError::VisualCount { places: plan.places, visual: supplied, token });
        }
        let device = self.device().without_autodiff();
        let (rows, length) = (batch.rows.len(), batch.length);
        let text = self.language_model.model.embed_tokens.forward(plan.text);
        let embedded = match visual {
            None => text,
            // text rows and visual rows in one table, then one gather puts both where they belong
            Some(visual) => {
                Tensor::cat(vec![text, visual.reshape([supplied, width])], 0).select(0, indices(plan.order, &device))
            }
        };
        Ok(embedded.reshape([rows, length, width]))
    }

    /// As [`Self::embed`] for what a model said, in which no token stands for a picture: one that says the image token
    /// has said a word.
    pub(crate) fn embed_said(&self, batch: &TokenBatch) -> Result<Tensor<3>, PromptError> {
        let plan = self.plan(batch, None)?;
        let text = self.language_model.model.embed_tokens.forward(plan.text);
        Ok(text.reshape([batch.rows.len(), batch.length, self.config.hidden_size]))
    }

    fn plan(&self, batch: &TokenBatch, image: Option<u32>) -> Result<EmbeddingPlan, PromptError> {
        let vocabulary = self.config.vocab_size;
        let is_image = |token: &&u32| Some(**token) == image;
        let places = batch.rows.iter().flatten().filter(is_image).count();
        let text_count = batch.rows.len() * batch.length - places;
        let mut plan = EmbeddingPlan { text: Vec::with_capacity(text_count), order: Vec::new(), places: 0 };
        if batch.length == 0 {
            return Err(PromptError::Empty);
        }
        for (row, tokens) in batch.rows.iter().enumerate() {
            for &token in tokens {
                if Some(token) == image {
                    plan.order.push((text_count + plan.places) as i64);
                    plan.places += 1;
                } else if token as usize >= vocabulary {
                    return Err(PromptError::UnknownToken { row, token, vocabulary });
                } else {
                    plan.order.push(plan.text.len() as i64);
                    plan.text.push(i64::from(token));
                }
            }
            for _ in tokens.len()..batch.length {
                plan.order.push(plan.text.len() as i64);
                plan.text.push(0);
            }
        }
        Ok(plan)
    }

    /// Tokens and visual tokens → `[batch, length, vocabulary]`.
    ///
    /// # Errors
    /// See [`Self::embed`].
    pub fn logits(&self, batch: &TokenBatch, visual: Option<Tensor<3>>) -> Result<Tensor<3>, PromptError> {
        let embedded = self.embed(batch, visual)?;
        let hidden = self.language_model.model.forward(embedded);
        let logits = self.language_model.head(hidden);
        Ok(logits.reshape([batch.rows.len() as i32, batch.length as i32, -1]))
    }

    /// `[1]` — causal cross-entropy, the mean over all tokens of the batch whose label is not [`IGNORED`].
    ///
    /// `labels` has the shape of the tokens; a label is compared with the prediction made one place before it. The
    /// output head runs only where a label stands, which at most places is nowhere.
    ///
    /// # Errors
    /// See [`Self::embed`]; also when the labels do not match the tokens, or all are [`IGNORED`].
    pub fn loss(
        &self,
        batch: &TokenBatch,
        labels: &[Vec<i64>],
        visual: Option<Tensor<3>>,
    ) -> Result<Tensor<1>, PromptError> {
        let Aims { places, targets, .. } = Aims::of(batch, labels)?;
        let shares = vec![1.0 / targets.len() as f32; targets.len()];
        let hidden = self.language_model.model.forward(self.embed(batch, visual)?);
        Ok(self.loss_at(hidden, places, targets, shares))
    }

    /// Tokens that conversations begin with, and the pictures in them.
    ///
    /// # Errors
    /// See [`Self::embed`].
    pub fn open(&self, openings: &TokenBatch, visual: Option<Tensor<3>>) -> Result<Opening, PromptError> {
        let mut cache = KvCache::new(self.config.num_hidden_layers);
        let embedded = self.embed(openings, visual)?;
        let hidden = self.language_model.model.forward_cached(embedded, &openings.lengths(), &mut cache);
        Ok(Opening { hidden, cache, rows: openings.rows.len() })
    }

    /// As [`Self::open`], giving way between parts, so that a page stays awake.
    ///
    /// # Errors
    /// As there.
    pub async fn open_async(&self, openings: &TokenBatch, visual: Option<Tensor<3>>) -> Result<Opening, PromptError> {
        /// Tokens that the processor of a page reads in less than a tenth of a second.
        const PART: usize = 96;
        // rows that end in different parts would leave gaps
        let alike = openings.rows.iter().all(|row| row.len() == openings.length);
        if cfg!(target_family = "wasm") && alike {
            self.open_in_parts(openings, visual, PART).await
        } else {
            among_threads(&self.device(), || self.open(openings, visual))
        }
    }

    /// As [`Self::open`] of rows of one length, `most` tokens at a time.
    async fn open_in_parts(
        &self,
        openings: &TokenBatch,
        visual: Option<Tensor<3>>,
        most: usize,
    ) -> Result<Opening, PromptError> {
        let (rows, length) = (openings.rows.len(), openings.length);
        let mut cache = KvCache::new(self.config.num_hidden_layers);
        let embedded = self.embed(openings, visual)?;
        let mut parts = Vec::new();
        for first in (0..length).step_by(most) {
            yield_now().await;
            let part = most.min(length - first);
            let here = embedded.clone().narrow(1, first, part);
            let hidden = self.language_model.model.forward_cached(here, &vec![part; rows], &mut cache);
            let width = hidden.dims()[1];
            parts.push(hidden.reshape([rows, part, width]));
        }
        Ok(Opening { hidden: Tensor::cat(parts, 1).flatten(0, 1), cache, rows })
    }

    /// `[rows, hidden]` what the decoder makes of each row's pictures: the mean of what it says in their places. Rows
    /// without a picture are all zeros.
    #[must_use]
    pub fn seen(&self, batch: &TokenBatch, opening: &Opening) -> Tensor<2> {
        let (rows, length) = (batch.rows.len(), batch.length);
        let mut shares = vec![0.0; rows * rows * length];
        for (row, tokens) in batch.rows.iter().enumerate() {
            let is_image = |token: &u32| Some(*token) == self.visual;
            let count = tokens.iter().filter(|token| is_image(token)).count();
            let places = tokens.iter().enumerate().filter(|(_, token)| is_image(token));
            places.for_each(|(place, _)| shares[(row * rows + row) * length + place] = 1.0 / count as f32);
        }
        let device = self.device().without_autodiff();
        Tensor::<2>::from_data(TensorData::new(shares, [rows, rows * length]), &device).matmul(opening.hidden.clone())
    }

    /// Cross-entropy of conversations that begin alike: each row of an opening is followed by the same number of rows of
    /// `rests`, those of one opening next to each other. An opening is computed once, however many rests follow it.
    /// `labels` belong to the rests.
    ///
    /// Unlike in [`Self::loss`], every answer counts alike, however long it is: the mean over answers of the mean over
    /// their tokens, as if each were a batch of its own (the reference's batches hold one). A label of two words would
    /// drown in explanations of forty.
    ///
    /// # Errors
    /// As [`Self::loss`].
    ///
    /// # Panics
    /// When `rests` is no multiple of the openings.
    pub fn loss_of_rests(
        &self,
        opening: Opening,
        rests: &TokenBatch,
        labels: &[Vec<i64>],
    ) -> Result<Tensor<1>, PromptError> {
        let of_each = rests.rows().len() / opening.rows;
        let decoder = &self.language_model.model;
        let (mut places, mut targets, mut shares, mut read) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut before, mut answers) = (0, 0);
        // those of like lengths together: padding costs as much as words
        for rows in alike(&rests.lengths()) {
            let labels: Vec<Vec<i64>> = rows.iter().filter_map(|&row| labels.get(row).cloned()).collect();
            let part = TokenBatch::new(rows.iter().map(|&row| rests.rows()[row].clone()).collect());
            let aims = Aims::of(&part, &labels)?;
            let mut cache = opening.cache.take_rows(rows.iter().map(|row| row / of_each).collect());
            read.push(decoder.forward_cached(self.embed(&part, None)?, &part.lengths(), &mut cache));
            let (own, count) = aims.shares_of_answers();
            shares.extend(own);
            answers += count;
            places.extend(aims.places.iter().map(|place| place + before));
            targets.extend(aims.targets);
            before += (part.rows.len() * part.length) as i64;
        }
        let shares = shares.into_iter().map(|share| share / answers as f32).collect();
        Ok(self.loss_at(Tensor::cat(read, 0), places, targets, shares))
    }

    /// Cross-entropy of what follows the given places of `hidden [rows, width]`, with each place's share of it.
    fn loss_at(&self, hidden: Tensor<2>, places: Vec<i64>, targets: Vec<i64>, shares: Vec<f32>) -> Tensor<1> {
        let device = self.device().without_autodiff();
        let logits = self.language_model.head(hidden.select(0, indices(places, &device)));
        let count = shares.len();
        let shares = Tensor::from_data(TensorData::new(shares, [count]), &device);
        ops::cross_entropy(logits, indices(targets, &device), shares)
    }
}

/// Rows of these lengths in one group or two, each in order, so that as little as possible is padded. A second group has
/// to save a quarter: two passes through all layers cost more than one of as many tokens.
fn alike(lengths: &[usize]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&row| lengths[row]);
    let longest = order.last().map_or(0, |&row| lengths[row]);
    let padded = |cut: usize| cut * lengths[order[cut.max(1) - 1]] + (order.len() - cut) * longest;
    let cut = (0..order.len()).min_by_key(|&cut| padded(cut)).unwrap_or_default();
    if cut == 0 || 4 * padded(cut) > 3 * padded(0) {
        return vec![(0..lengths.len()).collect()];
    }
    let mut groups = [order[..cut].to_vec(), order[cut..].to_vec()];
    groups.iter_mut().for_each(|rows| rows.sort_unstable());
    groups.to_vec()
}

/// What the decoder keeps of the tokens that conversations begin with.
pub struct Opening {
    /// `[rows·length, hidden]` what it says in each place.
    pub(crate) hidden: Tensor<2>,
    pub(crate) cache: KvCache,
    pub(crate) rows: usize,
}

/// Where predictions are compared, and with which tokens.
struct Aims {
    places: Vec<i64>,
    targets: Vec<i64>,
    /// The row of the batch that each belongs to.
    rows: Vec<usize>,
}

impl Aims {
    fn of(batch: &TokenBatch, labels: &[Vec<i64>]) -> Result<Aims, PromptError> {
        let mut aims = Aims { places: Vec::new(), targets: Vec::new(), rows: Vec::new() };
        for (row, tokens) in batch.rows.iter().enumerate() {
            let labels = labels.get(row).map_or(&[][..], Vec::as_slice);
            if labels.len() != tokens.len() {
                return Err(PromptError::LabelCount { row, tokens: tokens.len(), labels: labels.len() });
            }
            for (place, &label) in labels.iter().enumerate().skip(1).filter(|(_, label)| **label != IGNORED) {
                aims.places.push((row * batch.length + place - 1) as i64);
                aims.targets.push(label);
                aims.rows.push(row);
            }
        }
        if aims.targets.is_empty() { Err(PromptError::NoLabels) } else { Ok(aims) }
    }

    /// What each token counts of its answer, and how many answers there are.
    fn shares_of_answers(&self) -> (Vec<f32>, usize) {
        let mut tokens = vec![0.0f32; self.rows.last().map_or(0, |last| last + 1)];
        self.rows.iter().for_each(|&row| tokens[row] += 1.0);
        let answers = tokens.iter().filter(|&&n| n > 0.0).count();
        (self.rows.iter().map(|&row| 1.0 / tokens[row]).collect(), answers)
    }
}

/// Which row of the joined table each place of the batch takes.
struct EmbeddingPlan {
    /// Tokens to look up, in order of appearance, padding included.
    text: Vec<i64>,
    /// For each place its row: text first, visual tokens after.
    order: Vec<i64>,
    /// Image tokens met.
    places: usize,
}

#[cfg(test)]
mod tests;
