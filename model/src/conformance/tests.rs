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

#[test]
fn numbers_that_no_vocabulary_has_are_no_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expected.safetensors");
    for (id, token) in [(0, Ok(0)), (-1, Err("-1 is no token")), (1 << 32, Err("4294967296 is no token"))] {
        let header = r#"{"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#;
        let file = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &i64::to_le_bytes(id)].concat();
        std::fs::write(&path, file).unwrap();
        let found = super::Golden::load(&path).unwrap().tokens("ids").map_err(|error| error.to_string());
        match token {
            Ok(token) => assert_eq!(found, Ok(vec![token])),
            Err(problem) => assert!(found.clone().unwrap_err().contains(problem), "{found:?}"),
        }
    }
}

#[test]
fn a_layer_of_a_high_number_is_one_layer() {
    let path = case("sugar/tqp.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    let header = safetensors::SafeTensors::read_metadata(&bytes).unwrap().1.metadata().clone().unwrap();
    let golden = super::Golden::load(&path).unwrap();
    let mut tensors = golden.tensors_below("");
    let one = golden.float("tokens").unwrap().clone();
    tensors.insert("weights.qformer.encoder.layer.3999999999.output.dense.bias".into(), one);
    let tensors: Vec<_> = tensors.iter().map(|(n, t)| (n.as_str(), t.shape.clone(), &t.values[..])).collect();
    let mut header: std::collections::BTreeMap<_, _> = header.into_iter().collect();
    header.insert("layers".into(), "4000000000".into());
    let folder = tempfile::tempdir().unwrap();
    let file = draction::store::to_safetensors(&header, &tensors);
    std::fs::write(folder.path().join("tqp.safetensors"), file).unwrap();
    let device = device::cpu().expect("the CPU backend is part of this build").device;
    let error = super::sugar(folder.path(), &device).unwrap_err().to_string();
    assert!(error.contains("4000000000 blocks of"), "{error}");
}
