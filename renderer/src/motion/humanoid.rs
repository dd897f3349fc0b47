//! A parametrised person who moves: motions without anybody's recordings, for samples, tests and demonstrations.
//!
//! Proportions follow the usual tables of segment lengths as shares of the standing height (Winter, *Biomechanics and
//! Motor Control of Human Movement*, table 4.1). Timing and amplitude were compared with recordings of the same actions.

mod actions;
mod easing;
mod gait;
mod kinect;
mod pose;

pub use actions::Action;

use self::pose::{Body, Pose};
use super::{Motion, Reason, Skeleton, Source, quaternion};

/// Who performs, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Standing height in metres, 0.5 to 2.5.
    pub height: f64,
    /// Shoulder and hip width as a share of the usual.
    pub breadth: f64,
    /// Speed of every movement as a share of the usual, 0.25 to 4.
    pub tempo: f64,
    /// Size of the movements as a share of the usual.
    pub energy: f64,
    /// Chooses sway, breath and small irregularities; the same seed gives the same motion.
    pub seed: u64,
}

impl Default for Person {
    /// 1.72 m tall, average in everything.
    fn default() -> Self {
        Self { height: 1.72, breadth: 1.0, tempo: 1.0, energy: 1.0, seed: 1 }
    }
}

/// `(name, parent)` of the joints, parents first.
#[rustfmt::skip]
const JOINTS: [(&str, Option<usize>); 21] = [
    ("Hips", None), ("Spine", Some(0)), ("Chest", Some(1)), ("Neck", Some(2)), ("Head", Some(3)),
    ("LeftShoulder", Some(2)), ("LeftArm", Some(5)), ("LeftForeArm", Some(6)), ("LeftHand", Some(7)),
    ("RightShoulder", Some(2)), ("RightArm", Some(9)), ("RightForeArm", Some(10)), ("RightHand", Some(11)),
    ("LeftUpLeg", Some(0)), ("LeftLeg", Some(13)), ("LeftFoot", Some(14)), ("LeftToeBase", Some(15)),
    ("RightUpLeg", Some(0)), ("RightLeg", Some(17)), ("RightFoot", Some(18)), ("RightToeBase", Some(19)),
];

/// The bundled samples, `assets/samples/<name>.bvh`: the seed of who performs, the name, and what is performed.
pub const SAMPLES: [(u64, &str, Action); 5] = [
    (1, "wave_left_hand", Action::WaveLeftHand),
    (2, "raise_right_hand", Action::RaiseRightHand),
    (3, "squat", Action::Squat),
    (4, "walk", Action::Walk),
    (5, "clap", Action::Clap),
];

/// The person's skeleton: 21 joints from hips to head, hands and toes.
pub fn skeleton() -> Skeleton {
    Skeleton::named(JOINTS.iter().map(|j| j.0.to_owned()).collect(), JOINTS.iter().map(|j| j.1).collect())
}

/// One person performs an action, facing +z, with the floor at y = 0; orientations are those of the joints.
pub fn perform(action: Action, person: &Person, fps: f32) -> Motion {
    let body = Body::new(person);
    let choreography = actions::Choreography::new(action, person);
    let frames = ((choreography.seconds() * f64::from(fps)).round() as usize).max(2);
    let joints = JOINTS.len();
    let mut positions = Vec::with_capacity(frames * joints * 3);
    let mut orientations = Vec::with_capacity(frames * joints * 4);
    for t in 0..frames {
        let pose: Pose = choreography.pose(&body, t as f64 / f64::from(fps));
        for (p, q) in body.joints(&pose) {
            positions.extend(p.as_vec3().to_array());
            orientations.extend(quaternion::scalar_first(q));
        }
    }
    let generated = || Reason::stated("generated");
    let source = Source { unit_from: generated(), up_from: generated(), parts_from: generated(), ..Source::default() };
    Motion { orientations: Some(orientations), source, ..Motion::of_one_body(skeleton(), fps, positions) }
}

/// The same motion as a Kinect v2 would record it: 25 joints, the performer some `distance` metres in front of the sensor
/// and facing it, the sensor at hip height. Only for motions of [`perform`].
pub fn as_kinect(motion: &Motion, distance: f32) -> Motion {
    kinect::convert(motion, distance)
}

#[cfg(test)]
mod tests {
    use super::super::{Layout, Part, ReadOptions, read, write_bvh, write_ntu};
    use super::*;

    fn joint(m: &Motion, name: &str) -> usize {
        m.skeleton.joint(name).unwrap()
    }

    #[test]
    fn bones_keep_their_length_in_every_action() {
        for action in Action::ALL {
            let m = perform(action, &Person::default(), 30.0);
            assert!((1.2..=2.2).contains(&m.height()), "{action:?}: {}", m.height());
            for [a, b] in &m.skeleton.bones {
                let length = |t: usize| {
                    let (p, q) = (m.position(t, 0, *a), m.position(t, 0, *b));
                    (0..3).map(|i| (p[i] - q[i]).powi(2)).sum::<f32>().sqrt()
                };
                for t in 0..m.frames() {
                    let name = &m.skeleton.names[*b];
                    assert!((length(t) - length(0)).abs() < 1e-4, "{action:?} {name} frame {t}");
                }
            }
        }
    }

    #[test]
    fn movements_are_smooth() {
        for action in Action::ALL {
            let m = perform(action, &Person::default(), 30.0);
            for t in 1..m.frames() {
                for j in 0..m.joints() {
                    let (p, q) = (m.position(t, 0, j), m.position(t - 1, 0, j));
                    let speed = 30.0 * (0..3).map(|i| (p[i] - q[i]).powi(2)).sum::<f32>().sqrt();
                    // hands of waving people reach some 4 m/s, swinging feet too
                    assert!(speed < 6.0, "{action:?} {} frame {t}: {speed} m/s", m.skeleton.names[j]);
                }
            }
        }
    }

