//! Sentences to vectors: a BERT in the layout of public sentence encoders (MiniLM and its kind), its WordPiece tokenizer
//! and its pooling. Texts that mean the same point the same way.

mod bert;
mod folder;
mod tokenizer;

#[cfg(test)]
mod tests;

pub use bert::{BertConfig, Pooling, SentenceBert};
pub use tokenizer::SentenceTokenizer;

use std::path::Path;

use burn::tensor::Device;

use crate::checkpoint::CheckpointError;
use crate::tensors::host;
use crate::tokenizer::TokenizerError;

/// Why a sentence encoder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SentenceError {
    /// Its weights cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Its tokenizer cannot be read.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// A file of its folder cannot be read.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A file of its folder is not JSON, or lacks a field.
    #[error("{path}: {cause}")]
    Json {
        /// The file.
        path: String,
        /// Line, column and field.
        cause: serde_json::Error,
    },
    /// A file of its folder asks for something that this implementation does not do.
    #[error("{path}: {problem}")]
    Unsupported {
        /// The file.
        path: String,
        /// What it asks for.
        problem: String,
    },
    /// Tokens that the network has no row for, or more of them than it has positions.
    #[error("text {text}: {problem}")]
    Tokens {
        /// The text's place in the list, from 0.
        text: usize,
        /// What is wrong.
        problem: String,
    },
}

/// Texts computed together: long lists neither fill the memory nor wait for their longest text.
const TOGETHER: usize = 64;
/// Texts whose lengths differ by fewer tokens are of like length.
const ALIKE: usize = 16;

/// A loaded sentence encoder.
#[derive(Debug, Clone)]
pub struct SentenceEncoder {
    /// Network and pooling.
    pub bert: SentenceBert,
    /// Text to tokens.
    pub tokenizer: SentenceTokenizer,
}

impl SentenceEncoder {
    /// Reads a folder with `config.json`, `tokenizer.json`, `model.safetensors`, and, where it has them, `modules.json`,
    /// `1_Pooling/config.json` and `sentence_bert_config.json`.
    ///
    /// # Errors
    /// [`SentenceError`] naming the file and what is wrong with it.
    pub fn load(folder: impl AsRef<Path>, device: &Device) -> Result<Self, SentenceError> {
        folder::load(folder.as_ref(), device)
    }

    /// Numbers of a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.bert.width()
    }

    /// One vector for each text, of length 1 where the encoder's folder asks for that.
    ///
    /// # Errors
    /// [`SentenceError::Tokens`] when the tokenizer is not this network's.
    pub fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, SentenceError> {
        let rows: Vec<Vec<u32>> = texts.iter().map(|text| self.tokenizer.encode(text)).collect();
        // texts of like length side by side: little is computed for nothing
        let length = |i: &usize| rows[*i].len().div_ceil(ALIKE);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(length);
        let mut vectors = vec![Vec::new(); rows.len()];
        for some in order.chunk_by(|a, b| length(a) == length(b)).flat_map(|alike| alike.chunks(TOGETHER)) {
            let batch: Vec<Vec<u32>> = some.iter().map(|&i| rows[i].clone()).collect();
            let found = host::<2>(self.bert.embed(&batch).map_err(|error| in_list(error, some))?);
            for (&i, vector) in some.iter().zip(found.chunks_exact(self.width())) {
                vectors[i] = vector.to_vec();
            }
        }
        Ok(vectors)
    }
}

/// An error about a text of a batch, as one about the whole list.
fn in_list(error: SentenceError, batch: &[usize]) -> SentenceError {
    match error {
        SentenceError::Tokens { text, problem } => SentenceError::Tokens { text: batch[text], problem },
        other => other,
    }
}
