//! One optimiser step.

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use skeletonllm_network::graph::{Observed, sum_observed};

use super::{
    AdamW, Learner, Ranks, RecipeStage, Schedule,
    all_reduce::{Found, all_reduce},
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

/// What a piece of a batch gave.
struct Slopes {
    main: f64,
    beside: f64,
    gradient: ParameterMap,
    seen: Observed,
}

impl<L: Learner> Trainer<L> {
    /// One optimiser step at `step` of the stage, on a batch of `parts` parts; `pieces` are what this process has of them.
    /// All processes of `ranks` take the same step.
    ///
    /// # Errors
    /// When a piece cannot be shown, other processes cannot be reached, or the loss is no longer a number.
    pub fn step(&mut self, pieces: &[L::Batch], parts: usize, ranks: &Ranks, step: u64) -> Result<StepResult> {
        let results = match self.learner.side_by_side(&self.stage) && pieces.len() > 1 {
            // one piece a core: most of a small model's matrices are too small to be shared by two
            true => std::thread::scope(|scope| {
                let threads: Vec<_> = pieces.iter().map(|piece| scope.spawn(|| self.slopes(piece))).collect();
                threads.into_iter().map(|t| t.join().expect("a panic there is one here")).collect::<Result<Vec<_>>>()
            })?,
            false => pieces.iter().map(|piece| self.slopes(piece)).collect::<Result<Vec<_>>>()?,
        };
        let count = parts as f64;
        let (mut loss, mut auxiliary, mut gradients, mut observed) = (0.0, 0.0, Vec::new(), Vec::new());
        for Slopes { main, beside, gradient, seen } in results {
            loss += main / count;
            auxiliary += beside / count;
            gradients.push(gradient);
            observed.push(seen);
        }
        let rate = self.stage.learning_rate() * self.schedule.factor(step);
        let (learner, stage) = (&self.learner, &self.stage);
        let rate_of = |name: &str| learner.rate_factor(stage, name).map(|f| f * rate);
        let mut gradients = parameter_map::sum(gradients);
        if ranks.size() > 1 {
            gradients.retain(|name, _| rate_of(name).is_some());
            let own = Found { loss, auxiliary, gradients, observed: sum_observed(observed) };
            let all = all_reduce(ranks, learner, own)?;
            (loss, auxiliary, gradients) = (all.loss, all.auxiliary, all.gradients);
            observed = vec![all.observed.into_iter().map(|(id, sum)| (id, sum / count)).collect()];
        }
        if !loss.is_finite() || !auxiliary.is_finite() {
            bail!("the losses are {loss} and {auxiliary} at step {step}: lower the learning rate");
        }
        // cloning a module copies no numbers
        let gradient = parameter_map::mean_of(gradients, parts);
        let (learner, gradient) = self.optimizer.step(learner.clone(), gradient, rate_of);
        self.learner = learner.settle(observed);
        self.average.add(self.learner.model(), self.optimizer.steps());
        Ok(StepResult { loss, auxiliary, gradient, rate })
    }

    /// Makes sure that everybody still has the same of what learns.
    ///
    /// # Errors
    /// When somebody has not, or cannot be reached.
    pub fn agree(&self, ranks: &Ranks) -> Result<()> {
        if ranks.size() == 1 {
            return Ok(());
        }
        let learns = |name: &str| self.learner.rate_factor(&self.stage, name).is_some();
        ranks.agree("the weights", parameter_map::fingerprint(&self.learner, learns))
    }

    /// Both losses of a piece, and the gradient of their sum.
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
