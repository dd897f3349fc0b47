//! Activations and the scaled residual sum.

use draction::simd::{Loops, exp, fma, wide};
use rayon::prelude::*;

/// Numbers per task.
const CHUNK: usize = 16_384;

/// Density and cumulative probability of the normal distribution.
///
/// Abramowitz and Stegun 7.1.26, off by at most 1.5e-7. It comes as the tail probability, so nothing cancels for very
/// negative x.
#[inline(always)]
fn normal<const FMA: bool>(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / fma::<FMA>(0.327_591_1, z, 1.0);
    let mut p = 1.061_405_4;
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        p = fma::<FMA>(p, t, coefficient);
    }
    let bell = exp::<FMA>(-z * z);
    let tail = 0.5 * p * t * bell;
    (bell * 0.398_942_3, if x < 0.0 { tail } else { 1.0 - tail })
}

/// `x·Φ(x)`.
pub(crate) fn gelu(input: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; input.len()];
    output.par_chunks_mut(CHUNK).zip(input.par_chunks(CHUNK)).for_each(|(output, input)| wide(Gelu { output, input }));
    output
}

struct Gelu<'a> {
    output: &'a mut [f32],
    input: &'a [f32],
}

impl Loops for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (y, &x) in self.output.iter_mut().zip(self.input) {
            *y = x * normal::<FMA>(x).1;
        }
    }
}

/// `g·(Φ(x) + x·φ(x))`.
pub(crate) fn gelu_backward(input: &[f32], upstream: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; input.len()];
    output
        .par_chunks_mut(CHUNK)
        .zip(input.par_chunks(CHUNK).zip(upstream.par_chunks(CHUNK)))
        .for_each(|(output, (input, upstream))| wide(GeluBackward { output, input, upstream }));
    output
}

struct GeluBackward<'a> {
    output: &'a mut [f32],
    input: &'a [f32],
    upstream: &'a [f32],
}

impl Loops for GeluBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (d, (&x, &g)) in self.output.iter_mut().zip(self.input.iter().zip(self.upstream)) {
            let (density, probability) = normal::<FMA>(x);
            *d = g * fma::<FMA>(x, density, probability);
        }
    }
}

/// `silu(gate)·up`.
pub(crate) fn swiglu(gate: &[f32], up: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; gate.len()];
    output
        .par_chunks_mut(CHUNK)
        .zip(gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK)))
        .for_each(|(output, (gate, up))| wide(Swiglu { output, gate, up }));
    output
}

/// `1/(1 + e⁻ˣ)`; for x below −87 the exponential saturates, and the result is 0 to within 1e-38.
#[inline(always)]
fn sigmoid<const FMA: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FMA>(-x))
}

struct Swiglu<'a> {
    output: &'a mut [f32],
    gate: &'a [f32],
    up: &'a [f32],
}

impl Loops for Swiglu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (y, (&gate, &up)) in self.output.iter_mut().zip(self.gate.iter().zip(self.up)) {
            *y = gate * sigmoid::<FMA>(gate) * up;
        }
    }
}

/// Gradients of [`swiglu`] at gate and up.
pub(crate) fn swiglu_backward(gate: &[f32], up: &[f32], upstream: &[f32]) -> [Vec<f32>; 2] {
    let mut d_gate = vec![0.0; gate.len()];
    let mut d_up = vec![0.0; gate.len()];
    let inputs = gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK)).zip(upstream.par_chunks(CHUNK));
    d_gate
        .par_chunks_mut(CHUNK)
        .zip(d_up.par_chunks_mut(CHUNK))
        .zip(inputs)
        .for_each(|((d_gate, d_up), ((gate, up), upstream))| wide(SwigluBackward { d_gate, d_up, gate, up, upstream }));
    [d_gate, d_up]
}

struct SwigluBackward<'a> {
    d_gate: &'a mut [f32],
    d_up: &'a mut [f32],
    gate: &'a [f32],
    up: &'a [f32],
    upstream: &'a [f32],
}

impl Loops for SwigluBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let count = self.gate.len();
        let (d_gate, d_up) = (&mut self.d_gate[..count], &mut self.d_up[..count]);
        let (up, upstream) = (&self.up[..count], &self.upstream[..count]);
        for i in 0..count {
            let gate = self.gate[i];
            let s = sigmoid::<FMA>(gate);
            let silu = gate * s;
            d_gate[i] = upstream[i] * up[i] * (s + silu * (1.0 - s));
            d_up[i] = upstream[i] * silu;
        }
    }
}

/// `residual + input·scale`, with one scale per feature.
pub(crate) fn scaled_add(residual: &[f32], input: &[f32], scale: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; input.len()];
    let chunk = row_chunk(scale.len());
    output
        .par_chunks_mut(chunk)
        .zip(residual.par_chunks(chunk).zip(input.par_chunks(chunk)))
        .for_each(|(output, (residual, input))| wide(ScaledAdd { output, residual, input, scale }));
    output
}

/// Whole rows, about [`CHUNK`] numbers.
fn row_chunk(width: usize) -> usize {
    (CHUNK / width.max(1)).max(1) * width
}

struct ScaledAdd<'a> {
    output: &'a mut [f32],
    residual: &'a [f32],
    input: &'a [f32],
    scale: &'a [f32],
}

impl Loops for ScaledAdd<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.scale.len();
        let rows = self.residual.chunks_exact(width).zip(self.input.chunks_exact(width));
        for (output, (residual, input)) in self.output.chunks_exact_mut(width).zip(rows) {
            for i in 0..width {
                output[i] = fma::<FMA>(input[i], self.scale[i], residual[i]);
            }
        }
    }
}

/// Gradients of [`scaled_add`] at input and scale; at the residual it is `upstream` itself.
pub(crate) fn scaled_add_backward(input: &[f32], scale: &[f32], upstream: &[f32]) -> [Vec<f32>; 2] {
    let chunk = row_chunk(scale.len());
    let mut d_input = vec![0.0; input.len()];
    let partial: Vec<Vec<f32>> = d_input
        .par_chunks_mut(chunk)
        .zip(input.par_chunks(chunk).zip(upstream.par_chunks(chunk)))
        .map(|(d_input, (input, upstream))| wide(ScaledAddBackward { d_input, input, upstream, scale }))
        .collect();
    let mut d_scale = vec![0.0; scale.len()];
    for part in &partial {
        for (total, value) in d_scale.iter_mut().zip(part) {
            *total += value;
        }
    }
    [d_input, d_scale]
}

struct ScaledAddBackward<'a> {
    d_input: &'a mut [f32],
    input: &'a [f32],
    upstream: &'a [f32],
    scale: &'a [f32],
}

impl Loops for ScaledAddBackward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Vec<f32> {
        let width = self.scale.len();
        let mut d_scale = vec![0.0; width];
        let rows = self.input.chunks_exact(width).zip(self.upstream.chunks_exact(width));
        for (d_input, (input, upstream)) in self.d_input.chunks_exact_mut(width).zip(rows) {
            let d_scale = &mut d_scale[..width];
            for i in 0..width {
                d_input[i] = upstream[i] * self.scale[i];
                d_scale[i] += upstream[i] * input[i];
            }
        }
        d_scale
    }
}
