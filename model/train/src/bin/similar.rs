//! `similar --data DIR… --out FILE`: which labels are easily taken for each other.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use draction::cli::{finish, say, warn};
use skeletonllm::{
    assistant::Assistant,
    cli::{bar, shown_on},
};
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
    let mut sets = Vec::new();
    for folder in &args.data {
        let reading = bar(&format!("reading {}", folder.display()), 0);
        let set = shown_on(reading, |told| DataSet::load_with(folder, Split::Train, &LoadOptions::default(), told))?;
        set.warnings.iter().for_each(|warning| warn(format_args!("similar: {warning}")));
        sets.push(set);
    }
    let clips: Vec<&DataClip> = sets.iter().flat_map(|s| &s.clips).collect();
    let similar = match &args.model {
        None => Similar::by_movement(&clips)?,
        Some(folder) => {
            let assistant = Assistant::load(folder, args.device)?;
            let bar = bar("judging", clips.len());
            let similar = Similar::by_confusion(&assistant, &clips, |done| bar.set_position(done as u64))?;
            bar.finish_and_clear();
            similar
        }
    };
    similar.write(&args.out)?;
    Ok(say(format_args!("{}: the most similar labels of {} labels", args.out.display(), similar.len()))?)
}
