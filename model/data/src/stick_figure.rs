//! A person of sixteen joints for tests, who does what the test says.

use std::sync::Arc;

use draction::motion::{Motion, Part, Skeleton, Source};

/// Frames a second of every motion here.
pub const FPS: f32 = 30.0;

/// The same person as a file, standing, three frames.
pub const BVH: &str = "HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Spine
  {
    OFFSET 0 25 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    JOINT Head
    {
      OFFSET 0 40 0
      CHANNELS 3 Zrotation Xrotation Yrotation
      End Site
      {
        OFFSET 0 15 0
      }
    }
    JOINT LeftArm
    {
      OFFSET 18 28 0
      CHANNELS 3 Zrotation Xrotation Yrotation
      End Site
      {
        OFFSET 0 -55 0
      }
    }
    JOINT RightArm
    {
      OFFSET -18 28 0
      CHANNELS 3 Zrotation Xrotation Yrotation
      End Site
      {
        OFFSET 0 -55 0
      }
    }
  }
  JOINT LeftUpLeg
  {
    OFFSET 10 -5 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -85 0
    }
  }
  JOINT RightUpLeg
  {
    OFFSET -10 -5 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -85 0
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.0333333
0 90 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
1 90 0 0 0 0 0 0 0 0 0 0 5 0 0 0 0 0 0 0 0 0 0 0
2 90 0 0 0 0 0 0 0 0 0 0 9 0 0 0 0 0 0 0 0 0 0 0
";

/// One moment: where the person is, and what its limbs do, by their ends relative to shoulder or hip.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    /// Pelvis, metres.
    pub pelvis: [f32; 3],
    /// Heading in radians, 0 faces +z, positive to the left.
    pub heading: f32,
    /// Left and right wrist from their shoulders, metres: to the left, up, forward.
    pub wrists: [[f32; 3]; 2],
    /// Left and right ankle from their hips.
    pub ankles: [[f32; 3]; 2],
}

impl Default for Pose {
    fn default() -> Pose {
        Pose {
            pelvis: [0.0, 0.9, 0.0],
            heading: 0.0,
            wrists: [[0.05, -0.5, 0.0], [-0.05, -0.5, 0.0]],
            ankles: [[0.0, -0.82, 0.0]; 2],
        }
    }
}

/// The skeleton.
pub fn skeleton() -> Skeleton {
    use Part::{LeftArm, LeftLeg, RightArm, RightLeg, Torso};
    let joints: [(&str, Option<usize>, Part, usize); 16] = [
        ("pelvis", None, Torso, 0),
        ("spine", Some(0), Torso, 1),
        ("neck", Some(1), Torso, 2),
        ("head", Some(2), Torso, 3),
        ("left shoulder", Some(2), LeftArm, 7),
        ("left elbow", Some(4), LeftArm, 8),
        ("left wrist", Some(5), LeftArm, 9),
        ("right shoulder", Some(2), RightArm, 4),
        ("right elbow", Some(7), RightArm, 5),
        ("right wrist", Some(8), RightArm, 6),
        ("left hip", Some(0), LeftLeg, 13),
        ("left knee", Some(10), LeftLeg, 14),
        ("left ankle", Some(11), LeftLeg, 15),
        ("right hip", Some(0), RightLeg, 10),
        ("right knee", Some(13), RightLeg, 11),
        ("right ankle", Some(14), RightLeg, 12),
    ];
    Skeleton {
        names: joints.iter().map(|j| j.0.to_owned()).collect(),
        parents: joints.iter().map(|j| j.1).collect(),
        bones: joints.iter().enumerate().filter_map(|(i, j)| Some([j.1?, i])).collect(),
        parts: joints.iter().map(|j| j.2).collect(),
        mirror: joints.iter().map(|j| j.3).collect(),
    }
}

/// A motion of `seconds`, from the pose at each moment.
pub fn motion(seconds: f32, pose: impl Fn(f32) -> Pose) -> Motion {
    let frames = (seconds * FPS) as usize;
    let mut positions = Vec::new();
    for t in 0..frames {
        let pose = pose(t as f32 / FPS);
        let (sin, cos) = pose.heading.sin_cos();
        let turned = |[x, y, z]: [f32; 3]| [x * cos + z * sin, y, z * cos - x * sin];
        let add = |a: [f32; 3], b: [f32; 3]| [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
        let trunk = [[0.0; 3], [0.0, 0.25, 0.0], [0.0, 0.5, 0.0], [0.0, 0.7, 0.0]];
        let mut local: Vec<[f32; 3]> = trunk.to_vec();
        let mut limb = |root: [f32; 3], end: [f32; 3], bend: f32| {
            // elbow and knee stand a little off the line, so that the limb keeps its bones
            let middle = [end[0] / 2.0, end[1] / 2.0, end[2] / 2.0 + bend];
            local.extend([root, add(root, middle), add(root, end)]);
        };
        limb([0.18, 0.5, 0.0], pose.wrists[0], -0.05);
        limb([-0.18, 0.5, 0.0], pose.wrists[1], -0.05);
        limb([0.1, 0.0, 0.0], pose.ankles[0], 0.05);
        limb([-0.1, 0.0, 0.0], pose.ankles[1], 0.05);
        positions.extend(local.into_iter().flat_map(|p| add(pose.pelvis, turned(p))));
    }
    Motion {
        skeleton: Arc::new(skeleton()),
        fps: FPS,
        bodies: 1,
        performer: None,
        positions,
        present: vec![true; frames],
        orientations: None,
        source: Source::default(),
    }
}

/// Waves one hand above the head; side 0 is left.
pub fn waving(side: usize) -> Motion {
    motion(3.0, |t| {
        let mut pose = Pose::default();
        pose.wrists[side] = [0.2 * (t * 9.0).sin(), 0.5, 0.1];
        pose
    })
}

/// A NumPy file of 32-bit floats.
pub fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let shape: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}
