//! BERT's post-norm blocks (Devlin et al., arXiv 1810.04805), which sentence encoders and Q-Formers are made of.
//!
//! Files write `LayerNorm` where our paths say `norm`, because a field cannot be spelled like a type; [`file_name`] and
//! [`path`] translate.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;

use crate::layers::{Attention, AttentionMask, LayerNorm, Linear, ops};

/// Our own path of a tensor → its name in the files.
#[must_use]
pub fn file_name(path: &str) -> String {
    path.replace(".norm.", ".LayerNorm.")
}

/// The name of a tensor in the files → our own path. `gamma` and `beta` are what the first files said.
#[must_use]
pub fn path(name: &str) -> String {
    let name = name.replace(".LayerNorm.gamma", ".norm.weight").replace(".LayerNorm.beta", ".norm.bias");
    name.replace(".LayerNorm.", ".norm.")
}

/// A layer, and the norm of its output with what went around it: `LN(dense(x) + residual)`.
#[derive(Module, Debug)]
pub struct AddNorm {
    /// The layer.
    pub dense: Linear,
    /// The norm.
    pub norm: LayerNorm,
}

impl AddNorm {
    /// A layer from `inputs` to `width` features without values yet.
    #[must_use]
    pub fn new(inputs: usize, width: usize, eps: f64, device: &Device) -> Self {
        Self { dense: Linear::new(inputs, width, true, device), norm: LayerNorm::new(width, eps, device) }
    }

    /// `[rows, inputs]`, `[rows, width]` → `[rows, width]`.
    #[must_use]
    pub fn forward(&self, input: Tensor<2>, residual: Tensor<2>) -> Tensor<2> {
        self.norm.forward(self.dense.forward(input) + residual)
    }
}

/// Attention and what follows it.
#[derive(Module, Debug)]
pub struct BertAttention {
    /// The three projections.
    pub attention: Heads,
    /// Output.
    pub output: AddNorm,
}

impl BertAttention {
    /// Attention of tokens `width` wide to tokens `keys` wide, without values yet.
    #[must_use]
    pub fn new(width: usize, keys: usize, heads: usize, eps: f64, device: &Device) -> Self {
        let attention = Heads {
            query: Linear::new(width, width, true, device),
            key: Linear::new(keys, width, true, device),
            value: Linear::new(keys, width, true, device),
            heads,
        };
        Self { attention, output: AddNorm::new(width, width, eps, device) }
    }

    /// `[N·tokens, width]` → the same; it looks at `context` `[N·keys, keys' width]`, each of `count` rows of the batch
    /// by itself.
    #[must_use]
    pub fn forward(&self, hidden: Tensor<2>, context: Tensor<2>, count: usize, mask: &AttentionMask) -> Tensor<2> {
        let seen = self.attention.forward(hidden.clone(), context, count, mask);
        self.output.forward(seen, hidden)
    }
}

/// Queries, keys and values.
#[derive(Module, Debug)]
pub struct Heads {
    /// `[width, width]`.
    pub query: Linear,
    /// `[width, keys' width]`.
    pub key: Linear,
    /// `[width, keys' width]`.
    pub value: Linear,
    heads: usize,
}

impl Heads {
    fn forward(&self, hidden: Tensor<2>, context: Tensor<2>, count: usize, mask: &AttentionMask) -> Tensor<2> {
        let split = |projected: Tensor<2>| {
            let [rows, width] = projected.dims();
            projected.reshape([count, rows / count, self.heads, width / self.heads])
        };
        let attention = Attention {
            query: split(self.query.forward(hidden)),
            key: split(self.key.forward(context.clone())),
            value: split(self.value.forward(context)),
        };
        attention.run(mask)
    }
}

/// The first of a block's two layers, with the exact GELU.
#[derive(Module, Debug)]
pub struct Widen {
    /// The layer.
    pub dense: Linear,
}

impl Widen {
    /// A layer without values yet.
    #[must_use]
    pub fn new(width: usize, inner: usize, device: &Device) -> Self {
        Self { dense: Linear::new(width, inner, true, device) }
    }

    /// `[rows, width]` → `[rows, inner]`.
    #[must_use]
    pub fn forward(&self, hidden: Tensor<2>) -> Tensor<2> {
        ops::gelu(self.dense.forward(hidden))
    }
}
