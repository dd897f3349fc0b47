//! `compare --data DIR… --out DIR`: all systems on the same clips.

use std::{path::PathBuf, process::ExitCode, sync::atomic::AtomicBool};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use draction::cli::{finish, print};
use skeletonllm::cli::stop_flag;
use skeletonllm_data::{ProtocolOptions, SelectionOptions};
use skeletonllm_network::device::{self, DeviceChoice, Selected};
use skeletonllm_train::{
    Recipe, RunOptions, System, TrainConfig,
    compare::{self, Material, Row},
    mmcl::{self, MmclConfig},
    run,
    s2i::{self, S2iConfig},
    sugar::{self, SugarConfig},
};

/// Train all systems on the same clips at the same budget, judge them in the same way, and write one table.
///
/// Each system learns in a folder of its own below --out by its own recipe, shortened to --epochs passes over the training
/// clips (graph networks: each of their streams). compare.md, compare.json and compare.png hold top-1 on the validation
/// clips among a folder's own and among all labels, on worse recordings and on other skeletons, with --unseen on labels
/// that were kept out of training, and what each system costs. Ctrl-C saves; the same command goes on.
#[derive(Parser)]
#[command(
    name = "compare",
    version,
    after_help = "Examples:\n  compare --data data/utd-mhad data/kard --epochs 20 --out runs/compare\n  \
        compare --data data/* --unseen unseen.txt --text models/minilm --out runs/compare\n  \
        compare --data data/utd-mhad --only mmcl s2i --out runs/two"
)]
struct Args {
    /// Folders with a metadata.jsonl each.
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    ntu: ProtocolOptions,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Where the runs live.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Passes over the training clips.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    epochs: u64,
    /// The sentence encoder that SUGAR learns from; without it SUGAR is left out. `cargo xtask fetch minilm` brings one.
    #[arg(long, value_name = "DIR")]
    text: Option<PathBuf>,
    /// Only these systems: skeletonllm, mmcl, s2i, sugar.
    #[arg(long, num_args = 1.., value_name = "SYSTEM")]
    only: Vec<System>,
    /// Where to compute: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

fn main() -> ExitCode {
    finish("compare", start(Args::parse()))
}

fn start(args: Args) -> Result<()> {
    let asked = |system: System| args.only.is_empty() || args.only.contains(&system);
    ensure!(
        args.text.is_some() || !args.only.contains(&System::Sugar),
        "sugar learns from a sentence encoder: name it with --text"
    );
    let load = args.ntu.load_options()?;
    let selection = args.selection.select(&args.data)?;
    eprintln!("reading {} folders", selection.folders.len());
    let material = Material::read(&selection, &load)?;
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let (selected, stop) = (device::select(args.device)?, stop_flag("stopping after this step")?);
    let all = Comparison { args: &args, material: &material, selected, stop: &stop };
    let mut rows = vec![compare::nearest_neighbour(&material)];
    compare::write_all(&args.out, &rows)?;
    for system in System::ALL.into_iter().filter(|&system| asked(system)) {
        eprintln!("== {system}");
        let row = match system {
            System::SkeletonLlm => all.shortened(system, TrainConfig::default(), run)?,
            System::Mmcl => {
                // every stage is a network of its own
                let mut config = MmclConfig::default();
                config.stages.iter_mut().for_each(|stage| stage.epochs = args.epochs);
                all.row(system, config, mmcl::run)?
            }
            System::S2i => all.shortened(system, S2iConfig::default(), s2i::run)?,
            System::Sugar if args.text.is_none() => {
                eprintln!("sugar is left out: it learns from a sentence encoder, see --text");
                continue;
            }
            System::Sugar => {
                let mut config = SugarConfig::default();
                config.text.clone_from(&args.text);
                all.shortened(system, config, sugar::run)?
            }
        };
        let Some(row) = row else {
            eprintln!("stopped; the same command goes on");
            return Ok(());
        };
        rows.push(row);
        compare::write_all(&args.out, &rows)?;
    }
    Ok(print(compare::table(&rows))?)
}

/// What all systems have in common.
struct Comparison<'a> {
    args: &'a Args,
    material: &'a Material,
    selected: Selected,
    stop: &'a AtomicBool,
}

impl Comparison<'_> {
    /// One system's row, by its recipe shortened to the budget.
    fn shortened<R: Recipe>(
        &self,
        system: System,
        mut config: R,
        run: impl FnOnce(RunOptions<'_, R>) -> Result<()>,
    ) -> Result<Option<Row>> {
        config.shorten(self.args.epochs);
        self.row(system, config, run)
    }

    /// One system's row; none where it was stopped.
    fn row<R: Recipe>(
        &self,
        system: System,
        mut config: R,
        run: impl FnOnce(RunOptions<'_, R>) -> Result<()>,
    ) -> Result<Option<Row>> {
        let (ntu, selection) = config.data();
        (*ntu, *selection) = (self.args.ntu.clone(), self.args.selection.clone());
        let Args { data, out, device, .. } = self.args;
        let options = RunOptions::new(data.clone(), out.join(system.name()), config, self.selected.clone(), self.stop);
        compare::row(system, options, *device, self.material, run)
    }
}
