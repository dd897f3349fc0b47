//! The engine of machines without a GPU, and the oracle of the one with: replays the passes' twins on all cores.

#[cfg(test)]
mod spec;

use super::{EngineError, Gradients, Scene, in_numbers};
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
use crate::gpu::{Clock, KernelTime, Timing};
use crate::{
    draction::Parameters,
    passes::{self, Buffer, Extent, Memory, Pass},
};

/// Replays passes in plain Rust on all cores.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuEngine;

impl CpuEngine {
    /// Draws `frames [B, T, H, W, 3]`.
    ///
    /// # Errors
    /// [`EngineError`] when a list does not fit `scene.dims`.
    pub fn forward(&self, scene: &Scene) -> Result<Vec<f32>, EngineError> {
        scene.check()?;
        let mut memory = scene.memory();
        replay(&mut memory, &passes::forward(&scene.dims), |_| {});
        Ok(memory.take(Buffer::Frames))
    }

    /// Gradients of a loss from `∂L/∂frames`; `frames` and `grad_frames` are `[B, T, H, W, 3]`.
    ///
    /// # Errors
    /// As [`CpuEngine::forward`].
    pub fn backward(&self, scene: &Scene, frames: &[f32], grad_frames: &[f32]) -> Result<Gradients, EngineError> {
        scene.check()?;
        let mut memory = scene.memory();
        set_frames(&mut memory, frames, grad_frames)?;
        replay(&mut memory, &passes::backward(&scene.dims), |_| {});
        let features = memory.take(Buffer::GradFeatures);
        Ok(Gradients {
            parameters: Parameters::from_packed(features, memory.get(Buffer::GradWeights), scene.dims.nfm),
            positions: memory.take(Buffer::GradPositions),
            velocities: memory.take(Buffer::GradVelocities),
        })
    }

    /// Runs `passes` and returns the named buffers as the last pass left them ([`Buffer::Order`] as numbers).
    /// `backward` gives the frames and their upstream gradient where the passes need them.
    ///
    /// # Errors
    /// As [`CpuEngine::forward`].
    pub fn capture(
        &self,
        scene: &Scene,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        self.watch(scene, passes, backward, buffers, |_| {})
    }

    /// [`CpuEngine::capture`] that tells `ran` of each pass as soon as it has run.
    ///
    /// # Errors
    /// As [`CpuEngine::forward`].
    pub fn watch(
        &self,
        scene: &Scene,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
        ran: impl FnMut(Pass),
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        scene.check()?;
        let mut memory = scene.memory();
        if let Some((frames, grad_frames)) = backward {
            set_frames(&mut memory, frames, grad_frames)?;
        }
        replay(&mut memory, passes, ran);
        Ok(buffers.iter().map(|&buffer| in_numbers(buffer, memory.get(buffer).to_vec())).collect())
    }

    /// Runs `passes`, takes their times, and returns the named buffers; as [`CpuEngine::capture`].
    ///
    /// # Errors
    /// As [`CpuEngine::forward`].
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    pub fn time(
        &self,
        scene: &Scene,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<(Timing, Vec<Vec<f32>>), EngineError> {
        let mut timing = Timing::new(Clock::Twin);
        let mut last = std::time::Instant::now();
        let captured = self.watch(scene, passes, backward, buffers, |pass| {
            let time = last.elapsed();
            last = std::time::Instant::now();
            if pass.about().twin.is_some() {
                timing.add(KernelTime { kernel: pass.name(), time, dispatches: 0, groups: [0; 2], bytes: 0 });
            }
        })?;
        Ok((timing, captured))
    }
}

/// Runs the twins of `passes` and tells `ran` of each.
fn replay(memory: &mut Memory<'_>, passes: &[Pass], mut ran: impl FnMut(Pass)) {
    for &pass in passes {
        if let Some(twin) = pass.about().twin {
            twin(memory);
        }
        ran(pass);
    }
}

fn set_frames<'a>(memory: &mut Memory<'a>, frames: &'a [f32], grad_frames: &'a [f32]) -> Result<(), EngineError> {
    let expected = Buffer::Frames.len(&Extent::whole(&memory.dims)) as usize;
    for (buffer, numbers) in [(Buffer::Frames, frames), (Buffer::GradFrames, grad_frames)] {
        if numbers.len() != expected {
            return Err(EngineError::Length { what: buffer.about().label, expected, got: numbers.len() });
        }
        memory.set(buffer, numbers);
    }
    Ok(())
}
