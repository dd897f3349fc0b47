//! `train --data DIR… --out DIR`: teach a model to look at motions and answer.

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use skeletonllm::{
    device::{self, DeviceChoice},
    train::{RunOptions, TrainConfig, run},
};

/// Train a model on folders of motions, each with a metadata.jsonl (file_name, label, split, …).
///
/// The run lives in its output folder: checkpoints, loss.csv, loss.png, drawings of what the renderer has learned,
/// the best model so far and, at the end, the model in f32 and in int8. Ctrl-C saves and stops; --resume goes on as if
/// nothing had happened.
#[derive(Parser)]
#[command(
    name = "train",
    version,
    after_help = "Examples:\n  \
        train --data data/bandai-namco-2 data/mae-gestures data/utd-mhad --out runs/nano\n  \
        train --out runs/nano --resume\n  \
        train --from assets/nano --stage 4 --data my-takes --out runs/mine\n  \
        train --print-config > my.json      # every setting with its default"
)]
struct Args {
    /// Folders to learn from; their `val` lines are only watched.
    #[arg(long, num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Where the run lives.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Settings as JSON; see --print-config.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Start from this model directory: one of ours, or a public InternVL checkpoint with its tokenizer.json. A
    /// draction.safetensors in it is taken, too; sizes in --config are ignored.
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    from: Option<PathBuf>,
    /// Run only this stage of the settings: 1 (render warm-up) or 4 (recognition refine).
    #[arg(long)]
    stage: Option<u8>,
    /// Where to compute: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Continue the run in --out.
    #[arg(long)]
    resume: bool,
    /// Print all settings with their defaults and stop.
    #[arg(long)]
    print_config: bool,
}

fn main() -> ExitCode {
    match start(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("train: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(args: Args) -> Result<()> {
    let mut config = match &args.config {
        None => TrainConfig::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(&text).with_context(|| path.display().to_string())?
        }
    };
    if args.print_config {
        println!("{}", serde_json::to_string_pretty(&config)?);
        return Ok(());
    }
    if let Some(number) = args.stage {
        config.stages.retain(|s| s.stage.number() == number);
        if config.stages.is_empty() {
            bail!("the settings have no stage {number}; there are stages 1 and 4");
        }
    }
    let out = args.out.context("where to? name a folder with --out")?;
    if args.data.is_empty() && !args.resume {
        bail!("nothing to learn from: name folders with --data");
    }
    let selected = device::select(args.device)?;
    let stop = Arc::new(AtomicBool::new(false));
    let handler = stop.clone();
    ctrlc::set_handler(move || {
        if handler.swap(true, Ordering::Relaxed) {
            std::process::exit(130); // asked twice: at once, with the last checkpoint
        }
        eprintln!("\nstopping after this step; once more to stop at once");
    })?;
    run(RunOptions {
        data: args.data,
        out,
        config,
        from: args.from,
        resume: args.resume,
        device: selected.device,
        device_name: selected.name,
        stop: &stop,
        quiet: false,
        max_steps: None,
    })
}
