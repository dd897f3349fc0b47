//! Finger tips of skeletons that end in the wrist. Such files still say how a hand is turned, and a wave from the wrist
//! moves nothing else.

use std::sync::Arc;

use glam::{DVec3, Vec3};

use super::anatomy::Anatomy;
use crate::motion::{
    Motion, Part,
    quaternion::{from_scalar_first, rotate},
};

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
            let (at, turn) = (Vec3::from(motion.position(t, body, wrist)), motion.orientation(t, body, wrist));
            let hand = rotate(from_scalar_first(turn), *reach).as_vec3();
            positions.extend((at + if *there { hand } else { Vec3::ZERO }).to_array());
            orientations.extend(turn);
        }
    }
    let (skeleton, orientations, source) = (Arc::new(longer), Some(orientations), motion.source.clone());
    Some((Motion { skeleton, positions, orientations, source, present: motion.present.clone(), ..*motion }, wrists))
}

/// From a body's wrist to its finger tips, metres, in the axes of the wrist. `None` where orientations do not follow the
/// forearm; zero for a body that is never there.
fn reach(motion: &Motion, body: usize, [elbow, above, wrist]: [usize; 3]) -> Option<DVec3> {
    let (mut sum, mut bone_length, mut forearm_length, mut frames) = (DVec3::ZERO, 0.0, 0.0, 0);
    for t in (0..motion.frames()).filter(|&t| motion.is_present(t, body)) {
        let at = |joint| Vec3::from(motion.position(t, body, joint));
        let to_wrist = |from| (at(wrist) - at(from)).as_dvec3();
        let bone = to_wrist(above);
        sum += rotate(from_scalar_first(motion.orientation(t, body, above)).conjugate(), bone);
        bone_length += bone.length();
        forearm_length += to_wrist(elbow).length();
        frames += 1;
    }
    if frames == 0 {
        return Some(DVec3::ZERO);
    }
    let mean = f64::from(HAND) * forearm_length / f64::from(frames);
    let left = sum.length();
    (left > STEADY * bone_length).then(|| sum / left * mean)
}
