//! `compare --data DIR… --out DIR`: all systems on the same clips.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::AtomicBool,
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use draction::cli::{finish, print, warn};
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
/// clips (graph networks: each of their streams), or by the one that --config names, and once more with few labels known.
/// compare.md, compare.json and compare.png hold top-1 on the validation clips among a folder's own and among all labels,
/// on worse recordings and on other skeletons, where few labels were known, with --unseen on labels that were kept out of
/// training, and what each system costs. Ctrl-C saves; the same command goes on.
#[derive(Parser)]
#[command(
    name = "compare",
    version,
    after_help = "Examples:\n  compare --data data/utd-mhad data/kard --epochs 20 --out runs/compare\n  \
        compare --data data/* --unseen unseen.txt --text models/minilm --out runs/compare\n  \
        compare --data data/utd-mhad --only mmcl s2i --config mmcl=assets/recipes/compare/mmcl.json --out runs/two"
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
    /// Passes over the training clips of recipes that --config does not name.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    epochs: u64,
    /// Another recipe of a system, as `train --config` takes it: SYSTEM=FILE. It says itself how many epochs there are.
    #[arg(long, num_args = 1.., value_name = "SYSTEM=FILE", value_parser = recipe_of)]
    config: Vec<(System, PathBuf)>,
    /// Share of the training clips whose labels each system's second run knows, one of each label at least; 0 for no
    /// second run.
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    few: f64,
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

/// `SYSTEM=FILE`.
fn recipe_of(text: &str) -> Result<(System, PathBuf), String> {
    let (system, file) = text.split_once('=').ok_or("a system and a file are wanted, as in mmcl=narrow.json")?;
    Ok((system.parse()?, file.into()))
}

fn start(args: Args) -> Result<()> {
    let asked = |system: System| args.only.is_empty() || args.only.contains(&system);
    let lacks = |system: System| system == System::Sugar && args.text.is_none();
    ensure!(
        !args.only.iter().any(|&system| lacks(system)),
        "sugar learns from a sentence encoder: name it with --text"
    );
    ensure!((0.0..=1.0).contains(&args.few), "--few is a share, from 0 to 1");
    // before hours are spent on others
    for (system, file) in &args.config {
        ensure!(asked(*system) && !lacks(*system), "--config names {system}, which is left out");
        match system {
            System::SkeletonLlm => TrainConfig::read(file).map(drop)?,
            System::Mmcl => MmclConfig::read(file).map(drop)?,
            System::S2i => S2iConfig::read(file).map(drop)?,
            System::Sugar => SugarConfig::read(file).map(drop)?,
        }
    }
    let load = args.ntu.load_options()?;
    let selection = args.selection.select(&args.data)?;
    let few = (args.few != 0.0).then(|| SelectionOptions { labelled: Some(args.few), ..args.selection.clone() });
    let few_selected = few.as_ref().map(|few| few.select(&args.data)).transpose()?;
    warn(format_args!("reading {} folders", selection.folders.len()));
    let material = Material::read(&selection, few_selected.as_ref(), &load)?;
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let (selected, stop) = (device::select(args.device)?, stop_flag("stopping after this step")?);
    let all = Comparison { args: &args, few, material: &material, selected, stop: &stop };
    let mut rows = vec![compare::nearest_neighbour(&material)];
    compare::write_all(&args.out, &rows)?;
    for system in System::ALL.into_iter().filter(|&system| asked(system)) {
        if lacks(system) {
            warn("sugar is left out: it learns from a sentence encoder, see --text");
            continue;
        }
        warn(format_args!("== {system}"));
        let row = match system {
            System::SkeletonLlm => all.row(system, all.recipe::<TrainConfig>(system)?, run)?,
            System::Mmcl => {
                let mut config = all.recipe::<MmclConfig>(system)?;
                if all.named(system).is_none() {
                    // every stage is a network of its own
                    config.stages.iter_mut().for_each(|stage| stage.epochs = args.epochs);
                }
                all.row(system, config, mmcl::run)?
            }
            System::S2i => all.row(system, all.recipe::<S2iConfig>(system)?, s2i::run)?,
            System::Sugar => {
                let mut config = all.recipe::<SugarConfig>(system)?;
                config.text.clone_from(&args.text);
                all.row(system, config, sugar::run)?
            }
        };
        let Some(row) = row else {
            warn("stopped; the same command goes on");
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
    /// Which clips take part, and which labels are known, in second runs.
    few: Option<SelectionOptions>,
    material: &'a Material,
    selected: Selected,
    stop: &'a AtomicBool,
}

impl Comparison<'_> {
    /// The file that holds a system's recipe, if one does.
    fn named(&self, system: System) -> Option<&Path> {
        self.args.config.iter().rfind(|config| config.0 == system).map(|config| &*config.1)
    }

    /// A system's recipe: the one that was named, or its own, shortened.
    fn recipe<R: Recipe + Default>(&self, system: System) -> Result<R> {
        let Some(file) = self.named(system) else {
            let mut config = R::default();
            config.shorten(self.args.epochs);
            return Ok(config);
        };
        R::read(file)
    }

    /// One system's row; none where it was stopped.
    fn row<R: Recipe>(
        &self,
        system: System,
        config: R,
        run: impl Fn(RunOptions<'_, R>) -> Result<()>,
    ) -> Result<Option<Row>> {
        let Args { data, out, device, selection, .. } = self.args;
        let options = |selected: &SelectionOptions, name: String| {
            let mut config = config.clone();
            let (ntu, selection) = config.data();
            (*ntu, *selection) = (self.args.ntu.clone(), selected.clone());
            RunOptions::new(data.clone(), out.join(name), config, self.selected.clone(), self.stop)
        };
        let whole = options(selection, system.name().to_owned());
        let Some(mut row) = compare::row(system, whole, *device, self.material, &run)? else { return Ok(None) };
        if let Some(few) = &self.few {
            warn(format_args!("== {system}, few labels known"));
            let Some(own) = compare::few(options(few, format!("{system}-few")), *device, self.material, &run)? else {
                return Ok(None);
            };
            row.few = Some(own);
        }
        Ok(Some(row))
    }
}
