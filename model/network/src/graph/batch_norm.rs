//! Batch normalisation, with statistics of the batch in training and running ones afterwards.

use burn::Tensor;
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{Device, Shape};

use super::operands::Mode;
use super::ops;
use crate::tensors::parameter;

/// Keeps the division finite.
const EPS: f32 = 1e-5;
/// What a batch counts in the running statistics.
const MOMENTUM: f64 = 0.1;

/// `(x − mean)/√(variance + eps) · weight + bias`, channel by channel.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// `[channels]`.
    pub weight: Param<Tensor<1>>,
    /// `[channels]`.
    pub bias: Param<Tensor<1>>,
    /// `[channels]`; learns no gradient.
    pub running_mean: Param<Tensor<1>>,
    /// `[channels]`; learns no gradient.
    pub running_var: Param<Tensor<1>>,
}

impl BatchNorm {
    /// A norm of `channels` channels, without values yet.
    #[must_use]
    pub fn new(channels: usize, device: &Device) -> Self {
        let buffer = || {
            let zeros = move |device: &Device, _| Tensor::zeros([channels], device);
            Param::uninitialized(ParamId::new(), zeros, device.clone(), false, Shape::from([channels]))
        };
        Self {
            weight: parameter([channels], device),
            bias: parameter([channels], device),
            running_mean: buffer(),
            running_var: buffer(),
        }
    }

    /// `[N, T, V, channels]` → the same.
    pub(super) fn forward(&self, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        pass.norm(&[self], input, None, false)
    }
}

/// What norms saw of a batch: mean and unbiased variance of each, to be [taken in](absorb) after the step.
pub type Observed = Vec<(ParamId, Tensor<1>)>;

/// The mean of what the norms of a network saw in the parts of a batch.
#[must_use]
pub fn mean_observed(parts: Vec<Observed>) -> Observed {
    let count = parts.len() as f64;
    sum_observed(parts).into_iter().map(|(id, sum)| (id, sum / count)).collect()
}

/// The sum of the same.
#[must_use]
pub fn sum_observed(parts: Vec<Observed>) -> Observed {
    parts
        .into_iter()
        .reduce(|sum, more| sum.into_iter().zip(more).map(|((id, sum), (_, seen))| (id, sum + seen)).collect())
        .unwrap_or_default()
}

/// One way through a network.
#[derive(Debug)]
pub struct Pass {
    observed: Option<Observed>,
}

impl Pass {
    /// Norms go by their running statistics.
    #[must_use]
    pub fn evaluation() -> Self {
        Self { observed: None }
    }

    /// Norms go by the batch, and note what they saw.
    #[must_use]
    pub fn training() -> Self {
        Self { observed: Some(Vec::new()) }
    }

    /// What the norms saw; nothing in evaluation.
    #[must_use]
    pub fn observed(self) -> Observed {
        self.observed.unwrap_or_default()
    }

    /// `rectify(norm(input) + residual)`: the norms' channels are next to each other, and the first of `input`'s; the
    /// rest of them passes as it is.
    pub(super) fn norm(
        &mut self,
        norms: &[&BatchNorm],
        input: Tensor<4>,
        residual: Option<Tensor<4>>,
        rectified: bool,
    ) -> Tensor<4> {
        let all = |part: fn(&BatchNorm) -> &Param<Tensor<1>>| {
            Tensor::cat(norms.iter().map(|norm| part(norm).val()).collect(), 0)
        };
        let (weight, bias) = (all(|norm| &norm.weight), all(|norm| &norm.bias));
        let mode = Mode { rectified, batch: self.observed.is_some(), eps: EPS };
        let Some(observed) = &mut self.observed else {
            let statistics = Tensor::stack(vec![all(|norm| &norm.running_mean), all(|norm| &norm.running_var)], 0);
            return ops::norm(input, residual, statistics, weight, bias, mode);
        };
        let [clips, frames, joints, _] = input.dims();
        let (output, statistics) = ops::norm_by_batch(input, residual, weight, bias, mode);
        let rows = (clips * frames * joints) as f64;
        let statistics = statistics.detach().without_autodiff();
        let mut first = 0;
        for norm in norms {
            let count = norm.weight.val().dims()[0];
            let part = |row: usize| statistics.clone().slice([row..row + 1, first..first + count]).reshape([count]);
            observed.push((norm.running_mean.id, part(0)));
            observed.push((norm.running_var.id, part(1) * (rows / (rows - 1.0).max(1.0))));
            first += count;
        }
        output
    }
}

/// The module with running statistics that have taken in what its norms [saw](Pass::observed).
#[must_use]
pub fn absorb<M: Module>(module: M, observed: &Observed) -> M {
    module.map(&mut Absorb(observed))
}

struct Absorb<'a>(&'a Observed);

impl ModuleMapper for Absorb<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some((_, seen)) = self.0.iter().find(|(id, _)| *id == param.id) else { return param };
        param.map(|old| {
            let shape = old.dims();
            let device = old.device();
            let new = old.without_autodiff() * (1.0 - MOMENTUM) + seen.clone().reshape(shape) * MOMENTUM;
            // back where it was, be it with gradients or without
            if device == new.device() { new } else { Tensor::from_inner(new) }
        })
    }
}
