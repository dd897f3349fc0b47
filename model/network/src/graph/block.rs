//! A block: over joints, then over time, beside a residual.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;

use super::{BatchNorm, Convolution, DilatedConvolution, GraphConvolution, MultiScale, Pass};

/// `relu(over time(over joints(x)) + residual(x))`.
#[derive(Module, Debug)]
pub struct Block {
    /// Over joints.
    pub gcn1: GraphConvolution,
    /// Over time.
    pub tcn1: MultiScale,
    /// The residual's way where the shape changes.
    pub residual: Option<DilatedConvolution>,
    #[module(skip)]
    shape: Shape,
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    stride: usize,
    /// Whether there is a residual at all.
    residual: bool,
}

impl Block {
    /// A block from `inputs` to `outputs` channels over the graph `[3, V, V]`, without values yet. `residual` says
    /// whether there is one around the block.
    #[must_use]
    pub fn new(
        [inputs, outputs]: [usize; 2],
        (graph, joints): (&[f32], usize),
        stride: usize,
        residual: bool,
        device: &Device,
    ) -> Self {
        let changes = inputs != outputs || stride != 1;
        Self {
            gcn1: GraphConvolution::new(inputs, outputs, graph, joints, device),
            tcn1: MultiScale::new(outputs, stride, device),
            residual: (residual && changes).then(|| DilatedConvolution {
                conv: Convolution::new(inputs, outputs, 1, device),
                bn: BatchNorm::new(outputs, device),
            }),
            shape: Shape { stride, residual },
        }
    }

    /// `[N, T, V, in]` → `[N, ⌈T/stride⌉, V, out]`.
    #[must_use]
    pub fn forward(&self, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let residual = match &self.residual {
            Some(DilatedConvolution { conv, bn }) => {
                Some(bn.forward(conv.pointwise(input.clone(), self.shape.stride), pass))
            }
            None => self.shape.residual.then(|| input.clone()),
        };
        let joints = self.gcn1.forward(input, pass);
        self.tcn1.forward(joints, residual, pass)
    }
}
