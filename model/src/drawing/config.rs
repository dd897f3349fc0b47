//! How clips are drawn, apart from what is trained.

use draction::draction::{LinePoints, Scales, TemplateRule};

/// How clips are drawn, apart from what is trained.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DrawingConfig {
    /// Gaussians along each bone of a clip's skeleton.
    pub points_per_bone: usize,
    /// Standard deviation of a Gaussian in metres.
    pub scale: f64,
    /// Whether a fresh renderer has an NFM, without which colours do not follow movement.
    #[serde(default = "yes")]
    pub nfm: bool,
}

fn yes() -> bool {
    true
}

impl Default for DrawingConfig {
    fn default() -> Self {
        DrawingConfig { points_per_bone: 6, scale: 0.03, nfm: true }
    }
}

impl DrawingConfig {
    /// How Gaussians are put on a body.
    pub(super) fn rule(&self) -> TemplateRule {
        TemplateRule { points: LinePoints::Fixed(self.points_per_bone), scales: Scales::Constant(self.scale) }
    }
}
