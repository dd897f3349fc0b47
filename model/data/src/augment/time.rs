//! Which frames of a clip are shown: cut, run unevenly, recorded slowly.

use draction::motion::Motion;

use super::{AugmentOptions, MIN_FRAMES};
use crate::rng::Rng;

/// Slowest recording, frames a second.
const SLOWEST: f32 = 10.0;

/// Source frames in order, and what they change about the frame rate (1, or 1/2 or 1/3 of a slower recording).
pub(super) fn frames(motion: &Motion, options: &AugmentOptions, rng: &mut Rng) -> (Vec<usize>, f32) {
    let keep = rng.range(options.keep[0], options.keep[1]);
    let place = rng.unit();
    let bend = rng.range(-1.0, 1.0) * options.warp;
    let (slow, step) = (rng.chance(options.slow_recording), 2 + rng.below(2));

    let frames = motion.frames();
    let kept = ((frames as f32 * keep).round() as usize).max(MIN_FRAMES).min(frames);
    let start = ((frames - kept) as f32 * place).round() as usize;
    let fits = kept / step >= MIN_FRAMES && motion.fps / step as f32 >= SLOWEST;
    let step = if slow && fits { step } else { 1 };
    let times = (0..kept).step_by(step).map(|t| start + bent(t, kept, bend)).collect();
    (times, 1.0 / step as f32)
}

/// `t` in `0..frames` on its way through a clip that runs `1 + bend` times as fast at its begin and `1 − bend` times at
/// its end. Begin and end stay.
fn bent(t: usize, frames: usize, bend: f32) -> usize {
    let last = frames.saturating_sub(1).max(1) as f32;
    let share = t as f32 / last;
    ((share + bend * share * (1.0 - share)) * last).round().clamp(0.0, last) as usize % frames.max(1)
}

#[cfg(test)]
mod tests {
    use super::bent;

    #[test]
    fn bending_keeps_order_and_ends() {
        for bend in [-1.0, -0.3, 0.0, 0.5, 1.0] {
            let all: Vec<usize> = (0..50).map(|t| bent(t, 50, bend)).collect();
            assert_eq!((all[0], all[49]), (0, 49));
            assert!(all.windows(2).all(|w| w[0] <= w[1]), "{bend}: {all:?}");
            let middle = 24.5 + 12.25 * bend;
            assert!((all[24] as f32 - middle).abs() < 2.0, "{bend}: {}", all[24]);
        }
        assert_eq!(bent(0, 1, 0.5), 0);
    }
}
