//! `cargo xtask fuzz`: damaged and hostile files for every reader.

use std::{path::PathBuf, process::ExitCode, sync::Mutex, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Parser;
use skeletonllm_fuzz::{Input, TARGETS, Target, check, folder, fuzz};

/// Try damaged and hostile files on every reader of motions.
///
/// Nothing may panic, hang, take memory out of proportion, or hand over numbers that are none. What fails is made small and
/// kept below `fuzz` in the target folder. The same seed tries the same files.
#[derive(Parser)]
#[command(name = "fuzz", version, after_help = EXAMPLES)]
struct Arguments {
    /// How long to try each reader
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Only this reader; may be given several times
    #[arg(long, value_name = "NAME")]
    reader: Vec<String>,
    /// Which files are made
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many readers are tried at a time [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Try this file, or the files of this folder, once, and say what comes of it
    #[arg(long, value_name = "PATH")]
    replay: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask fuzz
      a minute for each reader
  cargo xtask fuzz --reader bvh --seconds 3600 --seed 7
      an hour of other files for one of them
  cargo xtask fuzz --replay target/fuzz/bvh-0123456789ab
      a failure again";

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fuzz: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    if let Some(path) = &arguments.replay {
        let input = Input::load(path).with_context(|| format!("cannot read {}", path.display()))?;
        match check(&input) {
            Ok(outcome) => println!("{}: {outcome:?}", input.name),
            Err(wrong) => bail!("{}: {wrong}", input.name),
        }
        return Ok(());
    }
    let targets = targets(&arguments.reader)?;
    let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    let time = Duration::from_secs(arguments.seconds);
    let (waiting, failed) = (Mutex::new(targets.into_iter()), Mutex::new(0));
    let work = || -> Result<()> {
        // one lock at a time: a `while let` would hold it through the run
        let next = || waiting.lock().expect("nobody panics with it").next();
        while let Some(target) = next() {
            match fuzz(target, arguments.seed, time, &folder())? {
                Ok(report) => {
                    let (name, inputs, read, kinds) = (target.name, report.inputs, report.read, report.kinds);
                    let slowest = report.slowest.as_secs_f64() * 1e3;
                    println!(
                        "{name}: {inputs} files, {read} of them read, {kinds} kinds, the slowest took {slowest:.0} ms"
                    );
                }
                Err(failure) => {
                    println!("{failure}");
                    *failed.lock().expect("nobody panics with it") += 1;
                }
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("workers do not panic"))
    })?;
    match failed.into_inner().expect("nobody panics with it") {
        0 => Ok(()),
        n => bail!("{n} of the readers failed"),
    }
}

fn targets(names: &[String]) -> Result<Vec<&'static Target>> {
    let known = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = names.iter().find(|name| TARGETS.iter().all(|target| target.name != **name)) {
        bail!("there is no reader {unknown}: known are {}", known());
    }
    Ok(TARGETS.iter().filter(|target| names.is_empty() || names.iter().any(|name| name == target.name)).collect())
}
