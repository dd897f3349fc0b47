//! `evaluate --data DIR…`: how often the model is right.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use skeletonllm::{
    assistant::Assistant,
    data::{DataSet, Family, ProtocolOptions, Split},
    device::DeviceChoice,
    evaluate::{Scores, evaluate},
    folder::default_model,
    plot,
};

/// Judge a model on folders of labelled motions (metadata.jsonl beside the files).
///
/// Recognition ranks candidate labels by the probability that the model gives them as its answer: once among the
/// folder's own labels, once among all labels the model knows. Where the truth of a question follows from the motion
/// or stands in the folder, free answers are judged as well.
#[derive(Parser)]
#[command(
    name = "evaluate",
    version,
    after_help = "Example:\n  evaluate --data data/utd-mhad data/mae-gestures --json scores.json --confusion confusion.png"
)]
struct Args {
    /// Folders with a metadata.jsonl each.
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Which clips: train, val, test or all [default: val; under a protocol test]
    #[arg(long)]
    split: Option<Split>,
    #[command(flatten)]
    ntu: ProtocolOptions,
    /// Model directory [default: the shipped nano model]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where to compute: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Write the scores as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the confusion matrix over all labels.
    #[arg(long, value_name = "FILE.png")]
    confusion: Option<PathBuf>,
    /// Clips at a time.
    #[arg(long, default_value_t = 16)]
    batch: usize,
    /// Skip the questions, recognise only.
    #[arg(long)]
    recognition_only: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("evaluate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let bar = |name: &str| {
        let style = "{msg:>24} [{wide_bar}] {pos}/{len} {per_sec} eta {eta}";
        ProgressBar::new(0)
            .with_style(ProgressStyle::with_template(style).expect("our own template").progress_chars("=> "))
            .with_message(name.to_owned())
    };
    let load = args.ntu.load_options()?;
    let split = args.split.unwrap_or(if load.protocol.is_some() { Split::Test } else { Split::Val });
    let sets = args
        .data
        .iter()
        .map(|folder| {
            let bar = bar(&format!("reading {}", folder.display()));
            let progress = |done: usize, total: usize| {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
            };
            let set = DataSet::load_with(folder, split, &load, &progress)?;
            bar.finish_and_clear();
            set.warnings.iter().for_each(|warning| eprintln!("evaluate: {warning}"));
            Ok(set)
        })
        .collect::<Result<Vec<_>>>()?;

    let folder = args.model.clone().map_or_else(default_model, Ok)?;
    let assistant = Assistant::load(&folder, args.device)?;
    eprintln!("{} on {}", folder.display(), assistant.device_name());
    let families: &[Family] = if args.recognition_only { &[] } else { Family::JUDGED };
    let bar = bar("judging");
    let scores = evaluate(&assistant, &sets, args.batch, families, |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    print(&scores);
    if let Some(path) = &args.json {
        draction::store::write_atomically(path, &serde_json::to_vec_pretty(&scores)?)?;
    }
    if let Some(path) = &args.confusion {
        plot::confusion(path, "recognition among all labels", &scores.labels, &scores.confusion)?;
    }
    Ok(())
}

fn print(scores: &Scores) {
    println!("{:<24} {:>6} {:>9} {:>9} {:>9} {:>9}", "set", "clips", "top1 own", "top5 own", "top1 all", "top5 all");
    for (name, s) in &scores.sets {
        let p = |x: f64| format!("{:.1} %", 100.0 * x);
        println!(
            "{name:<24} {:>6} {:>9} {:>9} {:>9} {:>9}",
            s.clips,
            p(s.top1_own),
            p(s.top5_own),
            p(s.top1_all),
            p(s.top5_all)
        );
    }
    println!("all labels, all sets: {:.2} %\n", 100.0 * scores.top1_all);
    for (name, s) in &scores.sets {
        for (family, q) in &s.questions {
            println!("{name:<24} {family:<24} {:>6} asked {:>7.1} % right", q.asked, 100.0 * q.right);
        }
    }
    println!("\n{:<36} {:>6} {:>9}", "label", "clips", "right");
    for (label, (right, clips)) in &scores.classes {
        println!("{label:<36} {clips:>6} {:>7.1} %", 100.0 * *right as f64 / (*clips).max(1) as f64);
    }
}
