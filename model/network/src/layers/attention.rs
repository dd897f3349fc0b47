//! Scaled dot-product attention with grouped key/value heads (Vaswani et al. 2017; Ainslie et al. 2023 for groups).

use std::sync::Arc;

use burn::Tensor;
use burn::tensor::{Device, TensorData};

use super::{on_cpu, ops};

/// Queries, keys and values of one attention call, all token-major: what a projection leaves behind, without a permute.
#[derive(Debug)]
pub struct Attention {
    /// `[batch, queries, heads, head_dim]`.
    pub query: Tensor<4>,
    /// `[batch, keys, kv_heads, head_dim]`; query head `h` reads key head `h / (heads / kv_heads)`.
    pub key: Tensor<4>,
    /// `[batch, keys, kv_heads, head_dim]`.
    pub value: Tensor<4>,
}

impl Attention {
    /// `[batch·queries, heads·head_dim]` — softmax(q·kᵀ/√d + mask)·v.
    #[must_use]
    pub fn run(self, mask: &AttentionMask) -> Tensor<2> {
        let [batch, queries, heads, width] = self.query.dims();
        ops::attention(self.query, self.key, self.value, mask).reshape([batch * queries, heads * width])
    }
}

/// Keys `from..to` that no query of a row may see: the padding between a short prompt and what was generated after it.
pub type Gap = std::ops::Range<usize>;

/// Which keys a query may see.
#[derive(Debug, Clone, Default)]
pub struct Visibility {
    /// Keys before the first query where attention is causal, `None` where every key is seen.
    pub(crate) past: Option<usize>,
    /// Keys hidden from a whole row of the batch; empty, or one list per row.
    pub(crate) gaps: Arc<Vec<Vec<Gap>>>,
}

/// [`Visibility`] for all layers of a pass, in the form its device wants.
#[derive(Debug, Clone, Default)]
pub struct AttentionMask {
    pub(super) visible: Visibility,
    /// The mask as numbers, made once for all layers; the CPU backend needs none.
    bias: Option<Tensor<4>>,
}

/// Far below any score, yet finite: a row that is masked altogether stays a number.
const HIDDEN: f32 = -1e30;

impl AttentionMask {
    /// Every query sees every key, as in the vision tower.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Every query sees every key but those in its row's gaps, of which `gaps` has one list per row.
    #[must_use]
    pub fn without(gaps: Vec<Vec<Gap>>, keys: usize, device: &Device) -> Self {
        let mut mask = Self { visible: Visibility { past: None, gaps: Arc::new(gaps) }, bias: None };
        if !on_cpu(device) {
            mask.bias = mask.bias(1, keys, device);
        }
        mask
    }

    /// Query `i` sees keys `0..=past + i`, less the row's gaps. `gaps` is empty or has one list per row.
    ///
    /// Padding on the right needs no gap: causality already hides it from every real token.
    #[must_use]
    pub fn causal(queries: usize, past: usize, gaps: &[Vec<Gap>], device: &Device) -> Self {
        let has_gap = gaps.iter().flatten().any(|gap| !gap.is_empty());
        if queries == 1 && !has_gap {
            return Self::none();
        }
        let gaps = if has_gap { gaps.to_vec() } else { Vec::new() };
        let mut mask = Self { visible: Visibility { past: Some(past), gaps: Arc::new(gaps) }, bias: None };
        if !on_cpu(device) {
            mask.bias = mask.bias(queries, past + queries, device);
        }
        mask
    }

