//! The file formats that are read: one list, which messages, help texts and documents repeat.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A file format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Format {
    /// Not from a file: made by this program.
    #[default]
    Generated,
    /// Biovision hierarchy.
    Bvh,
    /// Khronos' glTF 2.0, as text or binary: the joints of a skin and an animation.
    Gltf,
    /// Acclaim's pair of skeleton (`.asf`) and motion (`.amc`), as in the CMU database.
    Acclaim,
    /// NTU RGB+D `.skeleton` (spec A.1.1).
    Ntu,
    /// PKU-MMD text: two bodies of 25 joints a line.
    Pku,
    /// MSR-Action3D text: a joint a line, 20 joints a frame.
    Msr,
    /// HumanML3D `.json` (spec A.1.2).
    HumanMl3d,
    /// What pose estimators write of pictures and videos: OpenPose, COCO, MediaPipe and their kin.
    Keypoints,
    /// A NumPy array, described by `skeleton.json` or by its shape.
    Npy,
    /// NumPy arrays in an archive, one of which holds joints.
    Npz,
}

impl Format {
    /// All formats of files, as documents list them.
    pub const ALL: [Self; 10] = [
        Self::Bvh,
        Self::Gltf,
        Self::Acclaim,
        Self::Ntu,
        Self::Pku,
        Self::Msr,
        Self::HumanMl3d,
        Self::Keypoints,
        Self::Npy,
        Self::Npz,
    ];

    /// How files of this format usually end, without the dot. Content decides: a name may end as it likes.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Generated => &[],
            Self::Bvh => &["bvh"],
            Self::Gltf => &["glb", "gltf"],
            Self::Acclaim => &["amc"],
            Self::Ntu => &["skeleton"],
            Self::Pku | Self::Msr => &["txt"],
            Self::HumanMl3d | Self::Keypoints => &["json"],
            Self::Npy => &["npy"],
            Self::Npz => &["npz"],
        }
    }

    /// All formats as one phrase: `BVH, glTF/GLB, …`.
    #[must_use]
    pub fn listed() -> String {
        let names: Vec<String> = Self::ALL.iter().map(Self::to_string).collect();
        names.join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generated => "generated",
            Self::Bvh => "BVH",
            Self::Gltf => "glTF/GLB",
            Self::Acclaim => "ASF/AMC",
            Self::Ntu => "NTU .skeleton",
            Self::Pku => "PKU-MMD .txt",
            Self::Msr => "MSR-Action3D .txt",
            Self::HumanMl3d => "HumanML3D .json",
            Self::Keypoints => "OpenPose/COCO/MediaPipe .json",
            Self::Npy => ".npy",
            Self::Npz => ".npz",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_repeat_the_list() {
        let readme = include_str!("../../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
        for format in Format::ALL {
            assert!(readme.contains(&format.to_string()), "README.md does not name {format}");
            assert!(!format.extensions().is_empty(), "{format}");
        }
    }
}
