//! `words --encoder DIR --out DIR`: a table of word vectors for models that are aligned with words.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use draction::cli::{finish, warn};
use skeletonllm::folder::shipped;
use skeletonllm_network::{
    device::{self, DeviceChoice},
    sentence::SentenceEncoder,
};
use skeletonllm_train::words::{WordsOptions, learn, read};

/// Learn a table of word vectors from a sentence encoder and a list of actions, for the setting `words` of `train`.
///
/// The sum of a phrase's words lies where the encoder has the phrase, and near what a body does in it; actions of the
/// list have vectors of their own. The table takes a megabyte, and needs no encoder any more.
#[derive(Parser)]
#[command(
    name = "words",
    version,
    after_help = "Example:\n  words --encoder all-MiniLM-L6-v2 --out runs/words\n  \
        train --config recipe.json --data data/* --out runs/nano    # with \"words\": \"runs/words\" in recipe.json"
)]
struct Args {
    /// Sentence encoder: a directory with config.json, tokenizer.json and model.safetensors.
    #[arg(long, value_name = "DIR")]
    encoder: PathBuf,
    /// Where words.txt and words.safetensors are written.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folder of actions.txt and phrases.json [default: assets/words]
    #[arg(long, value_name = "DIR")]
    lists: Option<PathBuf>,
    /// Words beside those of the lists, the first ones of the encoder's vocabulary.
    #[arg(long, default_value_t = WordsOptions::default().vocabulary)]
    vocabulary: usize,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to compute: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

fn main() -> ExitCode {
    finish("words", run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let lists = match &args.lists {
        Some(folder) => folder.clone(),
        None => {
            let file = shipped("assets/words/actions.txt").context("no list of actions found: name it with --lists")?;
            file.parent().expect("a file lies in a folder").to_owned()
        }
    };
    let (actions, phrases) = read(&lists).with_context(|| lists.display().to_string())?;
    let encoder = SentenceEncoder::load(&args.encoder, &device::select(args.device)?.device)?;
    let options = WordsOptions { vocabulary: args.vocabulary, seed: args.seed, ..WordsOptions::default() };
    let learned = learn(&encoder, &actions, &phrases, options, |what| warn(format_args!("words: {what}")))?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("cannot create {}", args.out.display()))?;
    learned.words.write(&args.out)?;
    warn(format_args!(
        "words: {} entries in {}; phrases that were kept back lie where they should up to a cosine of {:.3}",
        learned.words.len(),
        args.out.display(),
        learned.kept_back
    ));
    Ok(())
}
