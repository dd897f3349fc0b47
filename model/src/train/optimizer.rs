//! AdamW with global gradient clipping (decoupled weight decay, Loshchilov and Hutter, arXiv 1711.05101).

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::{Tensor, TensorData},
};

use super::named::{Named, Path};

/// What stays the same over a training run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Keeps the division finite.
    pub epsilon: f64,
    /// Decay of matrices; biases, norms and other vectors are spared.
    pub weight_decay: f64,
    /// Gradients are scaled down to this norm when theirs is larger.
    pub clip_norm: f64,
}

/// The optimiser's memory: two moments for every trained tensor, by tensor name.
#[derive(Clone, Debug)]
pub struct AdamW {
    config: AdamWConfig,
    steps: u64,
    moments: BTreeMap<String, [Tensor<1>; 2]>,
}

impl AdamW {
    /// An optimiser that has seen nothing yet.
    pub fn new(config: AdamWConfig) -> Self {
        AdamW { config, steps: 0, moments: BTreeMap::new() }
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step along `gradients`, by tensor name. `rate` gives the learning rate of a tensor by its name; `None` leaves
    /// it alone. Returns the model and the norm of the gradient before clipping (NaN or infinite: the step was not
    /// taken).
    pub fn step<M: Module>(&mut self, model: M, mut gradients: Named, rate: impl Fn(&str) -> Option<f64>) -> (M, f64) {
        gradients.retain(|name, _| rate(name).is_some());
        let squares: Vec<Tensor<1>> = gradients.values().map(|g| g.clone().powi_scalar(2).sum()).collect();
        let norm = match squares.is_empty() {
            true => 0.0,
            false => f64::from(Tensor::cat(squares, 0).sum().into_scalar::<f32>()).sqrt(),
        };
        if !norm.is_finite() {
            return (model, norm);
        }
        self.steps += 1;
        let clip = if norm > self.config.clip_norm { self.config.clip_norm / norm } else { 1.0 };
        let mut update = Update { path: Path::default(), gradients, rate: &rate, clip, adam: self };
        (model.map(&mut update), norm)
    }

    /// The memory as named host tensors `first.<name>` and `second.<name>`, for a checkpoint.
    pub fn export(&self) -> BTreeMap<String, Vec<f32>> {
        let mut out = BTreeMap::new();
        for (name, [first, second]) in &self.moments {
            for (prefix, moment) in [("first", first), ("second", second)] {
                let values = moment.to_data().try_into_vec().expect("moments are f32");
                out.insert(format!("{prefix}.{name}"), values);
            }
        }
        out
    }

    /// The inverse of [`AdamW::export`]; `device` is where the model is trained.
    pub fn import(
        config: AdamWConfig,
        steps: u64,
        mut tensors: BTreeMap<String, Vec<f32>>,
        device: &burn::tensor::Device,
    ) -> Self {
        let device = device.clone().inner();
        let names: Vec<String> = tensors.keys().filter_map(|n| n.strip_prefix("first.").map(String::from)).collect();
        let mut moments = BTreeMap::new();
        for name in names {
            let mut take = |prefix: &str| tensors.remove(&format!("{prefix}.{name}"));
            if let (Some(first), Some(second)) = (take("first"), take("second")) {
                let tensor = |v: Vec<f32>| {
                    let len = v.len();
                    Tensor::<1>::from_data(TensorData::new(v, [len]), &device)
                };
                moments.insert(name, [tensor(first), tensor(second)]);
            }
        }
        AdamW { config, steps, moments }
    }
}

struct Update<'a, R> {
    path: Path,
    gradients: Named,
    rate: &'a R,
    clip: f64,
    adam: &'a mut AdamW,
}

impl<R: Fn(&str) -> Option<f64>> ModuleMapper for Update<'_, R> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let (Some(rate), Some(gradient)) = ((self.rate)(&name), self.gradients.remove(&name)) else {
            return param;
        };
        let AdamWConfig { beta1, beta2, epsilon, weight_decay, .. } = self.adam.config;
        let steps = self.adam.steps as i32;
        let gradient = gradient * self.clip;
        let [first, second] = match self.adam.moments.remove(&name) {
            Some([first, second]) => [
                first * beta1 + gradient.clone() * (1.0 - beta1),
                second * beta2 + gradient.powi_scalar(2) * (1.0 - beta2),
            ],
            None => [gradient.clone() * (1.0 - beta1), gradient.powi_scalar(2) * (1.0 - beta2)],
        };
        let step =
            first.clone() / (1.0 - beta1.powi(steps)) / ((second.clone() / (1.0 - beta2.powi(steps))).sqrt() + epsilon);
        self.adam.moments.insert(name, [first, second]);
        let decay = if D >= 2 { 1.0 - rate * weight_decay } else { 1.0 };
        param.map(|value| {
            let shape = value.dims();
            let moved = value.inner() * decay - step.reshape(shape) * rate;
            Tensor::from_inner(moved).require_grad()
        })
    }
}
