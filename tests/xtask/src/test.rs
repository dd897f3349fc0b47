//! `cargo xtask test`: what the tests need, the page, every test, and at the end what could not be tested.

use std::{
    io::{IsTerminal, Read, Write},
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail};
use skeletonllm_checks::{Need, SKIPS};

use crate::{
    cargo, chromium, display, mpi, run,
    tally::{Skipped, Tally},
    toolchain::{self, Part, WASM},
    vulkan, web, workspace,
};

/// How long the whole test command tries damaged files on each reader; the tests alone take two seconds.
const FUZZ_SECONDS: u64 = 60;

/// What stands after `cargo xtask test`.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// A check that cannot run is a failure.
    strict: bool,
    /// For `cargo test`.
    cargo: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Options {
        let mut options = Options { strict: false, cargo: Vec::new() };
        let mut ours = true;
        for argument in arguments {
            // what follows is for the test programs
            ours &= argument != "--";
            if ours && argument == "--strict" {
                options.strict = true;
            } else {
                options.cargo.push(argument.clone());
            }
        }
        options
    }
}

/// Every test of the workspace, in the profile of the main job, so that nothing is compiled twice.
///
/// # Errors
/// When a test fails or something does not build; when a check could not run although `--strict` forbids it.
pub fn test(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments);
    let mut cargo = cargo(&["test", "--release", "--workspace"]);
    if vulkan::ensure() {
        // with a driver at hand a GPU test that finds no adapter is a failure and not a reason to skip
        cargo.env(Need::Gpu.variable(), "1");
    }
    // a single test shall not build the crate anew without it
    if mpi::ensure(options.cargo.is_empty()) {
        cargo.args(["--features", mpi::FEATURE]).env(Need::Mpi.variable(), "1");
    }
    if options.cargo.is_empty() && display::ensure() {
        cargo.env(Need::Display.variable(), "1");
    }
    if let Some(browser) = chromium::ensure() {
        cargo.env("CHROMIUM", browser).env(Need::Browser.variable(), "1");
        if options.cargo.is_empty() {
            match toolchain::ensure(Part::Target(WASM)) {
                Ok(()) => _ = cargo.env("SKELETONLLM_PAGE", web::build_for_tests()?),
                Err(error) => eprintln!("xtask: {error:#}\nxtask: without it the page is neither built nor tested"),
            }
        }
    }
    if options.cargo.is_empty() {
        cargo.env("SKELETONLLM_FUZZ_SECONDS", FUZZ_SECONDS.to_string());
    }
    let record = workspace::target_folder()?.join("skipped-checks.tsv");
    let folder = record.parent().context("the target folder has a name")?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    std::fs::write(&record, "").with_context(|| format!("cannot write {}", record.display()))?;
    cargo.args(with_colours(options.cargo, std::io::stdout().is_terminal()));
    let (status, tally) = counted(cargo.env(SKIPS, &record))?;
    conclude(status, tally, &skipped(&record)?, options.strict)
}

/// The page alone, telling what it does: from the first visit to the last question.
///
/// # Errors
/// When there is no browser, or a step fails.
pub fn page_test() -> Result<()> {
    let browser = chromium::ensure().context("the page is tested in a browser")?;
    let page = web::build_for_tests()?;
    let mut cargo = cargo(&["test", "--release", "--workspace", "--test", "page", "--", "--nocapture"]);
    run(cargo.env("CHROMIUM", browser).env(Need::Browser.variable(), "1").env("SKELETONLLM_PAGE", page))
}

fn skipped(record: &Path) -> Result<Skipped> {
    let text = std::fs::read_to_string(record).with_context(|| format!("cannot read {}", record.display()))?;
    Ok(Skipped::read(&text))
}

/// Tells how it went. Tests that failed come first: they are the reason to look.
fn conclude(status: ExitStatus, tally: Tally, skipped: &Skipped, strict: bool) -> Result<()> {
    println!("\n{skipped}\n{tally}, {} skipped", skipped.count());
    if !status.success() {
        bail!("the tests ended with {status}");
    }
    if strict && skipped.count() > 0 {
        bail!("checks could not run, which --strict forbids");
    }
    Ok(())
}