    #[test]
    fn standing_feet_stay_where_they_are() {
        for action in [Action::Squat, Action::Clap, Action::WaveLeftHand] {
            let m = perform(action, &Person::default(), 30.0);
            for name in ["LeftFoot", "RightFoot", "LeftToeBase"] {
                let j = joint(&m, name);
                let start = m.position(0, 0, j);
                for t in 0..m.frames() {
                    let p = m.position(t, 0, j);
                    assert!((0..3).all(|i| (p[i] - start[i]).abs() < 0.005), "{action:?} {name} {t}");
                }
            }
        }
    }

    #[test]
    fn each_action_does_what_it_says() {
        let wave = perform(Action::WaveLeftHand, &Person::default(), 30.0);
        let (hand, shoulder) = (joint(&wave, "LeftHand"), joint(&wave, "LeftArm"));
        let mid = wave.frames() / 2;
        assert!(wave.position(mid, 0, hand)[1] > wave.position(mid, 0, shoulder)[1] + 0.2);
        let other = wave.position(mid, 0, joint(&wave, "RightHand"));
        assert!(other[1] < wave.position(mid, 0, shoulder)[1] - 0.3);
        // left is +x for somebody who faces +z
        assert!(wave.position(0, 0, hand)[0] > 0.1);

        let raise = perform(Action::RaiseRightHand, &Person::default(), 30.0);
        let (hand, head) = (joint(&raise, "RightHand"), joint(&raise, "Head"));
        let mid = raise.frames() / 2;
        assert!(raise.position(mid, 0, hand)[1] > raise.position(mid, 0, head)[1]);

        let squat = perform(Action::Squat, &Person::default(), 30.0);
        let hips: Vec<f32> = (0..squat.frames()).map(|t| squat.position(t, 0, 0)[1]).collect();
        let low = hips.iter().copied().fold(f32::MAX, f32::min);
        assert!(hips[0] - low > 0.3 && hips[0] - hips[hips.len() - 1] < 0.03);

        let walk = perform(Action::Walk, &Person::default(), 30.0);
        let last = walk.frames() - 1;
        let way = walk.position(last, 0, 0)[2] - walk.position(0, 0, 0)[2];
        let speed = way / walk.seconds();
        assert!((0.9..1.6).contains(&speed), "{speed} m/s");

        let clap = perform(Action::Clap, &Person::default(), 30.0);
        let (l, r) = (joint(&clap, "LeftHand"), joint(&clap, "RightHand"));
        let gaps: Vec<f32> =
            (0..clap.frames()).map(|t| clap.position(t, 0, l)[0] - clap.position(t, 0, r)[0]).collect();
        let touches = gaps.windows(3).filter(|w| w[1] < 0.12 && w[1] <= w[0] && w[1] < w[2]).count();
        assert!((3..=8).contains(&touches), "{touches} claps");
    }

    #[test]
    fn written_files_read_back_as_they_were() {
        for action in Action::ALL {
            let m = perform(action, &Person::default(), 30.0);
            let text = write_bvh(&m, 0).unwrap();
            let again = read(text.as_bytes(), "again.bvh", &ReadOptions::default()).unwrap();
            assert_eq!(again.skeleton.names, m.skeleton.names);
            assert_eq!(again.skeleton.parts, m.skeleton.parts);
            assert_eq!(again.source.unit.name, "cm");
            assert!(again.source.warnings.is_empty(), "{:?}", again.source.warnings);
            assert_eq!(again.frames(), m.frames());
            for (a, b) in again.positions.iter().zip(&m.positions) {
                // hundredths of a degree add up along the limbs
                assert!((a - b).abs() < 3e-3, "{action:?}: {a} {b}");
            }
            let (qa, qb) = (again.orientations.unwrap(), m.orientations.clone().unwrap());
            for (a, b) in qa.chunks(4).zip(qb.chunks(4)) {
                let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
                assert!(dot.abs() > 0.9999, "{action:?}: {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_kinect_sees_the_performer_from_the_front() {
        let m = as_kinect(&perform(Action::WaveLeftHand, &Person::default(), 30.0), 3.0);
        assert_eq!(m.skeleton.names.len(), Layout::Ntu25.names().len());
        let text = write_ntu(&m).unwrap();
        let again = read(text.as_bytes(), "again.skeleton", &ReadOptions::default()).unwrap();
        assert_eq!((again.frames(), again.bodies), (m.frames(), 1));
        for (a, b) in again.positions.iter().zip(&m.positions) {
            assert!((a - b).abs() < 2e-3);
        }
        let t = m.frames() / 2;
        let at = |name: &str| again.position(t, 0, joint(&again, name));
        // facing the sensor, the left hand is on its −x side
        assert!(at("HandLeft")[0] < at("HandRight")[0]);
        assert!(at("HandLeft")[1] > at("Head")[1] - 0.1);
        assert!(at("FootLeft")[2] < at("AnkleLeft")[2]);
        assert_eq!(again.skeleton.joints_of(Part::LeftArm).count(), 6);
    }

    #[test]
    fn the_mirror_image_of_a_left_wave_is_a_right_wave() {
        let person = Person::default();
        let left = perform(Action::WaveLeftHand, &person, 30.0).mirrored();
        let right = perform(Action::WaveRightHand, &person, 30.0);
        let hand = joint(&right, "RightHand");
        for t in 0..right.frames() {
            let (a, b) = (left.position(t, 0, hand), right.position(t, 0, hand));
            // sway is not mirrored
            assert!((0..3).all(|i| (a[i] - b[i]).abs() < 0.12), "{a:?} {b:?}");
        }
    }
}
