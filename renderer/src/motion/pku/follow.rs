//! Who is who in a file without ids: the slots of a line hold bodies in any order, so they are followed by where they
//! are.

use glam::DVec3;

use super::{
    super::{
        measure::{self, Poses},
        people,
    },
    BODIES, FPS, JOINTS,
};

/// Numbers of a body.
const BODY: usize = 3 * JOINTS;

/// Exchanges the two bodies of `positions [T, 2, J, 3]` in the lines in which they stand in each other's slots. Returns
/// in how many lines that is.
pub(super) fn follow(positions: &mut [f32]) -> usize {
    let exchanged = exchanged(positions);
    for t in &exchanged {
        positions[t * BODIES * BODY..][..BODIES * BODY].rotate_left(BODY);
    }
    exchanged.len()
}

/// The lines in which both stand in each other's slots.
fn exchanged(positions: &[f32]) -> Vec<usize> {
    let present = measure::present(positions, JOINTS);
    let poses = Poses { positions, present: &present, joints: JOINTS };
    // the pose in which each of both was seen last
    let mut last: [Option<usize>; BODIES] = [None; BODIES];
    let mut exchanged = Vec::new();
    for t in 0..present.len() / BODIES {
        let slots = [BODIES * t, BODIES * t + 1];
        let swapped = match slots.map(|n| present[n]) {
            [true, true] => crossed(&poses, slots, last),
            [true, false] => moves(&poses, slots[0], last),
            [false, true] => moves(&poses, slots[1], [last[1], last[0]]),
            [false, false] => continue,
        };
        if swapped {
            exchanged.push(t);
        }
        for (who, last) in last.iter_mut().enumerate() {
            let n = slots[if swapped { 1 - who } else { who }];
            if present[n] {
                *last = Some(n);
            }
        }
    }
    exchanged
}

/// Whether two bodies are nearer to where the other one was.
fn crossed(poses: &Poses<'_>, slots: [usize; 2], last: [Option<usize>; 2]) -> bool {
    let way = |slot: usize, who: usize| last[who].map_or(0.0, |then| away(poses, slots[slot], then));
    way(1, 0) + way(0, 1) < way(0, 0) + way(1, 1)
}

/// Whether a body that is alone in its line is the one of the other slot, by where that of its own and that of the other
/// one were last.
fn moves(poses: &Poses<'_>, n: usize, last: [Option<usize>; 2]) -> bool {
    let size = DVec3::from_array(measure::extent(poses, &[n])).length();
    let way = |then: usize| (away(poses, n, then), (n / BODIES - then / BODIES) as f64 / FPS);
    match last.map(|then| then.map(way)) {
        [Some((own, _)), Some((other, _))] => other < own,
        [Some((own, seconds)), None] => !people::is_within_reach(own, size, seconds),
        [None, Some((other, seconds))] => people::is_found_again(other, size, seconds),
        [None, None] => false,
    }
}

/// Mean distance of the joints of two poses.
fn away(poses: &Poses<'_>, a: usize, b: usize) -> f64 {
    (0..JOINTS).map(|j| poses.at(a, j).distance(poses.at(b, j))).sum::<f64>() / JOINTS as f64
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
        let there = |lines: &[f32], t: usize, slot| measure::present(lines, JOINTS)[BODIES * t + slot];
        assert_eq!(follow(&mut lines), 40);
        assert!(there(&lines, 39, 0) && !there(&lines, 39, 1) && !there(&lines, 40, 0) && there(&lines, 40, 1));
    }
}
