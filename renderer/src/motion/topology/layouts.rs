//! Layouts that come without names: joint order, tree and drawing order of well-known recordings.
//!
//! A number of joints rarely tells the layout, as several have it; [`Layout::with_joints`] lists the candidates and
//! `fit` compares them with a body.

#[rustfmt::skip]
mod keypoints;
#[rustfmt::skip]
mod kinect;
#[rustfmt::skip]
mod smpl;
#[rustfmt::skip]
mod studios;
mod table;

use std::{fmt, str::FromStr};

use self::table::Table;
use super::super::UpAxis;

/// A well-known order of joints. The number behind a name is that of the joints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Kinect v2 as in NTU RGB+D.
    Ntu25,
    /// Kinect v1 in its SDK's order, as in NW-UCLA.
    Kinect20,
    /// SMPL's body joints as in HumanML3D.
    Smpl22,
    /// COCO's person keypoints.
    Coco17,
    /// Human3.6M, the hip first: pelvis, right leg, left leg, spine, left arm, right arm.
    Human17,
    /// [`Layout::Human17`] without the neck.
    Human16,
    /// Human3.6M with helpers and ends, as recorded.
    Human32,
    /// MPI-INF-3DHP's test set.
    Inf17,
    /// MPI-INF-3DHP as recorded.
    Inf28,
    /// SMPL with hands.
    Smpl24,
    /// SMPL, and the points of the face, feet and hands that its program adds.
    Smpl45,
    /// SMPL-H: SMPL's body and fingers, as in AMASS.
    SmplH52,
    /// SMPL-X: SMPL's body, jaw, eyes and fingers.
    SmplX55,
    /// Azure Kinect's body tracker.
    Azure32,
    /// Kinect v1 from the head down, as in UTD-MHAD.
    Utd20,
    /// OpenNI's joints as in SBU Kinect Interaction.
    Sbu15,
    /// OpenNI's joints as in CAD-60 and CAD-120.
    Cad15,
    /// OpenPose's COCO model, as in Kinetics-Skeleton.
    OpenPose18,
    /// OpenPose's BODY_25 model.
    OpenPose25,
    /// OpenPose's MPI model.
    OpenPose15,
    /// MediaPipe Pose, formerly BlazePose.
    MediaPipe33,
    /// COCO-WholeBody's first 23: COCO and feet.
    Coco23,
    /// Halpe full body, as of AlphaPose.
    Halpe26,
    /// Leeds Sports Pose.
    Lsp14,
    /// CrowdPose.
    CrowdPose14,
    /// Penn Action.
    Penn13,
    /// Joint-annotated HMDB.
    Jhmdb15,
    /// MPII Human Pose.
    Mpii16,
    /// CMU Panoptic Studio.
    Panoptic19,
    /// The KIT Motion-Language set.
    Kit21,
    /// Xsens MVN's segments.
    Xsens23,
    /// LAFAN1, and what is made of it.
    Lafan22,
    /// HumanEva.
    Eva15,
    /// The CMU motion capture database and HDM05, in the order of their ASF files.
    Cmu31,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 34] = [
        Self::Ntu25,
        Self::Kinect20,
        Self::Smpl22,
        Self::Coco17,
        Self::Human17,
        Self::Human16,
        Self::Human32,
        Self::Inf17,
        Self::Inf28,
        Self::Smpl24,
        Self::Smpl45,
        Self::SmplH52,
        Self::SmplX55,
        Self::Azure32,
        Self::Utd20,
        Self::Sbu15,
        Self::Cad15,
        Self::OpenPose18,
        Self::OpenPose25,
        Self::OpenPose15,
        Self::MediaPipe33,
        Self::Coco23,
        Self::Halpe26,
        Self::Lsp14,
        Self::CrowdPose14,
        Self::Penn13,
        Self::Jhmdb15,
        Self::Mpii16,
        Self::Panoptic19,
        Self::Kit21,
        Self::Xsens23,
        Self::Lafan22,
        Self::Eva15,
        Self::Cmu31,
    ];

    fn table(self) -> &'static Table {
        match self {
            Self::Ntu25 => &kinect::NTU25,
            Self::Kinect20 => &kinect::KINECT20,
            Self::Smpl22 => &smpl::SMPL22,
            Self::Coco17 => &keypoints::COCO17,
            Self::Human17 => &studios::HUMAN17,
            Self::Human16 => &studios::HUMAN16,
            Self::Human32 => &studios::HUMAN32,
            Self::Inf17 => &studios::INF17,
            Self::Inf28 => &studios::INF28,
            Self::Smpl24 => &smpl::SMPL24,
            Self::Smpl45 => &smpl::SMPL45,
            Self::SmplH52 => &smpl::SMPLH52,
            Self::SmplX55 => &smpl::SMPLX55,
            Self::Azure32 => &kinect::AZURE32,
            Self::Utd20 => &kinect::UTD20,
            Self::Sbu15 => &kinect::SBU15,
            Self::Cad15 => &kinect::CAD15,
            Self::OpenPose18 => &keypoints::OPENPOSE18,
            Self::OpenPose25 => &keypoints::OPENPOSE25,
            Self::OpenPose15 => &keypoints::OPENPOSE15,
            Self::MediaPipe33 => &keypoints::MEDIAPIPE33,
            Self::Coco23 => &keypoints::COCO23,
            Self::Halpe26 => &keypoints::HALPE26,
            Self::Lsp14 => &keypoints::LSP14,
            Self::CrowdPose14 => &keypoints::CROWDPOSE14,
            Self::Penn13 => &keypoints::PENN13,
            Self::Jhmdb15 => &keypoints::JHMDB15,
            Self::Mpii16 => &keypoints::MPII16,
            Self::Panoptic19 => &studios::PANOPTIC19,
            Self::Kit21 => &studios::KIT21,
            Self::Xsens23 => &studios::XSENS23,
            Self::Lafan22 => &studios::LAFAN22,
            Self::Eva15 => &studios::EVA15,
            Self::Cmu31 => &studios::CMU31,
        }
    }

    /// The layouts of that many joints.
    pub fn with_joints(joints: usize) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |l| l.names().len() == joints)
    }

    /// The layout of that many joints among the four that the specification of our systems names.
    #[must_use]
    pub fn specified(joints: usize) -> Option<Self> {
        [Self::Ntu25, Self::Kinect20, Self::Smpl22, Self::Coco17].into_iter().find(|l| l.names().len() == joints)
    }

    /// Joint names in order.
    pub fn names(self) -> &'static [&'static str] {
        self.table().names
    }

    /// Bones in drawing order, joints counted from zero.
    pub fn bones(self) -> Vec<[usize; 2]> {
        self.table().bones.pairs()
    }

    /// Frames per second that recordings usually come with.
    pub fn fps(self) -> f64 {
        self.table().fps
    }

    /// The axis that most recordings have up.
    pub fn usual_up(self) -> UpAxis {
        self.table().usual_up
    }

    /// The tree that the bones span from the root; bones that would close a ring are left out.
    pub fn parents(self) -> Vec<Option<usize>> {
        super::tree_along(self.names().len(), &self.bones(), self.table().root)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} joints)", self.table().title, self.names().len())
    }
}

