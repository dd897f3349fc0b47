//! What helps a graph network to learn and is gone when it is asked (MMCL; Liu et al., arXiv 2407.15706; spec B.3 to B.5):
//! features of pictures of the same clip are drawn to those of the skeleton, features of a text weigh the scores.

#![allow(non_snake_case, reason = "the public names")]

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, TensorData, activation};

use crate::graph::Weightless;
use crate::initialise::{Draw, fill};
use crate::layers::{Linear, ops};
use crate::tensors::{normalised, parameter};

/// How sharply pairs are told from others.
pub const TEMPERATURE: f64 = 0.4;
/// What the loss of pictures counts.
pub const ALIGNMENT: f64 = 0.1;
/// What the loss of weighed scores counts.
pub const REFINEMENT: f64 = 0.2;
/// Width of the layer between text features and the two shares.
const HIDDEN: usize = 64;

/// Layer, rectifier, layer.
type Perceptron = (Linear, Weightless, Linear);

fn perceptron([inputs, hidden, outputs]: [usize; 3], device: &Device) -> Perceptron {
    (Linear::new(inputs, hidden, true, device), Weightless::new(), Linear::new(hidden, outputs, true, device))
}

fn through(layers: &Perceptron, input: Tensor<2>) -> Tensor<2> {
    layers.2.forward(activation::relu(layers.0.forward(input)))
}

/// From features of pictures to where those of skeletons live.
#[derive(Module, Debug)]
pub struct Alignment {
    /// Pictures' features → width → width.
    pub mlp: Perceptron,
}

/// Both helpers, under the public names.
#[derive(Module, Debug)]
pub struct Helpers {
    /// Of pictures.
    pub FAM_Aligh: Alignment,
    /// From features of texts to two shares.
    pub mlp: Perceptron,
    /// `[classes]` what the first share does to each score.
    pub PosMatrix: Param<Tensor<1>>,
    /// `[classes]` what the second share does.
    pub NegMatrix: Param<Tensor<1>>,
}

/// What helpers are told of a batch.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// `[N, pictures]` features of pictures of the clips.
    pub pictures: Option<Tensor<2>>,
    /// `[N, texts]` features of texts about the clips.
    pub texts: Option<Tensor<2>>,
}

/// The parts of a batch's loss, `[1]` each.
#[derive(Clone, Debug)]
pub struct Losses {
    /// Cross-entropy of the scores.
    pub classes: Tensor<1>,
    /// Contrast of skeletons and pictures, where there are pictures.
    pub alignment: Option<Tensor<1>>,
    /// Cross-entropy of the weighed scores, where there are texts.
    pub refinement: Option<Tensor<1>>,
}

impl Losses {
    /// `[1]` what training makes smaller.
    #[must_use]
    pub fn total(&self) -> Tensor<1> {
        let beside = [(&self.alignment, ALIGNMENT), (&self.refinement, REFINEMENT)];
        beside.into_iter().fold(self.classes.clone(), |sum, (part, weight)| match part {
            Some(part) => sum + part.clone() * weight,
            None => sum,
        })
    }
}

impl Helpers {
    /// Helpers for pictures with that many features, skeletons with `width`, texts and classes; without values yet.
    #[must_use]
    pub fn new(pictures: usize, width: usize, texts: usize, classes: usize, device: &Device) -> Self {
        Self {
            FAM_Aligh: Alignment { mlp: perceptron([pictures, width, width], device) },
            mlp: perceptron([texts, HIDDEN, 2], device),
            PosMatrix: parameter([classes], device),
            NegMatrix: parameter([classes], device),
        }
    }

    /// Draws every parameter afresh: layers within ±1/√in, as their library does, and weights of scores 1.
    #[must_use]
    pub fn fresh(self, seed: u64) -> Self {
        let widths = [&self.FAM_Aligh.mlp.0, &self.FAM_Aligh.mlp.2, &self.mlp.0, &self.mlp.2].map(Linear::inputs);
        fill(self, seed, |name, _| {
            let layer = usize::from(!name.starts_with("FAM_Aligh.")) * 2 + usize::from(name.contains("mlp.2."));
            Some(if name.ends_with("Matrix") {
                Draw::Constant(1.0)
            } else {
                Draw::Uniform((widths[layer] as f64).powf(-0.5))
            })
        })
    }

    /// `[N, pictures]` → `[N, width]`.
    #[must_use]
    pub fn of_pictures(&self, pictures: Tensor<2>) -> Tensor<2> {
        through(&self.FAM_Aligh.mlp, pictures)
    }

    /// `[N, texts]` → `[N, 2]`, rows that add up to 1.
    #[must_use]
    pub fn shares(&self, texts: Tensor<2>) -> Tensor<2> {
        activation::softmax(through(&self.mlp, texts), 1)
    }

