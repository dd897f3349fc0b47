//! Recordings that shake: how much, and less of it. Joints move smoothly; what a tracker adds from frame to frame does
//! not, and of twelve frames that are drawn it would all be seen.

use std::f32::consts::PI;

use crate::motion::Motion;

/// [`noise`] that stays, in metres: about half a pixel of a body in 64.
const LEFT_ALONE: f32 = 0.015;
/// Longest standard deviation of the smoothing in seconds. Of a wave with two strokes a second it leaves three fifths.
const LONGEST: f32 = 0.08;
/// Frames a second from which noise can be told from movement.
const LEAST_FPS: f32 = 20.0;
/// Frames a second up to which the smoothing grows with them: no rate that a file claims makes it endless.
const MOST_FPS: f32 = 240.0;
/// Of the difference below.
const TAPS: [f32; 5] = [1.0, -4.0, 6.0, -4.0, 1.0];
/// Root of the sum of [`TAPS`]' squares: so much larger than noise is its fourth difference.
const GAIN: f32 = 8.3666;
/// The median of a normal distribution's absolute values.
const MEDIAN: f32 = 0.6745;

/// Standard deviation in metres of what is new in each frame, in every coordinate alike: the median fourth difference in
/// time, in which slow movement is gone and which a few fast joints do not change. 0 where fewer than five frames follow
/// each other, or fewer than twenty are a second's: there movement looks the same.
pub fn noise(motion: &Motion) -> f32 {
    if motion.fps < LEAST_FPS {
        return 0.0;
    }
    let (bodies, numbers) = (motion.bodies, motion.joints() * 3);
    let mut differences = Vec::new();
    for body in 0..bodies {
        for t in 0..motion.frames().saturating_sub(TAPS.len() - 1) {
            if (0..TAPS.len()).any(|i| !motion.is_present(t + i, body)) {
                continue;
            }
            let at = (t * bodies + body) * numbers;
            let value = |n: usize, i: usize| motion.positions[at + i * bodies * numbers + n];
            differences.extend((0..numbers).map(|n| (0..TAPS.len()).map(|i| TAPS[i] * value(n, i)).sum::<f32>().abs()));
        }
    }
    if differences.is_empty() {
        return 0.0;
    }
    let middle = differences.len() / 2;
    let (_, median, _) = differences.select_nth_unstable_by(middle, f32::total_cmp);
    *median / (MEDIAN * GAIN)
}

/// [`noise`] that is smoothed before a motion is drawn, metres; `None` where there is less than 1.5 cm.
pub fn noticeable_noise(motion: &Motion) -> Option<f32> {
    Some(noise(motion)).filter(|noise| *noise > LEFT_ALONE)
}

