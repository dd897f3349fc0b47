//! Whether left and right of an array may be exchanged: then knees and feet bend backward.

use super::{
    super::{Part, Skeleton, measure::Poses},
    shape::{STRAIGHT, joints_of_limb, trunk},
};

/// How strongly knees and feet must speak against the sides of a body, from 0 to 1.
const AGAINST: f64 = 0.2;
/// As far, in lengths of a leg, as they must bend on average: what does not is straight.
const BENT: f64 = 0.03;

/// Whether knees and feet bend backward where left and right are as labelled: then they may be exchanged. Elbows have
/// no say: who leans on the arms bends them any way. `poses` in any axes.
pub(in super::super) fn bends_backward(poses: &Poses<'_>, skeleton: &Skeleton) -> bool {
    let samples = poses.sampled();
    let limb = |part: Part| -> Vec<usize> { skeleton.limb(part).into_iter().rev().collect() };
    let legs = [limb(Part::LeftLeg), limb(Part::RightLeg)];
    let arms = [limb(Part::LeftArm), limb(Part::RightArm)];
    if legs.iter().any(|leg| leg.len() < 3) {
        return false;
    }
    let legs = [&legs[0][..], &legs[1][..]];
    let arms = arms.iter().all(|arm| arm.len() > 2).then_some([&arms[0][..], &arms[1][..]]);
    let joints = legs.map(|chain| joints_of_limb(poses, &samples, chain));
    let (mut sum, mut all, mut least) = (0.0, 0.0, 0.0);
    for &n in &samples {
        let across = (poses.at(n, legs[0][0]) - poses.at(n, legs[1][0])).normalize_or_zero();
        let front = across.cross(trunk(poses, n, legs, arms));
        for leg in &joints {
            let [hip, knee, ankle, toe] = leg.map(|j| poses.at(n, j));
            let middle = (hip + ankle) / 2.0;
            // a knee that is nearly straight may seem to bend either way
            let off = knee - middle;
            let bent = off * f64::from(off.length() > STRAIGHT * hip.distance(ankle));
            let turn = (bent + (toe - ankle) / 2.0).dot(front);
            sum += turn;
            all += turn.abs();
            least += BENT * (hip.distance(knee) + knee.distance(ankle));
        }
    }
    sum < -(1.0 - AGAINST) * all && all > least
}
