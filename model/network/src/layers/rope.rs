//! Rotary position embedding.
//!
//! Pairs are feature `i` and `i + d/2` of a head, as in the Llama and Qwen2 families (Su et al., arXiv 2104.09864,
//! pairs neighbours instead; the checkpoints fix the layout).

use std::sync::Arc;

use burn::Tensor;
use burn::tensor::{Device, TensorData};

use crate::tensors::on_cpu;

/// Cosines and sines on the host, `[rows, half]` each; a row per position.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub(crate) cos: Vec<f32>,
    pub(crate) sin: Vec<f32>,
    pub(crate) half: usize,
}

/// Sines and cosines for the positions of one forward pass.
#[derive(Debug, Clone)]
pub struct Rotary {
    table: Arc<Table>,
    /// `[positions, head_dim/2]` of cosines and sines on the device; the CPU backend reads the host's.
    tensors: Option<(Tensor<2>, Tensor<2>)>,
}

impl Rotary {
    /// Tables for `positions`, one row per token of the batch (or one row per position where all rows of the batch
    /// share them), for heads of width `head_dim` and frequencies `theta^(−2i/d)`.
    ///
    /// Angles are computed in f64 on the host: at position 16,000 an f32 angle is already off by 1e-3.
    #[must_use]
    pub fn new(positions: &[usize], head_dim: usize, theta: f64, device: &Device) -> Self {
        let half = head_dim / 2;
        let mut cos = Vec::with_capacity(positions.len() * half);
        let mut sin = Vec::with_capacity(positions.len() * half);
        for &position in positions {
            for pair in 0..half {
                let frequency = theta.powf(-2.0 * pair as f64 / head_dim as f64);
                let (s, c) = (position as f64 * frequency).sin_cos();
                cos.push(c as f32);
                sin.push(s as f32);
            }
        }
        let tensor =
            |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), [positions.len(), half]), device);
        let tensors = (!on_cpu(device)).then(|| (tensor(&cos), tensor(&sin)));
        Self { table: Arc::new(Table { cos, sin, half }), tensors }
    }

    pub(crate) fn table(&self) -> Arc<Table> {
        self.table.clone()
    }

    pub(super) fn tensors(&self) -> Option<&(Tensor<2>, Tensor<2>)> {
        self.tensors.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layers::ops, tensors::host};

    #[test]
    fn turns_each_pair_by_its_own_angle() {
        let device = Device::flex();
        // theta = 100 and width 4 give the frequencies 1 and 0.1
        let rotary = Rotary::new(&[0, 3], 4, 100.0, &device);
        let heads = Tensor::<4>::from_data([[[[1.0, 2.0, 3.0, 4.0]], [[1.0, 2.0, 3.0, 4.0]]]], &device);
        let turned = host(ops::rotate(heads, &rotary));
        let (s0, c0) = 3.0_f32.sin_cos();
        let (s1, c1) = 0.3_f32.sin_cos();
        let expected = [1.0, 2.0, 3.0, 4.0, c0 - 3.0 * s0, 2.0 * c1 - 4.0 * s1, 3.0 * c0 + s0, 4.0 * c1 + 2.0 * s1];
        for (value, expected) in turned.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{turned:?} against {expected}");
        }
    }
}
