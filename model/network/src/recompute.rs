//! Layers that keep nothing but what went into them, and compute the rest a second time on the way back (Chen et al.,
//! arXiv 1604.06174): a step then holds one number for each feature of each token and layer, and what a single layer
//! needs, at the price of one more pass forward.
//!
//! A layer is one operation on the tape. Forward it runs without a tape; backward it runs again, on a tape of its own
//! whose leaves are its inputs and its parameters. Order and rounding of everything stay as they are.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use burn::backend::{
    Autodiff, Backend, Dispatch, DispatchKindConversion, DispatchTensor,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    backend_extension,
    tensor::FloatTensor,
};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Distribution, Tensor};

use crate::tensors::host;

/// What `run` makes of `inputs` with a layer, of which nothing but `inputs` is kept for the way back. `seed` is given to
/// the device both times, if the layer draws random numbers.
///
/// Gradients flow to `inputs` and to the layer's parameters, and to nothing else that `run` holds.
pub(crate) fn recomputed<M: Module + Sync + 'static>(
    layer: &M,
    inputs: Tensor<1>,
    seed: Option<u64>,
    run: impl Fn(&M, Tensor<1>) -> Tensor<1> + Send + Sync + 'static,
) -> Tensor<1> {
    let mut learning = Learning::default();
    layer.visit(&mut learning);
    let parameters = joined(learning.tensors, &inputs.device());
    let layer: Arc<dyn Layer> = Arc::new(Held { layer: layer.valid(), learns: learning.learns, seed, run });
    Tensor::from_dispatch(Dispatch::recomputed(inputs.into_dispatch(), parameters.into_dispatch(), layer))
}

/// A seed that follows from the device's random numbers. Waits for the device.
pub(crate) fn seed(device: &Device) -> u64 {
    const MOST: f64 = (1 << 24) as f64;
    host(Tensor::<1>::random([1], Distribution::Uniform(0.0, MOST), &device.clone().without_autodiff()))[0] as u64
}

/// Which tensors of a layer learn, and those, flat. Of the parameters only their place on the tape matters.
#[derive(Default)]
struct Learning {
    learns: Vec<bool>,
    tensors: Vec<Tensor<1>>,
}

impl ModuleVisitor for Learning {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // what is frozen exists only for those who ask for it
        let learns = param.is_initialized() && param.val().is_require_grad();
        self.learns.push(learns);
        self.tensors.extend(learns.then(|| param.val().reshape([-1])));
    }
}

/// One tensor after the other; something where there is none.
fn joined(tensors: Vec<Tensor<1>>, device: &Device) -> Tensor<1> {
    match tensors.is_empty() {
        true => Tensor::zeros([1], &device.clone().without_autodiff()),
        false => Tensor::cat(tensors, 0),
    }
}

/// A layer as an operation: tensors are without a tape.
trait Layer: Debug + Send + Sync {
    /// What it makes of its inputs.
    fn run(&self, inputs: Tensor<1>) -> Tensor<1>;

    /// The gradients at its inputs and at its parameters, one after the other, from the one at what it made.
    fn slopes(&self, inputs: Tensor<1>, upstream: Tensor<1>) -> [Tensor<1>; 2];
}

struct Held<M, F> {
    layer: M,
    learns: Vec<bool>,
    seed: Option<u64>,
    run: F,
}

impl<M, F> Debug for Held<M, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a layer that runs twice")
    }
}

impl<M: Module, F> Held<M, F> {
    fn seed(&self, device: &Device) {
        if let Some(seed) = self.seed {
            device.clone().without_autodiff().seed(seed);
        }
    }
}

impl<M: Module + Sync, F: Fn(&M, Tensor<1>) -> Tensor<1> + Send + Sync> Layer for Held<M, F> {
    fn run(&self, inputs: Tensor<1>) -> Tensor<1> {
        self.seed(&inputs.device());
        (self.run)(&self.layer, inputs)
    }

