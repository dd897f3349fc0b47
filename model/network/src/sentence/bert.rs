//! The network: BERT without its pooler, and how its tokens become one vector.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use serde::Deserialize;

use super::SentenceError;
use crate::bert::{AddNorm, BertAttention, Widen};
use crate::layers::{AttentionMask, Embedding, Gap, LayerNorm};
use crate::tensors::normalised;

/// What is read of a sentence encoder's `config.json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BertConfig {
    /// `bert`.
    pub model_type: String,
    /// Tokens of the vocabulary.
    pub vocab_size: usize,
    /// Features of a token.
    pub hidden_size: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Attention heads.
    pub num_attention_heads: usize,
    /// Features inside a block's two-layer network.
    pub intermediate_size: usize,
    /// Longest text, in tokens.
    pub max_position_embeddings: usize,
    /// Kinds of tokens: a text is of the first.
    pub type_vocab_size: usize,
    /// `gelu`, the exact one.
    #[serde(default = "gelu")]
    pub hidden_act: String,
    /// Added to variances.
    #[serde(default = "eps")]
    pub layer_norm_eps: f64,
    /// `absolute`.
    #[serde(default = "absolute")]
    pub position_embedding_type: String,
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn absolute() -> String {
    "absolute".to_owned()
}

fn eps() -> f64 {
    1e-12
}

impl BertConfig {
    /// One sentence on a field that this implementation cannot serve; `None` where all is well.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        for (field, value, known) in [
            ("model_type", &self.model_type, "bert"),
            ("hidden_act", &self.hidden_act, "gelu"),
            ("position_embedding_type", &self.position_embedding_type, "absolute"),
        ] {
            if value != known {
                return Some(format!("`{field}` is \"{value}\"; only \"{known}\" is implemented"));
            }
        }
        for (field, value) in [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_attention_heads", self.num_attention_heads),
            ("max_position_embeddings", self.max_position_embeddings),
            ("type_vocab_size", self.type_vocab_size),
        ] {
            if value == 0 {
                return Some(format!("`{field}` is 0"));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let (size, heads) = (self.hidden_size, self.num_attention_heads);
            return Some(format!("`hidden_size` {size} does not fall into `num_attention_heads` {heads}"));
        }
        None
    }
}

/// How the tokens of a text become one vector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pooling {
    /// Their mean.
    #[default]
    Mean,
    /// The first one.
    Class,
    /// The greatest number of each feature.
    Max,
}

/// A BERT whose tokens become one vector.
#[derive(Module, Debug)]
pub struct SentenceBert {
    /// Tokens, positions and kinds.
    pub embeddings: BertEmbeddings,
    /// The blocks.
    pub encoder: BertStack,
    #[module(skip)]
    pooling: Pooling,
    #[module(skip)]
    normalise: bool,
}

/// `embeddings.*` of a checkpoint.
#[derive(Module, Debug)]
pub struct BertEmbeddings {
    /// `[vocabulary, width]`.
    pub word_embeddings: Embedding,
    /// `[positions, width]`.
    pub position_embeddings: Embedding,
    /// `[kinds, width]`.
    pub token_type_embeddings: Embedding,
    /// Norm of their sum.
    pub norm: LayerNorm,
}

/// The stack of blocks.
#[derive(Module, Debug)]
pub struct BertStack {
    /// Blocks in order.
    pub layer: Vec<BertBlock>,
}

/// One post-norm block.
#[derive(Module, Debug)]
pub struct BertBlock {
    /// Attention of all tokens of a text to all.
    pub attention: BertAttention,
    /// Widens.
    pub intermediate: Widen,
    /// Narrows.
    pub output: AddNorm,
}

impl SentenceBert {
    /// A network without values yet.
    #[must_use]
    pub fn new(config: &BertConfig, pooling: Pooling, normalise: bool, device: &Device) -> Self {
        let (width, eps) = (config.hidden_size, config.layer_norm_eps);
        let block = |_| BertBlock {
            attention: BertAttention::new(width, width, config.num_attention_heads, eps, device),
            intermediate: Widen::new(width, config.intermediate_size, device),
            output: AddNorm::new(config.intermediate_size, width, eps, device),
        };
        Self {
            embeddings: BertEmbeddings {
                word_embeddings: Embedding::new(config.vocab_size, width, device),
                position_embeddings: Embedding::new(config.max_position_embeddings, width, device),
                token_type_embeddings: Embedding::new(config.type_vocab_size, width, device),
                norm: LayerNorm::new(width, eps, device),
            },
            encoder: BertStack { layer: (0..config.num_hidden_layers).map(block).collect() },
            pooling,
            normalise,
        }
    }

