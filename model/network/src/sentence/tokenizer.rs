//! Text to tokens: what `tokenizer.json` says, in most cases BERT's WordPiece.

use std::path::Path;

use tokenizers::{PostProcessor, Tokenizer as Inner, TruncationParams};

use crate::{read_at::read_file, tokenizer::TokenizerError};

/// A tokenizer that puts what a sentence needs around it.
#[derive(Debug, Clone)]
pub struct SentenceTokenizer {
    inner: Inner,
}

impl SentenceTokenizer {
    /// Reads `tokenizer.json`. Texts are cut at `most` tokens, or, where that is `None`, where the file says, and always
    /// at `positions`. What the file says of padding is left to the network.
    ///
    /// # Errors
    /// [`TokenizerError`] naming the file, also when nothing would be left of a text.
    pub fn load(path: &Path, most: Option<usize>, positions: usize) -> Result<Self, TokenizerError> {
        let name = path.display().to_string();
        let bytes = read_file(path).map_err(|cause| TokenizerError::Read { path: name.clone(), cause })?;
        let wrong = |problem: String| TokenizerError::Format { path: name.clone(), problem };
        let mut inner = Inner::from_bytes(&bytes).map_err(|error| wrong(error.to_string()))?;
        inner.with_padding(None);
        let mut cut =
            inner.get_truncation().cloned().unwrap_or(TruncationParams { max_length: positions, ..Default::default() });
        cut.max_length = most.unwrap_or(cut.max_length).min(positions);
        // where parts of a text overlap, of which only the first is read
        cut.stride = 0;
        let around = inner.get_post_processor().map_or(0, |around| around.added_tokens(false));
        if cut.max_length <= around {
            let most = cut.max_length;
            return Err(wrong(format!("a text of at most {most} tokens, {around} of which stand around it")));
        }
        inner.with_truncation(Some(cut)).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { inner })
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