/// Test programs colour only what they write to a terminal, and here they write to us.
fn with_colours(mut arguments: Vec<String>, terminal: bool) -> Vec<String> {
    if terminal && !arguments.iter().any(|argument| argument.starts_with("--color")) {
        if !arguments.iter().any(|argument| argument == "--") {
            arguments.push("--".into());
        }
        arguments.extend(["--color".into(), "always".into()]);
    }
    arguments
}

/// Runs a command, passes on what it prints, and counts the tests meanwhile.
fn counted(command: &mut Command) -> Result<(ExitStatus, Tally)> {
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {command:?}"))?;
    let tally = pass_on(child.stdout.take().expect("it is piped"), &mut std::io::stdout())?;
    Ok((child.wait()?, tally))
}

/// At once, not line by line: a test that takes long has begun its line.
fn pass_on(mut from: impl Read, to: &mut impl Write) -> Result<Tally> {
    let (mut tally, mut line, mut part) = (Tally::default(), Vec::new(), [0; 4096]);
    loop {
        let read = match from.read(&mut part) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).context("cannot read what the tests print"),
        };
        to.write_all(&part[..read]).and_then(|()| to.flush()).context("cannot print")?;
        for &byte in &part[..read] {
            if byte == b'\n' {
                tally.line(&String::from_utf8_lossy(&line));
                line.clear();
            } else {
                line.push(byte);
            }
        }
    }
    tally.line(&String::from_utf8_lossy(&line));
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn only_what_stands_before_the_dashes_is_ours() {
        let parse = |text| Options::parse(&words(text));
        assert_eq!(parse(""), Options { strict: false, cargo: vec![] });
        assert_eq!(parse("--strict"), Options { strict: true, cargo: vec![] });
        assert_eq!(parse("--lib --strict x"), Options { strict: true, cargo: words("--lib x") });
        assert_eq!(parse("-- --strict"), Options { strict: false, cargo: words("-- --strict") });
    }

    #[test]
    fn colours_are_asked_for_on_a_terminal_only() {
        assert_eq!(with_colours(words("walk"), false), words("walk"));
        assert_eq!(with_colours(words("walk"), true), words("walk -- --color always"));
        assert_eq!(with_colours(words("-- --nocapture"), true), words("-- --nocapture --color always"));
        assert_eq!(with_colours(words("-- --color=never"), true), words("-- --color=never"));
    }

    /// Gives a byte at a time, as a slow program does.
    struct Slowly<'a>(&'a [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some((&first, rest)) = self.0.split_first() else { return Ok(0) };
            (buffer[0], self.0) = (first, rest);
            Ok(1)
        }
    }

    #[test]
    fn what_is_printed_is_passed_on_and_counted() {
        let text = "test a ... ok\ntest result: ok. 2 passed; 0 failed; 0 ignored\ntest result: ok. 1 passed; 0 failed";
        for slow in [false, true] {
            let mut printed = Vec::new();
            let from: Box<dyn Read> = if slow { Box::new(Slowly(text.as_bytes())) } else { Box::new(text.as_bytes()) };
            let tally = pass_on(from, &mut printed).unwrap();
            assert_eq!(printed, text.as_bytes());
            assert_eq!(tally.to_string(), "3 passed, 0 failed, 0 ignored");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_skip_is_a_failure_only_where_none_is_allowed() {
        use std::os::unix::process::ExitStatusExt;
        let (good, bad) = (ExitStatus::from_raw(0), ExitStatus::from_raw(1 << 8));
        let (none, some) = (Skipped::default(), Skipped::read("gpu\tx::y\tno adapter"));
        let passes = |status, skipped, strict| conclude(status, Tally::default(), skipped, strict).is_ok();
        assert!(passes(good, &none, true) && passes(good, &some, false));
        assert!(!passes(good, &some, true) && !passes(bad, &none, false) && !passes(bad, &some, true));
    }
}
