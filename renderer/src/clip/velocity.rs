//! How fast joints move (spec A.1.3), measured on the full-rate motion before frames are sampled.

use crate::motion::Motion;

/// What a velocity is. Both are differences of positions in metres, not divided by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VelocityRule {
    /// The reference's: from frame `t` to `min(t + 4, T − 1)`, whatever the frame rate. A body that comes or goes in
    /// between moves from or to the origin.
    FourFrames,
    /// From `t` to 4/30 s later (or the end), interpolated between frames: the same motion recorded at another rate
    /// has the same velocities. A body that comes or goes in between has none.
    FourThirtieths,
}

/// `[T, P, J, 3]` at the given source frames, which must be the motion's.
pub(super) fn velocities(motion: &Motion, joints: usize, indices: &[usize], rule: VelocityRule) -> Vec<f32> {
    let last = motion.present.len() / motion.bodies - 1;
    let body = joints * 3;
    let step = match rule {
        VelocityRule::FourFrames => 4.0,
        VelocityRule::FourThirtieths => frames_in_four_thirtieths(motion.fps),
    };
    let mut all = Vec::with_capacity(indices.len() * motion.bodies * body);
    for &t in indices {
        let later = (t as f64 + step).min(last as f64);
        let (before, share) = (later.floor() as usize, later.fract() as f32);
        let after = if share > 0.0 { before + 1 } else { before };
        for p in 0..motion.bodies {
            let at = |frame: usize| &motion.positions[(frame * motion.bodies + p) * body..][..body];
            let somebody = |frame: usize| motion.present[frame * motion.bodies + p];
            let seen = somebody(t) && somebody(before) && somebody(after);
            if rule == VelocityRule::FourThirtieths && !seen {
                all.extend(std::iter::repeat_n(0.0, body));
                continue;
            }
            let pairs = at(t).iter().zip(at(before)).zip(at(after));
            all.extend(pairs.map(|((&now, &b), &a)| b + share * (a - b) - now));
        }
    }
    all
}

fn frames_in_four_thirtieths(fps: f32) -> f64 {
    let fps = if fps.is_finite() && fps > 0.0 { f64::from(fps) } else { 30.0 };
    let step = fps * 4.0 / 30.0;
    // 30 fps stored as 29.999998 means exactly four frames
    if (step - step.round()).abs() < 1e-4 { step.round() } else { step }
}
