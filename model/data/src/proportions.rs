//! The same motion by a body of other proportions. Each data set has few skeletons, and a model that can tell them apart
//! learns which labels belong to which; on each other's bodies they have all labels in common.

use draction::{figure::on_kinect, motion::Motion};

/// Bones shorter than this share of the body have no direction to speak of.
const SHORTEST: f32 = 0.005;
/// No bone changes by more than this factor.
const MOST: f32 = 2.5;
/// Frames that a body is measured in: trackers see bones a little longer or shorter in each.
const FRAMES: usize = 8;

/// Length of the bone that leads to each of Kinect's 25 joints, as a share of all bones together; both sides of the body
/// alike. Of a skeleton without arms or legs, of its own joints.
#[derive(Clone, Debug, PartialEq)]
pub struct Proportions(Vec<f32>);

impl Proportions {
    /// Those of the first body, around the middle of the motion. `None` where it is not there or has no size.
    pub fn of(motion: &Motion) -> Option<Proportions> {
        let first = (motion.frames() / 2).saturating_sub(FRAMES / 2);
        let motion = motion.cropped(first..first + FRAMES).without_empty_bodies();
        let motion = on_kinect(&motion, 25).map_or(motion, |mapped| mapped.motion);
        let (skeleton, joints) = (&motion.skeleton, motion.joints());
        let mut lengths = vec![0.0f32; joints];
        for t in (0..motion.frames()).filter(|&t| motion.is_present(t, 0)) {
            for (joint, length) in lengths.iter_mut().enumerate() {
                let Some(parent) = skeleton.parents[joint] else { continue };
                let [a, b] = [parent, joint].map(|j| motion.position(t, 0, j));
                *length += (0..3).map(|c| (a[c] - b[c]).powi(2)).sum::<f32>().sqrt();
            }
        }
        let sum: f32 = lengths.iter().sum();
        let share = |j: usize| (lengths[j] + lengths[skeleton.mirror[j]]) / (2.0 * sum);
        (sum > 0.0 && sum.is_finite()).then(|| Proportions((0..joints).map(share).collect()))
    }

    /// The motion by a body that has these proportions instead of `before`, and is as large. Directions of bones and the
    /// way of the root stay. A motion with other joints than the two stays as it is.
    pub fn put_on(&self, motion: &Motion, before: &Proportions) -> Motion {
        let mut out = motion.clone();
        let joints = motion.joints();
        if self.0.len() != joints || before.0.len() != joints {
            return out;
        }
        let factor = |(new, old): (&f32, &f32)| match new.min(*old) > SHORTEST {
            true => (new / old).clamp(1.0 / MOST, MOST),
            false => 1.0,
        };
        let factors: Vec<f32> = self.0.iter().zip(&before.0).map(factor).collect();
        let order: Vec<(usize, usize)> = motion.skeleton.parents_first().collect();
        for (body, moved) in motion.positions.chunks_exact(joints * 3).zip(out.positions.chunks_exact_mut(joints * 3)) {
            for &(joint, parent) in &order {
                for c in 0..3 {
                    let bone = body[3 * joint + c] - body[3 * parent + c];
                    moved[3 * joint + c] = moved[3 * parent + c] + factors[joint] * bone;
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        augment::{AugmentOptions, degraded},
        rng::Rng,
        stick_figure,
    };

    #[test]
    fn a_body_takes_the_proportions_of_another_and_keeps_its_directions() {
        let own = on_kinect(&stick_figure::waving(0), 25).unwrap().motion;
        let other = AugmentOptions { bone_length: 0.3, ..AugmentOptions::none() };
        let other = Proportions::of(&degraded(&own, &other, &mut Rng::new(3))).unwrap();
        let before = Proportions::of(&own).unwrap();
        let shown = other.put_on(&own, &before);
        let apart = |a: &Proportions, b: &Proportions| a.0.iter().zip(&b.0).map(|(a, b)| (a - b).abs()).sum::<f32>();
        assert!(apart(&before, &other) > 0.05);
        // but for bones of a few millimetres
        let left = apart(&Proportions::of(&shown).unwrap(), &other);
        assert!(left < 0.01, "{left}");
        let bone = |m: &Motion, t: usize, [a, b]: [usize; 2]| {
            let (a, b) = (m.position(t, 0, a), m.position(t, 0, b));
            let bone: [f32; 3] = std::array::from_fn(|c| b[c] - a[c]);
            let length = bone.iter().map(|x| x * x).sum::<f32>().sqrt();
            bone.map(|x| x / length)
        };
        for t in [0, 20, 40] {
            assert_eq!(shown.position(t, 0, 0), own.position(t, 0, 0));
            for forearm in [[5, 6], [9, 10]] {
                let [a, b] = [bone(&own, t, forearm), bone(&shown, t, forearm)];
                assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-3), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn nobody_and_other_layouts_change_nothing() {
        let own = on_kinect(&stick_figure::waving(0), 25).unwrap().motion;
        let proportions = Proportions::of(&own).unwrap();
        let other = stick_figure::waving(0);
        assert_eq!(proportions.put_on(&other, &proportions).positions, other.positions);
        let mut nobody = own.clone();
        nobody.present.fill(false);
        assert_eq!(Proportions::of(&nobody), None);
    }
}
