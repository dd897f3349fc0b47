//! What learns, whatever it is: the one thing that steps, checkpoints and the loop of a run know of it.

use anyhow::Result;
use burn::{module::Module, tensor::Tensor};
use skeletonllm_network::graph::Observed;

use super::RecipeStage;

/// A batch in, a loss out, parameters in groups that learn at rates of their own.
///
/// It is a module, so that its parameters have names: gradients, the optimiser's memory and checkpoints go by them.
pub trait Learner: Module + Sync {
    /// What is kept in the end; the rest only teaches it.
    type Model: Module + Sync;
    /// What it learns from in one go: a part of a step's batch, or a piece of one.
    type Batch: Send + Sync;
    /// A stage of its recipe.
    type Stage: RecipeStage;

    /// What is kept of it as it is now.
    fn model(&self) -> &Self::Model;

    /// The same with another model in it.
    #[must_use]
    fn with_model(self, model: Self::Model) -> Self;

    /// What the step is to make smaller, before it. Gradients flow to the parameters.
    ///
    /// # Errors
    /// When the batch cannot be shown to the model.
    fn loss(&self, stage: &Self::Stage, batch: &Self::Batch) -> Result<Losses>;

    /// The factor on a stage's learning rate for a parameter of this dotted name; `None` for a frozen one.
    fn rate_factor(&self, stage: &Self::Stage, parameter: &str) -> Option<f64>;

    /// Whether checkpoints hold a parameter, by its dotted name in the learner or in its model; the others are where the run
    /// began.
    fn kept(&self, _parameter: &str) -> bool {
        true
    }

    /// Whether the parts of a batch may be computed on threads side by side, with the same numbers.
    fn side_by_side(&self, stage: &Self::Stage) -> bool;

    /// The same after a step whose parts saw this beside their gradients.
    #[must_use]
    fn settle(self, observed: Vec<Observed>) -> Self {
        drop(observed);
        self
    }
}

/// The loss of a piece that has this share of its part, as it counts in the part's.
pub(crate) fn shared(loss: Tensor<1>, share: f64) -> Tensor<1> {
    if share == 1.0 { loss } else { loss * share }
}

/// What a step makes smaller: `main + weight · auxiliary`.
pub struct Losses {
    /// `[1]` the loss that is told.
    pub main: Tensor<1>,
    /// `[1]` what is learned beside it, where the batch has anything for it.
    pub auxiliary: Option<Tensor<1>>,
    /// What that counts.
    pub weight: f64,
    /// What norms saw of the batch, where there are any that go by it.
    pub observed: Observed,
}