    /// `[batch or 1, 1, queries or 1, keys]`: 0 where a key is seen, a large negative number elsewhere; `None` where all
    /// are.
    pub(super) fn bias(&self, queries: usize, keys: usize, device: &Device) -> Option<Tensor<4>> {
        if self.bias.is_some() {
            return self.bias.clone();
        }
        let gaps = &self.visible.gaps;
        if self.visible.past.is_none() && gaps.is_empty() {
            return None;
        }
        // without an order all queries of a row see the same
        let queries = if self.visible.past.is_some() { queries } else { 1 };
        let rows = gaps.len().max(1);
        let mut bias = vec![0.0; rows * queries * keys];
        for (row, block) in bias.chunks_mut(queries * keys).enumerate() {
            for (query, line) in block.chunks_mut(keys).enumerate() {
                if let Some(past) = self.visible.past {
                    line[past + query + 1..].fill(HIDDEN);
                }
                for gap in gaps.get(row).into_iter().flatten() {
                    line[gap.clone()].fill(HIDDEN);
                }
            }
        }
        Some(Tensor::from_data(TensorData::new(bias, [rows, 1, queries, keys]), device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::host;

    fn softmax(scores: &[f64]) -> Vec<f64> {
        let sum: f64 = scores.iter().map(|score| score.exp()).sum();
        scores.iter().map(|score| score.exp() / sum).collect()
    }

    /// The definition, one query at a time.
    fn reference(
        q: &[f64],
        k: &[f64],
        v: &[f64],
        sizes: [usize; 5],
        visible: impl Fn(usize, usize) -> bool,
    ) -> Vec<f64> {
        let [queries, keys, heads, kv_heads, width] = sizes;
        let mut out = vec![0.0; queries * heads * width];
        for i in 0..queries {
            for h in 0..heads {
                let kv = h / (heads / kv_heads);
                let seen: Vec<usize> = (0..keys).filter(|&j| visible(i, j)).collect();
                let scores: Vec<f64> = seen
                    .iter()
                    .map(|&j| {
                        let dot: f64 = (0..width)
                            .map(|c| q[(i * heads + h) * width + c] * k[(j * kv_heads + kv) * width + c])
                            .sum();
                        dot / (width as f64).sqrt()
                    })
                    .collect();
                for (&j, weight) in seen.iter().zip(softmax(&scores)) {
                    for c in 0..width {
                        out[(i * heads + h) * width + c] += weight * v[(j * kv_heads + kv) * width + c];
                    }
                }
            }
        }
        out
    }

    fn numbers(count: usize, seed: f64) -> Vec<f64> {
        (0..count).map(|i| ((i as f64 + 1.0) * 12.9898 + seed).sin() * 1.3).collect()
    }

    fn tensor(values: &[f64], shape: [usize; 4], device: &Device) -> Tensor<4> {
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn check(mask: &AttentionMask, sizes: [usize; 5], visible: impl Fn(usize, usize) -> bool) {
        let device = Device::flex();
        let [queries, keys, heads, kv_heads, width] = sizes;
        let q = numbers(queries * heads * width, 0.3);
        let k = numbers(keys * kv_heads * width, 1.7);
        let v = numbers(keys * kv_heads * width, 2.9);
        let attention = Attention {
            query: tensor(&q, [1, queries, heads, width], &device),
            key: tensor(&k, [1, keys, kv_heads, width], &device),
            value: tensor(&v, [1, keys, kv_heads, width], &device),
        };
        let out = host(attention.run(mask));
        let expected = reference(&q, &k, &v, sizes, visible);
        for (value, expected) in out.iter().zip(&expected) {
            assert!((f64::from(*value) - expected).abs() < 1e-5, "{value} against {expected}");
        }
    }

    #[test]
    fn grouped_heads_without_mask_follow_the_definition() {
        check(&AttentionMask::none(), [5, 5, 6, 2, 4], |_, _| true);
    }

    #[test]
    fn causal_queries_see_the_past_and_themselves() {
        let mask = AttentionMask::causal(3, 4, &[], &Device::flex());
        check(&mask, [3, 7, 4, 2, 4], |i, j| j <= 4 + i);
    }

    #[test]
    fn a_gap_hides_the_padding_of_a_short_prompt() {
        let mask = AttentionMask::causal(2, 4, &[std::iter::once(2..4).collect()], &Device::flex());
        check(&mask, [2, 6, 4, 4, 4], |i, j| j <= 4 + i && !(2..4).contains(&j));
    }
}
