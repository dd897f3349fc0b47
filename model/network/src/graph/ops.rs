//! The layers on plain tensors `[clips, frames, joints, channels]`: on the CPU backend one fused kernel each, elsewhere
//! burn's operations in sequence.

use burn::Tensor;
use burn::tensor::activation;

#[cfg(feature = "cpu")]
use super::fused;
use super::operands::{Mode, Refinement, SUBSETS, TAPS, Ways};
use crate::layers::ops::linear;
use crate::tensors::indices;

/// `[N, T, V, in]` → `[N, T, V, out]`: `Σᵢ Σ_v (α·(W₄·tanh(q_u − r_v) + b₄) + Aᵢ[u, v]) ∘ (W₃·x_v + b₃)` (spec B.2).
pub(super) fn refine(input: Tensor<4>, layer: Refinement) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if fused::applies(&input, layer.value_bias.dims()[0] / SUBSETS) {
        return fused::refine(input, layer);
    }
    refine_composed(input, layer)
}

pub(super) fn refine_composed(input: Tensor<4>, layer: Refinement) -> Tensor<4> {
    let [clips, frames, joints, inputs] = input.dims();
    let (outputs, relations) = (layer.value_bias.dims()[0] / SUBSETS, layer.relate_bias.dims()[0] / (2 * SUBSETS));
    let mean = input.clone().mean_dim(1).reshape([clips * joints, inputs]);
    let related = linear(mean, layer.relate, Some(layer.relate_bias));
    let related = related.reshape([clips, joints, SUBSETS * 2, relations]);
    let rows = input.reshape([clips * frames * joints, inputs]);
    let part = |subset: usize, which: usize| {
        let at = 2 * subset + which;
        related.clone().slice([0..clips, 0..joints, at..at + 1, 0..relations])
    };
    // α times every map is the layer with α times its weights, which is less to do and to add up
    let all_spread = layer.spread * layer.alpha.clone().reshape([1, 1]);
    let all_spread_bias = layer.spread_bias * layer.alpha;
    let mut sum: Option<Tensor<4>> = None;
    for subset in 0..SUBSETS {
        let own = subset * outputs..(subset + 1) * outputs;
        // [N, u, v, relations]
        let q = part(subset, 0).reshape([clips, joints, 1, relations]);
        let r = part(subset, 1).reshape([clips, 1, joints, relations]);
        let tanh = (q - r).tanh().reshape([clips * joints * joints, relations]);
        let spread = all_spread.clone().slice([own.clone(), 0..relations]);
        let spread = linear(tanh, spread, Some(all_spread_bias.clone().slice([own.clone()])));
        let graph = layer.graph.clone().slice([subset..subset + 1, 0..joints, 0..joints]);
        let maps = spread.reshape([clips, joints, joints, outputs]) + graph.reshape([1, joints, joints, 1]);
        let value = layer.value.clone().slice([own.clone(), 0..inputs]);
        let value = linear(rows.clone(), value, Some(layer.value_bias.clone().slice([own])));
        let value = value.reshape([clips, frames, joints, outputs]);
        // [N, out, u, v] · [N, out, v, T]
        let product = maps.permute([0, 3, 1, 2]).matmul(value.permute([0, 3, 2, 1]));
        sum = Some(match sum {
            Some(sum) => sum + product,
            None => product,
        });
    }
    sum.expect("there are subsets").permute([0, 3, 2, 1])
}

/// Every `stride`-th frame, the first one included.
fn every(input: Tensor<4>, stride: usize) -> Tensor<4> {
    if stride == 1 {
        return input;
    }
    let frames = input.dims()[1];
    let kept = (0..frames).step_by(stride).map(|t| t as i64).collect();
    let kept = indices(kept, &input.device().without_autodiff());
    input.select(1, kept)
}

/// `[N, T, V, in]`, `[out, in]`, `[out]` → `[N, ⌈T/stride⌉, V, out]`.
pub(super) fn pointwise(input: Tensor<4>, weight: Tensor<2>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if fused::applies(&input, bias.dims()[0]) {
        return fused::pointwise(input, weight, bias, stride);
    }
    pointwise_composed(input, weight, bias, stride)
}

pub(super) fn pointwise_composed(input: Tensor<4>, weight: Tensor<2>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    let input = every(input, stride);
    let [clips, frames, joints, inputs] = input.dims();
    let outputs = bias.dims()[0];
    let output = linear(input.reshape([clips * frames * joints, inputs]), weight, Some(bias));
    output.reshape([clips, frames, joints, outputs])
}

/// `[N, T, V, C]` → `[N, ⌈T/stride⌉, V, C]`: a quarter of the channels through each convolution, a quarter the largest
/// of three frames, a quarter as it is.
pub(super) fn temporal(input: Tensor<4>, ways: Ways, stride: usize) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if fused::applies(&input, input.dims()[3]) {
        return fused::temporal(input, ways, stride);
    }
    temporal_composed(input, ways, stride)
}

