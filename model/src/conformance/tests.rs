use skeletonllm_checks::{Need, case, have, shared};
use skeletonllm_network::device::{self, DeviceChoice, Selected};

fn check(selected: &Selected) {
    let ours = [case("internvl-tiny")];
    // the layouts that models are published in
    let others = ["internvl-hf-tiny", "internvl-original-tiny", "internvl35-original-tiny"];
    let others = shared("golden").into_iter().flat_map(|golden| others.map(|name| golden.join(name)));
    for folder in ours.into_iter().chain(others) {
        let report = super::internvl(&folder, &selected.device).expect("a complete case");
        assert!(report.passed(), "{} on {}\n{report}", folder.display(), selected.name);
    }
}

#[test]
fn every_tiny_checkpoint_agrees_with_transformers_on_the_cpu() {
    check(&device::cpu().expect("the CPU backend is part of this build"));
}

#[test]
fn every_tiny_checkpoint_agrees_with_transformers_on_wgpu() {
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
