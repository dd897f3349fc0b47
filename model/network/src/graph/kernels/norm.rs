//! Batch normalisation with what usually follows it: a residual and a rectifier.

use draction::simd::{Loops, wide};
use rayon::prelude::*;

use super::{each_clip, each_clip_summing};
use crate::graph::operands::Mode;

/// Rows of one task.
const ROWS: usize = 512;

/// The norm of the first channels of a row; the rest passes as it is.
#[derive(Clone, Copy)]
pub(crate) struct Norm<'a> {
    /// `[K]` the norm's statistics and weights, `K ≤ channels`.
    pub mean: &'a [f32],
    pub variance: &'a [f32],
    pub weight: &'a [f32],
    pub bias: &'a [f32],
    pub mode: Mode,
    /// Numbers in a row.
    pub channels: usize,
}

impl Norm<'_> {
    /// `weight / √(variance + eps)` of each channel.
    fn scales(&self) -> Vec<f32> {
        self.deviations().zip(self.weight).map(|(inverse, weight)| inverse * weight).collect()
    }

    /// `1 / √(variance + eps)` of each channel.
    fn deviations(&self) -> impl Iterator<Item = f32> + '_ {
        self.variance.iter().map(|variance| 1.0 / (variance + self.mode.eps).sqrt())
    }
}

/// `[rows, channels]` → mean and variance, without Bessel's correction, of the first `count` channels.
pub(crate) fn statistics(input: &[f32], channels: usize, count: usize) -> [Vec<f32>; 2] {
    // each block around its own mean, then all blocks together (Chan, Golub and LeVeque 1979)
    let blocks: Vec<(usize, Vec<f32>, Vec<f32>)> = input
        .par_chunks(ROWS * channels)
        .map(|block| {
            let (mean, squares) = wide(Moments { block, channels, count });
            (block.len() / channels, mean, squares)
        })
        .collect();
    let (mut rows, mut mean, mut squares) = (0.0_f64, vec![0.0_f64; count], vec![0.0_f64; count]);
    for (more, its_mean, its_squares) in &blocks {
        let more = *more as f64;
        let all = rows + more;
        for c in 0..count {
            let apart = f64::from(its_mean[c]) - mean[c];
            mean[c] += apart * more / all;
            squares[c] += f64::from(its_squares[c]) + apart * apart * rows * more / all;
        }
        rows = all;
    }
    let rows = rows.max(1.0);
    [mean.iter().map(|mean| *mean as f32).collect(), squares.iter().map(|sum| (sum / rows) as f32).collect()]
}

struct Moments<'a> {
    block: &'a [f32],
    channels: usize,
    count: usize,
}

impl Loops for Moments<'_> {
    type Output = (Vec<f32>, Vec<f32>);

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Self::Output {
        let count = self.count;
        let [mut mean, mut squares, mut rest] = [0; 3].map(|_| vec![0.0; count]);
        for row in self.block.chunks_exact(self.channels) {
            for (sum, value) in mean.iter_mut().zip(&row[..count]) {
                *sum += value;
            }
        }
        let share = 1.0 / (self.block.len() / self.channels) as f32;
        mean.iter_mut().for_each(|mean| *mean *= share);
        for row in self.block.chunks_exact(self.channels) {
            let row = &row[..count];
            for c in 0..count {
                let apart = row[c] - mean[c];
                squares[c] += apart * apart;
                rest[c] += apart;
            }
        }
        // what rounding left of the first sum
        for c in 0..count {
            mean[c] += rest[c] * share;
            squares[c] -= rest[c] * rest[c] * share;
        }
        (mean, squares)
    }
}

/// `[rows, channels]`, and a residual of the same shape → `rectify(norm(input) + residual)`.
pub(crate) fn forward(input: &[f32], residual: Option<&[f32]>, norm: Norm<'_>) -> Vec<f32> {
    let scales = norm.scales();
    let mut output = vec![0.0; input.len()];
    let each = ROWS * norm.channels;
    each_clip(&mut output, each, |block, output| {
        let at = block * each..block * each + output.len();
        let residual = residual.map(|residual| &residual[at.clone()]);
        wide(Forward { output, input: &input[at], residual, norm, scales: &scales });
    });
    output
}

struct Forward<'a> {
    output: &'a mut [f32],
    input: &'a [f32],
    residual: Option<&'a [f32]>,
    norm: Norm<'a>,
    scales: &'a [f32],
}

/// The normed channels of a row, before the rectifier.
#[inline(always)]
fn normed(row: &[f32], residual: Option<&[f32]>, norm: Norm<'_>, scales: &[f32], to: &mut [f32]) {
    let count = scales.len();
    let (row, to) = (&row[..count], &mut to[..count]);
    let (mean, bias) = (&norm.mean[..count], &norm.bias[..count]);
    match residual {
        Some(residual) => {
            let residual = &residual[..count];
            for c in 0..count {
                to[c] = (row[c] - mean[c]) * scales[c] + bias[c] + residual[c];
            }
        }
        None => {
            for c in 0..count {
                to[c] = (row[c] - mean[c]) * scales[c] + bias[c];
            }
        }
    }
}

impl Loops for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let (channels, count) = (self.norm.channels, self.scales.len());
        for (index, (to, row)) in
            self.output.chunks_exact_mut(channels).zip(self.input.chunks_exact(channels)).enumerate()
        {
            let residual = self.residual.map(|residual| &residual[index * channels..][..channels]);
            normed(row, residual, self.norm, self.scales, to);
            if self.norm.mode.rectified {
                for value in &mut to[..count] {
                    // a NaN stays one
                    *value = if *value <= 0.0 { 0.0 } else { *value };
                }
            }
            to[count..].copy_from_slice(&row[count..]);
        }
    }
}

