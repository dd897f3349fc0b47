//! Size and stance of a body, and what a file must mean by its numbers for the body to be a person.

use std::borrow::Cow;

use glam::{DVec3, Vec3};

use super::{Part, Reason, Skeleton, Unit, topology};

/// Positions in any unit, as far as the measures below need them.
pub(super) struct Poses<'a> {
    /// `[N, J, 3]`, one entry a body and frame.
    pub positions: &'a [f32],
    /// `[N]`.
    pub present: &'a [bool],
    pub joints: usize,
}

/// [`Poses`] of their own.
pub(super) struct OwnPoses {
    positions: Vec<f32>,
    present: Vec<bool>,
    joints: usize,
}

impl OwnPoses {
    pub(super) fn poses(&self) -> Poses<'_> {
        Poses { positions: &self.positions, present: &self.present, joints: self.joints }
    }
}

impl Poses<'_> {
    pub(super) fn at(&self, n: usize, j: usize) -> DVec3 {
        Vec3::from_slice(&self.positions[(n * self.joints + j) * 3..]).as_dvec3()
    }

    /// At most 64 body-frames with somebody in them, spread over the clip: enough for every median here.
    pub(super) fn sampled(&self) -> Vec<usize> {
        let all: Vec<usize> = (0..self.present.len()).filter(|&n| self.present[n]).collect();
        let step = stride(all.len());
        all.into_iter().step_by(step).collect()
    }

    /// The poses of one of so many bodies, which follow each other frame by frame.
    pub(super) fn of(&self, body: usize, bodies: usize) -> OwnPoses {
        let numbers = 3 * self.joints;
        let own = self.positions.chunks_exact(numbers).skip(body).step_by(bodies);
        OwnPoses {
            positions: own.flatten().copied().collect(),
            present: self.present.iter().skip(body).step_by(bodies).copied().collect(),
            joints: self.joints,
        }
    }

    /// Distance of two joints in each of the samples.
    pub(super) fn lengths(&self, samples: &[usize], a: usize, b: usize) -> Vec<f64> {
        samples.iter().map(|&n| self.at(n, a).distance(self.at(n, b))).collect()
    }

    /// Median distance of two joints.
    pub(super) fn distance(&self, samples: &[usize], a: usize, b: usize) -> f64 {
        median(self.lengths(samples, a, b))
    }

    /// Median lengths of the bones along a chain of joints.
    pub(super) fn bones(&self, samples: &[usize], chain: &[usize]) -> Vec<f64> {
        chain.windows(2).map(|bone| self.distance(samples, bone[0], bone[1])).collect()
    }
}

/// Of so many poses or frames every how-manieth is looked at: at most 64, spread over all of them.
pub(super) fn stride(count: usize) -> usize {
    count.div_ceil(64).max(1)
}

/// `[N]` whether somebody is in each of the `positions [N, J, 3]`: who is absent is all zeros.
pub(super) fn present(positions: &[f32], joints: usize) -> Vec<bool> {
    positions.chunks_exact(3 * joints).map(|body| body.iter().any(|&v| v != 0.0)).collect()
}

/// The lower median; zero for nothing.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

/// The median of how far values are from the `usual` one.
pub(super) fn deviation(values: &[f64], usual: f64) -> f64 {
    median(values.iter().map(|value| (value - usual).abs()).collect())
}

/// Standing height in the poses' unit: leg from hip to ankle plus the way from the legs' root to the top of the head,
/// summed over bones. Of half a body, whose legs are missing or cut, the height of the person that the rest belongs to;
/// where no limb is known, the body's largest extent.
pub(super) fn standing_height(poses: &Poses<'_>, skeleton: &Skeleton) -> f64 {
    let samples = poses.sampled();
    let ways = Ways::of(poses, skeleton, &samples);
    let chains: Vec<(f64, bool)> = [Part::LeftLeg, Part::RightLeg]
        .into_iter()
        .filter_map(|part| skeleton.tip(part))
        .map(|tip| ways.leg_and_spine(tip).unwrap_or_else(|| (largest_extent(poses, &samples), false)))
        .collect();
    // a noisy leg may seem cut where the other one is whole
    let whole = chains.iter().filter(|c| c.1).map(|c| c.0).fold(0.0, f64::max);
    if whole > 0.0 {
        let legs: Vec<f64> = chains.iter().filter(|c| c.1 || c.0 > CUT * whole).map(|c| c.0).collect();
        return legs.iter().sum::<f64>() / legs.len() as f64;
    }
    by_proportions(poses, skeleton, &samples).unwrap_or_else(|| largest_extent(poses, &samples))
}

