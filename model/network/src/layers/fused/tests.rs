//! Each fused layer against burn's composition of it, values and gradients.

use burn::tensor::{Device, Distribution};

use super::*;
use crate::layers::{AttentionMask, Rotary, ops};
use crate::tensors::host;

fn device() -> Device {
    Device::flex().autodiff()
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-2.0, 2.0), &device()).require_grad()
}

fn same(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(1e-3_f32, |a, b| a.max(b.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 3e-6 * largest.max(1.0), "{name}: {found} against {expected}");
    }
    assert!(expected.iter().any(|value| *value != 0.0), "{name}: all zero proves nothing");
}

/// Compares two outputs and the gradients they send to every input.
fn compare<const D: usize>(
    name: &str,
    fused: Tensor<D>,
    composed: Tensor<D>,
    gradient: impl Fn(&burn::tensor::Gradients) -> Vec<Vec<f32>>,
) {
    same(name, &host(fused.clone()), &host(composed.clone()));
    let upstream = fused.random_like(Distribution::Uniform(-1.0, 1.0));
    let fused = gradient(&(fused * upstream.clone()).sum().backward());
    let composed = gradient(&(composed * upstream).sum().backward());
    for (index, (fused, composed)) in fused.iter().zip(&composed).enumerate() {
        same(&format!("{name}, gradient {index}"), fused, composed);
    }
}

macro_rules! gradients_of {
    ($($tensor:ident),+) => {
        |gradients| vec![$(host($tensor.grad(gradients).expect("tracked"))),+]
    };
}

#[test]
fn norms_agree_with_the_composition() {
    // more rows than one task, and a width that is not a whole vector
    for width in [24, 37] {
        let (x, w, b) = (random([300, width]), random([width]), random([width]));
        let fused = layer_norm(x.clone(), w.clone(), b.clone(), 1e-6);
        let composed = ops::layer_norm_composed(x.clone(), w.clone(), b.clone(), 1e-6);
        compare("layer_norm", fused, composed, gradients_of!(x, w, b));
        let fused = rms_norm(x.clone(), w.clone(), 1e-6);
        compare("rms_norm", fused, ops::rms_norm_composed(x.clone(), w.clone(), 1e-6), gradients_of!(x, w));
    }
}

#[test]
fn activations_agree_with_the_composition() {
    let (x, y) = (random([70, 300]) * 4.0, random([70, 300]));
    let x = x.detach().require_grad();
    compare("gelu", gelu(x.clone()), ops::gelu_composed(x.clone()), gradients_of!(x));
    let composed = ops::swiglu_composed(x.clone(), y.clone());
    compare("swiglu", swiglu(x.clone(), y.clone()), composed, gradients_of!(x, y));
    let s = random([300]);
    let composed = ops::scaled_add_composed(x.clone(), y.clone(), s.clone());
    compare("scaled_add", scaled_add(x.clone(), y.clone(), s.clone()), composed, gradients_of!(x, y, s));
}

#[test]
fn gelu_is_the_exact_one() {
    // x·Φ(x) by mpmath
    for (x, expected) in [(-3.0, -0.004_049_694), (-1.0, -0.158_655_25), (1.0, 0.841_344_8), (2.5, 2.484_475_8)] {
        assert!((pointwise::gelu(&[x])[0] - expected).abs() < 4e-7, "gelu({x})");
    }
}

#[test]
fn rotation_agrees_with_the_composition_for_shared_and_own_positions() {
    let x = random([3, 5, 2, 8]);
    for positions in [(2..7).collect::<Vec<_>>(), (0..15).rev().collect()] {
        let rotary = Rotary::new(&positions, 8, 1e4, &Device::flex());
        let fused = rotate(x.clone(), rotary.table());
        compare("rotate", fused, ops::rotate_composed(x.clone(), &rotary.table()), gradients_of!(x));
    }
}

#[test]
fn attention_agrees_with_the_composition_under_every_mask() {
    let device = Device::flex();
    // one gap in the first row, none in the second, two in the third
    let gaps = [std::iter::once(3..5).collect(), Vec::new(), vec![1..2, 4..6]];
    let masks = [
        ("all", 50, 50, AttentionMask::none()),
        ("causal", 50, 50, AttentionMask::causal(50, 0, &[], &device)),
        ("causal with past", 11, 18, AttentionMask::causal(11, 7, &[], &device)),
        ("gaps", 4, 11, AttentionMask::causal(4, 7, &gaps, &device)),
        ("gaps without order", 9, 11, AttentionMask::without(gaps.to_vec(), 11, &device)),
    ];
    for (name, queries, keys, mask) in masks {
        for width in [8, 20] {
            let (q, k, v) = (random([3, queries, 4, width]), random([3, keys, 2, width]), random([3, keys, 2, width]));
            let fused = attention(q.clone(), k.clone(), v.clone(), mask.visible.clone());
            let composed = ops::attention_composed(q.clone(), k.clone(), v.clone(), &mask);
            compare(name, fused, composed, gradients_of!(q, k, v));
        }
    }
}
