//! Places that were not seen: NaN, or a joint at the very origin for some frames. Both are how estimators and exporters say
//! that there is nothing to say.

use glam::Vec3;

use super::{super::unseen::led, shape::Reading};

/// Somebody whose joints are all NaN for at most so many seconds was not away, but not seen.
const NOT_SEEN: f64 = 0.5;
/// A joint is not at the origin where the frames around put it farther from there than this share of its body's size.
const FAR: f32 = 0.25;
/// A joint with a number in a smaller share of the frames in which somebody is there was not seen: nothing leads to the others.
const RARELY: f64 = 0.1;
/// So many joints are named.
const NAMED: usize = 3;

/// The values with a number in the places that have none, each as it was last under a reading, or first: enough to tell by
/// bodies what the axes count. `None` where all are numbers.
pub(super) fn bridged(values: &[f32], reading: &Reading) -> Option<Vec<f32>> {
    if !values.iter().any(|v| v.is_nan()) {
        return None;
    }
    let mut bridged = values.to_vec();
    for p in 0..reading.bodies {
        for j in 0..reading.joints {
            let seen = |t: usize| !reading.at(values, t, p, j).iter().any(|v| v.is_nan());
            let mut last = (0..reading.frames).find(|&t| seen(t));
            for t in 0..reading.frames {
                if seen(t) {
                    last = Some(t);
                    continue;
                }
                let place = last.map_or([0.0; 3], |last| reading.at(values, last, p, j));
                for (at, number) in reading.places(t, p, j).zip(place) {
                    bridged[at] = number;
                }
            }
        }
    }
    Some(bridged)
}

/// Joints that nobody saw under a reading, though somebody was there; none where all are numbers.
pub(super) fn unseen(values: &[f32], reading: &Reading) -> Vec<bool> {
    if !values.iter().any(|v| v.is_nan()) {
        return Vec::new();
    }
    let (mut seen, mut somebody) = (vec![0; reading.joints], 0);
    for (t, p) in (0..reading.frames).flat_map(|t| (0..reading.bodies).map(move |p| (t, p))) {
        let numbers = |j: usize| !reading.at(values, t, p, j).iter().any(|v| v.is_nan());
        let here: Vec<usize> = (0..reading.joints).filter(|&j| numbers(j)).collect();
        somebody += usize::from(!here.is_empty());
        here.into_iter().for_each(|j| seen[j] += 1);
    }
    seen.into_iter().map(|seen: usize| (seen as f64) < RARELY * somebody as f64).collect()
}

/// Fills what was not seen of positions `[T, P, J, 3]` from the frames around it, on a straight way from one to the other;
/// joints that are never seen are at the origin, as others write it. Somebody of whom no joint has a number for longer than
/// a moment is not there. Tells what was filled.
pub(super) fn fill(positions: &mut [f32], bodies: usize, names: &[String], fps: f64) -> Option<String> {
    let (joints, frames) = (names.len(), positions.len() / (3 * bodies * names.len()));
    let mut filled = vec![0; joints];
    for body in 0..bodies {
        let start = |t: usize| 3 * joints * (t * bodies + body);
        let there = there(frames, fps, |t| &positions[start(t)..][..3 * joints]);
        for t in (0..frames).filter(|&t| !there[t]) {
            positions[start(t)..][..3 * joints].fill(0.0);
        }
        for joint in 0..joints {
            let at = |t: usize| start(t) + 3 * joint;
            let seen = seen(&there, |t| &positions[start(t)..][..3 * joints], joint);
            for t in (0..frames).filter(|&t| there[t] && seen.binary_search(&t).is_err()) {
                let found = led(&seen, t, |t| t, |t| place(positions, at(t)));
                positions[at(t)..][..3].copy_from_slice(&found.unwrap_or_default());
                filled[joint] += usize::from(found.is_some());
            }
        }
    }
    told(&filled, names)
}

