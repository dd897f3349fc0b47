//! What only DrAction's runs have: the picture with its pixels taken apart, and gradients of a loss on what was drawn.

mod gradients;
mod picture;

pub(super) use self::{gradients::show as gradients, picture::show as picture};
