//! `ablate --data DIR… --out DIR`: what each part of the training recipe is worth.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use draction::cli::{finish, print, warn};
use skeletonllm::cli::stop_flag;
use skeletonllm_data::LoadOptions;
use skeletonllm_network::device::{self, DeviceChoice};
use skeletonllm_train::{Recipe, RunOptions, TrainConfig, ablation, evaluate::judging_half};

/// Train the whole recipe and the same recipe with something left out, each as many steps, and compare them.
///
/// Compared are: all four stages; without CR-Distill; without Disc-FT; without both; DrAction without its NFM; a fixed
/// colour a body part instead of DrAction; DrAction frozen as it starts. Each is a run of `train` in a folder of its own
/// below --out. When all are done, ablation.md and ablation.json hold top-1 among all labels on the validation clips,
/// and ablation.png the curves. Ctrl-C saves; the same command goes on.
#[derive(Parser)]
#[command(
    name = "ablate",
    version,
    after_help = "Example:\n  ablate --data data/utd-mhad data/mae-gestures --epochs 12 --out runs/ablation"
)]
struct Args {
    /// Folders with a metadata.jsonl each.
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Where the runs live.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Settings as JSON, as for `train`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Passes over the training clips in all, for each variant.
    #[arg(long, default_value_t = 12)]
    epochs: u64,
    /// Only these variants.
    #[arg(long, num_args = 1.., value_name = "NAME", value_parser = names())]
    only: Vec<String>,
    /// Where to compute: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

fn names() -> Vec<&'static str> {
    ablation::VARIANTS.iter().map(|v| v.name).collect()
}

fn main() -> ExitCode {
    finish("ablate", start(Args::parse()))
}

fn start(args: Args) -> Result<()> {
    let mut config = match &args.config {
        None => TrainConfig::default(),
        Some(path) => TrainConfig::read(path)?,
    };
    config.shorten(args.epochs);
    let judged = args.data.iter().map(|folder| judging_half(folder, &LoadOptions::default()));
    let judged = judged.collect::<Result<Vec<_>>>()?;
    let selected = device::select(args.device)?;
    let stop = stop_flag("stopping after this step")?;
    let options = RunOptions::new(args.data, args.out.clone(), config, selected, &stop);
    let mut rows = Vec::new();
    for variant in &ablation::VARIANTS {
        if !args.only.is_empty() && !args.only.iter().any(|name| name == variant.name) {
            continue;
        }
        warn(format_args!("== {}: {}", variant.name, variant.meaning));
        let Some(row) = ablation::row(variant, &options, &judged)? else {
            warn("stopped; the same command goes on");
            return Ok(());
        };
        rows.push(row);
        ablation::write(&args.out, &rows)?;
    }
    Ok(print(ablation::table(&rows))?)
}
