//! What a motion consists of: which part of the body does what, from when to when.
//!
//! Wrists and ankles are watched relative to the trunk, the pelvis relative to the floor. Their paths fall into
//! strokes, and strokes that go there and back again and again are one phase with a count.

use draction::{figure::Limb, motion::Motion};
use glam::Vec3;

use super::{
    Travel, Turning,
    measure::{Observed, SMOOTHING_S, smooth},
    strokes::{Cut, Stroke, runs, strokes},
};

/// A part of the body that moves as one. Sides are the performer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BodyPart {
    /// Shoulder to wrist.
    LeftArm,
    /// Shoulder to wrist.
    RightArm,
    /// Hip to ankle.
    LeftLeg,
    /// Hip to ankle.
    RightLeg,
    /// The whole body, seen at its pelvis.
    Body,
}

impl BodyPart {
    /// The four limbs, left before right.
    pub const LIMBS: [BodyPart; 4] = [BodyPart::LeftArm, BodyPart::RightArm, BodyPart::LeftLeg, BodyPart::RightLeg];

    /// The same part of the mirrored body.
    pub fn mirrored(self) -> BodyPart {
        match self {
            BodyPart::LeftArm => BodyPart::RightArm,
            BodyPart::RightArm => BodyPart::LeftArm,
            BodyPart::LeftLeg => BodyPart::RightLeg,
            BodyPart::RightLeg => BodyPart::LeftLeg,
            BodyPart::Body => BodyPart::Body,
        }
    }

    /// Whether it is one of the arms.
    pub fn is_arm(self) -> bool {
        matches!(self, BodyPart::LeftArm | BodyPart::RightArm)
    }
}

/// The way a part moves, seen from the performer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Movement {
    /// Wrist, ankle or pelvis goes up.
    Rises,
    /// It goes down.
    Lowers,
    /// Wrist or ankle goes forward of the trunk.
    Forward,
    /// It goes back.
    Back,
    /// It goes away from the body's middle plane, to its own side.
    Out,
    /// It goes towards the middle plane, or across it.
    In,
    /// The leg bends over a foot that stays: in a squat.
    Bends,
    /// The leg straightens over a foot that stays.
    Straightens,
    /// The foot is set somewhere else.
    Steps,
    /// The whole body goes somewhere.
    Goes(Travel),
    /// The whole body turns about the vertical.
    Turns(Turning),
}

impl Movement {
    /// The same of the mirrored motion.
    pub fn mirrored(self) -> Movement {
        match self {
            Movement::Goes(way) => Movement::Goes(way.mirrored()),
            Movement::Turns(way) => Movement::Turns(way.mirrored()),
            same => same,
        }
    }
}

/// One part of the body does one thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// What moves.
    pub part: BodyPart,
    /// How; where `times` is more than one, the way of its first stroke.
    pub movement: Movement,
    /// Seconds from the first frame that shows the body.
    pub start: f32,
    /// The same of its end.
    pub end: f32,
    /// The moment of its highest speed.
    pub peak: f32,
    /// How far a stroke goes: limb lengths (arms, legs), leg lengths (the pelvis up or down), body heights
    /// ([`Movement::Goes`]), radians ([`Movement::Turns`]).
    pub amount: f32,
    /// How often it goes there and back; 1 also for what only goes there.
    pub times: usize,
    /// How much of a stroke lies along the axis that `movement` names: 1 all of it, 0.6 hardly more than along others.
    pub clear: f32,
}

impl Phase {
    /// The same of the mirrored motion.
    pub fn mirrored(&self) -> Phase {
        Phase { part: self.part.mirrored(), movement: self.movement.mirrored(), ..*self }
    }
}

