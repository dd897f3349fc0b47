//! Replays the recorded passes on any wgpu device.
//!
//! The engine owns every buffer that its shaders bind, so it works beside a tensor library or a user interface on one
//! device without sharing a binding with either: inputs are copied in and results copied out, on the GPU. It asks for
//! nothing beyond WebGPU's default limits; what is too large for them is cut into stretches of frames and bands of
//! tiles (`plan`). The same inputs give the same bits on every run.

mod adapter;
mod error;
mod pipelines;
mod plan;
#[cfg(test)]
mod tests;
mod transfer;
mod workspace;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use adapter::{ADAPTER_VARIABLE, AdapterChoice};
pub use error::GpuError;
pub use transfer::{BufferRange, GradientTargets, PackedTemplate, Source, Sources};

use self::{
    pipelines::{Layouts, Pipelines},
    plan::{Budget, Plan},
    transfer::{Packed, Target, input_name, read_back, upload},
    workspace::Workspace,
};
use super::{EngineError, Gradients, Inputs};
use crate::{
    draction::Parameters,
    passes::{self, Buffer, Dims, Pass},
};

/// Sizes of renderings whose buffers are kept.
const KEPT: usize = 3;

/// DrAction on a GPU. Cheap to share: all methods take `&self`.
pub struct GpuEngine {
    device: wgpu::Device,
    queue: wgpu::Queue,
    layouts: Layouts,
    pipelines: RwLock<Arc<Pipelines>>,
    budget: Budget,
    /// Most recently used last.
    workspaces: Mutex<Vec<Workspace>>,
    #[cfg(test)]
    poison: bool,
}

impl GpuEngine {
    /// An engine on somebody's device and queue. Compiles every pass.
    pub fn new(device: wgpu::Device, queue: wgpu::Queue) -> Result<GpuEngine, GpuError> {
        let layouts = Layouts::new(&device);
        let pipelines = Pipelines::compile(&device, &layouts, &draction_shaders::Sources::default())?;
        let budget = Budget::new(&device.limits());
        Ok(GpuEngine {
            device,
            queue,
            layouts,
            pipelines: RwLock::new(Arc::new(pipelines)),
            budget,
            workspaces: Mutex::default(),
            #[cfg(test)]
            poison: false,
        })
    }

    /// An engine on a device of its own.
    ///
    /// # Errors
    /// [`GpuError::NoAdapter`] and [`GpuError::NoDevice`].
    pub async fn request(choice: &AdapterChoice) -> Result<GpuEngine, GpuError> {
        let (device, queue) = adapter::request(choice).await?;
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

    /// Compiles other shaders; when one of them has a mistake, the engine keeps those it has.
    ///
    /// # Errors
    /// [`GpuError::Shader`] with the compiler's message.
    pub async fn reload(&self, sources: &draction_shaders::Sources) -> Result<(), GpuError> {
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let compiled = Pipelines::compile(&self.device, &self.layouts, sources);
        let mistake = scope.pop().await;
        let compiled = compiled?;
        if let Some(mistake) = mistake {
            return Err(GpuError::Shader { name: "reload", reason: mistake.to_string() });
        }
        *self.pipelines.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(compiled);
        Ok(())
    }

    /// Records drawing `frames [B, T, H, W, 3]` into `encoder`. Nothing is submitted or read back.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`]; [`GpuError::Range`] and [`GpuError::Inputs`] when a source or the target has a wrong
    /// length.
    pub fn record_forward(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        dims: &Dims,
        sources: &Sources<'_>,
        frames: BufferRange<'_>,
    ) -> Result<(), GpuError> {
        let targets = [(Buffer::Frames, Target::Range(frames))];
        self.record(encoder, dims, &passes::forward(dims), &sources.list(dims), &targets).map(drop)
    }

    /// Records the gradients of a loss from `frames` (those that [`GpuEngine::record_forward`] drew from the same
    /// sources) and its gradient `grad_frames`, both `[B, T, H, W, 3]`.
    ///
    /// # Errors
    /// As [`GpuEngine::record_forward`].
    pub fn record_backward(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        dims: &Dims,
        sources: &Sources<'_>,
        frames: Source<'_>,
        grad_frames: Source<'_>,
        targets: &GradientTargets<'_>,
    ) -> Result<(), GpuError> {
        let mut inputs = sources.list(dims);
        inputs.extend([(Buffer::Frames, frames), (Buffer::GradFrames, grad_frames)]);
        self.record(encoder, dims, &passes::backward(dims), &inputs, &targets.list()).map(drop)
    }

    /// Draws `frames [B, T, H, W, 3]` and waits for them.
    ///
    /// # Errors
    /// [`GpuError`], of whatever kind but [`GpuError::Range`].
    pub fn forward(&self, inputs: &Inputs<'_>) -> Result<Vec<f32>, GpuError> {
        pollster::block_on(self.forward_async(inputs))
    }

    /// Gradients of a loss from `∂L/∂frames`; `frames` and `grad_frames` are `[B, T, H, W, 3]`. Waits for them.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    pub fn backward(
        &self,
        inputs: &Inputs<'_>,
        frames: &[f32],
        grad_frames: &[f32],
    ) -> Result<Gradients, GpuError> {
        pollster::block_on(self.backward_async(inputs, frames, grad_frames))
    }

