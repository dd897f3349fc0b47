//! Scaled dot-product attention with grouped key/value heads (Vaswani et al. 2017; Ainslie et al. 2023 for groups).

use burn::Tensor;

use super::{AttentionMask, ops};

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

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::tensors::host;

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
