//! What the model saw.

use std::path::Path;

use anyhow::Result;
use burn::tensor::Tensor;
use draction::{
    clip::Clip,
    export::{contact_sheet, encode_png, pictures},
};

/// What the model saw of one or several motions.
pub struct Look {
    pub(crate) clips: Vec<Clip>,
    /// `[B, T, H, W, 3]`.
    pub(crate) frames: Tensor<5>,
    /// `[B·T, tokens, hidden]`.
    pub(crate) visual: Tensor<3>,
}

impl Look {
    /// Frames drawn of each motion.
    pub fn frame_count(&self) -> usize {
        self.frames.dims()[1]
    }

    /// The pictures' size as text, `width×height`.
    pub fn picture_size(&self) -> String {
        let [_, _, height, width, _] = self.frames.dims();
        format!("{width}×{height}")
    }

    /// Writes the pictures of the first motion as one PNG.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_sheet(&self, path: &Path) -> Result<()> {
        let [_, count, height, width, channels] = self.frames.dims();
        let frames = self.frames.clone().narrow(0, 0, 1).reshape([count * height * width * channels]);
        Ok(draction::store::write_atomically(path, &sheet(frames, [height, width])?)?)
    }
}

/// Frames `[T, H, W, 3]`, flat, on one picture, as PNG.
///
/// # Errors
/// When the numbers do not fill whole pictures.
pub fn sheet(frames: Tensor<1>, [height, width]: [usize; 2]) -> Result<Vec<u8>> {
    let frames: Vec<f32> = frames.into_data().try_into_vec().expect("frames are f32");
    Ok(encode_png(&contact_sheet(&pictures(&frames, width, height)?))?)
}
