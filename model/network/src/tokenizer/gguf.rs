//! The tokenizer that a GGUF file carries among its settings.

use std::{collections::HashMap, path::Path};

use tokenizers::{AddedToken, Tokenizer as Inner};

use super::{
    TokenizerError,
    folder::{model, pair},
    split::Split,
};
use crate::gguf::{Gguf, Problem, Settings};
use crate::read_at::OnDisk;

/// Kinds of tokens, as the format numbers them.
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;

/// The tokenizer, and the file that names it in errors.
pub(super) fn open(path: &Path) -> Result<(Inner, String), TokenizerError> {
    let name = path.display().to_string();
    let disk = OnDisk::open(path).map_err(|cause| TokenizerError::Read { path: name.clone(), cause })?;
    let file = Gguf::read(&disk).map_err(|problem| TokenizerError::Format { path: name.clone(), problem })?;
    Ok((of(&file, &name)?, name))
}

/// The tokenizer of a file that was read; `origin` names it in errors.
pub(super) fn of(file: &Gguf, origin: &str) -> Result<Inner, TokenizerError> {
    tokenizer(&file.settings).map_err(|problem| TokenizerError::Format { path: origin.to_owned(), problem })
}

fn tokenizer(settings: &Settings) -> Result<Inner, Problem> {
    let missing = |name: &str| format!("no setting `tokenizer.ggml.{name}`");
    let kind = settings.text("tokenizer.ggml.model")?.ok_or_else(|| missing("model"))?;
    if kind != "gpt2" {
        return Err(format!("setting `tokenizer.ggml.model` = {kind}: only `gpt2`, a byte-level BPE, is supported"));
    }
    let split = match settings.text("tokenizer.ggml.pre")?.unwrap_or("default") {
        "default" => Split::Unnamed,
        "gpt-2" | "phi-2" => Split::Gpt2,
        "smollm" | "starcoder" | "refact" | "command-r" => Split::Digits,
        "qwen2" | "deepseek-r1-qwen" => Split::Qwen2,
        "llama-bpe" | "llama3" | "llama-v3" => Split::Llama3,
        other => return Err(format!("setting `tokenizer.ggml.pre` = {other} is not supported")),
    };
    let tokens = settings.texts("tokenizer.ggml.tokens")?.ok_or_else(|| missing("tokens"))?;
    let merges = settings.texts("tokenizer.ggml.merges")?.ok_or_else(|| missing("merges"))?;
    let kinds = settings.integers("tokenizer.ggml.token_type")?.unwrap_or(&[]);
    if !kinds.is_empty() && kinds.len() != tokens.len() {
        return Err(format!("{} tokens, but {} kinds of tokens", tokens.len(), kinds.len()));
    }
    let mut vocabulary = HashMap::with_capacity(tokens.len());
    for (id, token) in tokens.iter().enumerate() {
        vocabulary.entry(token.clone()).or_insert(id as u32);
    }
    let added = tokens.iter().zip(kinds).filter_map(|(token, kind)| match *kind {
        CONTROL => Some(AddedToken::from(token.clone(), true)),
        USER_DEFINED => Some(AddedToken::from(token.clone(), false)),
        _ => None,
    });
    let added: Vec<AddedToken> = added.collect();
    let pairs = merges.iter().map(|line| pair(line).ok_or_else(|| format!("merge `{line}` is no pair")));
    let model = model(vocabulary, pairs.collect::<Result<_, _>>()?, split == Split::Llama3)?;
    Ok(split.tokenizer(model, &added))
}
