//! From the phases of single limbs to the few events of a chain.

use crate::kinematics::{BodyPart, Movement, Mover, Phase, Travel, Turning};

/// One step of a chain: a part of the body, or a pair of limbs alike, does one thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Event {
    /// What moves; the whole body is a [`Mover::Limb`], too.
    pub(super) who: Mover,
    /// How; of what goes there and back again the first way.
    pub(super) movement: Movement,
    /// Whether it goes there and back more than once.
    pub(super) again: bool,
    /// Seconds from the first frame that shows the body.
    pub(super) start: f32,
    /// The same of its end.
    pub(super) end: f32,
    /// How much of it there is: roughly the length of its path, in arm lengths.
    size: f32,
}

/// Longest pause inside what goes there and back, seconds.
const PAUSE_S: f32 = 0.8;
/// Longest pause between two steps of a walk, seconds.
const STEP_PAUSE_S: f32 = 1.0;
/// What is smaller than this share of the largest event is left out: it explains nothing.
const NOTABLE: f32 = 0.25;
/// Most events that are told: a small model must be able to learn to write them.
const MOST: usize = 4;
/// The body's own path, in body heights or leg lengths, counts this many times: a squat is more than swinging arms.
const BODY: f32 = 2.5;
/// Two limbs do something together when they share this part of the time that either takes.
const SHARED: f32 = 0.4;
/// And when the smaller movement is at least this share of the larger.
const ALIKE: f32 = 0.4;

/// The notable events, in order of their starts.
pub(super) fn events(phases: &[Phase]) -> Vec<Event> {
    let mut events = Vec::new();
    for limbs in [&BodyPart::LIMBS[..2], &BodyPart::LIMBS[2..]] {
        let [left, right] = [0, 1].map(|side| {
            let own: Vec<Phase> = phases.iter().filter(|p| p.part == limbs[side]).copied().collect();
            swings(&own)
        });
        events.extend(stepping(paired(left, right)));
    }
    for kind in [Kind::Height, Kind::Way, Kind::Turn] {
        let body = |p: &&Phase| p.part == BodyPart::Body && Kind::of(p.movement) == kind;
        events.extend(swings(&phases.iter().filter(body).copied().collect::<Vec<_>>()));
    }
    // of what starts together the larger first: no side comes before the other
    events.sort_by(|a, b| a.start.total_cmp(&b.start).then(b.size.total_cmp(&a.size)));
    notable(events)
}

/// The line along which something goes there and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Height,
    Depth,
    Side,
    Bend,
    Step,
    Way,
    Turn,
}

impl Kind {
    fn of(movement: Movement) -> Kind {
        match movement {
            Movement::Rises | Movement::Lowers => Kind::Height,
            Movement::Forward | Movement::Back => Kind::Depth,
            Movement::Out | Movement::In => Kind::Side,
            Movement::Bends | Movement::Straightens => Kind::Bend,
            Movement::Steps => Kind::Step,
            Movement::Goes(_) => Kind::Way,
            Movement::Turns(_) => Kind::Turn,
        }
    }
}

/// Whether one movement leads back to where the other began.
fn opposite(a: Movement, b: Movement) -> bool {
    let sideways = [Movement::Goes(Travel::Left), Movement::Goes(Travel::Right)];
    let ahead = [Movement::Goes(Travel::Forward), Movement::Goes(Travel::Backward)];
    let turns = [Movement::Turns(Turning::Left), Movement::Turns(Turning::Right)];
    let back = match Kind::of(a) {
        Kind::Way => [sideways, ahead].iter().any(|pair| pair.contains(&a) && pair.contains(&b)),
        Kind::Turn => turns.contains(&a) && turns.contains(&b),
        Kind::Step => false,
        kind => kind == Kind::of(b),
    };
    back && a != b
}

