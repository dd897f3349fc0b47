//! Text to tokens and back: a byte-level BPE, so that any text at all can be said.

use std::{collections::BTreeSet, path::Path, sync::Arc};

mod folder;
mod gguf;
mod split;

use folder::Files;
pub use folder::Named;

use tokenizers::{
    AddedToken, Tokenizer as Inner, TokenizerBuilder,
    models::{
        ModelWrapper,
        bpe::{BPE, BpeTrainerBuilder},
    },
    pre_tokenizers::byte_level::ByteLevel,
};

use crate::gguf::Gguf;

/// End of a text.
pub const END_OF_TEXT: &str = "<|endoftext|>";
/// Begin of a turn of a conversation.
pub const TURN_START: &str = "<|im_start|>";
/// End of a turn.
pub const TURN_END: &str = "<|im_end|>";
/// Before a picture's visual tokens.
pub const IMAGE_START: &str = "<img>";
/// After them.
pub const IMAGE_END: &str = "</img>";
/// The place of one visual token.
pub const IMAGE_CONTEXT: &str = "<IMG_CONTEXT>";

/// The special tokens that a conversation about pictures needs.
const NEEDED: [&str; 5] = [TURN_START, TURN_END, IMAGE_START, IMAGE_END, IMAGE_CONTEXT];

/// Every special token, in id order in a tokenizer of ours.
pub const SPECIAL: [&str; 6] = [END_OF_TEXT, TURN_START, TURN_END, IMAGE_START, IMAGE_END, IMAGE_CONTEXT];

/// Ids that may be no token, beside as many as there are tokens.
const SPARSE: usize = 4096;

/// Why a tokenizer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// The file cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is no tokenizer, or lacks a special token.
    #[error("{path}: {problem}")]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// A tokenizer with the special tokens that a conversation needs.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    /// Shared: many thousand merges, and everybody who encodes holds one.
    inner: Arc<Inner>,
    /// Ids go from 0 to below this.
    vocabulary: usize,
    /// The texts of all special tokens.
    special: Vec<String>,
    turn_start: u32,
    turn_end: u32,
    image_start: u32,
    image_end: u32,
    image_context: u32,
}

