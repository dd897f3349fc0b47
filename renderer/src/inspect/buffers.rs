//! The buffers of a rendering after its passes ran.

use std::collections::BTreeMap;

use crate::{
    engine::{
        EngineError, Scene, captured,
        cpu::CpuEngine,
        gpu::{GpuEngine, GpuError},
    },
    gpu::Timing,
    passes::{self, Buffer},
};

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
    /// [`EngineError`] when the scene does not fit its sizes.
    pub fn of_twin(scene: &Scene, grad_frames: Option<&[f32]>) -> Result<(Buffers, Timing), EngineError> {
        run(scene, grad_frames, |passes, backward, buffers| CpuEngine.time(scene, passes, backward, buffers))
    }

    /// As [`Buffers::of_twin`], on a GPU.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    pub fn of_gpu(
        engine: &GpuEngine,
        scene: &Scene,
        grad_frames: Option<&[f32]>,
    ) -> Result<(Buffers, Timing), GpuError> {
        run(scene, grad_frames, |passes, backward, buffers| engine.time(scene, passes, backward, buffers))
    }
}

/// Frames and the gradient of a loss with respect to them.
type Upstream<'a> = Option<(&'a [f32], &'a [f32])>;

fn run<E>(
    scene: &Scene,
    grad_frames: Option<&[f32]>,
    mut time: impl FnMut(&[passes::Pass], Upstream<'_>, &[Buffer]) -> Result<(Timing, Vec<Vec<f32>>), E>,
) -> Result<(Buffers, Timing), E> {
    let dims = &scene.dims;
    let wanted = captured(dims, false);
    let (mut timing, got) = time(&passes::forward(dims), None, &wanted)?;
    let inputs = scene.memory();
    let mut buffers = Buffers(inputs.iter().map(|(buffer, numbers)| (buffer, numbers.to_vec())).collect());
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
