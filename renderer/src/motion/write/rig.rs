//! A body as bones that keep their length and turn. BVH and glTF say poses that way; most recordings are points.
//!
//! Turns are the file's own where it has them and they explain where the joints are. Elsewhere they are solved: each joint
//! turns, from its pose in the frame before and with its parent, just as far as its children ask for. Joints that do not
//! keep their place at their parent (as those of depth cameras) are marked, and their place is written in every frame: so
//! nothing is lost, whatever the recording.

use std::sync::Arc;

use glam::{DMat3, DQuat, DVec3, Quat, Vec3};

use super::super::{
    Motion, MotionError, Part, Skeleton,
    error::Cause,
    measure::{median, stride},
    quaternion::{from_scalar_first, nearer_sign, normalized, rotate},
    topology,
};

/// A joint farther than this from where turned bones put it has its place written, in metres.
pub(super) const TOLERANCE: f64 = 2e-4;

/// Who stands has the head above the feet: the cosine of the way between them to upwards.
const UPRIGHT: f64 = 0.95;

/// One body of a motion.
pub(super) struct Rig<'m> {
    motion: &'m Motion,
    body: usize,
    /// `[T]` the frame whose pose is shown: its own; where nobody is there, the last one before; before any, the first.
    shown: Arc<[usize]>,
    tree: Arc<Tree>,
    /// `[J]` where a joint is at rest, seen from its parent and in its axes, in metres.
    pub offsets: Vec<DVec3>,
    /// `[J]` whether a joint's place is written in every frame. The root's is.
    pub placed: Vec<bool>,
    /// Largest distance in metres of a placed joint, other than the root, from its place at rest.
    pub strays: f64,
    /// `[J][T]` turns in the world.
    turns: Vec<Vec<Quat>>,
}

/// The skeleton as one tree.
struct Tree {
    /// Depth first, children in the skeleton's order. Joints of a ring are left out.
    order: Vec<usize>,
    /// `[J]`. Roots beyond the first hang from it.
    parents: Vec<Option<usize>>,
    /// `[J]`.
    children: Vec<Vec<usize>>,
}

impl Tree {
    fn of(skeleton: &Skeleton) -> Self {
        let mut parents = skeleton.parents.clone();
        let root = parents.iter().position(Option::is_none);
        for adopted in (0..parents.len()).filter(|&j| Some(j) != root) {
            parents[adopted] = parents[adopted].or(root);
        }
        let children = topology::children(&parents);
        // with a stack of its own: a skeleton may be a chain of a thousand joints
        let mut order = Vec::with_capacity(parents.len());
        let mut stack: Vec<usize> = root.into_iter().collect();
        while let Some(j) = stack.pop() {
            order.push(j);
            stack.extend(children[j].iter().rev());
        }
        Self { order, parents, children }
    }
}

impl<'m> Rig<'m> {
    /// The body in a slot; `None` where that holds nobody in any frame, or the skeleton has no root.
    pub(super) fn of(motion: &'m Motion, body: usize) -> Option<Self> {
        let first = (0..motion.frames()).find(|&t| motion.is_present(t, body))?;
        let mut last = first;
        let shown = (0..motion.frames()).map(|t| {
            last = if motion.is_present(t, body) { t } else { last };
            last
        });
        let joints = motion.joints();
        let rig = Self {
            motion,
            body,
            shown: shown.collect(),
            tree: Arc::new(Tree::of(&motion.skeleton)),
            offsets: vec![DVec3::ZERO; joints],
            placed: vec![false; joints],
            strays: 0.0,
            turns: vec![Vec::new(); joints],
        };
        if rig.tree.order.is_empty() {
            return None;
        }
        let Some(recorded) = rig.recorded() else { return Some(rig.solved()) };
        if recorded.strayed() == 0 {
            return Some(recorded);
        }
        let solved = rig.solved();
        Some(if solved.strayed() < recorded.strayed() { solved } else { recorded })
    }

    /// Everybody who is in a motion.
    ///
    /// # Errors
    /// When nobody is in any frame.
    pub(super) fn everybody(motion: &'m Motion) -> Result<Vec<Self>, MotionError> {
        let rigs: Vec<Self> = (0..motion.bodies).filter_map(|body| Self::of(motion, body)).collect();
        if rigs.is_empty() {
            return Err(Cause::malformed("there is nobody in any frame").at(&motion.source.file, None));
        }
        Ok(rigs)
    }

    /// Frames.
    pub(super) fn frames(&self) -> usize {
        self.shown.len()
    }

    /// Joints, every parent before its children, children in the skeleton's order below it.
    pub(super) fn order(&self) -> &[usize] {
        &self.tree.order
    }

    /// The joint that a joint hangs from.
    pub(super) fn parent(&self, j: usize) -> Option<usize> {
        self.tree.parents[j]
    }