    /// Numbers of a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.embeddings.word_embeddings.weight.shape()[1]
    }

    /// Texts as tokens → `[N, longest, width]`, what the last block says of each token. Short rows are filled up; what stands
    /// there means nothing.
    ///
    /// # Errors
    /// [`SentenceError::Tokens`] when a row is empty or too long, or a token is none of the vocabulary.
    pub fn states(&self, batch: &[Vec<u32>]) -> Result<Tensor<3>, SentenceError> {
        let [vocabulary, width] = self.embeddings.word_embeddings.weight.shape();
        let positions = self.embeddings.position_embeddings.weight.shape()[0];
        for (text, row) in batch.iter().enumerate() {
            let wrong = |problem: String| SentenceError::Tokens { text, problem };
            if row.is_empty() || row.len() > positions {
                return Err(wrong(format!("{} tokens; 1 to {positions} can be read", row.len())));
            }
            if let Some(id) = row.iter().find(|&&id| id as usize >= vocabulary) {
                return Err(wrong(format!("there is no token {id} in a vocabulary of {vocabulary}")));
            }
        }
        let device = self.embeddings.word_embeddings.weight.device().without_autodiff();
        let count = batch.len();
        let longest = batch.iter().map(Vec::len).max().unwrap_or(1);
        let filled = batch.iter().flat_map(|row| (0..longest).map(|i| row.get(i).map_or(0, |&id| i64::from(id))));
        let words = self.embeddings.word_embeddings.forward(filled.collect());
        let table = |table: &Embedding, rows: usize| table.weight.val().narrow(0, 0, rows);
        let positions =
            table(&self.embeddings.position_embeddings, longest) + table(&self.embeddings.token_type_embeddings, 1);
        let sum = words.reshape([count, longest, width]) + positions.unsqueeze::<3>();
        let mut hidden = self.embeddings.norm.forward(sum.reshape([count * longest, width]));
        let gaps: Vec<Vec<Gap>> = batch.iter().map(|row| std::iter::once(row.len()..longest).collect()).collect();
        let mask = match gaps.iter().flatten().all(|gap| gap.is_empty()) {
            true => AttentionMask::none(),
            false => AttentionMask::without(gaps, longest, &device),
        };
        for block in &self.encoder.layer {
            hidden = block.attention.forward(hidden.clone(), hidden, count, &mask);
            let inner = block.intermediate.forward(hidden.clone());
            hidden = block.output.forward(inner, hidden);
        }
        Ok(hidden.reshape([count, longest, width]))
    }

    /// Texts as tokens → `[N, width]`, a vector each.
    ///
    /// # Errors
    /// As [`SentenceBert::states`].
    pub fn embed(&self, batch: &[Vec<u32>]) -> Result<Tensor<2>, SentenceError> {
        let states = self.states(batch)?;
        let [count, longest, width] = states.dims();
        let device = states.device().without_autodiff();
        let numbers =
            |values: Vec<f32>, rows: usize| Tensor::<3>::from_data(TensorData::new(values, [count, rows, 1]), &device);
        let real = || batch.iter().flat_map(|row| (0..longest).map(move |i| i < row.len()));
        let pooled = match self.pooling {
            Pooling::Mean => {
                let shares = numbers(batch.iter().map(|row| 1.0 / row.len() as f32).collect(), 1);
                let flags = numbers(real().map(|real| f32::from(u8::from(real))).collect(), longest);
                (states * flags).sum_dim(1) * shares
            }
            Pooling::Class => states.narrow(1, 0, 1),
            Pooling::Max => {
                let far = numbers(real().map(|real| if real { 0.0 } else { -1e30 }).collect(), longest);
                (states + far).max_dim(1)
            }
        };
        let pooled = pooled.reshape([count, width]);
        Ok(if self.normalise { normalised(pooled) } else { pooled })
    }
}
