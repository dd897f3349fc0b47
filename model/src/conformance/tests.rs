use skeletonllm_checks::{Need, case, have, shared};
use skeletonllm_network::device::{self, DeviceChoice, Selected};

fn check(selected: &Selected) {
    let report = super::internvl(case("internvl-tiny"), &selected.device).expect("a complete case");
    assert!(report.passed(), "{}\n{report}", selected.name);
}

#[test]
fn the_tiny_checkpoint_agrees_with_transformers_on_the_cpu() {
    check(&device::cpu().expect("the CPU backend is part of this build"));
}

#[test]
fn the_tiny_checkpoint_agrees_with_transformers_on_wgpu() {
    let Some(gpu) = have(Need::Gpu, device::select(DeviceChoice::Gpu)) else { return };
    check(&gpu);
}

#[test]
fn a_wrong_result_fails_the_report() {
    let right = super::Row::new("logits", &[1.0, 2.0], &[1.0, 2.0], 1e-4);
    let wrong = super::Row::new("logits", &[1.0, 2.1], &[1.0, 2.0], 1e-4);
    let broken = super::Row::new("logits", &[1.0, f32::NAN], &[1.0, 2.0], 1e-4);
    let short = super::Row::new("logits", &[1.0], &[1.0, 2.0], 1e-4);
    assert!(right.passed() && !wrong.passed() && !broken.passed() && !short.passed());
    // wherever a NaN stands, the table shows it
    let first = super::Row::new("logits", &[f32::NAN, 2.0], &[1.0, 2.0], 1e-4);
    assert!(broken.max_abs.is_nan() && first.max_abs.is_nan() && !first.passed());
}

fn check_graphs(selected: &Selected) {
    let mmcl = super::mmcl(case("mmcl"), &selected.device).expect("a complete case");
    assert!(mmcl.passed(), "{}\n{mmcl}", selected.name);
    let Some(folder) = shared("golden/ctr-gcn") else { return };
    let graph = super::ctr_gcn(folder, &selected.device).expect("a complete case");
    assert!(graph.passed(), "{}\n{graph}", selected.name);
}

#[test]
fn graph_networks_and_their_helpers_agree_with_the_public_code_on_the_cpu() {
    check_graphs(&device::cpu().expect("the CPU backend is part of this build"));
}

#[test]
fn graph_networks_and_their_helpers_agree_with_the_public_code_on_wgpu() {
    let Some(gpu) = have(Need::Gpu, device::select(DeviceChoice::Gpu)) else { return };
    check_graphs(&gpu);
}
