//! The humanoid as a depth camera's body tracker reports people.

use glam::{DVec3, Vec3};

use super::super::{Format, Layout, Motion, Source, quaternion};

/// For each of Kinect's joints: our joint whose orientation it has, and its offset from it as `(joint, towards, share)`:
/// from `joint` to `towards`, or beyond it where the share exceeds one.
#[rustfmt::skip]
const SOURCES: [(&str, &str, f32); 25] = [
    ("Hips", "Hips", 0.0), ("Spine", "Chest", 0.6), ("Neck", "Head", 0.2), ("Neck", "Head", 1.5),
    ("LeftArm", "LeftForeArm", 0.0), ("LeftForeArm", "LeftHand", 0.0), ("LeftForeArm", "LeftHand", 1.0),
    ("LeftForeArm", "LeftHand", 1.3),
    ("RightArm", "RightForeArm", 0.0), ("RightForeArm", "RightHand", 0.0), ("RightForeArm", "RightHand", 1.0),
    ("RightForeArm", "RightHand", 1.3),
    ("LeftUpLeg", "LeftLeg", 0.0), ("LeftLeg", "LeftFoot", 0.0), ("LeftFoot", "LeftToeBase", 0.0),
    ("LeftFoot", "LeftToeBase", 1.0),
    ("RightUpLeg", "RightLeg", 0.0), ("RightLeg", "RightFoot", 0.0), ("RightFoot", "RightToeBase", 0.0),
    ("RightFoot", "RightToeBase", 1.0),
    ("Chest", "Neck", 0.85),
    ("LeftForeArm", "LeftHand", 1.6), ("LeftForeArm", "LeftHand", 1.35),
    ("RightForeArm", "RightHand", 1.6), ("RightForeArm", "RightHand", 1.35),
];

/// Thumbs stand off the hand, in the forearm's axes.
const THUMB: f64 = 0.045;

pub(super) fn convert(motion: &Motion, distance: f32) -> Motion {
    let layout = Layout::Ntu25;
    let find = |name: &str| motion.skeleton.joint(name).unwrap_or(0);
    let sources: Vec<(usize, usize, f32)> = SOURCES.iter().map(|&(a, b, share)| (find(a), find(b), share)).collect();
    let mut positions = Vec::new();
    let mut orientations = Vec::new();
    for t in 0..motion.frames() {
        for (j, &(a, b, share)) in sources.iter().enumerate() {
            let [p, to] = [a, b].map(|j| Vec3::from(motion.position(t, 0, j)));
            let q = motion.orientation(t, 0, a);
            let mut at = p + share * (to - p);
            if layout.names()[j].starts_with("Thumb") {
                at += quaternion::rotate(quaternion::from_scalar_first(q), DVec3::Z * THUMB).as_vec3();
            }
            positions.extend(at.to_array());
            orientations.extend(q);
        }
    }
    let sensor_height = 0.52 * motion.height();
    let seen = Motion {
        orientations: Some(orientations),
        source: Source { format: Format::Generated, ..motion.source.clone() },
        ..Motion::of_one_body(layout.skeleton(), motion.fps, positions)
    };
    seen.yawed(std::f32::consts::PI).translated([0.0, -sensor_height, distance])
}
