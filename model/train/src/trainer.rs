//! One optimiser step.

use anyhow::{Result, bail};
use burn::{
    module::Module,
    tensor::{Tensor, TensorData},
};
use skeletonllm::folder::{SkeletonLlm, see};
use skeletonllm_network::tensors::on_cpu;

use super::{
    AdamW, Readout, Schedule, StageConfig, StepBatch,
    parameter_map::{self, Average, ParameterMap},
};

/// What learns: the model, and the layer that teaches its eyes.
#[derive(Module, Debug)]
pub struct Learner {
    /// The model as it is now.
    pub pupil: SkeletonLlm,
    /// See [`Readout`].
    pub readout: Readout,
}

impl Learner {
    /// A model with a fresh readout.
    pub fn new(model: SkeletonLlm) -> Learner {
        let config = model.internvl.config();
        let readout = Readout::new(config.tokens_per_frame(), config.text_config.hidden_size, &model.internvl.device());
        Learner { pupil: model, readout }
    }
}

/// A learner, its optimiser, and one stage's schedule.
pub struct Trainer {
    /// What learns.
    pub learner: Learner,
    /// The running mean of the model.
    pub average: Average<SkeletonLlm>,
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
    /// Weight of the readout's loss.
    pub readout: f64,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// Cross-entropy before the step.
    pub loss: f64,
    /// The readout's loss.
    pub readout: f64,
    /// Norm of the gradient before clipping.
    pub gradient: f64,
    /// Learning rate used.
    pub rate: f64,
}

impl Trainer {
    /// One optimiser step at `step` of the stage, on the parts of a batch.
    ///
    /// # Errors
    /// When a clip cannot be drawn, or the loss is no longer a number.
    pub fn step(&mut self, parts: &[StepBatch], step: u64) -> Result<StepResult> {
        let results = match self.side_by_side() && parts.len() > 1 {
            // one part a core: most of a small model's matrices are too small to be shared by two
            true => std::thread::scope(|scope| {
                let threads: Vec<_> = parts.iter().map(|part| scope.spawn(|| self.slopes(part))).collect();
                threads.into_iter().map(|t| t.join().expect("a panic there is one here")).collect::<Result<Vec<_>>>()
            })?,
            false => parts.iter().map(|part| self.slopes(part)).collect::<Result<Vec<_>>>()?,
        };
        let count = results.len() as f64;
        let (mut value, mut readout, mut gradients) = (0.0, 0.0, Vec::new());
        for (words, poses, slopes) in results {
            value += words / count;
            readout += poses / count;
            gradients.push(slopes);
        }
        if !value.is_finite() || !readout.is_finite() {
            bail!("the loss is {value}, the readout's {readout} at step {step}: lower the learning rate");
        }
        let rate = self.stage.learning_rate * self.schedule.factor(step);
        let Trainer { stage, drawing_rate, everything, .. } = self;
        let factor = |name: &str| rate_of(name, stage, *everything, *drawing_rate).map(|f| f * rate);
        // cloning a model copies no numbers
        let (learner, gradient) = self.optimizer.step(self.learner.clone(), parameter_map::mean(gradients), factor);
        self.learner = learner;
        self.average.add(&self.learner.pupil, self.optimizer.steps());
        Ok(StepResult { loss: value, readout, gradient, rate })
    }

    /// Both losses of a part, and the gradient of their sum.
    fn slopes(&self, part: &StepBatch) -> Result<(f64, f64, ParameterMap)> {
        let learner = parameter_map::apart(self.learner.clone());
        let Losses { words, poses } = self.loss(&learner, part)?;
        let number = |loss: &Tensor<1>| f64::from(loss.clone().into_scalar::<f32>());
        let (value, readout) = (number(&words), poses.as_ref().map_or(0.0, number));
        let loss = poses.map_or(words.clone(), |poses| words + poses * self.readout);
        Ok((value, readout, parameter_map::gradients(&learner, &loss.backward())))
    }

    /// Whether parts may be computed at once: on the CPU, and while nothing draws from the device's random numbers,
    /// whose order would then depend on chance.
    fn side_by_side(&self) -> bool {
        on_cpu(&self.learner.pupil.internvl.device()) && self.stage.lora_rank == 0
    }

    /// The losses of a part of a batch.
    ///
    /// # Errors
    /// When a clip cannot be drawn.
    pub fn loss(&self, Learner { pupil: model, readout }: &Learner, part: &StepBatch) -> Result<Losses> {
        let mut frames = model.drawing.render(&part.clips, model.internvl.config().render_size())?;
        if !self.stage.stage.draws() {
            frames = frames.detach();
        }
        let visual = see(&model.internvl, frames);
        let poses = (self.readout > 0.0).then(|| readout.loss(visual.clone(), &part.readings)).flatten();
        let frames = part.shown.len();
        let shown = TensorData::new(part.shown.clone(), [frames, 1, 1]);
        let visual = visual.clone() * Tensor::from_data(shown, &visual.device().without_autodiff());
        let words = model.internvl.loss_of_rests(&part.openings, &part.rests, &part.labels, Some(visual))?;
        Ok(Losses { words, poses })
    }
}

/// What a step makes smaller.
pub struct Losses {
    /// `[1]` cross-entropy of the answers.
    pub words: Tensor<1>,
    /// `[1]` of the readout, where there was anything to read.
    pub poses: Option<Tensor<1>>,
}

/// The factor on the learning rate of a tensor, `None` for a frozen one (spec A.9).
fn rate_of(name: &str, stage: &StageConfig, everything: bool, drawing_rate: f64) -> Option<f64> {
    let Some(name) = name.strip_prefix("pupil.") else { return Some(1.0) };
    if name.starts_with("drawing.") {
        return stage.stage.draws().then_some(drawing_rate);
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
