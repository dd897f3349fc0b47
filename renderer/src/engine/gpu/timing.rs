//! Times of the passes: timestamps where the device has them, the host's clock around each dispatch where not.

use std::time::{Duration, Instant};

use super::{
    GpuEngine, GpuError, all_in_numbers, check_readable,
    pipelines::Pipelines,
    transfer::{Packed, Target, read_back},
    workspace::Workspace,
};
use crate::{
    engine::{
        Inputs,
        timing::{Clock, PassTime, Timing},
    },
    passes::{Buffer, Pass},
};

/// Most dispatches whose timestamps fit one query set; further ones are not measured.
const MOST: usize = wgpu::QUERY_SET_MAX_QUERIES as usize / 2;

impl GpuEngine {
    /// What [`GpuEngine::time`] measures with: timestamps where the device has them. Software that imitates a GPU runs
    /// a dispatch when it likes and stamps it when it was recorded: beside a window, llvmpipe gave every pass 20 µs.
    pub fn clock(&self) -> Clock {
        let honest = self.adapter().device_type != wgpu::DeviceType::Cpu;
        if honest && self.has_timestamps() { Clock::Timestamps } else { Clock::Submissions }
    }

    fn has_timestamps(&self) -> bool {
        self.device.features().contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// Runs `passes`, takes their times, and returns the named buffers; as [`GpuEngine::capture`]. Each dispatch is a
    /// compute pass of its own, so that none overlaps the next; the sum may therefore exceed an ordinary rendering.
    ///
    /// # Errors
    /// As [`GpuEngine::capture`].
    pub fn time(
        &self,
        inputs: &Inputs<'_>,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<(Timing, Vec<Vec<f32>>), GpuError> {
        self.time_by(self.clock(), inputs, passes, backward, buffers)
    }

    /// [`GpuEngine::time`] with either of the clocks.
    fn time_by(
        &self,
        clock: Clock,
        inputs: &Inputs<'_>,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<(Timing, Vec<Vec<f32>>), GpuError> {
        check_readable(buffers)?;
        let packed = Packed::new(inputs)?;
        let (sources, targets) = (packed.list(backward), Target::read_backs(buffers));
        let mut stopwatch = Stopwatch::new(self, clock);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut replay = |encoder: &mut _, workspace: &Workspace, pipelines: &Pipelines, passes: &[Pass], chunk| {
            for step in workspace.steps(passes) {
                stopwatch.dispatch(encoder, workspace, pipelines, step, chunk);
            }
        };
        let read = self.record_with(&mut encoder, &inputs.dims, passes, &sources, &targets, &mut replay)?;
        let timing = stopwatch.finish(encoder)?;
        Ok((timing, all_in_numbers(buffers, pollster::block_on(self.read_all(&read))?)))
    }
}

/// Takes the time of one dispatch after another.
struct Stopwatch<'a> {
    engine: &'a GpuEngine,
    /// Where the device has timestamps.
    queries: Option<wgpu::QuerySet>,
    /// One a dispatch, in order; with timestamps the times come at the end.
    dispatches: Vec<PassTime>,
}

impl<'a> Stopwatch<'a> {
    fn new(engine: &'a GpuEngine, clock: Clock) -> Stopwatch<'a> {
        let queries = (clock == Clock::Timestamps).then(|| {
            engine.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("draction times"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * MOST as u32,
            })
        });
        Stopwatch { engine, queries, dispatches: Vec::new() }
    }

    fn dispatch(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        workspace: &Workspace,
        pipelines: &Pipelines,
        step: (Pass, usize),
        chunk: usize,
    ) {
        let (pass, band) = step;
        let plan = &workspace.plan;
        let index = self.dispatches.len();
        let mut dispatch = PassTime {
            pass,
            time: Duration::ZERO,
            dispatches: 1,
            groups: plan.groups(pass, &plan.params(chunk, band)),
            bytes: pass.buffers().map(|buffer| plan.bytes(buffer, plan.chunks[0].count)).sum(),
        };
        let timestamps = self.queries.as_ref().filter(|_| index < MOST);
        let timestamp_writes = timestamps.map(|query_set| wgpu::ComputePassTimestampWrites {
            query_set,
            beginning_of_pass_write_index: Some(2 * index as u32),
            end_of_pass_write_index: Some(2 * index as u32 + 1),
        });
        // what was recorded before must not count
        let start = if self.queries.is_none() { self.engine.flush(encoder) } else { Instant::now() };
        let descriptor = wgpu::ComputePassDescriptor { label: Some(pass.name()), timestamp_writes };
        workspace.dispatch(&mut encoder.begin_compute_pass(&descriptor), pipelines, step, chunk);
        if self.queries.is_none() {
            dispatch.time = self.engine.flush(encoder) - start;
        }
        self.dispatches.push(dispatch);
    }