/// Gradients of [`forward`] at input, residual (empty where there is none), weight and bias.
pub(crate) fn backward(input: &[f32], residual: Option<&[f32]>, upstream: &[f32], norm: Norm<'_>) -> [Vec<f32>; 4] {
    let (scales, inverse): (Vec<f32>, Vec<f32>) = (norm.scales(), norm.deviations().collect());
    let count = scales.len();
    let each = ROWS * norm.channels;
    // what comes through the rectifier; it is the residual's gradient, and the input's but for its own factors
    let mut through = vec![0.0; input.len()];
    let sums = each_clip_summing(
        &mut through,
        each,
        || [vec![0.0_f64; count], vec![0.0_f64; count]],
        |block, through, sums| {
            let at = block * each..block * each + through.len();
            let residual = residual.map(|residual| &residual[at.clone()]);
            let (input, upstream) = (&input[at.clone()], &upstream[at]);
            let block = wide(Through { through, input, residual, upstream, norm, scales: &scales, inverse: &inverse });
            for (sum, block) in sums.iter_mut().zip(block) {
                sum.iter_mut().zip(block).for_each(|(sum, value)| *sum += f64::from(value));
            }
        },
        |sums, more| {
            for (sum, more) in sums.iter_mut().zip(more) {
                sum.iter_mut().zip(more).for_each(|(sum, value)| *sum += value);
            }
        },
    );
    let rows = (input.len() / norm.channels.max(1)).max(1) as f64;
    let [along, across] = [&sums[0], &sums[1]].map(|sum| {
        let share = |sum: &f64| if norm.mode.batch { (sum / rows) as f32 } else { 0.0 };
        sum.iter().map(share).collect::<Vec<f32>>()
    });
    let turned: Vec<f32> = across.iter().zip(&inverse).map(|(across, inverse)| across * inverse).collect();
    let [d_bias, d_weight] = sums.map(|sum| sum.iter().map(|value| *value as f32).collect::<Vec<f32>>());
    let apply = |d_input: &mut [f32], through: Option<&[f32]>, input: &[f32]| {
        wide(Apply { d_input, through, input, norm, scales: &scales, along: &along, across: &turned });
    };
    if residual.is_none() {
        through.par_chunks_mut(each).zip(input.par_chunks(each)).for_each(|(d, input)| apply(d, None, input));
        return [through, Vec::new(), d_weight, d_bias];
    }
    let mut d_input = vec![0.0; input.len()];
    d_input
        .par_chunks_mut(each)
        .zip(through.par_chunks(each).zip(input.par_chunks(each)))
        .for_each(|(d, (through, input))| apply(d, Some(through), input));
    [d_input, through, d_weight, d_bias]
}

struct Through<'a> {
    through: &'a mut [f32],
    input: &'a [f32],
    residual: Option<&'a [f32]>,
    upstream: &'a [f32],
    norm: Norm<'a>,
    scales: &'a [f32],
    inverse: &'a [f32],
}

impl Loops for Through<'_> {
    /// Sums of the gradient, and of its product with the normed input.
    type Output = [Vec<f32>; 2];

    #[inline(always)]
    fn run<const FMA: bool>(self) -> [Vec<f32>; 2] {
        let (channels, count) = (self.norm.channels, self.scales.len());
        let (mut along, mut across) = (vec![0.0; count], vec![0.0; count]);
        let mean = &self.norm.mean[..count];
        let rows = self.through.chunks_exact_mut(channels).zip(self.input.chunks_exact(channels));
        for (index, (through, row)) in rows.enumerate() {
            let upstream = &self.upstream[index * channels..][..channels];
            if self.norm.mode.rectified {
                let residual = self.residual.map(|residual| &residual[index * channels..][..channels]);
                normed(row, residual, self.norm, self.scales, through);
                for (value, upstream) in through[..count].iter_mut().zip(upstream) {
                    *value = if *value <= 0.0 { 0.0 } else { *upstream };
                }
            } else {
                through[..count].copy_from_slice(&upstream[..count]);
            }
            through[count..].copy_from_slice(&upstream[count..]);
            for c in 0..count {
                along[c] += through[c];
                across[c] += through[c] * (row[c] - mean[c]);
            }
        }
        across.iter_mut().zip(self.inverse).for_each(|(sum, inverse)| *sum *= inverse);
        [along, across]
    }
}

/// `scale · (through − along − normed · across)`, in place where `through` is not given.
struct Apply<'a> {
    d_input: &'a mut [f32],
    through: Option<&'a [f32]>,
    input: &'a [f32],
    norm: Norm<'a>,
    scales: &'a [f32],
    along: &'a [f32],
    /// Times `1 / √(variance + eps)`.
    across: &'a [f32],
}

impl Loops for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let (channels, count) = (self.norm.channels, self.scales.len());
        let (scales, along) = (&self.scales[..count], &self.along[..count]);
        let (across, mean) = (&self.across[..count], &self.norm.mean[..count]);
        for (index, (d, row)) in
            self.d_input.chunks_exact_mut(channels).zip(self.input.chunks_exact(channels)).enumerate()
        {
            if let Some(through) = self.through {
                d.copy_from_slice(&through[index * channels..][..channels]);
            }
            let d = &mut d[..count];
            for c in 0..count {
                d[c] = scales[c] * (d[c] - along[c] - (row[c] - mean[c]) * across[c]);
            }
        }
    }
}
