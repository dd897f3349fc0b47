//! Graph convolution over joints, with maps that every clip and channel has for itself.

#![allow(non_snake_case, reason = "the checkpoints' names")]

use burn::Tensor;
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Shape, TensorData};

use super::convolution::together;
use super::operands::Refinement;
use super::ops;
use super::{BatchNorm, Convolution, Pass};
use crate::tensors::parameter;

/// One of the three subsets of edges: how its map is refined, and what it passes on.
#[derive(Module, Debug)]
pub struct Refine {
    /// q: `in` → relations.
    pub conv1: Convolution,
    /// r: `in` → relations.
    pub conv2: Convolution,
    /// What is passed on: `in` → `out`.
    pub conv3: Convolution,
    /// From `tanh(q − r)` to maps: relations → `out`.
    pub conv4: Convolution,
}

/// Graph convolution, a residual and a rectifier (spec B.2).
#[derive(Module, Debug)]
pub struct GraphConvolution {
    /// The three subsets.
    pub convs: Vec<Refine>,
    /// `[3, V, V]` the learned graph.
    pub PA: Param<Tensor<3>>,
    /// `[1]` how much a clip's maps differ from it.
    pub alpha: Param<Tensor<1>>,
    /// After the sum of the subsets.
    pub bn: BatchNorm,
    /// The residual's way where the number of channels changes.
    pub down: Option<(Convolution, BatchNorm)>,
}

impl GraphConvolution {
    /// A layer that begins with the graph `[3, V, V]`, without other values yet.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, graph: &[f32], joints: usize, device: &Device) -> Self {
        let relations = if matches!(inputs, 3 | 9) { 8 } else { inputs / 8 };
        let subset = || Refine {
            conv1: Convolution::new(inputs, relations, 1, device),
            conv2: Convolution::new(inputs, relations, 1, device),
            conv3: Convolution::new(inputs, outputs, 1, device),
            conv4: Convolution::new(relations, outputs, 1, device),
        };
        let shape = [3, joints, joints];
        let graph = TensorData::new(graph.to_vec(), shape);
        let begin = move |device: &Device, learns| Tensor::from_data(graph, device).set_require_grad(learns);
        Self {
            convs: (0..3).map(|_| subset()).collect(),
            PA: Param::uninitialized(ParamId::new(), begin, device.clone(), true, Shape::from(shape)),
            alpha: parameter([1], device),
            bn: BatchNorm::new(outputs, device),
            down: (inputs != outputs)
                .then(|| (Convolution::new(inputs, outputs, 1, device), BatchNorm::new(outputs, device))),
        }
    }

    /// `[N, T, V, in]` → `[N, T, V, out]`.
    pub(super) fn forward(&self, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let of = |part: fn(&Refine) -> &Convolution| self.convs.iter().map(part).collect::<Vec<_>>();
        let related: Vec<_> = self.convs.iter().flat_map(|subset| [&subset.conv1, &subset.conv2]).collect();
        let (relate, relate_bias) = together(&related);
        let (spread, spread_bias) = together(&of(|subset| &subset.conv4));
        let (value, value_bias) = together(&of(|subset| &subset.conv3));
        let (alpha, graph) = (self.alpha.val(), self.PA.val());
        let layer = Refinement { relate, relate_bias, spread, spread_bias, alpha, graph, value, value_bias };
        let residual = match &self.down {
            Some((convolution, norm)) => norm.forward(convolution.pointwise(input.clone(), 1), pass),
            None => input.clone(),
        };
        pass.norm(&[&self.bn], ops::refine(input, layer), Some(residual), true)
    }
}
