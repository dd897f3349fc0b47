//! The whole model: frames become visual tokens, which a decoder reads among those of a text.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;

use crate::config::InternVlConfig;
use crate::decoder::LanguageModel;
use crate::foreground::Foreground;
use crate::initialise;
use crate::projector::Projector;
use crate::text_model::TextModel;
use crate::token_reader::TokenReader;
use crate::vision::{VisionTower, pixel_shuffle};
use crate::weight::Weight;

/// Vision tower, projector and language model under the names of the public checkpoints.
#[derive(Module, Debug)]
pub struct InternVl {
    /// Frames to patch features.
    pub vision_tower: VisionTower,
    /// Patch features to visual tokens.
    pub multi_modal_projector: Projector,
    /// Text and visual tokens to the next token.
    pub language_model: LanguageModel,
    #[module(skip)]
    config: InternVlConfig,
}

impl InternVl {
    /// A model whose parameters are not allocated yet; fill it from a checkpoint or with [`Self::random`].
    ///
    /// The config is taken as valid, see [`InternVlConfig::validate`].
    #[must_use]
    pub fn new(config: &InternVlConfig, device: &Device) -> Self {
        Self {
            vision_tower: VisionTower::new(config, device),
            multi_modal_projector: Projector::new(config, device),
            language_model: LanguageModel::new(&config.text_config, config.tied() == Some(true), device),
            config: config.clone(),
        }
    }

    /// A model with fresh weights. The same seed gives the same weights on every device.
    #[must_use]
    pub fn random(config: &InternVlConfig, seed: u64, device: &Device) -> Self {
        initialise::fresh(Self::new(config, device), config, seed)
    }

    /// A model whose decoder is a language model that has not seen a picture yet; tower and projector have fresh
    /// weights. `config` gives their sizes; what it says of the decoder is replaced by what `text` is.
    #[must_use]
    pub fn around(text: TextModel, config: &InternVlConfig, seed: u64) -> Self {
        let mut config = InternVlConfig { text_config: text.config().clone(), ..config.clone() };
        config.set_tied(text.language_model.lm_head.is_none());
        let device = text.language_model.model.norm.weight.lazy_device();
        let model = Self { language_model: text.language_model, ..Self::new(&config, &device) };
        initialise::eyes(model, &config, seed)
    }

    /// The sizes and constants the model was made with.
    #[must_use]
    pub fn config(&self) -> &InternVlConfig {
        &self.config
    }

    /// The same, but whether in training tower and decoder keep nothing but what went into each layer, and compute the
    /// rest a second time on the way back: much less memory, a third more arithmetic, the same numbers.
    #[must_use]
    pub fn recomputing(mut self, recompute: bool) -> Self {
        self.vision_tower.set_recompute(recompute);
        self.language_model.model.set_recompute(recompute);
        self
    }

    /// Bytes that its weights take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let mut model = self.clone();
        let matrices = model.weights();
        let numbers: usize = matrices.iter().map(|(_, weight)| weight.shape().iter().product::<usize>()).sum();
        let bytes: usize = matrices.iter().map(|(_, weight)| weight.bytes()).sum();
        bytes + 4 * (self.num_params() - numbers)
    }

    /// Where the parameters live.
    #[must_use]
    pub fn device(&self) -> Device {
        self.language_model.model.norm.weight.lazy_device()
    }

    /// The matrices of all layers, and the layers' names.
    pub(crate) fn weights(&mut self) -> Vec<(String, &mut Weight)> {
        let inside = |outer: &'static str| move |(name, weight): (String, _)| (format!("{outer}.{name}"), weight);
        let projector = &mut self.multi_modal_projector;
        let projector = [("linear_1", &mut projector.linear_1), ("linear_2", &mut projector.linear_2)]
            .map(|(name, linear)| (format!("multi_modal_projector.{name}"), &mut linear.weight));
        let tower = self.vision_tower.weights().into_iter().map(inside("vision_tower"));
        let decoder = self.language_model.weights().into_iter().map(inside("language_model"));
        tower.chain(projector).chain(decoder).collect()
    }

    /// `[frames, height, width, 3]` in [0, 1] → `[frames, tokens, hidden]`: visual tokens of the decoder's width.
    ///
    /// # Panics
    /// When the frame size does not divide into patches, or its grid not into pixel-shuffle blocks.
    #[must_use]
    pub fn encode_frames(&self, frames: Tensor<4>) -> Tensor<3> {
        let [count, height, width, _] = frames.dims();
        let [patch_height, patch_width] = self.config.vision_config.patch_size;
        let grid = [height / patch_height, width / patch_width];
        let features = self.vision_tower.forward(frames);
        self.project(features, grid).reshape([count as i32, -1, self.config.text_config.hidden_size as i32])
    }

    /// As [`Self::encode_frames`] where the frames hold something: `[1, kept tokens of all frames, hidden]`.
    #[must_use]
    pub fn encode_foreground(&self, frames: Tensor<4>, foreground: &Foreground) -> Tensor<3> {
        let merge = self.config.merge();
        let features = self.vision_tower.forward_seen(frames, &foreground.patches(merge));
        let [patches, width] = features.dims();
        let shuffled = features.reshape([patches / (merge * merge), merge * merge * width]);
        self.multi_modal_projector.forward(shuffled).unsqueeze()
    }

    /// Height and width in pixels of what becomes one visual token.
    #[must_use]
    pub fn token_size(&self) -> [usize; 2] {
        self.config.vision_config.patch_size.map(|side| side * self.config.merge())
    }

    /// `[frames, 1 + rows·columns, vision_hidden]` → `[frames·tokens, hidden]`: class token dropped, pixel shuffle,
    /// projector.
    #[must_use]
    pub fn project(&self, features: Tensor<3>, grid: [usize; 2]) -> Tensor<2> {
        let [count, tokens, width] = features.dims();
        let patches = features.slice([0..count, 1..tokens, 0..width]);
        self.multi_modal_projector.forward(pixel_shuffle(patches, grid, self.config.merge()))
    }

    /// What reads text and visual tokens.
    #[must_use]
    pub fn reader(&self) -> TokenReader<'_> {
        TokenReader::new(&self.language_model, &self.config.text_config, self.config.image_token_id)
    }
}

impl<'m> From<&'m InternVl> for TokenReader<'m> {
    fn from(model: &'m InternVl) -> Self {
        model.reader()
    }
}
