//! What a clip's visual tokens say together: a small transformer over all frames, before the decoder.
//!
//! The mean of visual tokens knows no order: sitting down and standing up would be the same. Where a decoder is trained
//! along, it is the decoder that tells the two apart; one that stays as it is has never been taught to, and asking it costs
//! a hundred times more. So that it need not learn it either, it is given tokens that were told of each other.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::Device;

use crate::checkpoint::{HostTensor, TensorMap};
use crate::layers::{LayerNorm, Linear};
use crate::masked::Block;
use crate::tensors::parameter;

/// Numbers of an attention head.
const HEAD: usize = 32;
/// Added to variances.
const EPSILON: f64 = 1e-6;
/// What tells tokens nothing at first.
pub(super) const OUTPUT: &str = "temporal.output.weight";
/// The tensors whose sizes tell those of the rest.
pub(super) const POSITIONS: &str = "temporal.positions";
const INPUT: &str = "temporal.input.weight";

/// Sizes of a [`Temporal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemporalSizes {
    /// Features of a token, a multiple of 32.
    pub width: usize,
    /// Layers.
    pub layers: usize,
}

impl TemporalSizes {
    /// Checks them.
    ///
    /// # Errors
    /// One sentence naming what cannot be used.
    pub fn validate(&self) -> Result<(), String> {
        if self.width == 0 || !self.width.is_multiple_of(HEAD) || self.width > 4096 {
            return Err(format!("width is {}; it must be a multiple of {HEAD} up to 4096", self.width));
        }
        if self.layers == 0 || self.layers > 64 {
            return Err(format!("layers is {}; there must be 1 to 64", self.layers));
        }
        Ok(())
    }
}

/// Visual tokens of a clip to one vector.
#[derive(Module, Debug)]
pub struct Temporal {
    /// From the decoder's width.
    pub input: Linear,
    /// `[tokens, width]` what is added to each token of a clip, frame after frame.
    pub positions: Param<Tensor<2>>,
    /// Layers in order.
    pub blocks: Vec<Block>,
    /// Final norm.
    pub norm: LayerNorm,
    /// What a token is told of its clip, in the decoder's width; nothing at first.
    pub output: Linear,
}

impl Temporal {
    /// Without values yet, for clips of so many tokens, each `inputs` wide.
    #[must_use]
    pub fn new(inputs: usize, tokens: usize, TemporalSizes { width, layers }: TemporalSizes, device: &Device) -> Self {
        let block = |_| Block::new(width, width / HEAD, 4 * width, EPSILON, device);
        Self {
            input: Linear::new(inputs, width, true, device),
            positions: parameter([tokens, width], device),
            blocks: (0..layers).map(block).collect(),
            norm: LayerNorm::new(width, EPSILON, device),
            output: Linear::new(width, inputs, true, device),
        }
    }

    /// The sizes that the tensors of an alignment's file tell: tokens of a clip, and [`TemporalSizes`]. `None` where the
    /// file has none of these, and where it is for the loader to say what is wrong.
    pub(super) fn sizes(tensors: &TensorMap) -> Option<(usize, TemporalSizes)> {
        let &[tokens, width] = &tensors.get(POSITIONS)?.shape[..] else { return None };
        let begins = |layer: usize| format!("temporal.blocks.{layer}.");
        let layers = (0..).take_while(|&layer| tensors.keys().any(|name| name.starts_with(&begins(layer)))).count();
        let sizes = TemporalSizes { width, layers };
        let fits = tensors.get(INPUT).is_some_and(|HostTensor { shape, .. }| shape.first() == Some(&width));
        (fits && sizes.validate().is_ok()).then_some((tokens, sizes))
    }

    /// Tokens of a clip.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.positions.lazy_shape()[0]
    }

    /// Features of what it makes of a clip.
    #[must_use]
    pub fn width(&self) -> usize {
        self.input.outputs()
    }

    /// `[clips·frames, tokens of a frame, inputs]` → `[clips, width]` the mean of what becomes of the tokens, and the tokens,
    /// each told of its clip.
    ///
    /// # Panics
    /// When they are not those of whole clips.
    #[must_use]
    pub fn forward(&self, visual: Tensor<3>) -> (Tensor<2>, Tensor<3>) {
        let [frames, of_a_frame, inputs] = visual.dims();
        let (rows, tokens, width) = (frames * of_a_frame, self.tokens(), self.width());
        let clips = rows / tokens;
        let hidden = self.input.forward(visual.clone().reshape([rows, inputs])).reshape([clips, tokens, width]);
        let mut hidden = (hidden + self.positions.val().unsqueeze()).reshape([rows, width]);
        for block in &self.blocks {
            hidden = block.forward(hidden, clips);
        }
        let hidden = self.norm.forward(hidden);
        let told = visual + self.output.forward(hidden.clone()).reshape([frames, of_a_frame, inputs]);
        (hidden.reshape([clips, tokens, width]).mean_dim(1).squeeze_dim(1), told)
    }
}
