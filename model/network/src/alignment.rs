//! What is seen and what is said in one space: pictures of a movement point where the words for it do.

use std::sync::Arc;

mod temporal;

pub use temporal::{Temporal, TemporalSizes};

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::{Device, TensorData};

use crate::checkpoint::{self, CheckpointError, HostTensor, TensorMap};
use crate::initialise::{Draw, fill};
use crate::layers::Linear;
use crate::tensors::{host, normalised, parameter};
use crate::words::Words;

/// How much more likely than a word at a right angle the right word is at first: e to this.
const FIRST_SHARPNESS: f32 = 10.0;
/// Nor is it ever more than this, whatever is learned.
const SHARPEST: f64 = 60.0;
/// The tensor that holds the [`Shares`].
const SHARES: &str = "shares";

/// What a label's scores count when labels are ranked, and when none is named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// How well it fits what is seen, [`Alignment::scores`].
    pub fit: f32,
    /// The logarithm of its probability as the decoder's answer.
    pub answer: f32,
    /// A label of a smaller probability than this is not named, 0..1.
    pub least: f32,
    /// How much better a label that was taught has to fit among as many that were not, in the unit of
    /// [`Alignment::scores`]: pictures are drawn to the labels that they were shown with (Chao et al., arXiv 1605.04253,
    /// "calibrated stacking").
    pub taught: f32,
}

impl Default for Shares {
    fn default() -> Shares {
        Shares { fit: 1.0, answer: 0.0, least: 0.0, taught: 0.0 }
    }
}

/// From what is made of a clip's pictures to the words.
#[derive(Module, Debug)]
pub struct Alignment {
    /// What makes something of the visual tokens; where there is none, the decoder does.
    pub temporal: Option<Temporal>,
    /// What was made of the pictures to a vector among words.
    pub layer: Linear,
    /// `[1]` the logarithm of what cosines are multiplied with.
    pub sharpness: Param<Tensor<1>>,
    #[module(skip)]
    words: Arc<Words>,
    #[module(skip)]
    shares: Shares,
}

impl Alignment {
    /// Without values yet, from a decoder's width to these words.
    #[must_use]
    pub fn new(width: usize, words: Arc<Words>, device: &Device) -> Alignment {
        let layer = Linear::new(width, words.width(), true, device);
        Alignment { temporal: None, layer, sharpness: parameter([1], device), words, shares: Shares::default() }
    }

    /// The same, but from visual tokens themselves, `tokens` a clip.
    fn over(self, width: usize, tokens: usize, sizes: TemporalSizes, device: &Device) -> Alignment {
        let layer = Linear::new(sizes.width, self.words.width(), true, device);
        Alignment { temporal: Some(Temporal::new(width, tokens, sizes, device)), layer, ..self }
    }

    /// One that has learned nothing yet. The same seed gives the same numbers on every device.
    #[must_use]
    pub fn random(width: usize, words: Arc<Words>, seed: u64, device: &Device) -> Alignment {
        drawn(Alignment::new(width, words, device), seed)
    }

    /// As [`Alignment::random`], but from visual tokens themselves, `tokens` a clip, by a [`Temporal`] of these sizes.
    #[must_use]
    pub fn random_over(
        width: usize,
        tokens: usize,
        sizes: TemporalSizes,
        words: Arc<Words>,
        seed: u64,
        device: &Device,
    ) -> Alignment {
        drawn(Alignment::new(width, words, device).over(width, tokens, sizes, device), seed)
    }

