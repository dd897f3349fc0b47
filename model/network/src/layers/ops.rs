//! The arithmetic of the layers on plain tensors.
//!
//! On the CPU backend each is one [fused](super::fused) kernel, elsewhere burn's operations in sequence.

use burn::Tensor;
use burn::tensor::{Int, TensorData, activation};

#[cfg(feature = "cpu")]
use super::fused;
use super::{AttentionMask, Rotary, Table};

/// `[rows, in]`, `[out, in]`, `[out]` → `[rows, out]`: `x·Wᵀ + b`.
#[must_use]
pub fn linear(input: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    burn::tensor::module::linear(input, weight.transpose(), bias)
}

/// `[rows, width]` → the same; see [`LayerNorm`](super::LayerNorm).
#[must_use]
pub fn layer_norm(input: Tensor<2>, weight: Tensor<1>, bias: Tensor<1>, eps: f64) -> Tensor<2> {
    #[cfg(feature = "cpu")]
    if fused::applies(&input) {
        return fused::layer_norm(input, weight, bias, eps);
    }
    layer_norm_composed(input, weight, bias, eps)
}

pub(super) fn layer_norm_composed(input: Tensor<2>, weight: Tensor<1>, bias: Tensor<1>, eps: f64) -> Tensor<2> {
    burn::tensor::module::layer_norm(input, weight, Some(bias), eps)
}

/// `[rows, width]` → the same; see [`RmsNorm`](super::RmsNorm).
#[must_use]
pub fn rms_norm(input: Tensor<2>, weight: Tensor<1>, eps: f64) -> Tensor<2> {
    #[cfg(feature = "cpu")]
    if fused::applies(&input) {
        return fused::rms_norm(input, weight, eps);
    }
    rms_norm_composed(input, weight, eps)
}

pub(super) fn rms_norm_composed(input: Tensor<2>, weight: Tensor<1>, eps: f64) -> Tensor<2> {
    let power = input.clone().square().mean_dim(1);
    input / (power + eps).sqrt() * weight.unsqueeze()
}

/// `[rows, width]` → the same: `x·Φ(x)` with the exact normal distribution.
#[must_use]
pub fn gelu(input: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "cpu")]
    if fused::applies(&input) {
        return fused::gelu(input);
    }
    gelu_composed(input)
}

/// Not burn's own `gelu`: on a GPU its gradient is that of the tanh approximation, which shows at the pixels.
pub(super) fn gelu_composed(input: Tensor<2>) -> Tensor<2> {
    let erf = (input.clone() * std::f64::consts::FRAC_1_SQRT_2).erf();
    (erf + 1.0) * input * 0.5
}

/// `[rows, width]` twice → the same: `silu(gate)·up` (Shazeer, arXiv 2002.05202).
#[must_use]
pub fn swiglu(gate: Tensor<2>, up: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "cpu")]
    if fused::applies(&gate) {
        return fused::swiglu(gate, up);
    }
    swiglu_composed(gate, up)
}

pub(super) fn swiglu_composed(gate: Tensor<2>, up: Tensor<2>) -> Tensor<2> {
    activation::silu(gate) * up
}

/// `[rows, width]` twice, `[width]` → `[rows, width]`: `residual + input·scale`.
#[must_use]
pub fn scaled_add(residual: Tensor<2>, input: Tensor<2>, scale: Tensor<1>) -> Tensor<2> {
    #[cfg(feature = "cpu")]
    if fused::applies(&input) {
        return fused::scaled_add(residual, input, scale);
    }
    scaled_add_composed(residual, input, scale)
}

pub(super) fn scaled_add_composed(residual: Tensor<2>, input: Tensor<2>, scale: Tensor<1>) -> Tensor<2> {
    residual + input * scale.unsqueeze()
}

/// `[batch, length, heads, d]` → the same shape; see [`Rotary`].
#[must_use]
pub fn rotate(heads: Tensor<4>, rotary: &Rotary) -> Tensor<4> {
    match rotary.tensors() {
        Some((cos, sin)) => rotate_with(heads, cos.clone(), sin.clone()),
        #[cfg(feature = "cpu")]
        None if fused::applies(&heads) => fused::rotate(heads, rotary.table()),
        None => rotate_composed(heads, &rotary.table()),
    }
}

pub(super) fn rotate_composed(heads: Tensor<4>, table: &Table) -> Tensor<4> {
    let device = heads.device().without_autodiff();
    let shape = [table.cos.len() / table.half, table.half];
    let cos = Tensor::from_data(TensorData::new(table.cos.clone(), shape), &device);
    let sin = Tensor::from_data(TensorData::new(table.sin.clone(), shape), &device);
    rotate_with(heads, cos, sin)
}

fn rotate_with(heads: Tensor<4>, cos: Tensor<2>, sin: Tensor<2>) -> Tensor<4> {
    let [batch, length, count, width] = heads.dims();
    let half = width / 2;
    let rows = cos.dims()[0];
    let table = |table: Tensor<2>| table.reshape([rows / length, length, 1, half]);
    let (cos, sin) = (table(cos), table(sin));
    let first = heads.clone().slice([0..batch, 0..length, 0..count, 0..half]);
    let second = heads.slice([0..batch, 0..length, 0..count, half..width]);
    let low = first.clone() * cos.clone() - second.clone() * sin.clone();
    let high = second * cos + first * sin;
    Tensor::cat(vec![low, high], 3)
}

/// `[batch, queries, heads, d]`, twice `[batch, keys, kv_heads, d]` → `[batch, queries, heads, d]`; see
/// [`Attention`](super::Attention).
#[must_use]
pub fn attention(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, mask: &AttentionMask) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if fused::applies(&query) {
        return fused::attention(query, key, value, mask.visible.clone());
    }
    attention_composed(query, key, value, mask)
}

pub(super) fn attention_composed(
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    mask: &AttentionMask,
) -> Tensor<4> {
    let [batch, queries, heads, width] = query.dims();
    let [_, keys, kv_heads, _] = key.dims();
    let group = heads / kv_heads;
    // the query heads of a group become further rows against the same keys, so keys are never repeated
    let query = query.swap_dims(1, 2).reshape([batch, kv_heads, group * queries, width]);
    let scores = query.matmul(key.permute([0, 2, 3, 1])) * (width as f64).powf(-0.5);
    let scores = scores.reshape([batch, heads, queries, keys]);
    let scores = match mask.bias(queries, keys, &scores.device().without_autodiff()) {
        Some(bias) => scores + bias,
        None => scores,
    };
    let weights = activation::softmax(scores, 3).reshape([batch, kv_heads, group * queries, keys]);
    let mixed = weights.matmul(value.swap_dims(1, 2));
    mixed.reshape([batch, heads, queries, width]).swap_dims(1, 2)
}

/// `[rows, vocabulary]`, `[rows]` target ids, `[rows]` shares → `[1]`: `−Σ share·log softmax(logits)[target]`.
#[must_use]
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>, shares: Tensor<1>) -> Tensor<1> {
    let rows = logits.dims()[0];
    let targets = targets.reshape([rows, 1]);
    (activation::log_softmax(logits, 1).gather(1, targets) * shares.reshape([rows, 1])).sum().neg()
}
