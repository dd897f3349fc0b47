//! Text to tokens: what `tokenizer.json` says, in most cases BERT's WordPiece.

use std::path::Path;

use tokenizers::{Tokenizer as Inner, TruncationParams};

use crate::tokenizer::TokenizerError;

/// A tokenizer that puts what a sentence needs around it.
#[derive(Debug, Clone)]
pub struct SentenceTokenizer {
    inner: Inner,
}

impl SentenceTokenizer {
    /// Reads `tokenizer.json`. Texts are cut at `most` tokens, and, where the file says fewer and `most` is `None`, there.
    /// What the file says of padding is left to the network.
    ///
    /// # Errors
    /// [`TokenizerError`] naming the file.
    pub fn load(path: &Path, most: Option<usize>) -> Result<Self, TokenizerError> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|cause| TokenizerError::Read { path: name.clone(), cause })?;
        let problem =
            |error: tokenizers::Error| TokenizerError::Format { path: name.clone(), problem: error.to_string() };
        let mut inner = Inner::from_bytes(&bytes).map_err(problem)?;
        inner.with_padding(None);
        if let Some(most) = most {
            let cut = TruncationParams { max_length: most, ..TruncationParams::default() };
            inner.with_truncation(Some(cut)).map_err(problem)?;
        }
        Ok(Self { inner })
    }

    /// Longest text in tokens, where there is a limit.
    #[must_use]
    pub fn most(&self) -> Option<usize> {
        self.inner.get_truncation().map(|cut| cut.max_length)
    }

    /// Whole words of the vocabulary, in its order, which mostly is that of how common they are: two Latin letters or more.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut all: Vec<(u32, String)> =
            self.inner.get_vocab(false).into_iter().map(|(word, id)| (id, word)).collect();
        all.retain(|(_, word)| word.len() > 1 && word.bytes().all(|letter| letter.is_ascii_lowercase()));
        all.sort();
        all.into_iter().map(|(_, word)| word).collect()
    }

    /// The tokens of a text, with those around it that the file asks for.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<u32> {
        // the only failure is a model without a word for what it does not know; then it does not know it
        self.inner.encode(text, true).map(|encoding| encoding.get_ids().to_vec()).unwrap_or_default()
    }
}
