//! Records one rendering into an encoder: copies in, passes, copies out, stretch by stretch.

use std::sync::{Arc, PoisonError};

use super::{
    GpuEngine, GpuError, Source, pipelines::Pipelines, plan::Plan, transfer::Target, uploads::Uploads,
    workspace::Workspace,
};
use crate::{
    engine::EngineError,
    passes::{Buffer, Dims, Pass},
};

/// Sizes of renderings whose buffers are kept.
const KEPT: usize = 3;

/// Records what a list of passes dispatches over one chunk of frames.
pub(super) type Replay<'a> = dyn FnMut(&mut wgpu::CommandEncoder, &Workspace, &Pipelines, &[Pass], usize) + 'a;

/// All of them in one compute pass.
fn replay(
    encoder: &mut wgpu::CommandEncoder,
    workspace: &Workspace,
    pipelines: &Pipelines,
    passes: &[Pass],
    chunk: usize,
) {
    let descriptor = wgpu::ComputePassDescriptor { label: Some("draction"), timestamp_writes: None };
    let mut compute = encoder.begin_compute_pass(&descriptor);
    for step in workspace.steps(passes) {
        workspace.dispatch(&mut compute, pipelines, step, chunk);
    }
}

impl GpuEngine {
    /// Records everything: copies in, passes, copies out, stretch by stretch. Returns the buffers to read back, for
    /// each [`Target::ReadBack`] one a stretch.
    ///
    /// What is recorded reads nothing that it has not written itself, so workspaces go back to the pool at once: on a
    /// queue, later recordings run later.
    pub(super) fn record(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        dims: &Dims,
        passes: &[Pass],
        inputs: &[(Buffer, Source<'_>)],
        outputs: &[(Buffer, Target<'_>)],
    ) -> Result<Vec<Vec<wgpu::Buffer>>, GpuError> {
        self.record_with(encoder, dims, passes, inputs, outputs, &mut replay)
    }

    /// [`GpuEngine::record`] with another way to record the passes, for instance one that takes their times.
    pub(super) fn record_with(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        dims: &Dims,
        passes: &[Pass],
        inputs: &[(Buffer, Source<'_>)],
        outputs: &[(Buffer, Target<'_>)],
        replay: &mut Replay<'_>,
    ) -> Result<Vec<Vec<wgpu::Buffer>>, GpuError> {
        let mut passes = passes.to_vec();
        if passes.contains(&Pass::RasterizeBackward) && !passes.contains(&Pass::GatherTiles) {
            passes.push(Pass::GatherTiles);
        }
        let plan = Plan::new(dims, self.budget)?;
        self.check(&plan, inputs, outputs)?;
        let mut workspace = self.take(plan);
        workspace.prepare(&self.device, &self.layouts, &passes);
        let result = self.record_chunks(encoder, &workspace, &passes, inputs, outputs, replay);
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
        replay: &mut Replay<'_>,
    ) -> Result<Vec<Vec<wgpu::Buffer>>, GpuError> {
        let plan = &workspace.plan;
        let pipelines = Arc::clone(&self.pipelines.read().unwrap_or_else(PoisonError::into_inner));
        let uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut uploads = uploads.unwrap_or_else(|| Uploads::new(&self.device));
        let mut read = vec![Vec::new(); outputs.len()];
        #[cfg(test)]
        if self.poison {
            super::tests::poison(&self.device, encoder, workspace)?;
        }
        for (chunk, span) in plan.chunks.iter().enumerate() {
            let last = chunk + 1 == plan.chunks.len();
            // what does not grow with frames is copied in at the beginning and out at the end
            let part = |buffer: Buffer| {
                let size = plan.bytes(buffer, span.count);
                if buffer.is_per_frame() { (size / span.count * span.first, size) } else { (0, size) }
            };
            for &(buffer, source) in inputs {
                let Some(destination) = workspace.buffer(buffer) else { continue };
                if chunk > 0 && !buffer.is_per_frame() {
                    continue;
                }
                let (start, size) = part(buffer);
                match source {
                    Source::Gpu(range) => {
                        encoder.copy_buffer_to_buffer(range.buffer, range.offset + start, destination, 0, size);
                    }
                    Source::Host(numbers) => {
                        let numbers = &numbers[start as usize / 4..][..size as usize / 4];
                        uploads.write(encoder, destination, numbers)?;
                    }
                }
            }
            // before the passes: who takes their times submits in between
            uploads.finish(encoder);
            replay(encoder, workspace, &pipelines, passes, chunk);
            for (buffer, target) in outputs {
                let source = workspace.buffer(*buffer).ok_or(GpuError::Scratch(*buffer))?;
                if !last && !buffer.is_per_frame() {
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
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner).push(uploads);
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
                    return Err(EngineError::Length { what: buffer.about().label, expected, got }.into());
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
}
