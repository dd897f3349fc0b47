//! The skeleton's encoder: a graph network whose last layer leads into the space of sentences (spec D.2).

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::Device;

use crate::graph::{CtrGcn, GraphConfig, GraphConfigError, Observed, Pass, absorb};
use crate::initialise::{Draw, fill};
use crate::tensors::parameter;

/// Lowest τ: below it the loss looks at single texts only.
const LEAST_TAU: f64 = 0.01;
/// τ of a fresh encoder (spec D.2).
const FRESH_TAU: f64 = 0.07;

/// A graph network, and how sharply its cosines are told apart.
#[derive(Module, Debug)]
pub struct SkeletonEncoder {
    /// Its classes are the numbers of a sentence's vector.
    pub graph: CtrGcn,
    /// `[1]` the logarithm of τ above its lowest value.
    pub log_tau: Param<Tensor<1>>,
}

impl SkeletonEncoder {
    /// An encoder without values yet; see [`SkeletonEncoder::fresh`].
    ///
    /// # Errors
    /// When the sizes make no network.
    pub fn new(config: &GraphConfig, device: &Device) -> Result<Self, GraphConfigError> {
        Ok(Self { graph: CtrGcn::new(config, device)?, log_tau: parameter([1], device) })
    }

    /// Draws every parameter afresh.
    #[must_use]
    pub fn fresh(self, seed: u64) -> Self {
        let tau = (FRESH_TAU - LEAST_TAU).ln() as f32;
        let encoder = Self { graph: self.graph.fresh(seed), ..self };
        fill(encoder, seed, |name, _| (name == "log_tau").then_some(Draw::Constant(tau)))
    }

    /// `[N, 3, T, V, M]` → `[N, width]`, not of length 1 yet.
    #[must_use]
    pub fn embed(&self, clips: Tensor<5>, pass: &mut Pass) -> Tensor<2> {
        self.graph.forward(clips, pass)
    }

    /// `[N, 3, T, V, M]` → `[N, T', features]`: what it has seen, a token for every four frames, not pooled over time.
    #[must_use]
    pub fn tokens(&self, clips: Tensor<5>) -> Tensor<3> {
        self.graph.tokens(self.graph.features(clips, &mut Pass::evaluation(), |_, _| ()))
    }

    /// `[1]` what cosines are divided by.
    #[must_use]
    pub fn tau(&self) -> Tensor<1> {
        self.log_tau.val().exp() + LEAST_TAU
    }

    /// The same after a step in which its norms saw this.
    #[must_use]
    pub fn settle(self, observed: &Observed) -> Self {
        absorb(self, observed)
    }
}
