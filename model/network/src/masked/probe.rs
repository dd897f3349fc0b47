//! A linear probe: what labels can be read off features with one layer.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::Device;

use crate::layers::Linear;
use crate::tensors::parameter;

/// Added to variances.
const EPS: f64 = 1e-6;

/// Batch normalisation without scale and shift, then one layer.
#[derive(Module, Debug)]
pub struct Probe {
    /// `[width]` mean of each feature over the training clips.
    pub running_mean: Param<Tensor<1>>,
    /// `[width]` variance of each feature over the training clips.
    pub running_var: Param<Tensor<1>>,
    /// `[labels, width]`.
    pub linear: Linear,
}

impl Probe {
    /// A probe without values yet.
    #[must_use]
    pub fn new(width: usize, labels: usize, device: &Device) -> Self {
        Self {
            running_mean: parameter([width], device),
            running_var: parameter([width], device),
            linear: Linear::new(width, labels, true, device),
        }
    }

    /// `[N, width]` features → `[N, labels]` by the statistics of training.
    #[must_use]
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        let deviation = (self.running_var.val() + EPS).sqrt();
        self.linear.forward((features - self.running_mean.val().unsqueeze()) / deviation.unsqueeze())
    }

    /// `[N, width]` features → `[N, labels]` by the statistics of this batch (variance over N).
    #[must_use]
    pub fn forward_training(&self, features: Tensor<2>) -> Tensor<2> {
        let centred = features.clone() - features.mean_dim(0);
        let deviation = (centred.clone().square().mean_dim(0) + EPS).sqrt();
        self.linear.forward(centred / deviation)
    }
}
