//! What tests of runs share: a run on the CPU, and what it wrote.

use std::{fs, path::Path, sync::atomic::AtomicBool};

use skeletonllm_network::device::cpu;
use skeletonllm_train::{Recipe, RunOptions};

/// A run from the start, or on from where it stopped, ended after so many steps in all.
pub fn train<R: Recipe>(
    run: impl FnOnce(RunOptions<'_, R>) -> anyhow::Result<()>,
    config: R,
    data: &Path,
    out: &Path,
    resume: bool,
    max_steps: Option<u64>,
) -> anyhow::Result<()> {
    let device = cpu().expect("the CPU backend is part of this build");
    let stop = AtomicBool::new(false);
    let options = RunOptions::new(vec![data.into()], out.into(), config, device, &stop);
    run(RunOptions { resume, quiet: true, max_steps, ..options })
}

/// The rows of a run's `loss.csv`, but for the speed.
pub fn losses(out: &Path) -> Vec<String> {
    let text = fs::read_to_string(out.join("loss.csv")).unwrap();
    text.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}
