//! Which axis of a file points up: several kinds of evidence, added up, and the winner with its grounds.
//!
//! No kind of evidence is right for everybody. From feet to head is up for who stands, not for who lies, does push-ups or
//! stands on the hands; these rest on one plane, and the plane tells. A rest pose tells what a program drew upright, unless
//! another program turned the root of what it exported. Points are roughly natural logarithms of odds: how much more often
//! such evidence is met on files whose up axis it is than on others. They were set on recordings turned into all six axes.
//!
//! | Evidence | Where |
//! | --- | --- |
//! | from feet to head, along torso and legs; sitting; the rest pose; hips and shoulders lie across | `stance` |
//! | the floor is level, lies at zero, and bears the body's weight; bodies lie flat on it | `floor` |
//! | what touches the floor stays in its place; who jumps falls; who walks stays level | `moments` |
//! | what files of this kind usually have | here |
//! | what might as well be otherwise | `doubt` |
//!
//! Who is straight stands along one axis or lies across another, and who stands on the hands stands the other way round. Where
//! that other axis is the usual one, and nothing but the body speaks for standing, whatever is taken is an assumption.

mod doubt;
mod floor;
mod moments;
mod stance;

use glam::DVec3;

use super::{
    Format, Known, Part, Reason, Skeleton, UpAxis,
    measure::{Poses, Ways},
};

/// Points for each axis, in the order of [`UpAxis::ALL`].
type PerAxis = [f64; 6];

/// By how much the best axis must lead to be more than an assumption.
const LEAD: f64 = 1.5;
/// By how much another axis must lead the usual one to be taken instead.
const LEAD_OVER_USUAL: f64 = 0.5;
/// What counts as nothing: an axis across which a flat drawing was made.
const IMPOSSIBLE: f64 = -100.0;

/// A body in the file's axes, as far as evidence needs it.
pub(super) struct Take<'a> {
    pub poses: &'a Poses<'a>,
    pub bodies: usize,
    pub fps: f64,
    pub skeleton: &'a Skeleton,
    /// Standing height in the file's unit.
    pub size: f64,
    /// Metres in the file's unit.
    pub metres: f64,
}

/// One kind of evidence.
struct Evidence {
    /// Completes "up is +y: …".
    what: String,
    points: PerAxis,
}

/// The up axis of a take. `rest` `[J, 3]` is the pose before anything turns, where the format has one; `usual` is what most
/// files of the kind have, and what is kept where nothing tells.
pub(super) fn infer(take: &Take<'_>, rest: Option<&[f32]>, format: Format, usual: UpAxis) -> (UpAxis, Reason) {
    if !(take.size.is_finite() && take.size > 0.0) {
        return (usual, Reason::assumed("the body has no size"));
    }
    let samples = take.poses.sampled();
    let marks = Landmarks::of(take, &samples);
    let mut all = vec![habit(format, usual), flatness(take, &samples)];
    let balance = floor::balance(take, &samples);
    let hanging = stance::feet_hang(take, &marks, &samples);
    let rest = rest.and_then(|rest| stance::rest_pose(rest, &marks));
    let rests = rest.as_ref().map_or([0.0; 6], |rest| rest.points);
    all.extend(stance::evidence(take, &marks, &samples, [&balance, &hanging], rest));
    let flat = floor::flat(take, &samples);
    if marks.reach_floor() {
        all.extend(floor::evidence(take, &marks, &samples, balance, &flat));
    }
    let moments = moments::of(take);
    all.extend(moments::evidence(take, &marks, &moments));
    let hands_lowest = stance::hands_are_lowest(take, &marks, &samples);
    let on_hands = stance::on_hands(take, &hands_lowest, &samples, usual);
    all.push(stance::stands_on_hands(&on_hands));
    let found = doubt::Found {
        balance: &balance,
        flat: &flat,
        rests: &rests,
        on_hands: &on_hands,
        hands_lowest: &hands_lowest,
        hanging: &hanging,
        moments: &moments,
    };
    decide(&all, usual, &doubt::doubts(take, &marks, &samples, usual, &found))
}

/// Another axis than the one that a format fixes, where the body would be upside down or lie along that one for certain.
pub(super) fn contradicting(
    take: &Take<'_>,
    rest: Option<&[f32]>,
    format: Format,
    fixed: UpAxis,
) -> Option<(UpAxis, Reason)> {
    let samples = take.poses.sampled();
    let marks = Landmarks::of(take, &samples);
    let stands = |&&n: &&usize| {
        let way = marks.head.zip(take.middle(n, &marks.feet)).map(|(head, feet)| take.poses.at(n, head) - feet);
        way.is_some_and(|way| fixed.vector().dot(way) > 0.5 * take.size)
    };
    // which nearly everybody does, and it is soon seen
    if marks.head.is_none() || marks.feet.is_empty() || 3 * samples.iter().filter(stands).count() > samples.len() {
        return None;
    }
    let (axis, reason) = infer(take, rest, format, fixed);
    (axis != fixed && reason.known == Known::Inferred).then_some((axis, reason))
}

