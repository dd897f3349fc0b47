//! Who is who in a file without ids: the slots of a line hold bodies in any order, so they are followed by where they
//! are.

use super::{BODIES, FPS, JOINTS};

/// Numbers of a body.
const BODY: usize = 3 * JOINTS;
/// Nobody goes farther from one line to another, in body sizes, and in body sizes a second.
const JUMP: [f64; 2] = [0.5, 3.5];
/// Who is lost no longer than this, in seconds, and found in the other slot as near as this, in body sizes and in body
/// sizes a second, is the same.
const LOST: f64 = 2.0;
/// See [`LOST`].
const FOUND: [f64; 2] = [0.25, 0.3];

/// Exchanges the two bodies of `positions [T, 2, J, 3]` in the lines in which they stand in each other's slots. Returns
/// in how many lines that is.
pub(super) fn follow(positions: &mut [f32]) -> usize {
    // the line in which each of both was seen last
    let mut last: [Option<usize>; BODIES] = [None; BODIES];
    let mut exchanged = 0;
    for t in 0..positions.len() / (BODIES * BODY) {
        let there = [0, 1].map(|slot| is_there(body(positions, t, slot)));
        let swapped = match there {
            [true, true] => crossed(positions, t, last),
            [true, false] => moves(positions, t, 0, last),
            [false, true] => moves(positions, t, 1, last),
            [false, false] => continue,
        };
        if swapped {
            let line = &mut positions[t * BODIES * BODY..][..BODIES * BODY];
            line.rotate_left(BODY);
            exchanged += 1;
        }
        for (slot, last) in last.iter_mut().enumerate() {
            if there[if swapped { 1 - slot } else { slot }] {
                *last = Some(t);
            }
        }
    }
    exchanged
}

/// Whether two bodies are nearer to where the other one was.
fn crossed(positions: &[f32], t: usize, last: [Option<usize>; BODIES]) -> bool {
    let way = |slot: usize, who: usize| last[who].map_or(0.0, |then| away(positions, [t, slot], [then, who]));
    way(1, 0) + way(0, 1) < way(0, 0) + way(1, 1)
}

/// Whether a body that is alone in its line is the one of the other slot.
fn moves(positions: &[f32], t: usize, slot: usize, last: [Option<usize>; BODIES]) -> bool {
    let size = size(body(positions, t, slot));
    let seconds = |then: usize| (t - then) as f64 / FPS;
    let way = |who: usize| last[who].map(|then| (away(positions, [t, slot], [then, who]) / size, seconds(then)));
    match (way(slot), way(1 - slot)) {
        (Some((own, _)), Some((other, _))) => other < own,
        (Some((own, seconds)), None) => own > JUMP[0] + JUMP[1] * seconds,
        (None, Some((other, seconds))) => seconds <= LOST && other <= FOUND[0] + FOUND[1] * seconds,
        (None, None) => false,
    }
}

fn body(positions: &[f32], t: usize, slot: usize) -> &[f32] {
    &positions[(t * BODIES + slot) * BODY..][..BODY]
}

/// Who is not there is all zeros.
fn is_there(body: &[f32]) -> bool {
    body.iter().any(|&v| v != 0.0)
}

/// Mean distance of the joints of two bodies, each by line and slot.
fn away(positions: &[f32], a: [usize; 2], b: [usize; 2]) -> f64 {
    let joints = body(positions, a[0], a[1]).chunks_exact(3).zip(body(positions, b[0], b[1]).chunks_exact(3));
    let distance = |(p, q): (&[f32], &[f32])| (0..3).map(|i| f64::from(p[i] - q[i]).powi(2)).sum::<f64>().sqrt();
    joints.map(distance).sum::<f64>() / JOINTS as f64
}

/// The diagonal of the box around a body.
fn size(body: &[f32]) -> f64 {
    let side = |axis: usize| {
        let along = body.iter().skip(axis).step_by(3);
        let (low, high) = along.fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
        f64::from(high - low)
    };
    (0..3).map(|axis| side(axis).powi(2)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::humanoid::{Action, Person, as_kinect, perform};

    /// Two people who stand apart, one of whom walks past the other one: `[T, 75]` each.
    fn people() -> [Vec<Vec<f32>>; 2] {
        let cast = [(Action::WaveLeftHand, 0.0), (Action::Walk, 0.9)];
        cast.map(|(action, aside)| {
            let motion = as_kinect(&perform(action, &Person::default(), 30.0), 3.0).translated([aside, 0.0, 0.0]);
            motion.positions.chunks_exact(BODY).take(80).map(<[f32]>::to_vec).collect()
        })
    }

    /// Lines of both, as far as they are `seen`, in the order that `order` says.
    fn written(
        [a, b]: &[Vec<Vec<f32>>; 2],
        seen: impl Fn(usize, usize) -> bool,
        swapped: impl Fn(usize) -> bool,
    ) -> Vec<f32> {
        let nobody = vec![0.0; BODY];
        let line = |t: usize| {
            let slot = |who: usize, body: &Vec<Vec<f32>>| if seen(t, who) { body[t].clone() } else { nobody.clone() };
            let mut slots = [slot(0, a), slot(1, b)];
            if swapped(t) {
                slots.reverse();
            }
            slots.concat()
        };
        (0..80).flat_map(line).collect()
    }

    #[test]
    fn people_keep_their_slots_however_lines_order_them() {
        let people = people();
        for swapped in [|t: usize| t > 30, |t: usize| t % 2 == 1, |t: usize| (20..40).contains(&t) || t > 70] {
            for seen in [
                |_: usize, _: usize| true,
                // one is alone, or comes later, or is lost for half a second
                |_: usize, who: usize| who == 0,
                |t: usize, who: usize| who == 0 || t > 25,
                |t: usize, who: usize| who == 0 || !(35..50).contains(&t),
            ] {
                let expected = written(&people, seen, |_| false);
                let mut lines = written(&people, seen, swapped);
                let exchanged = follow(&mut lines);
                assert!(lines == expected && exchanged == (0..80).filter(|&t| swapped(t)).count());
            }
        }
    }

    #[test]
    fn an_order_that_is_right_stays() {
        let people = people();
        for seen in
            [|_: usize, _: usize| true, |t: usize, who: usize| (who == 0) == (t < 40), |t: usize, _: usize| t % 20 > 4]
        {
            let mut lines = written(&people, seen, |_| false);
            let expected = lines.clone();
            assert_eq!((follow(&mut lines), lines), (0, expected));
        }
    }

    #[test]
    fn who_comes_into_a_slot_that_another_one_left_is_somebody_else() {
        let [a, mut b] = people();
        b.iter_mut().flatten().step_by(3).for_each(|x| *x += 3.0);
        // in the first slot, all along
        let mut lines = written(&[a, b], |t, who| (who == 0) == (t < 40), |t| t >= 40);
        let there = |lines: &[f32], t, slot| is_there(body(lines, t, slot));
        assert_eq!(follow(&mut lines), 40);
        assert!(there(&lines, 39, 0) && !there(&lines, 39, 1) && !there(&lines, 40, 0) && there(&lines, 40, 1));
    }
}
