use burn::tensor::TensorData;

use super::*;
use crate::layers::host;

fn device() -> Device {
    Device::flex()
}

#[test]
fn pixel_shuffle_joins_blocks_in_reading_order() {
    // 1 frame, 4×4 patches, 1 channel, each patch holding its own number
    let numbers: Vec<f32> = (0..16).map(|n| n as f32).collect();
    let patches = Tensor::<3>::from_data(TensorData::new(numbers, [1, 16, 1]), &device());
    let tokens = host(pixel_shuffle(patches, [4, 4], 2));
    assert_eq!(tokens, [0., 1., 4., 5., 2., 3., 6., 7., 8., 9., 12., 13., 10., 11., 14., 15.]);
}

fn projection() -> PatchProjection {
    let mut projection =
        PatchProjection { weight: parameter([2, 3, 2, 3], &device()), bias: parameter([2], &device()) };
    let weight: Vec<f32> = (0..36).map(|n| (n as f32 * 0.7).sin()).collect();
    projection.weight = Param::from_tensor(Tensor::from_data(TensorData::new(weight, [2, 3, 2, 3]), &device()));
    projection.bias = Param::from_tensor(Tensor::from_floats([0.25, -1.0], &device()));
    projection
}

fn frames() -> Vec<f32> {
    (0..2 * 4 * 6 * 3).map(|n| (n as f32 * 0.31).cos() * 0.5 + 0.5).collect()
}

/// The convolution as a sum, with normalised pixels.
fn convolution(normalise: Normalise) -> Vec<f64> {
    let (mean, deviation) = normalise.statistics().unwrap_or(([0.0; 3], [1.0; 3]));
    let frames = frames();
    let weight = |h: usize, c: usize, y: usize, x: usize| f64::from((((h * 3 + c) * 2 + y) * 3 + x) as f32 * 0.7).sin();
    let mut out = Vec::new();
    for n in 0..2 {
        for row in 0..2 {
            for column in 0..2 {
                for h in 0..2 {
                    let mut sum = [0.25, -1.0][h];
                    for (c, y, x) in (0..18).map(|i| (i / 6, i / 3 % 2, i % 3)) {
                        let pixel = frames[((n * 4 + row * 2 + y) * 6 + column * 3 + x) * 3 + c];
                        sum += weight(h, c, y, x) * f64::from((pixel - mean[c]) / deviation[c]);
                    }
                    out.push(sum);
                }
            }
        }
    }
    out
}

#[test]
fn patches_are_a_convolution_and_normalisation_folds_into_it() {
    for normalise in [Normalise::None, Normalise::Imagenet] {
        let input = Tensor::<4>::from_data(TensorData::new(frames(), [2, 4, 6, 3]), &device());
        let (patches, grid) = projection().forward(input, normalise);
        assert_eq!(grid, [2, 2]);
        assert_eq!(patches.dims(), [2, 4, 2]);
        let patches = host(patches);
        for (value, expected) in patches.iter().zip(convolution(normalise)) {
            assert!((f64::from(*value) - expected).abs() < 1e-4, "{normalise:?}: {value} against {expected}");
        }
    }
}
