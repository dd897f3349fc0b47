//! The kernels on the CPU backend's tensors.

use crate::graph::operands::SUBSETS;
use burn::backend::Flex;
use burn::tensor::Shape;
use burn_flex::FlexTensor;

use super::{GraphBackward, GraphOps, Mode};
use crate::graph::kernels::{norm, pointwise, refine, temporal};
use crate::layers::fused::flex::{Floats, tensor};

fn sizes_of_pointwise(input: &Floats, weight: &Floats, stride: usize) -> pointwise::Sizes {
    let [_, frames, joints, inputs] = input.rank4();
    pointwise::Sizes { frames, joints, inputs, outputs: weight.shape()[0], stride }
}

fn sizes_of_temporal(input: &Floats, stride: usize) -> temporal::Sizes {
    let [_, frames, joints, channels] = input.rank4();
    temporal::Sizes { frames, joints, channels, stride }
}

/// The sizes of a refinement with these tensors, and its weights.
fn layer([input, weights @ ..]: [&Floats; 9]) -> (refine::Weights<'_>, refine::Sizes) {
    let [_, frames, joints, inputs] = input.rank4();
    let [relate, relate_bias, spread, spread_bias, alpha, graph, value, value_bias] = weights.map(Floats::slice);
    let sizes = refine::Sizes {
        frames,
        joints,
        inputs,
        outputs: value_bias.len() / SUBSETS,
        relations: relate_bias.len() / (2 * SUBSETS),
    };
    let alpha = alpha[0];
    (refine::Weights { relate, relate_bias, spread, spread_bias, alpha, graph, value, value_bias }, sizes)
}

fn with_last(shape: &Shape, frames: usize, channels: usize) -> Shape {
    Shape::from([shape[0], frames, shape[2], channels])
}

/// The norm of tensors of these values; `statistics` holds means and then variances.
fn norm_of<'a>(
    input: &Floats,
    statistics: &'a Floats,
    weight: &'a Floats,
    bias: &'a Floats,
    mode: Mode,
) -> norm::Norm<'a> {
    let count = weight.slice().len();
    let (mean, variance) = statistics.slice().split_at(count);
    let [.., channels] = input.rank4();
    norm::Norm { mean, variance, weight: weight.slice(), bias: bias.slice(), mode, channels }
}

impl GraphOps for Flex {
    fn graph_refine(
        input: FlexTensor,
        relate: FlexTensor,
        relate_bias: FlexTensor,
        spread: FlexTensor,
        spread_bias: FlexTensor,
        alpha: FlexTensor,
        graph: FlexTensor,
        value: FlexTensor,
        value_bias: FlexTensor,
    ) -> FlexTensor {
        let tensors = [input, relate, relate_bias, spread, spread_bias, alpha, graph, value, value_bias];
        let tensors = tensors.map(Floats::new);
        let (weights, sizes) = layer(tensors.each_ref());
        let output = refine::forward(tensors[0].slice(), weights, sizes);
        tensor(output, with_last(&tensors[0].shape(), sizes.frames, sizes.outputs))
    }

    fn graph_pointwise(input: FlexTensor, weight: FlexTensor, bias: FlexTensor, stride: usize) -> FlexTensor {
        let [input, weight, bias] = [input, weight, bias].map(Floats::new);
        let sizes = sizes_of_pointwise(&input, &weight, stride);
        let output = pointwise::forward(input.slice(), weight.slice(), bias.slice(), sizes);
        tensor(output, with_last(&input.shape(), sizes.kept(), sizes.outputs))
    }

    fn graph_temporal(
        input: FlexTensor,
        near: FlexTensor,
        near_bias: FlexTensor,
        far: FlexTensor,
        far_bias: FlexTensor,
        stride: usize,
    ) -> FlexTensor {
        let [input, near, near_bias, far, far_bias] = [input, near, near_bias, far, far_bias].map(Floats::new);
        let sizes = sizes_of_temporal(&input, stride);
        let (weights, biases) = ([near.slice(), far.slice()], [near_bias.slice(), far_bias.slice()]);
        let output = temporal::forward(input.slice(), weights, biases, sizes);
        tensor(output, with_last(&input.shape(), sizes.kept(), sizes.channels))
    }

    fn graph_statistics(input: FlexTensor, count: usize) -> FlexTensor {
        let input = Floats::new(input);
        let [.., channels] = input.rank4();
        tensor(norm::statistics(input.slice(), channels, count).concat(), Shape::from([2, count]))
    }