pub(super) fn temporal_composed(input: Tensor<4>, ways: Ways, stride: usize) -> Tensor<4> {
    let [clips, frames, joints, channels] = input.dims();
    let (quarter, kept) = (channels / 4, frames.div_ceil(stride));
    let quarter_of =
        |way: usize| input.clone().slice([0..clips, 0..frames, 0..joints, way * quarter..(way + 1) * quarter]);
    let device = input.device();
    // frames before and after, and of those every `stride`-th from `from` on
    let padded = |part: Tensor<4>, count: usize, value: f32| {
        let beside = Tensor::full([clips, count, joints, quarter], value, &device);
        Tensor::cat(vec![beside.clone(), part, beside], 1)
    };
    let seen = |part: &Tensor<4>, from: usize| {
        let last = from + (kept - 1) * stride + 1;
        every(part.clone().slice([0..clips, from..last, 0..joints, 0..quarter]), stride)
    };
    let mut outputs = Vec::with_capacity(4);
    for (way, (weight, bias)) in ways.weights.into_iter().zip(ways.biases).enumerate() {
        let part = padded(quarter_of(way), (way + 1) * (TAPS / 2), 0.0);
        let unfolded = Tensor::cat((0..TAPS).map(|tap| seen(&part, tap * (way + 1))).collect(), 3);
        let weight = weight.permute([0, 2, 1]).reshape([quarter, TAPS * quarter]);
        let output = linear(unfolded.reshape([clips * kept * joints, TAPS * quarter]), weight, Some(bias));
        outputs.push(output.reshape([clips, kept, joints, quarter]));
    }
    let part = padded(quarter_of(2), 1, f32::MIN);
    // of equals the first, as the libraries have it
    let larger = |one: Tensor<4>, other: Tensor<4>| one.clone().mask_where(other.clone().greater(one), other);
    let [before, now, after] = [0, 1, 2].map(|from| seen(&part, from));
    outputs.push(larger(larger(before, now), after));
    outputs.push(every(quarter_of(3), stride));
    Tensor::cat(outputs, 3)
}

/// `[N, T, V, C]`, a residual of the same shape, `[2, K]` means and variances, `[K]` weights and biases of the first K
/// channels → `rectify(norm(input) + residual)`; channels after them pass as they are.
pub(super) fn norm(
    input: Tensor<4>,
    residual: Option<Tensor<4>>,
    statistics: Tensor<2>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    mode: Mode,
) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if fused::applies(&input, input.dims()[3]) {
        return fused::norm(input, residual, statistics, weight, bias, mode);
    }
    norm_composed(input, residual, Some(statistics), weight, bias, mode).0
}

/// As [`norm`], by the batch's own statistics, which are returned, too.
pub(super) fn norm_by_batch(
    input: Tensor<4>,
    residual: Option<Tensor<4>>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    mode: Mode,
) -> (Tensor<4>, Tensor<2>) {
    #[cfg(feature = "cpu")]
    if fused::applies(&input, input.dims()[3]) {
        let statistics = fused::statistics(input.clone(), weight.dims()[0]);
        return (fused::norm(input, residual, statistics.clone(), weight, bias, mode), statistics);
    }
    norm_composed(input, residual, None, weight, bias, mode)
}

/// Without `statistics` by the batch's own.
pub(super) fn norm_composed(
    input: Tensor<4>,
    residual: Option<Tensor<4>>,
    statistics: Option<Tensor<2>>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    mode: Mode,
) -> (Tensor<4>, Tensor<2>) {
    let [clips, frames, joints, channels] = input.dims();
    let count = weight.dims()[0];
    let part = |from: usize, to: usize| input.clone().slice([0..clips, 0..frames, 0..joints, from..to]);
    // `[K]` beside `[N, T, V, K]`
    let beside = |numbers: Tensor<1>| numbers.reshape([1, 1, 1, count]);
    let (apart, mean, variance) = match &statistics {
        Some(statistics) => {
            let row = |row: usize| beside(statistics.clone().slice([row..row + 1, 0..count]).reshape([count]));
            (part(0, count) - row(0), row(0), row(1))
        }
        None => {
            // one long sum of f32 would be off by more than all the rest
            let mean_of = |values: Tensor<4>| values.mean_dim(2).mean_dim(1).mean_dim(0);
            let mean = mean_of(part(0, count));
            let apart = part(0, count) - mean.clone();
            // what rounding left of the mean, here and, on the way back, of the gradient's, which is the same in all
            // rows and adds up in whatever sums over them
            let rest = mean_of(apart.clone());
            let apart = apart - rest.clone();
            (apart.clone(), mean + rest, mean_of(apart.square()))
        }
    };
    let seen = || Tensor::cat(vec![mean.reshape([1, count]), variance.clone().reshape([1, count])], 0);
    let seen = statistics.unwrap_or_else(seen);
    let mut normed = apart / (variance + f64::from(mode.eps)).sqrt() * beside(weight) + beside(bias);
    if let Some(residual) = residual {
        normed = normed + residual;
    }
    if mode.rectified {
        normed = activation::relu(normed);
    }
    if count < channels {
        normed = Tensor::cat(vec![normed, part(count, channels)], 3);
    }
    (normed, seen)
}
