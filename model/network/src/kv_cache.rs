//! Keys and values of tokens already seen, so that generation computes each token once.

use burn::Tensor;

use crate::layers::Gap;

/// Keys and values of one layer.
#[derive(Debug, Clone, Default)]
pub struct LayerCache {
    /// `[batch, slots, kv_heads, head_dim]`, twice; `None` before the first token.
    content: Option<(Tensor<4>, Tensor<4>)>,
}

impl LayerCache {
    /// `[batch, new, kv_heads, head_dim]` twice → all keys and values so far, the new ones last.
    pub(crate) fn append(&mut self, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let joined = match self.content.take() {
            None => (key, value),
            Some((keys, values)) => (Tensor::cat(vec![keys, key], 1), Tensor::cat(vec![values, value], 1)),
        };
        self.content = Some(joined.clone());
        joined
    }
}

/// The cache of a whole decoder for a batch of sequences.
///
/// Every row has the same number of slots. A row whose prompt was shorter than the longest has a gap, which attention
/// skips, and its positions count only real tokens: explicit lengths, not a padding id, decide (spec A.8, REC).
#[derive(Debug, Clone)]
pub struct KvCache {
    layers: Vec<LayerCache>,
    slots: usize,
    /// Real tokens per row; empty before the first call.
    filled: Vec<usize>,
    gaps: Vec<Vec<Gap>>,
}

impl KvCache {
    /// An empty cache for a decoder of `layers` layers.
    #[must_use]
    pub fn new(layers: usize) -> Self {
        Self { layers: vec![LayerCache::default(); layers], slots: 0, filled: Vec::new(), gaps: Vec::new() }
    }

    /// Slots in use, padding included.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Real tokens of each row.
    #[must_use]
    pub fn filled(&self) -> &[usize] {
        &self.filled
    }

    /// The cache of row `row` alone, repeated `count` times: one prefix, several continuations.
    ///
    /// # Panics
    /// When the cache has no such row.
    #[must_use]
    pub fn repeat_row(&self, row: usize, count: usize) -> Self {
        self.rows(
            |content| {
                let [_, slots, heads, width] = content.dims();
                content.slice([row..row + 1, 0..slots, 0..heads, 0..width]).expand([count, slots, heads, width])
            },
            vec![row; count],
        )
    }

    /// Every row `count` times, its copies next to each other. Gradients of the copies add up.
    #[must_use]
    pub fn repeat_each(&self, count: usize) -> Self {
        self.rows(
            |content| {
                let [rows, slots, heads, width] = content.dims();
                let row = content.reshape([rows, 1, slots * heads * width]);
                row.expand([rows, count, slots * heads * width]).reshape([rows * count, slots, heads, width])
            },
            (0..self.filled.len()).flat_map(|row| std::iter::repeat_n(row, count)).collect(),
        )
    }

    /// Other rows: `take` makes their keys and values, `from` says which rows they were.
    fn rows(&self, take: impl Fn(Tensor<4>) -> Tensor<4>, from: Vec<usize>) -> Self {
        let content = |layer: &LayerCache| {
            layer.content.as_ref().map(|(keys, values)| (take(keys.clone()), take(values.clone())))
        };
        Self {
            layers: self.layers.iter().map(|layer| LayerCache { content: content(layer) }).collect(),
            slots: self.slots,
            filled: from.iter().map(|&row| self.filled[row]).collect(),
            gaps: from.iter().map(|&row| self.gaps[row].clone()).collect(),
        }
    }

    pub(crate) fn layer(&mut self, index: usize) -> &mut LayerCache {
        &mut self.layers[index]
    }

    pub(crate) fn gaps(&self) -> &[Vec<Gap>] {
        &self.gaps
    }

    /// Positions of the next `length` tokens: one list for all rows where they agree, else one list per row.
    pub(crate) fn positions(&self, batch: usize, length: usize) -> Vec<usize> {
        if self.filled.is_empty() {
            return (0..length).collect();
        }
        assert_eq!(self.filled.len(), batch, "the cache holds another number of rows");
        let start = self.filled[0];
        if self.filled.iter().all(|&filled| filled == start) {
            return (start..start + length).collect();
        }
        self.filled.iter().flat_map(|&start| start..start + length).collect()
    }

    /// Records that every row grew by `length` slots, of which `lengths[row]` hold real tokens.
    pub(crate) fn advance(&mut self, length: usize, lengths: &[usize]) {
        self.filled.resize(lengths.len(), 0);
        self.gaps.resize(lengths.len(), Vec::new());
        for (row, &real) in lengths.iter().enumerate() {
            self.filled[row] += real;
            if real < length {
                self.gaps[row].push(self.slots + real..self.slots + length);
            }
        }
        self.slots += length;
    }
}
