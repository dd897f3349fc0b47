//! The workbench's picture as a texture of the window, painted only when it has changed.

use draction::inspect::{Painting, Scale, View, paint};
use eframe::egui::{ColorImage, Context, TextureHandle, TextureOptions};

use super::{GradientTarget, PictureMode, RenderKey, Workbench, tint};

/// What is on the texture: the rendering, how it is shown, and the comparison where that matters.
type TextureKey = (RenderKey, PictureMode, GradientTarget, Option<RenderKey>);

/// A texture, what is on it, and what its colours mean.
#[derive(Default)]
pub(super) struct CachedTexture(Option<(TextureKey, TextureHandle, Option<Scale>)>);

impl Workbench {
    /// The picture as a texture, and what its colours mean.
    pub fn texture(&self) -> Option<(&TextureHandle, Option<Scale>)> {
        self.texture.0.as_ref().map(|(_, texture, scale)| (texture, *scale))
    }

    /// Paints the picture when it has changed.
    pub(super) fn paint(&mut self, ctx: &Context) {
        let Some(rendering) = self.rendering.clone() else { return };
        let comparison = self.comparison.clone().filter(|_| self.choices.mode == PictureMode::Difference);
        let key = (
            rendering.key,
            self.choices.mode,
            self.choices.target,
            comparison.as_ref().map(|comparison| comparison.key),
        );
        if self.texture.0.as_ref().is_some_and(|(known, ..)| *known == key) {
            return;
        }
        let (dims, buffers) = (&rendering.scene.dims, &rendering.buffers);
        let values = (self.choices.mode == PictureMode::Gradient).then(|| self.gradient_values()).flatten();
        let view = match (self.choices.mode, &comparison, &values) {
            (PictureMode::Order, ..) => View::DepthOrder,
            (PictureMode::Tiles, ..) => View::Occupancy,
            (PictureMode::Transmittance, ..) => View::Transmittance,
            (PictureMode::Colours, ..) => View::Colours,
            (.., Some((values, unit))) => View::Values(values, unit),
            // a picture of another moment has nothing to say
            (PictureMode::Difference, Some(comparison), _) if comparison.key == rendering.key => {
                View::Difference(&comparison.twin)
            }
            _ => View::Frames,
        };
        let Some(picture) = paint(view, dims, buffers, rendering.frame) else { return };
        let image = ColorImage::new([dims.width, dims.height], tint::colours(&picture));
        let scale = match picture {
            Painting::Numbers(_, scale) => Some(scale),
            Painting::Colours(_) => None,
        };
        let texture = match self.texture.0.take() {
            Some((_, mut texture, _)) => {
                texture.set(image, TextureOptions::NEAREST);
                texture
            }
            None => ctx.load_texture("workbench", image, TextureOptions::NEAREST),
        };
        self.texture.0 = Some((key, texture, scale));
    }

    /// The gradient's size at each Gaussian, and its unit.
    fn gradient_values(&self) -> Option<(Vec<f32>, &'static str)> {
        let gradients = self.gradients()?;
        Some(match self.choices.target {
            GradientTarget::Means => (gradients.means, "of loss a centimetre"),
            GradientTarget::Colours => (gradients.colours, "of loss a unit of colour"),
            GradientTarget::Opacities => (gradients.opacities, "of loss a unit of opacity"),
        })
    }
}
