//! The project's task runner. `cargo xtask` alone lists what it can do.

mod licences;
mod vulkan;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const HELP: &str = "\
The project's tasks

  cargo xtask test [ARGS…]   install what the tests need, then run every test
                             (ARGS go to `cargo test`, for example a test's name)
  cargo xtask lint           formatting and clippy, warnings denied
  cargo xtask licences       check that every dependency's licence is one we may ship
  cargo xtask ci             all of the above, as the continuous integration runs it
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.first().map(String::as_str) {
        Some("test") => test(&args[1..]),
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
    run(cargo.args(args))
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
