//! From a motion to what a graph network looks at.

use std::borrow::Cow;

use draction::figure;
use draction::motion::{Layout, Motion, Part, Skeleton};
use serde::{Deserialize, Serialize};

use super::{Alone, CENTRE, Poses, Stream, random_angles, rotation};
use crate::rng::Rng;

/// Whose joints a network looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// Everybody's as Kinect's 25 ([`figure::of`]), so that one network looks at all skeletons.
    #[default]
    Figure,
    /// The file's own; all clips must have the same skeleton.
    Own,
}

/// How motions become a network's input. It is kept with the network, since evaluation must do the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// Whose joints.
    pub body: Body,
    /// Bodies in a clip.
    pub bodies: usize,
    /// What stands in for a second body where there is one.
    pub alone: Alone,
    /// Frames.
    pub window: usize,
    /// Whether the first performer is turned to +z, and everybody with them.
    pub facing: bool,
    /// Whether the first performer is scaled to a height of 1 m, and everybody with them.
    pub sized: bool,
}

impl Default for Input {
    fn default() -> Self {
        Self { body: Body::Figure, bodies: 1, alone: Alone::Nobody, window: 64, facing: true, sized: true }
    }
}

/// Largest window; more frames than any clip of the known sets has would only be made up.
const MOST_FRAMES: usize = 4096;

/// Most bodies in a clip; each has joints of its own in memory, whether or not somebody is there.
const MOST_BODIES: usize = 64;

impl Input {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// One sentence naming the field.
    pub fn validate(&self) -> Result<(), String> {
        match self {
            Input { bodies, .. } if !(1..=MOST_BODIES).contains(bodies) => {
                Err(format!("input.bodies is {bodies}, not within 1..={MOST_BODIES}"))
            }
            Input { window, .. } if !(1..=MOST_FRAMES).contains(window) => {
                Err(format!("input.window is {window}, not within 1..={MOST_FRAMES}"))
            }
            _ => Ok(()),
        }
    }

    /// The motion on the joints that the network looks at.
    #[must_use]
    pub fn body(&self, motion: &Motion) -> Motion {
        match self.body {
            Body::Figure => figure::of(motion).motion,
            Body::Own => motion.without_empty_bodies(),
        }
    }

    /// As [`Input::body`], of a motion whose figure ([`figure::of`]) is known already.
    #[must_use]
    pub fn body_of<'a>(&self, motion: &'a Motion, figure: &'a Motion) -> Cow<'a, Motion> {
        match self.body {
            Body::Figure => Cow::Borrowed(figure),
            Body::Own => Cow::Owned(self.body(motion)),
        }
    }

    /// The poses of a whole clip, of a motion that [`Input::body`] gave.
    #[must_use]
    pub fn poses(&self, motion: &Motion) -> Poses {
        let mut poses = Poses::of(motion, self.bodies, origin(&motion.skeleton), self.alone);
        if self.facing {
            poses = poses.rotated(about_y(yaw(motion)));
        }
        if self.sized {
            let size = motion.height().max(0.1);
            poses.positions.iter_mut().for_each(|value| *value /= size);
        }
        poses
    }

    /// What evaluation shows of it: the middle.
    #[must_use]
    pub fn evaluated(&self, poses: &Poses) -> Poses {
        poses.resized(poses.centre_crop(CENTRE), self.window)
    }

    /// What training shows of it: any part, turned by up to `rotation` radians about every axis.
    #[must_use]
    pub fn trained(&self, poses: &Poses, most: f32, rng: &mut Rng) -> Poses {
        let crop = poses.random_crop(rng);
        poses.resized(crop, self.window).rotated(rotation(random_angles(most, rng)))
    }
}

/// `[3, T, V, M]` of what a network of this stream gets of some joints.
#[must_use]
pub fn streamed(stream: Stream, joints: Poses, edges: &[[usize; 2]]) -> Vec<f32> {
    stream.of(joints, edges).channels_first()
}

/// Layouts whose published list of bones is an edge `[child, parent]` a joint; other lists are lines to be drawn.
const PUBLISHED: [Layout; 2] = [Layout::Ntu25, Layout::Kinect20];

/// The edges `[child, parent]` of a skeleton: in the published order where public networks know it, else its tree's.
#[must_use]
pub fn edges(skeleton: &Skeleton) -> Vec<[usize; 2]> {
    match PUBLISHED.into_iter().find(|layout| skeleton.parents == layout.parents()) {
        Some(layout) => layout.bones(),
        None => skeleton.parents_first().map(|(child, parent)| [child, parent]).collect(),
    }
}

