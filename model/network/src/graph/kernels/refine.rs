//! Graph convolution with a topology of its own for every channel (CTR-GC; Chen et al., arXiv 2107.12213; spec B.2).
//!
//! Of three subsets `i` each makes a map `M[u, v] = α·(W₄·tanh(q_u − r_v) + b₄) + A[u, v]` of every clip, where q and r
//! are layers of the clip's mean frame, and the output is `Σᵢ Σ_v M[u, v] ∘ (W₃·x_v + b₃)`. A clip's maps and values
//! are made for a few channels at a time, which stay in the cache while they are multiplied.

use crate::graph::operands::SUBSETS;
use draction::simd::{Kernel, Vector, exp, widest};

use super::{add, add_rows, each_clip, each_clip_summing};
use crate::layers::fused::product::{Channels, Start, channelwise, product};
use crate::layers::fused::simd::Matrix;

/// Channels at a time; outputs must be a multiple.
pub(crate) const PANEL: usize = 32;

/// Sizes of the layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub frames: usize,
    pub joints: usize,
    pub inputs: usize,
    pub outputs: usize,
    /// Channels that relations between joints are found in.
    pub relations: usize,
}

impl Sizes {
    fn input(&self) -> usize {
        self.frames * self.joints * self.inputs
    }

    fn output(&self) -> usize {
        self.frames * self.joints * self.outputs
    }

    fn pairs(&self) -> usize {
        self.joints * self.joints
    }

    fn related(&self) -> usize {
        SUBSETS * self.pairs() * self.relations
    }
}

/// The layer's weights, those of its subsets one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Weights<'a> {
    /// `[3, 2, relations, in]`: for each subset q's and r's layer.
    pub relate: &'a [f32],
    /// `[3, 2, relations]`.
    pub relate_bias: &'a [f32],
    /// `[3, out, relations]`: from relations to maps.
    pub spread: &'a [f32],
    /// `[3, out]`.
    pub spread_bias: &'a [f32],
    /// How much maps differ from the graph.
    pub alpha: f32,
    /// `[3, V, V]` the graph.
    pub graph: &'a [f32],
    /// `[3, out, in]`.
    pub value: &'a [f32],
    /// `[3, out]`.
    pub value_bias: &'a [f32],
}

/// Gradients at [`Weights`].
pub(crate) struct Gradients {
    pub relate: Vec<f32>,
    pub relate_bias: Vec<f32>,
    pub spread: Vec<f32>,
    pub spread_bias: Vec<f32>,
    pub alpha: f64,
    pub graph: Vec<f32>,
    pub value: Vec<f32>,
    pub value_bias: Vec<f32>,
}

impl Gradients {
    fn zero(sizes: Sizes) -> Self {
        let Sizes { inputs, outputs, relations, .. } = sizes;
        let zeros = |count: usize| vec![0.0; count];
        Self {
            relate: zeros(SUBSETS * 2 * relations * inputs),
            relate_bias: zeros(SUBSETS * 2 * relations),
            spread: zeros(SUBSETS * outputs * relations),
            spread_bias: zeros(SUBSETS * outputs),
            alpha: 0.0,
            graph: zeros(SUBSETS * sizes.pairs()),
            value: zeros(SUBSETS * outputs * inputs),
            value_bias: zeros(SUBSETS * outputs),
        }
    }

    fn add(&mut self, more: &Self) {
        add(&mut self.relate, &more.relate);
        add(&mut self.relate_bias, &more.relate_bias);
        add(&mut self.spread, &more.spread);
        add(&mut self.spread_bias, &more.spread_bias);
        self.alpha += more.alpha;
        add(&mut self.graph, &more.graph);
        add(&mut self.value, &more.value);
        add(&mut self.value_bias, &more.value_bias);
    }
}

/// `[N, T, V, in]` → `[N, T, V, out]`.
pub(crate) fn forward(input: &[f32], weights: Weights<'_>, sizes: Sizes) -> Vec<f32> {
    let clips = input.len() / sizes.input();
    let mut output = vec![0.0; clips * sizes.output()];
    each_clip(&mut output, sizes.output(), |clip, output| {
        widest(Forward { output, input: &input[clip * sizes.input()..][..sizes.input()], weights, sizes });
    });
    output
}

