//! Times of the passes.

use super::{GpuEngine, GpuError, Inputs, all_in_numbers, check_readable, checked, transfer::Target};
use crate::{
    engine::Scene,
    gpu::{Clock, Dispatch, Pipelines, Stopwatch, Timing},
    passes::{Buffer, Pass},
};

impl GpuEngine {
    /// What [`GpuEngine::time`] measures with.
    pub fn clock(&self) -> Clock {
        Clock::of(&self.device)
    }

    /// Runs `passes`, takes their times, and returns the named buffers; as [`GpuEngine::capture`]. Each dispatch is a
    /// compute pass of its own, so that none overlaps the next; the sum may therefore exceed an ordinary rendering.
    ///
    /// # Errors
    /// As [`GpuEngine::capture`].
    pub fn time(
        &self,
        scene: &Scene,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<(Timing, Vec<Vec<f32>>), GpuError> {
        self.time_by(self.clock(), scene, passes, backward, buffers)
    }

    /// [`GpuEngine::time`] with either of the clocks.
    fn time_by(
        &self,
        clock: Clock,
        scene: &Scene,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<(Timing, Vec<Vec<f32>>), GpuError> {
        check_readable(buffers)?;
        let memory = checked(scene, backward)?;
        let (inputs, targets) = (Inputs::of(&memory), Target::read_backs(buffers));
        let mut stopwatch = Stopwatch::new(&self.device, &self.queue, clock);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut replay = |encoder: &mut wgpu::CommandEncoder, pipelines: &Pipelines, dispatches: &[Dispatch<'_>]| {
            stopwatch.record(encoder, pipelines, dispatches);
        };
        let read = self.record_with(&mut encoder, &scene.dims, passes, &inputs, &targets, &mut replay)?;
        let timing = stopwatch.finish(encoder)?;
        Ok((timing, all_in_numbers(buffers, pollster::block_on(self.read_all(&read))?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{inspect::tests::Example, passes, testing::gpu};

    #[test]
    fn measuring_changes_nothing_and_every_pass_has_a_time() {
        let Some(gpu) = gpu() else { return };
        let example = Example::new(2, 6, 70);
        let scene = &example.scene;
        let frames = gpu.forward(scene).unwrap();
        let passes = passes::backward(&scene.dims);
        let upstream = Some((&frames[..], &example.grad_frames[..]));
        let wanted = [Buffer::Order, Buffer::GradMeans, Buffer::GradWeights];
        let expected = gpu.capture(scene, &passes, upstream, &wanted).unwrap();
        let stamps = gpu.device().features().contains(wgpu::Features::TIMESTAMP_QUERY).then_some(Clock::Timestamps);
        for clock in stamps.into_iter().chain([Clock::Submissions]) {
            let (timing, got) = gpu.time_by(clock, scene, &passes, upstream, &wanted).unwrap();
            assert_eq!(got, expected, "{clock:?}");
            assert_eq!(timing.clock, clock);
            assert!(timing.kernels.iter().map(|time| time.kernel).eq(passes.iter().map(|pass| pass.name())));
            assert!(timing.kernels.iter().all(|p| p.groups[0] > 0 && p.bytes > 0 && p.dispatches == 1), "{timing:?}");
            // a GPU's clock may be coarse, the host's is not
            assert!(clock == Clock::Timestamps || timing.kernels.iter().all(|p| !p.time.is_zero()), "{timing:?}");
        }
        assert!(matches!(gpu.time(scene, &passes, upstream, &[Buffer::RowLists]), Err(GpuError::Scratch(_))));
    }
}
