//! What the GPU executes: DrAction's passes in WGSL, and what describes them to Rust.
//!
//! Each pass is one file in `wgsl/`, named as the pass; code that several share lies in `wgsl/shared/` and is pulled in
//! by a line `// #import shared/<file>`. [`compose`] puts a pass together; [`Params`] is the uniform that all of them
//! read, [`rows`] says what stands in buffers, and what both sides have to agree on is a constant here. [`wgsl::PRESENT`] shows what the passes drew. There is no wgpu here: an engine compiles the text, a test compiles
//! it with naga.

mod compose;
mod constants;
mod embedded;
pub mod packed;
mod params;
pub mod rows;

pub use compose::{ComposeError, Sources, compose};
pub use constants::*;
pub use embedded::{FILES, Wgsl, wgsl};
pub use params::Params;
