//! CTR-GCN against golden files (spec B.2).
//!
//! A folder has `shared.safetensors`, weights under the public names, and cases beside it, which add their own tensors
//! `weights.*`: whole networks (`in.x` `[N, 3, T, V, M]`) and single blocks (`in.x` `[N, C, T, V]`, its weights below the
//! block's name).

use std::path::{Path, PathBuf};

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, Gradients, TensorData};
use draction::motion::Layout;
use skeletonllm_network::checkpoint::{self, HostTensor, TensorMap};
use skeletonllm_network::graph::{Block, CtrGcn, GraphConfig, Pass, absorb, adjacency};
use skeletonllm_network::tensors::host;

use super::{Checks, ConformanceError};

/// What every block gives and all that follows, in units of the largest magnitude.
const FORWARD: f64 = 1e-5;
/// Gradients of a single block, as vectors.
const BLOCK: f64 = 2e-5;
/// Gradients of a network: a single decision of a rectifier or a pool that falls differently moves them.
const NETWORK: f64 = 1e-3;
/// In training with an empty body, whose decisions all hang on rounding.
const NETWORK_OF_BODIES: f64 = 1e-2;

/// A case's tensors.
struct Case {
    path: PathBuf,
    tensors: TensorMap,
}

impl Case {
    fn wrong(&self, name: &str, problem: impl Into<String>) -> ConformanceError {
        let (path, name) = (self.path.display().to_string(), name.to_string());
        ConformanceError::Expected { path, name, problem: problem.into() }
    }

    fn get(&self, name: &str) -> Result<&HostTensor, ConformanceError> {
        self.tensors.get(name).ok_or_else(|| self.wrong(name, "not there"))
    }

    fn sizes<const D: usize>(&self, name: &str) -> Result<[usize; D], ConformanceError> {
        let shape = &self.get(name)?.shape;
        shape.as_slice().try_into().map_err(|_| self.wrong(name, format!("shape {shape:?} is not of rank {D}")))
    }

    fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Result<Tensor<D>, ConformanceError> {
        let shape = self.sizes::<D>(name)?;
        Ok(Tensor::from_data(TensorData::new(self.get(name)?.values.clone(), shape), device))
    }

    /// The tensors below a prefix, without it.
    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a HostTensor)> {
        self.tensors.iter().filter_map(move |(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)))
    }

    /// `shared` with the case's own weights, below `block` where one is named.
    fn weights(&self, shared: &TensorMap, block: &str) -> TensorMap {
        let own = self.below("weights.").map(|(name, tensor)| (name, tensor.clone()));
        let all = shared.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).chain(own);
        all.filter_map(|(name, tensor)| Some((name.strip_prefix(block)?.to_string(), tensor))).collect()
    }
}

/// Runs all cases in `folder` on `device`.
///
/// # Errors
/// When files of the folder cannot be used. A result that differs is not an error; the checks say so.
pub fn ctr_gcn(folder: impl AsRef<Path>, device: &Device) -> Result<Checks, ConformanceError> {
    let folder = folder.as_ref();
    let shared = folder.join("shared.safetensors");
    let weights = checkpoint::read(&shared)?;
    let mut cases = super::golden::files(folder, "safetensors")?;
    cases.retain(|path| *path != shared);
    let device = device.clone().without_autodiff().autodiff();
    let mut checks = Checks::default();
    for path in cases {
        let case = Case { tensors: checkpoint::read(&path)?, path };
        match case.get("in.x")?.shape.len() {
            4 => block(&case, &weights, &device, &mut checks)?,
            _ => network(&case, &weights, &device, &mut checks)?,
        }
    }
    Ok(checks)
}

/// The edges `[child, parent]` of a body with the case's number of joints: a known layout's, else those of the case.
fn edges(case: &Case, joints: usize) -> Result<Vec<[usize; 2]>, ConformanceError> {
    if let Some(layout) = [Layout::Ntu25, Layout::Kinect20].into_iter().find(|layout| layout.names().len() == joints) {
        return Ok(layout.bones());
    }
    let graph = case.get("graph.A")?;
    if graph.values.len() != 3 * joints * joints {
        return Err(case.wrong("graph.A", format!("{} numbers for {joints} joints", graph.values.len())));
    }
    let towards = &graph.values[joints * joints..2 * joints * joints];
    let places = (0..joints * joints).filter(|&at| towards[at] != 0.0);
    Ok(places.map(|at| [at % joints, at / joints]).collect())
}

