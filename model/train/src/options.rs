//! What a run is told.

use std::{path::PathBuf, sync::atomic::AtomicBool};

use burn::tensor::Device;
use skeletonllm_network::device::Selected;

use super::{Ranks, TrainConfig};

/// What the command line says.
#[derive(Clone)]
pub struct RunOptions<'a, R = TrainConfig> {
    /// Folders with a `metadata.jsonl` each.
    pub data: Vec<PathBuf>,
    /// Where the run lives.
    pub out: PathBuf,
    /// Sizes, stages, rates.
    pub config: R,
    /// A model directory to start from.
    pub from: Option<PathBuf>,
    /// Continue the run in `out`.
    pub resume: bool,
    /// Where to compute.
    pub device: Device,
    /// Its name, for people.
    pub device_name: String,
    /// The processes that take part.
    pub ranks: &'a Ranks,
    /// Set to end the run after the present step, saving it.
    pub stop: &'a AtomicBool,
    /// Do not draw a progress bar.
    pub quiet: bool,
    /// End after so many steps in all, as if stopped: for tests.
    pub max_steps: Option<u64>,
    /// Say what a step will take, and take none.
    pub dry_run: bool,
}

impl<'a, R> RunOptions<'a, R> {
    /// A run of this process alone from its beginning to its end, with a progress bar.
    #[must_use]
    pub fn new(data: Vec<PathBuf>, out: PathBuf, config: R, selected: Selected, stop: &'a AtomicBool) -> Self {
        let Selected { device, name: device_name } = selected;
        let (from, resume, ranks, quiet, max_steps) = (None, false, Ranks::alone(), false, None);
        let dry_run = false;
        RunOptions { data, out, config, from, resume, device, device_name, ranks, stop, quiet, max_steps, dry_run }
    }
}
