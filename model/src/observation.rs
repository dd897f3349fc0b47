//! What the model saw.

use std::sync::OnceLock;

use anyhow::Result;
use burn::tensor::Tensor;
use draction::{
    clip::Clip,
    export::{contact_sheet, encode_png, pictures},
    figure::JointMap,
};
#[cfg(not(target_family = "wasm"))]
use skeletonllm_network::tensors::host;
use skeletonllm_network::tensors::host_async;

use crate::drawing::Drawing;

/// What the model saw of one or several motions.
pub struct Observation {
    pub(crate) clips: Vec<Clip>,
    /// How the joints of each clip follow from those of its motion, one map a body; none where they are the same.
    pub(crate) maps: Vec<Vec<Option<JointMap>>>,
    /// What drew them.
    pub(crate) drawing: Drawing,
    /// `[B, T, H, W, 3]`.
    pub(crate) frames: Tensor<5>,
    /// `[tokens of all frames, hidden]`.
    pub(crate) visual: Tensor<2>,
    /// `[B·T]` how many of them each frame has.
    pub(crate) tokens: Vec<usize>,
    /// `[motions][labels]` what the model makes of its own labels, once that was asked: many questions follow from it.
    pub(crate) own_scores: OnceLock<Vec<Vec<f32>>>,
    /// `[motions, words' width]` where they lie among words, once they were compared with some.
    pub(crate) places: OnceLock<Tensor<2>>,
}

impl Observation {
    /// The sampled frames of each motion, as they stood before the camera. Body slots that hold nobody are left out.
    pub fn clips(&self) -> &[Clip] {
        &self.clips
    }

    /// Frames drawn of each motion.
    pub fn frame_count(&self) -> usize {
        self.frames.dims()[1]
    }

    /// The pictures' height and width in pixels.
    pub fn size(&self) -> [usize; 2] {
        let [_, _, height, width, _] = self.frames.dims();
        [height, width]
    }

    /// The pictures' size as text, `width×height`.
    pub fn picture_size(&self) -> String {
        let [height, width] = self.size();
        format!("{width}×{height}")
    }

    /// `[B, T, H, W, 3]` the pictures of all motions, in `[0, 1]`.
    ///
    /// # Errors
    /// When the device gives nothing back.
    pub async fn frames_async(&self) -> Result<Vec<f32>> {
        Ok(host_async(self.frames.clone()).await?)
    }

    /// The pictures of the first motion as one PNG.
    ///
    /// # Errors
    /// When the device gives nothing back.
    pub async fn sheet_async(&self) -> Result<Vec<u8>> {
        sheet(self.frames.clone().narrow(0, 0, 1)).await
    }

    /// Writes the pictures of the first motion as one PNG. Waits for the device.
    ///
    /// # Errors
    /// When the file cannot be written.
    #[cfg(not(target_family = "wasm"))]
    pub fn save_sheet(&self, path: &std::path::Path) -> Result<()> {
        use anyhow::Context as _;
        let png = pollster::block_on(self.sheet_async())?;
        draction::store::write_atomically(path, &png).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The mean of the visual tokens of each motion, and its length brought to 1: motions that look alike point the same
    /// way. Waits for the device.
    #[cfg(not(target_family = "wasm"))]
    pub fn embeddings(&self) -> Vec<Vec<f32>> {
        let mean = |motion| host(self.visual_of(motion).mean_dim(1));
        (0..self.clips.len()).map(|motion| crate::sugar::unit(mean(motion))).collect()
    }

    /// Visual tokens that the model sees, of all motions.
    pub fn token_count(&self) -> usize {
        self.tokens.iter().sum()
    }

    /// Visual tokens of each frame of one motion.
    pub(crate) fn tokens_of(&self, motion: usize) -> &[usize] {
        &self.tokens[motion * self.frame_count()..][..self.frame_count()]
    }

    /// One motion alone.
    pub(crate) fn only(&self, motion: usize) -> Observation {
        Observation {
            clips: vec![self.clips[motion].clone()],
            maps: vec![self.maps[motion].clone()],
            drawing: self.drawing.clone(),
            frames: self.frames.clone().narrow(0, motion, 1),
            visual: self.visual_of(motion).squeeze_dim(0),
            tokens: self.tokens_of(motion).to_vec(),
            own_scores: OnceLock::new(),
            places: self.places.get().map(|places| places.clone().narrow(0, motion, 1).into()).unwrap_or_default(),
        }
    }

    /// `[1, tokens, hidden]` what the model sees of one motion.
    pub(crate) fn visual_of(&self, motion: usize) -> Tensor<3> {
        let before = self.tokens[..motion * self.frame_count()].iter().sum();
        self.visual.clone().narrow(0, before, self.tokens_of(motion).iter().sum()).unsqueeze()
    }
}

/// All frames `[B, T, H, W, 3]` on one picture, as PNG.
///
/// # Errors
/// When the device gives nothing back.
pub async fn sheet(frames: Tensor<5>) -> Result<Vec<u8>> {
    let [_, _, height, width, _] = frames.dims();
    let frames = host_async(frames).await?;
    Ok(encode_png(&contact_sheet(&pictures(&frames, width, height)?))?)
}
