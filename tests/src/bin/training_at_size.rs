//! What a training step takes on top of a model of a published size: of stage 1 and of stage 4, each by a process of its
//! own, with the peak of its memory. Weights are random, everything else is as in any run: the base is
//! read from a folder in half precision and kept in four bits.
//!
//! `cargo xtask train-figures` builds and runs this at InternVL3-1B's shape with twelve pictures of 448², `cargo xtask
//! train-figures small` at one that takes seconds. `auto`, `gpu` or `cpu` behind it says where; without it is `cpu`.

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
    sync::atomic::AtomicBool,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use serde_json::json;
use skeletonllm_checks::asset;
use skeletonllm_network::{
    checkpoint::Bits,
    device::{self, DeviceChoice},
    tensors::on_cpu,
};
use skeletonllm_tests::{memory, random_model::Shape};
use skeletonllm_train::{RunOptions, TrainConfig, run};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args[..] {
        [] => measure("1b", "cpu"),
        [name] => measure(name, "cpu"),
        [name, device] => measure(name, device),
        ["step", stage, base, out, device] => step(stage, base.as_ref(), out.as_ref(), device),
        _ => Err(anyhow::anyhow!("training_at_size [1b|8b|small [auto|gpu|cpu]]")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("training_at_size: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Two steps, a process each, and what they took.
fn measure(name: &str, device: &str) -> Result<()> {
    let shape = Shape::named(name).with_context(|| format!("{name:?} is no shape: 1b, 8b or small"))?;
    let folder = std::env::temp_dir().join(format!("training-at-size-{}", std::process::id()));
    let outcome = steps(&shape, &folder, device);
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    outcome
}

fn steps(shape: &Shape, folder: &Path, device: &str) -> Result<()> {
    let base = folder.join(shape.name);
    fs::create_dir_all(&base).with_context(|| format!("cannot create {}", base.display()))?;
    let start = Instant::now();
    let numbers = shape.write_internvl(&base)?;
    println!(
        "wrote a random model of {:.0} million numbers in half precision, {:.0} s",
        numbers as f64 / 1e6,
        start.elapsed().as_secs_f64()
    );
    for stage in ["1", "4"] {
        println!("\n## a step of stage {stage}\n");
        let out = folder.join(stage);
        let mut command = Command::new(std::env::current_exe()?);
        let status = command.args(["step", stage]).args([&base, &out]).arg(device).status()?;
        if !status.success() {
            bail!("the step of stage {stage} ended with {status}");
        }
    }
    Ok(())
}

/// Steps of a large model on a graphics card, of which the last is counted: the first waits for shaders to be compiled.
const STEPS_ON_A_GPU: u64 = 3;

/// A stage's steps, in this process.
fn step(stage: &str, base: &Path, out: &Path, device: &str) -> Result<()> {
    let data = out.with_extension("data");
    fs::create_dir_all(&data)?;
    let mut metadata = String::new();
    for name in ["wave_left_hand", "raise_right_hand", "squat", "walk"] {
        fs::copy(asset("samples").join(format!("{name}.bvh")), data.join(format!("{name}.bvh")))?;
        let line = json!({"file_name": format!("{name}.bvh"), "label": name.replace('_', " "), "split": "train"});
        metadata += &format!("{line}\n");
    }
    fs::write(data.join("metadata.jsonl"), metadata)?;
    let mut config = TrainConfig { base: Some(base.into()), base_bits: Some(Bits::Four), ..TrainConfig::on_a_base() };
    config.only(stage.parse()?);
    let stop = AtomicBool::new(false);
    let selected = device::select(device.parse::<DeviceChoice>().map_err(anyhow::Error::msg)?)?;
    let options = RunOptions::new(vec![data], out.to_owned(), config, selected, &stop);
    let small = base.ends_with(Shape::SMALL.name);
    let steps = if small || on_cpu(&options.device) { 1 } else { STEPS_ON_A_GPU };
    run(RunOptions { quiet: true, max_steps: Some(steps), ..options })?;
    let path = out.join("loss.csv");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let row: Vec<f64> =
        text.lines().nth(steps as usize).unwrap_or_default().split(',').filter_map(|n| n.parse().ok()).collect();
    let &[_, _, loss, _, gradient, _, speed] = &row[..] else { bail!("{}: {row:?} is no step", path.display()) };
    println!("loss {loss:.3}, gradient {gradient:.3}, {:.0} s a step of 2 clips", 2.0 / speed);
    match memory::peak() {
        Some(bytes) => println!("at most {:.2} GB of memory, reading the base included", bytes as f64 / 1e9),
        None => println!("this system does not say how much memory it took"),
    }
    Ok(())
}
