//! How the body holds itself: most people stand most of the time.

use glam::{DVec3, Vec3};

use super::{Evidence, Landmarks, PerAxis, Take, between, each, opposite, quantile};
use crate::motion::{Part, UpAxis};

/// Somebody who stands for this share of the time speaks for standing as much as any: who lies down stands before.
const ENOUGH: f64 = 0.35;
/// What counts as standing along an axis: the cosine to it, from nothing to fully.
const LEANING: f64 = 0.5;
const UPRIGHT: f64 = 0.9;

pub(super) fn evidence(
    take: &Take<'_>,
    marks: &Landmarks,
    samples: &[usize],
    [balance, hanging]: [&PerAxis; 2],
    rest: Option<Evidence>,
) -> Vec<Evidence> {
    let stands = stance(take, marks, samples);
    let mut all = vec![across(take, marks, samples), arms(take, marks, samples)];
    if let Some(mut lies) = lies_still(take, marks, samples, rest.is_some()) {
        // a rest pose that stands tells more
        let weight = |i: usize| rest.as_ref().map_or(1.0, |rest| if rest.points[i] > 0.0 { 0.36 } else { 0.0 });
        lies.points = std::array::from_fn(|i| weight(i) * lies.points[i]);
        all.push(lies);
    }
    all.extend(rest);
    // who stands is in balance on the feet, which who does push-ups would not be; hardly anybody stands on the head
    let borne = |i: usize| if marks.feet.is_empty() { 1.0 } else { 0.3 + 0.7 * balance[i] };
    let upright = |i: usize| stands[i] * borne(i) * (1.0 - 0.6 * hanging[i]);
    let seated = sits(take, marks, samples, balance).map(|s| 2.0 * s);
    all.push(Evidence { what: "the body sits along it".to_owned(), points: seated });
    let head = on_the_head(take, marks, samples).map(|h| -3.0 * h);
    all.push(Evidence { what: "hardly anybody stands on the head".to_owned(), points: head });
    let points = std::array::from_fn(|i| upright(i) - opposite(i).map_or(0.0, |k| stands[k] / 5.0));
    all.push(Evidence { what: "the body stands along it".to_owned(), points });
    all
}

/// Along which axes the hands are as low as the lowest joint, and the feet high above, nearly all the time.
pub(super) fn hands_are_lowest(take: &Take<'_>, marks: &Landmarks, samples: &[usize]) -> [bool; 6] {
    UpAxis::ALL.map(|axis| {
        let up = axis.vector();
        let above = |n: usize, j: usize| (up.dot(take.poses.at(n, j)) - take.lowest(n, up)) / take.size;
        let is = |&&n: &&usize| {
            marks.hands.iter().all(|&j| above(n, j) < 0.1) && marks.feet.iter().all(|&j| above(n, j) > 0.5)
        };
        let whole = marks.hands.len() == 2 && marks.feet.len() == 2;
        whole && 10 * samples.iter().filter(is).count() >= 9 * samples.len()
    })
}

/// How much the body stands on its hands, or on the head between them, from 0 to 1, where they are lowest: on a floor at zero,
/// or in files that usually have that axis up. Hands that hold on to a bar are as low in a world that is upside down.
pub(super) fn on_hands(take: &Take<'_>, hands_lowest: &[bool; 6], samples: &[usize], usual: UpAxis) -> PerAxis {
    std::array::from_fn(|i| match UpAxis::ALL[i] {
        _ if !hands_lowest[i] => 0.0,
        axis if axis == usual && usual != UpAxis::PlusY => 1.0,
        axis @ (UpAxis::PlusY | UpAxis::PlusZ) if !take.is_centred(samples) => {
            let up = axis.vector();
            let floor = quantile(samples.iter().map(|&n| take.lowest(n, up) / take.size).collect(), 0.5);
            between(-0.12, -0.06, floor) * between(0.16, 0.1, floor)
        }
        _ => 0.0,
    })
}

/// Hardly anybody holds the hands up all the time where the floor would be.
pub(super) fn stands_on_hands(on_hands: &PerAxis) -> Evidence {
    let points = std::array::from_fn(|i| 2.0 * (on_hands[i] - opposite(i).map_or(0.0, |k| on_hands[k])));
    Evidence { what: "the body stands on its hands".to_owned(), points }
}

