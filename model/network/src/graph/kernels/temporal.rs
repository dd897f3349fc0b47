//! The four ways of a multi-scale temporal layer side by side: two convolutions over five frames, next to each other and
//! two apart, the largest of three frames, and the frame itself. A quarter of the channels goes each way.

use crate::graph::operands::TAPS;
use draction::simd::{Kernel, Vector, widest};

use super::{add, add_rows, each_clip, each_clip_summing};
use crate::layers::fused::product::{Start, product};
use crate::layers::fused::simd::Matrix;

/// Sizes of the layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub frames: usize,
    pub joints: usize,
    pub channels: usize,
    pub stride: usize,
}

impl Sizes {
    /// Frames that come out.
    pub fn kept(&self) -> usize {
        self.frames.div_ceil(self.stride)
    }

    fn input(&self) -> usize {
        self.frames * self.joints * self.channels
    }

    fn output(&self) -> usize {
        self.kept() * self.joints * self.channels
    }

    fn quarter(&self) -> usize {
        self.channels / 4
    }

    /// The frame that tap `tap` of output frame `t` sees in convolution `way`, if there is one.
    fn seen(&self, t: usize, tap: usize, way: usize) -> Option<usize> {
        let at = (t * self.stride + tap * (way + 1)).checked_sub((way + 1) * (TAPS / 2))?;
        (at < self.frames).then_some(at)
    }

    /// The frames that the largest of three is taken of.
    fn window(&self, t: usize) -> std::ops::Range<usize> {
        (t * self.stride).saturating_sub(1)..(t * self.stride + 2).min(self.frames)
    }
}

/// `[out, in, taps]` → `[out, taps, in]`, or back with the last two sizes exchanged.
fn turned(weight: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut turned = vec![0.0; weight.len()];
    for (to, from) in turned.chunks_exact_mut(rows * columns).zip(weight.chunks_exact(rows * columns)) {
        for r in 0..rows {
            for c in 0..columns {
                to[c * rows + r] = from[r * columns + c];
            }
        }
    }
    turned
}

/// `[N, T, V, C]`, weights `[C/4, C/4, 5]` and biases `[C/4]` of both convolutions → `[N, T', V, C]`.
pub(crate) fn forward(input: &[f32], weights: [&[f32]; 2], biases: [&[f32]; 2], sizes: Sizes) -> Vec<f32> {
    let clips = input.len() / sizes.input();
    let weights = weights.map(|weight| turned(weight, sizes.quarter(), TAPS));
    let mut output = vec![0.0; clips * sizes.output()];
    each_clip(&mut output, sizes.output(), |clip, output| {
        let input = &input[clip * sizes.input()..][..sizes.input()];
        widest(Forward { output, input, weights: &weights, biases, sizes });
    });
    output
}

struct Forward<'a> {
    output: &'a mut [f32],
    input: &'a [f32],
    weights: &'a [Vec<f32>; 2],
    biases: [&'a [f32]; 2],
    sizes: Sizes,
}

/// What the taps of convolution `way` see, `[T', V, 5·C/4]`.
#[inline(always)]
fn unfold(input: &[f32], way: usize, sizes: Sizes, unfolded: &mut [f32]) {
    let (quarter, joints, channels) = (sizes.quarter(), sizes.joints, sizes.channels);
    let row = TAPS * quarter;
    for t in 0..sizes.kept() {
        for tap in 0..TAPS {
            let frame = sizes.seen(t, tap, way);
            for joint in 0..joints {
                let to = &mut unfolded[(t * joints + joint) * row + tap * quarter..][..quarter];
                match frame {
                    Some(frame) => {
                        to.copy_from_slice(&input[(frame * joints + joint) * channels + way * quarter..][..quarter]);
                    }
                    None => to.fill(0.0),
                }
            }
        }
    }
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let sizes = self.sizes;
        let (quarter, joints, channels, kept) = (sizes.quarter(), sizes.joints, sizes.channels, sizes.kept());
        let row = TAPS * quarter;
        let mut unfolded = vec![0.0; kept * joints * row];
        for way in 0..2 {
            unfold(self.input, way, sizes, &mut unfolded);
            let left = Matrix { data: &unfolded, row, column: 1 };
            let right = Matrix { data: &self.weights[way], row: 1, column: row };
            let out = (&mut self.output[way * quarter..], channels);
            product::<V>([kept * joints, quarter, row], left, right, out, Start::Bias(self.biases[way]));
        }
        for t in 0..kept {
            for joint in 0..joints {
                let to = &mut self.output[(t * joints + joint) * channels + 2 * quarter..][..2 * quarter];
                let (largest, same) = to.split_at_mut(quarter);
                largest.fill(f32::NEG_INFINITY);
                for frame in sizes.window(t) {
                    let from = &self.input[(frame * joints + joint) * channels + 2 * quarter..][..quarter];
                    for (largest, &value) in largest.iter_mut().zip(from) {
                        *largest = if value > *largest || value.is_nan() { value } else { *largest };
                    }
                }
                let from = &self.input[(t * sizes.stride * joints + joint) * channels + 3 * quarter..][..quarter];
                same.copy_from_slice(from);
            }
        }
    }
}

