//! The numbers of a module by the names of its tensors: gradients of parts of a step, and a running mean of weights.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Gradients, Tensor},
};
use skeletonllm_network::tensors::host;

/// One list of numbers a tensor, by the tensor's name.
pub type ParameterMap = BTreeMap<String, Tensor<1>>;

/// The gradients of a module's tensors, those that have one.
pub fn gradients<M: Module>(module: &M, gradients: &Gradients) -> ParameterMap {
    let mut visit = Visit { path: Path::default(), map: ParameterMap::new(), of: Some(gradients) };
    module.visit(&mut visit);
    visit.map
}

/// The sum of several gradients of one module.
pub fn sum(parts: Vec<ParameterMap>) -> ParameterMap {
    let mut sum = ParameterMap::new();
    for (name, part) in parts.into_iter().flatten() {
        let joined = match sum.remove(&name) {
            Some(sum) => sum + part,
            None => part,
        };
        sum.insert(name, joined);
    }
    sum
}

/// The mean over so many parts whose sum this is.
pub fn mean_of(sum: ParameterMap, parts: usize) -> ParameterMap {
    let share = 1.0 / parts.max(1) as f64;
    if share < 1.0 { sum.into_iter().map(|(name, sum)| (name, sum * share)).collect() } else { sum }
}

/// A number that tells whether two modules hold the same: all tensors whose names `counts` takes, bit by bit.
pub fn fingerprint<M: Module>(module: &M, counts: impl Fn(&str) -> bool) -> u64 {
    let mut visit = Visit { path: Path::default(), map: ParameterMap::new(), of: None };
    module.visit(&mut visit);
    let mut hasher = DefaultHasher::new();
    for (name, numbers) in visit.map.into_iter().filter(|(name, _)| counts(name)) {
        name.hash(&mut hasher);
        host(numbers).iter().for_each(|number| hasher.write_u32(number.to_bits()));
    }
    hasher.finish()
}

/// The same numbers as leaves of a graph of their own, so that several threads can go back at once.
pub fn apart<M: Module>(module: M) -> M {
    module.map(&mut Apart)
}

/// A model with the numbers of another one of its kind, which is without automatic differentiation.
pub fn filled<M: Module>(model: M, numbers: &M) -> M {
    let mut visit = Visit { path: Path::default(), map: ParameterMap::new(), of: None };
    numbers.visit(&mut visit);
    model.map(&mut Fill { path: Path::default(), map: visit.map })
}

/// A running mean of a model's weights. The mean of the last thousand steps is a better model than the last step.
#[derive(Clone, Debug)]
pub struct Average<M> {
    /// The mean, without automatic differentiation.
    pub mean: M,
    decay: f64,
}

impl<M: Module> Average<M> {
    /// Starts at a model that is without automatic differentiation. `decay` is the weight of the past, 0..1.
    pub fn new(mean: M, decay: f64) -> Average<M> {
        Average { mean, decay }
    }

    /// Takes in a model after `steps` steps; young means forget faster.
    pub fn add(&mut self, model: &M, steps: u64) {
        let decay = self.decay.min((1.0 + steps as f64) / (10.0 + steps as f64));
        let mut visit = Visit { path: Path::default(), map: ParameterMap::new(), of: None };
        model.visit(&mut visit);
        let mut blend = Blend { path: Path::default(), map: visit.map, decay };
        self.mean = self.mean.clone().map(&mut blend);
    }
}

/// The dotted name of the tensor being visited.
#[derive(Default)]
pub(super) struct Path(Vec<String>);

impl Path {
    pub(super) fn enter(&mut self, name: &str) {
        self.0.push(name.into());
    }

    pub(super) fn exit(&mut self) {
        self.0.pop();
    }

    pub(super) fn name(&self) -> String {
        self.0.join(".")
    }
}

/// Collects gradients, or the numbers themselves.
struct Visit<'a> {
    path: Path,
    map: ParameterMap,
    of: Option<&'a Gradients>,
}

