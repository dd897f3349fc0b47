//! The passes once more in plain Rust, deliberately simple: the oracle of the GPU, and what machines without one run.
//!
//! One function a pass, named as its WGSL file. Every frame is computed by one thread in a fixed order, so results are
//! the same bits on every run and with any number of threads.

mod backward;
mod forward;
mod math;
mod rasterize;

pub(super) use backward::{
    appearance_backward, depth_range_backward, head_backward, head_weights_backward, nfm_weights_backward,
    project_backward, skin_backward,
};
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
pub(crate) use forward::origin;
pub(super) use forward::{Appearance, appearance, depth_range, head, project, skin, skin_oriented, sort};
pub(super) use rasterize::{rasterize, rasterize_backward};
