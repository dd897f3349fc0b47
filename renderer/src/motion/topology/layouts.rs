//! Layouts that come without names: joint order, tree and drawing order of well-known recordings (spec A.1.1, A.1.2).

/// A layout known by its number of joints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Kinect v2 as in NTU RGB+D.
    Ntu25,
    /// Kinect v1 in its SDK's order, as in NW-UCLA.
    Kinect20,
    /// Azure Kinect in its SDK's order.
    Azure32,
    /// SMPL's body joints as in HumanML3D.
    Smpl22,
    /// COCO's person keypoints.
    Coco17,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 5] = [Self::Ntu25, Self::Kinect20, Self::Azure32, Self::Smpl22, Self::Coco17];

    /// The layout with that number of joints.
    pub fn with_joints(joints: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.names().len() == joints)
    }

    /// Joint names in order.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Ntu25 => &NTU25,
            Self::Kinect20 => &KINECT20,
            Self::Azure32 => &AZURE32,
            Self::Smpl22 => &SMPL22,
            Self::Coco17 => &COCO17,
        }
    }

    /// Bones in drawing order, joints counted from zero.
    pub fn bones(self) -> Vec<[usize; 2]> {
        let from_one: &[[u8; 2]] = match self {
            Self::Ntu25 => &NTU25_BONES,
            Self::Kinect20 => &KINECT20_BONES,
            Self::Azure32 => &AZURE32_BONES,
            Self::Smpl22 => &SMPL22_BONES,
            Self::Coco17 => &COCO17_BONES,
        };
        let zero = |b: &[u8; 2]| [usize::from(b[0]) - 1, usize::from(b[1]) - 1];
        from_one.iter().map(zero).collect()
    }

    /// The joint all others hang from: the base of the spine, for COCO the nose.
    fn root(self) -> usize {
        0
    }

    /// The tree that the bones span from the root; bones that would close a ring are left out.
    pub fn parents(self) -> Vec<Option<usize>> {
        let bones = self.bones();
        let mut parents = vec![None; self.names().len()];
        let mut seen = vec![false; parents.len()];
        let mut queue = std::collections::VecDeque::from([self.root()]);
        seen[self.root()] = true;
        while let Some(a) = queue.pop_front() {
            for bone in &bones {
                let b = match *bone {
                    [x, y] if x == a => y,
                    [x, y] if y == a => x,
                    _ => continue,
                };
                if !seen[b] {
                    seen[b] = true;
                    parents[b] = Some(a);
                    queue.push_back(b);
                }
            }
        }
        parents
    }
}

#[rustfmt::skip]
const NTU25: [&str; 25] = [
    "SpineBase", "SpineMid", "Neck", "Head",
    "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft",
    "ShoulderRight", "ElbowRight", "WristRight", "HandRight",
    "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft",
    "HipRight", "KneeRight", "AnkleRight", "FootRight",
    "SpineShoulder", "HandTipLeft", "ThumbLeft", "HandTipRight", "ThumbRight",
];

#[rustfmt::skip]
const NTU25_BONES: [[u8; 2]; 24] = [
    [1, 2], [2, 21], [3, 21], [4, 3], [5, 21], [6, 5], [7, 6], [8, 7], [9, 21], [10, 9], [11, 10], [12, 11],
    [13, 1], [14, 13], [15, 14], [16, 15], [17, 1], [18, 17], [19, 18], [20, 19], [22, 23], [23, 8], [24, 25],
    [25, 12],
];

#[rustfmt::skip]
const KINECT20: [&str; 20] = [
    "HipCenter", "Spine", "ShoulderCenter", "Head",
    "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft",
    "ShoulderRight", "ElbowRight", "WristRight", "HandRight",
    "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft",
    "HipRight", "KneeRight", "AnkleRight", "FootRight",
];

#[rustfmt::skip]
const KINECT20_BONES: [[u8; 2]; 19] = [
    [1, 2], [2, 3], [4, 3], [5, 3], [6, 5], [7, 6], [8, 7], [9, 3], [10, 9], [11, 10], [12, 11],
    [13, 1], [14, 13], [15, 14], [16, 15], [17, 1], [18, 17], [19, 18], [20, 19],
];

#[rustfmt::skip]
const AZURE32: [&str; 32] = [
    "Pelvis", "SpineNavel", "SpineChest", "Neck",
    "ClavicleLeft", "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft", "HandTipLeft", "ThumbLeft",
    "ClavicleRight", "ShoulderRight", "ElbowRight", "WristRight", "HandRight", "HandTipRight", "ThumbRight",
    "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft",
    "HipRight", "KneeRight", "AnkleRight", "FootRight",
    "Head", "Nose", "EyeLeft", "EarLeft", "EyeRight", "EarRight",
];

#[rustfmt::skip]
const AZURE32_BONES: [[u8; 2]; 31] = [
    [1, 2], [2, 3], [3, 4], [3, 5], [5, 6], [6, 7], [7, 8], [8, 9], [9, 10], [8, 11],
    [3, 12], [12, 13], [13, 14], [14, 15], [15, 16], [16, 17], [15, 18],
    [1, 19], [19, 20], [20, 21], [21, 22], [1, 23], [23, 24], [24, 25], [25, 26],
    [4, 27], [27, 28], [27, 29], [27, 30], [27, 31], [27, 32],
];

#[rustfmt::skip]
const SMPL22: [&str; 22] = [
    "Pelvis", "LeftHip", "RightHip", "Spine1", "LeftKnee", "RightKnee", "Spine2", "LeftAnkle", "RightAnkle",
    "Spine3", "LeftFoot", "RightFoot", "Neck", "LeftCollar", "RightCollar", "Head", "LeftShoulder",
    "RightShoulder", "LeftElbow", "RightElbow", "LeftWrist", "RightWrist",
];

#[rustfmt::skip]
const SMPL22_BONES: [[u8; 2]; 21] = [
    [1, 3], [3, 6], [6, 9], [9, 12], [1, 2], [2, 5], [5, 8], [8, 11], [1, 4], [4, 7], [7, 10], [10, 13],
    [13, 16], [10, 15], [15, 18], [18, 20], [20, 22], [10, 14], [14, 17], [17, 19], [19, 21],
];

#[rustfmt::skip]
const COCO17: [&str; 17] = [
    "Nose", "LeftEye", "RightEye", "LeftEar", "RightEar", "LeftShoulder", "RightShoulder", "LeftElbow",
    "RightElbow", "LeftWrist", "RightWrist", "LeftHip", "RightHip", "LeftKnee", "RightKnee", "LeftAnkle",
    "RightAnkle",
];

/// The person graph of COCO's annotation files.
#[rustfmt::skip]
const COCO17_BONES: [[u8; 2]; 19] = [
    [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9], [8, 10],
    [9, 11], [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_is_one_tree_over_its_bones() {
        for layout in Layout::ALL {
            let parents = layout.parents();
            assert_eq!(parents.iter().filter(|p| p.is_none()).count(), 1, "{layout:?}");
            assert_eq!(Layout::with_joints(parents.len()), Some(layout));
        }
    }

    #[test]
    fn smpl_bones_join_neighbours_of_the_body() {
        // the spec's list as it stands: left hip 2–5–8–11, right hip 3–6–9–12 … see the next test for names
        assert_eq!(Layout::Smpl22.bones().len(), 21);
        assert_eq!(Layout::Ntu25.bones()[2], [2, 20]);
    }
}
