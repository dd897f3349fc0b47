//! Where the reference puts a clip before its camera at the origin (spec A.1.4).

use super::Clip;
use crate::draction::lower_median;

/// Preprocessing by dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// One metre away where the body stands at the camera, else untouched.
    Ntu,
    /// Median height to 0, median depth to 2.5 m.
    HumanMl3d,
}

/// How far a clip is moved up and away from the camera, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shift {
    up: f32,
    away: f32,
}

/// The move for a clip in the motion's axes.
pub(super) fn shift(clip: &Clip, present: &[bool], rule: Rule) -> Shift {
    let body = clip.joints() * 3;
    let median = |clip: &Clip, axis: usize| {
        let bodies = clip.positions.chunks_exact(body).zip(present).filter(|(_, there)| **there);
        let mut values: Vec<f64> =
            bodies.flat_map(|(b, _)| b.iter().skip(axis).step_by(3).map(|&x| f64::from(x))).collect();
        lower_median(&mut values).unwrap_or(0.0)
    };
    let (up, away) = match rule {
        Rule::Ntu if median(clip, 2).abs() < 0.5 => (0.0, 1.0),
        Rule::Ntu => (0.0, 0.0),
        Rule::HumanMl3d => (-median(clip, 1), 2.5 - median(clip, 2)),
    };
    Shift { up: up as f32, away: away as f32 }
}

impl Shift {
    /// Moves the bodies that are `present [T, P]`. Velocities are differences and stay.
    pub(super) fn apply(self, clip: &mut Clip, present: &[bool]) {
        let body = clip.joints() * 3;
        for (body, _) in clip.positions.chunks_exact_mut(body).zip(present).filter(|(_, there)| **there) {
            for joint in body.chunks_exact_mut(3) {
                joint[1] += self.up;
                joint[2] += self.away;
            }
        }
    }
}
