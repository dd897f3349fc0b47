//! Fresh weights, by name and shape.
//!
//! Numbers are drawn on the host from a generator seeded with the tensor's name, so a seed gives the same model on
//! every backend, and adding a layer does not shift the others' values.

use burn::Tensor;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::TensorData;
use draction::random::{STEP, SplitMix64, normal_pair};

use crate::config::InternVlConfig;

/// Draws every parameter afresh.
///
/// Weights and tables are normal with the config's `initializer_range`, biases 0, norms 1, layer scales the config's.
#[must_use]
pub fn fresh<M: Module>(model: M, config: &InternVlConfig, seed: u64) -> M {
    fill(model, seed, |name, shape| Some(rule(config, name, shape)))
}

fn rule(config: &InternVlConfig, name: &str, shape: &[usize]) -> Draw {
    if name.contains(".lambda_") {
        Draw::Constant(config.vision_config.layer_scale_init_value as f32)
    } else if name.contains(".lora.") {
        adapter(name, shape)
    } else if name.ends_with(".bias") {
        Draw::Constant(0.0)
    } else if shape.len() == 1 {
        Draw::Constant(1.0)
    } else if name.starts_with("vision_tower") {
        Draw::Normal(config.vision_config.initializer_range)
    } else {
        Draw::Normal(config.text_config.initializer_range)
    }
}

/// Draws tower and projector afresh and leaves the language model, as [`fresh`] would.
#[must_use]
pub(crate) fn eyes<M: Module>(model: M, config: &InternVlConfig, seed: u64) -> M {
    fill(model, seed, |name, shape| (!name.starts_with("language_model")).then(|| rule(config, name, shape)))
}

/// Numbers of mean 0 that follow from name and seed.
pub(crate) fn normal(name: &str, seed: u64, count: usize, deviation: f64) -> Vec<f32> {
    let mut random = Random::new(seed, name);
    (0..count).map(|_| (random.normal() * deviation) as f32).collect()
}

/// Draws the adapters afresh and leaves everything else.
#[must_use]
pub(crate) fn adapters<M: Module>(model: M, seed: u64) -> M {
    fill(model, seed, |name, shape| name.contains(".lora.").then(|| adapter(name, shape)))
}

/// A is uniform within ±1/√in, B is zero: peft's choice, which makes a fresh adapter change nothing.
fn adapter(name: &str, shape: &[usize]) -> Draw {
    if name.ends_with(".a") { Draw::Uniform((shape[1] as f64).powf(-0.5)) } else { Draw::Constant(0.0) }
}

/// Where a tensor's numbers come from.
pub(crate) enum Draw {
    Constant(f32),
    /// Around nothing, with this deviation.
    Normal(f64),
    /// Around one.
    AroundOne(f64),
    Uniform(f64),
}

/// Draws what `rule` names, by a tensor's dotted name and shape, and leaves the rest.
pub(crate) fn fill<M: Module>(module: M, seed: u64, rule: impl Fn(&str, &[usize]) -> Option<Draw>) -> M {
    module.map(&mut Filler { path: Vec::new(), seed, rule })
}

struct Filler<F> {
    path: Vec<String>,
    seed: u64,
    rule: F,
}

impl<F: Fn(&str, &[usize]) -> Option<Draw>> ModuleMapper for Filler<F> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let shape = param.lazy_shape();
        let Some(draw) = (self.rule)(&name, shape.as_slice()) else {
            return param;
        };
        let mut random = Random::new(self.seed, &name);
        let values: Vec<f32> = (0..shape.num_elements())
            .map(|_| match draw {
                Draw::Constant(value) => value,
                Draw::Normal(deviation) => (random.normal() * deviation) as f32,
                Draw::AroundOne(deviation) => (1.0 + random.normal() * deviation) as f32,
                Draw::Uniform(bound) => ((random.uniform() * 2.0 - 1.0) * bound) as f32,
            })
            .collect();
        let tensor = Tensor::from_data(TensorData::new(values, shape), &param.lazy_device());
        let id = param.id;
        param.transform_for_load(tensor, id)
    }
}

/// The numbers of one tensor.
struct Random(SplitMix64);

impl Random {
    fn new(seed: u64, name: &str) -> Self {
        // FNV-1a over the name keeps neighbouring tensors unrelated
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Random(SplitMix64::new(hash ^ seed.wrapping_mul(STEP)))
    }

    /// In (0, 1).
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Mean 0, variance 1.
    fn normal(&mut self) -> f64 {
        normal_pair(self.uniform(), self.uniform(), 1.0)[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut random = Random::new(7, "a.weight");
        let numbers: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = numbers.iter().sum::<f64>() / 20_000.0;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
    }

    #[test]
    fn names_and_seeds_give_different_numbers() {
        let first = |seed, name: &str| Random::new(seed, name).0.next_u64();
        assert_ne!(first(1, "a"), first(1, "b"));
        assert_ne!(first(1, "a"), first(2, "a"));
        assert_eq!(first(1, "a"), first(1, "a"));
    }
}
