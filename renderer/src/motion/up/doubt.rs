//! Axes that might as well be others: a straight body that nothing bears, lies still or hangs by its feet stands only as far
//! as its shape says, which who swims, floats or lies has as well.

use glam::DVec3;

use super::{
    Landmarks, PerAxis, Take, floor, index,
    moments::{self, Moment},
    opposite, quantile,
    stance::range,
};
use crate::motion::UpAxis;

/// What was found of each axis.
pub(super) struct Found<'a> {
    pub balance: &'a PerAxis,
    pub flat: &'a PerAxis,
    pub rests: &'a PerAxis,
    pub on_hands: &'a PerAxis,
    pub hands_lowest: &'a [bool; 6],
    pub hanging: &'a PerAxis,
    pub moments: &'a [Moment],
}

/// By how much another axis must lead the usual one along which the body may lie or be upside down.
const LEAD: f64 = 3.0;
/// The same where nothing bears the body, or its feet are stretched: what floor and balance say does not count then.
const LEAD_AFLOAT: f64 = 4.5;
/// The same of a body that was moved to the origin and is not straight.
const LEAD_SEATED: f64 = 0.5;

/// By how much each axis must lead that of `usual` files to be taken, as an assumption; zero where there is no doubt.
pub(super) fn doubts(
    take: &Take<'_>,
    marks: &Landmarks,
    samples: &[usize],
    usual: UpAxis,
    found: &Found<'_>,
) -> PerAxis {
    let home = index(usual);
    let centred = take.is_centred(samples);
    // of a body that was moved to the origin only its balance tells
    let floating = if centred { found.balance.map(|b| b < 0.6) } else { [moments::floats(marks, found.moments); 6] };
    let thin = floor::flat_but_for_arms(take, samples);
    let straight = straight(take, marks, samples);
    std::array::from_fn(|i| {
        let up = UpAxis::ALL[i].vector();
        let founded = || found.rests[i] > 0.0 || is_founded(take, marks, samples, up);
        let lies_elsewhere = || centred && (0..6).any(|k| k != i && thin[k] > 0.5) && !founded();
        let upside_down = || opposite(i).is_some_and(|k| found.on_hands[k] > 0.5 || (centred && found.hands_lowest[k]));
        let lies_at_home = || (found.flat[home] > 0.5 || found.rests[home] > 0.0) && !founded();
        let floats = || i != home && floating[i] && !is_on_floor(take, marks, samples, up);
        if straight[i] && (found.hanging[i] > 0.5 || (!centred && floats())) {
            LEAD_AFLOAT
        } else if (straight[i] && (floats() || lies_elsewhere())) || (i != home && (upside_down() || lies_at_home())) {
            LEAD
        } else if centred && !straight[i] && found.rests[i] <= 0.0 {
            // whose hips are held at the origin moves the floor, and who sits may as well lie
            LEAD_SEATED
        } else {
            0.0
        }
    })
}

/// Whether more than the body's shape says that it stands along an axis, rather than lies across another: the floor is at zero
/// below it, it goes about, or its trunk sways.
fn is_founded(take: &Take<'_>, marks: &Landmarks, samples: &[usize], up: DVec3) -> bool {
    let centre = marks.centre();
    let places: Vec<DVec3> = samples.iter().filter_map(|&n| take.middle(n, &centre)).collect();
    let goes = (range(&places) * (DVec3::ONE - up.abs())).max_element() > 0.5 * take.size;
    let trunk = |&n: &usize| (take.middle(n, &marks.shoulders)? - take.middle(n, &centre)?).try_normalize();
    let sways = range(&samples.iter().filter_map(trunk).collect::<Vec<_>>()).length() > 0.06;
    is_on_floor(take, marks, samples, up) || goes || sways
}

/// Whether the body is on a floor at zero below it.
fn is_on_floor(take: &Take<'_>, marks: &Landmarks, samples: &[usize], up: DVec3) -> bool {
    let centre = marks.centre();
    let floor = quantile(samples.iter().map(|&n| take.lowest(n, up) / take.size).collect(), 0.05);
    let hips = samples.iter().filter_map(|&n| take.middle(n, &centre)).map(|p| up.dot(p) / take.size).collect();
    !take.is_centred(samples) && (-0.06..0.1).contains(&floor) && (0.02..0.75).contains(&quantile(hips, 0.5))
}

/// Whether trunk and thighs are along an axis most of the time.
fn straight(take: &Take<'_>, marks: &Landmarks, samples: &[usize]) -> [bool; 6] {
    UpAxis::ALL.map(|axis| {
        let along = |&n: &usize| {
            let [hips, knees] = [&marks.hips, &marks.knees].map(|joints| take.middle(n, joints));
            let [trunk, thighs] = [take.poses.at(n, marks.head?) - hips?, hips? - knees?];
            Some(axis.vector().dot(trunk.try_normalize()?).min(axis.vector().dot(thighs.try_normalize()?)))
        };
        quantile(samples.iter().filter_map(along).collect(), 0.5) > 0.65
    })
}