    /// The joints that hang from a joint.
    pub(super) fn children(&self, j: usize) -> &[usize] {
        &self.tree.children[j]
    }

    /// How many joints other than the root have their place written.
    pub(super) fn strayed(&self) -> usize {
        self.tree.order.iter().skip(1).filter(|&&j| self.placed[j]).count()
    }

    /// Whether the body is there in a frame.
    pub(super) fn is_there(&self, t: usize) -> bool {
        self.motion.is_present(t, self.body)
    }

    /// Whether the body is there in every frame.
    pub(super) fn always_there(&self) -> bool {
        (0..self.frames()).all(|t| self.is_there(t))
    }

    /// Where joint `j` is in frame `t`, in metres: the root in the world, others from their parent and in its axes.
    pub(super) fn place(&self, t: usize, j: usize) -> DVec3 {
        match self.parent(j) {
            None => self.at(t, j),
            Some(p) => rotate(self.turn(t, p).conjugate(), self.at(t, j) - self.at(t, p)),
        }
    }

    /// How joint `j` is turned in frame `t`: the root in the world, others against their parent.
    pub(super) fn relative_turn(&self, t: usize, j: usize) -> DQuat {
        match self.parent(j) {
            None => self.turn(t, j),
            Some(p) => self.turn(t, p).conjugate() * self.turn(t, j),
        }
    }

    fn at(&self, t: usize, j: usize) -> DVec3 {
        Vec3::from(self.motion.position(self.shown[t], self.body, j)).as_dvec3()
    }

    fn turn(&self, t: usize, j: usize) -> DQuat {
        self.turns[j][t].as_dquat()
    }

    /// With the turns that the motion has.
    fn recorded(&self) -> Option<Self> {
        self.motion.orientations.as_ref()?;
        let of_joint = |j: usize| {
            let turn = |&t: &usize| from_scalar_first(self.motion.orientation(t, self.body, j)).as_quat();
            self.shown.iter().map(turn).collect()
        };
        let mut rig = self.with_turns((0..self.offsets.len()).map(of_joint).collect());
        // of all frames with somebody in them
        let frames: Vec<usize> = (0..rig.frames()).filter(|&t| rig.shown[t] == t).collect();
        let step = stride(frames.len());
        for &j in rig.tree.order.iter().skip(1) {
            let all: Vec<DVec3> = frames.iter().step_by(step).map(|&t| rig.place(t, j)).collect();
            rig.offsets[j] = DVec3::from([0, 1, 2].map(|i| median(all.iter().map(|v| v[i]).collect())));
        }
        Some(rig.with_strays())
    }

    /// With turns that put the joints where they are. At rest the body has the pose of the first frame, stood up, and its bones
    /// their usual lengths.
    fn solved(&self) -> Self {
        let mut rig = self.with_turns(vec![Vec::new(); self.offsets.len()]);
        let step = stride(self.frames());
        let stand = self.standing_up();
        for &j in self.tree.order.iter().skip(1) {
            let Some(p) = self.parent(j) else { continue };
            let bone = |t: usize| self.at(t, j) - self.at(t, p);
            let length = median((0..self.frames()).step_by(step).map(|t| bone(t).length()).collect());
            // a bone may have no length in the first frame
            let direction = (0..self.frames()).find_map(|t| bone(t).try_normalize()).unwrap_or(DVec3::Y);
            rig.offsets[j] = length * stand.map_or(direction, |turn| rotate(turn, direction));
        }
        for &j in &self.tree.order {
            rig.turns[j] = rig.follow(j);
        }
        rig.with_strays()
    }

    /// The turn that stands the pose of the first frame up, from feet or hips to the head; `None` where it stands. Programs take
    /// the pose at rest for one that stands, and tell from it where up is.
    fn standing_up(&self) -> Option<DQuat> {
        let skeleton = &self.motion.skeleton;
        let part = |part: Part| skeleton.joints_of(part);
        let root = *self.tree.order.first()?;
        let far = |from: DVec3, joints: &mut dyn Iterator<Item = usize>| {
            joints.max_by(|&a, &b| self.at(0, a).distance(from).total_cmp(&self.at(0, b).distance(from)))
        };
        let head = far(self.at(0, root), &mut part(Part::Torso))?;
        let feet: Vec<usize> =
            [Part::LeftLeg, Part::RightLeg].into_iter().filter_map(|leg| skeleton.tip(leg)).collect();
        let low = if feet.is_empty() { vec![root] } else { feet };
        let from = low.iter().map(|&j| self.at(0, j)).sum::<DVec3>() / low.len() as f64;
        let stance = (self.at(0, head) - from).try_normalize()?;
        (stance.y < UPRIGHT).then(|| DQuat::from_rotation_arc(stance, DVec3::Y))
    }

