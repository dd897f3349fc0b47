//! Inputs that own their numbers, so that they can travel between threads and into files, and the buffers after a run.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    camera::Camera,
    clip::{Batch, Clip, ClipError},
    draction::DrAction,
    engine::{
        EngineError, Inputs,
        cpu::CpuEngine,
        gpu::{GpuEngine, GpuError, PackedTemplate},
        timing::{Timing, captured},
    },
    passes::{self, Buffer, Dims},
};

/// Everything that a rendering reads. [`OwnedInputs::borrow`] is what engines take.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedInputs {
    /// Sizes.
    pub dims: Dims,
    /// Template and trained numbers.
    pub draction: Arc<DrAction>,
    /// `[B]`.
    pub cameras: Vec<Camera>,
    /// `[B, T, P, J, 3]` metres.
    pub positions: Vec<f32>,
    /// `[B, T, P, J, 3]` metres per four frames.
    pub velocities: Vec<f32>,
    /// `[B, T, P, J, 4]` where `dims.oriented`.
    pub orientations: Option<Vec<f32>>,
}

impl OwnedInputs {
    /// One clip, drawn by `draction` in pictures of `width` × `height` pixels.
    ///
    /// # Errors
    /// As [`Batch::new`].
    pub fn of_clip(clip: &Clip, draction: Arc<DrAction>, width: usize, height: usize) -> Result<Self, ClipError> {
        let batch = Batch::new([clip])?;
        Ok(OwnedInputs {
            dims: batch.dims(&draction, width, height),
            draction,
            cameras: batch.cameras,
            positions: batch.positions,
            velocities: batch.velocities,
            orientations: batch.orientations,
        })
    }

    /// What an engine takes.
    pub fn borrow(&self) -> Inputs<'_> {
        Inputs {
            dims: self.dims,
            template: &self.draction.template,
            parameters: &self.draction.parameters,
            cameras: &self.cameras,
            positions: &self.positions,
            velocities: &self.velocities,
            orientations: self.orientations.as_deref(),
        }
    }

    /// The inputs as the passes bind them.
    pub fn bound(&self) -> Buffers {
        let template = PackedTemplate::new(&self.draction.template);
        let mut buffers = Buffers::default();
        buffers.insert(Buffer::Positions, self.positions.clone());
        buffers.insert(Buffer::Velocities, self.velocities.clone());
        if let Some(orientations) = &self.orientations {
            buffers.insert(Buffer::Orientations, orientations.clone());
        }
        buffers.insert(Buffer::Cameras, self.borrow().camera_rows());
        buffers.insert(Buffer::CanonicalJoints, template.canonical_joints);
        buffers.insert(Buffer::Template, template.rows);
        buffers.insert(Buffer::LbsWeights, template.lbs_weights);
        buffers.insert(Buffer::Features, self.draction.parameters.features.clone());
        buffers.insert(Buffer::Weights, self.draction.parameters.pack());
        buffers
    }
}

/// Numbers of buffers by name, laid out as [`Buffer`] says; [`Buffer::Order`] holds numbers, not bits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buffers(BTreeMap<Buffer, Vec<f32>>);

impl Buffers {
    /// The numbers of `buffer`, empty where it is not there.
    pub fn get(&self, buffer: Buffer) -> &[f32] {
        self.0.get(&buffer).map_or(&[], Vec::as_slice)
    }

    /// The rows of `buffer`, none where it is not there; `T` is the struct of its rows, see [`draction_shaders::rows`].
    pub fn rows<T: bytemuck::Pod>(&self, buffer: Buffer) -> &[T] {
        bytemuck::cast_slice(self.get(buffer))
    }

    /// Whether `buffer` is there.
    pub fn has(&self, buffer: Buffer) -> bool {
        self.0.contains_key(&buffer)
    }

    /// Sets the numbers of `buffer`.
    pub fn insert(&mut self, buffer: Buffer, numbers: Vec<f32>) {
        self.0.insert(buffer, numbers);
    }

    /// All of them in the order of [`Buffer`].
    pub fn iter(&self) -> impl Iterator<Item = (Buffer, &[f32])> {
        self.0.iter().map(|(buffer, numbers)| (*buffer, numbers.as_slice()))
    }

    /// Adds those of `other`; they replace what is there.
    #[must_use]
    pub fn with(mut self, other: Buffers) -> Buffers {
        self.0.extend(other.0);
        self
    }

    /// Every buffer, inputs included, after the CPU twins of all passes ran, and how long each took. With the gradient
    /// of a loss with respect to the frames, `[F, H, W, 3]`, also those of the backward passes.
    ///
    /// # Errors
    /// [`EngineError`] when the inputs do not fit their sizes.
    pub fn of_twin(inputs: &OwnedInputs, grad_frames: Option<&[f32]>) -> Result<(Buffers, Timing), EngineError> {
        let borrowed = inputs.borrow();
        run(inputs, grad_frames, |passes, backward, buffers| CpuEngine.time(&borrowed, passes, backward, buffers))
    }

    /// As [`Buffers::of_twin`], on a GPU.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    pub fn of_gpu(
        engine: &GpuEngine,
        inputs: &OwnedInputs,
        grad_frames: Option<&[f32]>,
    ) -> Result<(Buffers, Timing), GpuError> {
        let borrowed = inputs.borrow();
        run(inputs, grad_frames, |passes, backward, buffers| engine.time(&borrowed, passes, backward, buffers))
    }
}

/// Frames and the gradient of a loss with respect to them.
type Upstream<'a> = Option<(&'a [f32], &'a [f32])>;

fn run<E>(
    inputs: &OwnedInputs,
    grad_frames: Option<&[f32]>,
    mut time: impl FnMut(&[passes::Pass], Upstream<'_>, &[Buffer]) -> Result<(Timing, Vec<Vec<f32>>), E>,
) -> Result<(Buffers, Timing), E> {
    let dims = &inputs.dims;
    let wanted = captured(dims, false);
    let (mut timing, got) = time(&passes::forward(dims), None, &wanted)?;
    let mut buffers = inputs.bound();
    buffers.0.extend(wanted.into_iter().zip(got));
    if let Some(grad_frames) = grad_frames {
        let wanted = captured(dims, true);
        let (backward, got) = time(&passes::backward(dims), Some((buffers.get(Buffer::Frames), grad_frames)), &wanted)?;
        timing = timing.joined(&backward);
        buffers.0.extend(wanted.into_iter().zip(got));
        buffers.insert(Buffer::GradFrames, grad_frames.to_vec());
    }
    Ok((buffers, timing))
}
