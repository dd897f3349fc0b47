//! Two people in one clip, made from two clips of one person each: most sets show nobody but their performer, and who
//! never saw two people cannot count them.

use std::f32::consts::TAU;

use draction::motion::Motion;

use super::{DataClip, Record, rng::Rng};

/// How far apart their roots are on average over the clip, metres.
const APART_M: [f32; 2] = [0.8, 1.8];

/// A clip with both performers, of which nothing but their number is known. `None` where one of the clips shows
/// another number of people than one, or their skeletons differ.
pub fn together(one: &DataClip, other: &DataClip, rng: &mut Rng) -> Option<DataClip> {
    let motion = side_by_side(&one.motion, &other.motion, rng)?;
    let (file_name, line) = (one.record.file_name.clone(), one.record.line);
    Some(DataClip { record: Record { file_name, line, ..Record::default() }, motion })
}

/// The second person stands anywhere around the first and looks anywhere. The clip is as long as the first one's; who
/// has finished stands still.
fn side_by_side(one: &Motion, other: &Motion, rng: &mut Rng) -> Option<Motion> {
    let (one, other) = (one.without_empty_bodies(), other.without_empty_bodies());
    let same = one.skeleton.names == other.skeleton.names && one.skeleton.parents == other.skeleton.parents;
    if one.bodies != 1 || other.bodies != 1 || !same || one.frames() == 0 || other.frames() == 0 {
        return None;
    }
    let other = other.resampled(one.fps).yawed(rng.range(0.0, TAU));
    let (angle, distance) = (rng.range(0.0, TAU), rng.range(APART_M[0], APART_M[1]));
    let ([x, z], [from_x, from_z]) = (middle(&one), middle(&other));
    let other = other.translated([x + distance * angle.cos() - from_x, 0.0, z + distance * angle.sin() - from_z]);
    let (numbers, frames) = (3 * one.joints(), one.frames());
    let mut out = Motion {
        bodies: 2,
        performer: None,
        positions: Vec::with_capacity(2 * frames * numbers),
        present: Vec::with_capacity(2 * frames),
        orientations: None,
        ..one.clone()
    };
    for t in 0..frames {
        for (body, t) in [(&one, t), (&other, t.min(other.frames() - 1))] {
            out.positions.extend(&body.positions[t * numbers..][..numbers]);
            out.present.push(body.present[t]);
        }
    }
    Some(out)
}

/// Where on the floor the first joint is on average, `[x, z]`.
fn middle(motion: &Motion) -> [f32; 2] {
    let seen: Vec<[f32; 3]> =
        (0..motion.frames()).filter(|&t| motion.is_present(t, 0)).map(|t| motion.position(t, 0, 0)).collect();
    [0, 2].map(|axis| seen.iter().map(|p| p[axis]).sum::<f32>() / seen.len().max(1) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kinematics, stick_figure};

    fn clip(motion: Motion) -> DataClip {
        DataClip { record: Record { label: Some("wave".into()), line: 7, ..Record::default() }, motion }
    }

    #[test]
    fn two_people_stand_apart_and_only_their_number_is_known() {
        let (one, other) = (clip(stick_figure::waving(0)), clip(stick_figure::waving(1).cropped(0..9)));
        for seed in 0..20 {
            let both = together(&one, &other, &mut Rng::new(seed)).unwrap();
            assert_eq!((both.record.line, &both.record.label), (7, &None));
            assert_eq!((both.motion.bodies, both.motion.frames()), (2, one.motion.frames()));
            let known = Kinematics::of(&both.motion);
            assert_eq!((known.people, known.hands, known.phases.len()), (Some(2), None, 0));
            let [a, b] = [0, 1].map(|body| both.motion.position(3, body, 0));
            let apart = ((a[0] - b[0]).powi(2) + (a[2] - b[2]).powi(2)).sqrt();
            assert!(apart > 0.7 && apart < 1.9, "{apart}");
            assert!((a[1] - b[1]).abs() < 1e-4, "both stand on the floor");
        }
    }

    #[test]
    fn people_of_different_skeletons_do_not_meet() {
        let one = clip(stick_figure::waving(0));
        let mut named = one.clone();
        let mut skeleton = (*named.motion.skeleton).clone();
        skeleton.names[0] = "elsewhere".into();
        named.motion.skeleton = skeleton.into();
        assert!(together(&one, &named, &mut Rng::new(1)).is_none());
        let both = together(&one, &one, &mut Rng::new(1)).unwrap();
        assert!(together(&both, &one, &mut Rng::new(1)).is_none());
    }
}
