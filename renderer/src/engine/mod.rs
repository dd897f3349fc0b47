//! Engines replay recorded passes: `cpu` in plain Rust, `gpu` on any wgpu device.

pub mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;

use crate::{
    camera::Camera,
    draction::{HEAD_LEN, NFM_LEN, Parameters, Template},
    passes::{self, Buffer, Dims, Role},
};

/// Everything a rendering reads, as host slices. Shapes are those of [`crate::passes::Buffer`].
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Sizes; `frames` counts the frames of one clip.
    pub dims: Dims,
    /// The Gaussians in their reference pose.
    pub template: &'a Template,
    /// The trained numbers.
    pub parameters: &'a Parameters,
    /// `[B]` one camera a clip.
    pub cameras: &'a [Camera],
    /// `[B, T, P, J, 3]` metres.
    pub positions: &'a [f32],
    /// `[B, T, P, J, 3]` metres per four frames.
    pub velocities: &'a [f32],
    /// `[B, T, P, J, 4]`; needed when `dims.oriented`.
    pub orientations: Option<&'a [f32]>,
}

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

impl Inputs<'_> {
    /// Checks every length against `dims`.
    ///
    /// # Errors
    /// [`EngineError`] naming the input that does not fit.
    pub fn check(&self) -> Result<(), EngineError> {
        let d = &self.dims;
        let sizes = [d.clips, d.frames, d.bodies, d.joints, d.gaussians, d.width, d.height];
        let pixels = checked_product(&[d.clips, d.frames, d.width, d.height, 3]);
        let gaussians = checked_product(&[d.clips, d.frames, d.bodies, d.gaussians, 20]);
        let fits = |n: Option<usize>| n.is_some_and(|n| n <= i32::MAX as usize);
        if sizes.contains(&0) || !fits(pixels) || !fits(gaussians) {
            return Err(EngineError::Size(format!(
                "{} clips of {} frames, {} bodies of {} joints and {} Gaussians, {}x{} pixels",
                d.clips, d.frames, d.bodies, d.joints, d.gaussians, d.width, d.height
            )));
        }
        let expect = |what, expected, got| {
            if expected == got { Ok(()) } else { Err(EngineError::Length { what, expected, got }) }
        };
        let joints = d.frame_count() * d.bodies * d.joints;
        expect("positions", joints * 3, self.positions.len())?;
        expect("velocities", joints * 3, self.velocities.len())?;
        if d.oriented {
            expect("orientations", joints * 4, self.orientations.map_or(0, <[f32]>::len))?;
        }
        expect("cameras", d.clips, self.cameras.len())?;
        expect("template joints", d.joints, self.template.joints)?;
        expect("template Gaussians", d.gaussians, self.template.gaussians)?;
        expect("features", d.gaussians * 3, self.parameters.features.len())?;
        expect("appearance head", HEAD_LEN, self.parameters.head.len())?;
        match &self.parameters.nfm {
            Some(nfm) => expect("NFM", NFM_LEN, nfm.len()),
            None if d.nfm => Err(EngineError::Size("with the NFM: the weights have none".into())),
            None => Ok(()),
        }
    }

    /// [`crate::passes::Buffer::Cameras`]: `[B, 16]`.
    pub fn camera_rows(&self) -> Vec<f32> {
        self.cameras.iter().flat_map(|c| c.to_array(self.dims.width, self.dims.height)).collect()
    }
}

fn checked_product(factors: &[usize]) -> Option<usize> {
    factors.iter().try_fold(1usize, |product, &f| product.checked_mul(f))
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
