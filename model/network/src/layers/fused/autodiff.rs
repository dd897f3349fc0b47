//! The fused layers on burn's tape: each keeps its inputs and calls its hand-written backward.

use std::sync::Arc;

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, tensor::FloatTensor};

use super::{FusedBackward, FusedOps, Table, Visibility};

/// One layer: its forward, its backward, the node on the tape, the number of tensors, the tensors, the constants. The
/// trait of backwards is whatever goes by the name `FusedBackward` where this is used.
macro_rules! differentiable {
    ($forward:ident, $backward:ident, $node:ident, $count:literal, [$($input:ident),+], ($($constant:ident: $kind:ty)?)) => {
        fn $forward($($input: FloatTensor<Self>,)+ $($constant: $kind)?) -> FloatTensor<Self> {
            #[derive(Debug)]
            struct $node;

            impl<B: FusedBackward> Backward<B, $count> for $node {
                type State = ([FloatTensor<B>; $count], ($($kind,)?));

                fn backward(self, ops: Ops<Self::State, $count>, grads: &mut Gradients, _: &mut Checkpointer) {
                    let (inputs, _constants) = ops.state;
                    let upstream = grads.consume::<B>(&ops.node);
                    $(let ($constant,) = _constants;)?
                    let gradients = B::$backward(inputs, upstream, $($constant)?);
                    for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
                        if let Some(parent) = parent {
                            grads.register::<B>(parent.id, gradient);
                        }
                    }
                }
            }

            let nodes = [$($input.node()),+];
            match $node.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(prep) => {
                    let state = ([$($input.primitive().clone()),+], ($($constant.clone(),)?));
                    prep.finish(state, B::$forward($($input.into_primitive(),)+ $($constant)?))
                }
                OpsKind::UnTracked(prep) => prep.finish(B::$forward($($input.into_primitive(),)+ $($constant)?)),
            }
        }
    };
}

pub(crate) use differentiable;

impl<B: FusedBackward, C: CheckpointStrategy> FusedOps for Autodiff<B, C> {
    differentiable!(fused_layer_norm, fused_layer_norm_backward, LayerNorm, 3, [input, weight, bias], (eps: f64));
    differentiable!(fused_rms_norm, fused_rms_norm_backward, RmsNorm, 2, [input, weight], (eps: f64));
    differentiable!(fused_gelu, fused_gelu_backward, Gelu, 1, [input], ());
    differentiable!(fused_swiglu, fused_swiglu_backward, Swiglu, 2, [gate, up], ());
    differentiable!(fused_scaled_add, fused_scaled_add_backward, ScaledAdd, 3, [residual, input, scale], ());
    differentiable!(fused_rotate, fused_rotate_backward, Rotate, 1, [heads], (table: Arc<Table>));
    differentiable!(
        fused_attention, fused_attention_backward, Attention, 3, [query, key, value], (visible: Visibility)
    );
}