/// Upper arm and forearm, and thigh and shank, as shares of the standing height (Winter, *Biomechanics and Motor Control
/// of Human Movement*, table 4.1).
const ARM: f64 = 0.332;
const LEG: f64 = 0.491;
/// Two neighbouring bones are the two halves of a limb where the shorter is at least this share of the longer.
const HALVES: f64 = 0.35;
/// A leg with which a body is less tall than this share of what it is with the other leg is cut.
const CUT: f64 = 0.75;

/// The height of a person with such arms or legs.
fn by_proportions(poses: &Poses<'_>, skeleton: &Skeleton, samples: &[usize]) -> Option<f64> {
    let limb = |part: Part| {
        let bones = poses.bones(samples, &skeleton.limb(part));
        let pair = bones.windows(2).max_by(|a, b| (a[0] + a[1]).total_cmp(&(b[0] + b[1])))?;
        let [short, long] = [pair[0].min(pair[1]), pair[0].max(pair[1])];
        let share = if part.is_leg() { LEG } else { ARM };
        (short > HALVES * long).then_some((short + long) / share)
    };
    // legs and arms of one person differ from the table together
    let heights: Vec<f64> = Part::ALL.into_iter().filter(|&p| p != Part::Torso).filter_map(limb).collect();
    (!heights.is_empty()).then(|| heights.iter().sum::<f64>() / heights.len() as f64)
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

fn largest_extent(poses: &Poses<'_>, samples: &[usize]) -> f64 {
    extent(poses, samples).into_iter().fold(0.0, f64::max)
}

/// Ways along the bones of a body, with their usual lengths.
pub(super) struct Ways<'s> {
    skeleton: &'s Skeleton,
    /// `[J]` joints next to each, and how far away they are.
    neighbours: Vec<Vec<(usize, f64)>>,
}

impl<'s> Ways<'s> {
    pub(super) fn of(poses: &Poses<'_>, skeleton: &'s Skeleton, samples: &[usize]) -> Self {
        let tree = topology::tree_bones(&skeleton.parents);
        // what is drawn is the tree, and in graph-like layouts more
        let more = skeleton.bones.iter().copied().filter(|&[a, b]| skeleton.parents[b] != Some(a));
        let mut neighbours = vec![Vec::new(); skeleton.joints()];
        for [a, b] in tree.into_iter().chain(more) {
            let length = poses.distance(samples, a, b);
            neighbours[a].push((b, length));
            neighbours[b].push((a, length));
        }
        Self { skeleton, neighbours }
    }

    /// The joint of the torso that is farthest from `from`, along bones.
    pub(super) fn farthest_of_torso(&self, from: usize) -> Option<usize> {
        self.farthest(&self.reach(from), |_| true)
    }

    /// The top of the body, seen from the foot `from`.
    pub(super) fn top(&self, from: usize) -> Option<usize> {
        self.top_of(&self.reach(from))
    }

    /// The farthest joint of the torso, of the head where one is named: tails, wings and what is carried reach farther.
    fn top_of(&self, reach: &[(f64, Option<usize>)]) -> Option<usize> {
        let is_head = |j: usize| topology::names_the_head(&self.skeleton.names[j]);
        let top = self.farthest(reach, |_| true)?;
        if is_head(top) { Some(top) } else { self.farthest(reach, is_head).or(Some(top)) }
    }

    fn farthest(&self, reach: &[(f64, Option<usize>)], of: impl Fn(usize) -> bool) -> Option<usize> {
        let torso = self.skeleton.joints_of(Part::Torso).filter(|&j| reach[j].0.is_finite() && of(j));
        torso.max_by(|&a, &b| reach[a].0.total_cmp(&reach[b].0))
    }