    /// `[T]` turns of joint `j` in the world that point its children where they are, when its parent's are known.
    fn follow(&self, j: usize) -> Vec<Quat> {
        let parent = |t: usize| self.parent(j).map_or(DQuat::IDENTITY, |p| self.turn(t, p));
        let children = self.children(j);
        let mut bones: Vec<[DVec3; 2]> = Vec::with_capacity(children.len());
        let mut turns: Vec<Quat> = Vec::with_capacity(self.frames());
        for t in 0..self.frames() {
            let start = match t.checked_sub(1) {
                // who is away keeps still
                Some(before) if self.shown[before] == self.shown[t] => {
                    turns.push(turns[before]);
                    continue;
                }
                None => parent(0),
                Some(before) => parent(t) * parent(before).conjugate() * turns[before].as_dquat(),
            };
            bones.clear();
            bones.extend(children.iter().map(|&c| [self.offsets[c], self.at(t, c) - self.at(t, j)]));
            let before = turns.last().map_or(DQuat::IDENTITY, |q| q.as_dquat());
            turns.push(nearer_sign(turned(start, &bones), before).as_quat());
        }
        turns
    }

    fn with_turns(&self, turns: Vec<Vec<Quat>>) -> Self {
        let (shown, tree) = (Arc::clone(&self.shown), Arc::clone(&self.tree));
        let (offsets, placed) = (self.offsets.clone(), self.placed.clone());
        Self { shown, tree, offsets, placed, turns, ..*self }
    }

    /// Marks the joints that turned bones do not put where they are. Parents come first, so that what is left of an error
    /// does not add up along a limb.
    fn with_strays(mut self) -> Self {
        let mut errors: Vec<Vec<DVec3>> = vec![Vec::new(); self.offsets.len()];
        for i in 0..self.tree.order.len() {
            let j = self.tree.order[i];
            let Some(p) = self.parent(j) else {
                self.placed[j] = true;
                continue;
            };
            let error = |t: usize| {
                let carried = errors[p].get(t).copied().unwrap_or(DVec3::ZERO);
                carried + rotate(self.turn(t, p), self.offsets[j]) - (self.at(t, j) - self.at(t, p))
            };
            let own: Vec<DVec3> = (0..self.frames()).map(error).collect();
            let worst = own.iter().map(|e| e.length()).fold(0.0, f64::max);
            self.placed[j] = worst > TOLERANCE || self.motion.skeleton.parents[j].is_none();
            if self.placed[j] {
                self.strays = self.strays.max(worst);
            } else if !self.children(j).is_empty() {
                errors[j] = own;
            }
        }
        self
    }
}

/// How many joints of these bodies have their place written, the roots aside, and how far in metres they go from their place
/// at rest; `None` where none has.
pub(super) fn strays(rigs: &[Rig<'_>]) -> Option<(usize, f64)> {
    let strayed = rigs.iter().map(Rig::strayed).sum();
    (strayed > 0).then(|| (strayed, rigs.iter().map(|rig| rig.strays).fold(0.0, f64::max)))
}

/// The turn nearest to `start` of those that bring bones at rest `[at rest, now]` closest to where they are now.
fn turned(start: DQuat, bones: &[[DVec3; 2]]) -> DQuat {
    const STEPS: usize = 12;
    let visible = |bone: &&[DVec3; 2]| bone.iter().all(|v| v.length_squared() > 1e-12);
    let Some([rest, now]) = bones.iter().filter(visible).max_by(|a, b| a[0].length().total_cmp(&b[0].length())) else {
        return start;
    };
    let first = DQuat::from_rotation_arc(rotate(start, rest.normalize()), now.normalize());
    let mut turn = normalized(first * start);
    if bones.iter().filter(visible).count() == 1 {
        return turn;
    }
    // Gauss and Newton's steps towards the least sum of squares; bones in one line leave a turn about it open
    for _ in 0..STEPS {
        let (mut torque, mut inertia) = (DVec3::ZERO, DMat3::ZERO);
        for [rest, now] in bones {
            let bone = rotate(turn, *rest);
            torque += bone.cross(*now);
            let along = DMat3::from_cols(bone * bone.x, bone * bone.y, bone * bone.z);
            inertia += DMat3::from_diagonal(DVec3::splat(bone.length_squared())) - along;
        }
        let open = 1e-9 * (inertia.x_axis.x + inertia.y_axis.y + inertia.z_axis.z);
        let step = (inertia + DMat3::from_diagonal(DVec3::splat(open))).inverse() * torque;
        let angle = step.length();
        if angle.is_nan() || angle <= 1e-10 {
            break;
        }
        turn = normalized(DQuat::from_axis_angle(step / angle, angle.min(1.0)) * turn);
    }
    turn
}
