//! `search DIR… "somebody kicks to the side"`: which takes show it, and where.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::AtomicBool,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use draction::{
    cli::{finish, print, say, warn},
    motion::{Format, ReadOptions, read_file},
};
use serde::Serialize;
use skeletonllm::{
    cli::{bar, stop_flag},
    search::{Changes, Index, update, windows},
    sugar::{Sugar, checksum},
    takes,
};
use skeletonllm_network::device::DeviceChoice;

/// Find motions by what is done in them.
///
/// The words are read by a sentence encoder, and a graph network puts every motion where sentences about it lie (a model of
/// `train --system sugar`); the nearest come first. Long takes are found by their windows of three seconds. Nothing leaves
/// this machine.
#[derive(Parser)]
#[command(
    name = "search",
    version,
    after_help = format!(
        "Formats: {}\n\nExamples:\n  \
        search --model runs/sugar/model takes \"somebody kicks to the side\"\n  \
        search --model runs/sugar/model --index takes.index takes \"wave\"   # brings the index up to date first\n  \
        search --model runs/sugar/model --index takes.index \"sit down\"     # at once: all that is in the index\n  \
        search --model runs/sugar/model --index takes.index --like kick_07.bvh --top 20 --json\n  \
        search --model runs/sugar/model --index a.index --only-index takes/a\n  \
        search --merge a.index b.index --out all.index",
        Format::listed()
    )
)]
struct Args {
    /// Folders and files to search, and last of all what is looked for, in words.
    #[arg(value_name = "DIR… \"WORDS\"")]
    words: Vec<String>,
    /// Look for what is like this motion, instead of words.
    #[arg(long, value_name = "FILE", conflicts_with = "only_index")]
    like: Option<PathBuf>,
    /// Model directory of SUGAR.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where its sentence encoder lies, if no longer where the model was trained.
    #[arg(long, value_name = "DIR")]
    text: Option<PathBuf>,
    /// Keep what was found out about the files here. Where DIRs are named, what is new or has changed below them is added,
    /// what is gone is taken out, and they are searched; otherwise all of it is searched at once.
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    /// Only bring the index up to date; search nothing.
    #[arg(long, requires = "index")]
    only_index: bool,
    /// Put indexes of one model together and write the result to --out. Of a file that stands in several, what was changed
    /// last counts.
    #[arg(long, num_args = 1.., value_name = "INDEX", requires = "out", conflicts_with_all = ["words", "like", "index"])]
    merge: Vec<PathBuf>,
    /// Where merged indexes go.
    #[arg(long, value_name = "FILE", requires = "merge")]
    out: Option<PathBuf>,
    /// How many are shown.
    #[arg(long, default_value_t = 10, value_name = "N")]
    top: usize,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Where to compute: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.out {
        Some(out) => merge(&args.merge, out),
        None => search(&args),
    };
    finish("search", done)
}

fn merge(parts: &[PathBuf], out: &Path) -> Result<()> {
    let read = parts.iter().map(|path| Ok((path.as_path(), Index::read(path)?))).collect::<Result<Vec<_>>>()?;
    let (all, merged) = Index::merge(&read)?;
    all.write(out)?;
    let twice = if merged.twice > 0 { format!("; {} stood in several", merged.twice) } else { String::new() };
    warn(format_args!("{}: {} files, {} windows{twice}", out.display(), merged.files, all.rows().len()));
    Ok(())
}

fn search(args: &Args) -> Result<()> {
    let (folders, words) = split(args)?;
    let folder = args
        .model
        .as_deref()
        .context("which model? --model names the directory of one of SUGAR, as `train --system sugar` makes it")?;
    let sugar = Sugar::load(folder, args.text.as_deref(), args.device)?;
    let model = checksum(folder)?;
    // whatever is wrong with the question is told before the files are read
    let question = match (&args.like, words) {
        _ if args.only_index => None,
        (Some(file), _) => Some(example(&sugar, file)?),
        (None, Some(words)) => Some(sugar.read_texts(&[words])?.remove(0)),
        (None, None) => bail!("what to look for? name it in words, or a file with --like"),
    };
    let mut index = match &args.index {
        Some(path) if path.exists() => {
            let index = Index::read(path)?;
            let own = index.model == model && index.width == sugar.width();
            ensure!(own, "{} is an index of another model: remove it, or name another file", path.display());
            index
        }
        Some(path) if folders.is_empty() => {
            bail!("{} is not there yet: name the folders that it is of", path.display())
        }
        _ => Index::new(model, sugar.width()),
    };
    // one file is one entry, whichever way leads to it
    let real = |folder: &PathBuf| folder.canonicalize().with_context(|| folder.display().to_string());
    let roots = folders.iter().map(real).collect::<Result<Vec<_>>>()?;
    if !roots.is_empty() {
        let changes = bring_up_to_date(args, &mut index, &sugar, &roots)?;
        if changes.stopped {
            warn("search: stopped; the same command goes on with the index");
            return Ok(());
        }
    }
    let Some(question) = question else { return Ok(()) };
    let below = |file: u32| {
        let path = Path::new(&index.files()[file as usize].path);
        roots.is_empty() || roots.iter().any(|root| path.starts_with(root))
    };
    show(args, &index, &question, words, below)
}

