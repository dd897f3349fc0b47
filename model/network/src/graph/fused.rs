//! The layers of a graph network as operations of the CPU backend with hand-written backwards, as
//! [`layers`](crate::layers) has them for transformers: the kernels know nothing of burn, `flex` lends them memory,
//! `autodiff` puts them on the tape.

use burn::Tensor;
use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};

use super::kernels::refine;
use super::operands::{Mode, Refinement, Ways};
use crate::layers::fused as layers;

mod autodiff;
mod flex;

/// The fused layers, with gradients through burn's automatic differentiation. Shapes are those of `ops`.
#[backend_extension(Flex, Autodiff)]
pub trait GraphOps: Backend {
    /// See `kernels::refine`.
    #[allow(clippy::too_many_arguments, reason = "the tensors of one layer")]
    fn graph_refine(
        input: FloatTensor<Self>,
        relate: FloatTensor<Self>,
        relate_bias: FloatTensor<Self>,
        spread: FloatTensor<Self>,
        spread_bias: FloatTensor<Self>,
        alpha: FloatTensor<Self>,
        graph: FloatTensor<Self>,
        value: FloatTensor<Self>,
        value_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    /// See `kernels::pointwise`.
    fn graph_pointwise(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
    ) -> FloatTensor<Self>;
    /// See `kernels::temporal`.
    fn graph_temporal(
        input: FloatTensor<Self>,
        near: FloatTensor<Self>,
        near_bias: FloatTensor<Self>,
        far: FloatTensor<Self>,
        far_bias: FloatTensor<Self>,
        stride: usize,
    ) -> FloatTensor<Self>;
    /// See `kernels::norm`. Without a gradient.
    fn graph_statistics(input: FloatTensor<Self>, count: usize) -> FloatTensor<Self>;
    /// See `kernels::norm`.
    fn graph_norm(
        input: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        mode: Mode,
    ) -> FloatTensor<Self>;
    /// See `kernels::norm`.
    fn graph_norm_add(
        input: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        mode: Mode,
    ) -> FloatTensor<Self>;
}

/// Gradients of [`GraphOps`] with respect to its tensors in order, on backends that compute. Last comes `∂L/∂output`.
pub trait GraphBackward: GraphOps {
    /// Of [`GraphOps::graph_refine`].
    fn graph_refine_backward(inputs: [FloatTensor<Self>; 9], upstream: FloatTensor<Self>) -> [FloatTensor<Self>; 9];
    /// Of [`GraphOps::graph_pointwise`].
    fn graph_pointwise_backward(
        inputs: [FloatTensor<Self>; 3],
        upstream: FloatTensor<Self>,
        stride: usize,
    ) -> [FloatTensor<Self>; 3];
    /// Of [`GraphOps::graph_temporal`].
    fn graph_temporal_backward(
        inputs: [FloatTensor<Self>; 5],
        upstream: FloatTensor<Self>,
        stride: usize,
    ) -> [FloatTensor<Self>; 5];
    /// Of [`GraphOps::graph_norm`]; nothing flows to the statistics, through which the input's gradient goes already.
    fn graph_norm_backward(
        inputs: [FloatTensor<Self>; 4],
        upstream: FloatTensor<Self>,
        mode: Mode,
    ) -> [FloatTensor<Self>; 4];
    /// Of [`GraphOps::graph_norm_add`].
    fn graph_norm_add_backward(
        inputs: [FloatTensor<Self>; 5],
        upstream: FloatTensor<Self>,
        mode: Mode,
    ) -> [FloatTensor<Self>; 5];
}

/// Whether the fused layers can take this tensor and give that many channels: whole panels.
pub(super) fn applies(tensor: &Tensor<4>, outputs: usize) -> bool {
    layers::applies(tensor) && outputs.is_multiple_of(refine::PANEL)
}

pub(super) fn refine(input: Tensor<4>, layer: Refinement) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::graph_refine(
        input.into_dispatch(),
        layer.relate.into_dispatch(),
        layer.relate_bias.into_dispatch(),
        layer.spread.into_dispatch(),
        layer.spread_bias.into_dispatch(),
        layer.alpha.into_dispatch(),
        layer.graph.into_dispatch(),
        layer.value.into_dispatch(),
        layer.value_bias.into_dispatch(),
    ))
}

pub(super) fn pointwise(input: Tensor<4>, weight: Tensor<2>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    let (input, weight, bias) = (input.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(Dispatch::graph_pointwise(input, weight, bias, stride))
}

pub(super) fn temporal(input: Tensor<4>, Ways { weights, biases }: Ways, stride: usize) -> Tensor<4> {
    let ([near, far], [near_bias, far_bias]) = (weights.map(Tensor::into_dispatch), biases.map(Tensor::into_dispatch));
    Tensor::from_dispatch(Dispatch::graph_temporal(input.into_dispatch(), near, near_bias, far, far_bias, stride))
}

pub(super) fn statistics(input: Tensor<4>, count: usize) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::graph_statistics(input.into_dispatch(), count))
}

pub(super) fn norm(
    input: Tensor<4>,
    residual: Option<Tensor<4>>,
    statistics: Tensor<2>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    mode: Mode,
) -> Tensor<4> {
    let (input, statistics) = (input.into_dispatch(), statistics.into_dispatch());
    let (weight, bias) = (weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(match residual {
        None => Dispatch::graph_norm(input, statistics, weight, bias, mode),
        Some(residual) => Dispatch::graph_norm_add(input, residual.into_dispatch(), statistics, weight, bias, mode),
    })
}
