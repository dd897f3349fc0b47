//! Places in pictures: two coordinates, or two and how sure the estimator was.

use super::shape::Reading;

/// Larger than any person in metres: pixels.
const PIXELS: f32 = 8.0;

/// Whether a reading is one of places in pictures.
pub(super) fn is_flat(reading: &Reading, values: &[f32]) -> bool {
    reading.coordinates == 2 || has_confidences(reading, values)
}

/// Whether the third number of each joint is a confidence: between 0 and 1, where the other two are pixels.
fn has_confidences(reading: &Reading, values: &[f32]) -> bool {
    if reading.coordinates != 3 {
        return false;
    }
    let (mut widest, mut surest): (f32, f32) = (0.0, 0.0);
    for t in 0..reading.frames {
        for p in 0..reading.bodies {
            let mut low = [f32::MAX; 2];
            let mut high = [f32::MIN; 2];
            for [x, y, c] in (0..reading.joints).map(|j| reading.at(values, t, p, j)) {
                if !(0.0..=1.0).contains(&c) {
                    return false;
                }
                surest = surest.max(c);
                (low, high) = ([low[0].min(x), low[1].min(y)], [high[0].max(x), high[1].max(y)]);
            }
            widest = widest.max(high[0] - low[0]).max(high[1] - low[1]);
        }
    }
    widest > PIXELS && surest > 0.0
}

/// Lays places of pictures, `[T, P, J, 3]`, into the plane z = 0 and puts joints that were not found, which estimators set to
/// zero, where they were found last, or first where there is none before. Returns how many there were.
pub(super) fn flatten(positions: &mut [f32], bodies: usize, joints: usize) -> usize {
    let found = |p: &[f32]| p[0] != 0.0 || p[1] != 0.0;
    let mut filled = 0;
    for point in positions.chunks_exact_mut(3) {
        point[2] = 0.0;
    }
    let slots = 3 * bodies * joints;
    let frames = positions.len() / slots.max(1);
    for slot in (0..slots).step_by(3) {
        let body = slot / (3 * joints) * 3 * joints;
        // somebody who is not there has no joint that is
        let there =
            |positions: &[f32], t: usize| positions[t * slots + body..][..3 * joints].chunks_exact(3).any(found);
        let seen: Vec<bool> = (0..frames).map(|t| found(&positions[t * slots + slot..][..3])).collect();
        let Some(first) = seen.iter().position(|&s| s) else { continue };
        let mut last = first;
        for t in 0..frames {
            if seen[t] {
                last = t;
            } else if there(positions, t) {
                positions.copy_within(last * slots + slot..last * slots + slot + 3, t * slots + slot);
                filled += 1;
            }
        }
    }
    filled
}
