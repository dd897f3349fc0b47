//! What a body that was tracked looks like and how it moves: what tells people from furniture, and who performs from who
//! stands by.

use glam::DVec3;

use super::{
    Part, Skeleton,
    measure::{self, Poses, deviation, median},
};

/// Longest stretch of frames that is averaged before movement counts: half a second of a depth camera.
const CALM: usize = 15;
/// Movement below this share of the body's height is none, a millimetre: recorded people who sit or stand still move by
/// two to six.
const STILL: f64 = 0.0006;
/// Bones shorter than this share of the height say nothing about how steady bones are.
const SHORT: f64 = 0.08;
/// How much a person's bones change from frame to frame at most, as a share of their length (median of medians).
const STEADY: f64 = 0.12;
/// A limb and its twin differ at most by this factor.
const ALIKE: f64 = 0.6;
/// Length of an arm with its hand and of a leg with its foot, in standing heights: generous, since trackers guess.
const ARM: std::ops::RangeInclusive<f64> = 0.2..=0.75;
/// See [`ARM`].
const LEG: std::ops::RangeInclusive<f64> = 0.3..=0.8;
/// A performer is there at least for this share of the time of whoever is there longest.
const OFTEN: f64 = 0.5;
/// A body below this share of another one's height that moves less than this share of what the other one does, in heights, is
/// more often furniture that a tracker took for somebody than a child.
const SWAYS: [f64; 2] = [0.68, 0.5];

/// Nobody goes farther from one frame to another, in body sizes, and in body sizes a second.
const JUMP: [f64; 2] = [0.5, 3.5];
/// Who is lost no longer than this, in seconds, and found as near as this, in body sizes and in body sizes a second, is
/// taken for the same person.
const LOST: f64 = 2.0;
/// See [`LOST`].
const FOUND: [f64; 2] = [0.25, 0.3];

/// Whether somebody of a size may be so far from where they were some `seconds` ago.
pub(super) fn is_within_reach(away: f64, size: f64, seconds: f64) -> bool {
    away <= size * (JUMP[0] + JUMP[1] * seconds)
}

/// Whether somebody of a size who is so far from where somebody was lost some `seconds` ago is taken for the same.
pub(super) fn is_found_again(away: f64, size: f64, seconds: f64) -> bool {
    seconds <= LOST && away <= size * (FOUND[0] + FOUND[1] * seconds)
}

/// What is measured of a body over the frames it was seen in. Lengths are in the poses' unit.
#[derive(Clone, Debug)]
pub(super) struct Traits {
    /// Frames in which it was seen.
    pub frames: usize,
    /// Standing height, bone by bone.
    pub height: f64,
    /// Whether limbs are as long as a person's, and left ones as long as right ones.
    proportioned: bool,
    /// How much bones change their length, as a share of it.
    bone_change: f64,
    /// Root mean square of what joints move about their mean places, seen from the body's own middle.
    movement: f64,
    /// The same of the lengths of bones, along each.
    stretch: f64,
    /// How far joints are from their usual places half of the time: what is still but for a moment has hardly any.
    restless: f64,
    /// What of both the noise of the recording would do alone.
    noise: f64,
    /// See `noise`: of `restless`, over shorter stretches.
    short_noise: f64,
    /// Median extent along y, in heights.
    upright: f64,
}

impl Traits {
    /// Of the poses that are there; at least one should be.
    pub(super) fn of(poses: &Poses<'_>, skeleton: &Skeleton) -> Self {
        let samples = poses.sampled();
        let seen: Vec<usize> = (0..poses.present.len()).filter(|&n| poses.present[n]).collect();
        let height = measure::standing_height(poses, skeleton).max(f64::MIN_POSITIVE);
        let [window, short] = [4, 12].map(|parts| (seen.len() / parts).clamp(1, CALM));
        // the mean of a window of independent errors, in three coordinates
        let noise = noise(poses, &seen);
        let of_mean = |window: usize| noise * (3.0 / window as f64).sqrt();
        let calm_poses = calm(poses, &seen, window);
        Self {
            frames: seen.len(),
            height,
            proportioned: proportioned(poses, skeleton, &samples, height),
            bone_change: bone_change(poses, skeleton, &samples, height),
            movement: movement(&calm_poses),
            stretch: stretch(&calm_poses, &skeleton.bones),
            restless: restless(&calm(poses, &seen, short)),
            noise: of_mean(window),
            short_noise: of_mean(short),
            upright: measure::extent(poses, &samples)[1] / height,
        }
    }

