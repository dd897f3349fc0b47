//! The floor: whatever people do, they do it on one.

use glam::DVec3;

use super::{Evidence, Landmarks, PerAxis, Take, between, each, quantile};
use crate::motion::UpAxis;

/// Levels that differ by less than this share of the height are one: soles, noise, a breath.
const EVEN: f64 = 0.006;

pub(super) fn evidence(
    take: &Take<'_>,
    marks: &Landmarks,
    samples: &[usize],
    balance: PerAxis,
    flat: &PerAxis,
) -> Vec<Evidence> {
    let levels = UpAxis::ALL
        .map(|axis| -> Vec<f64> { samples.iter().map(|&n| take.lowest(n, axis.vector()) / take.size).collect() });
    let spread = spread(&levels);
    let mut all = vec![
        level(&spread),
        Evidence { what: "the body is in balance on it".to_owned(), points: balance.map(|b| 1.2 * b) },
    ];
    if !take.is_centred(samples) {
        let lies = lies(&levels, flat, middle_place(take, samples, &marks.centre()));
        let weight = weight_of_zero(take, marks, samples);
        all.extend([at_zero(take, marks, samples, &levels, weight), above_origin(take, marks, samples, &lies)]);
        // who lies has as level a floor below as anywhere, who stands and sways has it at the feet alone
        let points = std::array::from_fn(|i| 3.5 * weight * lies[i] * between(2.5, 1.4, spread[i]));
        all.push(Evidence { what: "the body lies on the floor at zero".to_owned(), points });
    }
    all
}

/// The lowest point of the body is as low in every pose, because something is under it; in other directions nothing stops
/// it.
fn level(spread: &PerAxis) -> Evidence {
    let points = spread.map(|s| -(0.8 * s.ln()).min(2.0));
    Evidence { what: "the floor is level across it".to_owned(), points }
}

/// How far the lowest points of most poses are apart along each axis, as a multiple of the least.
fn spread(levels: &[Vec<f64>; 6]) -> PerAxis {
    let spread = levels.each_ref().map(|l| {
        let [low, high] = [0.1, 0.9].map(|share| quantile(l.clone(), share));
        (high - low).max(EVEN)
    });
    let least = spread.into_iter().fold(f64::INFINITY, f64::min);
    spread.map(|s| s / least)
}

/// How much it says that a floor is at zero: less of a body that keeps away from there, for a camera may be there.
fn weight_of_zero(take: &Take<'_>, marks: &Landmarks, samples: &[usize]) -> f64 {
    let centre = marks.centre();
    let far = |n: usize| take.middle(n, &centre).map_or(0.0, DVec3::length) > 1.1 * take.size;
    if samples.iter().all(|&n| far(n)) { 0.6 } else { 1.0 }
}

/// Studios put the origin on the floor, and the hips are above it.
fn at_zero(take: &Take<'_>, marks: &Landmarks, samples: &[usize], levels: &[Vec<f64>; 6], weight: f64) -> Evidence {
    let hips = middle_place(take, samples, &marks.centre());
    let points = std::array::from_fn(|i| {
        let floor = quantile(levels[i].clone(), 0.05);
        // joints lie inside the body, so a floor is a little below them; a thin body at zero is no floor
        let near = between(-0.15, -0.03, floor) * between(0.16, 0.10, floor);
        let above = between(0.0, 0.03, UpAxis::ALL[i].vector().dot(hips));
        weight * (4.0 * near * above - 1.5)
    });
    Evidence { what: "the floor lies at zero".to_owned(), points }
}

/// Figures are put down where the axes meet, so that the hips are right above the origin.
fn above_origin(take: &Take<'_>, marks: &Landmarks, samples: &[usize], lies: &PerAxis) -> Evidence {
    let hips = middle_place(take, samples, &marks.centre());
    // farther away is where a camera would be
    let known = (0.02..0.9).contains(&hips.length());
    // beside the origin, seen along another axis, is who lies on the floor
    let lying = |i: usize| (0..6).filter(|&k| k != i).map(|k| lies[k]).fold(0.0, f64::max);
    let above = |i: usize| 2.0 * (1.0 - lying(i)) * between(0.8, 0.97, UpAxis::ALL[i].vector().dot(hips.normalize()));
    let points = std::array::from_fn(|i| if known { above(i) } else { 0.0 });
    Evidence { what: "the body is above the origin".to_owned(), points }
}

/// How flat the body lies across an axis, from 0 to 1: nearly all joints are as low as people are thick.
pub(super) fn flat(take: &Take<'_>, samples: &[usize]) -> PerAxis {
    thinness(take, samples, &(0..take.poses.joints).collect::<Vec<_>>())
}

/// The same of trunk and legs: arms of who swims go round, and of who lies may be anywhere.
pub(super) fn flat_but_for_arms(take: &Take<'_>, samples: &[usize]) -> PerAxis {
    thinness(take, samples, &(0..take.poses.joints).filter(|&j| !take.skeleton.parts[j].is_arm()).collect::<Vec<_>>())
}

fn thinness(take: &Take<'_>, samples: &[usize], joints: &[usize]) -> PerAxis {
    each(|up| {
        let thick = |&n: &usize| {
            let levels: Vec<f64> = joints.iter().map(|&j| up.dot(take.poses.at(n, j))).collect();
            let lowest = levels.iter().copied().fold(f64::INFINITY, f64::min);
            (quantile(levels, 0.9) - lowest) / take.size
        };
        between(0.24, 0.16, quantile(samples.iter().map(thick).collect(), 0.5))
    })
}

/// How much the body lies on a floor at zero, from 0 to 1: hardly anybody who stands has just that level behind the back, and
/// who stands at the origin has it within.
fn lies(levels: &[Vec<f64>; 6], flat: &PerAxis, hips: DVec3) -> PerAxis {
    std::array::from_fn(|i| {
        let floor = quantile(levels[i].clone(), 0.5);
        let above = between(0.006, 0.022, UpAxis::ALL[i].vector().dot(hips));
        flat[i] * between(-0.06, -0.03, floor) * between(0.14, 0.08, floor) * above
    })
}

/// Where the middle of joints mostly is, in heights of the body.
fn middle_place(take: &Take<'_>, samples: &[usize], joints: &[usize]) -> DVec3 {
    let places: Vec<DVec3> = samples.iter().filter_map(|&n| take.middle(n, joints)).collect();
    DVec3::from([0, 1, 2].map(|i| quantile(places.iter().map(|p| p[i]).collect(), 0.5))) / take.size
}

/// A body that does not fall has its centre of mass above what it rests on: from 0, in no frame, to 1, in all.
pub(super) fn balance(take: &Take<'_>, samples: &[usize]) -> PerAxis {
    let masses = take.masses(samples);
    let off = |n: usize, up: DVec3| {
        let floor = take.lowest(n, up);
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for p in (0..take.poses.joints).map(|j| take.poses.at(n, j)) {
            if up.dot(p) - floor < 0.06 * take.size {
                (low, high) = (low.min(p), high.max(p));
            }
        }
        let centre = take.centre_of_mass(n, &masses);
        let beside = centre - centre.clamp(low, high);
        (beside - up * up.dot(beside)).length() / take.size
    };
    each(|up| {
        let sum: f64 = samples.iter().map(|&n| between(0.12, 0.04, off(n, up))).sum();
        sum / samples.len().max(1) as f64
    })
}