/// Strokes of limbs, in limb lengths and limb lengths a second.
const LIMB: Line = Line { tolerance: 0.08, shortest: 0.22, slowest: 0.25 };
/// Of the pelvis up and down, in leg lengths.
const PELVIS: Line = Line { tolerance: 0.05, shortest: 0.16, slowest: 0.12 };
/// Of the way, in body heights.
const WAY: Line = Line { tolerance: 0.12, shortest: 0.3, slowest: 0.12 };
/// Of the heading, in radians.
const HEADING: Line = Line { tolerance: 0.25, shortest: 0.6, slowest: 0.3 };
/// Longest pause inside a stroke, and between strokes there and back, seconds.
const PAUSES_S: [f32; 2] = [0.15, 0.5];
/// A foot stays when it moves less than this in the room, in leg lengths.
const STAYS: f32 = 0.14;
/// A foot that comes down within this height of the floor has stepped, in leg lengths.
const ON_FLOOR: f32 = 0.12;
/// Who turns sets a foot at least this far, in leg lengths; a trunk that is twisted over its feet does not turn, and
/// some depth cameras twist it whenever an arm is in front of it.
pub(super) const TURNS_ON: f32 = 0.12;
/// Fewest strokes that are counted as one phase.
const SWINGS: usize = 4;
struct Line {
    tolerance: f32,
    shortest: f32,
    slowest: f32,
}

impl Line {
    fn cut(&self, fps: f32) -> Cut {
        Cut {
            tolerance: self.tolerance,
            shortest: self.shortest,
            slowest: self.slowest / fps,
            pause: (PAUSES_S[0] * fps).round() as usize,
        }
    }
}

/// What each part of the body does, in order of time. Empty where nobody is seen or nothing moves.
///
/// Looks at the body that is present in most frames. Small and slow movements are left out: less than about a fifth of
/// an arm's length.
pub fn phases(motion: &Motion) -> Vec<Phase> {
    let Some(observed) = Observed::of(motion) else { return Vec::new() };
    of_paths(&observed, &limb_paths(&observed))
}

/// [`phases`] of limbs that were looked at before.
pub(super) fn of_paths(observed: &Observed<'_>, limbs: &[LimbPath]) -> Vec<Phase> {
    let mut phases: Vec<Phase> = limbs.iter().flat_map(|path| path.phases(observed.motion.fps)).collect();
    phases.extend(of_the_body(observed));
    phases.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.part.cmp(&b.part)));
    phases
}

/// Where the end of one limb is in each frame.
pub(super) struct LimbPath {
    pub(super) part: BodyPart,
    /// From the trunk: to the left, up, forward; limb lengths.
    relative: Vec<Vec3>,
    /// In the room, limb lengths.
    room: Vec<Vec3>,
}

/// The paths of all limbs that the layout has.
pub(super) fn limb_paths(observed: &Observed<'_>) -> Vec<LimbPath> {
    let [left_arm, right_arm, left_leg, right_leg] = BodyPart::LIMBS;
    let pairs = [(observed.anatomy.arms, [left_arm, right_arm]), (observed.anatomy.legs, [left_leg, right_leg])];
    let mut paths = Vec::new();
    for (limbs, parts) in pairs {
        let Some(limbs) = limbs else { continue };
        let (trunk, heading) = (observed.between(limbs), observed.heading(limbs));
        for (limb, part) in limbs.into_iter().zip(parts) {
            let Limb { end, .. } = limb;
            let reach = observed.reach(limb);
            let room = smooth(&observed.track(|at| at(end) / reach), observed.radius(SMOOTHING_S));
            paths.push(LimbPath { part, relative: observed.relative(end, &trunk, &heading, reach), room });
        }
    }
    paths
}

impl LimbPath {
    /// The strokes of this limb. `coarse` is 1 for those of [`phases`], more for fewer and longer ones.
    pub(super) fn strokes(&self, fps: f32, coarse: f32) -> Vec<Stroke<3>> {
        let line = Line { tolerance: LIMB.tolerance * coarse, shortest: LIMB.shortest * coarse, ..LIMB };
        let path: Vec<[f32; 3]> = self.relative.iter().map(|place| place.to_array()).collect();
        strokes(&path, &line.cut(fps))
    }

