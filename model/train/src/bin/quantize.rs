//! `quantize DIR --to int4 --out DIR`: a model in fewer bits.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use draction::cli::{finish, say};
use skeletonllm::{assistant::Assistant, cli::bar, folder::shrink};
use skeletonllm_data::{DataSet, Split};
use skeletonllm_network::{
    checkpoint::{Bits, Opened, is_text_model},
    device::{self, DeviceChoice},
    text_model::Perplexity,
    tokenizer::Tokenizer,
};
use skeletonllm_train::evaluate::{Scores, evaluate};

/// Write a model with its matrices in eight or four bits.
///
/// Any model is taken that the other programs take: a directory of ours, InternVL in either layout, with an adapter, a
/// language model alone, a GGUF file. Only one tensor at a time is in memory. With --data or --text the new model is
/// judged beside the old one.
#[derive(Parser)]
#[command(
    name = "quantize",
    version,
    after_help = "Examples:\n  \
        quantize runs/a/model --to int8 --out runs/a/int8 --data data/utd-mhad\n  \
        quantize InternVL3-1B --to int4 --out InternVL3-1B-int4\n  \
        quantize models/smollm2-135m --to int4 --out smollm2-int4 --text README.md"
)]
struct Args {
    /// The model: a directory, or a GGUF file.
    #[arg(value_name = "DIR or FILE")]
    model: PathBuf,
    /// Bits of the matrices: int8 (and a scale a row), int4 (blocks of 32, with an offset where it helps; the table of
    /// words and the output head get eight bits)
    #[arg(long, value_enum)]
    to: To,
    /// Where the language model lies that a model was trained on top of, if no longer where it was.
    #[arg(long, value_name = "DIR or FILE")]
    base: Option<PathBuf>,
    /// Where to write the new model.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folders of labelled motions: how often either model names their validation clips.
    #[arg(long, num_args = 1.., value_name = "DIR", conflicts_with = "text")]
    data: Vec<PathBuf>,
    /// A text: how well either language model foresees it.
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// Where to judge: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

#[derive(Clone, Copy, ValueEnum)]
enum To {
    Int8,
    Int4,
}

fn main() -> ExitCode {
    finish("quantize", run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let alone = is_text_model(&args.model);
    if alone && !args.data.is_empty() {
        bail!("{}: a language model alone sees no motions; judge it with --text", args.model.display());
    }
    if !alone && args.text.is_some() {
        bail!("{}: no language model alone; judge it with --data", args.model.display());
    }
    let bits = match args.to {
        To::Int8 => Bits::Eight,
        To::Int4 => Bits::Four,
    };
    let writing = bar("writing", 0);
    let mut all = None;
    let sizes = shrink(&args.model, args.base.as_deref(), bits, &args.out, |numbers| match all {
        None => {
            writing.set_length(numbers);
            all = Some(numbers);
        }
        Some(_) => writing.inc(numbers),
    })?;
    writing.finish_and_clear();
    let after = sizes.after;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    say(format_args!(
        "{}: {:.1} million numbers, {:.1} → {:.1} MB ({:.2} bits a number); matrices are off by {:.2} %",
        args.out.display(),
        after.parameters as f64 / 1e6,
        megabytes(sizes.before),
        megabytes(after.bytes),
        after.bytes as f64 * 8.0 / after.parameters.max(1) as f64,
        after.error() * 100.0
    ))?;
    if !args.data.is_empty() {
        let sets = args.data.iter().map(|folder| Ok(DataSet::load(folder, Split::Val)?)).collect::<Result<Vec<_>>>()?;
        let judge = |model, base| judge(model, base, &sets, args.device);
        let [before, after] = [judge(&args.model, args.base.as_deref())?, judge(&args.out, None)?];
        let percent = |scores: &Scores| scores.top1_all * 100.0;
        say(format_args!("named right, all labels: {:.2} → {:.2} %", percent(&before), percent(&after)))?;
    }
    if let Some(path) = &args.text {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let [before, after] = [foresee(&args.model, &text, args.device)?, foresee(&args.out, &text, args.device)?];
        let (before, after, tokens) = (before.value, after.value, before.tokens);
        let more = (after / before - 1.0) * 100.0;
        say(format_args!("perplexity over {tokens} tokens: {before:.3} → {after:.3} ({more:+.2} %)"))?;
    }
    Ok(())
}

fn judge(model: &Path, base: Option<&Path>, sets: &[DataSet], device: DeviceChoice) -> Result<Scores> {
    let assistant = Assistant::load_on(model, base, device)?;
    let judging = bar("judging", sets.iter().map(|set| set.clips.len()).sum());
    let scores = evaluate(&assistant, sets, 16, None, |clips| judging.inc(clips as u64));
    judging.finish_and_clear();
    scores
}

fn foresee(model: &Path, text: &str, device: DeviceChoice) -> Result<Perplexity> {
    let opened = Opened::text_model(model)?;
    let tokenizer = Tokenizer::of_text_model(&opened.tokenizer_place())?;
    let model = opened.read(&device::select(device)?.device)?;
    Ok(model.perplexity(&tokenizer.encode(text))?)
}
