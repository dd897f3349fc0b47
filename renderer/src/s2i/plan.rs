//! What an encoding has to know of a body.

use crate::motion::{Layout, Part, Skeleton};

/// The order of a skeleton's joints in the picture, and from where they are measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyPlan {
    /// `[J]` which joint each column shows: torso, left arm, right arm, left leg, right leg, each from the torso outward.
    pub columns: Vec<usize>,
    /// How many of the columns belong to each of the five parts.
    pub parts: [usize; 5],
    /// `[J]` the joint that each bone begins at; a root is its own.
    pub parents: Vec<usize>,
    /// The joints whose mean is the body's centre.
    pub centre: Vec<usize>,
}

impl BodyPlan {
    /// Of a well-known layout the specification's own order; of any other skeleton the order of its tree.
    #[must_use]
    pub fn of(skeleton: &Skeleton) -> Self {
        let known = Layout::ALL.into_iter().find(|layout| layout.names() == skeleton.names);
        known.map_or_else(|| Self::of_tree(skeleton), Self::of_layout)
    }

    /// Spec C.1's table, and for layouts that it does not name the order of their tree.
    #[must_use]
    pub fn of_layout(layout: Layout) -> Self {
        let (parts, root, centre): ([&[usize]; 5], usize, &[usize]) = match layout {
            Layout::Ntu25 => (
                [
                    &[1, 2, 21, 3, 4],
                    &[5, 6, 7, 8, 22, 23],
                    &[9, 10, 11, 12, 24, 25],
                    &[13, 14, 15, 16],
                    &[17, 18, 19, 20],
                ],
                21,
                &[2],
            ),
            Layout::Kinect20 => {
                ([&[1, 2, 3, 4], &[5, 6, 7, 8], &[9, 10, 11, 12], &[13, 14, 15, 16], &[17, 18, 19, 20]], 3, &[2])
            }
            Layout::Smpl22 => (
                [&[1, 4, 7, 10, 13, 16], &[14, 17, 19, 21], &[15, 18, 20, 22], &[2, 5, 8, 11], &[3, 6, 9, 12]],
                1,
                &[4],
            ),
            Layout::Coco17 => {
                ([&[1, 2, 3, 4, 5], &[6, 8, 10], &[7, 9, 11], &[12, 14, 16], &[13, 15, 17]], 1, &[12, 13])
            }
            // the specification names four
            other => return Self::of_tree(&other.skeleton()),
        };
        let parents = match layout {
            // its bones make rings, so the specification names a tree
            Layout::Coco17 => COCO17_PARENTS.map(|parent| parent - 1).to_vec(),
            _ => rooted_at(&layout.parents(), root - 1),
        };
        Self {
            columns: parts.concat().iter().map(|joint| joint - 1).collect(),
            parts: parts.map(<[usize]>::len),
            parents,
            centre: centre.iter().map(|joint| joint - 1).collect(),
        }
    }

    fn of_tree(skeleton: &Skeleton) -> Self {
        let mut depth = vec![0; skeleton.joints()];
        for (joint, parent) in skeleton.parents_first() {
            depth[joint] = depth[parent] + 1;
        }
        let parts = Part::ALL.map(|part| {
            let mut joints: Vec<usize> = skeleton.joints_of(part).collect();
            joints.sort_by_key(|&joint| (depth[joint], joint));
            joints
        });
        let parents = skeleton.parents.iter().enumerate().map(|(joint, parent)| parent.unwrap_or(joint)).collect();
        // the lower spine, as in the known layouts: above the hips, whatever the legs do
        let torso = &parts[0];
        let spine = torso.iter().copied().find(|&joint| skeleton.parents[joint].is_some_and(|p| torso[0] == p));
        let first = parts.iter().flatten().next().copied();
        Self {
            centre: spine.or(first).into_iter().collect(),
            parts: std::array::from_fn(|part| parts[part].len()),
            columns: parts.concat(),
            parents,
        }
    }

    /// The joints of each part, in the order of their columns.
    pub fn by_part(&self) -> impl Iterator<Item = (Part, &[usize])> {
        let mut rest = &self.columns[..];
        Part::ALL.into_iter().zip(self.parts).map(move |(part, count)| {
            let (own, after) = rest.split_at(count);
            rest = after;
            (part, own)
        })
    }

    /// Number of joints `J`.
    #[must_use]
    pub fn joints(&self) -> usize {
        self.parents.len()
    }

    /// One sentence on what is wrong with a plan that was not made here; `None` where all is well.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let joints = self.joints();
        let mut sorted = self.columns.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..joints) {
            return Some(format!("the columns do not show each of {joints} joints once"));
        }
        let in_parts = self.parts.iter().try_fold(0_usize, |sum, &n| sum.checked_add(n));
        if in_parts != Some(joints) {
            return Some(format!("five parts of {:?} joints are not {joints}", self.parts));
        }
        if let Some(joint) = self.parents.iter().chain(&self.centre).find(|&&joint| joint >= joints) {
            return Some(format!("there is no joint {joint} among {joints}"));
        }
        self.centre.is_empty().then(|| "there is no centre".to_owned())
    }
}

/// The parents of a tree hung up at another joint.
fn rooted_at(parents: &[Option<usize>], root: usize) -> Vec<usize> {
    let mut turned: Vec<usize> = parents.iter().enumerate().map(|(joint, parent)| parent.unwrap_or(joint)).collect();
    let (mut below, mut joint) = (root, Some(root));
    while let Some(at) = joint {
        turned[at] = below;
        (below, joint) = (at, parents[at]);
    }
    turned
}

/// From one: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles.
const COCO17_PARENTS: [usize; 17] = [1, 1, 1, 2, 3, 1, 1, 6, 7, 8, 9, 6, 7, 12, 13, 14, 15];
