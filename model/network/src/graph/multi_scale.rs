//! A temporal layer that looks four ways.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;

use super::convolution::together;
use super::operands::Ways;
use super::ops;
use super::{BatchNorm, Convolution, Pass};

/// A place of a public checkpoint's sequence that holds no weights: a rectifier or a pool.
#[derive(Module, Debug)]
pub struct Weightless {
    #[module(skip)]
    nothing: (),
}

impl Weightless {
    pub(crate) fn new() -> Self {
        Self { nothing: () }
    }
}

/// A convolution over time and its norm.
#[derive(Module, Debug)]
pub struct DilatedConvolution {
    /// Over five frames, or over one.
    pub conv: Convolution,
    /// After it.
    pub bn: BatchNorm,
}

/// Layer to a quarter of the channels, norm, rectifier, convolution over time.
type Convolved = (Convolution, BatchNorm, Weightless, DilatedConvolution);
/// Layer, norm, rectifier, largest of three frames, norm.
type Pooled = (Convolution, BatchNorm, Weightless, Weightless, BatchNorm);
/// Layer, norm.
type Plain = (Convolution, BatchNorm);

/// Four branches of a quarter of the channels each: convolutions over neighbouring frames and over every second one, the
/// largest of three frames, one frame (spec B.2).
#[derive(Module, Debug)]
pub struct MultiScale {
    /// In the order of their outputs.
    pub branches: (Convolved, Convolved, Pooled, Plain),
    #[module(skip)]
    stride: usize,
}

impl MultiScale {
    /// A layer of `channels` channels that keeps every `stride`-th frame, without values yet.
    #[must_use]
    pub fn new(channels: usize, stride: usize, device: &Device) -> Self {
        let quarter = channels / 4;
        let first = || (Convolution::new(channels, quarter, 1, device), BatchNorm::new(quarter, device));
        let nothing = Weightless::new;
        let convolved = || {
            let (layer, norm) = first();
            let conv = Convolution::new(quarter, quarter, 5, device);
            (layer, norm, nothing(), DilatedConvolution { conv, bn: BatchNorm::new(quarter, device) })
        };
        let pooled = || {
            let (layer, norm) = first();
            (layer, norm, nothing(), nothing(), BatchNorm::new(quarter, device))
        };
        Self { branches: (convolved(), convolved(), pooled(), first()), stride }
    }

    /// `rectify(layer(input) + residual)`: `[N, T, V, C]` → `[N, ⌈T/stride⌉, V, C]`.
    pub(super) fn forward(&self, input: Tensor<4>, residual: Option<Tensor<4>>, pass: &mut Pass) -> Tensor<4> {
        let (near, far, pooled, plain) = &self.branches;
        let (weight, bias) = together(&[&near.0, &far.0, &pooled.0, &plain.0]);
        let inner = ops::pointwise(input, weight, bias, 1);
        let inner = pass.norm(&[&near.1, &far.1, &pooled.1], inner, None, true);
        let ways = [near, far].map(|branch| &branch.3.conv);
        let ways = Ways {
            weights: ways.map(|conv| conv.weight.val().squeeze_dim(3)),
            biases: ways.map(|conv| conv.bias.val()),
        };
        let output = ops::temporal(inner, ways, self.stride);
        pass.norm(&[&near.3.bn, &far.3.bn, &pooled.4, &plain.1], output, residual, true)
    }
}
