//! `similar --data DIR… --out FILE`: which labels are easily taken for each other.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use draction::cli::{finish, say, warn};
use indicatif::{ProgressBar, ProgressStyle};
use skeletonllm::assistant::Assistant;
use skeletonllm_data::{DataClip, DataSet, LoadOptions, Split};
use skeletonllm_network::device::DeviceChoice;
use skeletonllm_train::Similar;

/// Find for each label the five that are most like it: the hard negatives of `train --stage 2 --similar FILE`.
///
/// Without a model, labels are compared by how their clips move: poses and velocities at twelve moments. With --model,
/// by what the model itself takes the clips for. The file is JSON, {"label": ["most similar", …]}, and may be edited.
/// Labels that contain each other (walk, walk turn left) are never listed: both may be true.
#[derive(Parser)]
#[command(
    name = "similar",
    version,
    after_help = "Examples:\n  \
        similar --data data/utd-mhad data/mae-gestures --out similar.json\n  \
        similar --data data/utd-mhad --model runs/nano/model --out similar.json"
)]
struct Args {
    /// Folders with a metadata.jsonl each; their training clips are compared.
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Where to write the file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Take the confusions of this model directory.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where the model computes: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

fn main() -> ExitCode {
    finish("similar", run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let bar = |total: usize, name: String| -> Result<ProgressBar> {
        let style = ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len}")?.progress_chars("=> ");
        Ok(ProgressBar::new(total as u64).with_style(style).with_message(name))
    };
    let mut sets = Vec::new();
    for folder in &args.data {
        let bar = bar(0, format!("reading {}", folder.display()))?;
        let progress = |done: usize, total: usize| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        };
        let set = DataSet::load_with(folder, Split::Train, &LoadOptions::default(), &progress)?;
        bar.finish_and_clear();
        set.warnings.iter().for_each(|warning| warn(format_args!("similar: {warning}")));
        sets.push(set);
    }
    let clips: Vec<&DataClip> = sets.iter().flat_map(|s| &s.clips).collect();
    let similar = match &args.model {
        None => Similar::by_movement(&clips)?,
        Some(folder) => {
            let assistant = Assistant::load(folder, args.device)?;
            let bar = bar(clips.len(), "judging".into())?;
            let similar = Similar::by_confusion(&assistant, &clips, |done| bar.set_position(done as u64))?;
            bar.finish_and_clear();
            similar
        }
    };
    similar.write(&args.out)?;
    Ok(say(format_args!("{}: the most similar labels of {} labels", args.out.display(), similar.len()))?)
}
