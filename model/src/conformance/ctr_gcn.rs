//! CTR-GCN against golden files (spec B.2).
//!
//! A folder has `shared.safetensors`, weights under the public names, and cases beside it, which add their own tensors
//! `weights.*`: whole networks (`in.x` `[N, 3, T, V, M]`) and single blocks (`in.x` `[N, C, T, V]`, its weights below the
//! block's name).

use std::path::Path;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, Gradients};
use draction::motion::Layout;
use skeletonllm_network::checkpoint::{self, TensorMap};
use skeletonllm_network::graph::{Block, CtrGcn, GraphConfig, PUBLISHED_WIDTH, Pass, absorb, adjacency};
use skeletonllm_network::tensors::host;

use super::{Checks, ConformanceError, Golden};

/// What every block gives and all that follows, in units of the largest magnitude.
const FORWARD: f64 = 1e-5;
/// Gradients of a single block, as vectors.
const BLOCK: f64 = 2e-5;
/// Gradients of a network: a single decision of a rectifier or a pool that falls differently moves them.
const NETWORK: f64 = 1e-3;
/// In training with an empty body, whose decisions all hang on rounding.
const NETWORK_OF_BODIES: f64 = 1e-2;

/// Runs all cases in `folder` on `device`.
///
/// # Errors
/// When files of the folder cannot be used. A result that differs is not an error; the checks say so.
pub fn ctr_gcn(folder: impl AsRef<Path>, device: &Device) -> Result<Checks, ConformanceError> {
    let folder = folder.as_ref();
    let mut cases = Golden::load_all(folder)?;
    let shared = cases.iter().position(|(name, _)| name == "shared").map(|place| cases.remove(place).1);
    let shared = shared.ok_or_else(|| ConformanceError::Case {
        path: folder.display().to_string(),
        problem: "no shared.safetensors in it".into(),
    })?;
    let weights = shared.tensors_below("");
    let device = device.clone().without_autodiff().autodiff();
    let mut checks = Checks::default();
    for (name, golden) in &cases {
        let mut case = Case { name, golden, shared: &weights, device: &device, checks: &mut checks };
        if golden.float("in.x")?.shape.len() == 4 { case.block() } else { case.network() }?;
    }
    Ok(checks)
}

/// A golden file, the weights that all of them share, and where ours are computed.
struct Case<'a> {
    name: &'a str,
    golden: &'a Golden,
    shared: &'a TensorMap,
    device: &'a Device,
    checks: &'a mut Checks,
}