    /// Whether its limbs and bones are a person's, whatever its size.
    pub(super) fn is_shaped_like_a_person(&self) -> bool {
        self.proportioned && self.bone_change <= STEADY
    }

    /// Whether nothing but noise moves, seen from the body's own middle. A person who stands or sits still sways.
    pub(super) fn is_still(&self) -> bool {
        let least = STILL * self.height;
        self.movement < least + 1.5 * self.noise || self.restless < least + 1.5 * self.short_noise
    }

    /// Whether it stands most of the time.
    pub(super) fn stands(&self) -> bool {
        self.upright > 0.8
    }

    /// Movement on bones that keep their length, in heights, which compares bodies: joints that stray each by itself, as on
    /// furniture, change the lengths of bones by as much as their places.
    fn liveliness(&self) -> f64 {
        (self.movement.powi(2) - 3.0 * self.stretch.powi(2)).max(0.0).sqrt() / self.height
    }

    /// Whether it is small beside somebody and hardly moves.
    pub(super) fn only_sways_beside(&self, other: &Self) -> bool {
        self.height < SWAYS[0] * other.height && self.liveliness() < SWAYS[1] * other.liveliness()
    }
}

/// Who performs: of those who are there at least half as long as anybody the one who moves most, of equals the first.
/// Furniture does not count beside people.
pub(super) fn performer(bodies: &[&Traits]) -> usize {
    let counts = |i: &usize| !bodies.iter().any(|other| bodies[*i].only_sways_beside(other));
    let people: Vec<usize> = (0..bodies.len()).filter(counts).collect();
    let longest = people.iter().map(|&i| bodies[i].frames).max().unwrap_or(0) as f64;
    let often = |&i: &usize| bodies[i].frames as f64 >= OFTEN * longest;
    // what rounding makes of two who stand still is no difference
    let lively = |i: usize| (1e4 * bodies[i].liveliness()).round();
    let more = |&a: &usize, &b: &usize| lively(a).total_cmp(&lively(b)).then(b.cmp(&a));
    people.into_iter().filter(often).max_by(more).unwrap_or(0)
}

/// Who performs, of so many bodies whose poses follow each other frame by frame.
pub(super) fn performer_among(poses: &Poses<'_>, bodies: usize, skeleton: &Skeleton) -> usize {
    let traits: Vec<Traits> = (0..bodies).map(|body| Traits::of(&poses.of(body, bodies).poses(), skeleton)).collect();
    performer(&traits.iter().collect::<Vec<_>>())
}

/// How many there are and who performs, in words.
pub(super) fn told(people: usize, performer: usize) -> String {
    match people {
        1 => "one person".to_owned(),
        n => format!("{n} people, person {} performs", performer + 1),
    }
}

fn proportioned(poses: &Poses<'_>, skeleton: &Skeleton, samples: &[usize], height: f64) -> bool {
    let length = |part: Part| {
        let limb = skeleton.limb(part);
        (!limb.is_empty()).then(|| poses.bones(samples, &limb).iter().sum::<f64>())
    };
    let pairs = [(Part::LeftArm, Part::RightArm, ARM), (Part::LeftLeg, Part::RightLeg, LEG)];
    pairs.into_iter().all(|(left, right, usual)| match (length(left), length(right)) {
        (Some(a), Some(b)) => a.min(b) >= ALIKE * a.max(b) && usual.contains(&((a + b) / 2.0 / height)),
        _ => true,
    })
}

fn bone_change(poses: &Poses<'_>, skeleton: &Skeleton, samples: &[usize], height: f64) -> f64 {
    let change = |&[a, b]: &[usize; 2]| {
        let lengths = poses.lengths(samples, a, b);
        let usual = median(lengths.clone());
        (usual > SHORT * height).then(|| deviation(&lengths, usual) / usual)
    };
    median(skeleton.bones.iter().filter_map(change).collect())
}

/// `[windows, J]` joints seen from the body's middle, averaged over `window` frames.
fn calm(poses: &Poses<'_>, seen: &[usize], window: usize) -> Vec<Vec<DVec3>> {
    let joints = poses.joints;
    let middle = |n: usize| (0..joints).map(|j| poses.at(n, j)).sum::<DVec3>() / joints as f64;
    seen.chunks_exact(window)
        .map(|part| {
            let mut mean = vec![DVec3::ZERO; joints];
            for &n in part {
                let middle = middle(n);
                mean.iter_mut().enumerate().for_each(|(j, m)| *m += (poses.at(n, j) - middle) / window as f64);
            }
            mean
        })
        .collect()
}

