//! How long each pass takes, for the viewer's flame strip and for benchmarks.

use std::time::{Duration, Instant};

use super::{EngineError, Inputs, cpu::CpuEngine};
use crate::passes::{Buffer, Dims, Pass};

/// What the times were taken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Timestamps that the GPU writes before and after each dispatch.
    Timestamps,
    /// The host's clock around a submission of one dispatch that is waited for. It includes the way to the GPU and
    /// back, so only the differences between passes mean much.
    Submissions,
    /// The host's clock around each plain-Rust twin.
    Twin,
}

impl Clock {
    /// What it measures, in two words.
    pub fn name(self) -> &'static str {
        match self {
            Clock::Timestamps => "GPU timestamps",
            Clock::Submissions => "CPU time around each pass",
            Clock::Twin => "CPU twin",
        }
    }
}

/// One pass of one rendering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PassTime {
    /// Which.
    pub pass: Pass,
    /// All of its dispatches together.
    pub time: Duration,
    /// How often it was dispatched: once for each stretch of frames and band of tiles; 0 on the CPU.
    pub dispatches: usize,
    /// Workgroups of its first dispatch, across and down; zeros on the CPU.
    pub groups: [u32; 2],
    /// Bytes of the buffers that it binds, for as many frames as are rendered at once; 0 on the CPU.
    pub bytes: u64,
}

/// The passes of one rendering in the order in which they first ran.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// What the times were taken with.
    pub clock: Clock,
    /// One entry a pass.
    pub passes: Vec<PassTime>,
}

impl Timing {
    /// A timing to which [`Timing::add`] adds.
    pub fn new(clock: Clock) -> Timing {
        Timing { clock, passes: Vec::new() }
    }

    /// Counts one dispatch.
    pub fn add(&mut self, dispatch: PassTime) {
        match self.passes.iter_mut().find(|known| known.pass == dispatch.pass) {
            Some(known) => {
                known.time += dispatch.time;
                known.dispatches += dispatch.dispatches;
            }
            None => self.passes.push(dispatch),
        }
    }

    /// All passes together.
    pub fn total(&self) -> Duration {
        self.passes.iter().map(|pass| pass.time).sum()
    }

    /// The passes that `other` has and this has not, behind those of this one: a frame's forward and backward in one
    /// list. A backward run repeats the cheap forward passes; they are listed once, with the times of this one.
    #[must_use]
    pub fn joined(mut self, other: &Timing) -> Timing {
        for pass in &other.passes {
            if !self.passes.iter().any(|known| known.pass == pass.pass) {
                self.passes.push(*pass);
            }
        }
        self
    }

    /// The faster time of each pass that both have: repeated measurements without what disturbed them.
    #[must_use]
    pub fn faster(mut self, other: &Timing) -> Timing {
        for pass in &mut self.passes {
            if let Some(again) = other.passes.iter().find(|again| again.pass == pass.pass) {
                pass.time = pass.time.min(again.time);
            }
        }
        self
    }
}

impl CpuEngine {
    /// Runs `passes`, takes their times, and returns the named buffers; as [`CpuEngine::capture`].
    ///
    /// # Errors
    /// As [`CpuEngine::forward`].
    pub fn time(
        &self,
        inputs: &Inputs<'_>,
        passes: &[Pass],
        backward: Option<(&[f32], &[f32])>,
        buffers: &[Buffer],
    ) -> Result<(Timing, Vec<Vec<f32>>), EngineError> {
        let mut timing = Timing::new(Clock::Twin);
        let mut last = Instant::now();
        let captured = self.watch(inputs, passes, backward, buffers, |pass| {
            let time = last.elapsed();
            last = Instant::now();
            if pass.about().twin.is_some() {
                timing.add(PassTime { pass, time, dispatches: 0, groups: [0; 2], bytes: 0 });
            }
        })?;
        Ok((timing, captured))
    }
}

/// Buffers that an engine can read back after [`crate::passes::forward`], or after [`crate::passes::backward`].
pub fn captured(dims: &Dims, backward: bool) -> Vec<Buffer> {
    let passes = if backward { crate::passes::backward(dims) } else { crate::passes::forward(dims) };
    let mut buffers = Vec::new();
    for pass in passes {
        for &buffer in pass.about().writes {
            if buffer.scratch().is_none() && !buffers.contains(&buffer) {
                buffers.push(buffer);
            }
        }
    }
    buffers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(pass: Pass, micros: u64) -> PassTime {
        PassTime { pass, time: Duration::from_micros(micros), dispatches: 1, groups: [1, 1], bytes: 4 }
    }

    #[test]
    fn dispatches_of_a_pass_add_up() {
        let mut timing = Timing::new(Clock::Timestamps);
        for time in [pass(Pass::RasterizeBackward, 5), pass(Pass::GatherTiles, 1), pass(Pass::RasterizeBackward, 7)] {
            timing.add(time);
        }
        assert_eq!(timing.passes.len(), 2);
        assert_eq!((timing.passes[0].time.as_micros(), timing.passes[0].dispatches), (12, 2));
        assert_eq!(timing.total().as_micros(), 13);
    }

    #[test]
    fn forward_and_backward_make_one_list() {
        let of = |list: &[(Pass, u64)]| Timing {
            clock: Clock::Twin,
            passes: list.iter().map(|&(p, time)| pass(p, time)).collect(),
        };
        let forward = of(&[(Pass::Head, 1), (Pass::Rasterize, 9)]);
        let all = forward.clone().joined(&of(&[(Pass::Head, 5), (Pass::RasterizeBackward, 20)]));
        assert_eq!(all, of(&[(Pass::Head, 1), (Pass::Rasterize, 9), (Pass::RasterizeBackward, 20)]));
        assert_eq!(
            forward.faster(&of(&[(Pass::Rasterize, 4), (Pass::Head, 3)])),
            of(&[(Pass::Head, 1), (Pass::Rasterize, 4)])
        );
    }
}
