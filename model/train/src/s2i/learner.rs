//! S2I as what learns.

use anyhow::Result;
use burn::{
    module::Module,
    tensor::{Tensor, TensorData, activation::log_softmax},
};
use skeletonllm_network::{
    masked::{Noise, layer_factor},
    tensors::on_cpu,
};

use super::{Lesson, PictureBatch, S2iConfig, S2iModel, S2iStage};
use crate::{
    Learner,
    learner::{Losses, shared},
};

/// The model that learns.
#[derive(Module, Debug)]
pub struct S2iLearner {
    /// The model as it is now.
    // not `model`: names of tensors may begin so in published checkpoints, and lose it here
    pub taught: S2iModel,
    #[module(skip)]
    rates: Rates,
}

/// How labels are learned.
#[derive(Clone, Copy, Debug)]
struct Rates {
    layer_decay: f64,
    drop_path: f64,
    smoothing: f64,
    normalise: bool,
}

impl S2iLearner {
    /// A model, taught as the run is told.
    #[must_use]
    pub fn new(model: S2iModel, config: &S2iConfig) -> Self {
        let S2iConfig { layer_decay, drop_path, smoothing, .. } = *config;
        Self { taught: model, rates: Rates { layer_decay, drop_path, smoothing, normalise: config.s2i.normalise } }
    }
}

impl Learner for S2iLearner {
    type Model = S2iModel;
    type Batch = PictureBatch;
    type Stage = S2iStage;

    fn model(&self) -> &S2iModel {
        &self.taught
    }

    fn with_model(self, model: S2iModel) -> Self {
        Self { taught: model, ..self }
    }

    /// The error of hidden patches, or the cross-entropy of labels.
    fn loss(&self, stage: &S2iStage, batch: &PictureBatch) -> Result<Losses> {
        let model = &self.taught;
        let main = match (stage.lesson, &batch.masks, &model.mae, &model.diffmae, &batch.noise) {
            (Lesson::Pretrain, Some(masks), Some(mae), ..) => {
                mae.loss(&model.encoder, model.pictures(batch), masks, self.rates.normalise)
            }
            (Lesson::Pretrain, Some(masks), _, Some(diffmae), Some((steps, epsilon))) => {
                let pictures = model.pictures(batch);
                let (hidden, patch) = (masks.patches() - masks.seen_count(), model.encoder.patch());
                let shape = [masks.pictures(), hidden, 3 * patch * patch];
                let epsilon = Tensor::from_data(TensorData::new(epsilon.clone(), shape), &pictures.device());
                diffmae.loss(&model.encoder, pictures, masks, &Noise { steps: steps.clone(), epsilon })
            }
            (Lesson::Pretrain, ..) => anyhow::bail!("a batch without what is hidden of it"),
            (Lesson::FineTune, ..) => {
                let logits = model.logits(batch, Lesson::FineTune, self.rates.drop_path);
                cross_entropy(logits, &batch.labels, self.rates.smoothing)
            }
            (Lesson::Probe, ..) => {
                // nothing below the probe learns, so nothing of it need be kept for a way back
                let features = Tensor::from_inner(model.clone().valid().features(batch));
                cross_entropy(model.probe.forward(features), &batch.labels, 0.0)
            }
        };
        Ok(Losses { main: shared(main, batch.share), auxiliary: None, weight: 0.0, observed: Default::default() })
    }

    /// Positions stay while patches are learned, decoders while labels are; a probe learns alone.
    fn rate_factor(&self, stage: &S2iStage, parameter: &str) -> Option<f64> {
        let name = parameter.strip_prefix("taught.")?;
        let decodes = name.starts_with("mae.") || name.starts_with("diffmae.");
        match stage.lesson {
            Lesson::Pretrain => {
                let fixed = name.ends_with("pos_embed");
                ((decodes || name.starts_with("encoder.")) && !fixed).then_some(1.0)
            }
            Lesson::FineTune if name.starts_with("encoder.") => {
                let blocks = self.taught.encoder.blocks.len();
                Some(layer_factor(name, blocks, self.rates.layer_decay))
            }
            Lesson::FineTune => name.starts_with("classes.").then_some(1.0),
            Lesson::Probe => name.starts_with("probe.linear.").then_some(1.0),
        }
    }

    /// On the CPU, and while nothing draws from the device's random numbers, whose order would then depend on chance.
    fn side_by_side(&self, stage: &S2iStage) -> bool {
        let draws = stage.lesson == Lesson::FineTune && self.rates.drop_path > 0.0;
        on_cpu(&self.taught.encoder.cls_token.lazy_device()) && !draws
    }
}

/// `[N, labels]`, the right ones → `[1]`, of targets that give a share of their weight to all labels alike.
fn cross_entropy(logits: Tensor<2>, labels: &[usize], smoothing: f64) -> Tensor<1> {
    let [count, classes] = logits.dims();
    let mut targets = vec![(smoothing / classes as f64) as f32; count * classes];
    for (row, &label) in targets.chunks_exact_mut(classes).zip(labels) {
        row[label] += (1.0 - smoothing) as f32;
    }
    let targets =
        Tensor::<2>::from_data(TensorData::new(targets, [count, classes]), &logits.device().without_autodiff());
    (log_softmax(logits, 1) * targets).sum().neg() / count.max(1) as f64
}