    fn graph_norm(
        input: FlexTensor,
        statistics: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        mode: Mode,
    ) -> FlexTensor {
        let [input, statistics, weight, bias] = [input, statistics, weight, bias].map(Floats::new);
        let norm = norm_of(&input, &statistics, &weight, &bias, mode);
        tensor(norm::forward(input.slice(), None, norm), input.shape())
    }

    fn graph_norm_add(
        input: FlexTensor,
        residual: FlexTensor,
        statistics: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        mode: Mode,
    ) -> FlexTensor {
        let tensors = [input, residual, statistics, weight, bias];
        let [input, residual, statistics, weight, bias] = tensors.map(Floats::new);
        let norm = norm_of(&input, &statistics, &weight, &bias, mode);
        tensor(norm::forward(input.slice(), Some(residual.slice()), norm), input.shape())
    }
}

impl GraphBackward for Flex {
    fn graph_refine_backward(inputs: [FlexTensor; 9], upstream: FlexTensor) -> [FlexTensor; 9] {
        let (inputs, upstream) = (inputs.map(Floats::new), Floats::new(upstream));
        let (weights, sizes) = layer(inputs.each_ref());
        let (d_input, d) = refine::backward(inputs[0].slice(), weights, upstream.slice(), sizes);
        let mut shapes = inputs.each_ref().map(Floats::shape).into_iter();
        [
            d_input,
            d.relate,
            d.relate_bias,
            d.spread,
            d.spread_bias,
            vec![d.alpha as f32],
            d.graph,
            d.value,
            d.value_bias,
        ]
        .map(|values| tensor(values, shapes.next().expect("as many shapes as gradients")))
    }

    fn graph_pointwise_backward(inputs: [FlexTensor; 3], upstream: FlexTensor, stride: usize) -> [FlexTensor; 3] {
        let ([input, weight, bias], upstream) = (inputs.map(Floats::new), Floats::new(upstream));
        let sizes = sizes_of_pointwise(&input, &weight, stride);
        let [d_input, d_weight, d_bias] = pointwise::backward(input.slice(), weight.slice(), upstream.slice(), sizes);
        [tensor(d_input, input.shape()), tensor(d_weight, weight.shape()), tensor(d_bias, bias.shape())]
    }

    fn graph_temporal_backward(inputs: [FlexTensor; 5], upstream: FlexTensor, stride: usize) -> [FlexTensor; 5] {
        let ([input, near, near_bias, far, far_bias], upstream) = (inputs.map(Floats::new), Floats::new(upstream));
        let sizes = sizes_of_temporal(&input, stride);
        let weights = [near.slice(), far.slice()];
        let [d_input, d_near, d_far, d_near_bias, d_far_bias] =
            temporal::backward(input.slice(), weights, upstream.slice(), sizes);
        [
            tensor(d_input, input.shape()),
            tensor(d_near, near.shape()),
            tensor(d_near_bias, near_bias.shape()),
            tensor(d_far, far.shape()),
            tensor(d_far_bias, far_bias.shape()),
        ]
    }

    fn graph_norm_backward(inputs: [FlexTensor; 4], upstream: FlexTensor, mode: Mode) -> [FlexTensor; 4] {
        let ([input, statistics, weight, bias], upstream) = (inputs.map(Floats::new), Floats::new(upstream));
        let norm = norm_of(&input, &statistics, &weight, &bias, mode);
        let [d_input, _, d_weight, d_bias] = norm::backward(input.slice(), None, upstream.slice(), norm);
        let nothing = vec![0.0; statistics.slice().len()];
        [
            tensor(d_input, input.shape()),
            tensor(nothing, statistics.shape()),
            tensor(d_weight, weight.shape()),
            tensor(d_bias, bias.shape()),
        ]
    }

    fn graph_norm_add_backward(inputs: [FlexTensor; 5], upstream: FlexTensor, mode: Mode) -> [FlexTensor; 5] {
        let ([input, residual, statistics, weight, bias], upstream) = (inputs.map(Floats::new), Floats::new(upstream));
        let norm = norm_of(&input, &statistics, &weight, &bias, mode);
        let [d_input, d_residual, d_weight, d_bias] =
            norm::backward(input.slice(), Some(residual.slice()), upstream.slice(), norm);
        let nothing = vec![0.0; statistics.slice().len()];
        [
            tensor(d_input, input.shape()),
            tensor(d_residual, residual.shape()),
            tensor(nothing, statistics.shape()),
            tensor(d_weight, weight.shape()),
            tensor(d_bias, bias.shape()),
        ]
    }
}
