//! What can go wrong on the way to a GPU and back.

use crate::{engine::EngineError, passes::Buffer};

/// Why the GPU engine gave up.
#[derive(Debug, thiserror::Error)]
pub enum GpuError {
    /// There is no graphics adapter, or none of the wanted name.
    #[error("no graphics adapter{wanted}: {reason}")]
    NoAdapter {
        /// ` named like "…"`, or nothing.
        wanted: String,
        /// What the system says, or what there is instead.
        reason: String,
    },
    /// The adapter exists but gives no device.
    #[error("the adapter {adapter:?} gives no device: {reason}")]
    NoDevice {
        /// The adapter's name.
        adapter: String,
        /// What the driver says.
        reason: String,
    },
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
    /// A stretch of a caller's buffer does not fit what is to be copied.
    #[error(
        "{buffer:?} takes {expected} bytes, but bytes {offset}..{offset}+{size} of a buffer of {available} were given"
    )]
    Range {
        /// What is to be copied.
        buffer: Buffer,
        /// Its size in bytes.
        expected: u64,
        /// Where the given stretch begins, a multiple of 4.
        offset: u64,
        /// Its length.
        size: u64,
        /// The size of the whole buffer.
        available: u64,
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
    /// A shader does not compile.
    #[error("shader {name}: {reason}")]
    Shader {
        /// The pass.
        name: &'static str,
        /// The compiler's or composer's message.
        reason: String,
    },
    /// Memory of the GPU could not be written or read, mostly because the device was lost.
    #[error("cannot reach the GPU's memory: {0}")]
    Memory(String),
}