impl FromStr for Layout {
    type Err = String;

    /// The variant's name in any case, such as `Human17`.
    fn from_str(s: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|l| format!("{l:?}").eq_ignore_ascii_case(s.trim()));
        found.ok_or_else(|| {
            let all: Vec<String> = Self::ALL.iter().map(|l| format!("{l:?}")).collect();
            format!("unknown layout '{}': known are {}", s.chars().take(24).collect::<String>(), all.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::Part, *};

    #[test]
    fn every_layout_is_one_tree_over_its_bones() {
        for layout in Layout::ALL {
            let parents = layout.parents();
            let number: String = format!("{layout:?}").chars().filter(char::is_ascii_digit).collect();
            assert_eq!(parents.len().to_string(), number, "{layout:?}");
            assert_eq!(parents.iter().filter(|p| p.is_none()).count(), 1, "{layout:?}");
            assert_eq!(Layout::with_joints(parents.len()).filter(|&l| l == layout).count(), 1);
            let mut names = layout.names().to_vec();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), parents.len(), "{layout:?} has a name twice");
        }
    }

    #[test]
    fn bones_stay_within_a_limb_or_touch_the_trunk() {
        for layout in Layout::ALL {
            let skeleton = layout.skeleton();
            // without a neck and a pelvis, bones run from shoulder to hip and across
            let open = !layout.names().iter().any(|n| n.contains("Neck") || n.contains("Spine") || n.contains("Torso"));
            for &[a, b] in &skeleton.bones {
                let [x, y] = [a, b].map(|j| skeleton.parts[j]);
                let fits = x == y || x == Part::Torso || y == Part::Torso || open;
                assert!(fits, "{layout:?}: {} to {}", skeleton.names[a], skeleton.names[b]);
            }
        }
        assert_eq!(Layout::Smpl22.bones().len(), 21);
        assert_eq!(Layout::Ntu25.bones()[2], [2, 20]);
    }
}
