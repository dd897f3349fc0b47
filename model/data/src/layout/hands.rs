//! Finger tips of skeletons that end in the wrist. Such files still say how a hand is turned, and a wave from the wrist
//! moves nothing else.

use std::sync::Arc;

use draction::motion::{
    Motion, Part,
    quaternion::{from_scalar_first, rotate},
};

use crate::kinematics::Anatomy;

/// From the wrist to the finger tips, as a share of the forearm.
pub(super) const HAND: f32 = 0.6;
/// Orientations count as those of a forearm if this share of its length is left when they turn it back in each frame
/// and the mean is taken.
const STEADY: f64 = 0.5;

/// The motion with a joint more at the tips of the left and the right hand, and the wrists that these hang from. `None`
/// where it has joints there, and without orientations or arms.
///
/// At rest a hand points where the forearm does: so do the orientations of BVH files mean it, which turn offsets from the
/// parent's axes.
pub fn with_hands(motion: &Motion) -> Option<(Motion, [usize; 2])> {
    let old = motion.orientations.as_ref()?;
    let skeleton = &motion.skeleton;
    let (bodies, joints) = (motion.bodies, motion.joints());
    let first = motion.present.iter().position(|there| *there)?;
    let arms = Anatomy::of(motion, first % bodies, first / bodies).arms?;
    let wrists = arms.map(|arm| arm.end);
    if [Part::LeftArm, Part::RightArm].map(|part| skeleton.tip(part)) != wrists.map(Some) {
        return None;
    }
    let mut longer = (**skeleton).clone();
    for (side, wrist) in wrists.into_iter().enumerate() {
        longer.names.push(format!("{}_tip", skeleton.names[wrist]));
        longer.parents.push(Some(wrist));
        longer.bones.push([wrist, joints + side]);
        longer.parts.push(skeleton.parts[wrist]);
        longer.mirror.push(joints + 1 - side);
    }
    let mut reaches = Vec::with_capacity(2 * bodies);
    for body in 0..bodies {
        for arm in arms {
            reaches.push(reach(motion, body, [arm.middle, skeleton.parents[arm.end]?, arm.end])?);
        }
    }
    let mut positions = Vec::with_capacity(motion.positions.len() / joints * (joints + 2));
    let mut orientations = Vec::with_capacity(old.len() / joints * (joints + 2));
    for (n, there) in motion.present.iter().enumerate() {
        let (t, body) = (n / bodies, n % bodies);
        positions.extend_from_slice(&motion.positions[n * joints * 3..][..joints * 3]);
        orientations.extend_from_slice(&old[n * joints * 4..][..joints * 4]);
        for (wrist, reach) in wrists.into_iter().zip(&reaches[2 * body..]) {
            let (at, turn) = (motion.position(t, body, wrist), motion.orientation(t, body, wrist));
            let hand = rotate(from_scalar_first(turn), (*reach).into());
            let hand = hand.to_array().map(|x| if *there { x as f32 } else { 0.0 });
            positions.extend((0..3).map(|c| at[c] + hand[c]));
            orientations.extend(turn);
        }
    }
    let (skeleton, orientations, source) = (Arc::new(longer), Some(orientations), motion.source.clone());
    Some((Motion { skeleton, positions, orientations, source, present: motion.present.clone(), ..*motion }, wrists))
}

/// From a body's wrist to its finger tips, metres, in the axes of the wrist. `None` where orientations do not follow the
/// forearm; zero for a body that is never there.
fn reach(motion: &Motion, body: usize, [elbow, above, wrist]: [usize; 3]) -> Option<[f64; 3]> {
    let (mut sum, mut bone_length, mut forearm_length, mut frames) = ([0.0; 3], 0.0, 0.0, 0);
    for t in (0..motion.frames()).filter(|&t| motion.is_present(t, body)) {
        let end = motion.position(t, body, wrist);
        let to_wrist = |from| {
            let from = motion.position(t, body, from);
            [0, 1, 2].map(|c| f64::from(end[c] - from[c]))
        };
        let bone = to_wrist(above);
        let seen = rotate(from_scalar_first(motion.orientation(t, body, above)).conjugate(), bone.into());
        (0..3).for_each(|c| sum[c] += seen[c]);
        bone_length += length(bone);
        forearm_length += length(to_wrist(elbow));
        frames += 1;
    }
    if frames == 0 {
        return Some([0.0; 3]);
    }
    let mean = f64::from(HAND) * forearm_length / f64::from(frames);
    let left = length(sum);
    (left > STEADY * bone_length).then(|| sum.map(|x| x / left * mean))
}

fn length(v: [f64; 3]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}
