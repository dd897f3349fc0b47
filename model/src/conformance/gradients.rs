//! Gradients of a module by name, and comparing them.

use burn::Tensor;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Gradients;
use skeletonllm_network::checkpoint::{HostTensor, TensorMap};
use skeletonllm_network::tensors::host;

use super::{ConformanceError, Golden, within::Within};

/// The gradients at a module's parameters, by their dotted names.
pub(super) fn gradients_of<M: Module>(module: &M, gradients: &Gradients) -> TensorMap {
    named(module, gradients, str::to_owned)
}

/// The same, each under what `name` makes of its dotted name.
pub(super) fn named<M: Module>(module: &M, gradients: &Gradients, name: fn(&str) -> String) -> TensorMap {
    let mut visit = Visit { path: Vec::new(), gradients, name, found: TensorMap::new() };
    module.visit(&mut visit);
    visit.found
}

/// Adds the gradient of what is no parameter.
pub(super) fn add<const D: usize>(found: &mut TensorMap, name: &str, gradient: Option<Tensor<D>>) {
    if let Some(gradient) = gradient {
        let shape = gradient.dims().to_vec();
        found.insert(name.to_owned(), HostTensor { shape, values: host(gradient) });
    }
}

struct Visit<'a> {
    path: Vec<String>,
    gradients: &'a Gradients,
    name: fn(&str) -> String,
    found: TensorMap,
}

impl ModuleVisitor for Visit<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = (self.name)(&self.path.join("."));
        add(&mut self.found, &name, param.val().grad(self.gradients));
    }
}

/// Compares every tensor of the file below `prefix` with the gradient of that name; one that is missing fails.
pub(super) fn compare(
    checks: &mut Within<'_>,
    golden: &Golden,
    prefix: &str,
    found: &TensorMap,
) -> Result<(), ConformanceError> {
    for name in golden.below(prefix) {
        let whole = format!("{prefix}{name}");
        let wanted = golden.float(&whole)?;
        checks.compare(&whole, found.get(name).map_or(&[][..], |tensor| &tensor.values), &wanted.values);
    }
    Ok(())
}