/// The first piece of evidence is the habit of the kind of file, which decides but shows nothing. Axes with `doubts`
/// are never more than an assumption, and must lead the usual one by these.
fn decide(all: &[Evidence], usual: UpAxis, doubts: &PerAxis) -> (UpAxis, Reason) {
    let sum = |skip: usize, i: usize| all.iter().skip(skip).map(|e| e.points[i]).sum::<f64>();
    let [total, shown] = [0, 1].map(|skip| -> [f64; 6] { std::array::from_fn(|i| sum(skip, i)) });
    let mut order: Vec<usize> = (0..6).collect();
    // of equal axes the more usual one, which stands first
    order.sort_by(|&a, &b| total[b].total_cmp(&total[a]).then(a.cmp(&b)));
    let (mut best, mut second) = (order[0], order[1]);
    let home = index(usual);
    let doubt = doubts[best] > 0.0;
    if best != home && total[best] - total[home] < doubts[best].max(LEAD_OVER_USUAL) {
        (best, second) = (home, best);
    }
    let axis = UpAxis::ALL[best];
    let mut grounds: Vec<(f64, &str)> =
        all[1..].iter().map(|e| (e.points[best] - e.points[second], e.what.as_str())).collect();
    grounds.retain(|g| g.0 > 0.3 && !g.1.is_empty());
    grounds.sort_by(|a, b| b.0.total_cmp(&a.0));
    grounds.truncate(3);
    if doubt || total[best] - total[second] < LEAD || shown.iter().any(|&s| s > shown[best]) {
        let why = format!("nothing tells {axis} from {} for sure", UpAxis::ALL[second]);
        return (axis, Reason::assumed(why));
    }
    let why: Vec<&str> = grounds.into_iter().map(|g| g.1).collect();
    (axis, Reason::inferred(why.join(", ")))
}

fn index(axis: UpAxis) -> usize {
    UpAxis::ALL.iter().position(|&a| a == axis).unwrap_or(0)
}

/// The place of the axis that points the other way.
fn opposite(i: usize) -> Option<usize> {
    UpAxis::ALL.iter().position(|axis| axis.vector() == -UpAxis::ALL[i].vector())
}

fn each(points: impl Fn(DVec3) -> f64) -> PerAxis {
    UpAxis::ALL.map(|axis| points(axis.vector()))
}

/// From 0 at `low` to 1 at `high`, or the other way round.
fn between(low: f64, high: f64, value: f64) -> f64 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The value below which `share` of all lie; zero for nothing.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = share * values.len().saturating_sub(1) as f64;
    values.get(at.round() as usize).copied().unwrap_or(0.0)
}

/// What files of a kind usually have.
fn habit(format: Format, usual: UpAxis) -> Evidence {
    // BVH was made with +y up, and most programs keep to it; arrays are as often written by engineers
    let (z, minus_y, other) = if format == Format::Bvh { (-1.2, -3.0, -3.0) } else { (-0.7, -2.0, -4.0) };
    let mut points = match usual {
        UpAxis::PlusZ => [-1.0, 0.0, -3.0, other, other, other],
        UpAxis::MinusY => [-1.5, -3.0, 0.0, other, other, other],
        _ => [0.0, z, minus_y, other, other, other],
    };
    points[index(usual)] = 0.0;
    Evidence { what: String::new(), points }
}

/// Drawings on paper have no depth, and nobody stands along what is not there.
fn flatness(take: &Take<'_>, samples: &[usize]) -> Evidence {
    let extent = super::measure::extent(take.poses, samples);
    let points = each(|u| {
        let along: f64 = (0..3).map(|i| u[i].abs() * extent[i]).sum();
        if along < 1e-3 * take.size { IMPOSSIBLE } else { 0.0 }
    });
    Evidence { what: String::new(), points }
}

/// Joints that stand for places of the body; empty where the body lacks them.
struct Landmarks {
    /// Ends of legs and arms.
    feet: Vec<usize>,
    hands: Vec<usize>,
    knees: Vec<usize>,
    /// Ankle and end of each foot that has both.
    soles: Vec<[usize; 2]>,
    /// Where legs and arms begin.
    hips: Vec<usize>,
    shoulders: Vec<usize>,
    /// The end of the torso that is farthest from the feet.
    head: Option<usize>,
    /// The other end of the torso.
    seat: Option<usize>,
}

impl Landmarks {
    fn of(take: &Take<'_>, samples: &[usize]) -> Self {
        let skeleton = take.skeleton;
        let begins = |part: Part| {
            skeleton.joints_of(part).find(|&j| skeleton.parents[j].is_none_or(|p| skeleton.parts[p] != part))
        };
        let [legs, arms] = [[Part::LeftLeg, Part::RightLeg], [Part::LeftArm, Part::RightArm]];
        let list = |parts: [Part; 2], f: &dyn Fn(Part) -> Option<usize>| parts.into_iter().filter_map(f).collect();
        let feet: Vec<usize> = list(legs, &|p| skeleton.tip(p));
        let ways = Ways::of(take.poses, skeleton, samples);
        let head = match feet.first() {
            Some(&foot) => ways.top(foot),
            None => skeleton.tip(Part::Torso),
        };
        let seat = head.and_then(|head| ways.farthest_of_torso(head)).filter(|&s| Some(s) != head);
        Self {
            hands: list(arms, &|p| skeleton.tip(p)),
            knees: list(legs, &|p| knee(take, samples, p)),
            soles: legs.into_iter().filter_map(|p| sole(take, samples, p)).collect(),
            hips: list(legs, &begins),
            shoulders: list(arms, &begins),
            feet,
            head,
            seat,
        }
    }
}