impl ModuleVisitor for Visit<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // the numbers of frozen matrices are made for those who ask; they have no gradient, and never change
        if !param.is_initialized() {
            return;
        }
        let found = match self.of {
            Some(gradients) => param.val().grad(gradients),
            None => Some(param.val().inner()),
        };
        if let Some(found) = found {
            self.map.insert(self.path.name(), found.reshape([-1]));
        }
    }
}

struct Apart;

impl ModuleMapper for Apart {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| {
            let learns = value.is_require_grad();
            Tensor::from_inner(value.inner()).set_require_grad(learns)
        })
    }
}

struct Blend {
    path: Path,
    map: ParameterMap,
    decay: f64,
}

impl ModuleMapper for Blend {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(now) = self.map.remove(&self.path.name()) else { return param };
        let decay = self.decay;
        param.map(|mean| {
            let shape = mean.dims();
            mean * decay + now.reshape(shape) * (1.0 - decay)
        })
    }
}

struct Fill {
    path: Path,
    map: ParameterMap,
}

impl ModuleMapper for Fill {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(numbers) = self.map.remove(&self.path.name()) else { return param };
        param.map(|value| {
            let learns = value.is_require_grad();
            Tensor::from_inner(numbers.reshape(value.dims())).set_require_grad(learns)
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use skeletonllm_network::layers::Linear;

    fn layer(values: [f32; 4], device: &Device) -> Linear {
        let weight = Tensor::<2>::from_data(TensorData::new(values.to_vec(), [2, 2]), device);
        Linear { weight: Param::from_tensor(weight).into(), ..Linear::new(2, 2, false, device) }
    }

    #[test]
    fn parts_on_threads_of_their_own_give_the_gradient_of_the_whole() {
        let device = Device::flex().autodiff();
        let model = layer([1.0, -2.0, 0.5, 3.0], &device);
        let rows =
            |values: &[f32]| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [values.len() / 2, 2]), &device);
        let slope = |values: &[f32]| {
            let model = apart(model.clone());
            let loss = model.forward(rows(values)).powi_scalar(2).mean();
            gradients(&model, &loss.backward())
        };
        let data = [1.0, 2.0, -0.5, 0.3, 0.7, -1.1, 2.0, 0.1];
        let parts = std::thread::scope(|scope| {
            let threads: Vec<_> = data.chunks(4).map(|half| scope.spawn(move || slope(half))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let (joined, whole) = (mean_of(sum(parts), 2), slope(&data));
        assert_eq!(joined.keys().collect::<Vec<_>>(), ["weight"]);
        let (a, b) = (host(joined["weight"].clone()), host(whole["weight"].clone()));
        assert!(b.iter().any(|x| x.abs() > 0.1));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} {b:?}");
    }

    #[test]
    fn the_fingerprint_changes_with_any_bit_that_counts() {
        let device = Device::flex();
        let print = |last: f32| fingerprint(&layer([1.0, 2.0, 3.0, last], &device), |name| name == "weight");
        assert_eq!(print(4.0), print(4.0));
        assert_ne!(print(4.0), print(4.000_000_5));
        assert_ne!(print(0.0), print(-0.0));
        let none = |last: f32| fingerprint(&layer([last; 4], &device), |_| false);
        assert_eq!(none(4.0), none(5.0));
    }

    #[test]
    fn a_mean_follows_quickly_first_and_slowly_later() {
        let (device, inner) = (Device::flex().autodiff(), Device::flex());
        let mut average = Average::new(layer([0.0; 4], &inner), 0.9);
        let one = layer([1.0; 4], &device);
        let value = |average: &Average<Linear>| host(average.mean.weight.val())[3];
        average.add(&one, 0);
        assert!((value(&average) - 0.9).abs() < 1e-6);
        average.add(&layer([2.0; 4], &device), 1000);
        assert!((value(&average) - (0.9 * 0.9 + 0.1 * 2.0)).abs() < 1e-6);
        let back = filled(one, &average.mean);
        assert!(back.weight.val().is_require_grad(), "training goes on");
        assert!((host(back.weight.val())[0] - value(&average)).abs() < 1e-6);
        let mut none = Average::new(layer([0.0; 4], &inner), 0.0);
        none.add(&layer([2.0; 4], &device), 5);
        assert_eq!(value(&none), 2.0);
    }
}
