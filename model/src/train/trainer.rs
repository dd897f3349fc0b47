//! One optimiser step.

use anyhow::{Result, bail};
use burn::tensor::Tensor;

use super::{AdamW, Schedule, Stage, StageConfig, StepBatch};
use crate::folder::{SkeletonLlm, see};

/// A model, its optimiser, and one stage's schedule.
pub struct Trainer {
    /// The model as it is now.
    pub model: SkeletonLlm,
    /// The optimiser's memory.
    pub optimizer: AdamW,
    /// What learns, and how fast.
    pub stage: StageConfig,
    /// The rate's way over the stage.
    pub schedule: Schedule,
    /// DrAction's rate as a multiple of the stage's.
    pub drawing_rate: f64,
    /// Whether tower and decoder learn as well.
    pub everything: bool,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// Cross-entropy before the step.
    pub loss: f64,
    /// Norm of the gradient before clipping.
    pub gradient: f64,
    /// Learning rate used.
    pub rate: f64,
}

impl Trainer {
    /// One optimiser step at `step` of the stage.
    ///
    /// # Errors
    /// When a clip cannot be drawn, or the loss is no longer a number.
    pub fn step(&mut self, batch: &StepBatch, step: u64) -> Result<StepResult> {
        let loss = self.loss(batch)?;
        let value = f64::from(loss.clone().into_scalar::<f32>());
        if !value.is_finite() {
            bail!("the loss is {value} at step {step}: lower the learning rate");
        }
        let gradients = loss.backward();
        let rate = self.stage.learning_rate * self.schedule.factor(step);
        let Trainer { stage, drawing_rate, everything, .. } = self;
        let factor = |name: &str| rate_of(name, stage, *everything, *drawing_rate).map(|f| f * rate);
        // cloning a model copies no numbers
        let (model, gradient) = self.optimizer.step(self.model.clone(), &gradients, factor);
        self.model = model;
        Ok(StepResult { loss: value, gradient, rate })
    }

    /// The loss of a batch, `[1]`.
    ///
    /// # Errors
    /// When a clip cannot be drawn.
    pub fn loss(&self, batch: &StepBatch) -> Result<Tensor<1>> {
        let size = self.model.internvl.config().render_size();
        let mut frames = self.model.drawing.render(&batch.clips, size)?;
        if self.stage.stage == Stage::Refine {
            frames = frames.detach();
        }
        let visual = see(&self.model.internvl, frames);
        let clips = batch.clips.len();
        let [all, tokens, width] = visual.dims();
        let questions = batch.labels.len() / clips;
        let visual = visual.reshape([clips, 1, all / clips * tokens, width]).repeat_dim(1, questions);
        let visual = visual.reshape([all * questions, tokens, width]);
        Ok(self.model.internvl.loss(&batch.tokens, &batch.labels, Some(visual))?)
    }
}

/// The factor on the learning rate of a tensor, `None` for a frozen one (spec A.9).
fn rate_of(name: &str, stage: &StageConfig, everything: bool, drawing_rate: f64) -> Option<f64> {
    if name.starts_with("drawing.") {
        return (stage.stage == Stage::WarmUp).then_some(drawing_rate);
    }
    if name.starts_with("internvl.multi_modal_projector.") {
        return Some(1.0);
    }
    if stage.lora_rank > 0 {
        return name.contains(".lora.").then_some(1.0);
    }
    // a pretrained tower and decoder stay as they are; a model from nothing learns everything
    everything.then_some(1.0)
}
