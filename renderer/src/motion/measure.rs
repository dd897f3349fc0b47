//! Size and stance of a body, and what a file must mean by its numbers for the body to be a person.

use std::borrow::Cow;

use glam::{DVec3, Vec3};

use super::{Part, Reason, Skeleton, Unit, UpAxis};

/// Positions in any unit, as far as the measures below need them.
pub(super) struct Poses<'a> {
    /// `[N, J, 3]`, one entry a body and frame.
    pub positions: &'a [f32],
    /// `[N]`.
    pub present: &'a [bool],
    pub joints: usize,
}

impl Poses<'_> {
    pub(super) fn at(&self, n: usize, j: usize) -> DVec3 {
        Vec3::from_slice(&self.positions[(n * self.joints + j) * 3..]).as_dvec3()
    }

    /// At most 64 body-frames with somebody in them, spread over the clip: enough for every median here.
    pub(super) fn sampled(&self) -> Vec<usize> {
        let all: Vec<usize> = (0..self.present.len()).filter(|&n| self.present[n]).collect();
        let step = all.len().div_ceil(64).max(1);
        all.into_iter().step_by(step).collect()
    }

    /// Median distance of two joints.
    pub(super) fn distance(&self, samples: &[usize], a: usize, b: usize) -> f64 {
        median(samples.iter().map(|&n| self.at(n, a).distance(self.at(n, b))).collect())
    }
}

/// The lower median; zero for nothing.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

/// Standing height in the poses' unit: leg from hip to ankle plus the way from the legs' root to the top of the head,
/// summed over bones. Falls back to the body's largest extent where no legs are labelled.
pub(super) fn standing_height(poses: &Poses<'_>, skeleton: &Skeleton) -> f64 {
    let samples = poses.sampled();
    let chains: Vec<f64> = [Part::LeftLeg, Part::RightLeg]
        .into_iter()
        .filter_map(|part| skeleton.tip(part))
        .map(|tip| leg_and_spine(poses, skeleton, &samples, tip))
        .collect();
    if chains.is_empty() {
        return extent(poses, &samples).into_iter().fold(0.0, f64::max);
    }
    chains.iter().sum::<f64>() / chains.len() as f64
}

/// Median size of the body's bounding box along each axis.
pub(super) fn extent(poses: &Poses<'_>, samples: &[usize]) -> [f64; 3] {
    [0, 1, 2].map(|axis| {
        let size = |&n: &usize| {
            let (lo, hi) = (0..poses.joints)
                .map(|j| poses.at(n, j)[axis])
                .fold((f64::MAX, f64::MIN), |(lo, hi), v| (lo.min(v), hi.max(v)));
            hi - lo
        };
        median(samples.iter().map(size).collect())
    })
}

fn leg_and_spine(poses: &Poses<'_>, skeleton: &Skeleton, samples: &[usize], tip: usize) -> f64 {
    let reach = reach(poses, skeleton, samples, tip);
    // the top of the body is the torso joint farthest from the toes
    let top = skeleton
        .joints_of(Part::Torso)
        .filter(|&j| reach[j].0.is_finite())
        .max_by(|&a, &b| reach[a].0.total_cmp(&reach[b].0));
    let Some(mut at) = top else {
        return extent(poses, samples).into_iter().fold(0.0, f64::max);
    };
    // bone lengths from the top down to the toes; the leg's own ones apart
    let (mut spine, mut leg) = (0.0, Vec::new());
    while let Some(next) = reach[at].1 {
        let length = reach[at].0 - reach[next].0;
        if skeleton.parts[at].is_leg() {
            leg.push(length);
        } else {
            spine += length;
        }
        at = next;
    }
    // thigh and shank are the two longest; what follows them is the foot, of which only the ankle's height counts
    let mut order: Vec<usize> = (0..leg.len()).collect();
    order.sort_by(|&a, &b| leg[b].total_cmp(&leg[a]).then(a.cmp(&b)));
    let ankle = order.iter().take(2).max().map_or(0, |&i| i + 1);
    let upper: f64 = spine + leg[..ankle].iter().sum::<f64>();
    let foot: f64 = leg[ankle..].iter().sum();
    upper + foot.min(0.05 * upper)
}

/// How long bones are on average, as a share of the body's size, in the middle of up to 64 bodies `[N, J, 3]`: points that
/// are no body come out above 0.3, and joints in their right order below 0.2. Infinite where nobody is.
pub(super) fn spread_of_bones(positions: &[f32], joints: usize, bones: &[[usize; 2]]) -> f64 {
    let present: Vec<bool> = positions.chunks_exact(3 * joints).map(|body| body.iter().any(|&v| v != 0.0)).collect();
    let poses = Poses { positions, present: &present, joints };
    let shares: Vec<f64> = poses
        .sampled()
        .into_iter()
        .filter_map(|n| {
            let size = DVec3::from(extent(&poses, &[n])).length();
            let length: f64 = bones.iter().map(|&[a, b]| poses.at(n, a).distance(poses.at(n, b))).sum();
            (size > 0.0).then(|| length / (bones.len() as f64 * size))
        })
        .collect();
    if shares.is_empty() { f64::INFINITY } else { median(shares) }
}

