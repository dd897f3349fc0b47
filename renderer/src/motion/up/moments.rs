//! What short moments show: contact, falling, and where people go.

use glam::DVec3;

use super::{Evidence, Landmarks, Take, between, each, quantile};
use crate::motion::UpAxis;

/// Length of a moment in seconds: shorter than most jumps, longer than noise.
const MOMENT: f64 = 0.24;
/// Most moments that are looked at, spread over the take.
const MOST: usize = 400;
/// Metres per second squared.
const GRAVITY: f64 = 9.81;

/// Consecutive frames of one body.
pub(super) struct Moment {
    /// Body-frames, in order of time.
    frames: Vec<usize>,
    /// `[J]` how far each joint goes from its place at half time, as a share of the height.
    moved: Vec<f64>,
}

impl Moment {
    fn middle(&self) -> usize {
        self.frames[self.frames.len() / 2]
    }

    fn mean(&self) -> f64 {
        self.moved.iter().sum::<f64>() / self.moved.len() as f64
    }

    fn is_lively(&self) -> bool {
        self.mean() > 0.003
    }

    /// How much a joint stays in its place while the rest moves, from 0 to 1.
    fn keeps(&self, joint: usize) -> f64 {
        between(0.6, 0.1, self.moved[joint] / self.mean())
    }
}

pub(super) fn evidence(take: &Take<'_>, marks: &Landmarks, moments: &[Moment]) -> Vec<Evidence> {
    if moments.is_empty() {
        return Vec::new();
    }
    let mut all = vec![flight(take, moments), travel(take, marks, moments)];
    if marks.reach_floor() {
        all.extend([support(take, moments), contact(take, marks, moments)]);
    }
    all
}

/// Moments spread over the take.
pub(super) fn of(take: &Take<'_>) -> Vec<Moment> {
    let length = ((MOMENT * take.fps).round() as usize).clamp(4, 240) + 1;
    let frames = take.poses.present.len() / take.bodies.max(1);
    let windows = (frames / (length / 2).max(1)).saturating_sub(1) * take.bodies;
    let stride = (length / 2).max(1) * windows.div_ceil(MOST).max(1);
    let mut all = Vec::new();
    for body in 0..take.bodies {
        for start in (0..frames.saturating_sub(length - 1)).step_by(stride) {
            let frames: Vec<usize> = (start..start + length).map(|t| t * take.bodies + body).collect();
            if !frames.iter().all(|&n| take.poses.present[n]) {
                continue;
            }
            let middle = frames[length / 2];
            let ends = [0, length / 4, 3 * length / 4, length - 1].map(|i| frames[i]);
            let moved = |j: usize| {
                let at = take.poses.at(middle, j);
                ends.iter().map(|&n| take.poses.at(n, j).distance(at)).fold(0.0, f64::max) / take.size
            };
            let moved = (0..take.poses.joints).map(moved).collect();
            all.push(Moment { frames, moved });
        }
    }
    all
}

/// What bears the body stays in its place while the rest moves.
fn support(take: &Take<'_>, moments: &[Moment]) -> Evidence {
    let lively: Vec<&Moment> = moments.iter().filter(|m| m.is_lively()).collect();
    let share = lively.len() as f64 / moments.len() as f64;
    let points = each(|up| {
        let stays = |m: &&Moment| {
            let level = |j: usize| up.dot(take.poses.at(m.middle(), j));
            m.keeps((0..m.moved.len()).fold(0, |a, b| if level(b) < level(a) { b } else { a }))
        };
        let sum: f64 = lively.iter().map(stays).sum();
        1.5 * (share / 0.3).min(1.0) * sum / lively.len().max(1) as f64
    });
    Evidence { what: "what bears the body keeps its place".to_owned(), points }
}

/// Whether the body moves and neither hand nor foot ever keeps its place, as in water.
pub(super) fn floats(marks: &Landmarks, moments: &[Moment]) -> bool {
    let lively: Vec<&Moment> = moments.iter().filter(|m| m.is_lively()).collect();
    let tips = || marks.feet.iter().chain(&marks.hands);
    let holds: f64 = lively.iter().map(|m| tips().map(|&tip| m.keeps(tip)).fold(0.0, f64::max)).sum();
    10 * lively.len() > 3 * moments.len() && holds < 0.06 * lively.len() as f64
}

