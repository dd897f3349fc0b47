//! The narrator: a skeleton's tokens through TQP to a language model (spec D.4).

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::{Device, TensorData};

use super::{SkeletonEncoder, Tqp};
use crate::layers::LoraConfig;
use crate::lora;
use crate::tensors::{host, parameter};
use crate::text_model::TextModel;

/// Least deviation that features are divided by.
const LEAST_DEVIATION: f64 = 1e-4;

/// What a skeleton's tokens are on average, and how far they lie around it, feature by feature. A frozen network's features
/// have much in common whatever it is shown; what the projection gets has mean 0 and deviation 1.
#[derive(Module, Debug)]
pub struct Spread {
    /// `[width]`.
    pub mean: Param<Tensor<1>>,
    /// `[width]`.
    pub deviation: Param<Tensor<1>>,
}

impl Spread {
    /// Of so many features, without values yet.
    #[must_use]
    pub fn new(width: usize, device: &Device) -> Self {
        let still = || parameter([width], device).set_require_grad(false);
        Self { mean: still(), deviation: still() }
    }

    /// Of tokens `[N, tokens, width]`.
    #[must_use]
    pub fn of(tokens: Tensor<3>) -> Self {
        let (width, device) = (tokens.dims()[2], tokens.device());
        let (mut mean, mut squares, mut count) = (vec![0f64; width], vec![0f64; width], 0f64);
        for token in host(tokens).chunks_exact(width) {
            count += 1.0;
            for (feature, value) in token.iter().map(|value| f64::from(*value)).enumerate() {
                mean[feature] += value;
                squares[feature] += value * value;
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= count.max(1.0));
        let deviations =
            squares.iter().zip(&mean).map(|(sum, mean)| (sum / count.max(1.0) - mean * mean).max(0.0).sqrt());
        // a feature that is always the same says nothing, and is not made much of
        let deviations: Vec<f32> = deviations.map(|deviation| deviation.max(LEAST_DEVIATION) as f32).collect();
        let still = |values: Vec<f32>| {
            let values = Tensor::from_data(TensorData::new(values, [width]), &device);
            Param::from_tensor(values).set_require_grad(false)
        };
        Self { mean: still(mean.into_iter().map(|mean| mean as f32).collect()), deviation: still(deviations) }
    }

    /// `[N, tokens, width]` → the same around 0.
    fn standardised(&self, tokens: Tensor<3>) -> Tensor<3> {
        let [mean, deviation] = [&self.mean, &self.deviation].map(|of| of.val().unsqueeze::<3>());
        (tokens - mean) / deviation
    }
}

/// The frozen encoder, the projection that learns, and a language model that stays as it is beneath adapters.
#[derive(Module, Debug)]
pub struct Narrator {
    /// The skeleton's encoder.
    pub encoder: SkeletonEncoder,
    /// Of its tokens.
    pub spread: Spread,
    /// From its tokens to the language model's.
    pub tqp: Tqp,
    /// The language model.
    pub text: TextModel,
    segments: usize,
}

impl Narrator {
    /// Of its parts; a skeleton's tokens fall into so many equal segments.
    #[must_use]
    pub fn new((encoder, spread): (SkeletonEncoder, Spread), tqp: Tqp, text: TextModel, segments: usize) -> Self {
        Self { encoder, spread, tqp, text, segments }
    }

    /// The same with fresh adapters on a language model that stays as it is.
    #[must_use]
    pub fn adapting(mut self, adapters: &LoraConfig, seed: u64) -> Self {
        self.text = lora::attach(lora::freeze_decoder(self.text), adapters, seed);
        self
    }

    /// `[N, 3, T, V, M]` on the device itself, without gradients → `[N, queries, hidden]` what the language model reads.
    /// Gradients end at the projection.
    #[must_use]
    pub fn tokens(&self, clips: Tensor<5>) -> Tensor<3> {
        let (encoder, spread) = (self.encoder.clone().valid(), self.spread.clone().valid());
        let tokens = spread.standardised(encoder.tokens(clips));
        // where gradients are, inputs have to be, too
        let learns = self.tqp.query_tokens.is_require_grad();
        self.tqp.forward(if learns { Tensor::from_inner(tokens) } else { tokens }, self.segments)
    }
}
