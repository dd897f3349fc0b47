//! The two norms: LayerNorm in the vision tower and projector, RMSNorm in the decoder.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::Device;

use super::ops;
use crate::tensors::parameter;

/// `(x − mean)/√(variance + eps) · weight + bias` over the last axis, with the biased variance.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// `[width]`.
    pub weight: Param<Tensor<1>>,
    /// `[width]`.
    pub bias: Param<Tensor<1>>,
    eps: f64,
}

impl LayerNorm {
    /// A norm of `width` features, without values yet.
    #[must_use]
    pub fn new(width: usize, eps: f64, device: &Device) -> Self {
        Self { weight: parameter([width], device), bias: parameter([width], device), eps }
    }

    /// `[rows, width]` → the same.
    #[must_use]
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        ops::layer_norm(input, self.weight.val(), self.bias.val(), self.eps)
    }
}

/// `x/√(mean(x²) + eps) · weight` over the last axis.
#[derive(Module, Debug)]
pub struct RmsNorm {
    /// `[width]`.
    pub weight: Param<Tensor<1>>,
    eps: f64,
}

impl RmsNorm {
    /// A norm of `width` features, without values yet.
    #[must_use]
    pub fn new(width: usize, eps: f64, device: &Device) -> Self {
        Self { weight: parameter([width], device), eps }
    }

    /// What keeps the root from zero.
    #[cfg(feature = "cpu")]
    pub(crate) fn eps(&self) -> f64 {
        self.eps
    }

    /// `[rows, width]` → the same.
    #[must_use]
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        ops::rms_norm(input, self.weight.val(), self.eps)
    }
}