/// For every joint the way to `from` along bones, and the next joint on it; unreachable joints are infinitely far.
fn reach(poses: &Poses<'_>, skeleton: &Skeleton, samples: &[usize], from: usize) -> Vec<(f64, Option<usize>)> {
    let mut edges: Vec<(usize, usize, f64)> = Vec::new();
    let tree = skeleton.parents.iter().enumerate();
    let tree = tree.filter_map(|(j, p)| p.map(|p| [p, j]));
    for [a, b] in tree.chain(skeleton.bones.iter().copied()) {
        edges.push((a, b, poses.distance(samples, a, b)));
    }
    let mut neighbours = vec![Vec::new(); skeleton.joints()];
    for &(a, b, length) in &edges {
        neighbours[a].push((b, length));
        neighbours[b].push((a, length));
    }
    let mut reach = vec![(f64::INFINITY, None); skeleton.joints()];
    let mut queue = std::collections::VecDeque::from([from]);
    reach[from].0 = 0.0;
    // trees, and graphs that are nearly trees: fewest bones first is good enough
    while let Some(a) = queue.pop_front() {
        for &(b, length) in &neighbours[a] {
            if reach[b].0.is_infinite() {
                reach[b] = (reach[a].0 + length, Some(a));
                queue.push_back(b);
            }
        }
    }
    reach
}

/// Tells the unit from the standing height `size` in file units: the usual units first, then CMU's, each where it gives a
/// person of 1.2 to 2.1 m; then metric units that give 0.9 to 2.5 m; else the scale at which the body is 1.7 m tall.
pub(super) fn infer_unit(size: f64) -> (Unit, Reason) {
    let fits = |unit: &Unit| (1.2..=2.1).contains(&(size * unit.metres));
    let named = [Unit::METRE, Unit::CENTIMETRE, Unit::MILLIMETRE, Unit::INCH, Unit::CMU];
    if let Some(unit) = named.into_iter().find(fits) {
        let tall = size * unit.metres;
        return (unit, Reason::inferred(format!("the body is then {tall:.2} m tall, bone by bone")));
    }
    // a child, or a body whose head ends at its middle and whose legs end at the ankles
    let metric = [Unit::METRE, Unit::CENTIMETRE, Unit::MILLIMETRE];
    let roughly = |unit: &Unit| (0.9..=2.5).contains(&(size * unit.metres));
    if let Some(unit) = metric.into_iter().find(roughly) {
        let tall = size * unit.metres;
        return (unit, Reason::inferred(format!("nothing fits better, though the body is then {tall:.2} m tall")));
    }
    let metres = 1.7 / size;
    let unit = Unit { name: Cow::Owned(format!("{metres:.4e} m")), metres };
    (unit, Reason::assumed(format!("no usual unit fits a body of {size:.4}: scaled to 1.70 m tall")))
}

/// Tells the up axis from where the head is, seen from the feet, over the whole clip.
pub(super) fn infer_up(poses: &Poses<'_>, skeleton: &Skeleton) -> (UpAxis, Reason) {
    let samples = poses.sampled();
    let legs = [Part::LeftLeg, Part::RightLeg];
    let feet: Vec<usize> = legs.iter().filter_map(|&p| skeleton.tip(p)).collect();
    let Some(top) = skeleton.tip(Part::Torso).filter(|_| !feet.is_empty()) else {
        return infer_up_from_extent(poses, &samples);
    };
    let mut mean = DVec3::ZERO;
    let mut upright = 0;
    for &n in &samples {
        let mut stance = poses.at(n, top);
        for &f in &feet {
            stance -= poses.at(n, f) / feet.len() as f64;
        }
        let length = stance.length().max(1e-12);
        mean += stance / length / samples.len() as f64;
        upright += usize::from(stance.y / length > 0.85);
    }
    let along = |axis: &UpAxis| axis.vector().dot(mean);
    let best = UpAxis::ALL.into_iter().fold(UpAxis::PlusY, |a, b| if along(&b) > along(&a) { b } else { a });
    let share = 100.0 * upright as f64 / samples.len().max(1) as f64;
    // somebody who lies down or does a handstand for most of a +y clip still stands in some of it
    if best == UpAxis::PlusY || share >= 15.0 {
        let why = format!("the body stands along +y in {share:.0} % of frames");
        return (UpAxis::PlusY, Reason::inferred(why));
    }
    if along(&best) < 0.6 {
        return (UpAxis::PlusY, Reason::assumed("no stance stands out"));
    }
    let why = format!("from feet to head, {:.0} % of the way runs along {best}", 100.0 * along(&best));
    (best, Reason::inferred(why))
}

/// Without known feet and head only a body that is flat along y is no +y one: arms spread wide are no reason to turn it.
fn infer_up_from_extent(poses: &Poses<'_>, samples: &[usize]) -> (UpAxis, Reason) {
    let [x, y, z] = extent(poses, samples);
    let flat = |v: f64| v < 0.25 * x.max(z);
    if !flat(y) || flat(z) {
        return (UpAxis::PlusY, Reason::assumed("no feet and head are known"));
    }
    (UpAxis::PlusZ, Reason::inferred("the body is flat along y and high along z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_sizes_give_usual_units() {
        for (size, name) in [(1.75, "m"), (168.0, "cm"), (1500.0, "mm"), (66.0, "inch"), (29.0, "inch / 0.45 (CMU)")] {
            assert_eq!(infer_unit(size).0.name, name);
        }
        let (unit, why) = infer_unit(12.0);
        assert!((unit.metres * 12.0 - 1.7).abs() < 1e-9, "{why}");
    }
}
