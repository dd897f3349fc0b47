//! The arithmetic between the matrix products, fused, for the CPU backend.
//!
//! burn's CPU backend runs each elementary operation as its own pass over memory, mostly on one core; at `nano` size
//! that takes longer than the matrix products. Here each layer is one pass forward and one backward, on all cores, in
//! vectorisable loops. Other backends take the compositions in [`ops`](super::ops): a GPU hides such passes.
//!
//! The kernels ([`norm`], [`pointwise`], [`rotate`], [`attention`]) work on slices and know nothing of burn; `flex`
//! lends them tensor memory and `autodiff` puts them on the tape. Results do not depend on the number of threads.

use std::sync::Arc;

use burn::Tensor;
use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::DType;

pub(crate) mod attention;
mod autodiff;
pub(crate) mod flex;
pub(crate) mod norm;
pub(crate) mod pointwise;
pub(crate) mod product;
pub(crate) mod rotate;
pub(crate) mod simd;

pub(crate) use autodiff::differentiable;

use super::{Table, Visibility};
use crate::tensors::on_cpu;

/// The fused layers, with gradients through burn's automatic differentiation.
#[backend_extension(Flex, Autodiff)]
pub trait FusedOps: Backend {
    /// See [`ops::layer_norm`](super::ops::layer_norm).
    fn fused_layer_norm(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self>;
    /// See [`ops::rms_norm`](super::ops::rms_norm).
    fn fused_rms_norm(input: FloatTensor<Self>, weight: FloatTensor<Self>, eps: f64) -> FloatTensor<Self>;
    /// See [`ops::gelu`](super::ops::gelu).
    fn fused_gelu(input: FloatTensor<Self>) -> FloatTensor<Self>;
    /// See [`ops::swiglu`](super::ops::swiglu).
    fn fused_swiglu(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self>;
    /// See [`ops::scaled_add`](super::ops::scaled_add).
    fn fused_scaled_add(
        residual: FloatTensor<Self>,
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    /// See [`ops::rotate`](super::ops::rotate).
    fn fused_rotate(heads: FloatTensor<Self>, table: Arc<Table>) -> FloatTensor<Self>;
    /// See [`ops::attention`](super::ops::attention).
    fn fused_attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        visible: Visibility,
    ) -> FloatTensor<Self>;
}

/// Gradients of [`FusedOps`] with respect to its tensors in order, on backends that compute. Last comes `∂L/∂output`.
pub trait FusedBackward: FusedOps {
    /// Of [`FusedOps::fused_layer_norm`].
    fn fused_layer_norm_backward(
        inputs: [FloatTensor<Self>; 3],
        upstream: FloatTensor<Self>,
        eps: f64,
    ) -> [FloatTensor<Self>; 3];
    /// Of [`FusedOps::fused_rms_norm`].
    fn fused_rms_norm_backward(
        inputs: [FloatTensor<Self>; 2],
        upstream: FloatTensor<Self>,
        eps: f64,
    ) -> [FloatTensor<Self>; 2];
    /// Of [`FusedOps::fused_gelu`].
    fn fused_gelu_backward(inputs: [FloatTensor<Self>; 1], upstream: FloatTensor<Self>) -> [FloatTensor<Self>; 1];
    /// Of [`FusedOps::fused_swiglu`].
    fn fused_swiglu_backward(inputs: [FloatTensor<Self>; 2], upstream: FloatTensor<Self>) -> [FloatTensor<Self>; 2];
    /// Of [`FusedOps::fused_scaled_add`].
    fn fused_scaled_add_backward(inputs: [FloatTensor<Self>; 3], upstream: FloatTensor<Self>)
    -> [FloatTensor<Self>; 3];
    /// Of [`FusedOps::fused_rotate`].
    fn fused_rotate_backward(
        inputs: [FloatTensor<Self>; 1],
        upstream: FloatTensor<Self>,
        table: Arc<Table>,
    ) -> [FloatTensor<Self>; 1];
    /// Of [`FusedOps::fused_attention`].
    fn fused_attention_backward(
        inputs: [FloatTensor<Self>; 3],
        upstream: FloatTensor<Self>,
        visible: Visibility,
    ) -> [FloatTensor<Self>; 3];
}

/// Whether the fused layers can take this tensor: f32 on the CPU backend.
pub(crate) fn applies<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && on_cpu(&tensor.device())
}

pub(crate) fn layer_norm(input: Tensor<2>, weight: Tensor<1>, bias: Tensor<1>, eps: f64) -> Tensor<2> {
    let (input, weight, bias) = (input.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(Dispatch::fused_layer_norm(input, weight, bias, eps))
}

pub(crate) fn rms_norm(input: Tensor<2>, weight: Tensor<1>, eps: f64) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::fused_rms_norm(input.into_dispatch(), weight.into_dispatch(), eps))
}

pub(crate) fn gelu(input: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::fused_gelu(input.into_dispatch()))
}

pub(crate) fn swiglu(gate: Tensor<2>, up: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::fused_swiglu(gate.into_dispatch(), up.into_dispatch()))
}

pub(crate) fn scaled_add(residual: Tensor<2>, input: Tensor<2>, scale: Tensor<1>) -> Tensor<2> {
    let (residual, input, scale) = (residual.into_dispatch(), input.into_dispatch(), scale.into_dispatch());
    Tensor::from_dispatch(Dispatch::fused_scaled_add(residual, input, scale))
}

pub(crate) fn rotate(heads: Tensor<4>, table: Arc<Table>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::fused_rotate(heads.into_dispatch(), table))
}

pub(crate) fn attention(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, visible: Visibility) -> Tensor<4> {
    let (query, key, value) = (query.into_dispatch(), key.into_dispatch(), value.into_dispatch());
    Tensor::from_dispatch(Dispatch::fused_attention(query, key, value, visible))
}

#[cfg(test)]
mod tests;