    /// Filled from the tensors of its file; `origin` names it in errors.
    ///
    /// # Errors
    /// When the tensors are not those of an alignment of this width with these words.
    pub fn from_tensors(
        width: usize,
        words: Arc<Words>,
        mut tensors: TensorMap,
        origin: &str,
        device: &Device,
    ) -> Result<Alignment, CheckpointError> {
        let shares = match tensors.remove(SHARES).map(|tensor| tensor.values) {
            None => Shares::default(),
            Some(values) => match values[..] {
                [fit, answer, least, ref taught @ ..]
                    if taught.len() < 2 && values.iter().all(|value| value.is_finite()) =>
                {
                    Shares { fit, answer, least, taught: taught.first().copied().unwrap_or_default() }
                }
                _ => {
                    let problem = "three or four numbers are expected".to_owned();
                    return Err(CheckpointError::Tensor { path: origin.to_owned(), name: SHARES.to_owned(), problem });
                }
            },
        };
        let alignment = Alignment::new(width, words, device);
        let alignment = match Temporal::sizes(&tensors) {
            Some((tokens, sizes)) => alignment.over(width, tokens, sizes, device),
            None => alignment,
        };
        Ok(checkpoint::apply(alignment, tensors, origin)?.sharing(shares))
    }

    /// The tensors of its file.
    #[must_use]
    pub fn tensors(&self) -> TensorMap {
        let mut tensors = checkpoint::tensors_of(self);
        let Shares { fit, answer, least, taught } = self.shares;
        tensors.insert(SHARES.to_owned(), HostTensor { shape: vec![4], values: vec![fit, answer, least, taught] });
        tensors
    }

    /// The words that it was aligned with.
    #[must_use]
    pub fn words(&self) -> &Arc<Words> {
        &self.words
    }

    /// What counts how much.
    #[must_use]
    pub fn shares(&self) -> Shares {
        self.shares
    }

    /// The same with other shares.
    #[must_use]
    pub fn sharing(self, shares: Shares) -> Alignment {
        Alignment { shares, ..self }
    }

    /// `[texts, words' width]` texts among the words, of length 1; zeros where no word of a text is known.
    #[must_use]
    pub fn texts(&self, texts: &[String]) -> Tensor<2> {
        let width = self.words.width();
        let rows = texts.iter().flat_map(|text| self.words.embed(text).unwrap_or_else(|| vec![0.0; width])).collect();
        let device = self.layer.weight.device().without_autodiff();
        Tensor::from_data(TensorData::new::<f32, _>(rows, [texts.len(), width]), &device)
    }

    /// `[clips, width]` what was made of the pictures → `[clips, words' width]` their places among the words, of
    /// length 1.
    #[must_use]
    pub fn places(&self, seen: Tensor<2>) -> Tensor<2> {
        normalised(self.layer.forward(seen))
    }

    /// What a difference of cosines comes to in [`Alignment::scores`]. Waits for the device; not for a browser.
    #[must_use]
    pub fn score_of(&self, cosine: f32) -> f32 {
        cosine * host(self.sharpness.val().exp().clamp_max(SHARPEST))[0]
    }

    /// `[clips, words' width]` places, and `[texts, words' width]` of length 1 → `[clips, texts]`: scores, greater for what
    /// fits better; logarithms of odds.
    #[must_use]
    pub fn scores(&self, places: Tensor<2>, texts: Tensor<2>) -> Tensor<2> {
        let sharpness = self.sharpness.val().exp().clamp_max(SHARPEST);
        places.matmul(texts.transpose()) * sharpness.unsqueeze()
    }
}

