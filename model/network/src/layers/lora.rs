//! A low-rank adapter of a linear layer (Hu et al., arXiv 2106.09685; settings of spec A.9).

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution};

use super::ops;
use crate::tensors::parameter;
use crate::weight::LowRank;

/// Settings of the adapters. The default is the reference's: rank 32, alpha 64, dropout 0.05, every projection.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct LoraConfig {
    /// Inner width of the update.
    pub rank: usize,
    /// The update is scaled by `alpha / rank`.
    pub alpha: f64,
    /// Share of the adapter's inputs that training drops.
    pub dropout: f64,
    /// Which projections get an adapter, by their last name in the checkpoint.
    pub targets: Vec<String>,
}

impl Default for LoraConfig {
    fn default() -> Self {
        let targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
        Self { rank: 32, alpha: 64.0, dropout: 0.05, targets: targets.map(String::from).to_vec() }
    }
}

/// `x ↦ (alpha/rank)·B·A·x`, added to a linear layer's output.
#[derive(Module, Debug)]
pub struct Lora {
    /// `[rank, in]`. Saved as `lora_A.weight`, the name the peft library gives it.
    pub a: Param<Tensor<2>>,
    /// `[out, rank]`, zero at the start, so that a fresh adapter changes nothing. Saved as `lora_B.weight`.
    pub b: Param<Tensor<2>>,
    scale: f64,
    dropout: f64,
    /// Whether inputs are dropped though the adapter does not learn.
    dropping: bool,
}

impl Lora {
    /// An adapter for a layer of `inputs` × `outputs`, without values yet.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, config: &LoraConfig, device: &Device) -> Self {
        Self {
            a: parameter([config.rank, inputs], device),
            b: parameter([outputs, config.rank], device),
            scale: config.alpha / config.rank as f64,
            dropout: config.dropout,
            dropping: false,
        }
    }

    /// Whether it draws random numbers when it runs.
    pub(crate) fn drops(&self) -> bool {
        self.dropout > 0.0 && (self.dropping || self.a.val().is_require_grad())
    }

    /// The same, and if it drops inputs now it will also do so without a tape.
    #[must_use]
    pub(crate) fn dropping(mut self) -> Self {
        self.dropping = self.drops();
        self
    }

    /// `[rows, in]` → `[rows, out]`. Drops inputs only while the adapter itself is being trained.
    #[must_use]
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let a = self.a.val();
        let input = if self.drops() {
            let keep = 1.0 - self.dropout;
            let mask = input.random_like(Distribution::Bernoulli(keep));
            input * mask / keep
        } else {
            input
        };
        ops::linear(ops::linear(input, a, None), self.b.val(), None) * self.scale
    }

    /// The update as it is now.
    pub(crate) fn update(&self) -> LowRank {
        LowRank { a: self.a.val().inner(), b: self.b.val().inner() * self.scale }
    }

    /// `[out, in]` — the update as a full matrix.
    pub(crate) fn dense(&self) -> Tensor<2> {
        self.b.val().matmul(self.a.val()) * self.scale
    }
}