/// The phases of one part as events: one for those that go on the same way, and one for three or more that lead there
/// and back again.
fn swings(phases: &[Phase]) -> Vec<Event> {
    let goes_on = |a: &Phase, b: &Phase| {
        let steps = a.movement == Movement::Steps || a.times > 1 || b.times > 1;
        a.movement == b.movement && !steps && b.start - a.end <= PAUSE_S
    };
    let phases: Vec<Phase> = phases
        .chunk_by(goes_on)
        .map(|run| Phase { end: run[run.len() - 1].end, amount: run.iter().map(|p| p.amount).sum(), ..run[0] })
        .collect();
    let returns = |a: &Phase, b: &Phase| {
        let back = opposite(a.movement, b.movement);
        let alike = Kind::of(a.movement) == Kind::of(b.movement) && (a.times > 1 || b.times > 1);
        b.start - a.end <= PAUSE_S && (back || alike)
    };
    let mut events = Vec::new();
    for run in phases.chunk_by(returns) {
        let again = run.len() > 2 || run.iter().any(|p| p.times > 1);
        for told in run.chunks(if again { run.len() } else { 1 }) {
            events.push(Event {
                who: Mover::Limb(told[0].part),
                movement: told[0].movement,
                again,
                start: told[0].start,
                end: told[told.len() - 1].end,
                size: told.iter().map(size).sum(),
            });
        }
    }
    events
}

fn size(phase: &Phase) -> f32 {
    let weight = match Kind::of(phase.movement) {
        Kind::Way | Kind::Height if phase.part == BodyPart::Body => BODY,
        _ => 1.0,
    };
    weight * phase.amount * (2 * phase.times - 1) as f32
}

/// Left and right limbs that do the same at the same time, as pairs; what is left over of either stays single.
fn paired(left: Vec<Event>, mut right: Vec<Event>) -> Vec<Event> {
    let alike = |a: &Event, b: &Event| {
        // hands that swing in turn both go up and down, but they do not go apart and together
        let in_turn = a.again && Kind::of(a.movement) == Kind::of(b.movement) && Kind::of(a.movement) != Kind::Side;
        let same = a.movement == b.movement || in_turn;
        let shared = (a.end.min(b.end) - a.start.max(b.start)) / (a.end.max(b.end) - a.start.min(b.start)).max(1e-3);
        let sizes = a.size.min(b.size) > ALIKE * a.size.max(b.size);
        same && sizes && a.again == b.again && shared > SHARED && a.movement != Movement::Steps
    };
    let mut events = Vec::new();
    for mut event in left {
        if let Some(i) = right.iter().position(|other| alike(&event, other)) {
            let other = right.remove(i);
            event.who = if event.who == Mover::Limb(BodyPart::LeftArm) { Mover::Arms } else { Mover::Legs };
            // which of two that swing in turn came first is a matter of sides
            if event.movement != other.movement {
                event.movement = earlier(&event, &other).movement;
            }
            // while both are at it
            event.start = event.start.max(other.start);
            event.end = event.end.min(other.end);
            event.size += other.size;
        }
        events.push(event);
    }
    events.extend(right);
    events
}

/// The one that starts first; of two that start together the larger.
fn earlier<'a>(a: &'a Event, b: &'a Event) -> &'a Event {
    let order = a.start.total_cmp(&b.start).then(b.size.total_cmp(&a.size));
    if order.is_le() { a } else { b }
}

/// Puts the steps of a walk together; what else the legs do meanwhile is part of them.
fn stepping(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by(|a, b| a.start.total_cmp(&b.start));
    let (steps, mut others): (Vec<Event>, Vec<Event>) = events.into_iter().partition(|e| e.movement == Movement::Steps);
    let mut walks: Vec<Event> = Vec::new();
    for walk in steps.chunk_by(|a, b| b.start - a.end <= STEP_PAUSE_S) {
        walks.push(Event {
            who: if walk.iter().all(|step| step.who == walk[0].who) { walk[0].who } else { Mover::Legs },
            // two steps may be one with each foot
            again: walk.len() > 2 || walk.iter().any(|step| step.again),
            end: walk.iter().map(|step| step.end).fold(walk[0].end, f32::max),
            size: walk.iter().map(|step| step.size).sum(),
            ..walk[0]
        });
    }
    others.retain(|e| !walks.iter().any(|walk| e.start < walk.end && walk.start < e.end));
    walks.extend(others);
    walks
}

/// The events that explain something: the first and the last of those that are not small, and the largest between.
fn notable(mut events: Vec<Event>) -> Vec<Event> {
    let largest = events.iter().map(|e| e.size).fold(0.0, f32::max);
    events.retain(|e| e.size >= NOTABLE * largest);
    while events.len() > MOST {
        let last = (0..events.len()).max_by(|&a, &b| events[a].end.total_cmp(&events[b].end));
        let between = (1..events.len()).filter(|&i| Some(i) != last);
        let Some(least) = between.min_by(|&a, &b| events[a].size.total_cmp(&events[b].size)) else { break };
        events.remove(least);
    }
    events
}
