//! Times of dispatches: timestamps where the device has them, the host's clock around each one where not.

use std::time::{Duration, Instant};

use super::{Clock, Dispatch, Error, KernelTime, Pipelines, Timing, read_back};

/// Most dispatches whose timestamps fit one query set; further ones are not measured.
const MOST: usize = wgpu::QUERY_SET_MAX_QUERIES as usize / 2;

/// Takes the time of one dispatch after another. Each is a compute pass of its own, so that none overlaps the next; the
/// sum may therefore exceed an ordinary run.
#[derive(Debug)]
pub struct Stopwatch<'a> {
    device: &'a wgpu::Device,
    queue: &'a wgpu::Queue,
    /// Where timestamps are taken.
    queries: Option<wgpu::QuerySet>,
    /// One a dispatch, in order; with timestamps the times come at the end.
    dispatches: Vec<KernelTime>,
}

impl Clock {
    /// What a device is measured with: timestamps where it has them. Software that imitates a GPU runs a dispatch when
    /// it likes and stamps it when it was recorded: beside a window, llvmpipe gave every pass 20 µs.
    pub fn of(device: &wgpu::Device) -> Clock {
        let honest = device.adapter_info().device_type != wgpu::DeviceType::Cpu;
        let stamps = device.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        if honest && stamps { Clock::Timestamps } else { Clock::Submissions }
    }
}

impl<'a> Stopwatch<'a> {
    /// With one of a GPU's clocks.
    pub fn new(device: &'a wgpu::Device, queue: &'a wgpu::Queue, clock: Clock) -> Stopwatch<'a> {
        let queries = (clock == Clock::Timestamps).then(|| {
            device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("times"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * MOST as u32,
            })
        });
        Stopwatch { device, queue, queries, dispatches: Vec::new() }
    }

    /// Records dispatches. Without timestamps, what was recorded so far is submitted before each of them.
    pub fn record(&mut self, encoder: &mut wgpu::CommandEncoder, pipelines: &Pipelines, dispatches: &[Dispatch<'_>]) {
        for dispatch in dispatches {
            self.dispatch(encoder, pipelines, dispatch);
        }
    }

    fn dispatch(&mut self, encoder: &mut wgpu::CommandEncoder, pipelines: &Pipelines, dispatch: &Dispatch<'_>) {
        let Dispatch { name, groups, bytes, .. } = *dispatch;
        let index = self.dispatches.len();
        let mut measured = KernelTime { kernel: name, time: Duration::ZERO, dispatches: 1, groups, bytes };
        let timestamps = self.queries.as_ref().filter(|_| index < MOST);
        let timestamp_writes = timestamps.map(|query_set| wgpu::ComputePassTimestampWrites {
            query_set,
            beginning_of_pass_write_index: Some(2 * index as u32),
            end_of_pass_write_index: Some(2 * index as u32 + 1),
        });
        // what was recorded before must not count
        let start = if self.queries.is_none() { self.flush(encoder) } else { Instant::now() };
        let descriptor = wgpu::ComputePassDescriptor { label: Some(name), timestamp_writes };
        dispatch.record(&mut encoder.begin_compute_pass(&descriptor), pipelines);
        if self.queries.is_none() {
            measured.time = self.flush(encoder) - start;
        }
        self.dispatches.push(measured);
    }

    /// Submits the rest, and waits for it where timestamps are to be read.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn finish(mut self, encoder: wgpu::CommandEncoder) -> Result<Timing, Error> {
        let clock = if self.queries.is_some() { Clock::Timestamps } else { Clock::Submissions };
        match self.queries.take() {
            None => {
                self.queue.submit([encoder.finish()]);
            }
            Some(queries) => {
                let count = 2 * self.dispatches.len().min(MOST) as u32;
                let ticks = self.read_queries(encoder, &queries, count)?;
                let period = f64::from(self.queue.get_timestamp_period());
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
    ) -> Result<Vec<u64>, Error> {
        let buffer = |usage| {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("times"),
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
        let halves = pollster::block_on(read_back(self.device, &[staging]))?;
        let tick = |half: &[f32]| u64::from(half[0].to_bits()) | u64::from(half[1].to_bits()) << 32;
        Ok(halves.chunks_exact(2).map(tick).collect())
    }
}
