//! The fused layers on burn's tape.

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, tensor::FloatTensor};

use super::{GraphBackward as FusedBackward, GraphOps, Mode};
use crate::layers::fused::differentiable;

impl<B: FusedBackward, C: CheckpointStrategy> GraphOps for Autodiff<B, C> {
    differentiable!(
        graph_refine,
        graph_refine_backward,
        Refine,
        9,
        [input, relate, relate_bias, spread, spread_bias, alpha, graph, value, value_bias],
        ()
    );
    differentiable!(graph_pointwise, graph_pointwise_backward, Pointwise, 3, [input, weight, bias], (stride: usize));
    differentiable!(
        graph_temporal, graph_temporal_backward, Temporal, 5, [input, near, near_bias, far, far_bias], (stride: usize)
    );
    differentiable!(graph_norm, graph_norm_backward, Norm, 4, [input, statistics, weight, bias], (mode: Mode));
    differentiable!(
        graph_norm_add, graph_norm_add_backward, NormAdd, 5, [input, residual, statistics, weight, bias], (mode: Mode)
    );

    fn graph_statistics(input: FloatTensor<Self>, count: usize) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::graph_statistics(input.into_primitive(), count))
    }
}