/// Root mean square of what joints move about their mean places.
fn movement(calm: &[Vec<DVec3>]) -> f64 {
    let joints = calm.first().map_or(0, Vec::len);
    let squares = (0..joints).map(|j| {
        let mean = calm.iter().map(|pose| pose[j]).sum::<DVec3>() / calm.len().max(1) as f64;
        calm.iter().map(|pose| pose[j].distance_squared(mean)).sum::<f64>()
    });
    (squares.sum::<f64>() / (calm.len() * joints).max(1) as f64).sqrt()
}

/// Root mean square of what bones change their lengths.
fn stretch(calm: &[Vec<DVec3>], bones: &[[usize; 2]]) -> f64 {
    let squares = bones.iter().map(|&[a, b]| {
        let lengths: Vec<f64> = calm.iter().map(|pose| pose[a].distance(pose[b])).collect();
        let mean = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        lengths.iter().map(|length| (length - mean).powi(2)).sum::<f64>()
    });
    (squares.sum::<f64>() / (calm.len() * bones.len()).max(1) as f64).sqrt()
}

/// Median over time of how far joints are from their usual places (root mean square over joints).
fn restless(calm: &[Vec<DVec3>]) -> f64 {
    let joints = calm.first().map_or(0, Vec::len);
    let along = |j: usize, c: usize| median(calm.iter().map(|pose| pose[j][c]).collect());
    let usual: Vec<DVec3> = (0..joints).map(|j| DVec3::new(along(j, 0), along(j, 1), along(j, 2))).collect();
    let off = |pose: &Vec<DVec3>| {
        let squares = pose.iter().zip(&usual).map(|(a, b)| a.distance_squared(*b)).sum::<f64>();
        (squares / joints.max(1) as f64).sqrt()
    };
    median(calm.iter().map(off).collect())
}

