//! The tokenizer files of a model folder.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::Path,
};

use serde::{Deserialize, de::DeserializeOwned};
use tokenizers::{AddedToken, Tokenizer as Inner, models::bpe::BPE};

use super::{TokenizerError, split::Split};
use crate::read_at::read_file;

/// Small files of a model by their names.
pub type Named = BTreeMap<String, Vec<u8>>;

/// Where the files are.
pub(super) enum Files<'a> {
    On(&'a Path),
    In(&'a Named),
}

impl Files<'_> {
    /// How errors call a file.
    fn call(&self, name: &str) -> String {
        match self {
            Files::On(folder) => folder.join(name).display().to_string(),
            Files::In(_) => name.to_owned(),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Files::On(folder) => folder.join(name).exists(),
            Files::In(files) => files.contains_key(name),
        }
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, TokenizerError> {
        let bytes = match self {
            Files::On(folder) => read_file(&folder.join(name)),
            Files::In(files) => files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into()),
        };
        bytes.map_err(|cause| TokenizerError::Read { path: self.call(name), cause })
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, TokenizerError> {
        serde_json::from_slice(&self.read(name)?).map_err(|error| self.wrong(name, error))
    }

    fn wrong(&self, name: &str, problem: impl ToString) -> TokenizerError {
        TokenizerError::Format { path: self.call(name), problem: problem.to_string() }
    }
}

const WHOLE: &str = "tokenizer.json";
const VOCABULARY: &str = "vocab.json";
const MERGES: &str = "merges.txt";
const CONFIG: &str = "tokenizer_config.json";

/// The tokenizer, and the file that names it in errors.
pub(super) fn open(files: &Files<'_>) -> Result<(Inner, String), TokenizerError> {
    if files.has(WHOLE) || !files.has(VOCABULARY) {
        let inner = Inner::from_bytes(files.read(WHOLE)?).map_err(|error| files.wrong(WHOLE, error))?;
        return Ok((inner, files.call(WHOLE)));
    }
    Ok((parts(files)?, files.call(VOCABULARY)))
}

/// What `tokenizer_config.json` says that matters.
#[derive(Default, Deserialize)]
struct Config {
    tokenizer_class: Option<String>,
    added_tokens_decoder: Option<BTreeMap<String, Added>>,
}

#[derive(Deserialize)]
struct Added {
    content: String,
    #[serde(default)]
    special: bool,
}

/// From `vocab.json`, `merges.txt` and what lies beside them.
fn parts(files: &Files<'_>) -> Result<Inner, TokenizerError> {
    let config: Config = if files.has(CONFIG) { files.json(CONFIG)? } else { Config::default() };
    let split = match config.tokenizer_class.as_deref() {
        // the authors' folders of InternVL; older ones do not say it
        None | Some("Qwen2Tokenizer" | "Qwen2TokenizerFast") => Split::Qwen2,
        Some("GPT2Tokenizer" | "GPT2TokenizerFast") => Split::Gpt2,
        Some(other) => {
            return Err(
                files.wrong(CONFIG, format!("tokenizer_class {other} needs a tokenizer.json, which is not here"))
            );
        }
    };
    let mut vocabulary: HashMap<String, u32> = files.json(VOCABULARY)?;
    let mut added: BTreeMap<u32, AddedToken> = BTreeMap::new();
    if files.has("added_tokens.json") {
        let listed: HashMap<String, u32> = files.json("added_tokens.json")?;
        added.extend(listed.into_iter().map(|(content, id)| (id, AddedToken::from(content, true))));
    }
    for (id, token) in config.added_tokens_decoder.unwrap_or_default() {
        let id = id.parse().map_err(|_| files.wrong(CONFIG, format!("added_tokens_decoder: `{id}` is no id")))?;
        added.insert(id, AddedToken::from(token.content, token.special));
    }
    let merges = merges(&files.read(MERGES)?).map_err(|problem| files.wrong(MERGES, problem))?;
    for (&id, token) in &added {
        if let Some(other) = vocabulary.insert(token.content.clone(), id)
            && other != id
        {
            let problem = format!("token {} has id {other} here and {id} among the added ones", token.content);
            return Err(files.wrong(VOCABULARY, problem));
        }
    }
    model(vocabulary, merges, false)
        .map(|model| split.tokenizer(model, &added.into_values().collect::<Vec<_>>()))
        .map_err(|problem| files.wrong(MERGES, problem))
}

/// Pairs, the most important first: one a line.
fn merges(text: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(number, line)| !(line.is_empty() || *number == 0 && line.starts_with("#version")));
    lines.map(|(number, line)| pair(line).ok_or_else(|| format!("line {}: `{line}` is no pair", number + 1))).collect()
}

/// The two tokens of a merge.
pub(super) fn pair(line: &str) -> Option<(String, String)> {
    let (a, b) = line.split_once(' ')?;
    (!a.is_empty() && !b.is_empty() && !b.contains(' ')).then(|| (a.to_owned(), b.to_owned()))
}

/// The merging itself. `words_first`: a word that is a token is one, whatever merges would make of it.
pub(super) fn model(
    vocabulary: HashMap<String, u32>,
    merges: Vec<(String, String)>,
    words_first: bool,
) -> Result<BPE, String> {
    let vocabulary: tokenizers::models::bpe::Vocab = vocabulary.into_iter().collect();
    let built = BPE::builder().vocab_and_merges(vocabulary, merges).ignore_merges(words_first).build();
    built.map_err(|error| error.to_string())
}
