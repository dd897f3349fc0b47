//! Fresh weights, as the public code draws them (spec B.2).

use super::CtrGcn;
use crate::initialise::{Draw, fill};

impl CtrGcn {
    /// Draws every parameter afresh. Maps begin as the graph, and graph convolutions as almost nothing beside their
    /// residuals.
    #[must_use]
    pub fn fresh(self, seed: u64) -> Self {
        let classes = self.config().classes as f64;
        fill(self, seed, |name, shape| {
            let norm = name.contains("bn.") || shape.len() == 1;
            Some(match name.rsplit('.').next()? {
                "PA" => return None,
                "alpha" | "bias" | "running_mean" => Draw::Constant(0.0),
                "running_var" => Draw::Constant(1.0),
                _ if name.ends_with("gcn1.bn.weight") => Draw::Constant(1e-6),
                _ if norm && name.contains(".branches.") => Draw::AroundOne(0.02),
                _ if norm => Draw::Constant(1.0),
                _ if name == "fc.weight" => Draw::Normal((2.0 / classes).sqrt()),
                // Kaiming's, by what goes out
                _ => Draw::Normal((2.0 / (shape[0] * shape[2]) as f64).sqrt()),
            })
        })
    }
}
