use burn::tensor::TensorData;

use super::*;
use crate::{foreground::Foreground, internvl::InternVl, tensors::host};

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
        let (patches, grid) = embed_all(&projection(), input, normalise);
        assert_eq!(grid, [2, 2]);
        assert_eq!(patches.dims(), [2, 4, 2]);
        let patches = host(patches);
        for (value, expected) in patches.iter().zip(convolution(normalise)) {
            assert!((f64::from(*value) - expected).abs() < 1e-4, "{normalise:?}: {value} against {expected}");
        }
    }
}

/// A tower with two layers over frames of 4×6 patches of 2×2 pixels.
fn tower() -> InternVl {
    let config = serde_json::json!({
        "image_token_id": 5,
        "vision_config": {
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": [8, 12], "patch_size": 2, "attention_bias": true, "initializer_range": 0.3
        },
        "text_config": {
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "num_key_value_heads": 2, "vocab_size": 20, "initializer_range": 0.3
        }
    });
    InternVl::random(&InternVlConfig::parse(config.to_string(), "tower").expect("valid"), 7, &device())
}

/// `[2, 8, 12, 3]`: noise, black in the groups of 4×4 pixels that `hidden` names by frame and group.
fn with_holes(hidden: &[(usize, usize)], black: f32) -> Tensor<4> {
    let mut pixels: Vec<f32> = (0..2 * 8 * 12 * 3).map(|n| (n as f32 * 0.37).sin() * 0.4 + 0.5).collect();
    for (i, pixel) in pixels.iter_mut().enumerate() {
        let (frame, y, x) = (i / 288, i / 36 % 8, i / 3 % 12);
        if hidden.contains(&(frame, y / 4 * 3 + x / 4)) {
            *pixel = black;
        }
    }
    Tensor::from_data(TensorData::new(pixels, [2, 8, 12, 3]), &device())
}

fn foreground(frames: &Tensor<4>) -> Foreground {
    pollster::block_on(Foreground::of(frames.clone(), [4, 4])).unwrap()
}

#[test]
fn a_foreground_that_is_everything_changes_nothing() {
    let (model, frames) = (tower(), with_holes(&[], 0.0));
    let found = foreground(&frames);
    assert_eq!(found.tokens(), [6, 6]);
    let (some, all) = (host(model.encode_foreground(frames.clone(), &found)), host(model.encode_frames(frames)));
    assert_eq!(some.len(), all.len());
    assert!(some.iter().zip(&all).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn what_is_skipped_and_what_fills_the_batch_is_not_looked_at() {
    let model = tower();
    let holes = [(0, 1), (0, 4), (1, 0)];
    let frames = with_holes(&holes, 0.0);
    let found = foreground(&frames);
    assert_eq!(found.tokens(), [4, 5]);
    let seen = host(model.encode_foreground(frames.clone(), &found));
    assert_eq!(seen.len(), 9 * 16);
    // other pixels in the holes, same foreground
    let other = host(model.encode_foreground(with_holes(&holes, 0.9), &found));
    assert_eq!(seen, other);
    // each frame by itself, without the other's length to be filled up to
    let alone: Vec<f32> = (0..2)
        .flat_map(|f| {
            let frame = frames.clone().narrow(0, f, 1);
            host(model.encode_foreground(frame.clone(), &foreground(&frame)))
        })
        .collect();
    assert!(seen.iter().zip(&alone).all(|(a, b)| (a - b).abs() < 1e-5));
    // and skipping is not the same as looking at black
    let all = host(model.encode_frames(frames));
    assert!((0..16).any(|i| (all[i] - seen[i]).abs() > 1e-4));
}

#[test]
fn another_frame_size_resizes_the_positions() {
    // 6×8 patches instead of 4×6, of which four become a token
    let frames = Tensor::<4>::ones([2, 12, 16, 3], &device());
    assert_eq!(tower().encode_frames(frames).dims(), [2, 12, 16]);
}