/// Standard deviation of what is new in each frame, in every coordinate alike: from the median fourth difference in time,
/// in which movement is gone. Zero where fewer than five frames are there.
fn noise(poses: &Poses<'_>, seen: &[usize]) -> f64 {
    const TAPS: [f64; 5] = [1.0, -4.0, 6.0, -4.0, 1.0];
    // root of the sum of the taps' squares, times the median of a normal distribution's absolute values
    const GAIN: f64 = 8.3666 * 0.6745;
    let windows = seen.len().saturating_sub(TAPS.len() - 1);
    let step = windows.div_ceil(256).max(1);
    let follow = |w: &&[usize]| w[TAPS.len() - 1] - w[0] == TAPS.len() - 1;
    let starts = seen.windows(TAPS.len()).step_by(step).filter(follow);
    let differences = starts.flat_map(|w| {
        (0..poses.joints).flat_map(move |j| {
            let sum: DVec3 = w.iter().zip(TAPS).map(|(&n, tap)| tap * poses.at(n, j)).sum();
            sum.abs().to_array()
        })
    });
    median(differences.collect()) / GAIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        motion::{
            Motion, ReadOptions,
            humanoid::{Action, Person, as_kinect, perform},
            read_file,
        },
        random::Mt19937,
    };

    fn traits(motion: &Motion) -> Traits {
        let poses = Poses { positions: &motion.positions, present: &motion.present, joints: motion.joints() };
        Traits::of(&poses, &motion.skeleton)
    }

    fn shaken(mut motion: Motion, sigma: f32) -> Motion {
        let noise = Mt19937::new(5).normals(motion.positions.len(), sigma);
        motion.positions.iter_mut().zip(noise).for_each(|(x, by)| *x += by);
        motion
    }

    /// The first pose all along.
    fn frozen(motion: &Motion) -> Motion {
        let pose = motion.positions[..3 * motion.joints()].to_vec();
        Motion { positions: pose.repeat(motion.frames()), ..motion.clone() }
    }

    #[test]
    fn people_move_and_furniture_shakes() {
        for action in Action::ALL {
            let clip = as_kinect(&perform(action, &Person::default(), 30.0), 3.0);
            for sigma in [0.0, 0.004, 0.015] {
                let (moving, still) = (traits(&shaken(clip.clone(), sigma)), traits(&shaken(frozen(&clip), sigma)));
                assert!(!moving.is_still() && still.is_still(), "{action:?} {sigma}: {moving:?} {still:?}");
                assert!(moving.is_shaped_like_a_person() && still.is_shaped_like_a_person());
                assert!(still.stands() && (1.2..2.0).contains(&still.height), "{still:?}");
                assert_eq!(performer(&[&still, &moving]), 1);
                assert_eq!(performer(&[&moving, &still]), 0);
            }
        }
    }

    #[test]
    fn furniture_that_twitches_once_is_still() {
        let clip = as_kinect(&perform(Action::Clap, &Person::default(), 30.0), 3.0);
        let mut chair = shaken(frozen(&clip), 0.003);
        let numbers = 3 * chair.joints();
        let burst = Mt19937::new(7).normals(numbers, 0.3);
        let (first, frames) = (chair.frames() / 3, chair.frames() / 12);
        for pose in chair.positions[first * numbers..(first + frames) * numbers].chunks_exact_mut(numbers) {
            pose.iter_mut().zip(&burst).for_each(|(x, by)| *x += by);
        }
        assert!(traits(&chair).is_still());
        // who gestures for a quarter of the time and stands as people do is not
        let waves = perform(Action::WaveLeftHand, &Person::default(), 30.0);
        let mut stands = as_kinect(&waves, 3.0);
        let quarter = stands.frames() / 4;
        let pose = stands.positions[..numbers].to_vec();
        for (t, frame) in stands.positions.chunks_exact_mut(numbers).enumerate().skip(quarter) {
            // leans from the feet, which stay
            let lean = 0.012 * (t as f32 / 12.0).sin();
            for (at, x) in pose.chunks_exact(3).zip(frame.chunks_exact_mut(3)) {
                x.copy_from_slice(&[at[0] + lean * (at[1] + 1.0), at[1], at[2]]);
            }
        }
        assert!(!traits(&shaken(stands, 0.001)).is_still());
    }

    #[test]
    fn recorded_people_are_people() {
        for set in ["utd-mhad", "msr-action3d", "kard", "cad60", "irds", "hdm05", "cmu", "sbu"] {
            let Some(folder) = skeletonllm_checks::shared(&format!("data/{set}")) else { return };
            let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
            let clips = files.filter(|path| path.extension().is_some_and(|e| e == "npy"));
            let (mut all, mut shaped, mut moving) = (0, 0, 0);
            for path in clips {
                let clip = read_file(path, &ReadOptions::default()).unwrap();
                for body in 0..clip.bodies {
                    let found = traits(&clip.only(body));
                    assert!((0.9..=2.5).contains(&found.height), "{set}: {found:?}");
                    all += 1;
                    shaped += usize::from(found.is_shaped_like_a_person());
                    moving += usize::from(!found.is_still());
                }
            }
            println!("{set}: {all} bodies, {shaped} shaped like people, {moving} move");
            // some of the people sit still, and some clips last half a second
            assert!(all > 90 && 100 * shaped >= 98 * all && 100 * moving >= 95 * all, "{set}");
        }
    }

    #[test]
    fn bones_that_change_and_limbs_that_differ_are_no_persons() {
        let clip = as_kinect(&perform(Action::Clap, &Person::default(), 30.0), 3.0);
        assert!(!traits(&shaken(clip.clone(), 0.12)).is_shaped_like_a_person());
        let mut lame = clip.clone();
        let leg: Vec<usize> = clip.skeleton.joints_of(Part::LeftLeg).collect();
        for pose in lame.positions.chunks_exact_mut(3 * clip.joints()) {
            let hip: Vec<f32> = pose[3 * leg[0]..][..3].to_vec();
            for &j in &leg {
                (0..3).for_each(|c| pose[3 * j + c] = hip[c] + 0.3 * (pose[3 * j + c] - hip[c]));
            }
        }
        assert!(!traits(&lame).is_shaped_like_a_person());
    }

    #[test]
    fn who_passes_by_does_not_perform() {
        let stays = as_kinect(&perform(Action::RaiseLeftHand, &Person::default(), 30.0), 3.0);
        let passes = as_kinect(&perform(Action::Walk, &Person::default(), 30.0), 3.0).cropped(0..30);
        assert_eq!(performer(&[&traits(&passes), &traits(&stays)]), 1);
    }
}
