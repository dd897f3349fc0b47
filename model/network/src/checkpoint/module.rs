//! From modules to tensors by name and back.

use std::collections::BTreeSet;

use burn::Tensor;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Shape, TensorData};

use super::{CheckpointError, HostTensor, TensorMap, Tensors};
use crate::tensors::host;

/// Every float parameter of a module under its file name. Reads from the device.
#[must_use]
pub fn tensors_of<M: Module>(module: &M) -> TensorMap {
    tensors_where(module, |_| true)
}

/// Those whose dotted names `wanted` takes; of the others nothing is made.
#[must_use]
pub fn tensors_where<M: Module>(module: &M, wanted: impl Fn(&str) -> bool) -> TensorMap {
    let mut collector = Collector { path: Vec::new(), wanted, tensors: TensorMap::new() };
    module.visit(&mut collector);
    collector.tensors
}

/// What a module is filled from, a tensor at a time.
pub trait TakeTensor {
    /// The sizes of a tensor that is still there.
    fn sizes(&self, name: &str) -> Option<&[usize]>;

    /// A tensor on a device, which is not there any more.
    ///
    /// # Errors
    /// When its numbers cannot be read.
    fn take<const D: usize>(&mut self, name: &str, shape: Shape, device: &Device)
    -> Result<Tensor<D>, CheckpointError>;

    /// A tensor that is not wanted.
    fn forget(&mut self, name: &str);

    /// The names that nobody took.
    fn rest(self) -> Vec<String>;
}

impl TakeTensor for TensorMap {
    fn sizes(&self, name: &str) -> Option<&[usize]> {
        self.get(name).map(|tensor| &tensor.shape[..])
    }

    fn take<const D: usize>(
        &mut self,
        name: &str,
        shape: Shape,
        device: &Device,
    ) -> Result<Tensor<D>, CheckpointError> {
        let values = self.remove(name).map(|tensor| tensor.values).unwrap_or_default();
        Ok(Tensor::from_data(TensorData::new(values, shape), device))
    }

    fn forget(&mut self, name: &str) {
        self.remove(name);
    }

    fn rest(self) -> Vec<String> {
        self.into_keys().collect()
    }
}

impl TakeTensor for Tensors<'_> {
    fn sizes(&self, name: &str) -> Option<&[usize]> {
        self.shape(name)
    }

    fn take<const D: usize>(
        &mut self,
        name: &str,
        shape: Shape,
        device: &Device,
    ) -> Result<Tensor<D>, CheckpointError> {
        let values = self.values(name)?.map(|tensor| tensor.values).unwrap_or_default();
        self.remove(name);
        Ok(Tensor::from_data(TensorData::new(values, shape), device))
    }

    fn forget(&mut self, name: &str) {
        self.remove(name);
    }

    fn rest(self) -> Vec<String> {
        self.names().map(str::to_owned).collect()
    }
}

/// Fills a module from tensors by name, one after the other; `origin` names them in errors.
///
/// # Errors
/// When a tensor is missing, left over or has another shape. All of them are listed. When one cannot be read.
pub fn apply<M: Module>(module: M, tensors: impl TakeTensor, origin: &str) -> Result<M, CheckpointError> {
    apply_to(module, tensors, |_| true, origin)
}

/// As [`apply`], to the parameters whose dotted names `wanted` takes; others stay.
///
/// # Errors
/// As [`apply`].
pub fn apply_to<M: Module>(
    module: M,
    tensors: impl TakeTensor,
    wanted: impl Fn(&str) -> bool,
    origin: &str,
) -> Result<M, CheckpointError> {
    let mut loader = Loader { path: Vec::new(), wanted, tensors, problems: Problems::default(), failed: None };
    let module = module.map(&mut loader);
    if let Some(error) = loader.failed {
        return Err(error);
    }
    loader.problems.unexpected = loader.tensors.rest();
    loader.problems.none(origin)?;
    Ok(module)
}

/// Whether tensors are exactly those of a module whose parameters need not be there yet. None of them is read.
///
/// # Errors
/// When a tensor is missing, left over or has another shape. All of them are listed.
pub(super) fn fits<M: Module>(module: &M, tensors: &Tensors<'_>, origin: &str) -> Result<(), CheckpointError> {
    let mut fit = Fit { path: Vec::new(), tensors, wanted: BTreeSet::new(), problems: Problems::default() };
    module.visit(&mut fit);
    let unexpected = tensors.names().filter(|name| !fit.wanted.contains(*name)).map(str::to_owned);
    fit.problems.unexpected = unexpected.collect();
    fit.problems.none(origin)
}

