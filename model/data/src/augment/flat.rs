//! A motion without depth, as estimated from the frames of a video.

use draction::motion::{Motion, Part};

/// Presses a motion into an upright plane that the performer faces, turned by `askew` radians.
pub(super) fn flatten(motion: &mut Motion, askew: f32) {
    let [x, z] = across(motion);
    let (sin, cos) = (z.atan2(x) + askew).sin_cos();
    let joints = motion.joints();
    let middle = motion.positions.chunks_exact(3).next().map_or([0.0; 2], |p| [p[0], p[2]]);
    for (body, _) in motion.positions.chunks_exact_mut(joints * 3).zip(&motion.present).filter(|(_, p)| **p) {
        for point in body.chunks_exact_mut(3) {
            let along = (point[0] - middle[0]) * cos + (point[2] - middle[1]) * sin;
            (point[0], point[2]) = (middle[0] + along * cos, middle[1] + along * sin);
        }
    }
}

/// From right to left on the floor, `[x, z]`, summed over the whole motion; x where left and right are unknown.
fn across(motion: &Motion) -> [f32; 2] {
    let skeleton = &motion.skeleton;
    let pairs: Vec<(usize, usize)> = (0..motion.joints())
        .filter(|&j| matches!(skeleton.parts[j], Part::LeftArm | Part::LeftLeg) && skeleton.mirror[j] != j)
        .map(|j| (j, skeleton.mirror[j]))
        .collect();
    let mut sum = [0.0f32; 2];
    for body in motion.positions.chunks_exact(motion.joints() * 3) {
        for &(left, right) in &pairs {
            sum[0] += body[left * 3] - body[right * 3];
            sum[1] += body[left * 3 + 2] - body[right * 3 + 2];
        }
    }
    if sum[0].hypot(sum[1]) > 0.0 { sum } else { [1.0, 0.0] }
}