/// In which frames a body is: some joint has a number and is not at the origin, or for a moment none does and some have none.
fn there<'a>(frames: usize, fps: f64, body: impl Fn(usize) -> &'a [f32]) -> Vec<bool> {
    let mut there: Vec<bool> = (0..frames).map(|t| body(t).iter().any(|v| !v.is_nan() && *v != 0.0)).collect();
    let moment = (NOT_SEEN * fps).round() as usize;
    let mut last: Option<usize> = None;
    for t in 0..frames {
        if !there[t] {
            continue;
        }
        // before the first and after the last time nobody knows whether somebody was there
        let gap = last.map_or(t, |last| last + 1)..t;
        if gap.len() <= moment && gap.clone().all(|t| body(t).iter().any(|v| v.is_nan())) {
            there[gap].fill(true);
        }
        last = Some(t);
    }
    there
}

/// The frames in which a joint of a body was seen.
fn seen<'a>(there: &[bool], body: impl Fn(usize) -> &'a [f32], joint: usize) -> Vec<usize> {
    let place = |t: usize| place(body(t), 3 * joint);
    let numbers: Vec<usize> = (0..there.len()).filter(|&t| there[t] && !place(t).iter().any(|v| v.is_nan())).collect();
    let away: Vec<usize> = numbers.iter().copied().filter(|&t| place(t) != [0.0; 3]).collect();
    // mostly at the origin it is what others are measured from
    if 2 * away.len() <= numbers.len() {
        return numbers;
    }
    let is_there = |&t: &usize| {
        let far = |place: [f32; 3]| Vec3::from(place).length() > FAR * size(body(t));
        place(t) != [0.0; 3] || !led(&away, t, |t| t, place).is_some_and(far)
    };
    numbers.into_iter().filter(is_there).collect()
}

fn place(positions: &[f32], at: usize) -> [f32; 3] {
    [positions[at], positions[at + 1], positions[at + 2]]
}

/// The diagonal of the box around the joints that have a place of their own, of which there is one at least.
fn size(body: &[f32]) -> f32 {
    let joints = body.chunks_exact(3).map(Vec3::from_slice).filter(|joint| !joint.is_nan() && *joint != Vec3::ZERO);
    let (low, high) = joints.fold((Vec3::MAX, Vec3::MIN), |(low, high), joint| (low.min(joint), high.max(joint)));
    low.distance(high)
}

