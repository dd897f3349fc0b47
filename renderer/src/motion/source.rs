//! What is known of a motion's origin.

use std::fmt;

use super::{Unit, UpAxis};

/// A file format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Not from a file: made by this program.
    #[default]
    Generated,
    /// Biovision hierarchy.
    Bvh,
    /// NTU RGB+D `.skeleton` (spec A.1.1).
    Ntu,
    /// HumanML3D `.json` (spec A.1.2).
    HumanMl3d,
    /// A NumPy array, described by `skeleton.json` or by its shape.
    Npy,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generated => "generated",
            Self::Bvh => "BVH",
            Self::Ntu => "NTU .skeleton",
            Self::HumanMl3d => "HumanML3D .json",
            Self::Npy => ".npy",
        })
    }
}

/// Where a motion came from and how its numbers were understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// The name the caller gave; empty for a generated motion.
    pub file: String,
    /// What the content turned out to be.
    pub format: Format,
    /// The file's unit of length.
    pub unit: Unit,
    /// How the unit is known, one line.
    pub unit_from: String,
    /// The file's up axis.
    pub up: UpAxis,
    /// How the up axis is known, one line.
    pub up_from: String,
    /// How body parts and sides were told, one line.
    pub parts_from: String,
    /// Distinct body ids of a `.skeleton` file, in order of appearance.
    pub body_ids: Vec<u64>,
    /// What was odd about the file but did not stop the reading.
    pub warnings: Vec<String>,
}

impl fmt::Display for Source {
    /// One line: format, unit and axis with their reasons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, unit {} ({}), up {} ({})", self.format, self.unit.name, self.unit_from, self.up, self.up_from)
    }
}
