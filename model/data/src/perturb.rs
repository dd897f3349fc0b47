//! What a worse recording, or another tracker, would have made of the same motion: for measuring how robust a model
//! is, always alike (spec A.11, "Joint dropout", "Gaussian noise", "Train 25J"). Training has changes of its own, see
//! [`super::augment()`] and [`super::layout`].

#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt};

use draction::{figure::on_kinect, motion::Motion, random::normal_pair};
use serde::{Serialize, Serializer};

use super::rng::Rng;

/// One change. Of a recording with errors only places are left: orientations would tell where joints were without them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Perturbation {
    /// As recorded.
    Unchanged,
    /// This share of the joints, 0..1, is lost in the whole clip; which ones is drawn for each clip. A lost joint is
    /// held at the next joint towards the root that is not lost, as body trackers do: the file keeps its layout, the
    /// limb is cut short or straightened. The root itself is never lost, or the person would be.
    Dropped(f32),
    /// Gaussian noise of this standard deviation in metres, in every joint, axis and frame anew.
    Noise(f32),
    /// The body on NTU's 25 joints or on a reduction of them to 20, 17 or 13: see [`on_kinect`]. A skeleton without arms
    /// or legs stays as it is.
    Joints(u8),
}

impl Perturbation {
    /// The rows of the table, those of the paper and the skeletons as they are.
    pub const TABLE: [Perturbation; 12] = [
        Perturbation::Unchanged,
        Perturbation::Dropped(0.1),
        Perturbation::Dropped(0.2),
        Perturbation::Dropped(0.3),
        Perturbation::Dropped(0.5),
        Perturbation::Noise(0.02),
        Perturbation::Noise(0.05),
        Perturbation::Noise(0.1),
        Perturbation::Joints(25),
        Perturbation::Joints(20),
        Perturbation::Joints(17),
        Perturbation::Joints(13),
    ];

    /// The changed motion. Randomness follows from `clip`, the clip's number, alone.
    pub fn apply(self, motion: &Motion, clip: usize) -> Cow<'_, Motion> {
        let mut rng = Rng::at(SEED, 0, clip as u64);
        match self {
            Perturbation::Unchanged => Cow::Borrowed(motion),
            Perturbation::Dropped(share) => Cow::Owned(dropped(motion, share, &mut rng)),
            Perturbation::Noise(sigma) => Cow::Owned(noisy(motion, sigma, &mut rng)),
            Perturbation::Joints(joints) => {
                on_kinect(motion, joints).map_or(Cow::Borrowed(motion), |mapped| Cow::Owned(mapped.motion))
            }
        }
    }
}

/// Everything random follows from it.
const SEED: u64 = 0x0526;

impl fmt::Display for Perturbation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Perturbation::Unchanged => f.write_str("as recorded"),
            Perturbation::Dropped(share) => write!(f, "{:.0} % of joints dropped", 100.0 * share),
            Perturbation::Noise(sigma) => write!(f, "noise of {:.0} cm", 100.0 * sigma),
            Perturbation::Joints(joints) => write!(f, "{joints} joints"),
        }
    }
}

impl Serialize for Perturbation {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// See [`Perturbation::Dropped`].
fn dropped(motion: &Motion, share: f32, rng: &mut Rng) -> Motion {
    let skeleton = &motion.skeleton;
    let joints = motion.joints();
    // everything hangs from these; the order of losses is the same for every share, so that a larger one adds to it
    let mut order: Vec<usize> = (0..joints).filter(|&j| skeleton.parents[j].is_some()).collect();
    rng.shuffle(&mut order);
    let lost = &order[..((share * joints as f32).round() as usize).min(order.len())];
    let held = |joint: usize| {
        let up = std::iter::successors(Some(joint), |&j| skeleton.parents[j]).take(joints);
        up.into_iter().find(|j| !lost.contains(j)).unwrap_or(joint)
    };
    let held: Vec<usize> = (0..joints).map(held).collect();
    let mut out = motion.clone();
    let bodies = motion.positions.chunks_exact(joints * 3).zip(out.positions.chunks_exact_mut(joints * 3));
    for (body, shown) in bodies {
        for (joint, &at) in held.iter().enumerate() {
            shown[joint * 3..][..3].copy_from_slice(&body[at * 3..][..3]);
        }
    }
    Motion { orientations: None, ..out }
}

/// See [`Perturbation::Noise`].
fn noisy(motion: &Motion, sigma: f32, rng: &mut Rng) -> Motion {
    let mut out = motion.clone();
    let numbers = motion.joints() * 3;
    for (body, _) in out.positions.chunks_exact_mut(numbers).zip(&motion.present).filter(|(_, there)| **there) {
        body.iter_mut().for_each(|x| *x += sigma * normal(rng));
    }
    Motion { orientations: None, ..out }
}

/// A number of the standard normal distribution.
fn normal(rng: &mut Rng) -> f32 {
    let (radius, angle) = (1.0 - rng.unit(), rng.unit()); // no logarithm of zero
    normal_pair(f64::from(radius), f64::from(angle), 1.0)[0] as f32
}
