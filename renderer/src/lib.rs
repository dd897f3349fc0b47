//! DrAction: a differentiable Gaussian renderer for skeleton motions.
//!
//! [`Renderer`] draws a motion file in three lines. Beneath it, `motion` reads files, `clip` samples them, `draction` holds
//! the template and the trained numbers, `passes` records what is to be computed, and `engine` computes it on a GPU or in
//! plain Rust. `gpu` runs kernels of any client, of which the engine is one.
//!
//! | Feature | What it brings |
//! | --- | --- |
//! | `gpu` | the engine on wgpu, which is re-exported as `draction::wgpu` |
//! | `export` | PNG, GIF and folders of pictures |
//! | `cli` | the programs, and what they share of the terminal |
//!
//! All three are on by default. Without them there is neither wgpu nor clap.
pub mod camera;
#[cfg(feature = "cli")]
pub mod cli;
pub mod clip;
pub mod conformance;
pub mod device;
pub mod draction;
pub mod engine;
#[cfg(feature = "export")]
pub mod export;
pub mod figure;
#[cfg(feature = "gpu")]
pub mod gpu;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
pub mod inspect;
pub mod motion;
pub mod passes;
pub mod random;
pub mod renderer;
pub mod s2i;
pub mod sampling;
pub mod simd;
pub mod store;
#[cfg(test)]
mod testing;

pub use renderer::{DrawError, Renderer, Rendering};
#[cfg(feature = "gpu")]
pub use wgpu;
