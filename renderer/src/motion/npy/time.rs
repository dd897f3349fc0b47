//! Frames or bodies?

use super::{super::error::Cause, shape::Reading};

/// Pairs of frames that are compared.
const STEPS: usize = 32;
/// Roots of two bodies that are nearer than this in two of three axes, in body sizes, were put in one place: no two people are
/// level to a fraction of a millimetre.
const MEET: f32 = 1e-4;

/// Which of two axes is time: people move a little from frame to frame, and stand apart from each other.
/// `root` is the joint that all others hang from.
pub(super) fn time_first(
    reading: Reading,
    readings: &[Reading],
    values: &[f32],
    root: usize,
) -> Result<Reading, Cause> {
    let other = readings.iter().find(|r| r.is_swapped(&reading) && r.joints == reading.joints);
    let size = extent(&reading, values, 0, 0);
    let reading = match (other, other.and_then(|o| step(o, values)), step(&reading, values)) {
        (Some(other), Some(theirs), Some(ours)) if 3.0 * theirs < ours && ours > 0.1 * size => *other,
        _ => reading,
    };
    // people do not begin in one place, clips of a batch do
    if !reading.is_documented() && reading.bodies > 1 {
        let others: Vec<usize> =
            (1..reading.bodies).filter(|&p| shift(&reading, values, [0, 0], [0, p]).is_some()).collect();
        let near = |&p: &usize| {
            let apart = shift(&reading, values, [0, 0], [0, p]);
            apart.is_some_and(|d| d < 0.1 * size) || roots_meet(&reading, values, root, p, size)
        };
        if !others.is_empty() && others.iter().all(near) {
            return Err(Cause::Malformed(format!(
                "the array's axes would be {}, but the {} bodies begin in one place: save one clip of the batch as \
                 [frames, joints, 3]",
                reading.axes(),
                reading.bodies
            )));
        }
    }
    Ok(reading)
}

/// Median distance that joints move from frame to frame.
fn step(reading: &Reading, values: &[f32]) -> Option<f32> {
    let pairs = (reading.frames - 1) * reading.bodies;
    let mut steps: Vec<f32> = (0..pairs)
        .step_by(pairs.div_ceil(STEPS).max(1))
        .filter_map(|n| {
            let (t, p) = (n / reading.bodies, n % reading.bodies);
            shift(reading, values, [t, p], [t + 1, p])
        })
        .collect();
    steps.sort_by(f32::total_cmp);
    steps.get(steps.len() / 2).copied()
}

/// Mean distance of the joints of two bodies, each by frame and slot; `None` where one is not there.
fn shift(reading: &Reading, values: &[f32], a: [usize; 2], b: [usize; 2]) -> Option<f32> {
    let pose = |[t, p]: [usize; 2]| (0..reading.joints).map(move |j| reading.at(values, t, p, j));
    let there = |at| pose(at).any(|v| v != [0.0; 3]);
    let distance = |(u, v): ([f32; 3], [f32; 3])| (0..3).map(|c| (u[c] - v[c]).powi(2)).sum::<f32>().sqrt();
    (there(a) && there(b)).then(|| pose(a).zip(pose(b)).map(distance).sum::<f32>() / reading.joints as f32)
}

/// Whether the roots of two bodies begin in one place but for their height, whichever axis is up: generators put them there,
/// whatever the pose. One person beside a copy of themselves is level with it in every joint.
fn roots_meet(reading: &Reading, values: &[f32], root: usize, p: usize, size: f32) -> bool {
    let apart = |j: usize, c: usize| (reading.at(values, 0, 0, j)[c] - reading.at(values, 0, p, j)[c]).abs() / size;
    let mut axes = [0, 1, 2];
    axes.sort_by(|&a, &b| apart(root, a).total_cmp(&apart(root, b)));
    let [first, second, third] = axes;
    let level = apart(root, second) < MEET && apart(root, third) < 0.5;
    level && (0..reading.joints).any(|j| apart(j, first).max(apart(j, second)) > 0.02)
}

/// Largest side of the box around a body.
fn extent(reading: &Reading, values: &[f32], t: usize, p: usize) -> f32 {
    let side = |c: usize| {
        let along = (0..reading.joints).map(|j| reading.at(values, t, p, j)[c]);
        let (low, high) = along.fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)));
        high - low
    };
    side(0).max(side(1)).max(side(2))
}
