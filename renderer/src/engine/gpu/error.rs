//! What can go wrong when a GPU renders.

use crate::{engine::EngineError, gpu, passes::Buffer};

/// Why the GPU engine gave up.
#[derive(Debug, thiserror::Error)]
pub enum GpuError {
    /// The inputs do not fit their sizes.
    #[error(transparent)]
    Inputs(#[from] EngineError),
    /// One frame alone needs a buffer that WebGPU's limits forbid.
    #[error("{buffer:?} would take {bytes} bytes for a single frame, and the device binds {limit} at most")]
    TooLarge {
        /// Which buffer.
        buffer: Buffer,
        /// What it would take.
        bytes: u64,
        /// What the device allows.
        limit: u64,
    },
    /// Pictures that no texture shows side by side, or that no binding holds.
    #[error("{count} pictures of {width}x{height} pixels do not fit one texture of the device")]
    Pictures {
        /// How many.
        count: usize,
        /// Height of each in pixels.
        height: usize,
        /// Width of each in pixels.
        width: usize,
    },
    /// A texture that pictures cannot be drawn into.
    #[error("pictures go into an Rgba8Unorm texture of {width}x{height} pixels, not into {got}")]
    Target {
        /// Width that it should have.
        width: u32,
        /// Height that it should have.
        height: u32,
        /// What was given.
        got: String,
    },
    /// Scratch memory holds parts of one stretch only, or the passes do not bind the buffer at all.
    #[error("{0:?} cannot be captured: it is scratch memory, or none of the passes touches it")]
    Scratch(Buffer),
    /// The GPU did not do its work, or there is none.
    #[error(transparent)]
    Gpu(#[from] gpu::Error),
}
