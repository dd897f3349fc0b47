//! What can go wrong on the way to a GPU and back.

/// Why the GPU did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
    /// A stretch of a caller's buffer does not fit what is to be copied.
    #[error("{what} takes {expected} bytes, but bytes {offset}..{offset}+{size} of a buffer of {available} were given")]
    Range {
        /// What is to be copied.
        what: String,
        /// Its size in bytes.
        expected: u64,
        /// Where the given stretch begins, a multiple of 4.
        offset: u64,
        /// Its length.
        size: u64,
        /// The size of the whole buffer.
        available: u64,
    },
    /// A shader does not compile.
    #[error("shader {name}: {reason}")]
    Shader {
        /// The kernel.
        name: &'static str,
        /// The compiler's or composer's message.
        reason: String,
    },
    /// Memory of the GPU could not be written or read, mostly because the device was lost.
    #[error("cannot reach the GPU's memory: {0}")]
    Memory(String),
}
