//! Engines replay recorded passes: `cpu` in plain Rust, `gpu` on any wgpu device.

pub mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;
mod scene;

pub use scene::Scene;

use crate::{
    draction::Parameters,
    passes::{self, Buffer, Dims, Role},
};

/// `∂L/∂` everything that can be trained or asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// The trained numbers; `parameters.nfm` is `None` where the NFM is off.
    pub parameters: Parameters,
    /// `[B, T, P, J, 3]`.
    pub positions: Vec<f32>,
    /// `[B, T, P, J, 3]`.
    pub velocities: Vec<f32>,
}

/// Why a rendering was refused.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A slice does not have the length that the sizes ask for.
    #[error("{what} holds {got} numbers, but the sizes ask for {expected}")]
    Length {
        /// Which input.
        what: &'static str,
        /// What [`Dims`] asks for.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// Nothing to draw, or more than can be counted.
    #[error("cannot render {0}")]
    Size(String),
}

/// What was read of a buffer, with whole numbers as numbers instead of their bits.
fn in_numbers(buffer: Buffer, mut read: Vec<f32>) -> Vec<f32> {
    if buffer.about().role == Role::Order {
        read.iter_mut().for_each(|x| *x = x.to_bits() as f32);
    }
    read
}

/// Buffers that an engine can read back after [`passes::forward`], or after [`passes::backward`].
pub fn captured(dims: &Dims, backward: bool) -> Vec<Buffer> {
    let passes = if backward { passes::backward(dims) } else { passes::forward(dims) };
    let mut buffers = Vec::new();
    for pass in passes {
        for &buffer in pass.about().writes {
            if buffer.scratch().is_none() && !buffers.contains(&buffer) {
                buffers.push(buffer);
            }
        }
    }
    buffers
}
