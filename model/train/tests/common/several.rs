//! What tests of runs of several processes share: what is learned from, by the smallest model, and how runs are compared.

use std::{
    fs,
    path::{Path, PathBuf},
};

use skeletonllm_checks::samples;
use skeletonllm_train::TrainConfig;

/// Shipped motions, each twice to learn from and once to be judged by.
pub fn data(parent: &Path) -> PathBuf {
    let clips = [
        ("walk.bvh", "walk"),
        ("squat.bvh", "squat"),
        ("clap.bvh", "clap"),
        ("raise_right_hand.bvh", "raise right hand"),
    ];
    let folder = parent.join("set");
    samples(&folder, &clips, &["train", "train", "val"]);
    folder
}

/// The smallest model that draws and speaks, with a checkpoint a step. Batches of five clips and of three, so that no part
/// is like another.
pub fn tiny(epochs: u64) -> TrainConfig {
    let mut value = serde_json::to_value(TrainConfig::default()).unwrap();
    let model = &mut value["model"];
    for tower in ["vision_config", "text_config"] {
        model[tower]["hidden_size"] = 32.into();
        model[tower]["intermediate_size"] = 64.into();
        model[tower]["num_hidden_layers"] = 1.into();
        model[tower]["num_attention_heads"] = 2.into();
    }
    model["vision_config"]["image_size"] = serde_json::json!([32, 32]);
    model["skeleton"]["render_size"] = serde_json::json!([32, 32]);
    model["skeleton"]["frames"] = 3.into();
    model["image_seq_length"] = 1.into();
    value["vocabulary"] = 320.into();
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