/// Gradients of [`forward`] at its input and weights.
pub(crate) fn backward(input: &[f32], weights: Weights<'_>, upstream: &[f32], sizes: Sizes) -> (Vec<f32>, Gradients) {
    let mut d_input = vec![0.0; input.len()];
    let gradients = each_clip_summing(
        &mut d_input,
        sizes.input(),
        || Gradients::zero(sizes),
        |clip, d_input, sums| {
            let input = &input[clip * sizes.input()..][..sizes.input()];
            let upstream = &upstream[clip * sizes.output()..][..sizes.output()];
            widest(Backward { d_input, sums, input, upstream, weights, sizes });
        },
        |sums, more| sums.add(&more),
    );
    (d_input, gradients)
}

/// What is made of a clip's mean frame.
struct Relations {
    /// `[V, in]`.
    mean: Vec<f32>,
    /// `[3, V, V, relations]` `tanh(q_u − r_v)`.
    tanh: Vec<f32>,
}

/// `tanh x` to a few ulp: near 0 by a polynomial (Cephes' `tanhf`), where the quotient would cancel.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    const NEAR: f32 = 0.625;
    // beyond 10 it is 1 in f32
    let doubled = exp::<false>(2.0 * x.clamp(-10.0, 10.0));
    let far = 1.0 - 2.0 / (doubled + 1.0);
    let square = x * x;
    let mut p = -5.704_989e-3;
    for coefficient in [2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1] {
        p = p * square + coefficient;
    }
    if x.abs() < NEAR { x + x * square * p } else { far }
}

#[inline(always)]
fn relations<V: Vector>(input: &[f32], weights: Weights<'_>, sizes: Sizes) -> Relations {
    let Sizes { frames, joints, inputs, relations, .. } = sizes;
    let mut mean = vec![0.0; joints * inputs];
    for frame in input.chunks_exact(joints * inputs) {
        for (sum, value) in mean.iter_mut().zip(frame) {
            *sum += value;
        }
    }
    let share = 1.0 / frames as f32;
    mean.iter_mut().for_each(|mean| *mean *= share);
    let width = SUBSETS * 2 * relations;
    let mut related = vec![0.0; joints * width];
    let left = Matrix { data: &mean, row: inputs, column: 1 };
    let right = Matrix { data: weights.relate, row: 1, column: inputs };
    product::<V>([joints, width, inputs], left, right, (&mut related, width), Start::Bias(weights.relate_bias));
    let mut tanhs = vec![0.0; sizes.related()];
    for (row, to) in tanhs.chunks_exact_mut(relations).enumerate() {
        let (subset, u, v) = (row / sizes.pairs(), row / joints % joints, row % joints);
        let q = &related[u * width + subset * 2 * relations..][..relations];
        let r = &related[v * width + (subset * 2 + 1) * relations..][..relations];
        for (to, (q, r)) in to.iter_mut().zip(q.iter().zip(r)) {
            *to = tanh(q - r);
        }
    }
    Relations { mean, tanh: tanhs }
}

/// What [`Panel::make`] leaves: a few channels of one subset.
struct Panel {
    /// `[V, V, PANEL]` `W₄·tanh + b₄`.
    spread: Vec<f32>,
    /// `[V, V, PANEL]`.
    map: Vec<f32>,
    /// `[T, V, PANEL]` `W₃·x + b₃`.
    value: Vec<f32>,
}

impl Panel {
    fn new(sizes: Sizes) -> Self {
        let pairs = vec![0.0; sizes.pairs() * PANEL];
        Self { spread: pairs.clone(), map: pairs, value: vec![0.0; sizes.frames * sizes.joints * PANEL] }
    }