    fn slopes(&self, inputs: Tensor<1>, upstream: Tensor<1>) -> [Tensor<1>; 2] {
        self.seed(&inputs.device());
        let (layer, inputs) = (self.layer.clone().train(), Tensor::from_inner(inputs).require_grad());
        let output = (self.run)(&layer, inputs.clone());
        let gradients = (output * upstream.clone()).sum().backward();
        let mut found = Slopes { gradients: &gradients, learns: self.learns.iter(), tensors: Vec::new() };
        layer.visit(&mut found);
        let at_parameters = joined(found.tensors, &upstream.device());
        [inputs.grad(&gradients).unwrap_or_else(|| inputs.inner().zeros_like()), at_parameters]
    }
}

struct Slopes<'a> {
    gradients: &'a burn::tensor::Gradients,
    learns: std::slice::Iter<'a, bool>,
    tensors: Vec<Tensor<1>>,
}

impl ModuleVisitor for Slopes<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.learns.next() == Some(&true) {
            let value = param.val();
            let slope = value.grad(self.gradients).unwrap_or_else(|| value.inner().zeros_like());
            self.tensors.push(slope.reshape([-1]));
        }
    }
}

/// The operation on every backend, with burn's automatic differentiation around it.
#[cfg_attr(all(feature = "gpu", feature = "cpu"), backend_extension(Cube, Flex, Autodiff))]
#[cfg_attr(all(feature = "gpu", not(feature = "cpu")), backend_extension(Cube, Autodiff))]
#[cfg_attr(all(feature = "cpu", not(feature = "gpu")), backend_extension(Flex, Autodiff))]
trait RecomputeOps: Backend {
    /// What a layer makes of its inputs. It has its parameters itself.
    fn recomputed(inputs: FloatTensor<Self>, parameters: FloatTensor<Self>, layer: Arc<dyn Layer>)
    -> FloatTensor<Self>;
}

/// Both ways, on backends that compute.
trait RecomputeBackward: RecomputeOps {
    /// The gradients at inputs and parameters.
    fn recomputed_backward(
        inputs: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        layer: Arc<dyn Layer>,
    ) -> [FloatTensor<Self>; 2];
}

fn tensor<B: Backend>(primitive: FloatTensor<B>) -> Tensor<1>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    Tensor::from_primitive::<B>(primitive)
}

fn primitive<B: Backend>(tensor: Tensor<1>) -> FloatTensor<B>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    tensor.try_into_primitive::<B>().expect("a layer stays on its device, and leaves no tape")
}

macro_rules! computes {
    ($backend:ty) => {
        impl RecomputeOps for $backend {
            fn recomputed(inputs: FloatTensor<Self>, _: FloatTensor<Self>, layer: Arc<dyn Layer>) -> FloatTensor<Self> {
                primitive::<Self>(layer.run(tensor::<Self>(inputs)))
            }
        }

        impl RecomputeBackward for $backend {
            fn recomputed_backward(
                inputs: FloatTensor<Self>,
                upstream: FloatTensor<Self>,
                layer: Arc<dyn Layer>,
            ) -> [FloatTensor<Self>; 2] {
                layer.slopes(tensor::<Self>(inputs), tensor::<Self>(upstream)).map(primitive::<Self>)
            }
        }
    };
}

#[cfg(feature = "cpu")]
computes!(burn::backend::Flex);
#[cfg(feature = "gpu")]
computes!(burn::backend::Cube);

impl<B: RecomputeBackward, C: CheckpointStrategy> RecomputeOps for Autodiff<B, C> {
    fn recomputed(
        inputs: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        layer: Arc<dyn Layer>,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Recomputed;

        impl<B: RecomputeBackward> Backward<B, 2> for Recomputed {
            type State = (FloatTensor<B>, Arc<dyn Layer>);

            fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
                let (inputs, layer) = ops.state;
                let upstream = grads.consume::<B>(&ops.node);
                let slopes = B::recomputed_backward(inputs, upstream, layer);
                for (parent, slope) in ops.parents.into_iter().zip(slopes) {
                    if let Some(parent) = parent {
                        grads.register::<B>(parent.id, slope);
                    }
                }
            }
        }

        let nodes = [inputs.node(), parameters.node()];
        let (held, parameters) = (inputs.into_primitive(), parameters.into_primitive());
        let output = B::recomputed(held.clone(), parameters, layer.clone());
        match Recomputed.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((held, layer), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

#[cfg(test)]
mod tests;