/// Gradients of [`forward`] at the input, both weights and both biases.
pub(crate) fn backward(input: &[f32], weights: [&[f32]; 2], upstream: &[f32], sizes: Sizes) -> [Vec<f32>; 5] {
    let quarter = sizes.quarter();
    let turned_weights = weights.map(|weight| turned(weight, quarter, TAPS));
    let mut d_input = vec![0.0; input.len()];
    let zero = || [weights[0].len(), weights[1].len(), quarter, quarter].map(|count| vec![0.0; count]);
    let [first, second, first_bias, second_bias] = each_clip_summing(
        &mut d_input,
        sizes.input(),
        zero,
        |clip, d_input, sums| {
            let input = &input[clip * sizes.input()..][..sizes.input()];
            let upstream = &upstream[clip * sizes.output()..][..sizes.output()];
            widest(Backward { d_input, sums, input, weights: &turned_weights, upstream, sizes });
        },
        |sums, more| sums.iter_mut().zip(&more).for_each(|(sum, more)| add(sum, more)),
    );
    let [first, second] = [first, second].map(|weight| turned(&weight, TAPS, quarter));
    [d_input, first, second, first_bias, second_bias]
}

struct Backward<'a> {
    d_input: &'a mut [f32],
    /// Weights, then biases.
    sums: &'a mut [Vec<f32>; 4],
    input: &'a [f32],
    weights: &'a [Vec<f32>; 2],
    upstream: &'a [f32],
    sizes: Sizes,
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let sizes = self.sizes;
        let (quarter, joints, channels, kept) = (sizes.quarter(), sizes.joints, sizes.channels, sizes.kept());
        let (row, rows) = (TAPS * quarter, kept * joints);
        let mut unfolded = vec![0.0; rows * row];
        for way in 0..2 {
            let upstream = &self.upstream[way * quarter..];
            unfold(self.input, way, sizes, &mut unfolded);
            let right = Matrix { data: &unfolded, row, column: 1 };
            let left = Matrix { data: upstream, row: 1, column: channels };
            product::<V>([quarter, row, rows], left, right, (&mut self.sums[way], row), Start::Sum);
            add_rows(&mut self.sums[2 + way], upstream, channels);

            let left = Matrix { data: upstream, row: channels, column: 1 };
            let right = Matrix { data: &self.weights[way], row, column: 1 };
            product::<V>([rows, row, quarter], left, right, (&mut unfolded, row), Start::Zero);
            for t in 0..kept {
                for (tap, frame) in (0..TAPS).filter_map(|tap| Some((tap, sizes.seen(t, tap, way)?))) {
                    for joint in 0..joints {
                        let from = &unfolded[(t * joints + joint) * row + tap * quarter..][..quarter];
                        let to = &mut self.d_input[(frame * joints + joint) * channels + way * quarter..][..quarter];
                        for (to, from) in to.iter_mut().zip(from) {
                            *to += from;
                        }
                    }
                }
            }
        }
        for t in 0..kept {
            for joint in 0..joints {
                let upstream = &self.upstream[(t * joints + joint) * channels + 2 * quarter..][..2 * quarter];
                let place = |frame: usize| (frame * joints + joint) * channels + 2 * quarter;
                for c in 0..quarter {
                    // of equals the first, as the libraries have it
                    let (mut largest, mut best) = (f32::NEG_INFINITY, sizes.window(t).start);
                    for frame in sizes.window(t) {
                        let value = self.input[place(frame) + c];
                        if value > largest || value.is_nan() {
                            (largest, best) = (value, frame);
                        }
                    }
                    self.d_input[place(best) + c] += upstream[c];
                }
                let to = &mut self.d_input[place(t * sizes.stride) + quarter..][..quarter];
                for (to, from) in to.iter_mut().zip(&upstream[quarter..]) {
                    *to += from;
                }
            }
        }
    }
}
