//! NTU RGB+D: what names of samples say, how protocols divide them, and which are missing.

mod classes;
mod missing;
mod protocol;
mod sample;

pub use classes::class_names;
pub use missing::MissingSamples;
pub use protocol::Protocol;
pub(crate) use sample::SUFFIX;
pub use sample::Sample;
