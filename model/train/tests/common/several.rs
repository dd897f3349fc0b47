//! What tests of runs of several processes share: what is learned from, by the smallest model, and how runs are compared.

#[path = "tiny.rs"]
mod tiny;

use std::{
    fs,
    path::{Path, PathBuf},
};

use skeletonllm_checks::data_set;
use skeletonllm_train::TrainConfig;

/// Shipped motions, each twice to learn from and once to be judged by.
pub fn data(parent: &Path) -> PathBuf {
    data_set(parent, &["train", "train", "val"])
}

/// The smallest model that draws and speaks, with a checkpoint a step. Batches of five clips and of three, so that no part
/// is like another.
pub fn tiny(epochs: u64) -> TrainConfig {
    let mut value = tiny::settings();
    value["batch"] = 5.into();
    value["checkpoint_every"] = 1.into();
    value["stages"] = serde_json::json!([
        {"stage": "warm-up", "epochs": epochs, "learning_rate": 1e-3},
        {"stage": "disc-ft", "epochs": 1, "learning_rate": 1e-3}
    ]);
    serde_json::from_value(value).unwrap()
}

/// `[step][loss, norm of the gradient]` that a run wrote.
pub fn losses(out: &Path) -> Vec<[f64; 2]> {
    let text = fs::read_to_string(out.join("loss.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        [cells[2], cells[4]]
    };
    text.lines().skip(1).map(row).collect()
}

/// Whether the losses of a run are those that another one has within rounding, which may have gone on for longer.
pub fn same(a: &Path, b: &Path) {
    let [found, expected] = [a, b].map(losses);
    assert!(!found.is_empty() && found.len() <= expected.len(), "steps of {}", a.display());
    let apart = |a: f64, b: f64| (a - b).abs() / (1.0 + b.abs());
    let most = found.iter().flatten().zip(expected.iter().flatten()).map(|(a, b)| apart(*a, *b)).fold(0.0, f64::max);
    assert!(most < 1e-4, "losses of {} are {most} apart: {found:?} against {expected:?}", a.display());
}
