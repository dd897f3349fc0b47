//! TQP: temporal query projection. One Q-Former is applied to a skeleton's segments in a chain, each time asking with what
//! it found before (spec D.3). Blocks and names are BLIP-2's (Li et al., arXiv 2301.12597).

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::Device;

use crate::bert::{self, AddNorm, BertAttention, Widen};
use crate::checkpoint::{self, CheckpointError, TensorMap};
use crate::initialise::{Draw, fill};
use crate::layers::{AttentionMask, LayerNorm, Linear};
use crate::tensors::parameter;

/// Largest size that is built.
const LARGEST: usize = 1 << 16;
/// Deviation of fresh weights.
const DEVIATION: f64 = 0.02;

/// Sizes of a projection.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TqpConfig {
    /// Features of a query.
    pub width: usize,
    /// Blocks.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Features inside a block's two-layer network.
    pub inner: usize,
    /// Queries, and tokens that come out.
    pub queries: usize,
    /// Blocks 0, n, 2n, … look at the skeleton.
    pub cross_attention_every: usize,
    /// Features of a skeleton's token.
    pub skeleton: usize,
    /// Features of the language model's token.
    pub language: usize,
    /// Equal stretches that a skeleton's tokens fall into.
    pub segments: usize,
    /// Added to variances.
    pub eps: f64,
}

impl TqpConfig {
    /// Checks what the types do not, for a skeleton of so many tokens.
    ///
    /// # Errors
    /// One sentence naming the field.
    pub fn validate(&self, tokens: usize) -> Result<(), String> {
        let sizes = [
            ("width", self.width),
            ("layers", self.layers),
            ("heads", self.heads),
            ("inner", self.inner),
            ("queries", self.queries),
            ("cross_attention_every", self.cross_attention_every),
            ("segments", self.segments),
        ];
        if let Some((name, size)) = sizes.iter().find(|(_, size)| *size == 0 || *size > LARGEST) {
            return Err(format!("{name} is {size}; it must be from 1 to {LARGEST}"));
        }
        if !self.width.is_multiple_of(self.heads) {
            return Err(format!("{} heads do not divide a width of {}", self.heads, self.width));
        }
        if !(self.eps > 0.0 && self.eps < 1.0) {
            return Err(format!("eps is {}; it must be between 0 and 1", self.eps));
        }
        if tokens == 0 || !tokens.is_multiple_of(self.segments) {
            return Err(format!(
                "segments is {}, which does not divide the {tokens} tokens of a motion",
                self.segments
            ));
        }
        Ok(())
    }
}

impl Default for TqpConfig {
    /// BLIP-2's Q-Former with 128 queries, for a graph network of width 256 and LLaMA.
    fn default() -> Self {
        Self {
            width: 768,
            layers: 12,
            heads: 12,
            inner: 3072,
            queries: 128,
            cross_attention_every: 2,
            skeleton: 256,
            language: 4096,
            segments: 4,
            eps: 1e-12,
        }
    }
}

/// Queries, the Q-Former, and the layer to the language model.
#[derive(Module, Debug)]
pub struct Tqp {
    /// `[1, queries, width]`.
    pub query_tokens: Param<Tensor<3>>,
    /// The Q-Former.
    pub qformer: QFormer,
    /// To the language model's width.
    pub language_projection: Linear,
}

/// `qformer.*` of a checkpoint.
#[derive(Module, Debug)]
pub struct QFormer {
    /// Norm of the incoming queries.
    pub layernorm: LayerNorm,
    /// The blocks.
    pub encoder: QFormerStack,
}

/// The stack of blocks.
#[derive(Module, Debug)]
pub struct QFormerStack {
    /// Blocks in order.
    pub layer: Vec<QFormerBlock>,
}

/// One post-norm block.
#[derive(Module, Debug)]
pub struct QFormerBlock {
    /// Attention of the queries to each other.
    pub attention: BertAttention,
    /// Attention of the queries to the skeleton, in some blocks.
    pub crossattention: Option<BertAttention>,
    /// Widens.
    pub intermediate_query: Widen,
    /// Narrows.
    pub output_query: AddNorm,
}

