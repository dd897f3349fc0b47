//! Replays the recorded passes on any wgpu device.
//!
//! The engine owns every buffer that its shaders bind, so it works beside a tensor library or a user interface on one
//! device without sharing a binding with either: inputs are copied in and results copied out, on the GPU. It asks for
//! nothing beyond WebGPU's default limits; what is too large for them is cut into stretches of frames and bands of
//! tiles (`plan`). The same inputs give the same bits on every run.
//!
//! What was drawn need not be read back to be seen: [`GpuEngine::record_present`] puts frames on a texture, and a
//! [`Canvas`] does so for a clip that is drawn over and over.

mod canvas;
mod error;
mod pipelines;
mod plan;
mod present;
mod record;
#[cfg(test)]
mod tests;
#[cfg(not(target_family = "wasm"))]
mod timing;
mod transfer;
mod workspace;

use std::sync::{PoisonError, RwLock};

pub use canvas::Canvas;
pub use error::GpuError;
pub use pipelines::program;
pub use transfer::{GradientTargets, Inputs};

use self::{plan::Budget, transfer::Target, workspace::Workspace};
use super::{Gradients, Scene, in_numbers};
use crate::{
    draction::Parameters,
    gpu::{self, AdapterChoice, BufferRange, Kernels, Pool, Program, Source, Uploads, compile_checked, read_back},
    passes::{self, Buffer, Dims, Memory, Pass},
};

/// Sizes of renderings whose buffers are kept.
const KEPT: usize = 3;

/// DrAction on a GPU. Cheap to share: all methods take `&self`.
pub struct GpuEngine {
    device: wgpu::Device,
    queue: wgpu::Queue,
    kernels: Kernels,
    present_layout: wgpu::BindGroupLayout,
    present: RwLock<wgpu::RenderPipeline>,
    budget: Budget,
    workspaces: Pool<Workspace>,
    /// One for each recording at a time.
    uploads: Pool<Uploads>,
    #[cfg(test)]
    poison: bool,
}

impl GpuEngine {
    /// An engine on somebody's device and queue. Compiles every pass.
    ///
    /// # Errors
    /// [`gpu::Error::Shader`] when the shaders in this program do not fit together, which its tests rule out.
    pub fn new(device: wgpu::Device, queue: wgpu::Queue) -> Result<GpuEngine, GpuError> {
        let Program { sources, kernels, .. } = program();
        let kernels = Kernels::new(&device, kernels, &sources)?;
        let present_layout = present::layout(&device);
        let present = pipelines::present(&device, &present_layout, &sources)?;
        let budget = Budget::new(&device.limits());
        Ok(GpuEngine {
            device,
            queue,
            kernels,
            present_layout,
            present: RwLock::new(present),
            budget,
            workspaces: Pool::new(KEPT),
            uploads: Pool::new(usize::MAX),
            #[cfg(test)]
            poison: false,
        })
    }

    /// An engine on a device of its own.
    ///
    /// # Errors
    /// [`gpu::Error::NoAdapter`] and [`gpu::Error::NoDevice`].
    pub async fn request(choice: &AdapterChoice) -> Result<GpuEngine, GpuError> {
        let (device, queue) = gpu::request(choice).await?;
        GpuEngine::new(device, queue)
    }

    /// Name, kind and driver of the adapter.
    pub fn adapter(&self) -> wgpu::AdapterInfo {
        self.device.adapter_info()
    }

    /// The device that every buffer must belong to.
    pub fn device(&self) -> &wgpu::Device {
        &self.device
    }

    /// The queue that host renderings are submitted to.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// Compiles the shaders that changed; when one of them has a mistake, the engine keeps those it has.
    ///
    /// # Errors
    /// [`gpu::Error::Shader`] with the compiler's message.
    pub async fn reload(&self, sources: &draction_shaders::Sources) -> Result<(), GpuError> {
        let compile = || {
            let present = pipelines::present(&self.device, &self.present_layout, sources)?;
            Ok((self.kernels.compile(sources)?, present))
        };
        let (kernels, present) = compile_checked(&self.device, compile).await?;
        self.kernels.install(kernels);
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = present;
        Ok(())
    }

