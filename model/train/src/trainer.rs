//! One optimiser step.

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use skeletonllm_network::graph::Observed;

use super::{
    AdamW, Learner, RecipeStage, Schedule,
    learner::Losses,
    parameter_map::{self, Average, ParameterMap},
};

/// A learner, its optimiser, and one stage's schedule.
pub struct Trainer<L: Learner> {
    /// What learns.
    pub learner: L,
    /// The running mean of the model.
    pub average: Average<L::Model>,
    /// The optimiser's memory.
    pub optimizer: AdamW,
    /// What learns, and how fast.
    pub stage: L::Stage,
    /// The rate's way over the stage.
    pub schedule: Schedule,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// The main loss before the step.
    pub loss: f64,
    /// The auxiliary loss.
    pub auxiliary: f64,
    /// Norm of the gradient before clipping.
    pub gradient: f64,
    /// Learning rate used.
    pub rate: f64,
}

/// What a part of a batch gave.
struct Slopes {
    main: f64,
    beside: f64,
    gradient: ParameterMap,
    seen: Observed,
}

impl<L: Learner> Trainer<L> {
    /// One optimiser step at `step` of the stage, on the parts of a batch.
    ///
    /// # Errors
    /// When a part cannot be shown, or the loss is no longer a number.
    pub fn step(&mut self, parts: &[L::Batch], step: u64) -> Result<StepResult> {
        let results = match self.learner.side_by_side(&self.stage) && parts.len() > 1 {
            // one part a core: most of a small model's matrices are too small to be shared by two
            true => std::thread::scope(|scope| {
                let threads: Vec<_> = parts.iter().map(|part| scope.spawn(|| self.slopes(part))).collect();
                threads.into_iter().map(|t| t.join().expect("a panic there is one here")).collect::<Result<Vec<_>>>()
            })?,
            false => parts.iter().map(|part| self.slopes(part)).collect::<Result<Vec<_>>>()?,
        };
        let count = results.len() as f64;
        let (mut loss, mut auxiliary, mut gradients, mut observed) = (0.0, 0.0, Vec::new(), Vec::new());
        for Slopes { main, beside, gradient, seen } in results {
            loss += main / count;
            auxiliary += beside / count;
            gradients.push(gradient);
            observed.push(seen);
        }
        if !loss.is_finite() || !auxiliary.is_finite() {
            bail!("the losses are {loss} and {auxiliary} at step {step}: lower the learning rate");
        }
        let rate = self.stage.learning_rate() * self.schedule.factor(step);
        let (learner, stage) = (&self.learner, &self.stage);
        let rate_of = |name: &str| learner.rate_factor(stage, name).map(|f| f * rate);
        // cloning a module copies no numbers
        let (learner, gradient) = self.optimizer.step(learner.clone(), parameter_map::mean(gradients), rate_of);
        self.learner = learner.settle(observed);
        self.average.add(self.learner.model(), self.optimizer.steps());
        Ok(StepResult { loss, auxiliary, gradient, rate })
    }

    /// Both losses of a part, and the gradient of their sum.
    fn slopes(&self, part: &L::Batch) -> Result<Slopes> {
        let learner = parameter_map::apart(self.learner.clone());
        let Losses { main, auxiliary, weight, observed } = learner.loss(&self.stage, part)?;
        let number = |loss: &Tensor<1>| f64::from(loss.clone().into_scalar::<f32>());
        let (value, beside) = (number(&main), auxiliary.as_ref().map_or(0.0, number));
        let loss = auxiliary.map_or(main.clone(), |auxiliary| main + auxiliary * weight);
        let gradient = parameter_map::gradients(&learner, &loss.backward());
        Ok(Slopes { main: value, beside, gradient, seen: observed })
    }
}
