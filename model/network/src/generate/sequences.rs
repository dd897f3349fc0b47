//! What was answered so far: bookkeeping on the host.

use std::ops::ControlFlow;

use super::GenerateOptions;
use crate::token_reader::TokenBatch;

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The model said a stop token.
    Stop,
    /// It reached [`GenerateOptions::max_tokens`].
    Length,
    /// Whoever listened broke it off.
    Broken,
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// Its tokens, a stop token not among them.
    pub tokens: Vec<u32>,
    /// Natural logarithm of the probability of what the model said: of the tokens and, where it said one, of the stop
    /// token. A repetition penalty changes what is said, not this number.
    pub log_probability: f32,
    /// Why it ended.
    pub ending: Ending,
}

impl Generated {
    /// Geometric mean of the probabilities of what the model said, 0..1; 1 where it said nothing at all.
    pub fn mean_probability(&self) -> f32 {
        let said = self.tokens.len() + usize::from(self.ending == Ending::Stop);
        (self.log_probability / said.max(1) as f32).exp()
    }
}

/// What was answered so far, and who is still answering.
pub(super) struct Sequences<'o> {
    options: &'o GenerateOptions,
    rows: Vec<Row>,
}

#[derive(Default)]
struct Row {
    tokens: Vec<u32>,
    log_probability: f64,
    ending: Option<Ending>,
    /// The tokens that occurred in prompt and answer, sorted.
    seen: Vec<u32>,
}

impl<'o> Sequences<'o> {
    pub fn new(prompts: &[Vec<u32>], options: &'o GenerateOptions) -> Self {
        let row = |prompt: &Vec<u32>| {
            let mut seen = prompt.clone();
            seen.sort_unstable();
            seen.dedup();
            Row { seen, ending: (options.max_tokens == 0).then_some(Ending::Length), ..Row::default() }
        };
        Self { options, rows: prompts.iter().map(row).collect() }
    }

    /// Whether what occurred becomes less likely.
    pub fn penalises(&self) -> bool {
        self.options.repetition_penalty != 1.0
    }

    /// Takes the best token of each unfinished row from `[rows·vocabulary]` logits and says what to feed next.
    pub fn take(&mut self, logits: &[f32], on_token: impl FnMut(usize, u32) -> ControlFlow<()>) -> Option<TokenBatch> {
        let vocabulary = logits.len() / self.rows.len().max(1);
        let penalty = self.options.repetition_penalty;
        let best = |index: usize, row: &Row| {
            let logits = &logits[index * vocabulary..][..vocabulary];
            let token = row.best(logits, penalty);
            (token, log_probability(logits, token))
        };
        self.advance(best, on_token)
    }

    /// As [`Sequences::take`], from the best token of each row and its log-probability, where nothing is penalised.
    pub fn take_winners(
        &mut self,
        winners: &[(u32, f64)],
        on_token: impl FnMut(usize, u32) -> ControlFlow<()>,
    ) -> Option<TokenBatch> {
        self.advance(|index, _| winners[index], on_token)
    }

    fn advance(
        &mut self,
        best: impl Fn(usize, &Row) -> (u32, f64),
        mut on_token: impl FnMut(usize, u32) -> ControlFlow<()>,
    ) -> Option<TokenBatch> {
        let mut broken = false;
        let mut feed = Vec::with_capacity(self.rows.len());
        for (index, row) in self.rows.iter_mut().enumerate() {
            // finished rows go on with any token, so that the batch keeps its shape; nobody reads what follows
            let mut token = 0;
            if row.ending.is_none() {
                let (winner, log_probability) = best(index, row);
                token = winner;
                row.log_probability += log_probability;
                if self.options.stop.contains(&token) {
                    row.ending = Some(Ending::Stop);
                } else {
                    row.push(token);
                    broken |= on_token(index, token).is_break();
                    row.ending = (row.tokens.len() >= self.options.max_tokens).then_some(Ending::Length);
                }
            }
            feed.push(vec![token]);
        }
        let unfinished = self.rows.iter().any(|row| row.ending.is_none());
        (unfinished && !broken).then(|| TokenBatch::new(feed))
    }

    /// The answers; those without an ending of their own were broken off.
    pub fn into_generated(self) -> Vec<Generated> {
        let generated = |row: Row| Generated {
            tokens: row.tokens,
            log_probability: row.log_probability as f32,
            ending: row.ending.unwrap_or(Ending::Broken),
        };
        self.rows.into_iter().map(generated).collect()
    }
}

impl Row {
    fn push(&mut self, token: u32) {
        self.tokens.push(token);
        if let Err(place) = self.seen.binary_search(&token) {
            self.seen.insert(place, token);
        }
    }

    fn best(&self, logits: &[f32], penalty: f32) -> u32 {
        let mut best = (0, f32::NEG_INFINITY);
        for (token, &logit) in logits.iter().enumerate() {
            let token = token as u32;
            let logit = if penalty != 1.0 && self.seen.binary_search(&token).is_ok() {
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

/// `log softmax(logits)[token]`.
fn log_probability(logits: &[f32], token: u32) -> f64 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|&logit| f64::from(logit - most).exp()).sum();
    f64::from(logits[token as usize] - most) - total.ln()
}
