//! What a movement is to lie near among words: its label, and far from all others.

use std::fmt;

use burn::tensor::{Device, Tensor, TensorData};
use skeletonllm_data::{Labels, Texts};
use skeletonllm_network::{alignment::Alignment, layers::ops, tensors::indices};

/// Far below any score, yet finite.
const HIDDEN: f32 = -1e9;

/// The labels of a run as places among words.
#[derive(Clone)]
pub struct Aims {
    /// `[labels, width]`.
    places: Tensor<2>,
    /// `[labels][labels]` 0 where a label counts against another, [`HIDDEN`] where it may be true of the same clip.
    against: Vec<Vec<f32>>,
}

impl fmt::Debug for Aims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} aims", self.against.len())
    }
}

impl Aims {
    /// These labels among the words of `alignment`.
    #[must_use]
    pub fn of(labels: &Labels, alignment: &Alignment) -> Aims {
        let (names, texts) = (labels.names(), Texts::built_in());
        let both = |a: &String, b: &String| a != b && texts.may_both_hold(labels, a, b);
        let against = |a: &String| names.iter().map(|b| if both(a, b) { HIDDEN } else { 0.0 }).collect();
        Aims { places: alignment.texts(names), against: names.iter().map(against).collect() }
    }

    /// `[1]` cross-entropy of each clip's label among all, those left out that may be true of it as well. `seen [clips,
    /// width]` is what the decoder made of the pictures, `said [clips]` the label's number where there is one. `None` when
    /// no clip has one.
    #[must_use]
    pub fn loss(&self, alignment: &Alignment, seen: Tensor<2>, said: &[Option<usize>]) -> Option<Tensor<1>> {
        let known: Vec<(usize, usize)> =
            said.iter().enumerate().filter_map(|(clip, said)| Some((clip, (*said)?))).collect();
        if known.is_empty() {
            return None;
        }
        let device: Device = seen.device().without_autodiff();
        let (count, labels) = (known.len(), self.against.len());
        let clips = indices(known.iter().map(|known| known.0 as i64).collect(), &device);
        let hidden: Vec<f32> = known.iter().flat_map(|known| self.against[known.1].iter().copied()).collect();
        let hidden = Tensor::<2>::from_data(TensorData::new(hidden, [count, labels]), &device);
        let scores = alignment.scores(alignment.places(seen.select(0, clips)), self.places.clone()) + hidden;
        let targets = indices(known.iter().map(|known| known.1 as i64).collect(), &device);
        let shares = Tensor::from_data(TensorData::new(vec![1.0 / count as f32; count], [count]), &device);
        Some(ops::cross_entropy(scores, targets, shares))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn::module::Param;
    use skeletonllm_data::Meanings;
    use skeletonllm_network::{tensors::host, words::Words};

    use super::*;

    /// Four labels at right angles, and an alignment that changes nothing.
    fn aligned(device: &Device) -> Alignment {
        let names = ["clap", "punch", "box", "squat"];
        let one = |i: usize, n: usize| (0..n).map(move |j| f32::from(u8::from(i == j)));
        let rows = |n: usize| TensorData::new((0..n).flat_map(|i| one(i, n)).collect::<Vec<f32>>(), [n, n]);
        let words = Words::new(names, rows(4).try_into_vec().unwrap()).unwrap();
        let mut alignment = Alignment::random(4, Arc::new(words), 1, device);
        alignment.layer.weight = Param::from_tensor(Tensor::from_data(rows(4), device)).into();
        alignment
    }

    #[test]
    fn a_label_counts_against_others_but_not_against_those_that_mean_the_same() {
        let device = Device::flex();
        let alignment = aligned(&device);
        let labels = Labels::new(["clap", "punch", "box", "squat"]).meaning(&Meanings::new([vec!["punch", "box"]]));
        let aims = Aims::of(&labels, &alignment);
        let number = |label: &str| labels.index(label);
        let seen = |values: [f32; 4]| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [1, 4]), &device);
        // scores of 10 where it points and 0 elsewhere
        let loss = |values, label: &str| host(aims.loss(&alignment, seen(values), &[number(label)]).unwrap())[0];
        let far = (3.0 + 10f32.exp()).ln();
        assert!((loss([1.0, 0.0, 0.0, 0.0], "clap") - (far - 10.0)).abs() < 1e-4);
        assert!((loss([1.0, 0.0, 0.0, 0.0], "squat") - far).abs() < 1e-4);
        assert!((loss([0.0, 1.0, 0.0, 0.0], "box") - 3f32.ln()).abs() < 1e-4, "a punch is no mistake");
        let both = Tensor::cat(vec![seen([1.0, 0.0, 0.0, 0.0]), seen([0.0, 0.0, 0.0, 1.0])], 0);
        let some = host(aims.loss(&alignment, both.clone(), &[None, number("clap")]).unwrap())[0];
        assert!((some - far).abs() < 1e-4);
        assert!(aims.loss(&alignment, both, &[None, None]).is_none());
    }
}
