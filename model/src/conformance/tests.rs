use std::path::PathBuf;

use skeletonllm_network::device::{self, DeviceChoice};

fn case() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/internvl-tiny")
}

fn check(choice: DeviceChoice) {
    let selected = match device::select(choice) {
        Ok(selected) => selected,
        Err(error) => {
            println!("skipped: {error}");
            return;
        }
    };
    let report = super::internvl(case(), &selected.device).expect("a complete case");
    println!("{}\n{report}", selected.name);
    assert!(report.passed(), "{report}");
}

#[test]
fn the_tiny_checkpoint_agrees_with_transformers_on_the_cpu() {
    check(DeviceChoice::Cpu);
}

#[test]
fn the_tiny_checkpoint_agrees_with_transformers_on_wgpu() {
    check(DeviceChoice::Gpu);
}

#[test]
fn a_wrong_result_fails_the_report() {
    let right = super::Row::new("logits", &[1.0, 2.0], &[1.0, 2.0], 1e-4);
    let wrong = super::Row::new("logits", &[1.0, 2.1], &[1.0, 2.0], 1e-4);
    let broken = super::Row::new("logits", &[1.0, f32::NAN], &[1.0, 2.0], 1e-4);
    let short = super::Row::new("logits", &[1.0], &[1.0, 2.0], 1e-4);
    assert!(right.passed() && !wrong.passed() && !broken.passed() && !short.passed());
}