    fn phases(&self, fps: f32) -> Vec<Phase> {
        phases_of(self.part, &self.strokes(fps, 1.0), fps, |run| self.movement(run))
    }

    /// What a run of strokes means and how clearly; `None` for a leg that only carries a walking body.
    fn movement(&self, run: &[Stroke<3>]) -> Option<(Movement, f32)> {
        if self.part.is_arm() {
            return Some(self.way(there(run)));
        }
        let found = || run.iter().filter_map(|stroke| self.of_leg(stroke));
        found().find(|m| m.0 == Movement::Steps).or_else(|| found().next())
    }

    fn of_leg(&self, stroke: &Stroke<3>) -> Option<(Movement, f32)> {
        let [from, to] = [stroke.from, stroke.to];
        let moved = self.room[to] - self.room[from];
        if moved.length() < STAYS {
            let longer = self.relative[to].length() - self.relative[from].length();
            let bend = if longer < 0.0 { Movement::Bends } else { Movement::Straightens };
            return (longer.abs() > STAYS).then_some((bend, 1.0));
        }
        let floor = self.room.iter().map(|p| p.y).fold(f32::MAX, f32::min);
        let lands = self.room[to].y - floor < ON_FLOOR && moved.x.hypot(moved.z) > moved.y.abs();
        Some(if lands { (Movement::Steps, 1.0) } else { self.way(stroke.step) })
    }

    /// The axis along which a step is longest, and its share of the step.
    fn way(&self, [left, up, forward]: [f32; 3]) -> (Movement, f32) {
        let out = if matches!(self.part, BodyPart::LeftArm | BodyPart::LeftLeg) { left } else { -left };
        let [o, u, f] = [out, up, forward].map(f32::abs);
        let (along, [there, back]) = if u >= o && u >= f {
            (up, [Movement::Rises, Movement::Lowers])
        } else if f >= o {
            (forward, [Movement::Forward, Movement::Back])
        } else {
            (out, [Movement::Out, Movement::In])
        };
        (if along > 0.0 { there } else { back }, along.abs() / Vec3::new(o, u, f).length().max(1e-9))
    }
}

/// The mean stroke of a run, in the direction of its first.
fn there(run: &[Stroke<3>]) -> [f32; 3] {
    let side = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
    std::array::from_fn(|axis| {
        run.iter().enumerate().map(|(i, s)| side(i) * s.step[axis]).sum::<f32>() / run.len() as f32
    })
}

/// The strokes of the pelvis, up and down above the feet, in leg lengths.
pub(super) fn pelvis_strokes(observed: &Observed<'_>) -> Vec<Stroke<1>> {
    let Some(legs) = observed.anatomy.legs else { return Vec::new() };
    let heights = observed.pelvis_heights(legs, &observed.between(legs));
    strokes(&each(&heights), &PELVIS.cut(observed.motion.fps))
}

/// Up and down, the way, and turns.
fn of_the_body(observed: &Observed<'_>) -> Vec<Phase> {
    let fps = observed.motion.fps;
    let Some(pair) = observed.anatomy.legs.or(observed.anatomy.arms) else { return Vec::new() };
    let (pelvis, heading) = (observed.between(pair), observed.heading(pair));
    let mut phases = Vec::new();
    let rises = |s: &[Stroke<1>]| {
        let way = if s[0].step[0] > 0.0 { Movement::Rises } else { Movement::Lowers };
        Some((way, 1.0))
    };
    phases.extend(phases_of(BodyPart::Body, &pelvis_strokes(observed), fps, rises));
    let height = observed.motion.height().max(0.1);
    let way: Vec<[f32; 2]> = observed.travel(&pelvis, Some(&heading)).iter().map(|w| w.map(|m| m / height)).collect();
    let goes = |s: &[Stroke<2>]| {
        let [left, forward] = s[0].step.map(f32::abs);
        Some((Movement::Goes(Travel::along(s[0].step)), left.max(forward) / left.hypot(forward).max(1e-9)))
    };
    phases.extend(phases_of(BodyPart::Body, &strokes(&way, &WAY.cut(fps)), fps, goes));
    let turns = |s: &[Stroke<1>]| {
        let way = if s[0].step[0] > 0.0 { Turning::Left } else { Turning::Right };
        let on_feet = |legs| observed.foot(legs, s[0].from, s[0].to) > TURNS_ON;
        observed.anatomy.legs.is_none_or(on_feet).then_some((Movement::Turns(way), 1.0))
    };
    phases.extend(phases_of(BodyPart::Body, &strokes(&each(&heading), &HEADING.cut(fps)), fps, turns));
    phases
}

