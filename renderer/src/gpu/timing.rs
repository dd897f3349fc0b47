//! How long each kernel takes, for flame strips and for benchmarks.

use std::time::Duration;

/// What the times were taken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Timestamps that the GPU writes before and after each dispatch.
    Timestamps,
    /// The host's clock around a submission of one dispatch that is waited for. It includes the way to the GPU and
    /// back, so only the differences between kernels mean much.
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

/// One kernel of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelTime {
    /// Its name.
    pub kernel: &'static str,
    /// All of its dispatches together.
    pub time: Duration,
    /// How often it was dispatched: once for each piece that the work was cut into; 0 on the CPU.
    pub dispatches: usize,
    /// Workgroups of its first dispatch, across and down; zeros on the CPU.
    pub groups: [u32; 2],
    /// Bytes of the buffers that it binds; 0 on the CPU.
    pub bytes: u64,
}

/// The kernels of one run in the order in which they first ran.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// What the times were taken with.
    pub clock: Clock,
    /// One entry a kernel.
    pub kernels: Vec<KernelTime>,
}

impl Timing {
    /// A timing to which [`Timing::add`] adds.
    pub fn new(clock: Clock) -> Timing {
        Timing { clock, kernels: Vec::new() }
    }

    /// Counts one dispatch.
    pub fn add(&mut self, dispatch: KernelTime) {
        match self.kernels.iter_mut().find(|known| known.kernel == dispatch.kernel) {
            Some(known) => {
                known.time += dispatch.time;
                known.dispatches += dispatch.dispatches;
            }
            None => self.kernels.push(dispatch),
        }
    }

    /// All kernels together.
    pub fn total(&self) -> Duration {
        self.kernels.iter().map(|kernel| kernel.time).sum()
    }

    /// The kernels that `other` has and this has not, behind those of this one: a forward and a backward run in one
    /// list. What both ran is listed once, with the times of this one.
    #[must_use]
    pub fn joined(mut self, other: &Timing) -> Timing {
        for kernel in &other.kernels {
            if !self.kernels.iter().any(|known| known.kernel == kernel.kernel) {
                self.kernels.push(*kernel);
            }
        }
        self
    }

    /// The faster time of each kernel that both have: repeated measurements without what disturbed them.
    #[must_use]
    pub fn faster(mut self, other: &Timing) -> Timing {
        for kernel in &mut self.kernels {
            if let Some(again) = other.kernels.iter().find(|again| again.kernel == kernel.kernel) {
                kernel.time = kernel.time.min(again.time);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(kernel: &'static str, micros: u64) -> KernelTime {
        KernelTime { kernel, time: Duration::from_micros(micros), dispatches: 1, groups: [1, 1], bytes: 4 }
    }

    #[test]
    fn dispatches_of_a_kernel_add_up() {
        let mut timing = Timing::new(Clock::Timestamps);
        for time in [kernel("paint", 5), kernel("gather", 1), kernel("paint", 7)] {
            timing.add(time);
        }
        assert_eq!(timing.kernels.len(), 2);
        assert_eq!((timing.kernels[0].time.as_micros(), timing.kernels[0].dispatches), (12, 2));
        assert_eq!(timing.total().as_micros(), 13);
    }

    #[test]
    fn forward_and_backward_make_one_list() {
        let of = |list: &[(&'static str, u64)]| Timing {
            clock: Clock::Twin,
            kernels: list.iter().map(|&(name, time)| kernel(name, time)).collect(),
        };
        let forward = of(&[("head", 1), ("paint", 9)]);
        let all = forward.clone().joined(&of(&[("head", 5), ("gather", 20)]));
        assert_eq!(all, of(&[("head", 1), ("paint", 9), ("gather", 20)]));
        assert_eq!(forward.faster(&of(&[("paint", 4), ("head", 3)])), of(&[("head", 1), ("paint", 4)]));
    }
}
