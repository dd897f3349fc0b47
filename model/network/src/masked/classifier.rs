//! A ViT that names what a picture shows: what fine-tuning makes of a masked model (spec C.3).

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};

use super::{VitConfig, VitEncoder};
use crate::layers::{LayerNorm, Linear};

/// What names the features of a ViT: a norm of its own, in the place of the ViT's final one, and one layer.
#[derive(Module, Debug)]
pub struct ClassHead {
    /// Norm of the mean of the patches' tokens.
    pub fc_norm: LayerNorm,
    /// `[labels, width]`.
    pub head: Linear,
}

impl ClassHead {
    /// A head without values yet.
    #[must_use]
    pub fn new(config: &VitConfig, labels: usize, device: &Device) -> Self {
        Self {
            fc_norm: LayerNorm::new(config.width, config.eps, device),
            head: Linear::new(config.width, labels, true, device),
        }
    }

    /// `[M, 3, height, width]` pictures, of which each clip has `counts` one after another → `[clips, labels]`. Features of a
    /// clip's pictures, one for each person, are averaged. While training, blocks are left out for whole pictures at
    /// random: none of the first, `drop_path` of the last.
    ///
    /// # Panics
    /// When the counts are not of so many pictures, or one is 0.
    #[must_use]
    pub fn forward(&self, encoder: &VitEncoder, pictures: Tensor<4>, counts: &[usize], drop_path: f64) -> Tensor<2> {
        let pooled = VitEncoder::pooled(encoder.tokens_dropping(pictures, drop_path));
        self.head.forward(self.fc_norm.forward(mean_of_clips(pooled, counts)))
    }
}

/// `[M, width]`, one row for each picture → `[clips, width]`, the mean of each clip's.
///
/// # Panics
/// When the counts are not of so many pictures, or one is 0.
#[must_use]
pub fn mean_of_clips(rows: Tensor<2>, counts: &[usize]) -> Tensor<2> {
    let pictures = rows.dims()[0];
    assert!(counts.iter().sum::<usize>() == pictures && !counts.contains(&0), "{counts:?} of {pictures} pictures");
    if counts.iter().all(|&count| count == 1) {
        return rows;
    }
    let mut shares = vec![0.0_f32; counts.len() * pictures];
    let mut first = 0;
    for (clip, &count) in counts.iter().enumerate() {
        shares[clip * pictures + first..][..count].fill(1.0 / count as f32);
        first += count;
    }
    let device = rows.device().without_autodiff();
    Tensor::<2>::from_data(TensorData::new(shares, [counts.len(), pictures]), &device).matmul(rows)
}