fn network(case: &Case, shared: &TensorMap, device: &Device, checks: &mut Checks) -> Result<(), ConformanceError> {
    let stem = stem(&case.path);
    let [clips, coordinates, frames, joints, bodies] = case.sizes::<5>("in.x")?;
    let [rows, classes] = case.sizes::<2>("in.grad_logits")?;
    if clips * frames == 0 || coordinates != 3 || rows != clips {
        let shape = format!("{:?} with `in.grad_logits` of {rows} rows", case.get("in.x")?.shape);
        return Err(case.wrong("in.x", format!("shape {shape}")));
    }
    let edges = edges(case, joints)?;
    let graph = case.get("graph.A")?;
    checks.exact(format!("{stem} graph.A"), &adjacency(joints, &edges), &graph.values);
    let config = GraphConfig { classes, joints, bodies, edges };
    let empty = CtrGcn::new(&config, device).map_err(|error| case.wrong("in.x", error.to_string()))?;
    let network = checkpoint::apply(empty, case.weights(shared, ""), &case.path.display().to_string())?;
    // what was read is what would be written
    let written = checkpoint::tensors_of(&network);
    let same = case.weights(shared, "").iter().all(|(name, tensor)| written.get(name) == Some(tensor));
    checks.exact(format!("{stem} weights written"), &[same], &[true]);

    for (mode, mut pass) in [("eval", Pass::evaluation()), ("train", Pass::training())] {
        let x = case.tensor::<5>("in.x", device)?.require_grad();
        let mut forward = |what: &str, found: Tensor<2>| -> Result<(), ConformanceError> {
            let name = format!("{mode}.{what}");
            checks.forward(format!("{stem} {name}"), &host(found), &case.get(&name)?.values, FORWARD);
            Ok(())
        };
        let mut means = Vec::new();
        let features = network.features(x.clone(), &mut pass, |_, block| {
            let [rows, frames, joints, width] = block.dims();
            means.push(block.clone().reshape([rows, frames * joints, width]).mean_dim(1).squeeze_dim::<2>(1));
        });
        for (index, mean) in means.into_iter().enumerate() {
            forward(&format!("block_mean.l{}", index + 1), mean)?;
        }
        let pooled = network.pooled(features.clone());
        forward("pooled", pooled.clone())?;
        let logits = network.fc.forward(pooled);
        forward("logits", logits.clone())?;
        if case.tensors.contains_key(&format!("{mode}.tokens")) {
            let tokens = network.tokens(features);
            let [clips, steps, width] = tokens.dims();
            forward("tokens", tokens.reshape([clips * steps, width]))?;
        }
        let gradients = (logits * case.tensor::<2>("in.grad_logits", device)?).sum().backward();
        let limit = if mode == "train" && bodies > 1 { NETWORK_OF_BODIES } else { NETWORK };
        compare_gradients(case, mode, "", &network, x.grad(&gradients), &gradients, limit, checks);
        let prefix = format!("{mode}.updated.");
        if case.below(&prefix).next().is_some() {
            let updated = checkpoint::tensors_of(&absorb(network.clone(), &pass.observed()));
            for (name, expected) in case.below(&prefix) {
                let found = updated.get(name).map_or(&[][..], |tensor| &tensor.values);
                checks.forward(format!("{stem} {prefix}{name}"), found, &expected.values, FORWARD);
            }
        }
    }
    Ok(())
}

fn block(case: &Case, shared: &TensorMap, device: &Device, checks: &mut Checks) -> Result<(), ConformanceError> {
    let stem = stem(&case.path);
    let (name, graph) = case
        .below("weights.")
        .find_map(|(name, tensor)| Some((name.strip_suffix(".gcn1.PA")?, tensor)))
        .ok_or_else(|| case.wrong("weights.*.gcn1.PA", "not there"))?;
    let [clips, inputs, frames, joints] = case.sizes::<4>("in.x")?;
    let [_, outputs, kept, _] = case.sizes::<4>("eval.y")?;
    if clips * frames * joints == 0 || case.sizes::<4>("in.grad_y")? != [clips, outputs, kept, joints] {
        return Err(case.wrong("in.grad_y", "another shape than `in.x` asks for, or an empty one"));
    }
    let prefix = format!("{name}.");
    let (around, stride) = (name != "l1", if kept < frames { 2 } else { 1 });
    if graph.values.len() != 3 * joints * joints {
        return Err(case.wrong("weights.*.gcn1.PA", format!("shape {:?} for {joints} joints", graph.shape)));
    }
    let empty = Block::new([inputs, outputs], (&graph.values, joints), stride, around, device);
    let block = checkpoint::apply(empty, case.weights(shared, &prefix), &case.path.display().to_string())?;
    for (mode, mut pass) in [("eval", Pass::evaluation()), ("train", Pass::training())] {
        let x = case.tensor::<4>("in.x", device)?.require_grad();
        let y = block.forward(x.clone().permute([0, 2, 3, 1]), &mut pass).permute([0, 3, 1, 2]);
        let expected = &case.get(&format!("{mode}.y"))?.values;
        checks.forward(format!("{stem} {mode}.y"), &host(y.clone()), expected, FORWARD);
        let gradients = (y * case.tensor::<4>("in.grad_y", device)?).sum().backward();
        compare_gradients(case, mode, &prefix, &block, x.grad(&gradients), &gradients, BLOCK, checks);
    }
    Ok(())
}

/// Compares all gradients that the case has for a mode.
#[allow(clippy::too_many_arguments, reason = "one step of two callers")]
fn compare_gradients<M: Module, const D: usize>(
    case: &Case,
    mode: &str,
    block: &str,
    module: &M,
    at_input: Option<Tensor<D>>,
    gradients: &Gradients,
    limit: f64,
    checks: &mut Checks,
) {
    let at_weights = super::gradients::gradients_of(module, gradients);
    let prefix = format!("{mode}.grad.");
    for (name, expected) in case.below(&prefix) {
        let found = match name {
            "x" => at_input.clone().map(host).unwrap_or_default(),
            name => at_weights.get(name.strip_prefix(block).unwrap_or(name)).map_or(Vec::new(), |t| t.values.clone()),
        };
        checks.gradient(format!("{} {prefix}{name}", stem(&case.path)), &found, &expected.values, limit);
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
