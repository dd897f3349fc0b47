//! A layer from channels to channels at every joint of every frame, or of every `stride`-th one.

use draction::simd::{Kernel, Vector, widest};

use super::{add, add_rows, each_clip, each_clip_summing};
use crate::layers::fused::product::{Start, product};
use crate::layers::fused::simd::Matrix;

/// Sizes of the layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub frames: usize,
    pub joints: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub stride: usize,
}

impl Sizes {
    /// Frames that come out.
    pub fn kept(&self) -> usize {
        self.frames.div_ceil(self.stride)
    }

    fn input(&self) -> usize {
        self.frames * self.joints * self.inputs
    }

    fn output(&self) -> usize {
        self.kept() * self.joints * self.outputs
    }

    /// The frames that count, each as the place of its rows; one place for all where they follow each other.
    fn runs(&self) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let Sizes { joints, stride, .. } = *self;
        let (count, rows) = if stride == 1 { (1, self.frames * joints) } else { (self.kept(), joints) };
        (0..count).map(move |t| (t * stride * joints, t * joints, rows))
    }
}

/// `[N, T, V, in]`, `[out, in]`, `[out]` → `[N, T', V, out]`.
pub(crate) fn forward(input: &[f32], weight: &[f32], bias: &[f32], sizes: Sizes) -> Vec<f32> {
    let clips = input.len() / sizes.input();
    let mut output = vec![0.0; clips * sizes.output()];
    each_clip(&mut output, sizes.output(), |clip, output| {
        let input = &input[clip * sizes.input()..][..sizes.input()];
        widest(Forward { output, input, weight, bias, sizes });
    });
    output
}

struct Forward<'a> {
    output: &'a mut [f32],
    input: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    sizes: Sizes,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Sizes { inputs, outputs, .. } = self.sizes;
        for (from, to, rows) in self.sizes.runs() {
            let left = Matrix { data: &self.input[from * inputs..], row: inputs, column: 1 };
            let right = Matrix { data: self.weight, row: 1, column: inputs };
            let out = (&mut self.output[to * outputs..], outputs);
            product::<V>([rows, outputs, inputs], left, right, out, Start::Bias(self.bias));
        }
    }
}

/// Gradients of [`forward`] at input, weight and bias.
pub(crate) fn backward(input: &[f32], weight: &[f32], upstream: &[f32], sizes: Sizes) -> [Vec<f32>; 3] {
    let mut d_input = vec![0.0; input.len()];
    let zero = || (vec![0.0; weight.len()], vec![0.0; sizes.outputs]);
    let (d_weight, d_bias) = each_clip_summing(
        &mut d_input,
        sizes.input(),
        zero,
        |clip, d_input, (d_weight, d_bias)| {
            let input = &input[clip * sizes.input()..][..sizes.input()];
            let upstream = &upstream[clip * sizes.output()..][..sizes.output()];
            widest(Backward { d_input, d_weight, d_bias, input, weight, upstream, sizes });
        },
        |(weight, bias), (more_weight, more_bias)| {
            add(weight, &more_weight);
            add(bias, &more_bias);
        },
    );
    [d_input, d_weight, d_bias]
}

struct Backward<'a> {
    d_input: &'a mut [f32],
    d_weight: &'a mut [f32],
    d_bias: &'a mut [f32],
    input: &'a [f32],
    weight: &'a [f32],
    upstream: &'a [f32],
    sizes: Sizes,
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Sizes { inputs, outputs, .. } = self.sizes;
        for (from, to, rows) in self.sizes.runs() {
            let input = Matrix { data: &self.input[from * inputs..], row: inputs, column: 1 };
            let upstream = &self.upstream[to * outputs..][..rows * outputs];
            let weight = Matrix { data: self.weight, row: inputs, column: 1 };
            let left = Matrix { data: upstream, row: outputs, column: 1 };
            let out = (&mut self.d_input[from * inputs..], inputs);
            product::<V>([rows, inputs, outputs], left, weight, out, Start::Zero);
            let turned = Matrix { data: upstream, row: 1, column: outputs };
            product::<V>([outputs, inputs, rows], turned, input, (self.d_weight, inputs), Start::Sum);
            add_rows(self.d_bias, upstream, outputs);
        }
    }
}