    /// `first` is the panel's first row among those of all subsets.
    #[inline(always)]
    fn make<V: Vector>(
        &mut self,
        [subset, first]: [usize; 2],
        input: &[f32],
        tanh: &[f32],
        weights: Weights<'_>,
        sizes: Sizes,
    ) {
        let Sizes { frames, joints, inputs, relations, .. } = sizes;
        let pairs = sizes.pairs();
        let left = Matrix { data: &tanh[subset * pairs * relations..], row: relations, column: 1 };
        let right = Matrix { data: &weights.spread[first * relations..], row: 1, column: relations };
        let bias = Start::Bias(&weights.spread_bias[first..first + PANEL]);
        product::<V>([pairs, PANEL, relations], left, right, (&mut self.spread, PANEL), bias);
        let graph = &weights.graph[subset * pairs..][..pairs];
        let spread = self.spread.chunks_exact(PANEL);
        for ((map, spread), edge) in self.map.chunks_exact_mut(PANEL).zip(spread).zip(graph) {
            for (map, spread) in map.iter_mut().zip(spread) {
                *map = weights.alpha * spread + edge;
            }
        }
        let left = Matrix { data: input, row: inputs, column: 1 };
        let right = Matrix { data: &weights.value[first * inputs..], row: 1, column: inputs };
        let bias = Start::Bias(&weights.value_bias[first..first + PANEL]);
        product::<V>([frames * joints, PANEL, inputs], left, right, (&mut self.value, PANEL), bias);
    }
}

struct Forward<'a> {
    output: &'a mut [f32],
    input: &'a [f32],
    weights: Weights<'a>,
    sizes: Sizes,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { output, input, weights, sizes } = self;
        let Sizes { frames, joints, outputs, .. } = sizes;
        let relations = relations::<V>(input, weights, sizes);
        let mut panel = Panel::new(sizes);
        for first in (0..outputs).step_by(PANEL) {
            for subset in 0..SUBSETS {
                panel.make::<V>([subset, subset * outputs + first], input, &relations.tanh, weights, sizes);
                let left = Channels { data: &panel.value, row: joints * PANEL, column: PANEL };
                let right = Channels { data: &panel.map, row: PANEL, column: joints * PANEL };
                let out = (&mut output[first..], joints * outputs, outputs);
                let shape = [frames, joints, joints];
                match subset {
                    0 => channelwise::<V, false>(shape, PANEL, left, right, out),
                    _ => channelwise::<V, true>(shape, PANEL, left, right, out),
                }
            }
        }
    }
}

struct Backward<'a> {
    d_input: &'a mut [f32],
    sums: &'a mut Gradients,
    input: &'a [f32],
    upstream: &'a [f32],
    weights: Weights<'a>,
    sizes: Sizes,
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { d_input, sums, input, upstream, weights, sizes } = self;
        let Sizes { frames, joints, inputs, outputs, relations: width } = sizes;
        let (pairs, rows, frame) = (sizes.pairs(), frames * joints, joints * PANEL);
        let relations = relations::<V>(input, weights, sizes);
        let mut panel = Panel::new(sizes);
        let (mut gradient, mut d_value) = (vec![0.0; rows * PANEL], vec![0.0; rows * PANEL]);
        let (mut d_map, mut d_tanh) = (vec![0.0; pairs * PANEL], vec![0.0; sizes.related()]);
        for first in (0..outputs).step_by(PANEL) {
            for (to, from) in gradient.chunks_exact_mut(PANEL).zip(upstream.chunks_exact(outputs)) {
                to.copy_from_slice(&from[first..first + PANEL]);
            }
            for subset in 0..SUBSETS {
                let at = subset * outputs + first;
                panel.make::<V>([subset, at], input, &relations.tanh, weights, sizes);

                // ∂M[u, v] = Σ_t g[t, u]·value[t, v]
                let left = Channels { data: &gradient, row: PANEL, column: frame };
                let right = Channels { data: &panel.value, row: frame, column: PANEL };
                channelwise::<V, false>([joints, joints, frames], PANEL, left, right, (&mut d_map, frame, PANEL));
                let graph = &mut sums.graph[subset * pairs..][..pairs];
                let mut alpha = [0.0_f32; PANEL];
                for ((d_map, spread), graph) in
                    d_map.chunks_exact_mut(PANEL).zip(panel.spread.chunks_exact(PANEL)).zip(graph)
                {
                    *graph += d_map.iter().sum::<f32>();
                    for c in 0..PANEL {
                        alpha[c] += d_map[c] * spread[c];
                        d_map[c] *= weights.alpha;
                    }
                }
                sums.alpha += alpha.iter().map(|sum| f64::from(*sum)).sum::<f64>();

                // from here on the map's gradient is that of `spread`
                let turned = Matrix { data: &d_map, row: 1, column: PANEL };
                let tanh = Matrix { data: &relations.tanh[subset * pairs * width..], row: width, column: 1 };
                let out = (&mut sums.spread[at * width..], width);
                product::<V>([PANEL, width, pairs], turned, tanh, out, Start::Sum);
                add_rows(&mut sums.spread_bias[at..at + PANEL], &d_map, PANEL);
                let left = Matrix { data: &d_map, row: PANEL, column: 1 };
                let right = Matrix { data: &weights.spread[at * width..], row: width, column: 1 };
                let out = (&mut d_tanh[subset * pairs * width..], width);
                product::<V>([pairs, width, PANEL], left, right, out, Start::Sum);

                // ∂value[t, v] = Σ_u g[t, u]·M[u, v]
                let left = Channels { data: &gradient, row: frame, column: PANEL };
                let right = Channels { data: &panel.map, row: frame, column: PANEL };
                channelwise::<V, false>([frames, joints, joints], PANEL, left, right, (&mut d_value, frame, PANEL));
                let turned = Matrix { data: &d_value, row: 1, column: PANEL };
                let right = Matrix { data: input, row: inputs, column: 1 };
                let out = (&mut sums.value[at * inputs..], inputs);
                product::<V>([PANEL, inputs, rows], turned, right, out, Start::Sum);
                add_rows(&mut sums.value_bias[at..at + PANEL], &d_value, PANEL);
                let left = Matrix { data: &d_value, row: PANEL, column: 1 };
                let right = Matrix { data: &weights.value[at * inputs..], row: inputs, column: 1 };
                product::<V>([rows, inputs, PANEL], left, right, (&mut *d_input, inputs), Start::Sum);
            }
        }
        relations_backward::<V>(d_input, sums, &relations, &d_tanh, weights, sizes);
    }
}