impl Tokenizer {
    /// Trains a tokenizer of at most `vocabulary` tokens on `texts`. The same texts give the same tokenizer.
    ///
    /// # Panics
    /// When `vocabulary` does not even hold the 256 bytes and the special tokens.
    pub fn train<'a>(texts: impl IntoIterator<Item = &'a str>, vocabulary: usize) -> Tokenizer {
        assert!(vocabulary >= 256 + SPECIAL.len(), "a byte-level vocabulary has at least 262 tokens");
        let bytes = ByteLevel::new(false, true, true);
        let mut inner = TokenizerBuilder::new()
            .with_model(BPE::default())
            .with_normalizer(None::<tokenizers::normalizers::NFC>)
            .with_pre_tokenizer(Some(bytes))
            .with_post_processor(None::<ByteLevel>)
            .with_decoder(Some(bytes))
            .build()
            .expect("all parts are given");
        let mut trainer = BpeTrainerBuilder::new()
            .vocab_size(vocabulary)
            .min_frequency(2)
            .show_progress(false)
            .special_tokens(SPECIAL.iter().map(|t| AddedToken::from(*t, true)).collect())
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .build();
        // a set: the order in which texts are met must not matter
        let texts: BTreeSet<&str> = texts.into_iter().collect();
        inner.train(&mut trainer, texts.into_iter()).expect("training reads no files");
        let json = inner.to_string(false).expect("a tokenizer is always JSON");
        Tokenizer::parse(json.as_bytes(), "trained tokenizer").expect("special tokens were added")
    }

    /// Reads the tokenizer of a model folder: `tokenizer.json`, or `vocab.json` and `merges.txt` with
    /// `added_tokens.json` and `tokenizer_config.json` where they are there.
    ///
    /// # Errors
    /// [`TokenizerError`] naming the file.
    pub fn open(folder: &Path) -> Result<Tokenizer, TokenizerError> {
        let (inner, origin) = folder::open(&Files::On(folder))?;
        Tokenizer::new(inner, &origin)
    }

    /// As [`Tokenizer::open`], from files in memory.
    ///
    /// # Errors
    /// As there.
    pub fn of_files(files: &Named) -> Result<Tokenizer, TokenizerError> {
        let (inner, origin) = folder::open(&Files::In(files))?;
        Tokenizer::new(inner, &origin)
    }

    /// Reads the tokenizer of a language model: a folder as for [`Tokenizer::open`], or a GGUF file. What a
    /// conversation about pictures needs and the model does not have is added behind its last token.
    ///
    /// # Errors
    /// [`TokenizerError`] naming the file.
    pub fn of_text_model(path: &Path) -> Result<Tokenizer, TokenizerError> {
        let (inner, origin) = if path.is_dir() { folder::open(&Files::On(path))? } else { gguf::open(path)? };
        Tokenizer::completed(inner, &origin)
    }

    /// As [`Tokenizer::of_text_model`], from files in memory.
    ///
    /// # Errors
    /// As there.
    pub fn of_text_files(files: &Named) -> Result<Tokenizer, TokenizerError> {
        let (inner, origin) = folder::open(&Files::In(files))?;
        Tokenizer::completed(inner, &origin)
    }

    /// As [`Tokenizer::of_text_model`], of a GGUF file that was read; `origin` names it in errors.
    ///
    /// # Errors
    /// As there.
    pub fn of_gguf(file: &Gguf, origin: &str) -> Result<Tokenizer, TokenizerError> {
        Tokenizer::completed(gguf::of(file, origin)?, origin)
    }

    /// With the tokens that it lacks behind its last one.
    fn completed(mut inner: Inner, origin: &str) -> Result<Tokenizer, TokenizerError> {
        for token in NEEDED {
            if inner.token_to_id(token).is_some() {
                continue;
            }
            let next = ids(&inner) as u32;
            inner.add_special_tokens(&[AddedToken::from(token, true)]);
            if inner.token_to_id(token) != Some(next) {
                let problem = format!("its ids have holes, so that {token} cannot be added");
                return Err(TokenizerError::Format { path: origin.to_owned(), problem });
            }
        }
        Tokenizer::new(inner, origin)
    }

    /// Reads `tokenizer.json` from memory; `origin` names it in errors.
    ///
    /// # Errors
    /// [`TokenizerError::Format`] when it is no tokenizer or lacks a special token.
    pub fn parse(bytes: &[u8], origin: &str) -> Result<Tokenizer, TokenizerError> {
        let problem = |problem: String| TokenizerError::Format { path: origin.into(), problem };
        Tokenizer::new(Inner::from_bytes(bytes).map_err(|e| problem(e.to_string()))?, origin)
    }

    fn new(mut inner: Inner, origin: &str) -> Result<Tokenizer, TokenizerError> {
        // how a training cut and filled its texts, which is saved with the tokenizer, says nothing about others
        inner.with_padding(None);
        inner.with_truncation(None).expect("nothing to cut by cannot be wrong");
        let problem = |problem: String| TokenizerError::Format { path: origin.into(), problem };
        // of these encoding cannot fail
        match inner.get_model() {
            ModelWrapper::BPE(model) => match model.get_unk_token() {
                Some(unknown) if inner.token_to_id(unknown).is_none() => {
                    return Err(problem(format!("its token for the unknown, {unknown}, is not in its vocabulary")));
                }
                _ => {}
            },
            _ => return Err(problem("only byte pairs (BPE) are supported".into())),
        }
        // a table of embeddings has a row for each id, whether it is a token or not
        let (count, ids) = (inner.get_vocab_size(true), ids(&inner));
        if ids > 2 * count + SPARSE {
            return Err(problem(format!("{count} tokens with ids up to {}", ids - 1)));
        }
        let special = |token: &str| inner.token_to_id(token).ok_or_else(|| problem(format!("no token {token}")));
        let added = inner.get_added_tokens_decoder();
        Ok(Tokenizer {
            vocabulary: ids,
            special: added
                .into_values()
                .filter(|token| token.special && !token.content.is_empty())
                .map(|token| token.content)
                .collect(),
            turn_start: special(TURN_START)?,
            turn_end: special(TURN_END)?,
            image_start: special(IMAGE_START)?,
            image_end: special(IMAGE_END)?,
            image_context: special(IMAGE_CONTEXT)?,
            inner: Arc::new(inner),
        })
    }

    /// The tokenizer as the text of `tokenizer.json`.
    pub fn to_json(&self) -> String {
        self.inner.to_string(true).expect("a tokenizer is always JSON")
    }

    /// Tokens of a text. Special tokens written out in it are *not* special: nobody can end a turn by typing.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        // split around what looks special, so that the tokenizer never sees such a name whole
        let mut ids = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let first = self.special.iter().filter_map(|special| rest.find(special.as_str())).min();
            // behind its first letter, which may take several bytes
            let cut = first.map_or(rest.len(), |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
            let encoding = self.inner.encode(&rest[..cut], false).expect("byte-level tokenizers know every text");
            ids.extend_from_slice(encoding.get_ids());
            rest = &rest[cut..];
        }
        ids
    }

    /// Tokens of a text in which special tokens that are written out count as such: a conversation as other programs
    /// write it.
    pub fn encode_template(&self, text: &str) -> Vec<u32> {
        self.inner.encode(text, false).expect("byte-level tokenizers know every text").get_ids().to_vec()
    }

    /// Text of tokens, special ones left out. Bytes that are no UTF-8 become U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        self.inner.decode(ids, true).unwrap_or_default()
    }

    /// Number of tokens.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// End of a text, where there is a token for it.
    pub fn end_of_text(&self) -> Option<u32> {
        self.inner.token_to_id(END_OF_TEXT)
    }

    /// Begin of a turn.
    pub fn turn_start(&self) -> u32 {
        self.turn_start
    }

    /// End of a turn.
    pub fn turn_end(&self) -> u32 {
        self.turn_end
    }

    /// Before a picture.
    pub fn image_start(&self) -> u32 {
        self.image_start
    }

    /// After a picture.
    pub fn image_end(&self) -> u32 {
        self.image_end
    }

    /// What ends an answer of a language model alone: the end of its turn, and that of a text, where there is a token for it.
    pub fn endings(&self) -> Vec<u32> {
        [Some(self.turn_end()), self.end_of_text()].into_iter().flatten().collect()
    }

    /// The place of one visual token.
    pub fn image_context(&self) -> u32 {
        self.image_context
    }
}

/// The number above all ids.
fn ids(inner: &Inner) -> usize {
    inner.get_vocab(true).into_values().max().map_or(0, |most| most as usize + 1)
}

#[cfg(test)]
mod tests;