/// Numbers as a path of one dimension.
fn each(values: &[f32]) -> Vec<[f32; 1]> {
    values.iter().map(|&v| [v]).collect()
}

/// A phase for each stroke, and one for many strokes there and back.
fn phases_of<const N: usize>(
    part: BodyPart,
    strokes: &[Stroke<N>],
    fps: f32,
    movement: impl Fn(&[Stroke<N>]) -> Option<(Movement, f32)>,
) -> Vec<Phase> {
    let seconds = |frame: usize| frame as f32 / fps;
    let mut phases = Vec::new();
    for run in runs(strokes, (PAUSES_S[1] * fps).round() as usize) {
        let together = if run.len() >= SWINGS { run.len() } else { 1 };
        for strokes in run.chunks(together) {
            let Some((movement, clear)) = movement(strokes) else { continue };
            let fastest = strokes.iter().max_by(|a, b| pace(a).total_cmp(&pace(b))).unwrap_or(&strokes[0]);
            phases.push(Phase {
                part,
                movement,
                start: seconds(strokes[0].from),
                end: seconds(strokes[strokes.len() - 1].to),
                peak: seconds(fastest.peak),
                amount: strokes.iter().map(Stroke::length).sum::<f32>() / strokes.len() as f32,
                times: strokes.len().div_ceil(2),
                clear,
            });
        }
    }
    phases
}

/// Mean speed of a stroke, per frame.
fn pace<const N: usize>(stroke: &Stroke<N>) -> f32 {
    stroke.length() / (stroke.to - stroke.from).max(1) as f32
}

#[cfg(test)]
mod tests {
    use std::f32::consts::{PI, TAU};

    use draction::motion::humanoid::{Action, Person, perform};

    use super::*;
    use crate::{
        augment::{AugmentOptions, augment},
        rng::Rng,
        stick_figure::{Pose, motion},
    };

    /// `(part, movement, times)` in order.
    fn told(phases: &[Phase]) -> Vec<(BodyPart, Movement, usize)> {
        phases.iter().map(|p| (p.part, p.movement, p.times)).collect()
    }

    /// Goes evenly from 0 to 1 between two moments.
    fn ramp(t: f32, from: f32, to: f32) -> f32 {
        ((t - from) / (to - from)).clamp(0.0, 1.0)
    }

    #[test]
    fn a_hand_that_rises_swings_and_drops_has_three_phases() {
        let wave = motion(5.0, |t| {
            let mut pose = Pose::default();
            let up = ramp(t, 0.5, 1.2) - ramp(t, 4.0, 4.6);
            let swing = if (1.5..3.5).contains(&t) { ((t - 1.5) * 1.5 * TAU).sin() } else { 0.0 };
            pose.wrists[1] = [-0.05 - 0.22 * swing, -0.5 + up, 0.0];
            pose
        });
        let found = phases(&wave);
        let movements: Vec<Movement> = found.iter().map(|p| p.movement).collect();
        assert!(found.iter().all(|p| p.part == BodyPart::RightArm), "{found:?}");
        assert_eq!(movements[0], Movement::Rises);
        assert_eq!(movements[movements.len() - 1], Movement::Lowers);
        let swings = found.iter().max_by_key(|p| p.times).unwrap();
        assert!((3..=4).contains(&swings.times), "{found:?}");
        assert!((found[0].start - 0.5).abs() < 0.2 && (found[0].end - 1.2).abs() < 0.25, "{:?}", found[0]);
        assert!((1.6..2.1).contains(&found[0].amount), "almost twice the arm's length: {:?}", found[0]);
    }

