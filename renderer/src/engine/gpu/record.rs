//! Records one rendering into an encoder: copies in, passes, copies out, stretch by stretch.

use super::{GpuEngine, GpuError, Inputs, plan::Plan, transfer::Target, workspace::Workspace};
use crate::{
    engine::EngineError,
    gpu::{self, Dispatch, Pipelines, Source, Uploads},
    passes::{Buffer, Dims, Pass},
};

/// Records dispatches over one chunk of frames.
pub(super) type Replay<'a> = dyn FnMut(&mut wgpu::CommandEncoder, &Pipelines, &[Dispatch<'_>]) + 'a;

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
        inputs: &Inputs<'_>,
        outputs: &[(Buffer, Target<'_>)],
    ) -> Result<Vec<Vec<wgpu::Buffer>>, GpuError> {
        let mut replay = |encoder: &mut wgpu::CommandEncoder, pipelines: &Pipelines, dispatches: &[Dispatch<'_>]| {
            gpu::record(encoder, "draction", pipelines, dispatches);
        };
        self.record_with(encoder, dims, passes, inputs, outputs, &mut replay)
    }

    /// [`GpuEngine::record`] with another way to record the passes, for instance one that takes their times.
    pub(super) fn record_with(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        dims: &Dims,
        passes: &[Pass],
        inputs: &Inputs<'_>,
        outputs: &[(Buffer, Target<'_>)],
        replay: &mut Replay<'_>,
    ) -> Result<Vec<Vec<wgpu::Buffer>>, GpuError> {
        let mut passes = passes.to_vec();
        if passes.contains(&Pass::RasterizeBackward) && !passes.contains(&Pass::GatherTiles) {
            passes.push(Pass::GatherTiles);
        }
        let plan = Plan::new(dims, self.budget)?;
        check(&plan, &passes, inputs, outputs)?;
        let known = |workspace: &Workspace| workspace.plan.dims == *dims;
        let mut workspace = self.workspaces.take(known, || Workspace::new(&self.device, plan));
        workspace.prepare(&self.device, &self.kernels, &passes);
        let result = self.record_chunks(encoder, &workspace, &passes, inputs, outputs, replay);
        self.workspaces.put_back(workspace);
        result
    }

    fn record_chunks(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        workspace: &Workspace,
        passes: &[Pass],
        inputs: &Inputs<'_>,
        outputs: &[(Buffer, Target<'_>)],
        replay: &mut Replay<'_>,
    ) -> Result<Vec<Vec<wgpu::Buffer>>, GpuError> {
        let plan = &workspace.plan;
        let pipelines = self.kernels.pipelines();
        let mut uploads = self.uploads.take(|_| true, || Uploads::new(&self.device));
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
            for (buffer, source) in inputs.iter() {
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
            replay(encoder, &pipelines, &workspace.dispatches(passes, chunk));
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
        self.uploads.put_back(uploads);
        Ok(read)
    }
}

/// Whether inputs and outputs are as long as they have to be, and no pass reads what nobody wrote.
fn check(plan: &Plan, passes: &[Pass], inputs: &Inputs<'_>, outputs: &[(Buffer, Target<'_>)]) -> Result<(), GpuError> {
    let frames = plan.dims.frame_count() as u64;
    for (buffer, source) in inputs.iter() {
        let expected = plan.bytes(buffer, frames);
        match source {
            Source::Gpu(range) => range.check(&format!("{buffer:?}"), expected)?,
            Source::Host(numbers) if numbers.len() as u64 * 4 == expected => {}
            Source::Host(numbers) => {
                let (expected, got) = (expected as usize / 4, numbers.len());
                return Err(EngineError::Length { what: buffer.about().label, expected, got }.into());
            }
        }
    }
    let mut there: Vec<Buffer> = inputs.iter().map(|(buffer, _)| buffer).collect();
    for pass in passes.iter().map(|pass| pass.about()) {
        if let Some(missing) = pass.reads.iter().find(|buffer| !there.contains(buffer)) {
            let expected = plan.bytes(*missing, frames) as usize / 4;
            return Err(EngineError::Length { what: missing.about().label, expected, got: 0 }.into());
        }
        there.extend(pass.writes);
    }
    for (buffer, target) in outputs {
        if let Target::Range(range) = target {
            range.check(&format!("{buffer:?}"), plan.bytes(*buffer, frames))?;
        }
    }
    Ok(())
}
