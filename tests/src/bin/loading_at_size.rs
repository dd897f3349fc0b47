//! How much memory it takes to have a model of a published size in four bits: read from half precision as it is, made into
//! a folder of four bits, and read from that one. Each is a process of its own, whose peak the system tells. Weights are
//! random, everything else is as in any program.
//!
//! `cargo xtask load-figures` builds and runs this at the shapes of InternVL3-1B and InternVL3-8B, of which the second takes
//! 21 GB on the disk while it runs; a name behind it, `1b`, `8b` or `small`, is that shape alone.

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use skeletonllm_network::{
    checkpoint::{Bits, Keep, Opened},
    device::cpu,
    generate::{GenerateOptions, greedy},
};
use skeletonllm_tests::{memory, random_model::Shape};

/// Tokens of the prompt and of the answer: enough that everything that a token needs was there once.
const TOKENS: [u32; 2] = [16, 5];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args[..] {
        [] => ["1b", "8b"].into_iter().try_for_each(measure),
        [name] => measure(name),
        ["read", folder] => read(folder.as_ref()),
        ["shrink", folder, out] => shrink(folder.as_ref(), out.as_ref()),
        _ => Err(anyhow::anyhow!("loading_at_size [1b|8b|small]")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loading_at_size: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// All that is measured of the shape of that name.
fn measure(name: &str) -> Result<()> {
    let shape = Shape::named(name).with_context(|| format!("{name:?} is no shape: 1b, 8b or small"))?;
    let folder = tempfile::tempdir().context("a folder for a random model")?;
    let [whole, packed] = ["whole", "packed"].map(|part| folder.path().join(part));
    fs::create_dir(&whole)?;
    let start = Instant::now();
    let numbers = shape.write_internvl(&whole)?;
    println!(
        "\n## {}\n\nwrote {:.0} million random numbers in half precision, {:.2} GB, {:.0} s",
        shape.name,
        numbers as f64 / 1e6,
        2.0 * numbers as f64 / 1e9,
        start.elapsed().as_secs_f64()
    );
    in_a_process("half precision, kept in four bits", Command::new(std::env::current_exe()?).arg("read").arg(&whole))?;
    in_a_process(
        "a folder of four bits",
        Command::new(std::env::current_exe()?).arg("shrink").args([&whole, &packed]),
    )?;
    fs::remove_dir_all(&whole)?;
    in_a_process("that folder", Command::new(std::env::current_exe()?).arg("read").arg(&packed))
}

fn in_a_process(what: &str, command: &mut Command) -> Result<()> {
    println!("\n{what}:");
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

/// Reads a folder into this process, in four bits, and lets the model answer.
fn read(folder: &Path) -> Result<()> {
    let start = Instant::now();
    let mut opened = Opened::model(folder)?;
    opened.keep = Keep::In(Bits::Four);
    let model = opened.read(&cpu().context("this build has no backend for the processor")?.device)?;
    println!("read in {:.0} s", start.elapsed().as_secs_f64());
    tell_peak();
    let [prompt, answer] = TOKENS;
    let prompt: Vec<u32> = (0..prompt).map(|i| 1 + 61 * i).collect();
    let start = Instant::now();
    let options = GenerateOptions { max_tokens: answer as usize, ..GenerateOptions::default() };
    let tokens = greedy(&model, &prompt, None, &options, |_| {})?;
    ensure!(tokens.len() == answer as usize, "{} tokens instead of {answer}", tokens.len());
    println!("{} tokens read and {answer} written in {:.1} s", prompt.len(), start.elapsed().as_secs_f64());
    tell_peak();
    Ok(())
}

/// Writes a folder of four bits.
fn shrink(folder: &Path, out: &Path) -> Result<()> {
    let start = Instant::now();
    Opened::model(folder)?.shrink(Bits::Four, out, |_| {})?;
    let bytes = fs::metadata(out.join("model.safetensors"))?.len();
    println!("{:.2} GB written in {:.0} s", bytes as f64 / 1e9, start.elapsed().as_secs_f64());
    tell_peak();
    Ok(())
}

fn tell_peak() {
    match memory::peak() {
        Some(bytes) => println!("at most {:.2} GB of memory", bytes as f64 / 1e9),
        None => println!("this system does not say how much memory it took"),
    }
}
