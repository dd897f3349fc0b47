use burn::Tensor;
use burn::tensor::{Device, TensorData};

use super::*;
use crate::initialise::{Draw, fill};
use crate::tensors::host;

fn numbers(count: usize, seed: f64) -> Vec<f64> {
    (0..count).map(|i| ((i as f64 + 1.0) * 12.9898 + seed).sin()).collect()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Four clips of two labels with two slots, some empty, against the formulas one term at a time.
fn check(filled: [[bool; 2]; 4]) {
    let (count, slots, width, tau) = (4, 2, 3, 0.5);
    let labels = [0, 1, 0, 1];
    let clips = numbers(count * width, 0.4);
    let texts = numbers(count * slots * width, 2.7);
    let e = |i: usize, k: usize, n: usize| {
        (cosine(&clips[i * width..][..width], &texts[(k * slots + n) * width..][..width]) / tau).exp()
    };
    let bag = |i: usize, k: usize| (0..slots).filter(|&n| filled[k][n]).map(|n| e(i, k, n)).sum::<f64>();
    let expected = |reading: Reading| {
        let mut terms = Vec::new();
        for i in 0..count {
            let fits = |k: usize| {
                (reading != Reading::Class && reading != Reading::Outside && k == i)
                    || (matches!(reading, Reading::Class | Reading::Outside) && labels[k] == labels[i])
            };
            let bags: Vec<f64> = (0..count).filter(|&k| fits(k)).map(|k| bag(i, k)).filter(|&s| s > 0.0).collect();
            if bags.is_empty() {
                continue;
            }
            let mut all: f64 = (0..count).map(|k| bag(i, k)).sum();
            if reading == Reading::BothWays {
                all += (0..count).map(|k| bag(k, i)).sum::<f64>();
            }
            terms.push(match reading {
                Reading::Outside => bags.iter().map(|s| -(s / all).ln()).sum::<f64>() / bags.len() as f64,
                _ => -(bags.iter().sum::<f64>() / all).ln(),
            });
        }
        terms.iter().sum::<f64>() / terms.len() as f64
    };
    let device = Device::flex();
    let f32s = |values: &[f64]| values.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let bags = Bags {
        texts: Tensor::from_data(TensorData::new(f32s(&texts), [count, slots, width]), &device),
        filled: filled.iter().map(|bag| bag.to_vec()).collect(),
        labels: labels.to_vec(),
    };
    for reading in Reading::ALL {
        let clips = Tensor::from_data(TensorData::new(f32s(&clips), [count, width]), &device);
        let tau = Tensor::from_floats([tau as f32], &device);
        let found = f64::from(host(mil_nce(clips, &bags, tau, reading))[0]);
        assert!((found - expected(reading)).abs() < 1e-5, "{reading:?}: {found} against {}", expected(reading));
    }
}

#[test]
fn losses_follow_the_formulas() {
    check([[true; 2]; 4]);
    check([[true, false], [false, true], [true, true], [true, false]]);
    // a clip without any text of its own
    check([[true, true], [true, true], [false, false], [true, false]]);
}

#[test]
fn nothing_to_learn_from_is_no_loss() {
    let device = Device::flex();
    let bags = Bags { texts: Tensor::ones([2, 1, 3], &device), filled: vec![vec![false]; 2], labels: vec![0, 1] };
    for reading in Reading::ALL {
        let loss = mil_nce(Tensor::ones([2, 3], &device), &bags, Tensor::from_floats([0.07], &device), reading);
        assert_eq!(host(loss), [0.0], "{reading:?}");
    }
}

fn small() -> TqpConfig {
    TqpConfig {
        width: 8,
        layers: 3,
        heads: 2,
        inner: 12,
        queries: 5,
        skeleton: 6,
        language: 10,
        segments: 2,
        ..TqpConfig::default()
    }
}

fn projection(seed: u64) -> Tqp {
    fill(Tqp::new(&small(), &Device::flex()), seed, |_, _| Some(Draw::Normal(0.3)))
}

#[test]
fn names_are_those_of_blip_2() {
    let tensors = projection(1).tensors();
    for name in [
        "query_tokens",
        "qformer.layernorm.weight",
        "qformer.encoder.layer.2.attention.attention.query.weight",
        "qformer.encoder.layer.2.crossattention.output.LayerNorm.bias",
        "qformer.encoder.layer.1.output_query.dense.weight",
        "language_projection.bias",
    ] {
        assert!(tensors.contains_key(name), "{name}");
    }
    assert!(!tensors.keys().any(|name| name.contains("layer.1.crossattention")), "only every second block looks");
    let again = projection(2).load(tensors.clone(), "memory").unwrap();
    assert_eq!(again.tensors(), tensors);
    let mut short = tensors;
    short.remove("query_tokens");
    let error = projection(2).load(short, "a file").unwrap_err().to_string();
    assert!(error.contains("a file") && error.contains("query_tokens"), "{error}");
}

#[test]
fn each_step_goes_on_from_the_one_before() {
    let tqp = projection(3);
    let skeleton = Tensor::<3>::from_data(
        TensorData::new(numbers(2 * 4 * 6, 1.1).iter().map(|&x| x as f32).collect(), [2, 4, 6]),
        &Device::flex(),
    );
    let steps = tqp.steps(skeleton.clone(), 2);
    assert_eq!((steps.len(), steps[1].dims()), (2, [2, 5, 8]));
    // the first step knows nothing of the second segment, the second knows both
    let changed = Tensor::cat(vec![skeleton.clone().narrow(1, 0, 2), skeleton.clone().narrow(1, 2, 2) * 2.0], 1);
    let other = tqp.steps(changed, 2);
    assert_eq!(host(steps[0].clone()), host(other[0].clone()));
    assert_ne!(host(steps[1].clone()), host(other[1].clone()));
    let early = Tensor::cat(vec![skeleton.clone().narrow(1, 0, 2) * 2.0, skeleton.clone().narrow(1, 2, 2)], 1);
    assert_ne!(host(tqp.steps(early, 2)[1].clone()), host(steps[1].clone()));
    assert_eq!(tqp.forward(skeleton, 2).dims(), [2, 5, 10]);
}
