//! Each fused layer against burn's composition of it, values and gradients; the network's shapes.

use std::cell::Cell;

use burn::Tensor;
use burn::tensor::{Device, Distribution, Gradients, TensorData};
use draction::random::Mt19937;

use super::operands::{Mode, Refinement, Ways};
use super::ops;
use super::*;
use crate::checkpoint::tensors_of;
use crate::tensors::host;

fn device() -> Device {
    Device::flex().autodiff()
}

thread_local! {
    /// Tensors drawn so far. Every run draws the same: a sum that happens to be near nothing is off by more.
    static DRAWN: Cell<u64> = const { Cell::new(0) };
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let mut numbers = Mt19937::new(DRAWN.replace(DRAWN.get() + 1));
    let values = (0..shape.iter().product()).map(|_| (2.0 * numbers.uniform() - 1.0) as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), &device()).require_grad()
}

fn same(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let size = expected.iter().map(|value| value * value).sum::<f32>().sqrt();
    let apart = found.iter().zip(expected).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
    assert!(size > 0.0, "{name}: all zero proves nothing");
    assert!(apart <= 2e-5 * size, "{name}: {apart} of {size}");
}

fn compare(
    name: &str,
    fused: Tensor<4>,
    composed: Tensor<4>,
    gradients_of: impl Fn(&Gradients) -> Vec<(&'static str, Vec<f32>)>,
) {
    assert_eq!(fused.dims(), composed.dims(), "{name}");
    same(name, &host(fused.clone()), &host(composed.clone()));
    let upstream = random(fused.dims());
    let fused = gradients_of(&(fused * upstream.clone()).sum().backward());
    let composed = gradients_of(&(composed * upstream).sum().backward());
    for ((what, fused), (_, composed)) in fused.iter().zip(&composed) {
        same(&format!("{name}, gradient at {what}"), fused, composed);
    }
}

macro_rules! gradients {
    ($($tensor:ident),+) => {
        |gradients| vec![$((stringify!($tensor), host($tensor.grad(gradients).expect("tracked")))),+]
    };
}

#[test]
fn refinement_agrees_with_the_composition() {
    // five clips are more than one group; frames and joints are no multiples of anything
    for [clips, frames, joints, inputs, outputs, relations] in [[5, 3, 7, 16, 64, 2], [2, 9, 25, 3, 32, 8]] {
        let x = random([clips, frames, joints, inputs]);
        let (relate, relate_bias) = (random([6 * relations, inputs]), random([6 * relations]));
        let (spread, spread_bias) = (random([3 * outputs, relations]), random([3 * outputs]));
        let (alpha, graph) = (random([1]), random([3, joints, joints]));
        let (value, value_bias) = (random([3 * outputs, inputs]), random([3 * outputs]));
        let layer = || Refinement {
            relate: relate.clone(),
            relate_bias: relate_bias.clone(),
            spread: spread.clone(),
            spread_bias: spread_bias.clone(),
            alpha: alpha.clone(),
            graph: graph.clone(),
            value: value.clone(),
            value_bias: value_bias.clone(),
        };
        let (fused, composed) = (ops::refine(x.clone(), layer()), ops::refine_composed(x.clone(), layer()));
        compare(
            "refine",
            fused,
            composed,
            gradients!(x, relate, relate_bias, spread, spread_bias, alpha, graph, value, value_bias),
        );
    }
}

#[test]
fn layers_over_channels_and_time_agree_with_the_composition() {
    for (stride, frames) in [(1, 6), (2, 9), (2, 8), (1, 1)] {
        let (x, weight, bias) = (random([5, frames, 3, 24]), random([32, 24]), random([32]));
        let fused = ops::pointwise(x.clone(), weight.clone(), bias.clone(), stride);
        let composed = ops::pointwise_composed(x.clone(), weight.clone(), bias.clone(), stride);
        compare("pointwise", fused, composed, gradients!(x, weight, bias));

        let (x, near, far) = (random([5, frames, 3, 64]), random([16, 16, 5]), random([16, 16, 5]));
        let (near_bias, far_bias) = (random([16]), random([16]));
        let ways = || Ways { weights: [near.clone(), far.clone()], biases: [near_bias.clone(), far_bias.clone()] };
        let fused = ops::temporal(x.clone(), ways(), stride);
        let composed = ops::temporal_composed(x.clone(), ways(), stride);
        compare("temporal", fused, composed, gradients!(x, near, near_bias, far, far_bias));
    }
}

#[test]
fn norms_agree_with_the_composition() {
    // more rows than one task has
    let (x, residual) = (random([3, 60, 7, 32]), random([3, 60, 7, 32]));
    for (count, rectified) in [(24, true), (32, false), (32, true)] {
        let (weight, bias) = (random([count]), random([count]));
        let residuals: &[Option<Tensor<4>>] = if count == 32 { &[None, Some(residual.clone())] } else { &[None] };
        for beside in residuals {
            let mode = Mode { rectified, batch: true, eps: 1e-5 };
            let (fused, seen) = ops::norm_by_batch(x.clone(), beside.clone(), weight.clone(), bias.clone(), mode);
            let (composed, expected) =
                ops::norm_composed(x.clone(), beside.clone(), None, weight.clone(), bias.clone(), mode);
            same("statistics", &host(seen.clone()), &host(expected));
            let with = |gradients: &Gradients| {
                let mut all = gradients!(x, weight, bias)(gradients);
                if beside.is_some() {
                    all.push(("residual", host(residual.grad(gradients).expect("tracked"))));
                }
                all
            };
            compare("by batch", fused, composed, with);

            let (mode, seen) = (Mode { batch: false, ..mode }, seen.detach());
            let fused = ops::norm(x.clone(), beside.clone(), seen.clone(), weight.clone(), bias.clone(), mode);
            let (composed, _) =
                ops::norm_composed(x.clone(), beside.clone(), Some(seen), weight.clone(), bias.clone(), mode);
            compare("running", fused, composed, with);
        }
    }
}

fn config(classes: usize, bodies: usize) -> GraphConfig {
    let edges = (1..25).map(|joint| [joint, joint / 2]).collect();
    GraphConfig { classes, joints: 25, bodies, edges, width: PUBLISHED_WIDTH }
}

#[test]
fn the_network_has_as_many_parameters_as_the_public_one() {
    for (classes, expected) in [(120, 1_462_092), (60, 1_446_672)] {
        let network = CtrGcn::new(&config(classes, 2), &Device::flex()).unwrap();
        let tensors = tensors_of(&network);
        let learned = tensors.iter().filter(|(name, _)| !name.contains(".running_"));
        assert_eq!(learned.map(|(_, tensor)| tensor.values.len()).sum::<usize>(), expected);
        for name in ["l1.gcn1.convs.2.conv4.weight", "l5.tcn1.branches.0.3.conv.weight", "l8.tcn1.branches.2.4.bias"] {
            assert!(tensors.contains_key(name), "{name}");
        }
    }
}

#[test]
fn running_statistics_take_in_a_tenth_of_a_batch() {
    let network = CtrGcn::new(&config(3, 1), &device()).unwrap().fresh(1);
    let clips = Tensor::random([2, 3, 8, 25, 1], Distribution::Uniform(2.0, 3.0), &device());
    let mut pass = Pass::training();
    let logits = network.forward(clips.clone(), &mut pass);
    assert_eq!(logits.dims(), [2, 3]);
    let network = absorb(network, &pass.observed());
    let seen = clips.permute([1, 3, 4, 0, 2]).reshape([75, 16]).mean_dim(1);
    let mean = host(network.data_bn.running_mean.val());
    // the norm counts joints and then coordinates
    let seen = host(seen.reshape([3, 25]).transpose());
    for (found, seen) in mean.iter().zip(&seen) {
        assert!((found - 0.1 * seen).abs() < 1e-5, "{found} after {seen}");
    }
    assert!(!network.data_bn.running_mean.is_require_grad() && network.data_bn.weight.is_require_grad());
    // evaluation goes by them: other clips in the batch change nothing
    let alone = Tensor::random([1, 3, 8, 25, 1], Distribution::Uniform(2.0, 3.0), &device());
    let beside = Tensor::cat(vec![alone.clone(), Tensor::ones([1, 3, 8, 25, 1], &device())], 0);
    let score = |clips| host(network.forward(clips, &mut Pass::evaluation()))[..3].to_vec();
    assert_eq!(score(alone), score(beside));
}

#[test]
fn sizes_that_make_no_network_are_refused() {
    let none = GraphConfig { joints: 0, ..config(3, 1) };
    assert!(none.validate().unwrap_err().to_string().contains("joints"));
    let edge = GraphConfig { edges: vec![[25, 0]], ..config(3, 1) };
    assert!(CtrGcn::new(&edge, &Device::flex()).unwrap_err().to_string().contains("[25, 0]"));
    let narrow = GraphConfig { width: 12, ..config(3, 1) };
    assert!(narrow.validate().unwrap_err().to_string().contains("12"));
}

#[test]
fn a_narrow_network_is_the_published_one_with_fewer_channels() {
    let count = |width| {
        let network = CtrGcn::new(&GraphConfig { width, ..config(60, 2) }, &Device::flex()).unwrap();
        tensors_of(&network).values().map(|tensor| tensor.values.len()).sum::<usize>()
    };
    assert!(count(16) * 10 < count(PUBLISHED_WIDTH));
    let network = CtrGcn::new(&GraphConfig { width: 16, ..config(3, 1) }, &device()).unwrap().fresh(7);
    let clips = Tensor::random([2, 3, 8, 25, 1], Distribution::Uniform(-1.0, 1.0), &device());
    assert_eq!(network.forward(clips, &mut Pass::evaluation()).dims(), [2, 3]);
}
