//! A language model alone: what the decoder of a whole model is before it has seen a picture.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData, activation::log_softmax};

use crate::config::TextConfig;
use crate::decoder::LanguageModel;
use crate::generate::{self, GenerateError, GenerateOptions};
use crate::initialise;
use crate::prompt_error::PromptError;
use crate::tensors::{host, indices};
use crate::token_reader::{TokenBatch, TokenReader};
use crate::weight::Weight;

/// Tokens that are read together, in [`TextModel::perplexity`].
pub const WINDOW: usize = 512;

/// Decoder and output head, with the sizes they were made with.
#[derive(Module, Debug)]
pub struct TextModel {
    /// The network.
    pub language_model: LanguageModel,
    #[module(skip)]
    config: TextConfig,
}

impl TextModel {
    /// A model whose parameters are not allocated yet. The config is taken as valid.
    #[must_use]
    pub fn new(config: &TextConfig, device: &Device) -> Self {
        let language_model = LanguageModel::new(config, config.tied() != Some(false), device);
        Self { language_model, config: config.clone() }
    }

    /// The sizes and constants the model was made with.
    #[must_use]
    pub fn config(&self) -> &TextConfig {
        &self.config
    }

    /// The matrices of all layers, and the layers' names.
    pub(crate) fn weights(&mut self) -> Vec<(String, &mut Weight)> {
        let weights = self.language_model.weights().into_iter();
        weights.map(|(name, weight)| (format!("language_model.{name}"), weight)).collect()
    }

    /// The model with a table, and a head, of at least `vocabulary` rows. New rows are the mean of those that are there
    /// and a little noise of `seed`, so that new tokens are neither likely nor alike (Hewitt, "Initializing new word
    /// embeddings for pretrained language models", 2021).
    #[must_use]
    pub fn widened(mut self, vocabulary: usize, seed: u64) -> Self {
        let rows = self.config.vocab_size;
        if vocabulary <= rows {
            return self;
        }
        let deviation = self.config.initializer_range;
        let widen = |weight: Weight, name: &str| {
            let added = vocabulary - rows;
            weight.map(|table| {
                let [_, width] = table.dims();
                let noise = initialise::normal(name, seed, added * width, deviation);
                let noise = Tensor::from_data(TensorData::new(noise, [added, width]), &table.device());
                let new = table.clone().mean_dim(0) + noise;
                Tensor::cat(vec![table, new], 0)
            })
        };
        let table = &mut self.language_model.model.embed_tokens;
        table.weight = widen(table.weight.clone(), "embed_tokens");
        if let Some(head) = &mut self.language_model.lm_head {
            head.weight = widen(head.weight.clone(), "lm_head");
        }
        self.config.vocab_size = vocabulary;
        self
    }

    /// What reads text and, in the places of a token, visual tokens of its width.
    #[must_use]
    pub fn reader(&self, visual: Option<u32>) -> TokenReader<'_> {
        TokenReader::new(&self.language_model, &self.config, visual)
    }

    /// `[1, length, hidden]`: the embeddings of some tokens.
    ///
    /// # Errors
    /// When there are none, or one is outside the vocabulary.
    pub fn embed(&self, tokens: &[u32]) -> Result<Tensor<3>, PromptError> {
        self.reader(None).embed(&TokenBatch::new(vec![tokens.to_vec()]), None)
    }

    /// The most likely continuation of `prompt`: at most `count` tokens, up to and without one of `stop`. Waits for the
    /// device at each token.
    ///
    /// # Errors
    /// See [`generate`](crate::generate::generate).
    pub fn greedy(&self, prompt: &[u32], count: usize, stop: &[u32]) -> Result<Vec<u32>, GenerateError> {
        let options = GenerateOptions { max_tokens: count, stop: stop.to_vec(), ..GenerateOptions::default() };
        generate::greedy(self.reader(None), prompt, None, &options, |_| {})
    }

    /// The log-probability of each token after the first, given those before it.
    ///
    /// # Errors
    /// As [`TextModel::embed`].
    pub fn log_probabilities(&self, tokens: &[u32]) -> Result<Vec<f32>, PromptError> {
        /// Places whose logits are in memory at a time.
        const PART: usize = 128;
        let hidden = self.language_model.model.forward(self.embed(tokens)?);
        let device = hidden.device().without_autodiff();
        let mut found = Vec::with_capacity(tokens.len() - 1);
        for (part, next) in tokens[1..].chunks(PART).enumerate() {
            let logits = self.language_model.head(hidden.clone().narrow(0, part * PART, next.len()));
            let next = indices(next.iter().map(|&token| i64::from(token)).collect(), &device);
            let count = next.dims()[0];
            found.extend(host(log_softmax(logits, 1).gather(1, next.reshape([count, 1]))));
        }
        Ok(found)
    }

    /// Reads a text in windows of [`WINDOW`] tokens, each from its beginning, and measures how well each next token was
    /// foreseen. No token is put before the text.
    ///
    /// # Errors
    /// When the text has fewer than two tokens, or one outside the vocabulary.
    pub fn perplexity(&self, tokens: &[u32]) -> Result<Perplexity, PromptError> {
        let window = WINDOW.min(self.config.max_position_embeddings.max(2));
        let mut found = Vec::with_capacity(tokens.len());
        for window in tokens.chunks(window).filter(|window| window.len() > 1) {
            found.extend(self.log_probabilities(window)?);
        }
        if found.is_empty() {
            return Err(PromptError::Empty);
        }
        let mean = found.iter().map(|value| f64::from(*value)).sum::<f64>() / found.len() as f64;
        Ok(Perplexity { value: (-mean).exp(), tokens: found.len() })
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

#[cfg(test)]
mod tests {
    use burn::module::Param;

    use super::*;

    #[test]
    fn new_rows_are_the_mean_with_a_little_noise_and_old_ones_stay() {
        let config = serde_json::json!({
            "model_type": "llama", "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
            "num_attention_heads": 2, "vocab_size": 5, "tie_word_embeddings": false, "initializer_range": 0.01
        });
        let config = TextConfig::parse(config.to_string().as_bytes(), "test").expect("valid");
        let device = Device::flex();
        let mut model = TextModel::new(&config, &device);
        let values: Vec<f32> = (0..40).map(|i| (i * i % 17) as f32).collect();
        let table = Tensor::from_data(TensorData::new(values.clone(), [5, 8]), &device);
        model.language_model.model.embed_tokens.weight = Param::from_tensor(table.clone()).into();
        model.language_model.lm_head.as_mut().expect("untied").weight = Param::from_tensor(table).into();
        let wide = model.widened(7, 3);
        assert_eq!(wide.config().vocab_size, 7);
        let head = wide.language_model.lm_head.as_ref().expect("untied").weight.val();
        for table in [wide.language_model.model.embed_tokens.weight.val(), head] {
            let found = host(table);
            assert_eq!(found[..40], values);
            for column in 0..8 {
                let mean = (0..5).map(|row| values[row * 8 + column]).sum::<f32>() / 5.0;
                for row in 5..7 {
                    let off = (found[row * 8 + column] - mean).abs();
                    assert!(off > 0.0 && off < 0.06, "{off}");
                }
            }
            assert_ne!(found[40..48], found[48..], "new tokens differ");
        }
        assert_eq!(wide.clone().widened(6, 3).config().vocab_size, 7, "nothing is taken away");
        let known = wide.log_probabilities(&[0, 6, 5]).expect("in the vocabulary");
        assert!(known.len() == 2 && known.iter().all(|p| p.is_finite()));
    }
}
