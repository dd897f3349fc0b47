//! `label DIR|LIST|- --jsonl OUT`: what is done in any number of takes.

// whether a model may be shared between threads is asked type by type, down to the syntax tree of the GPU's shaders
#![recursion_limit = "256"]

use std::{
    io::BufReader,
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use draction::{
    cli::{Reading, finish, warn},
    motion::{Format, Motion},
};
use skeletonllm::{
    beside::Beside,
    cli::{bar, stop_flag},
    flow::Flow,
    folder::default_model,
    guard::guarded,
    labeller::{Labelled, Labeller, Wanted},
    launched::launched,
    takes::{self, NotListed, Takes},
};
use skeletonllm_network::device::DeviceChoice;

mod journal;

use journal::{Journal, Line};

/// Label any number of motion files, a line of JSON each.
///
/// Reading, drawing and looking go on at the same time, on all cores and on a GPU where there is one; memory does not grow
/// with the number of files. A file that cannot be used gets a line with its error, and the work goes on. Lines come as
/// files are done, not in order. Run the same command again after it was stopped, and it does what is missing.
#[derive(Parser)]
#[command(
    name = "label",
    version,
    after_help = format!(
        "Each line: {{\"file\": …, \"label\": …, \"confidence\": 0..1, \"caption\": …, \"seconds\": …}}, of takes of ten \
         seconds and more with \"spans\" of what is done when, or {{\"file\": …, \"error\": …}}.\n\nFormats: {}\n\n\
        Examples:\n  \
        label takes --jsonl labels.jsonl\n  \
        label list.txt --jsonl labels.jsonl --model runs/graph/model     # list.txt: a path a line\n  \
        find takes -name '*.bvh' | label - > labels.jsonl\n  \
        label takes --labels yours.txt --model runs/sugar/model --jsonl labels.jsonl\n  \
        label takes --shard 2/8 --jsonl labels.2.jsonl                    # the second of eight machines\n  \
        mpirun -n 8 label takes --jsonl labels.jsonl                      # or srun; labels.1.jsonl to labels.8.jsonl\n  \
        find takes -name '*.bvh' | parallel --pipe -N1000 label - > labels.jsonl",
        Format::listed()
    )
)]
struct Args {
    /// Folders of motions, motion files, lists with a path a line, or - for a list from standard input.
    #[arg(required = true, value_name = "DIR|LIST|-")]
    takes: Vec<PathBuf>,
    /// Where lines are added; files that stand there already are left out [default: standard output]
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
    /// Try files that have a line with an error once more.
    #[arg(long, requires = "jsonl")]
    retry: bool,
    /// Model directory, of SkeletonLLM, of graph networks or of SUGAR [default: the shipped nano model]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Choose among these labels, one a line, instead of those that the model was taught.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Where SUGAR's sentence encoder lies, if no longer where the model was trained.
    #[arg(long, value_name = "DIR", requires = "model")]
    text: Option<PathBuf>,
    /// Where the language model lies that a model was trained on top of, if no longer where it was.
    #[arg(long, value_name = "DIR or FILE", requires = "model", conflicts_with = "text")]
    base: Option<PathBuf>,
    /// Only every n-th file from the i-th on: several processes share one list. Processes that mpirun or srun started do
    /// so by themselves, each with a file of its own beside that of --jsonl.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Add a vector to each line; takes that are alike have vectors with a large scalar product.
    #[arg(long)]
    embedding: bool,
    /// Leave captions out: faster.
    #[arg(long)]
    no_caption: bool,
    /// Takes that are looked at together.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "N")]
    batch: u16,
    /// Where to compute: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Draw no progress bar.
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    reading: Reading,
}

/// Which part of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    number: usize,
    of: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((number, of)) if 1 <= number && number <= of => Ok(Shard { number, of }),
            _ => Err(format!("'{text}' is none of 1/8, 2/8, … 8/8")),
        }
    }
}

fn main() -> ExitCode {
    let mut args = Args::parse();
    finish("label", shared(&mut args).and_then(|beside| run(&args, &beside)))
}

/// Takes this process's share of the list, and a file of its own for its lines, where a launcher started several. The files
/// of the others, as they are now.
fn shared(args: &mut Args) -> Result<Vec<PathBuf>> {
    let Some(own) = launched()?.filter(|_| args.shard.is_none()) else { return Ok(Vec::new()) };
    let jsonl = args.jsonl.take().context("lines of several processes would mix: name a file with --jsonl")?;
    ensure!(
        args.takes.iter().all(|path| path.as_os_str() != "-"),
        "standard input reaches one of several processes only: name a file with the list"
    );
    args.shard = Some(Shard { number: own.rank + 1, of: own.size });
    // bars of several processes would draw over each other
    args.quiet |= own.rank > 0;
    let numbered = journal::numbered(&jsonl, own.rank + 1);
    let beside = journal::beside(&jsonl).context(jsonl.display().to_string())?;
    args.jsonl = Some(numbered.clone());
    Ok(beside.into_iter().filter(|path| *path != numbered).collect())
}

