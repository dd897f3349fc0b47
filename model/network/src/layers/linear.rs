//! A fully connected layer.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::Device;

use super::Lora;
use crate::tensors::parameter;
use crate::weight::Weight;

/// `y = x·Wᵀ + b`, plus a low-rank update where one is attached.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`, as the files store it.
    pub weight: Weight,
    /// `[out]`.
    pub bias: Option<Param<Tensor<1>>>,
    /// Low-rank update in training; merged into `weight` before saving for inference.
    pub lora: Option<Lora>,
}

impl Linear {
    /// A layer from `inputs` to `outputs` features, without values yet.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, bias: bool, device: &Device) -> Self {
        Self {
            weight: Weight::new([outputs, inputs], device),
            bias: bias.then(|| parameter([outputs], device)),
            lora: None,
        }
    }

    /// `[rows, in]` → `[rows, out]`.
    #[must_use]
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let bias = self.bias.as_ref().map(Param::val);
        match &self.lora {
            None => self.weight.product(input, bias),
            Some(lora) => self.weight.product(input.clone(), bias) + lora.forward(input),
        }
    }

    /// Number of input features.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.weight.shape()[1]
    }

    /// Number of output features.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.weight.shape()[0]
    }
}
