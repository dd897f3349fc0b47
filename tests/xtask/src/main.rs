//! The project's task runner. `cargo xtask` alone lists what it can do.

mod chromium;
mod licences;
mod packages;
mod vulkan;
mod web;

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};

const HELP: &str = "\
The project's tasks

  cargo xtask web            build the page into a folder that any static host can serve
      --serve                serve it on this machine and show it in the browser
      --port N               where to serve it (8421)
      --no-open              leave the browser alone
      --out DIR              which folder (`page` in the target folder)
  cargo xtask test           install what the tests need, build the page, and run every test
  cargo xtask test ARGS…     the same without the page; ARGS go to `cargo test`, for example a test's name
  cargo xtask page-test      build the page and drive it in a real browser: some minutes on two cores
  cargo xtask bench          measure the renderer on this machine and write tests/benches/RESULTS.md: some minutes
  cargo xtask page-figures   measure the page in a browser: start, drawing, answering, memory
  cargo xtask lint           formatting and clippy, warnings denied
  cargo xtask licences       check that every dependency's licence is one we may ship
  cargo xtask ci             lint, licences and test, as the continuous integration runs them
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.first().map(String::as_str) {
        Some("web") => web::Options::parse(&args[1..]).and_then(|options| web::run(&options)),
        Some("test") => test(&args[1..]),
        Some("page-test") => page_test(),
        Some("page-figures") => page_figures(),
        Some("bench") => bench(),
        Some("lint") => lint(),
        Some("licences") => licences::check(),
        Some("ci") => lint().and_then(|()| licences::check()).and_then(|()| test(&[])),
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

/// Every test of the workspace, in the profile of the main job, so that nothing is compiled twice.
fn test(args: &[String]) -> Result<()> {
    let mut cargo = cargo(&["test", "--release", "--workspace"]);
    if vulkan::ensure() {
        // with a driver at hand a GPU test that finds no adapter is a failure and not a reason to skip
        cargo.env("SKELETONLLM_REQUIRE_GPU", "1");
    }
    if let Some(browser) = chromium::ensure() {
        cargo.env("CHROMIUM", browser).env("SKELETONLLM_REQUIRE_BROWSER", "1");
        if args.is_empty() {
            cargo.env("SKELETONLLM_PAGE", web::build_for_tests()?);
        }
    }
    run(cargo.args(args))
}

/// The page alone, telling what it does: from the first visit to the last question.
fn page_test() -> Result<()> {
    let browser = chromium::ensure().context("the page is tested in a browser")?;
    let page = web::build_for_tests()?;
    let mut cargo = cargo(&["test", "--release", "--workspace", "--test", "page", "--", "--nocapture"]);
    run(cargo.env("CHROMIUM", browser).env("SKELETONLLM_REQUIRE_BROWSER", "1").env("SKELETONLLM_PAGE", page))
}

/// Times and sizes of the page, which are no matter of right or wrong.
fn page_figures() -> Result<()> {
    let browser = chromium::ensure().context("the page is measured in a browser")?;
    let page = web::build(&web::Options::default())?;
    // `cargo run` takes one package, and for that alone burn would be built anew with other features
    run(&mut cargo(&["build", "--release", "--workspace", "--bin", "page_figures"]))?;
    let program = web::target_folder()?.join("release/page_figures");
    run(Command::new(program).env("CHROMIUM", browser).env("SKELETONLLM_PAGE", page))
}

/// The renderer's times, as a table beside the benchmarks.
fn bench() -> Result<()> {
    vulkan::ensure();
    run(&mut cargo(&["bench", "--workspace", "--bench", "draction", "--bench", "vision"]))?;
    let measured = web::target_folder()?.join("bench");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches");
    for (from, to) in [(&["draction.md", "vision.md"][..], "RESULTS.md"), (&["draction.png"], "growth.png")] {
        let mut bytes = Vec::new();
        for from in from.iter().map(|name| measured.join(name)) {
            bytes.extend(std::fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?);
        }
        let to = folder.join(to);
        std::fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))?;
        println!("{}", to.display());
    }
    Ok(())
}

fn lint() -> Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"]))
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
