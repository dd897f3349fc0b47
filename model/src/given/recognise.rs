//! Whether files are those of a model, by their names alone: reading gigabytes to find that out would take too long.

use std::collections::BTreeSet;

use skeletonllm_network::arriving::Listed;

use super::{
    Given,
    names::{INDEX, WHOLE, is_gguf, is_weights, shard},
};

/// What some files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No model is among them.
    Nothing,
    /// Files of a model that cannot be read, and why, as a sentence.
    Refused(String),
    /// A model.
    Model {
        /// Its name and files.
        given: Given,
        /// Which of the files they are, in the order of `given.files`.
        places: Vec<usize>,
        /// The files that are none of the model's and may be something else.
        others: Vec<usize>,
    },
}

/// A model in no folder.
const NAMELESS: &str = "your model";

/// What lies in a model's folder and is not read.
const BESIDE: [&str; 6] = [".json", ".md", ".txt", ".jinja", ".gitattributes", ".model"];

/// Finds the model among files whose names may have folders before them. Of several folders the outermost one with a
/// `config.json` is meant.
#[must_use]
pub fn recognise(files: &[Listed]) -> Found {
    let split: Vec<(&str, &str)> = files.iter().map(|file| parts(&file.name)).collect();
    let Some(folder) = folder(&split) else { return Found::Nothing };
    let here = |name: &str| split.iter().position(|&(place, other)| place == folder && other == name);
    let inside: Vec<usize> = (0..files.len()).filter(|&i| split[i].0 == folder).collect();
    let ggufs: Vec<usize> = inside.iter().copied().filter(|&i| is_gguf(split[i].1)).collect();
    let mut wanted: Vec<usize> = WHOLE.iter().filter_map(|name| here(name)).collect();
    let called;
    if here("config.json").is_none() && !ggufs.is_empty() {
        let [one] = ggufs[..] else {
            return Found::Refused(format!("{} GGUF files at once; give the one that is meant", ggufs.len()));
        };
        wanted = vec![one];
        called = split[one].1[..split[one].1.len() - ".gguf".len()].to_owned();
    } else {
        called = name_of(folder).to_owned();
        let weights: Vec<usize> = inside.iter().copied().filter(|&i| is_weights(split[i].1)).collect();
        let names: Vec<&str> = inside.iter().map(|&i| split[i].1).collect();
        if let Some(problem) = refused(&names, weights.len()) {
            return Found::Refused(format!("{called}: {problem}"));
        }
        wanted.extend(weights);
    }
    let listed = |&i: &usize| Listed { name: split[i].1.to_owned(), bytes: files[i].bytes };
    let given = Given { name: called, files: wanted.iter().map(listed).collect() };
    let below =
        |place: &str| place.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']));
    let beside = |i: &usize| wanted.contains(i) || (folder.is_empty() || below(split[*i].0)) && is_beside(split[*i].1);
    let others = (0..files.len()).filter(|i| !beside(i)).collect();
    Found::Model { given, places: wanted, others }
}

/// What a model is called by its folder. Files that lie in none are called as everybody's are.
fn name_of(folder: &str) -> &str {
    let mut parts = folder.rsplit(['/', '\\']).filter(|part| !part.is_empty());
    let Some(name) = parts.next() else { return NAMELESS };
    // a hub's cache: models--WHOSE--NAME/snapshots/HASH
    let mut cached = || {
        let whose = parts.next().filter(|&part| part == "snapshots").and(parts.next())?;
        Some(whose.strip_prefix("models--")?.rsplit("--").next()?).filter(|name| !name.is_empty())
    };
    cached().unwrap_or(name)
}

/// Folder and name.
fn parts(path: &str) -> (&str, &str) {
    path.rfind(['/', '\\']).map_or(("", path), |at| (&path[..at], &path[at + 1..]))
}

/// The folder that a model is in; `None` where nothing is a model's. One with a description and weights comes first, then
/// one with weights. A description alone may be anything: among motions it is not taken for a model's.
fn folder<'a>(files: &[(&'a str, &'a str)]) -> Option<&'a str> {
    // every name is looked at a few times, however many lie in a folder
    let folders_with = |wanted: fn(&str) -> bool| -> BTreeSet<&'a str> {
        files.iter().filter(|(_, name)| wanted(name)).map(|&(folder, _)| folder).collect()
    };
    let outermost = |folders: BTreeSet<&'a str>| {
        folders.into_iter().min_by_key(|folder| (folder.matches(['/', '\\']).count(), folder.len()))
    };
    let described = folders_with(|name| name == "config.json" || name == "tokenizer.json");
    let heavy = folders_with(|name| is_gguf(name) || is_weights(name));
    let broken = folders_with(|name| name == INDEX || name == "adapter_config.json" || is_pickle(name));
    let alone = files.iter().all(|(_, name)| is_model(name) || is_beside(name));
    outermost(&described & &heavy)
        .or_else(|| outermost(heavy))
        .or_else(|| outermost(broken))
        .or_else(|| outermost(described).filter(|_| alone))
}

/// What speaks against a folder of these names, as words after its name.
fn refused(names: &[&str], weights: usize) -> Option<String> {
    let has = |name: &str| names.contains(&name);
    if has("adapter_config.json") {
        let which = if weights == 0 { "without" } else { "beside" };
        return Some(format!("an adapter {which} its base; merge them first, and give the folder that comes of it"));
    }
    if let Some(pickle) = names.iter().find(|name| is_pickle(name)).filter(|_| weights == 0) {
        return Some(format!(
            "{pickle} is a Python pickle, which can run any code and is not read; save the model as safetensors"
        ));
    }
    let mut missing: Vec<String> = Vec::new();
    if !has("config.json") {
        missing.push("config.json".into());
    }
    let tokenizer = has("tokenizer.json") || has("vocab.json") && has("merges.txt");
    if !tokenizer {
        missing.push(match has("vocab.json") {
            true => "merges.txt".into(),
            false => "tokenizer.json (or vocab.json and merges.txt)".into(),
        });
    }
    if !has("model.safetensors") {
        let shards: Vec<(usize, usize)> = names.iter().filter_map(|name| shard(name)).collect();
        match shards.iter().map(|(_, of)| *of).max() {
            None => missing.push("model.safetensors".into()),
            Some(of) => {
                if !has(INDEX) {
                    missing.push(INDEX.into());
                }
                let there = |number: &usize| shards.iter().any(|(n, _)| n == number);
                let shard = |number: usize| format!("model-{number:05}-of-{of:05}.safetensors");
                missing.extend((1..=of).filter(|number| !there(number)).map(shard));
            }
        }
    }
    (!missing.is_empty()).then(|| format!("{} missing; give all files of the model at once", listed(&missing)))
}

/// Some names as words: all of few, the first of many.
pub(super) fn listed(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(SHOWN);
    let verb = if names.len() == 1 { "is" } else { "are" };
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more} {verb}", shown.join(", "))
}

fn is_pickle(name: &str) -> bool {
    name.ends_with(".bin") && (name.starts_with("pytorch_model") || name.starts_with("adapter_model"))
}

fn is_model(name: &str) -> bool {
    is_gguf(name) || is_weights(name) || is_pickle(name) || WHOLE.contains(&name)
}

fn is_beside(name: &str) -> bool {
    BESIDE.iter().any(|ending| name.to_lowercase().ends_with(ending))
}
