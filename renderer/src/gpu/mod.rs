//! The GPU core: kernels, buffers, pools, timing and live reload of any client. It knows nothing of what is computed.
//!
//! A client describes its kernels as [`Kernel`]s (a WGSL source, a uniform, storage buffers read and written), has them
//! compiled by [`Kernels`], binds buffers to them, and records [`Dispatch`]es: all of them at once, or one by one under
//! a [`Stopwatch`]. DrAction's engine is one client. Nothing beyond WebGPU's default limits is asked for.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `adapter` | finding a graphics adapter, opening a device |
//! | `kernel` | descriptions of kernels, compiled and bound; dispatches |
//! | `layout`, `run`, `compare` | what the numbers of buffers mean, what is left of a run, and how far two are apart |
//! | `memory` | stretches of buffers, sources of numbers, the way back to the host |
//! | `uploads`, `pool` | staging memory and whatever else is used again |
//! | `timing` | how long each kernel takes |
//! | `validate`, `reload` | WGSL checked by naga; files under edit, of which the last good ones run |

mod adapter;
mod compare;
mod error;
mod kernel;
mod layout;
mod memory;
mod pool;
#[cfg(not(target_family = "wasm"))]
mod reload;
mod run;
#[cfg(not(target_family = "wasm"))]
mod stopwatch;
mod timing;
mod uploads;
#[cfg(not(target_family = "wasm"))]
mod validate;

pub use draction_shaders::{Sources, Wgsl};

pub use adapter::{ADAPTER_VARIABLE, AdapterChoice, describe, request};
pub use compare::{Difference, Outcome, Verdict, Worst, first_disagreeing, worst};
pub use error::Error;
pub use kernel::{Dispatch, Kernel, Kernels, Pipelines, Program, compile_checked, folded, record};
pub use layout::{Column, Layout};
pub use memory::{BufferRange, Source, mapped_buffer, read_back};
pub use pool::Pool;
#[cfg(not(target_family = "wasm"))]
pub use reload::{Reload, ShaderBench};
pub use run::{KernelBuffers, Run};
#[cfg(not(target_family = "wasm"))]
pub use stopwatch::Stopwatch;
pub use timing::{Clock, KernelTime, Timing};
pub use uploads::{Uploads, fresh};
#[cfg(not(target_family = "wasm"))]
pub use validate::{ShaderProblem, validate};
