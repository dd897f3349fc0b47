//! LayerNorm and RMSNorm over rows.

use draction::simd::{Loops, wide};
use rayon::prelude::*;

use super::simd::sum;

/// Rows per task; fixed, so that sums over rows come in the same order on every machine.
const ROWS: usize = 128;

/// `[rows, width]`, `[width]` twice → `[rows, width]`.
pub(crate) fn layer_norm(input: &[f32], weight: &[f32], bias: &[f32], eps: f32) -> Vec<f32> {
    let mut output = vec![0.0; input.len()];
    let chunk = ROWS * weight.len();
    output.par_chunks_mut(chunk).zip(input.par_chunks(chunk)).for_each(|(output, input)| {
        wide(Forward::<true> { output, input, weight, bias, eps });
    });
    output
}

/// `[rows, width]`, `[width]` → `[rows, width]`.
pub(crate) fn rms_norm(input: &[f32], weight: &[f32], eps: f32) -> Vec<f32> {
    let mut output = vec![0.0; input.len()];
    let chunk = ROWS * weight.len();
    output.par_chunks_mut(chunk).zip(input.par_chunks(chunk)).for_each(|(output, input)| {
        wide(Forward::<false> { output, input, weight, bias: &[], eps });
    });
    output
}

/// Gradients of [`layer_norm`] at input, weight and bias.
pub(crate) fn layer_norm_backward(input: &[f32], weight: &[f32], upstream: &[f32], eps: f32) -> [Vec<f32>; 3] {
    backward::<true>(input, weight, upstream, eps)
}

/// Gradients of [`rms_norm`] at input and weight.
pub(crate) fn rms_norm_backward(input: &[f32], weight: &[f32], upstream: &[f32], eps: f32) -> [Vec<f32>; 2] {
    let [d_input, d_weight, _] = backward::<false>(input, weight, upstream, eps);
    [d_input, d_weight]
}

/// Mean (0 where the norm does not centre) and reciprocal deviation of a row.
#[inline(always)]
fn statistics<const CENTRE: bool>(row: &[f32], eps: f32) -> (f32, f32) {
    let width = row.len();
    let mean = if CENTRE { sum(width, |i| row[i]) / width as f32 } else { 0.0 };
    let power = sum(width, |i| (row[i] - mean) * (row[i] - mean)) / width as f32;
    (mean, 1.0 / (power + eps).sqrt())
}

struct Forward<'a, const CENTRE: bool> {
    output: &'a mut [f32],
    input: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    eps: f32,
}

impl<const CENTRE: bool> Loops for Forward<'_, CENTRE> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.weight.len();
        for (output, row) in self.output.chunks_exact_mut(width).zip(self.input.chunks_exact(width)) {
            let (mean, scale) = statistics::<CENTRE>(row, self.eps);
            for i in 0..width {
                output[i] = (row[i] - mean) * scale * self.weight[i];
            }
            if CENTRE {
                for i in 0..width {
                    output[i] += self.bias[i];
                }
            }
        }
    }
}

fn backward<const CENTRE: bool>(input: &[f32], weight: &[f32], upstream: &[f32], eps: f32) -> [Vec<f32>; 3] {
    let width = weight.len();
    let chunk = ROWS * width;
    let mut d_input = vec![0.0; input.len()];
    let partial: Vec<(Vec<f32>, Vec<f32>)> = d_input
        .par_chunks_mut(chunk)
        .zip(input.par_chunks(chunk).zip(upstream.par_chunks(chunk)))
        .map(|(d_input, (input, upstream))| wide(Backward::<CENTRE> { d_input, input, upstream, weight, eps }))
        .collect();
    let mut d_weight = vec![0.0; width];
    let mut d_bias = vec![0.0; width];
    for (weight, bias) in &partial {
        for i in 0..width {
            d_weight[i] += weight[i];
            d_bias[i] += bias[i];
        }
    }
    [d_input, d_weight, d_bias]
}

struct Backward<'a, const CENTRE: bool> {
    d_input: &'a mut [f32],
    input: &'a [f32],
    upstream: &'a [f32],
    weight: &'a [f32],
    eps: f32,
}

impl<const CENTRE: bool> Loops for Backward<'_, CENTRE> {
    type Output = (Vec<f32>, Vec<f32>);

    /// With x̂ the normalised row and h = g·w: `∂L/∂x = (h − mean(h) − x̂·mean(h·x̂))/σ`, without mean(h) where the norm
    /// does not centre.
    #[inline(always)]
    fn run<const FMA: bool>(self) -> Self::Output {
        let width = self.weight.len();
        let weight = self.weight;
        let mut d_weight = vec![0.0; width];
        let mut d_bias = vec![0.0; width];
        let mut normalised = vec![0.0; width];
        let rows = self.input.chunks_exact(width).zip(self.upstream.chunks_exact(width));
        for (d_row, (row, upstream)) in self.d_input.chunks_exact_mut(width).zip(rows) {
            let (mean, scale) = statistics::<CENTRE>(row, self.eps);
            let (normalised, d_weight, d_bias) =
                (&mut normalised[..width], &mut d_weight[..width], &mut d_bias[..width]);
            for i in 0..width {
                normalised[i] = (row[i] - mean) * scale;
                d_weight[i] += upstream[i] * normalised[i];
                d_bias[i] += upstream[i];
                d_row[i] = upstream[i] * weight[i];
            }
            let projection = sum(width, |i| d_row[i] * normalised[i]) / width as f32;
            let shift = if CENTRE { sum(width, |i| d_row[i]) / width as f32 } else { 0.0 };
            for i in 0..width {
                d_row[i] = (d_row[i] - shift - normalised[i] * projection) * scale;
            }
        }
        (d_weight, d_bias)
    }
}
