//! Gradients of a module by name, and comparing them.

use std::collections::BTreeMap;

use burn::Tensor;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Gradients;
use skeletonllm_network::tensors::host;

use super::{Checks, ConformanceError, Golden};

/// The gradients of a module's tensors, each under what `name` makes of its path.
pub(super) fn by_name<M: Module>(
    module: &M,
    gradients: &Gradients,
    name: fn(&str) -> String,
) -> BTreeMap<String, Vec<f32>> {
    let mut visit = Visit { path: Vec::new(), gradients, name, found: BTreeMap::new() };
    module.visit(&mut visit);
    visit.found
}

struct Visit<'a> {
    path: Vec<String>,
    gradients: &'a Gradients,
    name: fn(&str) -> String,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Visit<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            self.found.insert((self.name)(&self.path.join(".")), host(gradient));
        }
    }
}

/// Compares every tensor of the file below `prefix` with the gradient of that name; one that is missing fails.
pub(super) fn compare(
    checks: &mut Checks,
    golden: &Golden,
    prefix: &str,
    found: &BTreeMap<String, Vec<f32>>,
) -> Result<(), ConformanceError> {
    for name in golden.below(prefix) {
        let whole = format!("{prefix}{name}");
        let wanted = golden.float(&whole)?;
        checks.compare(&whole, found.get(name).map_or(&[][..], Vec::as_slice), &wanted.values);
    }
    Ok(())
}