    /// Records drawing `frames [B, T, H, W, 3]` into `encoder`. Nothing is submitted or read back.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`]; [`gpu::Error::Range`] and [`GpuError::Inputs`] when an input or the target has a wrong
    /// length.
    pub fn record_forward(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        dims: &Dims,
        inputs: &Inputs<'_>,
        frames: BufferRange<'_>,
    ) -> Result<(), GpuError> {
        let targets = [(Buffer::Frames, Target::Range(frames))];
        self.record(encoder, dims, &passes::forward(dims), inputs, &targets).map(drop)
    }

    /// Records the gradients of a loss from `frames` (those that [`GpuEngine::record_forward`] drew from the same
    /// inputs) and its gradient `grad_frames`, both `[B, T, H, W, 3]`.
    ///
    /// # Errors
    /// As [`GpuEngine::record_forward`].
    pub fn record_backward(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        dims: &Dims,
        inputs: &Inputs<'_>,
        frames: Source<'_>,
        grad_frames: Source<'_>,
        targets: &GradientTargets<'_>,
    ) -> Result<(), GpuError> {
        let inputs = inputs.clone().with(Buffer::Frames, frames).with(Buffer::GradFrames, grad_frames);
        self.record(encoder, dims, &passes::backward(dims), &inputs, &targets.list()).map(drop)
    }

    /// Draws `frames [B, T, H, W, 3]` and waits for them.
    ///
    /// # Errors
    /// [`GpuError`], of whatever kind but [`gpu::Error::Range`].
    pub fn forward(&self, scene: &Scene) -> Result<Vec<f32>, GpuError> {
        pollster::block_on(self.forward_async(scene))
    }

