//! Golden files on every engine and every device.

use draction::conformance::Case;
use skeletonllm_checks::{case, cases};
use skeletonllm_tests::{devices, engines};

#[test]
fn draction_equals_the_reference_on_every_engine() {
    for engine in engines() {
        for path in cases() {
            let case = Case::load(&std::fs::read(&path).unwrap()).unwrap();
            let report = case
                .run(|scene| engine.forward(scene), |scene, frames, grad| engine.backward(scene, frames, grad))
                .unwrap();
            assert!(report.passed(), "{} on {}\n{report}", path.display(), engine.name());
        }
    }
}

#[test]
fn a_wrong_result_does_not_pass() {
    let case = Case::load(&std::fs::read(case("draction/two_bodies_nfm.safetensors")).unwrap()).unwrap();
    let engine = draction::engine::cpu::CpuEngine;
    let mut frames = engine.forward(&case.scene).unwrap();
    let gradients = engine.backward(&case.scene, &frames, case.grad_frames.as_ref().unwrap()).unwrap();
    assert!(case.compare(&frames, Some(&gradients)).passed());
    let mut zero = gradients.clone();
    zero.positions.fill(0.0);
    assert!(!case.compare(&frames, Some(&zero)).passed(), "an all-zero gradient must fail");
    frames[1234] += 3e-5;
    assert!(!case.compare(&frames, Some(&gradients)).passed(), "3e-5 is too much");
}

#[test]
fn the_model_equals_transformers_on_every_device() {
    for selected in devices() {
        let report = skeletonllm::conformance::internvl(case("internvl-tiny"), &selected.device).unwrap();
        assert!(report.passed(), "on {}\n{report}", selected.name);
    }
}