/// The motion with as little noise as smoothing in time leaves of it without losing gestures: each joint is averaged
/// with its next frames in time, weighted by a normal distribution just wide enough to leave 1.5 cm, at most 0.08 s.
/// Recordings without [`noticeable_noise`] stay as they are; so do orientations.
pub fn denoised(motion: Motion) -> Motion {
    let Some(noise) = noticeable_noise(&motion) else { return motion };
    // the mean over a normal distribution of this width, in frames, has the share 1 / (2·√π·width) of the variance
    let width = ((noise / LEFT_ALONE).powi(2) / (2.0 * PI.sqrt())).min(LONGEST * motion.fps.min(MOST_FPS));
    let reach = (3.0 * width).ceil() as usize;
    let weights: Vec<f32> = (0..=reach).map(|d| (-0.5 * (d as f32 / width).powi(2)).exp()).collect();
    let (bodies, numbers) = (motion.bodies, motion.joints() * 3);
    let mut positions = motion.positions.clone();
    for (row, smooth) in positions.chunks_exact_mut(numbers).enumerate().filter(|&(row, _)| motion.present[row]) {
        let (t, body) = (row / bodies, row % bodies);
        smooth.fill(0.0);
        let mut total = 0.0;
        for near in t.saturating_sub(reach)..=(t + reach).min(motion.frames() - 1) {
            if motion.is_present(near, body) {
                let weight = weights[t.abs_diff(near)];
                let pose = &motion.positions[(near * bodies + body) * numbers..][..numbers];
                smooth.iter_mut().zip(pose).for_each(|(sum, x)| *sum += weight * x);
                total += weight;
            }
        }
        smooth.iter_mut().for_each(|x| *x /= total);
    }
    Motion { positions, ..motion }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        motion::humanoid::{Action, Person, perform},
        random::Mt19937,
    };

    fn waving() -> Motion {
        perform(Action::WaveLeftHand, &Person::default(), 30.0)
    }

    /// The same with normally distributed noise in every coordinate.
    fn shaking(motion: &Motion, sigma: f32) -> Motion {
        let mut out = motion.clone();
        let noise = Mt19937::new(3).normals(out.positions.len(), sigma);
        out.positions.iter_mut().zip(noise).for_each(|(x, by)| *x += by);
        out
    }

    /// Root mean square of the distance in one coordinate.
    fn apart(a: &Motion, b: &Motion) -> f32 {
        let squares: f32 = a.positions.iter().zip(&b.positions).map(|(a, b)| (a - b).powi(2)).sum();
        (squares / a.positions.len() as f32).sqrt()
    }

    #[test]
    fn noise_is_measured_as_it_was_added() {
        let mut still = waving();
        let body = 3 * still.joints();
        still.positions = still.positions[..body].repeat(still.frames());
        for clip in [still, waving()] {
            assert!(noise(&clip) < 0.005, "{}", noise(&clip));
            for sigma in [0.02, 0.05, 0.1] {
                let found = noise(&shaking(&clip, sigma));
                assert!((found / sigma - 1.0).abs() < 0.1, "{found} of {sigma}");
            }
        }
    }

    #[test]
    fn smoothing_leaves_less_than_half_of_the_noise_and_the_gesture() {
        let clean = waving();
        for sigma in [0.05, 0.1] {
            let noisy = shaking(&clean, sigma);
            let left = apart(&denoised(noisy), &clean);
            assert!(left < 0.5 * sigma, "{left} of {sigma}");
        }
    }

    #[test]
    fn what_does_not_shake_or_is_too_slow_to_tell_stays() {
        let clean = waving();
        let slow = Motion { fps: 10.0, ..shaking(&clean, 0.1) };
        for clip in [clean.clone(), shaking(&clean, 0.005), slow] {
            assert_eq!(denoised(clip.clone()).positions, clip.positions);
        }
        assert_eq!(noise(&clean.cropped(0..3)), 0.0, "three frames tell nothing");
    }

    #[test]
    fn numbers_beyond_reason_end_soon() {
        let wild = Motion { fps: 1e9, ..shaking(&waving(), 1e4) };
        let smooth = denoised(wild.clone());
        assert_eq!(smooth.positions.len(), wild.positions.len());
        assert!(smooth.positions.iter().all(|x| x.is_finite()));
    }

    #[test]
    fn people_do_not_flow_into_each_other_nor_into_where_nobody_is() {
        let (one, joints) = (shaking(&waving(), 0.1), waving().joints());
        // a second body five metres away that leaves in the middle
        let frames = one.frames();
        let mut two = Motion { bodies: 2, positions: Vec::new(), present: Vec::new(), ..one.clone() };
        for t in 0..frames {
            let pose = &one.positions[t * joints * 3..][..joints * 3];
            let there = t < frames / 2;
            two.positions.extend(pose);
            two.positions.extend(pose.iter().map(|x| if there { x + 5.0 } else { 0.0 }));
            two.present.extend([true, there]);
        }
        let (smooth, alone) = (denoised(two), denoised(one));
        let body = |t: usize, b: usize| &smooth.positions[(2 * t + b) * joints * 3..][..joints * 3];
        for t in 0..frames {
            let expected = &alone.positions[t * joints * 3..][..joints * 3];
            assert!(body(t, 0).iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.02));
            match t < frames / 2 {
                true => assert!(body(t, 1).iter().all(|x| *x > 3.0), "no absent pose is averaged in"),
                false => assert!(body(t, 1).iter().all(|x| *x == 0.0)),
            }
        }
    }
}