/// Adds what flows back through q and r.
#[inline(always)]
fn relations_backward<V: Vector>(
    d_input: &mut [f32],
    sums: &mut Gradients,
    relations: &Relations,
    d_tanh: &[f32],
    weights: Weights<'_>,
    sizes: Sizes,
) {
    let Sizes { frames, joints, inputs, relations: count, .. } = sizes;
    let width = SUBSETS * 2 * count;
    let mut d_related = vec![0.0; joints * width];
    let rows = d_tanh.chunks_exact(count).zip(relations.tanh.chunks_exact(count));
    for (row, (d_tanh, tanh)) in rows.enumerate() {
        let (subset, u, v) = (row / sizes.pairs(), row / joints % joints, row % joints);
        let (q, r) = (u * width + subset * 2 * count, v * width + (subset * 2 + 1) * count);
        for c in 0..count {
            let slope = d_tanh[c] * (1.0 - tanh[c] * tanh[c]);
            d_related[q + c] += slope;
            d_related[r + c] -= slope;
        }
    }
    let turned = Matrix { data: &d_related, row: 1, column: width };
    let mean = Matrix { data: &relations.mean, row: inputs, column: 1 };
    product::<V>([width, inputs, joints], turned, mean, (&mut sums.relate, inputs), Start::Sum);
    add_rows(&mut sums.relate_bias, &d_related, width);
    let mut d_mean = vec![0.0; joints * inputs];
    let left = Matrix { data: &d_related, row: width, column: 1 };
    let right = Matrix { data: weights.relate, row: inputs, column: 1 };
    product::<V>([joints, inputs, width], left, right, (&mut d_mean, inputs), Start::Zero);
    let share = 1.0 / frames as f32;
    d_mean.iter_mut().for_each(|d| *d *= share);
    for frame in d_input.chunks_exact_mut(joints * inputs) {
        for (to, from) in frame.iter_mut().zip(&d_mean) {
            *to += from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tanh;

    #[test]
    fn tanh_is_within_a_few_ulp() {
        for step in -1200..1200 {
            let x = step as f32 * 0.01;
            let exact = f64::from(x).tanh();
            assert!((f64::from(tanh(x)) - exact).abs() <= 3e-7 * exact.abs(), "tanh {x} = {}", tanh(x));
        }
    }
}