/// The file name of the parameter at `path`: the path itself, with peft's names for adapters.
fn file_name(path: &[String]) -> String {
    let name = path.join(".");
    match name.strip_suffix(".lora.a") {
        Some(layer) => format!("{layer}.lora_A.weight"),
        None => match name.strip_suffix(".lora.b") {
            Some(layer) => format!("{layer}.lora_B.weight"),
            None => name,
        },
    }
}

struct Collector<W> {
    path: Vec<String>,
    wanted: W,
    tensors: TensorMap,
}

impl<W: Fn(&str) -> bool> ModuleVisitor for Collector<W> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !(self.wanted)(&self.path.join(".")) {
            return;
        }
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let values = host(tensor);
        self.tensors.insert(file_name(&self.path), HostTensor { shape, values });
    }
}

struct Fit<'a> {
    path: Vec<String>,
    tensors: &'a Tensors<'a>,
    wanted: BTreeSet<String>,
    problems: Problems,
}

impl ModuleVisitor for Fit<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (name, shape) = (file_name(&self.path), param.lazy_shape());
        match self.tensors.sizes(&name) {
            None => self.problems.missing.push(name.clone()),
            Some(sizes) => {
                self.problems.compare(&name, sizes, shape.as_slice());
            }
        }
        self.wanted.insert(name);
    }
}

struct Loader<T, W> {
    path: Vec<String>,
    wanted: W,
    tensors: T,
    problems: Problems,
    /// The first tensor that could not be read.
    failed: Option<CheckpointError>,
}

#[derive(Default)]
struct Problems {
    missing: Vec<String>,
    misshapen: Vec<String>,
    unexpected: Vec<String>,
}

/// Names that an error lists of a kind.
const LISTED: usize = 3;

impl Problems {
    /// Notes it where a tensor has another shape than it should. Whether it has the right one.
    fn compare(&mut self, name: &str, sizes: &[usize], expected: &[usize]) -> bool {
        if sizes != expected {
            self.misshapen.push(format!("{name} is {sizes:?}, expected {expected:?}"));
        }
        sizes == expected
    }

    /// That there are none, or the error that lists them; `origin` names the tensors in it.
    fn none(&self, origin: &str) -> Result<(), CheckpointError> {
        match self.describe() {
            None => Ok(()),
            Some(problems) => Err(CheckpointError::Mismatch { path: origin.to_string(), problems }),
        }
    }

    fn describe(&self) -> Option<String> {
        let parts: Vec<String> =
            [("missing", &self.missing), ("wrong shape", &self.misshapen), ("unexpected", &self.unexpected)]
                .into_iter()
                .filter(|(_, names)| !names.is_empty())
                .map(|(kind, names)| {
                    let shown =
                        names.iter().take(LISTED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                    let rest = names.len().saturating_sub(LISTED);
                    if rest > 0 { format!("{kind}: {shown} and {rest} more") } else { format!("{kind}: {shown}") }
                })
                .collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

impl<T: TakeTensor, W: Fn(&str) -> bool> ModuleMapper for Loader<T, W> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !(self.wanted)(&self.path.join(".")) {
            return param;
        }
        let name = file_name(&self.path);
        let Some(sizes) = self.tensors.sizes(&name) else {
            self.problems.missing.push(name);
            return param;
        };
        let shape = param.lazy_shape();
        if !self.problems.compare(&name, sizes, shape.as_slice()) {
            self.tensors.forget(&name);
            return param;
        }
        if self.failed.is_some() {
            return param;
        }
        let value = match self.tensors.take(&name, shape, &param.lazy_device()) {
            Ok(value) => value,
            Err(error) => {
                self.failed = Some(error);
                return param;
            }
        };
        let id = param.id;
        param.transform_for_load(value, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_are_saved_under_pefts_names() {
        let path = |last: &str| ["q_proj", "lora", last].map(String::from).to_vec();
        assert_eq!(file_name(&path("a")), "q_proj.lora_A.weight");
        assert_eq!(file_name(&path("b")), "q_proj.lora_B.weight");
    }
}