    #[test]
    fn a_squat_lowers_the_body_over_bending_legs() {
        let squat = motion(3.0, |t| {
            let low = 0.4 * (ramp(t, 0.5, 1.2) - ramp(t, 1.8, 2.5));
            Pose { pelvis: [0.0, 0.9 - low, 0.0], ankles: [[0.0, -0.82 + low, 0.0]; 2], ..Pose::default() }
        });
        let found = told(&phases(&squat));
        let (down, up) = found.split_at(3);
        let all = |half: &[(BodyPart, Movement, usize)], legs, body| {
            let [left, right] = [BodyPart::LeftLeg, BodyPart::RightLeg].map(|leg| (leg, legs, 1));
            half.len() == 3 && [left, right, (BodyPart::Body, body, 1)].iter().all(|p| half.contains(p))
        };
        assert!(all(down, Movement::Bends, Movement::Lowers), "{found:?}");
        assert!(all(up, Movement::Straightens, Movement::Rises), "{found:?}");
    }

    #[test]
    fn a_body_that_walks_goes_and_turns() {
        let turning = motion(4.0, |t| {
            let (go, turn) = (1.2 * ramp(t, 0.0, 1.5), PI / 2.0 * ramp(t, 2.5, 3.5));
            Pose { pelvis: [0.0, 0.9, go], heading: turn, ..Pose::default() }
        });
        let found = phases(&turning);
        let expected = [Movement::Goes(Travel::Forward), Movement::Turns(Turning::Left)];
        assert_eq!(found.iter().map(|p| p.movement).collect::<Vec<_>>(), expected);
        assert!((found[1].amount - PI / 2.0).abs() < 0.1);
    }

    #[test]
    fn performed_actions_show_what_they_are_made_of() {
        let of = |action| phases(&perform(action, &Person::default(), 30.0));
        let has = |phases: &[Phase], part, movement| phases.iter().any(|p| p.part == part && p.movement == movement);
        let wave = of(Action::WaveLeftHand);
        assert!(wave.iter().all(|p| p.part == BodyPart::LeftArm), "{wave:?}");
        assert!(wave.iter().any(|p| p.times >= 2), "{wave:?}");
        assert!(has(&of(Action::RaiseRightHand), BodyPart::RightArm, Movement::Rises));
        let squat = of(Action::Squat);
        assert!(has(&squat, BodyPart::Body, Movement::Lowers) && has(&squat, BodyPart::Body, Movement::Rises));
        let walk = of(Action::Walk);
        assert!(has(&walk, BodyPart::Body, Movement::Goes(Travel::Forward)), "{walk:?}");
        assert!(has(&walk, BodyPart::LeftLeg, Movement::Steps) && has(&walk, BodyPart::RightLeg, Movement::Steps));
    }

    #[test]
    fn the_mirrored_motion_has_mirrored_phases() {
        let options = AugmentOptions { mirror: 1.0, ..AugmentOptions::none() };
        for action in Action::ALL {
            let motion = perform(action, &Person::default(), 30.0);
            let twin = augment(&motion, &options, &mut Rng::new(1)).motion;
            let key = |p: &Phase| (p.part, format!("{:?}", p.movement), p.times, (p.start * 100.0) as i32);
            let mut expected: Vec<_> = phases(&motion).iter().map(|p| key(&p.mirrored())).collect();
            let mut found: Vec<_> = phases(&twin).iter().map(key).collect();
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{action:?}");
        }
    }

    #[test]
    fn nobody_and_stillness_have_no_phases() {
        let still = motion(2.0, |_| Pose::default());
        assert!(phases(&still).is_empty());
        let mut nobody = still;
        nobody.present.fill(false);
        assert!(phases(&nobody).is_empty());
    }
}
