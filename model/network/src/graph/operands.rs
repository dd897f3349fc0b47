//! What the layers of a graph network are given.

use burn::Tensor;

/// Subsets of edges: a joint itself, towards the root, away from it.
pub(crate) const SUBSETS: usize = 3;
/// Frames that a convolution over time sees.
pub(crate) const TAPS: usize = 5;

/// What follows a norm and how its statistics came about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mode {
    /// Whether what is negative becomes 0.
    pub rectified: bool,
    /// Whether the statistics are the batch's own, so that gradients flow through them.
    pub batch: bool,
    /// Keeps the division finite.
    pub eps: f32,
}

/// The weights of a graph convolution, those of its three subsets one after the other.
pub(super) struct Refinement {
    /// `[3·2·relations, in]`: for each subset the layers of q and r.
    pub relate: Tensor<2>,
    /// `[3·2·relations]`.
    pub relate_bias: Tensor<1>,
    /// `[3·out, relations]`: from relations to maps.
    pub spread: Tensor<2>,
    /// `[3·out]`.
    pub spread_bias: Tensor<1>,
    /// `[1]` how much maps differ from the graph.
    pub alpha: Tensor<1>,
    /// `[3, V, V]` the graph.
    pub graph: Tensor<3>,
    /// `[3·out, in]`.
    pub value: Tensor<2>,
    /// `[3·out]`.
    pub value_bias: Tensor<1>,
}

/// The two convolutions over time, over neighbouring frames and over every second one.
pub(super) struct Ways {
    /// `[C/4, C/4, 5]` each.
    pub weights: [Tensor<3>; 2],
    /// `[C/4]` each.
    pub biases: [Tensor<1>; 2],
}