/// From feet to head, along the torso, and along the legs.
fn stance(take: &Take<'_>, marks: &Landmarks, samples: &[usize]) -> PerAxis {
    let ways = |n: usize| -> Vec<(f64, DVec3)> {
        let head = marks.head.map(|h| take.poses.at(n, h));
        let [feet, hips] = [&marks.feet, &marks.hips].map(|joints| take.middle(n, joints));
        let mut ways = Vec::new();
        let mut add = |weight: f64, from: Option<DVec3>, to: Option<DVec3>| {
            let way = from.zip(to).map(|(a, b)| b - a);
            ways.extend(way.and_then(DVec3::try_normalize).map(|w| (weight, w)));
        };
        add(2.5, feet, head);
        add(1.0, feet, hips);
        match hips {
            Some(_) => add(1.5, hips, head),
            // half a body
            None => add(3.0, marks.seat.map(|s| take.poses.at(n, s)), head),
        }
        ways
    };
    let all: Vec<Vec<(f64, DVec3)>> = samples.iter().map(|&n| ways(n)).collect();
    let kinds = all.iter().map(Vec::len).max().unwrap_or(0);
    each(|up| {
        let kind = |k: usize| {
            let upright = |w: &(f64, DVec3)| w.0 * between(LEANING, UPRIGHT, up.dot(w.1));
            quantile(all.iter().filter_map(|ways| ways.get(k)).map(upright).collect(), 1.0 - ENOUGH)
        };
        (0..kinds).map(kind).sum::<f64>()
    })
}

/// How much feet point down along an axis most of the time, from 0 to 1: soles of who stands are on the floor, toes of who
/// lies, swims or floats are stretched. Who hangs by the hands is no less upright for that.
pub(super) fn feet_hang(take: &Take<'_>, marks: &Landmarks, samples: &[usize]) -> PerAxis {
    if marks.soles.len() < 2 {
        return [0.0; 6];
    }
    each(|up| {
        let down = |&n: &usize| {
            let along = |&[ankle, tip]: &[usize; 2]| {
                up.dot((take.poses.at(n, ankle) - take.poses.at(n, tip)).normalize_or_zero())
            };
            between(0.7, 0.88, marks.soles.iter().map(along).sum::<f64>() / marks.soles.len() as f64)
        };
        if hangs_by_hands(take, marks, samples, up) { 0.0 } else { quantile(samples.iter().map(down).collect(), 0.3) }
    })
}

/// Whether the body hangs by its hands: they are above the head and stay where they are.
fn hangs_by_hands(take: &Take<'_>, marks: &Landmarks, samples: &[usize], up: DVec3) -> bool {
    let above = |&n: &usize| {
        let level = |j: usize| up.dot(take.poses.at(n, j));
        marks.head.is_some_and(|head| marks.hands.iter().all(|&hand| level(hand) > level(head)))
    };
    let stays = |&hand: &usize| {
        range(&samples.iter().map(|&n| take.poses.at(n, hand)).collect::<Vec<_>>()).length() < 0.05 * take.size
    };
    !marks.hands.is_empty() && samples.iter().all(above) && marks.hands.iter().all(stays)
}

/// How far most of the points are apart along each axis.
pub(super) fn range(points: &[DVec3]) -> DVec3 {
    let along = |c: usize| {
        let values = || -> Vec<f64> { points.iter().map(|p| p[c]).collect() };
        quantile(values(), 0.95) - quantile(values(), 0.05)
    };
    DVec3::new(along(0), along(1), along(2))
}

/// The torso is upright and the thighs are not: people sit and squat, often on what is no part of them, so that their feet
/// do not bear them. Who is on all fours looks alike from the front, but has the thighs below in another direction, and is in
/// balance there. From 0 to 1.
fn sits(take: &Take<'_>, marks: &Landmarks, samples: &[usize], balance: &PerAxis) -> PerAxis {
    let ways = |&n: &usize| {
        let [hips, knees] = [&marks.hips, &marks.knees].map(|joints| take.middle(n, joints));
        let torso = (take.poses.at(n, marks.head?) - hips?).try_normalize()?;
        Some((torso, (knees? - hips?).try_normalize()?))
    };
    let ways: Vec<(DVec3, DVec3)> = samples.iter().filter_map(ways).collect();
    let mostly = |share: &dyn Fn(DVec3, DVec3) -> f64| {
        quantile(ways.iter().map(|&(torso, thighs)| share(torso, thighs)).collect(), 1.0 - ENOUGH)
    };
    let on_fours =
        (0..6).map(|i| balance[i] * mostly(&|_, thighs| between(0.5, 0.8, -thighs.dot(UpAxis::ALL[i].vector()))));
    let on_fours = on_fours.fold(0.0, f64::max);
    each(|up| {
        let seated = |torso: DVec3, thighs: DVec3| {
            between(0.6, UPRIGHT, torso.dot(up)) * between(0.6, 0.3, thighs.dot(up).abs())
        };
        (1.0 - on_fours) * mostly(&seated)
    })
}

/// Hardly anybody stands on the head: the torso points down, and its lowest joint is the body's. From 0 to 1.
fn on_the_head(take: &Take<'_>, marks: &Landmarks, samples: &[usize]) -> PerAxis {
    let centre = marks.centre();
    each(|up| {
        let upside_down = |&n: &usize| {
            let torso = take.poses.at(n, marks.head?) - take.middle(n, &centre)?;
            let level = |j: usize| up.dot(take.poses.at(n, j));
            let lowest = (0..take.poses.joints).fold(0, |a, b| if level(b) < level(a) { b } else { a });
            let down = between(0.5, 0.8, -torso.try_normalize()?.dot(up));
            Some(if take.skeleton.parts[lowest] == Part::Torso { down } else { 0.0 })
        };
        quantile(samples.iter().filter_map(upside_down).collect(), 0.5)
    })
}

