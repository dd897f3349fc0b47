//! DrAction: a differentiable Gaussian renderer for skeleton motions.
//!
//! `motion` reads files, `clip` samples them, `draction` holds the template and the trained numbers, `passes` records
//! what is to be computed, and `engine` computes it on a GPU or in plain Rust.
pub mod camera;
pub mod clip;
pub mod conformance;
pub mod device;
pub mod draction;
pub mod engine;
pub mod export;
pub mod figure;
#[cfg(not(target_family = "wasm"))]
pub mod inspect;
pub mod motion;
pub mod passes;
pub mod random;
pub mod sampling;
pub mod store;
#[cfg(test)]
mod testing;