fn told(filled: &[usize], names: &[String]) -> Option<String> {
    let all: usize = filled.iter().sum();
    let joints: Vec<&str> = names.iter().zip(filled).filter(|(_, n)| **n > 0).map(|(name, _)| &**name).collect();
    let more = if joints.len() > NAMED { format!(" and {} more", joints.len() - NAMED) } else { String::new() };
    let some = joints[..joints.len().min(NAMED)].join(", ");
    (all > 0).then(|| {
        format!("{all} places of joints that were not seen are filled from the frames around them: {some}{more}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOINTS: usize = 3;

    /// A rod that wanders, one metre long, in twenty frames of ten a second.
    fn rod() -> Vec<f32> {
        let frame = |t: usize| {
            let x = 0.3 + 0.1 * t as f32;
            [[x, 0.2, 1.0], [x, 0.7, 1.0], [x, 1.2, 1.0]].concat()
        };
        (0..20).flat_map(frame).collect()
    }

    fn filled(change: impl Fn(usize, &mut [f32])) -> (Vec<f32>, Option<String>) {
        let mut positions = rod();
        positions.chunks_exact_mut(3 * JOINTS).enumerate().for_each(|(t, body)| change(t, body));
        let names = ["foot", "hips", "head"].map(str::to_owned);
        let told = fill(&mut positions, 1, &names, 10.0);
        (positions, told)
    }

    fn same(a: &[f32], b: &[f32]) {
        assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6), "{a:?}\n{b:?}");
    }

    #[test]
    fn what_was_not_seen_lies_between_what_was() {
        let lost = [f32::NAN, 0.0];
        for lost in lost {
            let (positions, told) = filled(|t, body| {
                if (5..9).contains(&t) {
                    body[6..].fill(lost);
                }
            });
            same(&positions, &rod());
            assert_eq!(
                told.as_deref().map(|told| told.starts_with("4 places") && told.ends_with(": head")),
                Some(true)
            );
        }
        let (positions, told) = filled(|_, _| ());
        assert!(positions == rod() && told.is_none());
        // one coordinate is enough
        same(&filled(|t, body| body[4] = if t == 3 { f32::NAN } else { body[4] }).0, &rod());
    }

    #[test]
    fn at_the_ends_a_joint_stays_where_it_is_next_seen() {
        let (positions, _) = filled(|t, body| {
            if !(2..18).contains(&t) {
                body[6..].fill(f32::NAN);
            }
        });
        assert_eq!(positions[6..9], rod()[2 * 9 + 6..][..3]);
        assert_eq!(positions[19 * 9 + 6..], rod()[17 * 9 + 6..][..3]);
    }

    #[test]
    fn nobody_is_there_where_nothing_has_a_number_for_longer_than_a_moment() {
        let gone = |frames: std::ops::Range<usize>| {
            filled(move |t, body| {
                if frames.contains(&t) {
                    body.fill(f32::NAN);
                }
            })
        };
        same(&gone(8..13).0, &rod());
        let (away, _) = gone(8..14);
        assert!(away[8 * 9..14 * 9].iter().all(|v| *v == 0.0));
        same(&away[..8 * 9], &rod()[..8 * 9]);
        let (early, _) = gone(0..3);
        assert!(early[..27].iter().all(|v| *v == 0.0) && early[27..] == rod()[27..]);
        // whose hips are the origin
        let (positions, told) = filled(|t, body| {
            let hips = [0.3 + 0.1 * t as f32, 0.7, 1.0];
            (0..9).for_each(|n| body[n] -= hips[n % 3]);
            if t == 9 {
                [0, 1, 2, 6, 7, 8].into_iter().for_each(|n| body[n] = f32::NAN);
            }
        });
        assert!(told.is_some() && positions[9 * 9 + 1] == positions[8 * 9 + 1], "{told:?}");
        // zeros say that nobody is there, however short
        let (positions, told) = filled(|t, body| {
            if t == 8 {
                body.fill(0.0)
            }
        });
        assert!(positions[8 * 9..9 * 9].iter().all(|v| *v == 0.0) && told.is_none());
    }

    #[test]
    fn who_is_at_the_origin_stays_there() {
        // measured from the hips, and from where they begin
        let (positions, told) = filled(|t, body| {
            let hips = [0.3 + 0.1 * t as f32, 0.7, 1.0];
            (0..9).for_each(|n| body[n] -= hips[n % 3]);
        });
        assert!(told.is_none() && positions[3..6] == [0.0; 3]);
        let (positions, told) = filled(|_, body| (0..9).for_each(|n| body[n] -= [0.3, 0.7, 1.0][n % 3]));
        assert!(told.is_none() && positions[3..6] == [0.0; 3], "{told:?}");
        // never seen: for others to leave out
        let (positions, told) = filled(|_, body| body[6..].fill(f32::NAN));
        assert!(told.is_none() && positions.chunks_exact(9).all(|body| body[6..] == [0.0; 3]));
    }

    #[test]
    fn bodies_can_be_told_by_what_there_is() {
        let readings = super::super::shape::readings(&[20, JOINTS, 3], Some(JOINTS)).ok().unwrap();
        assert!(bridged(&rod(), &readings[0]).is_none());
        let mut values = rod();
        values[..9].fill(f32::NAN);
        values[5 * 9..7 * 9].fill(f32::NAN);
        let bridged = bridged(&values, &readings[0]).unwrap();
        assert_eq!((&bridged[..9], &bridged[6 * 9..7 * 9]), (&rod()[9..18], &rod()[4 * 9..5 * 9]));
    }
}
