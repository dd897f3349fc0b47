//! The token table.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;

use crate::weight::Weight;

/// One row of features per token of the vocabulary.
#[derive(Module, Debug)]
pub struct Embedding {
    /// `[vocabulary, width]`.
    pub weight: Weight,
}

impl Embedding {
    /// A table of `vocabulary` rows, without values yet.
    #[must_use]
    pub fn new(vocabulary: usize, width: usize, device: &Device) -> Self {
        Self { weight: Weight::new([vocabulary, width], device) }
    }

    /// `[rows]` of token ids → `[rows, width]`.
    #[must_use]
    pub fn forward(&self, ids: Vec<i64>) -> Tensor<2> {
        self.weight.rows(ids)
    }
}
