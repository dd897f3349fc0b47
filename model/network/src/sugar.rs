//! SUGAR: a skeleton that speaks to a language model (spec D).
//!
//! [`mil_nce`] draws skeletons and the texts about them together; [`Tqp`] turns a skeleton's tokens into those of a
//! language model, which makes a [`Narrator`] of them. The skeleton's [encoder](SkeletonEncoder) is a graph network that
//! ends in the space of sentences.

mod encoder;
mod mil_nce;
mod narrator;
mod tqp;

#[cfg(test)]
mod tests;

pub use encoder::SkeletonEncoder;
pub use mil_nce::{Bags, Reading, mil_nce};
pub use narrator::{Narrator, Spread};
pub use tqp::{Tqp, TqpConfig};
