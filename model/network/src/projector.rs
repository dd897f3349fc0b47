//! From pixel-shuffled vision features to the decoder's width.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;

use crate::config::InternVlConfig;
use crate::layers::{LayerNorm, Linear, ops};

/// `multi_modal_projector.*` of a checkpoint: LayerNorm → Linear → exact GELU → Linear (spec A.8).
#[derive(Module, Debug)]
pub struct Projector {
    /// Norm over the shuffled token; its epsilon is PyTorch's default 1e-5, whatever the vision tower uses.
    pub layer_norm: LayerNorm,
    /// Shuffled width to the decoder's.
    pub linear_1: Linear,
    /// The decoder's width to itself.
    pub linear_2: Linear,
}

impl Projector {
    /// A projector without values yet.
    #[must_use]
    pub fn new(config: &InternVlConfig, device: &Device) -> Self {
        let (inputs, outputs) = (config.shuffled_size(), config.text_config.hidden_size);
        Self {
            layer_norm: LayerNorm::new(inputs, 1e-5, device),
            linear_1: Linear::new(inputs, outputs, true, device),
            linear_2: Linear::new(outputs, outputs, true, device),
        }
    }

    /// `[tokens, shuffled]` → `[tokens, hidden]`.
    #[must_use]
    pub fn forward(&self, tokens: Tensor<2>) -> Tensor<2> {
        let inner = self.linear_1.forward(self.layer_norm.forward(tokens));
        self.linear_2.forward(ops::gelu(inner))
    }
}