    /// Submits the rest and waits for it.
    fn finish(mut self, encoder: wgpu::CommandEncoder) -> Result<Timing, GpuError> {
        let clock = if self.queries.is_some() { Clock::Timestamps } else { Clock::Submissions };
        match self.queries.take() {
            None => {
                self.engine.queue.submit([encoder.finish()]);
            }
            Some(queries) => {
                let count = 2 * self.dispatches.len().min(MOST) as u32;
                let ticks = self.engine.read_queries(encoder, &queries, count)?;
                let period = f64::from(self.engine.queue.get_timestamp_period());
                for (dispatch, ticks) in self.dispatches.iter_mut().zip(ticks.chunks_exact(2)) {
                    // a clock that was reset in between says nothing
                    let nanoseconds = ticks[1].saturating_sub(ticks[0]) as f64 * period;
                    dispatch.time = Duration::from_nanos(nanoseconds as u64);
                }
            }
        }
        let mut timing = Timing::new(clock);
        self.dispatches.into_iter().for_each(|dispatch| timing.add(dispatch));
        Ok(timing)
    }
}

impl GpuEngine {
    /// Submits what was recorded and waits until it is done. Returns when that was.
    fn flush(&self, encoder: &mut wgpu::CommandEncoder) -> Instant {
        let fresh = self.device.create_command_encoder(&Default::default());
        self.queue.submit([std::mem::replace(encoder, fresh).finish()]);
        // a lost device is found out when results are read back
        let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
        Instant::now()
    }

    fn read_queries(
        &self,
        mut encoder: wgpu::CommandEncoder,
        queries: &wgpu::QuerySet,
        count: u32,
    ) -> Result<Vec<u64>, GpuError> {
        let buffer = |usage| {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("draction times"),
                size: u64::from(count) * 8,
                usage,
                mapped_at_creation: false,
            })
        };
        let resolved = buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC);
        let staging = buffer(wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ);
        encoder.resolve_query_set(queries, 0..count, &resolved, 0);
        encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, staging.size());
        self.queue.submit([encoder.finish()]);
        let halves = pollster::block_on(read_back(&self.device, &[staging]))?;
        let tick = |half: &[f32]| u64::from(half[0].to_bits()) | u64::from(half[1].to_bits()) << 32;
        Ok(halves.chunks_exact(2).map(tick).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{inspect::tests::Scene, passes, testing::gpu};

    #[test]
    fn measuring_changes_nothing_and_every_pass_has_a_time() {
        let Some(gpu) = gpu() else { return };
        let scene = Scene::new(2, 6, 70);
        let inputs = scene.inputs.borrow();
        let frames = gpu.forward(&inputs).unwrap();
        let passes = passes::backward(&inputs.dims);
        let upstream = Some((&frames[..], &scene.grad_frames[..]));
        let wanted = [Buffer::Order, Buffer::GradMeans, Buffer::GradWeights];
        let expected = gpu.capture(&inputs, &passes, upstream, &wanted).unwrap();
        let stamps = gpu.has_timestamps().then_some(Clock::Timestamps);
        for clock in stamps.into_iter().chain([Clock::Submissions]) {
            let (timing, got) = gpu.time_by(clock, &inputs, &passes, upstream, &wanted).unwrap();
            assert_eq!(got, expected, "{clock:?}");
            assert_eq!(timing.clock, clock);
            assert_eq!(timing.passes.iter().map(|pass| pass.pass).collect::<Vec<_>>(), passes);
            assert!(timing.passes.iter().all(|p| p.groups[0] > 0 && p.bytes > 0 && p.dispatches == 1), "{timing:?}");
            // a GPU's clock may be coarse, the host's is not
            assert!(clock == Clock::Timestamps || timing.passes.iter().all(|p| !p.time.is_zero()), "{timing:?}");
        }
        assert!(matches!(gpu.time(&inputs, &passes, upstream, &[Buffer::RowLists]), Err(GpuError::Scratch(_))));
    }
}