impl Landmarks {
    /// Hips, or what comes nearest to them.
    fn centre(&self) -> Vec<usize> {
        if self.hips.is_empty() { vec![self.seat.unwrap_or(0)] } else { self.hips.clone() }
    }

    /// Half a body without legs may be far from the floor.
    fn reach_floor(&self) -> bool {
        !self.feet.is_empty() || self.hands.is_empty()
    }
}

/// The joint between the two longest neighbouring bones of a leg.
fn knee(take: &Take<'_>, samples: &[usize], leg: Part) -> Option<usize> {
    let limb = take.skeleton.limb(leg);
    knee_of(take, samples, &limb).map(|i| limb[i])
}

/// Which joint of a leg, from its tip inward, is the knee.
fn knee_of(take: &Take<'_>, samples: &[usize], limb: &[usize]) -> Option<usize> {
    let bones = take.poses.bones(samples, limb);
    let both = |i: usize| bones[i] + bones[i + 1];
    (1..bones.len()).max_by(|&a, &b| both(a - 1).total_cmp(&both(b - 1)))
}

/// The ankle of a leg and the end of its foot.
fn sole(take: &Take<'_>, samples: &[usize], leg: Part) -> Option<[usize; 2]> {
    let limb = take.skeleton.limb(leg);
    let ankle = knee_of(take, samples, &limb)? - 1;
    (ankle > 0).then(|| [limb[ankle], limb[0]])
}

impl Take<'_> {
    /// Whether a joint is the origin in all frames, or one near the middle of the body is just that in the first: the body was
    /// moved there, as estimators of poses do, and its place says nothing.
    fn is_centred(&self, samples: &[usize]) -> bool {
        let at_origin = |j: usize| samples.iter().all(|&n| self.poses.at(n, j).length() < 0.02 * self.size);
        (0..self.poses.joints).any(at_origin) || self.begins_at_origin()
    }

    /// Whether a joint of the torso, around which the others are, is the origin in somebody's first frame to the last digit.
    fn begins_at_origin(&self) -> bool {
        let Some(first) = self.poses.present.iter().position(|&there| there) else { return false };
        let all = || (0..self.poses.joints).map(|j| self.poses.at(first, j));
        let mean = all().sum::<DVec3>() / self.poses.joints as f64;
        let torso = self.skeleton.joints_of(Part::Torso).map(|j| self.poses.at(first, j));
        // figures that stand on the origin have a joint there, too
        torso.into_iter().any(|p| p.length() < 1e-5 * self.size) && mean.length() < 0.25 * self.size
    }

    /// The middle of joints; `None` of none.
    fn middle(&self, n: usize, joints: &[usize]) -> Option<DVec3> {
        let sum = joints.iter().map(|&j| self.poses.at(n, j)).sum::<DVec3>();
        (!joints.is_empty()).then(|| sum / joints.len() as f64)
    }

    /// The level of the lowest joint along `up`.
    fn lowest(&self, n: usize, up: DVec3) -> f64 {
        (0..self.poses.joints).map(|j| up.dot(self.poses.at(n, j))).fold(f64::INFINITY, f64::min)
    }

    /// `[J]` shares of the body's mass, which add up to one: torso and head weigh 58 %, a leg 16 %, an arm 5 % (Winter,
    /// *Biomechanics and Motor Control of Human Movement*, table 4.1), spread over bones by length.
    fn masses(&self, samples: &[usize]) -> Vec<f64> {
        let share = |part: Part| match part {
            Part::Torso => 0.58,
            part if part.is_leg() => 0.16,
            _ => 0.05,
        };
        let bones: Vec<(usize, usize, f64)> =
            self.skeleton.parents_first().map(|(j, p)| (j, p, self.poses.distance(samples, j, p))).collect();
        let mut length_of = std::collections::HashMap::new();
        for &(j, _, length) in &bones {
            *length_of.entry(self.skeleton.parts[j]).or_insert(0.0) += length;
        }
        let mut masses = vec![0.0; self.poses.joints];
        for (j, p, length) in bones {
            let part = self.skeleton.parts[j];
            let mass = share(part) * length / f64::max(length_of[&part], 1e-12);
            masses[j] += mass / 2.0;
            masses[p] += mass / 2.0;
        }
        let sum: f64 = masses.iter().sum();
        masses.iter().map(|m| m / sum.max(1e-12)).collect()
    }

    fn centre_of_mass(&self, n: usize, masses: &[f64]) -> DVec3 {
        masses.iter().enumerate().map(|(j, &m)| m * self.poses.at(n, j)).sum()
    }
}
