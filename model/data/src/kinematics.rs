//! What is true of a motion, read from its joints and not from its label.
//!
//! Each truth is `None` where the motion lies between two clear cases; such a question is then not asked. The lines
//! were drawn on the three labelled sets (see `real_data` for how far they agree with the labels there).

pub mod limbs;
mod measure;
pub mod phases;
mod repetitions;
mod strokes;
mod terms;

use draction::motion::Motion;

pub use limbs::Mover;
pub use measure::{LimbMeasure, Measures};
pub use phases::{BodyPart, Movement, Phase, phases};
pub use terms::{Limbs, Pace, Posture, Travel, Turning};

use measure::Observed;
use phases::limb_paths;
use repetitions::repetitions;

/// A limb moves when its path (limb lengths) and its extent exceed these; see also [`STILL`].
const MOVES: Line = Line { path: 0.55, extent: 0.35 };
/// A limb is still when path and extent stay below these.
const STILL: Line = Line { path: 0.3, extent: 0.15 };
/// One limb acts alone when the other's path is shorter than this fraction of its own, even if the other is not still.
const ALONE_BELOW: f32 = 0.3;
/// Both act when the shorter path is at least this fraction of the longer.
const TOGETHER_ABOVE: f32 = 0.55;
/// A hand is above a level when it is higher by this much (arm lengths) a tenth of the time.
const ABOVE: f32 = 0.1;
/// A hand is not above a level when it never comes closer to it than this (arm lengths).
const BELOW: f32 = -0.1;
/// A person goes somewhere beyond this distance, and nowhere below the second (both in body heights).
const GOES: [f32; 2] = [0.5, 0.15];
/// One axis of travel is the direction when it is this many times the other.
const DIRECTION_RATIO: f32 = 2.0;
/// A turn beyond the first angle is a turn, and straight is what never deviates by more than the second (degrees).
const TURN_DEG: [f32; 2] = [35.0, 20.0];
/// On the spot, only this much is a turn: less is a swing of the trunk (degrees).
const TURN_IN_PLACE_DEG: f32 = 70.0;
/// Pelvis heights (leg lengths) above which a person is up, and below which low.
const PELVIS: [f32; 2] = [0.85, 0.72];
/// Pelvis heights above which somebody low sits or crouches, and below which they are on the ground.
const SEAT: [f32; 2] = [0.35, 0.2];
/// A body is there when it is present in this share of the frames, and never was below the second.
const PRESENT: [f32; 2] = [0.5, 0.05];
/// Peak speed (limb lengths per second) of a slow motion.
pub const SLOW_BELOW: f32 = 1.5;
/// Peak speed (limb lengths per second) of a fast motion.
pub const FAST_ABOVE: f32 = 4.0;

/// Thresholds of [`MOVES`] and [`STILL`], in limb lengths.
struct Line {
    path: f32,
    extent: f32,
}

/// The truths about one motion: those of its main body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kinematics {
    /// Which hands move, relative to the trunk.
    pub hands: Option<Limbs>,
    /// Which legs move, relative to the trunk.
    pub legs: Option<Limbs>,
    /// Which hands are raised above the head.
    pub above_head: Option<Limbs>,
    /// Which hands are raised above the shoulders.
    pub above_shoulder: Option<Limbs>,
    /// Where the person goes.
    pub travel: Option<Travel>,
    /// Which way the person turns.
    pub turning: Option<Turning>,
    /// Whether the person sits, crouches or rises.
    pub posture: Option<Posture>,
    /// Whether the motion is slow or fast.
    pub pace: Option<Pace>,
    /// Which limb moves most.
    pub most_active: Option<Mover>,
    /// Which limb moves first.
    pub moves_first: Option<Mover>,
    /// How often the movement is done.
    pub repetitions: Option<usize>,
    /// How many people are there.
    pub people: Option<usize>,
    /// What each part of the body does, in order of time.
    pub phases: Vec<Phase>,
}

impl Kinematics {
    /// Reads the truths off a motion. Costs about as much as reading every joint of the limbs a few times.
    pub fn of(motion: &Motion) -> Kinematics {
        let Some(observed) = Observed::of(motion) else { return Kinematics::default() };
        let people = people(motion);
        if people.is_some_and(|n| n > 1) {
            // "which hand" would be anybody's
            return Kinematics { people, ..Kinematics::default() };
        }
        let limbs = limb_paths(&observed);
        let phases = phases::of_paths(&observed, &limbs);
        let still = Kinematics::from_measures(&observed.measures());
        Kinematics {
            moves_first: limbs::first_to_move(&phases, still.hands, still.legs),
            repetitions: repetitions(&observed, &limbs, still.legs),
            people,
            phases,
            ..still
        }
    }