/// Hands and feet that stay in one place while arm or leg moves push against something, most often the floor.
fn contact(take: &Take<'_>, marks: &Landmarks, moments: &[Moment]) -> Evidence {
    let parents = &take.skeleton.parents;
    let tips: Vec<(usize, usize)> = marks
        .feet
        .iter()
        .chain(&marks.hands)
        .filter_map(|&tip| {
            // two bones up, and a third where the last one is a finger or toe
            let above = parents[tip].and_then(|p| parents[p])?;
            Some((tip, parents[above].filter(|&p| take.skeleton.parts[p] == take.skeleton.parts[tip]).unwrap_or(above)))
        })
        .collect();
    let mut held: Vec<DVec3> = Vec::new();
    for m in moments {
        let still = tips.iter().filter(|&&(tip, above)| m.moved[tip] < 0.006 && m.moved[above] > 0.012);
        held.extend(still.map(|&(tip, _)| take.poses.at(m.middle(), tip)));
    }
    let weight = 2.5 * (held.len() as f64 / 12.0).min(1.0);
    let points = each(|up| {
        let floor = quantile(moments.iter().map(|m| take.lowest(m.middle(), up)).collect(), 0.05);
        let low = held.iter().filter(|&&p| up.dot(p) - floor < 0.09 * take.size).count();
        // what holds on to something that is no floor is rare
        weight * (1.6 * low as f64 / held.len().max(1) as f64 - 0.6)
    });
    Evidence { what: "hands and feet hold on to the floor".to_owned(), points }
}

/// Nothing holds who jumps: the centre of mass falls, and every joint moves.
fn flight(take: &Take<'_>, moments: &[Moment]) -> Evidence {
    let samples = take.poses.sampled();
    let masses = take.masses(&samples);
    let mut votes = [0.0; 6];
    let mut seen = Vec::new();
    for m in moments.iter().filter(|m| m.moved.iter().all(|&d| d > 0.012)) {
        let path: Vec<DVec3> = m.frames.iter().map(|&n| take.centre_of_mass(n, &masses)).collect();
        let (pull, off) = acceleration(&path, take.fps);
        let (fall, strength) = (-pull, pull.length() * take.metres);
        if (strength - GRAVITY).abs() > 0.18 * GRAVITY || off > 0.004 * take.size {
            continue;
        }
        seen.push(strength);
        for (vote, axis) in votes.iter_mut().zip(UpAxis::ALL) {
            *vote += between(0.85, 0.95, axis.vector().dot(fall.normalize()));
        }
    }
    let points = votes.map(|v| 1.2 * v.min(3.0));
    Evidence { what: format!("who jumps falls at {:.1} m/s²", quantile(seen, 0.5)), points }
}

/// The acceleration of the parabola that fits best, and how far the path is from it.
fn acceleration(path: &[DVec3], fps: f64) -> (DVec3, f64) {
    let n = path.len() as f64;
    let time = |i: usize| (i as f64 - (n - 1.0) / 2.0) / fps;
    // times are symmetric, so line and parabola are fitted apart
    let square = (0..path.len()).map(|i| time(i).powi(2)).sum::<f64>();
    let mean = path.iter().sum::<DVec3>() / n;
    let slope = path.iter().enumerate().map(|(i, &p)| time(i) * p).sum::<DVec3>() / square;
    let bend = |i: usize| time(i).powi(2) - square / n;
    let curve = path.iter().enumerate().map(|(i, &p)| bend(i) * p).sum::<DVec3>()
        / (0..path.len()).map(|i| bend(i).powi(2)).sum::<f64>();
    let off = |i: usize| (path[i] - mean - slope * time(i) - curve * bend(i)).length();
    (2.0 * curve, (0..path.len()).map(off).fold(0.0, f64::max))
}

/// Who goes far goes along the floor: hardly anybody climbs twice as high as they are tall, and swimmers go head first.
fn travel(take: &Take<'_>, marks: &Landmarks, moments: &[Moment]) -> Evidence {
    let centre = marks.centre();
    let mut widest = DVec3::ZERO;
    for body in 0..take.bodies {
        let own = moments.iter().map(Moment::middle).filter(|n| n % take.bodies == body);
        let places = own.filter_map(|n| take.middle(n, &centre));
        let (low, high) = places.fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(l, h), p| (l.min(p), h.max(p)));
        if low.is_finite() {
            widest = widest.max(high - low);
        }
    }
    let heights = widest.max_element() / take.size;
    let far = 1.5 * between(0.6, 1.0, heights) + 2.5 * between(0.9, 1.6, heights);
    let points = each(|up| -far * between(0.5, 0.9, up.abs().dot(widest) / widest.max_element().max(1e-12)));
    Evidence { what: "the body goes about across it".to_owned(), points }
}
