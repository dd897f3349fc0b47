//! The tokenizer files of a model folder.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use serde::{Deserialize, de::DeserializeOwned};
use tokenizers::{AddedToken, Tokenizer as Inner, models::bpe::BPE};

use super::{TokenizerError, split::Split};

/// The tokenizer, and the file that names it in errors.
pub(super) fn open(folder: &Path) -> Result<(Inner, String), TokenizerError> {
    let whole = folder.join("tokenizer.json");
    let name = whole.display().to_string();
    if whole.exists() || !folder.join("vocab.json").exists() {
        let inner = Inner::from_bytes(read(&whole)?).map_err(|error| wrong(&whole, error))?;
        return Ok((inner, name));
    }
    let path = folder.join("vocab.json");
    Ok((parts(folder)?, path.display().to_string()))
}

/// What `tokenizer_config.json` says that matters.
#[derive(Default, Deserialize)]
struct Config {
    tokenizer_class: Option<String>,
    #[serde(default)]
    added_tokens_decoder: BTreeMap<String, Added>,
}

#[derive(Deserialize)]
struct Added {
    content: String,
    #[serde(default)]
    special: bool,
}

/// From `vocab.json`, `merges.txt` and what lies beside them.
fn parts(folder: &Path) -> Result<Inner, TokenizerError> {
    let optional = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
    let config_path = folder.join("tokenizer_config.json");
    let config: Config = optional("tokenizer_config.json").map(|path| json(&path)).transpose()?.unwrap_or_default();
    let split = match config.tokenizer_class.as_deref() {
        // the authors' folders of InternVL; older ones do not say it
        None | Some("Qwen2Tokenizer" | "Qwen2TokenizerFast") => Split::Qwen2,
        Some("GPT2Tokenizer" | "GPT2TokenizerFast") => Split::Gpt2,
        Some(other) => {
            return Err(wrong(
                &config_path,
                format!("tokenizer_class {other} needs a tokenizer.json, which is not here"),
            ));
        }
    };
    let vocabulary_path = folder.join("vocab.json");
    let mut vocabulary: HashMap<String, u32> = json(&vocabulary_path)?;
    let mut added: BTreeMap<u32, AddedToken> = BTreeMap::new();
    if let Some(path) = optional("added_tokens.json") {
        let listed: HashMap<String, u32> = json(&path)?;
        added.extend(listed.into_iter().map(|(content, id)| (id, AddedToken::from(content, true))));
    }
    for (id, token) in config.added_tokens_decoder {
        let id = id.parse().map_err(|_| wrong(&config_path, format!("added_tokens_decoder: `{id}` is no id")))?;
        added.insert(id, AddedToken::from(token.content, token.special));
    }
    let merges_path = folder.join("merges.txt");
    let merges = merges(&read(&merges_path)?).map_err(|problem| wrong(&merges_path, problem))?;
    for (&id, token) in &added {
        if let Some(other) = vocabulary.insert(token.content.clone(), id)
            && other != id
        {
            let problem = format!("token {} has id {other} here and {id} among the added ones", token.content);
            return Err(wrong(&vocabulary_path, problem));
        }
    }
    model(vocabulary, merges, false)
        .map(|model| split.tokenizer(model, &added.into_values().collect::<Vec<_>>()))
        .map_err(|problem| wrong(&merges_path, problem))
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

fn read(path: &Path) -> Result<Vec<u8>, TokenizerError> {
    std::fs::read(path).map_err(|cause| TokenizerError::Read { path: path.display().to_string(), cause })
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, TokenizerError> {
    serde_json::from_slice(&read(path)?).map_err(|error| wrong(path, error))
}

fn wrong(path: &Path, problem: impl ToString) -> TokenizerError {
    TokenizerError::Format { path: path.display().to_string(), problem: problem.to_string() }
}