/// The joint around which a clip is seen: the middle of the spine where the layout is NTU's, else the root.
fn origin(skeleton: &Skeleton) -> usize {
    let ntu = skeleton.joints() == 25 && skeleton.parents == Layout::Ntu25.parents();
    if ntu { 1 } else { skeleton.root() }
}

/// The turn about +y that takes where the first performer faces over the first quarter of their frames to +z; none where
/// left and right are unknown or say nothing.
fn yaw(motion: &Motion) -> f64 {
    let there: Vec<usize> = (0..motion.frames()).filter(|&t| motion.is_present(t, 0)).collect();
    let skeleton = &motion.skeleton;
    let begins = |&joint: &usize| {
        let part = skeleton.parts[joint];
        let first = skeleton.parents[joint].is_none_or(|parent| skeleton.parts[parent] != part);
        part.is_left() && part != Part::Torso && first && skeleton.mirror[joint] != joint
    };
    let pairs: Vec<usize> = (0..skeleton.joints()).filter(begins).collect();
    let (mut across, mut up) = ([0.0_f64; 2], 0.0_f64);
    for &t in &there[..there.len().div_ceil(4)] {
        for &left in &pairs {
            let (a, b) = (motion.position(t, 0, left), motion.position(t, 0, skeleton.mirror[left]));
            across[0] += f64::from(a[0] - b[0]);
            across[1] += f64::from(a[2] - b[2]);
            up += f64::from(a[1] - b[1]);
        }
    }
    let floor = across[0].hypot(across[1]);
    // somebody who lies on a side faces nowhere
    if floor > 0.2 * floor.hypot(up) { across[1].atan2(across[0]) } else { 0.0 }
}

/// The turn that takes +z towards +x, `[row][column]`.
fn about_y(angle: f64) -> [[f32; 3]; 3] {
    let (sin, cos) = (angle.sin() as f32, angle.cos() as f32);
    [[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use draction::motion::{ReadOptions, read_file};
    use skeletonllm_checks::asset;

    fn wave() -> Motion {
        read_file(asset("samples/wave_left_hand.bvh"), &ReadOptions::default()).expect("a sample")
    }

    #[test]
    fn whoever_faces_anywhere_is_seen_from_the_front_and_one_metre_tall() {
        let input = Input::default();
        let seen = |motion: &Motion| input.poses(&input.body(motion));
        let straight = seen(&wave());
        // shoulders of the 25 joints: left is +x of somebody who faces +z
        assert!(straight.positions[3 * 4] > 0.05 && straight.positions[3 * 8] < -0.05);
        let height = straight.positions[3 * 3 + 1] - straight.positions[3 * 15 + 1];
        assert!((0.7..1.1).contains(&height), "{height}");
        for turned in [seen(&wave().yawed(2.0)), seen(&wave().translated([3.0, 0.0, -1.0])), seen(&wave().scaled(1.3))]
        {
            let apart = straight.positions.iter().zip(&turned.positions).map(|(a, b)| (a - b).abs());
            assert!(apart.fold(0.0, f32::max) < 2e-3);
        }
    }

    #[test]
    fn edges_of_known_layouts_are_theirs() {
        let body = Input::default().body(&wave());
        assert_eq!(edges(&body.skeleton), Layout::Ntu25.bones());
        let own = wave();
        let tree = edges(&own.skeleton);
        assert_eq!(tree.len(), own.joints() - 1);
        assert!(tree.iter().all(|&[child, parent]| own.skeleton.parents[child] == Some(parent)));
    }

    #[test]
    fn edges_of_every_layout_are_those_of_its_tree() {
        for layout in Layout::ALL {
            let skeleton = layout.skeleton();
            let is_bone = |child: usize, parent: usize| skeleton.parents[child] == Some(parent);
            let mut children: Vec<usize> = Vec::new();
            for [child, parent] in edges(&skeleton) {
                // published graphs lead to the middle of the body, which need not be the tree's root
                let towards = PUBLISHED.contains(&layout) && is_bone(parent, child);
                assert!(is_bone(child, parent) || towards, "{layout:?}: {child} to {parent}");
                children.push(child);
            }
            children.sort_unstable();
            children.dedup();
            assert_eq!(children.len(), skeleton.joints() - 1, "{layout:?}: every joint but one has one edge");
        }
    }

    #[test]
    fn numbers_of_bodies_that_no_clip_has_are_refused() {
        for (bodies, fine) in [(0, false), (1, true), (64, true), (65, false), (usize::MAX, false)] {
            assert_eq!(Input { bodies, ..Input::default() }.validate().is_ok(), fine, "{bodies}");
        }
    }
}
