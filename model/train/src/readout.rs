//! A teacher for the eyes: from the visual tokens of each frame, one linear layer reads the pose and its velocities.
//!
//! Answers alone teach the tower to tell data sets and performers apart; the pose has to be seen to be read. The layer
//! is thrown away when training ends, what it taught stays in renderer, tower and projector.

use burn::{
    Tensor,
    module::{Module, Param},
    tensor::{Device, TensorData},
};
use draction::{
    clip::Clip,
    figure::{LANDMARKS, landmarks},
};
use skeletonllm_network::layers::Linear;

/// Numbers read a frame: three coordinates and three velocities of each landmark.
const READINGS: usize = LANDMARKS * 6;
/// Velocities are this much smaller than positions; brings both to the same size.
const VELOCITY_SCALE: f32 = 4.0;
/// Errors below this share of the body's size are no longer worth much.
const TOLERANCE: f64 = 0.02;

/// The linear layer.
#[derive(Module, Debug)]
pub struct Readout {
    /// From all visual tokens of a frame, side by side.
    pub layer: Linear,
}

impl Readout {
    /// A layer that reads nothing yet, for frames of so many visual tokens, each so wide.
    pub fn new(tokens: usize, width: usize, device: &Device) -> Readout {
        let layer = Linear::new(tokens * width, READINGS, true, device);
        let zero = |shape: Vec<usize>| TensorData::zeros::<f32, _>(shape);
        Readout {
            layer: Linear {
                weight: Param::from_data(zero(vec![READINGS, tokens * width]), device).into(),
                bias: Some(Param::from_data(zero(vec![READINGS]), device)),
                ..layer
            },
        }
    }

    /// How far the readings are from the truth, `[1]`: the mean of `√(d² + ε²) − ε` over all numbers, in parts of the
    /// body's size. `visual` is `[B·T, tokens, width]` of all clips in order, `truths [B]` their [`truth`]. `None` when
    /// no clip has one.
    pub fn loss(&self, visual: Tensor<3>, truths: &[Option<Vec<f32>>]) -> Option<Tensor<1>> {
        let known = truths.iter().flatten().count();
        if known == 0 {
            return None;
        }
        let [frames, tokens, width] = visual.dims();
        let (clips, numbers) = (truths.len(), frames / truths.len() * READINGS);
        let device = visual.device().without_autodiff();
        let share = truths.iter().map(|t| f32::from(u8::from(t.is_some()))).collect::<Vec<_>>();
        let values = truths.iter().flat_map(|t| t.clone().unwrap_or_else(|| vec![0.0; numbers])).collect::<Vec<_>>();
        let share = Tensor::<2>::from_data(TensorData::new(share, [clips, 1]), &device);
        let values = Tensor::<2>::from_data(TensorData::new(values, [clips, numbers]), &device);
        let read = self.layer.forward(visual.reshape([frames, tokens * width]));
        let apart = read.reshape([clips, numbers]) - values;
        let error = (apart.square() + TOLERANCE * TOLERANCE).sqrt() - TOLERANCE;
        Some((error * share).sum() / (known * numbers) as f64)
    }
}

/// `[T, READINGS]` what there is to read: landmarks relative to the pelvis and their velocities, in the performer's own
/// axes, measured in body sizes. `None` for several bodies, and where the skeleton lacks one of the five parts.
pub fn truth(clip: &Clip) -> Option<Vec<f32>> {
    let marks = landmarks(&clip.skeleton, clip.reference_pose())?;
    if clip.bodies != 1 {
        return None;
    }
    let joints = clip.joints();
    let size = size(clip.reference_pose(), &marks);
    let point = |list: &[f32], t: usize, j: usize| [0, 1, 2].map(|c| list[(t * joints + j) * 3 + c] / size);
    let mut out = Vec::with_capacity(clip.frames() * READINGS);
    for t in 0..clip.frames() {
        let pelvis = point(&clip.positions, t, marks[0]);
        for &mark in &marks {
            let (at, velocity) = (point(&clip.positions, t, mark), point(&clip.velocities, t, mark));
            out.extend((0..3).map(|c| at[c] - pelvis[c]));
            out.extend(velocity.map(|v| VELOCITY_SCALE * v));
        }
    }
    out.iter().all(|v| v.is_finite()).then_some(out)
}

/// Metres from the pelvis to the top of the head and down a leg, along the landmarks.
fn size(pose: &[f32], marks: &[usize; LANDMARKS]) -> f32 {
    let chain = |from: usize| -> f32 {
        marks[from..from + 3]
            .windows(2)
            .map(|w| (0..3).map(|c| (pose[3 * w[0] + c] - pose[3 * w[1] + c]).powi(2)).sum::<f32>().sqrt())
            .sum()
    };
    // trunk first, then arms, then legs
    (chain(0) + chain(9).max(chain(12))).max(0.1)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;
    use draction::clip::ClipOptions;
    use skeletonllm_network::tensors::host;

    use super::*;
    use crate::stick_figure;

    fn clip(side: usize) -> Clip {
        let motion = stick_figure::waving(side);
        Clip::from_motion(&motion, &ClipOptions::default()).unwrap()
    }

    #[test]
    fn what_is_read_does_not_depend_on_size_place_or_direction() {
        let motion = stick_figure::waving(0);
        let moved = motion.scaled(1.3).yawed(1.0).translated([5.0, 0.0, -2.0]);
        let [a, b] = [motion, moved].map(|m| truth(&Clip::from_motion(&m, &ClipOptions::default()).unwrap()).unwrap());
        assert_eq!(a.len(), 12 * READINGS);
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-3));
        // the pelvis is where everything is measured from; the left hand waves above it
        assert!(a.chunks_exact(READINGS).all(|frame| frame[..3] == [0.0; 3]));
        let highest = a.chunks_exact(READINGS).map(|frame| frame[5 * 6 + 1]).fold(f32::MIN, f32::max);
        assert!(highest > 0.4 && highest < 1.2, "{highest}");
    }

    #[test]
    fn the_layer_learns_what_the_tokens_hold_and_spares_clips_without_a_truth() {
        let device = Device::flex().autodiff();
        let visual = Tensor::<3>::random([24, 2, 8], Distribution::Uniform(-1.0, 1.0), &device).require_grad();
        let readout = Readout::new(2, 8, &device);
        assert!(readout.loss(visual.clone(), &[None, None]).is_none());
        let known = truth(&clip(1));
        let loss = readout.loss(visual.clone(), &[known.clone(), None]).unwrap();
        // an untrained layer reads zeros
        let expected =
            known.iter().flatten().map(|x| (x * x + 4e-4).sqrt() - 0.02).sum::<f32>() / (12 * READINGS) as f32;
        assert!((host(loss.clone())[0] - expected).abs() < 1e-5);
        let gradients = loss.backward();
        let slope = readout.layer.weight.val().grad(&gradients).unwrap();
        assert!(host(slope).iter().any(|x| x.abs() > 1e-6));
    }
}