impl Case<'_> {
    /// The shared weights with the case's own, below `block` where one is named.
    fn weights(&self, block: &str) -> TensorMap {
        let all = self.shared.clone().into_iter().chain(self.golden.tensors_below("weights."));
        all.filter_map(|(name, tensor)| Some((name.strip_prefix(block)?.to_string(), tensor))).collect()
    }

    /// A result forward.
    fn forward(&mut self, name: &str, found: &[f32]) -> Result<(), ConformanceError> {
        let expected = self.golden.floats(name)?;
        self.checks.of_largest(format!("{} {name}", self.name), found, expected, FORWARD);
        Ok(())
    }

    fn same<T: PartialEq>(&mut self, name: &str, found: &[T], expected: &[T]) {
        self.checks.exact(format!("{} {name}", self.name), found, expected);
    }

    /// The edges `[child, parent]` of a body with the case's number of joints: a known layout's, else those of the case.
    fn edges(&self, joints: usize) -> Result<Vec<[usize; 2]>, ConformanceError> {
        let known = [Layout::Ntu25, Layout::Kinect20].into_iter().find(|layout| layout.names().len() == joints);
        if let Some(layout) = known {
            return Ok(layout.bones());
        }
        let graph = self.golden.floats("graph.A")?;
        if graph.len() != 3 * joints * joints {
            return Err(self.golden.wrong("graph.A", format!("{} numbers for {joints} joints", graph.len())));
        }
        let towards = &graph[joints * joints..2 * joints * joints];
        let places = (0..joints * joints).filter(|&at| towards[at] != 0.0);
        Ok(places.map(|at| [at % joints, at / joints]).collect())
    }

    fn network(&mut self) -> Result<(), ConformanceError> {
        let golden = self.golden;
        let ([clips, coordinates, frames, joints, bodies], _) = golden.shaped::<5>("in.x")?;
        let ([rows, classes], _) = golden.shaped::<2>("in.grad_logits")?;
        if clips * frames == 0 || coordinates != 3 || rows != clips {
            let shape = format!("{:?} with `in.grad_logits` of {rows} rows", golden.float("in.x")?.shape);
            return Err(golden.wrong("in.x", format!("shape {shape}")));
        }
        let edges = self.edges(joints)?;
        self.same("graph.A", &adjacency(joints, &edges), golden.floats("graph.A")?);
        let config = GraphConfig { classes, joints, bodies, edges, width: PUBLISHED_WIDTH };
        let empty = CtrGcn::new(&config, self.device).map_err(|error| golden.wrong("in.x", error.to_string()))?;
        let network = checkpoint::apply(empty, self.weights(""), golden.path())?;
        // what was read is what would be written
        let written = checkpoint::tensors_of(&network);
        let same = self.weights("").iter().all(|(name, tensor)| written.get(name) == Some(tensor));
        self.same("weights written", &[same], &[true]);

        for (mode, mut pass) in [("eval", Pass::evaluation()), ("train", Pass::training())] {
            let x = golden.tensor::<5>("in.x", self.device)?.require_grad();
            let mut means = Vec::new();
            let features = network.features(x.clone(), &mut pass, |_, block| {
                let [rows, frames, joints, width] = block.dims();
                means.push(block.clone().reshape([rows, frames * joints, width]).mean_dim(1).squeeze_dim::<2>(1));
            });
            for (index, mean) in means.into_iter().enumerate() {
                self.forward(&format!("{mode}.block_mean.l{}", index + 1), &host(mean))?;
            }
            let pooled = network.pooled(features.clone());
            self.forward(&format!("{mode}.pooled"), &host(pooled.clone()))?;
            let logits = network.fc.forward(pooled);
            self.forward(&format!("{mode}.logits"), &host(logits.clone()))?;
            let tokens = format!("{mode}.tokens");
            if golden.has(&tokens) {
                self.forward(&tokens, &host(network.tokens(features)))?;
            }
            let gradients = (logits * golden.tensor::<2>("in.grad_logits", self.device)?).sum().backward();
            let limit = if mode == "train" && bodies > 1 { NETWORK_OF_BODIES } else { NETWORK };
            self.gradients(mode, "", &network, x.grad(&gradients), &gradients, limit)?;
            let prefix = format!("{mode}.updated.");
            if golden.below(&prefix).next().is_some() {
                let updated = checkpoint::tensors_of(&absorb(network.clone(), &pass.observed()));
                for name in golden.below(&prefix) {
                    let found = updated.get(name).map_or(&[][..], |tensor| &tensor.values);
                    self.forward(&format!("{prefix}{name}"), found)?;
                }
            }
        }
        Ok(())
    }

    fn block(&mut self) -> Result<(), ConformanceError> {
        let golden = self.golden;
        let name = golden.below("weights.").find_map(|name| name.strip_suffix(".gcn1.PA"));
        let name = name.ok_or_else(|| golden.wrong("weights.*.gcn1.PA", "not there"))?;
        let graph = golden.float(&format!("weights.{name}.gcn1.PA"))?;
        let ([clips, inputs, frames, joints], _) = golden.shaped::<4>("in.x")?;
        let ([_, outputs, kept, _], _) = golden.shaped::<4>("eval.y")?;
        if clips * frames * joints == 0 || golden.shaped::<4>("in.grad_y")?.0 != [clips, outputs, kept, joints] {
            return Err(golden.wrong("in.grad_y", "another shape than `in.x` asks for, or an empty one"));
        }
        let prefix = format!("{name}.");
        let (around, stride) = (name != "l1", if kept < frames { 2 } else { 1 });
        if graph.values.len() != 3 * joints * joints {
            return Err(golden.wrong("weights.*.gcn1.PA", format!("shape {:?} for {joints} joints", graph.shape)));
        }
        let empty = Block::new([inputs, outputs], (&graph.values, joints), stride, around, self.device);
        let block = checkpoint::apply(empty, self.weights(&prefix), golden.path())?;
        for (mode, mut pass) in [("eval", Pass::evaluation()), ("train", Pass::training())] {
            let x = golden.tensor::<4>("in.x", self.device)?.require_grad();
            let y = block.forward(x.clone().permute([0, 2, 3, 1]), &mut pass).permute([0, 3, 1, 2]);
            self.forward(&format!("{mode}.y"), &host(y.clone()))?;
            let gradients = (y * golden.tensor::<4>("in.grad_y", self.device)?).sum().backward();
            self.gradients(mode, &prefix, &block, x.grad(&gradients), &gradients, BLOCK)?;
        }
        Ok(())
    }

    /// Compares all gradients that the case has for a mode.
    fn gradients<M: Module, const D: usize>(
        &mut self,
        mode: &str,
        block: &str,
        module: &M,
        at_input: Option<Tensor<D>>,
        gradients: &Gradients,
        limit: f64,
    ) -> Result<(), ConformanceError> {
        let mut found = super::gradients::gradients_of(module, gradients);
        super::gradients::add(&mut found, "x", at_input);
        let prefix = format!("{mode}.grad.");
        for name in self.golden.below(&prefix) {
            let found = found.get(name.strip_prefix(block).unwrap_or(name)).map_or(&[][..], |tensor| &tensor.values);
            let name = format!("{prefix}{name}");
            self.checks.as_vectors(format!("{} {name}", self.name), found, self.golden.floats(&name)?, limit);
        }
        Ok(())
    }
}