fn run(args: &Args, beside: &[PathBuf]) -> Result<()> {
    let folder = args.model.clone().map_or_else(default_model, Ok)?;
    let needed = Beside { text: args.text.as_deref(), base: args.base.as_deref() };
    let mut labeller = Labeller::load(&folder, needed, args.device)?;
    if let Some(path) = &args.labels {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let labels: Vec<String> = text.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect();
        labeller = labeller.choosing(&labels).with_context(|| path.display().to_string())?;
    }
    let wanted = Wanted { captions: !args.no_caption, embeddings: args.embedding };
    labeller.can(wanted)?;
    let mut journal = match &args.jsonl {
        Some(path) => Journal::open(path, beside, args.retry)?,
        None => Journal::standard_output(),
    };
    let takes = source(args)?;
    let stop = stop_flag("stopping when what is under way is done")?;
    if !args.quiet {
        warn(format_args!("label: {} on {}", folder.display(), labeller.device_name()));
        if wanted.captions && !labeller.speaks() {
            warn(format_args!("label: {} says labels and no sentences: captions are left out", folder.display()));
        }
    }
    let outcome = stream(args, &labeller, wanted, takes, &mut journal, &stop);
    outcome.with_context(|| args.jsonl.as_ref().map_or("standard output".into(), |path| path.display().to_string()))
}

/// All files that are asked for, of this shard.
fn source(args: &Args) -> Result<Takes> {
    let mut sources: Vec<Takes> = Vec::new();
    let lists = args.takes.iter().filter(|path| path.as_os_str() == "-").count();
    ensure!(lists < 2, "standard input can be read once");
    for path in &args.takes {
        if path.as_os_str() == "-" {
            sources.push(takes::listed(BufReader::new(std::io::stdin()), "standard input".into()));
        } else if path.is_dir() {
            sources.push(takes::of(vec![path.clone()]));
        } else if takes::is_list(path).with_context(|| format!("cannot read {}", path.display()))? {
            let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            sources.push(takes::listed(BufReader::new(file), path.clone()));
        } else {
            sources.push(takes::of(vec![path.clone()]));
        }
    }
    let all = sources.into_iter().flatten();
    Ok(match args.shard {
        None => Box::new(all),
        Some(Shard { number, of }) => Box::new(all.skip(number - 1).step_by(of)),
    })
}

/// A file that was read, or why it was not.
struct Read {
    file: String,
    motion: Result<Motion, String>,
}

/// What becomes of it.
type Said = (String, Result<Labelled, String>);

fn stream(
    args: &Args,
    labeller: &Labeller,
    wanted: Wanted,
    takes: Takes,
    journal: &mut Journal,
    stop: &AtomicBool,
) -> Result<()> {
    let done = journal.done();
    let bar = if args.quiet { indicatif::ProgressBar::hidden() } else { bar("labelling", 0) };
    let (mut failed, mut labelled, mut outcome) = (0_usize, 0_usize, Ok(()));
    // what is done already is passed over where the list is read, and told apart by name
    let skipped = std::sync::atomic::AtomicUsize::new(0);
    let open = takes.filter(|take| {
        let known = take.as_ref().is_ok_and(|path| done.holds(&path.to_string_lossy()));
        skipped.fetch_add(usize::from(known), Ordering::Relaxed);
        !known
    });
    let read = |take: Result<PathBuf, NotListed>| match take {
        Ok(path) => {
            let motion = guarded(|| Ok(args.reading.open(&path)?)).map_err(|error| format!("{error:#}"));
            Read { file: path.to_string_lossy().into_owned(), motion }
        }
        Err(NotListed { path, cause }) => {
            Read { file: path.to_string_lossy().into_owned(), motion: Err(cause.to_string()) }
        }
    };
    let flow = Flow::new(usize::from(args.batch));
    flow.run(
        open,
        read,
        |batch| look(labeller, wanted, batch),
        |(file, said): Said| {
            match &said {
                Ok(_) => labelled += 1,
                Err(_) => failed += 1,
            }
            bar.inc(1);
            match journal.append(&Line { file, said }) {
                Ok(true) => {}
                // whoever reads has seen enough; a list that is still being written must not keep this program
                Ok(false) => std::process::exit(0),
                Err(error) => outcome = Err(error),
            }
            match stop.load(Ordering::Relaxed) || outcome.is_err() {
                true => std::ops::ControlFlow::Break(()),
                false => std::ops::ControlFlow::Continue(()),
            }
        },
    );
    bar.finish_and_clear();
    outcome?;
    let skipped = skipped.into_inner();
    // with fewer files than processes the last ones have nothing to do
    let has_some = args.shard.is_none_or(|shard| shard.number == 1);
    if has_some && labelled + failed + skipped == 0 && !stop.load(Ordering::Relaxed) {
        bail!("no motion files were found");
    }
    if !args.quiet {
        let before = if skipped > 0 { format!(", {skipped} were done before") } else { String::new() };
        let stopped = if stop.load(Ordering::Relaxed) { "; run the same command again to go on" } else { "" };
        warn(format_args!("label: {labelled} labelled, {failed} could not be used{before}{stopped}"));
    }
    Ok(())
}

/// Labels a batch; where that fails, each take by itself, so that one spoils no other.
fn look(labeller: &Labeller, wanted: Wanted, batch: Vec<Read>) -> Vec<Said> {
    let motions: Vec<&Motion> = batch.iter().filter_map(|read| read.motion.as_ref().ok()).collect();
    let mut together = match motions.is_empty() {
        true => Some(Vec::new().into_iter()),
        false => guarded(|| labeller.label(&motions, wanted)).ok().map(Vec::into_iter),
    };
    let said = |motion: Result<Motion, String>| {
        let motion = motion?;
        if let Some(labelled) = together.as_mut().and_then(Iterator::next) {
            return Ok(labelled);
        }
        let alone = guarded(|| labeller.label(&[&motion], wanted)).map_err(|error| format!("{error:#}"))?;
        alone.into_iter().next().ok_or_else(|| "the model said nothing".to_owned())
    };
    let mut said = said;
    batch.into_iter().map(|Read { file, motion }| (file, said(motion))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!("2/8".parse(), Ok(Shard { number: 2, of: 8 }));
        for wrong in ["0/8", "9/8", "1/0", "2", "a/b", "1/2/3", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
