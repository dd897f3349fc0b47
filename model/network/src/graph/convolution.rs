//! A convolution's weights, in the layout of the files.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::Device;

use super::ops;
use crate::tensors::parameter;

/// From channels to channels, over one frame or several.
#[derive(Module, Debug)]
pub struct Convolution {
    /// `[out, in, taps, 1]`.
    pub weight: Param<Tensor<4>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
}

impl Convolution {
    /// A convolution over `taps` frames, without values yet.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, taps: usize, device: &Device) -> Self {
        Self { weight: parameter([outputs, inputs, taps, 1], device), bias: parameter([outputs], device) }
    }

    /// `[out, in]`, of a convolution over one frame.
    pub(super) fn matrix(&self) -> Tensor<2> {
        let [outputs, inputs, ..] = self.weight.val().dims();
        self.weight.val().reshape([outputs, inputs])
    }

    /// `[N, T, V, in]` → `[N, ⌈T/stride⌉, V, out]`, of a convolution over one frame.
    pub(super) fn pointwise(&self, input: Tensor<4>, stride: usize) -> Tensor<4> {
        ops::pointwise(input, self.matrix(), self.bias.val(), stride)
    }
}

/// The convolutions over one frame as one, their outputs next to each other: `[out, in]`, `[out]`.
pub(super) fn together(layers: &[&Convolution]) -> (Tensor<2>, Tensor<1>) {
    let weights = layers.iter().map(|layer| layer.matrix()).collect();
    let biases = layers.iter().map(|layer| layer.bias.val()).collect();
    (Tensor::cat(weights, 0), Tensor::cat(biases, 0))
}
