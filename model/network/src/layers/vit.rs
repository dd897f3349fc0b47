//! What all image transformers have: the cut into patches as a layer, and a block's two-layer network.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::Device;

use super::{Linear, ops};
use crate::tensors::parameter;

/// A convolution whose stride is its kernel size, over patches that are cut already.
#[derive(Module, Debug)]
pub struct PatchProjection {
    /// `[width, channels, rows, columns]`.
    pub weight: Param<Tensor<4>>,
    /// `[width]`.
    pub bias: Param<Tensor<1>>,
}

impl PatchProjection {
    /// From patches of `channels × rows × columns` numbers, without values yet.
    #[must_use]
    pub fn new(width: usize, channels: usize, [rows, columns]: [usize; 2], device: &Device) -> Self {
        Self { weight: parameter([width, channels, rows, columns], device), bias: parameter([width], device) }
    }

    /// `[patches, rows·columns·channels]` → `[patches, width]`.
    #[must_use]
    pub fn forward(&self, patches: Tensor<2>) -> Tensor<2> {
        project(patches, self.weight.val(), self.bias.val())
    }
}

/// As [`PatchProjection::forward`], with weights that something was done to.
#[must_use]
pub fn project(patches: Tensor<2>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<2> {
    let [width, channels, rows, columns] = weight.dims();
    let weight = weight.permute([0, 2, 3, 1]).reshape([width, rows * columns * channels]);
    ops::linear(patches, weight, Some(bias))
}

/// Two layers with the exact GELU between them.
#[derive(Module, Debug)]
pub struct Mlp {
    /// Widens.
    pub fc1: Linear,
    /// Narrows.
    pub fc2: Linear,
}

impl Mlp {
    /// Layers without values yet.
    #[must_use]
    pub fn new(width: usize, inner: usize, device: &Device) -> Self {
        Self { fc1: Linear::new(width, inner, true, device), fc2: Linear::new(inner, width, true, device) }
    }

    /// `[rows, width]` → the same.
    #[must_use]
    pub fn forward(&self, hidden: Tensor<2>) -> Tensor<2> {
        self.fc2.forward(ops::gelu(self.fc1.forward(hidden)))
    }
}
