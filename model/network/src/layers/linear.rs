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

    /// `[rows, in]` → `[rows, out]` of each of several layers, which may cost less than one after the other.
    #[must_use]
    pub fn forward_all<const N: usize>(layers: [&Linear; N], input: Tensor<2>) -> [Tensor<2>; N] {
        let plain = layers.iter().all(|layer| layer.lora.is_none());
        let Some(products) = plain.then(|| Weight::one_row(layers.map(|layer| &layer.weight), &input)).flatten() else {
            return layers.map(|layer| layer.forward(input.clone()));
        };
        let mut layers = layers.into_iter();
        products.map(|product| match layers.next().and_then(|layer| layer.bias.as_ref()) {
            Some(bias) => product + bias.val().unsqueeze(),
            None => product,
        })
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
