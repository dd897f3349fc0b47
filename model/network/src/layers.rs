//! The layers of both transformers, each one struct whose field names are the checkpoint's.
//!
//! Everything between attention blocks works on `[rows, width]`: a matrix product over all tokens of all clips at once
//! is the one shape that every backend runs well.

mod attention;
mod embedding;
mod linear;
mod lora;
mod mask;
mod norm;
mod rope;
mod vit;

#[cfg(feature = "cpu")]
pub(crate) mod fused;
pub mod ops;

pub use attention::Attention;
pub use embedding::Embedding;
pub use linear::Linear;
pub use lora::{Lora, LoraConfig};
#[cfg(feature = "cpu")]
pub(crate) use mask::Visibility;
pub use mask::{AttentionMask, Gap};
pub use norm::{LayerNorm, RmsNorm};
pub use rope::Rotary;
pub(crate) use rope::Table;
pub use vit::{Mlp, PatchProjection, project};