    /// Runs `passes` and reads back the named buffers as the last pass left them ([`Buffer::Order`] as numbers), for
    /// the viewer and for comparisons with the CPU engine. `backward` gives the frames and their upstream gradient
    /// where the passes need them.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`]; [`GpuError::Scratch`] for a buffer that is scratch memory or that no pass binds.
    pub fn capture(
        &self,
        inputs: &Inputs<'_>,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<Vec<Vec<f32>>, GpuError> {
        pollster::block_on(self.capture_async(inputs, passes, backward, buffers))
    }

    /// [`GpuEngine::forward`] for a browser, where nobody may wait.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    pub async fn forward_async(&self, inputs: &Inputs<'_>) -> Result<Vec<f32>, GpuError> {
        let passes = passes::forward(&inputs.dims);
        let results = self.run(inputs, &passes, None, &[Buffer::Frames]).await?;
        Ok(results.into_iter().next().unwrap_or_default())
    }

    /// [`GpuEngine::backward`] for a browser, where nobody may wait.
    ///
    /// # Errors
    /// As [`GpuEngine::forward`].
    pub async fn backward_async(
        &self,
        inputs: &Inputs<'_>,
        frames: &[f32],
        grad_frames: &[f32],
    ) -> Result<Gradients, GpuError> {
        let passes = passes::backward(&inputs.dims);
        let wanted = [Buffer::GradPositions, Buffer::GradVelocities, Buffer::GradFeatures, Buffer::GradWeights];
        let results = self.run(inputs, &passes, Some((frames, grad_frames)), &wanted).await?;
        let mut results = results.into_iter();
        let mut next = || results.next().unwrap_or_default();
        let (positions, velocities, features, weights) = (next(), next(), next(), next());
        Ok(Gradients {
            parameters: Parameters::from_packed(features, &weights, inputs.dims.nfm),
            positions,
            velocities,
        })
    }

    /// [`GpuEngine::capture`] for a browser, where nobody may wait.
    ///
    /// # Errors
    /// As [`GpuEngine::capture`].
    pub async fn capture_async(
        &self,
        inputs: &Inputs<'_>,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<Vec<Vec<f32>>, GpuError> {
        let scratch = [Buffer::RowLists, Buffer::TilePartials, Buffer::WeightPartials];
        if let Some(&buffer) = buffers.iter().find(|buffer| scratch.contains(buffer)) {
            return Err(GpuError::Scratch(buffer));
        }
        let mut captured = self.run(inputs, passes, backward, buffers).await?;
        for (buffer, numbers) in buffers.iter().zip(&mut captured) {
            if *buffer == Buffer::Order {
                numbers.iter_mut().for_each(|x| *x = x.to_bits() as f32);
            }
        }
        Ok(captured)
    }

    /// Uploads, runs and reads back `outputs`.
    async fn run(
        &self,
        inputs: &Inputs<'_>,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        outputs: &[Buffer],
    ) -> Result<Vec<Vec<f32>>, GpuError> {
        let packed = Packed::new(inputs)?;
        let mut sources = packed.sources().list(&inputs.dims);
        if let Some((frames, grad_frames)) = backward {
            sources.extend([
                (Buffer::Frames, Source::Host(frames)),
                (Buffer::GradFrames, Source::Host(grad_frames)),
            ]);
        }
        let targets: Vec<_> =
            outputs.iter().enumerate().map(|(index, &buffer)| (buffer, Target::ReadBack(index))).collect();
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let read = self.record(&mut encoder, &inputs.dims, passes, &sources, &targets)?;
        self.queue.submit([encoder.finish()]);
        let mut results = Vec::with_capacity(read.len());
        for buffers in &read {
            results.push(read_back(&self.device, buffers).await?);
        }
        Ok(results)
    }

    /// Records everything: copies in, passes, copies out, stretch by stretch. Returns the buffers to read back, for
    /// each [`Target::ReadBack`] one a stretch.
    ///
    /// What is recorded reads nothing that it has not written itself, so workspaces go back to the pool at once: on a
    /// queue, later recordings run later.
    fn record(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        dims: &Dims,
        passes: &[Pass],
        inputs: &[(Buffer, Source<'_>)],
        outputs: &[(Buffer, Target<'_>)],
    ) -> Result<Vec<Vec<wgpu::Buffer>>, GpuError> {
        let mut passes = passes.to_vec();
        if passes.contains(&Pass::RasterizeBackward) && !passes.contains(&Pass::GatherTiles) {
            passes.push(Pass::GatherTiles);
        }
        let plan = Plan::new(dims, self.budget)?;
        self.check(&plan, inputs, outputs)?;
        let mut workspace = self.take(plan);
        workspace.prepare(&self.device, &self.layouts, &passes);
        let result = self.record_chunks(encoder, &workspace, &passes, inputs, outputs);
        self.put_back(workspace);
        result
    }

    fn record_chunks(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        workspace: &Workspace,
        passes: &[Pass],
        inputs: &[(Buffer, Source<'_>)],
        outputs: &[(Buffer, Target<'_>)],
    ) -> Result<Vec<Vec<wgpu::Buffer>>, GpuError> {
        let plan = &workspace.plan;
        let pipelines = Arc::clone(&self.pipelines.read().unwrap_or_else(PoisonError::into_inner));
        let mut read = vec![Vec::new(); outputs.len()];
        #[cfg(test)]
        if self.poison {
            tests::poison(&self.device, encoder, workspace)?;
        }
        for (chunk, span) in plan.chunks.iter().enumerate() {
            let last = chunk + 1 == plan.chunks.len();
            // what does not grow with frames is copied in at the beginning and out at the end
            let part = |buffer: Buffer| {
                let size = plan.bytes(buffer, span.count);
                if plan.is_per_frame(buffer) { (size / span.count * span.first, size) } else { (0, size) }
            };
            for &(buffer, source) in inputs {
                let Some(destination) = workspace.buffer(buffer) else { continue };
                if chunk > 0 && !plan.is_per_frame(buffer) {
                    continue;
                }
                let (start, size) = part(buffer);
                match source {
                    Source::Gpu(range) => {
                        encoder.copy_buffer_to_buffer(range.buffer, range.offset + start, destination, 0, size);
                    }
                    Source::Host(numbers) => {
                        let numbers = &numbers[start as usize / 4..][..size as usize / 4];
                        encoder.copy_buffer_to_buffer(&upload(&self.device, numbers)?, 0, destination, 0, size);
                    }
                }
            }
            let descriptor = wgpu::ComputePassDescriptor { label: Some("draction"), timestamp_writes: None };
            workspace.replay(&mut encoder.begin_compute_pass(&descriptor), &pipelines, passes, chunk);
            for (buffer, target) in outputs {
                let source = workspace.buffer(*buffer).ok_or(GpuError::Scratch(*buffer))?;
                if !last && !plan.is_per_frame(*buffer) {
                    continue;
                }
                let (start, size) = part(*buffer);
                match target {
                    Target::Range(range) => {
                        encoder.copy_buffer_to_buffer(source, 0, range.buffer, range.offset + start, size);
                    }
                    Target::ReadBack(index) => {
                        let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
                            label: Some("draction read-back"),
                            size,
                            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
                            mapped_at_creation: false,
                        });
                        encoder.copy_buffer_to_buffer(source, 0, &staging, 0, size);
                        read[*index].push(staging);
                    }
                }
            }
        }
        Ok(read)
    }

    fn check(
        &self,
        plan: &Plan,
        inputs: &[(Buffer, Source<'_>)],
        outputs: &[(Buffer, Target<'_>)],
    ) -> Result<(), GpuError> {
        let frames = plan.dims.frame_count() as u64;
        for &(buffer, source) in inputs {
            let expected = plan.bytes(buffer, frames);
            match source {
                Source::Gpu(range) => range.check(buffer, expected)?,
                Source::Host(numbers) if numbers.len() as u64 * 4 == expected => {}
                Source::Host(numbers) => {
                    let (expected, got) = (expected as usize / 4, numbers.len());
                    return Err(EngineError::Length { what: input_name(buffer), expected, got }.into());
                }
            }
        }
        for (buffer, target) in outputs {
            if let Target::Range(range) = target {
                range.check(*buffer, plan.bytes(*buffer, frames))?;
            }
        }
        Ok(())
    }

    fn take(&self, plan: Plan) -> Workspace {
        let mut kept = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.iter().position(|workspace| workspace.plan.dims == plan.dims) {
            Some(index) => kept.remove(index),
            None => {
                // make room first, so that two large sizes are never held at once without need
                if kept.len() == KEPT {
                    kept.remove(0);
                }
                Workspace::new(&self.device, plan)
            }
        }
    }

    fn put_back(&self, workspace: Workspace) {
        let mut kept = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(workspace);
        }
    }

    /// Frees the buffers that are kept for further renderings of the same size.
    pub fn trim(&self) {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
