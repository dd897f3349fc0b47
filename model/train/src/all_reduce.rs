//! What the processes of a run found out in a step, summed over all of them: losses, gradients, and what norms saw.
//!
//! Only what learns travels, in lists of a megabyte: while one is read from the device, the ones before it are under way.
//! Sums are taken in the order of ranks, so a run of so many processes gives the same bits each time.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::{
    module::{Module, ModuleVisitor, Param, ParamId},
    tensor::{Device, Tensor, TensorData},
};
use skeletonllm_network::{graph::Observed, tensors::host};

use super::{
    Ranks,
    parameter_map::{ParameterMap, Path},
};

/// Numbers that travel together; tensors are not cut.
const LIST: usize = 1 << 18;

/// What the pieces of a batch gave: those of one process, or of all.
pub struct Found {
    /// The main loss.
    pub loss: f64,
    /// The auxiliary one.
    pub auxiliary: f64,
    /// Sums of gradients, by tensor name.
    pub gradients: ParameterMap,
    /// Sums of what norms saw.
    pub observed: Observed,
}

/// Sums what everybody found out about the same module.
///
/// # Errors
/// When other processes cannot be reached.
pub fn all_reduce<M: Module>(ranks: &Ranks, module: &M, own: Found) -> Result<Found> {
    let mut tensors = Tensors { path: Path::default(), all: BTreeMap::new(), device: None };
    module.visit(&mut tensors);
    let Tensors { all: tensors, device, .. } = tensors;
    let mut seen: BTreeMap<ParamId, Tensor<1>> = BTreeMap::new();
    for (id, observed) in own.observed {
        seen.entry(id).or_insert(observed);
    }
    let mut gradients = own.gradients;
    // not everybody has a piece with something for each tensor
    let has =
        |name: &String, id: &ParamId| u64::from(gradients.contains_key(name)) | (u64::from(seen.contains_key(id)) << 1);
    let head = [own.loss.to_bits(), own.auxiliary.to_bits()];
    let own: Vec<u64> = head.into_iter().chain(tensors.iter().map(|(name, (id, _))| has(name, id))).collect();
    let all = ranks.gather(&own)?;
    let sum = |at: usize| -> f64 { all.iter().map(|told| f64::from_bits(told[at])).sum() };
    let (loss, auxiliary) = (sum(0), sum(1));
    let somebody_has = |at: usize, what: u64| all.iter().any(|told| told[2 + at] & what != 0);

    let mut lists: Vec<Vec<Travelling<'_>>> = Vec::new();
    for (at, (name, &(id, length))) in tensors.iter().enumerate() {
        for (what, own) in [(1, gradients.remove(name)), (2, seen.remove(&id))] {
            if !somebody_has(at, what) {
                continue;
            }
            let travelling = Travelling { name, id, length, observed: what == 2, own };
            match lists.last_mut().filter(|list| list.iter().map(|t| t.length).sum::<usize>() < LIST) {
                Some(list) => list.push(travelling),
                None => lists.push(vec![travelling]),
            }
        }
    }
    let lengths: Vec<usize> = lists.iter().map(|list| list.iter().map(|t| t.length).sum()).collect();
    let sums = ranks.sums(&lengths, &mut |list| lists[list].iter_mut().flat_map(Travelling::numbers).collect())?;

    let mut found = Found { loss, auxiliary, gradients: ParameterMap::new(), observed: Observed::new() };
    let Some(device) = device else { return Ok(found) };
    for (list, sums) in lists.into_iter().zip(sums) {
        let mut sums = sums.into_iter();
        for Travelling { name, id, length, observed, .. } in list {
            let numbers = TensorData::new(sums.by_ref().take(length).collect(), [length]);
            let sum = Tensor::<1>::from_data(numbers, &device);
            match observed {
                true => found.observed.push((id, sum)),
                false => _ = found.gradients.insert(name.clone(), sum),
            }
        }
    }
    Ok(found)
}

/// A tensor's sum on its way.
struct Travelling<'a> {
    name: &'a String,
    id: ParamId,
    length: usize,
    observed: bool,
    own: Option<Tensor<1>>,
}

impl Travelling<'_> {
    /// What this process adds to it.
    fn numbers(&mut self) -> Vec<f32> {
        self.own.take().map_or_else(|| vec![0.0; self.length], host)
    }
}

/// Every tensor of a module by name, with its id and length, and the device without gradients that the first is on.
struct Tensors {
    path: Path,
    all: BTreeMap<String, (ParamId, usize)>,
    device: Option<Device>,
}

impl ModuleVisitor for Tensors {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.device.get_or_insert_with(|| param.lazy_device().without_autodiff());
        self.all.insert(self.path.name(), (param.id, param.lazy_shape().num_elements()));
    }
}