impl Tqp {
    /// A projection without values yet.
    ///
    /// # Panics
    /// When the heads do not divide the width.
    #[must_use]
    pub fn new(config: &TqpConfig, device: &Device) -> Self {
        let TqpConfig { width, heads, inner, eps, .. } = *config;
        assert!(heads > 0 && width.is_multiple_of(heads), "{heads} heads of {width} features");
        let block = |i: usize| QFormerBlock {
            attention: BertAttention::new(width, width, heads, eps, device),
            crossattention: i
                .is_multiple_of(config.cross_attention_every)
                .then(|| BertAttention::new(width, config.skeleton, heads, eps, device)),
            intermediate_query: Widen::new(width, inner, device),
            output_query: AddNorm::new(inner, width, eps, device),
        };
        Self {
            query_tokens: parameter([1, config.queries, width], device),
            qformer: QFormer {
                layernorm: LayerNorm::new(width, eps, device),
                encoder: QFormerStack { layer: (0..config.layers).map(block).collect() },
            },
            language_projection: Linear::new(width, config.language, true, device),
        }
    }

    /// Draws every parameter afresh, as BERT's are: weights and queries with a deviation of 0.02.
    #[must_use]
    pub fn fresh(self, seed: u64) -> Self {
        fill(self, seed, |name, shape| {
            Some(match shape.len() {
                1 if name.ends_with(".bias") => Draw::Constant(0.0),
                1 => Draw::Constant(1.0),
                _ => Draw::Normal(DEVIATION),
            })
        })
    }

    /// `[N, tokens, skeleton width]` → what the queries are after each of `segments` equal stretches, `[N, queries,
    /// width]`.
    ///
    /// # Panics
    /// When the tokens do not fall into so many stretches.
    #[must_use]
    pub fn steps(&self, skeleton: Tensor<3>, segments: usize) -> Vec<Tensor<3>> {
        let [count, tokens, _] = skeleton.dims();
        assert!(segments > 0 && tokens.is_multiple_of(segments), "{tokens} tokens in {segments} equal segments");
        let length = tokens / segments;
        let [_, queries, width] = self.query_tokens.val().dims();
        let mut found = self.query_tokens.val().expand([count, queries, width]);
        let segment = |i: usize| skeleton.clone().narrow(1, i * length, length);
        (0..segments)
            .map(|i| {
                found = self.qformer.forward(found.clone(), segment(i));
                found.clone()
            })
            .collect()
    }

    /// `[N, queries, width]` → `[N, queries, language width]`.
    #[must_use]
    pub fn project(&self, queries: Tensor<3>) -> Tensor<3> {
        let [count, number, width] = queries.dims();
        let projected = self.language_projection.forward(queries.reshape([count * number, width]));
        let width = projected.dims()[1];
        projected.reshape([count, number, width])
    }

    /// `[N, tokens, skeleton width]` → `[N, queries, language width]`: the tokens that the language model reads.
    ///
    /// # Panics
    /// As [`Tqp::steps`].
    #[must_use]
    pub fn forward(&self, skeleton: Tensor<3>, segments: usize) -> Tensor<3> {
        let last = self.steps(skeleton, segments).pop().expect("at least one segment");
        self.project(last)
    }

    /// The tensors by BLIP-2's names.
    #[must_use]
    pub fn tensors(&self) -> TensorMap {
        checkpoint::tensors_of(self).into_iter().map(|(path, tensor)| (bert::file_name(&path), tensor)).collect()
    }

    /// Fills a projection from tensors by BLIP-2's names; `origin` names them in errors.
    ///
    /// # Errors
    /// When a tensor is missing, left over or has another shape. All of them are listed.
    pub fn load(self, tensors: TensorMap, origin: &str) -> Result<Self, CheckpointError> {
        let tensors: TensorMap = tensors.into_iter().map(|(name, tensor)| (bert::path(&name), tensor)).collect();
        checkpoint::apply(self, tensors, origin)
    }
}

impl QFormer {
    /// `[N, queries, width]`, `[N, keys, skeleton width]` → `[N, queries, width]`.
    fn forward(&self, queries: Tensor<3>, keys: Tensor<3>) -> Tensor<3> {
        let [count, number, width] = queries.dims();
        let [_, length, skeleton] = keys.dims();
        let keys = keys.reshape([count * length, skeleton]);
        let everything = AttentionMask::none();
        let mut hidden = self.layernorm.forward(queries.reshape([count * number, width]));
        for block in &self.encoder.layer {
            hidden = block.attention.forward(hidden.clone(), hidden, count, &everything);
            if let Some(cross) = &block.crossattention {
                hidden = cross.forward(hidden, keys.clone(), count, &everything);
            }
            let inner = block.intermediate_query.forward(hidden.clone());
            hidden = block.output_query.forward(inner, hidden);
        }
        hidden.reshape([count, number, width])
    }
}