    /// Draws the lines; [`Measures`] knows none. What takes the order of events to tell stays open.
    pub fn from_measures(m: &Measures) -> Kinematics {
        let raised = |of: fn(&LimbMeasure) -> Option<[f32; 2]>| {
            let [left, right] = m.arms.as_ref()?.each_ref().map(|arm| {
                let [highest, tenth] = of(arm)?;
                if tenth > ABOVE { Some(true) } else { (highest < BELOW).then_some(false) }
            });
            Some(Limbs::of(left?, right?))
        };
        let travel = travel(m.travel.map(|d| d / m.height.max(0.1)));
        Kinematics {
            hands: m.arms.as_ref().and_then(active),
            legs: m.legs.as_ref().and_then(active),
            above_head: raised(|arm| arm.above_head),
            above_shoulder: raised(|arm| Some(arm.above_shoulder)),
            travel,
            turning: m.turn.and_then(|turn| turning(turn, travel, m.foot)),
            posture: m.pelvis.and_then(posture),
            pace: pace(m),
            most_active: limbs::most_active(m),
            ..Kinematics::default()
        }
    }

    /// The truths about the mirrored motion.
    pub fn mirrored(&self) -> Kinematics {
        let limbs = |l: Option<Limbs>| l.map(Limbs::mirrored);
        Kinematics {
            hands: limbs(self.hands),
            legs: limbs(self.legs),
            above_head: limbs(self.above_head),
            above_shoulder: limbs(self.above_shoulder),
            travel: self.travel.map(Travel::mirrored),
            turning: self.turning.map(Turning::mirrored),
            most_active: self.most_active.map(Mover::mirrored),
            moves_first: self.moves_first.map(Mover::mirrored),
            phases: self.phases.iter().map(Phase::mirrored).collect(),
            ..*self
        }
    }
}

/// Which of a pair of limbs moves.
fn active([left, right]: &[LimbMeasure; 2]) -> Option<Limbs> {
    let moves = |l: &LimbMeasure| l.path > MOVES.path && l.extent > MOVES.extent;
    let still = |l: &LimbMeasure| l.path < STILL.path && l.extent < STILL.extent;
    let (less, more) = if left.path < right.path { (left, right) } else { (right, left) };
    if still(left) && still(right) {
        Some(Limbs::Neither)
    } else if moves(more) && (still(less) || less.path < ALONE_BELOW * more.path) {
        Some(Limbs::of(left.path > right.path, right.path > left.path))
    } else {
        (moves(less) && less.path > TOGETHER_ABOVE * more.path).then_some(Limbs::Both)
    }
}

/// `way`: to the left and forward, in body heights.
fn travel(way: [f32; 2]) -> Option<Travel> {
    let [left, forward] = way;
    let distance = left.hypot(forward);
    if distance < GOES[1] {
        return Some(Travel::InPlace);
    }
    if distance < GOES[0] {
        return None;
    }
    let [less, more] = if left.abs() < forward.abs() { [left, forward] } else { [forward, left] };
    (more.abs() > DIRECTION_RATIO * less.abs()).then(|| Travel::along(way))
}

fn turning([net, range]: [f32; 2], travel: Option<Travel>, foot: Option<f32>) -> Option<Turning> {
    let [turned, straight] = TURN_DEG.map(f32::to_radians);
    if range < straight {
        return Some(Turning::Straight);
    }
    let turned = if travel == Some(Travel::InPlace) { TURN_IN_PLACE_DEG.to_radians() } else { turned };
    // a sway to both sides is no turn, and neither is a twist over feet that stay
    let clear = net.abs() > turned && net.abs() > 0.6 * range && foot.is_none_or(|f| f > phases::TURNS_ON);
    clear.then_some(if net > 0.0 { Turning::Left } else { Turning::Right })
}

fn posture([start, end, lowest, highest]: [f32; 4]) -> Option<Posture> {
    let level = |h: f32| if h > PELVIS[0] { Some(true) } else { (h < PELVIS[1]).then_some(false) };
    match (level(start)?, level(lowest)?, level(end)?) {
        (_, true, _) => Some(Posture::Upright),
        (true, false, false) => Some(Posture::GoesDown),
        (false, _, true) => Some(Posture::ComesUp),
        (true, false, true) => Some(Posture::DownAndUp),
        (false, false, false) if level(highest)? => None,
        _ if lowest > SEAT[0] => Some(Posture::Low),
        // a pelvis far below the feet is upside down
        _ => (highest < SEAT[1] && lowest > -SEAT[0]).then_some(Posture::OnGround),
    }
}

fn pace(m: &Measures) -> Option<Pace> {
    let limbs = [m.arms.as_ref(), m.legs.as_ref()].into_iter().flatten().flatten();
    let peak = limbs.map(|l| l.peak_speed).fold(None, |a: Option<f32>, b| Some(a.map_or(b, |a| a.max(b))))?;
    if peak < SLOW_BELOW { Some(Pace::Slow) } else { (peak > FAST_ABOVE).then_some(Pace::Fast) }
}

fn people(motion: &Motion) -> Option<usize> {
    let share = |body: usize| {
        let seen = (0..motion.frames()).filter(|&t| motion.is_present(t, body)).count();
        seen as f32 / motion.frames().max(1) as f32
    };
    let there = (0..motion.bodies).map(|body| {
        let share = share(body);
        if share >= PRESENT[0] { Some(1) } else { (share < PRESENT[1]).then_some(0) }
    });
    there.sum::<Option<usize>>().filter(|&n| n > 0)
}

#[cfg(test)]
mod tests;