/// Draws every parameter afresh.
fn drawn(alignment: Alignment, seed: u64) -> Alignment {
    fill(alignment, seed, |name, shape| {
        Some(match (name, shape) {
            ("sharpness", _) => Draw::Constant(FIRST_SHARPNESS.ln()),
            (temporal::POSITIONS, _) => Draw::Normal(0.02),
            (temporal::OUTPUT, _) => Draw::Constant(0.0),
            (_, [_]) if name.ends_with(".weight") => Draw::Constant(1.0),
            (_, [_]) => Draw::Constant(0.0),
            (_, shape) => Draw::Normal((shape[1] as f64).powf(-0.5)),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::words;

    fn rows(values: &[f32]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len() / 2, 2]), &Device::flex())
    }

    #[test]
    fn scores_are_cosines_times_a_sharpness_that_is_bounded() {
        let words = Arc::new(words("up\nout\n", &[2, 2], &[0.0, 2.0, 5.0, 0.0]).unwrap());
        let mut alignment = Alignment::random(2, words, 1, &Device::flex());
        alignment.layer.weight = Param::from_tensor(rows(&[2.0, 0.0, 0.0, 2.0])).into();
        let texts = ["out", "up", "nowhere"].map(str::to_owned);
        let scores = |alignment: &Alignment| {
            host(alignment.scores(alignment.places(rows(&[3.0, 4.0])), alignment.texts(&texts)))
        };
        assert!(scores(&alignment).iter().zip([6.0, 8.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-4));
        alignment.sharpness = Param::from_data(TensorData::new(vec![50.0f32], [1]), &Device::flex());
        assert!(scores(&alignment).iter().zip([36.0, 48.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-3));
        assert!((alignment.score_of(0.5) - 30.0).abs() < 1e-3);
    }

    #[test]
    fn over_visual_tokens_it_tells_their_order_and_is_read_back() {
        let words = Arc::new(words("up\nout\n", &[2, 2], &[0.0, 2.0, 5.0, 0.0]).unwrap());
        let (device, sizes) = (Device::flex(), TemporalSizes { width: 32, layers: 2 });
        let alignment = Alignment::random_over(3, 4, sizes, words.clone(), 1, &device);
        let again = Alignment::from_tensors(3, words, alignment.tensors(), "here", &device).unwrap();
        // two clips of two frames of two tokens: the second clip is the first one backwards
        let (ahead, back) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [-1.0, 0.5, 0.0, 2.0, 2.0, -3.0]);
        let frames = [ahead, back, back, ahead].concat();
        let visual = Tensor::<3>::from_data(TensorData::new(frames, [4, 2, 3]), &device);
        let places = |alignment: &Alignment| {
            let temporal = alignment.temporal.as_ref().expect("it looks itself");
            let (seen, told) = temporal.forward(visual.clone());
            assert_eq!(host(told), host(visual.clone()), "nothing is told at first");
            host(alignment.places(seen))
        };
        let found = places(&alignment);
        assert_eq!(found, places(&again));
        assert!((found[0] - found[2]).abs() > 1e-3, "{found:?}");
        let mut cut = alignment.tensors();
        cut.remove("temporal.norm.bias");
        let refused = Alignment::from_tensors(3, alignment.words().clone(), cut, "here", &device).unwrap_err();
        assert!(refused.to_string().contains("temporal.norm.bias"), "{refused}");
        let mut flat = alignment.tensors();
        flat.get_mut("temporal.input.weight").expect("it looks itself").shape.clear();
        assert!(Alignment::from_tensors(3, alignment.words().clone(), flat, "here", &device).is_err());
    }

    #[test]
    fn its_file_holds_all_of_it_and_nothing_else_is_taken_for_it() {
        let words = Arc::new(words("up\nout\n", &[2, 2], &[0.0, 2.0, 5.0, 0.0]).unwrap());
        let device = Device::flex();
        let shares = Shares { fit: 0.5, answer: 0.25, least: 0.125, taught: 6.0 };
        let alignment = Alignment::random(3, words.clone(), 1, &device).sharing(shares);
        let read = |tensors| Alignment::from_tensors(3, words.clone(), tensors, "here", &device);
        let again = read(alignment.tensors()).unwrap();
        assert_eq!((again.tensors(), again.shares()), (alignment.tensors(), shares));
        let mut without = alignment.tensors();
        without.remove(SHARES);
        assert_eq!(read(without.clone()).unwrap().shares(), Shares::default());
        without.insert(SHARES.to_owned(), HostTensor { shape: vec![3], values: vec![0.5, 0.25, 0.125] });
        assert_eq!(read(without.clone()).unwrap().shares(), Shares { taught: 0.0, ..shares });
        without.insert(SHARES.to_owned(), HostTensor { shape: vec![1], values: vec![1.0] });
        assert!(read(without).unwrap_err().to_string().contains(SHARES));
        let wider = Alignment::random(4, words.clone(), 1, &device).tensors();
        assert!(read(wider).unwrap_err().to_string().contains("here"));
    }
}