/// The folders, and what is looked for.
fn split(args: &Args) -> Result<(Vec<PathBuf>, Option<&str>)> {
    let paths = |words: &[String]| words.iter().map(PathBuf::from).collect::<Vec<_>>();
    let (folders, words) = match args.words.split_last() {
        Some((last, before)) if args.like.is_none() && !args.only_index => {
            ensure!(!last.trim().is_empty(), "what to look for? the words are empty");
            ensure!(
                args.index.is_some() || !before.is_empty() || !Path::new(last).exists(),
                "what to look for in {last}? the words come last"
            );
            (paths(before), Some(last.as_str()))
        }
        _ => (paths(&args.words), None),
    };
    ensure!(
        !folders.is_empty() || args.index.is_some(),
        "where to search? name folders before the words, or an index with --index"
    );
    if let Some(missing) = folders.iter().find(|folder| !folder.exists()) {
        bail!("{} is not there", missing.display());
    }
    Ok((folders, words))
}

/// Where a motion lies; of a long one the middle of its windows.
fn example(sugar: &Sugar, file: &Path) -> Result<Vec<f32>> {
    let motion = read_file(file, &ReadOptions::default())?;
    let name = || file.display().to_string();
    let poses: Vec<_> = windows(sugar, &motion).with_context(name)?.into_iter().map(|window| window.poses).collect();
    let mut sum = vec![0.0; sugar.width()];
    for poses in poses.chunks(16) {
        for vector in sugar.embed_shown(poses) {
            sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
        }
    }
    Ok(skeletonllm::sugar::unit(sum))
}

/// Adds what is new below the folders.
fn bring_up_to_date(args: &Args, index: &mut Index, sugar: &Sugar, roots: &[PathBuf]) -> Result<Changes> {
    let mut files = Vec::new();
    for take in takes::of(roots.to_vec()) {
        match take {
            Ok(path) => files.push(path),
            Err(error) => warn(format_args!("search: {error}")),
        }
    }
    // without an index nothing is kept, and Ctrl-C ends it as it ends any program
    let never = AtomicBool::new(false);
    let flag = args.index.as_ref().map(|_| stop_flag("saving the index")).transpose()?;
    let stop = flag.as_deref().unwrap_or(&never);
    let save = |index: &Index| args.index.as_deref().map_or(Ok(()), |path| Ok(index.write(path)?));
    let bar = bar("looking at takes", files.len());
    let changes = update(index, sugar, files, roots, stop, save, |failed| {
        if let Some((path, why)) = failed {
            let path = path.display().to_string();
            let why = if why.contains(&path) { why.to_owned() } else { format!("{path}: {why}") };
            bar.suspend(|| warn(format_args!("search: {why}")));
        }
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    let Changes { added, changed, same, gone, failed, .. } = &changes;
    if let Some(path) = &args.index {
        let told = format!("{added} added, {changed} changed, {same} as before, {gone} gone");
        warn(format_args!("search: {}: {told}, {} cannot be used", path.display(), failed.len()));
    }
    ensure!(!index.files().is_empty(), "no motion that can be used is there");
    Ok(changes)
}

/// A window that was found, for people and scripts.
#[derive(Serialize)]
struct Shown<'a> {
    file: &'a str,
    start_seconds: f32,
    end_seconds: f32,
    score: f32,
}

fn show(
    args: &Args,
    index: &Index,
    question: &[f32],
    words: Option<&str>,
    wanted: impl Fn(u32) -> bool + Sync,
) -> Result<()> {
    let shown = |hit: &skeletonllm::search::Hit| {
        let row = index.rows()[hit.row];
        let file = index.files()[row.file as usize].path.as_str();
        Shown { file, start_seconds: row.start, end_seconds: row.end, score: hit.score }
    };
    let hits = index.search(question, args.top, wanted);
    let hits: Vec<Shown<'_>> = hits.iter().map(shown).collect();
    if args.json {
        let like = args.like.as_ref().map(|path| path.display().to_string());
        let object = serde_json::json!({
            "words": words, "like": like, "hits": hits, "files": index.files().len(), "windows": index.rows().len(),
        });
        return Ok(say(format_args!("{object:#}"))?);
    }
    let here = std::env::current_dir().unwrap_or_default();
    for Shown { file, start_seconds, end_seconds, score } in &hits {
        let near = Path::new(file).strip_prefix(&here).unwrap_or(Path::new(file)).display();
        print(format_args!("{score:>6.3}  {start_seconds:>7.1}–{end_seconds:<7.1} s  {near}\n"))?;
    }
    if hits.is_empty() {
        warn("search: nothing to show");
    }
    Ok(())
}