    /// Leg and spine of the leg that ends in `tip`, and whether both are there: a leg that ends above the ankle has no two
    /// bones of like length. `None` where no torso hangs together with it.
    fn leg_and_spine(&self, tip: usize) -> Option<(f64, bool)> {
        let reach = self.reach(tip);
        let mut at = self.top_of(&reach)?;
        // bone lengths from the top down to the toes; the leg's own ones apart
        let (mut spine, mut leg) = (0.0, Vec::new());
        while let Some(next) = reach[at].1 {
            let length = reach[at].0 - reach[next].0;
            if self.skeleton.parts[at].is_leg() {
                leg.push(length);
            } else {
                spine += length;
            }
            at = next;
        }
        // thigh and shank are the two longest; what follows them is the foot, of which only the ankle's height counts
        let mut order: Vec<usize> = (0..leg.len()).collect();
        order.sort_by(|&a, &b| leg[b].total_cmp(&leg[a]).then(a.cmp(&b)));
        let long = order.first().map_or(0.0, |&i| leg[i]);
        let whole = order.get(1).is_some_and(|&i| leg[i] > HALVES * long) && spine > HALVES * long;
        let ankle = order.iter().take(2).max().map_or(0, |&i| i + 1);
        let upper: f64 = spine + leg[..ankle].iter().sum::<f64>();
        let foot: f64 = leg[ankle..].iter().sum();
        Some((upper + foot.min(0.05 * upper), whole))
    }

    /// For every joint the way to `from` along bones, and the next joint on it; unreachable joints are infinitely far.
    fn reach(&self, from: usize) -> Vec<(f64, Option<usize>)> {
        let mut reach = vec![(f64::INFINITY, None); self.neighbours.len()];
        let mut queue = std::collections::VecDeque::from([from]);
        reach[from].0 = 0.0;
        // trees, and graphs that are nearly trees: fewest bones first is good enough
        while let Some(a) = queue.pop_front() {
            for &(b, length) in &self.neighbours[a] {
                if reach[b].0.is_infinite() {
                    reach[b] = (reach[a].0 + length, Some(a));
                    queue.push_back(b);
                }
            }
        }
        reach
    }
}

/// How long bones are on average, as a share of the body's size, in the middle of up to 64 bodies `[N, J, 3]`: points that
/// are no body come out above 0.3, and joints in their right order below 0.2. Infinite where nobody is.
pub(super) fn spread_of_bones(positions: &[f32], joints: usize, bones: &[[usize; 2]]) -> f64 {
    let present = present(positions, joints);
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

/// Tells the unit from the standing height `size` in file units: the usual units first, then CMU's, or that of other
/// programs where `theirs` says it, each where it gives a person of 1.2 to 2.1 m; then metric units that give 0.9 to 2.5 m;
/// else the scale at which the body is 1.7 m tall.
pub(super) fn infer_unit(size: f64, theirs: Option<Unit>) -> (Unit, Reason) {
    let fits = |unit: &Unit| (1.2..=2.1).contains(&(size * unit.metres));
    let metric = [Unit::METRE, Unit::CENTIMETRE, Unit::MILLIMETRE];
    let named = metric.into_iter().chain(theirs).chain([Unit::INCH, Unit::CMU]);
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
    (scaled(size), Reason::assumed(format!("no usual unit fits a body of {size:.4}: scaled to 1.70 m tall")))
}

/// The unit in which a body of that size is 1.7 m tall.
pub(super) fn scaled(size: f64) -> Unit {
    let metres = 1.7 / size;
    Unit { name: Cow::Owned(format!("{metres:.4e} m")), metres }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_sizes_give_usual_units() {
        for (size, name) in [(1.75, "m"), (168.0, "cm"), (1500.0, "mm"), (66.0, "inch"), (29.0, "inch / 0.45 (CMU)")] {
            assert_eq!(infer_unit(size, None).0.name, name);
        }
        assert_eq!(infer_unit(21.6, None).0, Unit::CMU);
        assert_eq!(infer_unit(21.6, Some(Unit::MMD)).0, Unit::MMD);
        let (unit, why) = infer_unit(12.0, None);
        assert!((unit.metres * 12.0 - 1.7).abs() < 1e-9, "{why}");
    }
}