/// A body that is flat on a plane, and whose torso keeps still to the millimetre while limbs move, lies there: nobody
/// stands like that, though figures animated by hand do.
fn lies_still(take: &Take<'_>, marks: &Landmarks, samples: &[usize], has_rest: bool) -> Option<Evidence> {
    let (head, foot) = (marks.head?, *marks.feet.first()?);
    // where the body or a camera is the origin, a still figure is more often animated than lying
    let centre = marks.centre();
    let near = samples.iter().any(|&n| take.middle(n, &centre).is_some_and(|p| p.length() < 1.1 * take.size));
    if take.is_centred(samples) || !(near || has_rest) {
        return None;
    }
    let range = |j: usize| {
        let seen = samples.iter().map(|&n| take.poses.at(n, j) - take.poses.at(n, foot));
        let (low, high) = seen.fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(l, h), p| (l.min(p), h.max(p)));
        (high - low).length()
    };
    let moved = (0..take.poses.joints).map(range).fold(0.0, f64::max);
    if samples.len() < 8 || range(head) > 0.002 * take.size || moved < 0.1 * take.size {
        return None;
    }
    let points = each(|up| {
        let flat = |&n: &usize| {
            let floor = take.lowest(n, up);
            let near = |&j: &usize| up.dot(take.poses.at(n, j)) - floor < 0.16 * take.size;
            (0..take.poses.joints).filter(near).count() as f64 / take.poses.joints as f64
        };
        if quantile(samples.iter().map(flat).collect(), 0.5) > 0.85 { 2.5 } else { 0.0 }
    });
    Some(Evidence { what: "the body lies still on it".to_owned(), points })
}

/// Who stands, sits, kneels or lies on back or belly has hips and shoulders level.
fn across(take: &Take<'_>, marks: &Landmarks, samples: &[usize]) -> Evidence {
    let pairs: Vec<[usize; 2]> =
        [&marks.hips, &marks.shoulders].into_iter().filter_map(|j| Some([*j.first()?, *j.get(1)?])).collect();
    let level = |up: DVec3| {
        let tilt = |[a, b]: [usize; 2], n: usize| {
            let way = take.poses.at(n, a) - take.poses.at(n, b);
            way.try_normalize().map_or(0.0, |w| w.dot(up).abs())
        };
        let sum: f64 = samples.iter().flat_map(|&n| pairs.iter().map(move |&p| tilt(p, n))).sum();
        sum / (samples.len() * pairs.len()).max(1) as f64
    };
    let points = each(|up| -1.5 * between(0.6, 0.9, level(up)));
    Evidence { what: "hips and shoulders lie level across it".to_owned(), points }
}

/// Arms hang, and where they bear the body they stand upright.
fn arms(take: &Take<'_>, marks: &Landmarks, samples: &[usize]) -> Evidence {
    let pairs: Vec<(usize, usize)> = marks.shoulders.iter().copied().zip(marks.hands.iter().copied()).collect();
    let points = each(|up| {
        let way = |n: usize, (shoulder, hand): (usize, usize)| take.poses.at(n, shoulder) - take.poses.at(n, hand);
        let down = |n: &usize| {
            let along = pairs.iter().filter_map(|&p| way(*n, p).try_normalize()).map(|w| w.dot(up));
            between(0.5, 0.9, along.sum::<f64>() / pairs.len().max(1) as f64)
        };
        quantile(samples.iter().map(down).collect(), 1.0 - ENOUGH)
    });
    Evidence { what: "arms hang along it".to_owned(), points }
}

/// A rest pose that stands: feet below the hips, head above.
pub(super) fn rest_pose(rest: &[f32], marks: &Landmarks) -> Option<Evidence> {
    let at = |j: usize| Vec3::from_slice(&rest[3 * j..]).as_dvec3();
    let middle = |joints: &[usize]| {
        let sum: DVec3 = joints.iter().map(|&j| at(j)).sum();
        (!joints.is_empty()).then(|| sum / joints.len() as f64)
    };
    let head = at(marks.head?);
    let (stance, seat) = match (middle(&marks.feet), middle(&marks.hips)) {
        (Some(feet), Some(hips)) => (head - feet, Some((hips - feet, head - hips))),
        _ => (head - at(marks.seat?), None),
    };
    // rigs whose bones all point along one axis of their own stand nowhere
    if let Some((legs, torso)) = seat
        && legs.try_normalize()?.dot(torso.try_normalize()?) < 0.5
    {
        return None;
    }
    let stance = stance.try_normalize()?;
    let points = each(|up| 2.0 * between(0.8, 0.95, up.dot(stance)));
    Some(Evidence { what: "the rest pose stands along it".to_owned(), points })
}