    /// Gradients of a loss from `∂L/∂frames`; `frames` and `grad_frames` are `[B, T, H, W, 3]`. Waits for them.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    pub fn backward(&self, scene: &Scene, frames: &[f32], grad_frames: &[f32]) -> Result<Gradients, GpuError> {
        pollster::block_on(self.backward_async(scene, frames, grad_frames))
    }

    /// Runs `passes` and reads back the named buffers as the last pass left them ([`Buffer::Order`] as numbers), for
    /// the viewer and for comparisons with the CPU engine. `backward` gives the frames and their upstream gradient
    /// where the passes need them.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`]; [`GpuError::Scratch`] for a buffer that is scratch memory or that no pass binds.
    pub fn capture(
        &self,
        scene: &Scene,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<Vec<Vec<f32>>, GpuError> {
        pollster::block_on(self.capture_async(scene, passes, backward, buffers))
    }

    /// [`GpuEngine::forward`] for a browser, where nobody may wait.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    pub async fn forward_async(&self, scene: &Scene) -> Result<Vec<f32>, GpuError> {
        let passes = passes::forward(&scene.dims);
        let results = self.run(scene, &passes, None, &[Buffer::Frames]).await?;
        Ok(results.into_iter().next().unwrap_or_default())
    }

    /// [`GpuEngine::backward`] for a browser, where nobody may wait.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    pub async fn backward_async(
        &self,
        scene: &Scene,
        frames: &[f32],
        grad_frames: &[f32],
    ) -> Result<Gradients, GpuError> {
        let passes = passes::backward(&scene.dims);
        let wanted = [Buffer::GradPositions, Buffer::GradVelocities, Buffer::GradFeatures, Buffer::GradWeights];
        let results = self.run(scene, &passes, Some((frames, grad_frames)), &wanted).await?;
        let mut results = results.into_iter();
        let mut next = || results.next().unwrap_or_default();
        let (positions, velocities, features, weights) = (next(), next(), next(), next());
        Ok(Gradients { parameters: Parameters::from_packed(features, &weights, scene.dims.nfm), positions, velocities })
    }

    /// [`GpuEngine::capture`] for a browser, where nobody may wait.
    ///
    /// # Errors
    /// As [`GpuEngine::capture`].
    pub async fn capture_async(
        &self,
        scene: &Scene,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<Vec<Vec<f32>>, GpuError> {
        check_readable(buffers)?;
        Ok(all_in_numbers(buffers, self.run(scene, passes, backward, buffers).await?))
    }

    /// Uploads, runs and reads back `outputs`.
    async fn run(
        &self,
        scene: &Scene,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        outputs: &[Buffer],
    ) -> Result<Vec<Vec<f32>>, GpuError> {
        let memory = checked(scene, backward)?;
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let targets = Target::read_backs(outputs);
        let read = self.record(&mut encoder, &scene.dims, passes, &Inputs::of(&memory), &targets)?;
        self.queue.submit([encoder.finish()]);
        self.read_all(&read).await
    }

    /// The numbers of what was recorded to be read back, as it lies in memory.
    async fn read_all(&self, read: &[Vec<wgpu::Buffer>]) -> Result<Vec<Vec<f32>>, GpuError> {
        let mut results = Vec::with_capacity(read.len());
        for buffers in read {
            results.push(read_back(&self.device, buffers).await?);
        }
        Ok(results)
    }

    /// Runs `passes` over given buffers, whatever pass would have written them, and reads back others. All are raw:
    /// [`Buffer::Order`] and the lists hold the bits of `u32`. Scratch memory is whole only where
    /// [`GpuEngine::is_whole`].
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn run_from(
        &self,
        dims: &Dims,
        passes: &[Pass],
        inputs: &[(Buffer, &[f32])],
        outputs: &[Buffer],
    ) -> Result<Vec<Vec<f32>>, GpuError> {
        let inputs: Inputs<'_> = inputs.iter().map(|&(buffer, numbers)| (buffer, Source::Host(numbers))).collect();
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let read = self.record(&mut encoder, dims, passes, &inputs, &Target::read_backs(outputs))?;
        self.queue.submit([encoder.finish()]);
        pollster::block_on(self.read_all(&read))
    }

    /// Numbers in `buffer` when all frames are rendered at once.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn len_of(&self, dims: &Dims, buffer: Buffer) -> Result<usize, GpuError> {
        let plan = plan::Plan::new(dims, self.budget)?;
        Ok((plan.bytes(buffer, dims.frame_count() as u64) / 4) as usize)
    }

    /// Whether a rendering fits the device in one piece: all frames, all tiles.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn is_whole(&self, dims: &Dims) -> Result<bool, GpuError> {
        let plan = plan::Plan::new(dims, self.budget)?;
        Ok(plan.chunks.len() == 1 && plan.bands.len() == 1)
    }

    /// Frees the buffers that are kept for further renderings of the same size.
    pub fn trim(&self) {
        self.uploads.clear();
        self.workspaces.clear();
    }
}

/// What passes read of a scene; `backward` gives the frames and their upstream gradient where passes need them.
fn checked<'a>(scene: &'a Scene, backward: Option<(&'a [f32], &'a [f32])>) -> Result<Memory<'a>, GpuError> {
    scene.check()?;
    let mut memory = scene.memory();
    if let Some((frames, grad_frames)) = backward {
        memory.set(Buffer::Frames, frames);
        memory.set(Buffer::GradFrames, grad_frames);
    }
    Ok(memory)
}

/// Scratch memory holds a piece at a time and cannot be captured.
fn check_readable(buffers: &[Buffer]) -> Result<(), GpuError> {
    buffers.iter().find(|buffer| buffer.scratch().is_some()).map_or(Ok(()), |&buffer| Err(GpuError::Scratch(buffer)))
}

fn all_in_numbers(buffers: &[Buffer], read: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    buffers.iter().zip(read).map(|(&buffer, numbers)| in_numbers(buffer, numbers)).collect()
}
