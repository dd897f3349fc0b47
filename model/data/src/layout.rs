//! The same motion on other joints: layouts of 25, 20, 15 or 13 joints, random subsets, merged joints. A model that saw
//! them all does not tell data sets apart by their skeletons, and reads skeletons that it never saw.

mod bridge;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use draction::{
    figure::{LANDMARKS, landmarks, on_kinect},
    motion::{Motion, Skeleton},
};

use super::rng::Rng;

/// The motion on a random layout: half of the time on Kinect's 25 joints or a reduction of them to 20, 17 or 13, else
/// [`thinned`]. A skeleton without all five parts stays as it is.
pub fn random(motion: &Motion, rng: &mut Rng) -> Motion {
    let (kinect, joints) = (rng.chance(0.5), *rng.pick(&[25, 20, 17, 13]));
    match kinect {
        true => on_kinect(motion, joints).map_or_else(|| motion.clone(), |mapped| mapped.motion),
        false => thinned(motion, rng),
    }
}

/// The motion on its landmarks with or without pelvis and chest (15 or 13 joints), or on all joints but a tenth to a half
/// of those that are no landmarks or lie in a limb's middle. Some of the joints that stay move towards a neighbour that
/// goes, as in layouts that have one joint for both. A skeleton without all five parts stays as it is.
pub fn thinned(motion: &Motion, rng: &mut Rng) -> Motion {
    let Some(marks) = marks_of(motion) else { return motion.clone() };
    let (layout, share) = (rng.unit(), rng.range(0.1, 0.5));
    let mut keep: Vec<usize> = (0..motion.joints())
        .filter(|j| {
            let place = marks.iter().position(|m| m == j);
            match layout {
                // fifteen
                x if x < 0.35 => place.is_some(),
                // thirteen: neither pelvis nor chest
                x if x < 0.55 => place.is_some_and(|p| p > 1),
                // the ends of limbs and trunk carry what is done; a body without them is another one
                _ => place.is_some_and(|p| p % 3 != 1) || !rng.chance(share),
            }
        })
        .collect();
    if keep.len() < 5 {
        keep = (0..motion.joints()).collect();
    }
    let merged = merged(motion, &keep, rng);
    subset(&merged, &keep)
}

/// Moves a third of the joints in `keep` a part of the way to a neighbour that is not in it; twins move alike.
fn merged(motion: &Motion, keep: &[usize], rng: &mut Rng) -> Motion {
    let skeleton = &motion.skeleton;
    let mut way: Vec<Option<(usize, f32)>> = vec![None; motion.joints()];
    for &joint in keep {
        let (chosen, share) = (rng.chance(0.33), rng.range(0.0, 0.5));
        let gone = |&&[a, b]: &&[usize; 2]| (a == joint && !keep.contains(&b)) || (b == joint && !keep.contains(&a));
        let Some(&[a, b]) = skeleton.bones.iter().find(gone).filter(|_| chosen) else { continue };
        let other = if a == joint { b } else { a };
        let twins = [joint, other].map(|j| skeleton.mirror[j]);
        way[joint] = Some((other, share));
        way[twins[0]] = Some((twins[1], share));
    }
    let mut out = motion.clone();
    let joints = motion.joints();
    for (body, moved) in motion.positions.chunks_exact(joints * 3).zip(out.positions.chunks_exact_mut(joints * 3)) {
        for (joint, &way) in way.iter().enumerate() {
            if let Some((other, share)) = way {
                (0..3).for_each(|c| moved[joint * 3 + c] += share * (body[other * 3 + c] - body[joint * 3 + c]));
            }
        }
    }
    out
}

/// The motion on some of its joints. Bones lead over the joints left out; where a joint goes that joins several
/// others, those are joined among themselves.
///
/// # Panics
/// When `keep` names a joint that the motion does not have.
pub fn subset(motion: &Motion, keep: &[usize]) -> Motion {
    let old = &motion.skeleton;
    let new_of = |j: usize| keep.iter().position(|&k| k == j);
    let bones = bridge::bones(old, keep);
    let skeleton = Skeleton {
        names: keep.iter().map(|&j| old.names[j].clone()).collect(),
        parents: keep.iter().map(|&j| ancestors(old, j).find_map(new_of)).collect(),
        bones: bones.into_iter().filter_map(|[a, b]| Some([new_of(a)?, new_of(b)?])).collect(),
        parts: keep.iter().map(|&j| old.parts[j]).collect(),
        mirror: keep.iter().enumerate().map(|(new, &j)| new_of(old.mirror[j]).unwrap_or(new)).collect(),
    };
    let joints = motion.joints();
    let pick = |values: &[f32], width: usize| -> Vec<f32> {
        let bodies = values.chunks_exact(joints * width);
        bodies.flat_map(|b| keep.iter().flat_map(move |&j| b[j * width..(j + 1) * width].iter().copied())).collect()
    };
    Motion {
        skeleton: Arc::new(skeleton),
        positions: pick(&motion.positions, 3),
        orientations: motion.orientations.as_deref().map(|o| pick(o, 4)),
        ..motion.clone()
    }
}

/// The joints above one, nearest first.
fn ancestors(skeleton: &Skeleton, joint: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(skeleton.parents[joint], |&p| skeleton.parents[p]).take(skeleton.joints())
}

/// [`landmarks`] in the first pose that is there.
fn marks_of(motion: &Motion) -> Option<[usize; LANDMARKS]> {
    let first = motion.present.iter().position(|&p| p)?;
    let numbers = motion.joints() * 3;
    landmarks(&motion.skeleton, &motion.positions[first * numbers..][..numbers])
}