    /// `[N, classes]`, `[N, 2]` → `[N, classes]` the weighed scores.
    #[must_use]
    pub fn refined(&self, scores: Tensor<2>, shares: Tensor<2>) -> Tensor<2> {
        let weights = Tensor::stack::<2>(vec![self.PosMatrix.val(), self.NegMatrix.val()], 0);
        shares.matmul(weights) * scores
    }

    /// The loss of a batch: `[N, width]` features of skeletons, `[N, classes]` scores, `[N]` the right classes.
    #[must_use]
    pub fn loss(&self, features: Tensor<2>, scores: Tensor<2>, labels: &[i64], beside: Beside) -> Losses {
        let pictures = beside.pictures.map(|pictures| self.of_pictures(pictures));
        let refined = beside.texts.map(|texts| self.refined(scores.clone(), self.shares(texts)));
        Losses {
            alignment: pictures.map(|pictures| contrast(features, pictures, TEMPERATURE)),
            refinement: refined.map(|refined| cross_entropy(refined, labels)),
            classes: cross_entropy(scores, labels),
        }
    }
}

/// `[N, classes]`, `[N]` the right classes → `[1]` the mean cross-entropy.
#[must_use]
pub fn cross_entropy(scores: Tensor<2>, labels: &[i64]) -> Tensor<1> {
    let (count, device) = (labels.len(), scores.device().without_autodiff());
    let targets = Tensor::<1, Int>::from_data(TensorData::new(labels.to_vec(), [count]), &device);
    let shares = Tensor::full([count], 1.0 / count as f64, &device);
    ops::cross_entropy(scores, targets, shares)
}

/// `[N, width]` twice → `[1]`: each row against all rows of the other kind and all other rows of its own, with row i of
/// both belonging together; the mean of both directions (spec B.3).
#[must_use]
pub fn contrast(one: Tensor<2>, other: Tensor<2>, temperature: f64) -> Tensor<1> {
    let (one, other) = (normalised(one), normalised(other));
    let count = one.dims()[0];
    let device = one.device().without_autodiff();
    let labels: Vec<i64> = (0..count as i64).collect();
    // a row is not its own negative
    let itself = Tensor::<2>::eye(count, &device) * -1e9;
    let against = |from: &Tensor<2>, to: &Tensor<2>| {
        let across = from.clone().matmul(to.clone().transpose()) / temperature;
        let among = from.clone().matmul(from.clone().transpose()) / temperature + itself.clone();
        cross_entropy(Tensor::cat(vec![across, among], 1), &labels)
    };
    (against(&one, &other) + against(&other, &one)) * 0.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensors::host;

    #[test]
    fn contrast_follows_the_formula() {
        let device = Device::flex();
        let (g, c) = ([[1.0, 0.5], [-0.3, 2.0], [0.2, -1.0]], [[0.9, 0.1], [0.4, 1.0], [-1.0, -1.0]]);
        let cosine = |a: [f64; 2], b: [f64; 2]| {
            let length = |v: [f64; 2]| (v[0] * v[0] + v[1] * v[1]).sqrt();
            (a[0] * b[0] + a[1] * b[1]) / (length(a) * length(b))
        };
        let towards = |g: [[f64; 2]; 3], c: [[f64; 2]; 3], i: usize| {
            let across: f64 = (0..3).map(|k| (cosine(g[i], c[k]) / 0.4).exp()).sum();
            let among: f64 = (0..3).filter(|&k| k != i).map(|k| (cosine(g[i], g[k]) / 0.4).exp()).sum();
            (across + among).ln() - cosine(g[i], c[i]) / 0.4
        };
        let expected = (0..3).map(|i| (towards(g, c, i) + towards(c, g, i)) / 2.0).sum::<f64>() / 3.0;
        let rows = |rows: [[f64; 2]; 3]| Tensor::<2>::from_data(rows.map(|row| row.map(|x| x as f32)), &device);
        let found = host(contrast(rows(g), rows(c), 0.4))[0];
        assert!((f64::from(found) - expected).abs() < 1e-5, "{found} against {expected}");
    }

    #[test]
    fn fresh_helpers_leave_scores_as_they_are() {
        let device = Device::flex();
        let helpers = Helpers::new(6, 4, 3, 5, &device).fresh(1);
        let scores = Tensor::<2>::from_data([[1.0, -2.0, 3.0, 0.5, 0.0]], &device);
        let shares = helpers.shares(Tensor::from_data([[0.1, -0.7, 2.0]], &device));
        let refined = host(helpers.refined(scores.clone(), shares));
        for (refined, score) in refined.iter().zip(host(scores)) {
            assert!((refined - score).abs() < 1e-6);
        }
        let layer = host(helpers.FAM_Aligh.mlp.0.weight.val());
        let bound = 6.0_f32.powf(-0.5);
        assert!(layer.iter().all(|x| x.abs() <= bound) && layer.iter().any(|x| x.abs() > bound / 2.0));
    }
}
