//! What the person does: key poses over time, with breath and sway.

use std::f64::consts::TAU;

use glam::{DQuat, DVec3, dvec3};

use super::{
    super::quaternion::about,
    Person,
    easing::held,
    gait,
    pose::{Arm, Body, Foot, Pose},
};
use crate::random::SplitMix64;

/// An action of the humanoid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Raises the left hand above the shoulder and waves it several times.
    WaveLeftHand,
    /// The same with the right hand.
    WaveRightHand,
    /// Lifts the left hand beside the head, holds it, lowers it.
    RaiseLeftHand,
    /// The same with the right hand.
    RaiseRightHand,
    /// Stretches both arms forward and bends the knees deeply, once.
    Squat,
    /// Walks straight ahead.
    Walk,
    /// Claps the hands in front of the chest.
    Clap,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::WaveLeftHand,
        Self::WaveRightHand,
        Self::RaiseLeftHand,
        Self::RaiseRightHand,
        Self::Squat,
        Self::Walk,
        Self::Clap,
    ];
}

/// A hanging arm, a little away from the body, the elbow slightly bent.
const HANGING: Arm = Arm { upper: dvec3(0.16, -0.98, -0.03), fore: dvec3(0.10, -0.93, 0.32) };
/// Waves a second.
const WAVE_RATE: f64 = 1.8;
/// Claps a second.
const CLAP_RATE: f64 = 2.6;

/// An action laid out in time for one person.
pub(super) struct Choreography<'a> {
    action: Action,
    person: &'a Person,
    noise: Noise,
}

impl<'a> Choreography<'a> {
    pub(super) fn new(action: Action, person: &'a Person) -> Self {
        Self { action, person, noise: Noise { seed: person.seed } }
    }

    fn tempo(&self) -> f64 {
        self.person.tempo.clamp(0.25, 4.0)
    }

    /// Length of the clip in seconds.
    pub(super) fn seconds(&self) -> f64 {
        let usual = match self.action {
            Action::WaveLeftHand | Action::WaveRightHand => 4.0,
            Action::RaiseLeftHand | Action::RaiseRightHand => 2.4,
            Action::Squat => 3.2,
            Action::Walk => 3.6,
            Action::Clap => 2.8,
        };
        usual / self.tempo()
    }

    /// The pose at `real` seconds.
    pub(super) fn pose(&self, body: &Body, real: f64) -> Pose {
        let t = real * self.tempo();
        let mut pose = standing(body);
        match self.action {
            Action::WaveLeftHand => self.wave(&mut pose, 0, t),
            Action::WaveRightHand => self.wave(&mut pose, 1, t),
            Action::RaiseLeftHand => self.raise(&mut pose, 0, t),
            Action::RaiseRightHand => self.raise(&mut pose, 1, t),
            Action::Squat => self.squat(body, &mut pose, t),
            Action::Walk => gait::walk(body, &mut pose, t, self.person.energy),
            Action::Clap => self.clap(body, &mut pose, t),
        }
        self.enliven(&mut pose, real);
        pose
    }

    fn wave(&self, pose: &mut Pose, hand: usize, t: f64) {
        let energy = self.person.energy;
        let up = held(t, 0.2, 0.65, 3.35, 0.6);
        // the waving itself swells and fades with the lift
        let swing = energy * held(t, 0.55, 0.35, 3.3, 0.4);
        let phase = TAU * WAVE_RATE * (t - 0.7) + 0.3 * self.noise.at(20, t, 0.7);
        let side = 0.62 * swing * phase.sin() + 0.07 * self.noise.at(21, t, 0.9);
        // the upper arm follows a little later
        let lag = 0.13 * swing * (phase - 0.6).sin();
        let waving = Arm {
            upper: dvec3(0.66 + lag, 0.70 - 0.6 * lag, 0.28),
            fore: dvec3(0.12 + side, 1.0 - 0.25 * side.abs(), 0.18),
        };
        let ahead = held(t, 0.12, 0.62, 3.42, 0.66);
        pose.arms[hand] = HANGING.mix(waving, up, ahead);
        let sign = if hand == 0 { 1.0 } else { -1.0 };
        pose.shrug[hand] = 0.22 * up;
        // the chest gives way to the raised arm
        pose.chest = about(2, -sign * 0.05 * up) * pose.chest;
        pose.head = about(2, sign * 0.04 * up) * pose.head;
        pose.hips.x -= sign * 0.012 * up;
    }

    fn raise(&self, pose: &mut Pose, hand: usize, t: f64) {
        let up = held(t, 0.22, 0.62, 1.45, 0.65);
        let ahead = held(t, 0.14, 0.60, 1.52, 0.70);
        let tremble = 0.02 * self.noise.at(20, t, 0.8);
        let raised = Arm {
            upper: dvec3(0.68, 0.42 * self.person.energy + tremble, 0.50),
            fore: dvec3(-0.12 + tremble, 0.97, 0.14),
        };
        pose.arms[hand] = HANGING.mix(raised, up, ahead);
        let sign = if hand == 0 { 1.0 } else { -1.0 };
        pose.shrug[hand] = 0.18 * up;
        pose.chest = about(2, -sign * 0.04 * up) * pose.chest;
        pose.hips.x -= sign * 0.015 * up;
    }

    fn squat(&self, body: &Body, pose: &mut Pose, t: f64) {
        let reach = held(t, 0.1, 0.75, 2.35, 0.7);
        let down = held(t, 0.55, 0.85, 1.6, 0.85);
        let depth = 0.92 * body.leg[0] * self.person.energy.clamp(0.2, 1.2);
        pose.hips.y -= depth * down;
        // weight stays over the feet: the hips go back and the trunk leans forward
        pose.hips.z -= 0.42 * body.leg[0] * down;
        let lean = 0.62 * down;
        pose.hips_turn = about(0, 0.45 * lean);
        pose.spine = about(0, 0.25 * lean);
        pose.chest = about(0, 0.30 * lean);
        pose.neck = about(0, -0.35 * lean);
        pose.head = about(0, -0.40 * lean);
        // arms level in the world although the chest leans
        let level = lean.sin();
        let forward = Arm { upper: dvec3(-0.05, 0.02 + level, 1.0), fore: dvec3(-0.32, 0.06 + level, 0.95) };
        let ahead = held(t, 0.05, 0.75, 2.4, 0.72);
        for side in 0..2 {
            pose.arms[side] = HANGING.mix(forward, reach, ahead);
            pose.shrug[side] = 0.06 * reach;
            // knees fall a little outwards
            let sign = if side == 0 { 1.0 } else { -1.0 };
            pose.feet[side].yaw += sign * 0.10;
        }
    }

    fn clap(&self, body: &Body, pose: &mut Pose, t: f64) {
        let up = held(t, 0.15, 0.55, 2.05, 0.6);
        let beat = held(t, 0.5, 0.25, 2.0, 0.3);
        let phase = TAU * CLAP_RATE * (t - 0.62) + 0.25 * self.noise.at(20, t, 0.8);
        // hands meet sharply and part slowly
        let open = (0.5 - 0.5 * phase.cos()).powf(0.8);
        let gap = 0.035 + (0.02 + 0.15 * open * self.person.energy) * beat + 0.10 * (1.0 - beat);
        let reach = body.arm[0] + body.arm[1];
        let half = body.joints(pose)[6].0.x - pose.hips.x;
        for side in 0..2 {
            let lift = 0.02 * self.noise.at(22, t, 0.6) + [0.012, -0.012][side];
            let target = dvec3(gap - half, -0.24 * reach + lift, 0.50 * reach);
            let clapping = body.reach(target, dvec3(0.75, -0.9, -0.35));
            pose.arms[side] = HANGING.mix(clapping, up, up);
        }
        pose.neck = about(0, 0.06 * up);
    }

    /// Breath, sway and small irregularities: nobody stands like a statue.
    fn enliven(&self, pose: &mut Pose, t: f64) {
        let n = |channel: u64, rate: f64| self.noise.at(channel, t, rate);
        pose.hips += dvec3(0.006 * n(0, 0.35), 0.0015 * n(1, 0.5) - 0.002, 0.007 * n(2, 0.3));
        pose.hips_turn = about(1, 0.02 * n(3, 0.3)) * pose.hips_turn;
        let breath = 0.012 * (TAU * 0.27 * t + n(4, 0.1)).sin();
        pose.spine *= about(2, 0.012 * n(5, 0.4));
        pose.chest *= about(0, -breath) * about(1, 0.02 * n(6, 0.35));
        pose.neck *= about(0, 0.02 * n(7, 0.5));
        pose.head *= about(1, 0.05 * n(8, 0.4)) * about(0, 0.03 * n(9, 0.45) + breath);
        for side in 0..2 {
            let k = 10 + 4 * side as u64;
            let arm = &mut pose.arms[side];
            arm.upper += dvec3(0.018 * n(k, 0.5), 0.0, 0.02 * n(k + 1, 0.45));
            arm.fore += dvec3(0.02 * n(k + 2, 0.55), 0.0, 0.025 * n(k + 3, 0.5));
        }
    }
}

/// Standing at ease, facing +z.
fn standing(body: &Body) -> Pose {
    let foot = |sign: f64| Foot { ankle: dvec3(sign * body.stance(), body.ankle, -0.02), pitch: 0.0, yaw: sign * 0.12 };
    let still = DQuat::IDENTITY;
    Pose {
        hips: DVec3::Y * body.standing(),
        hips_turn: still,
        spine: still,
        chest: still,
        neck: still,
        head: still,
        shrug: [0.0; 2],
        arms: [HANGING; 2],
        feet: [foot(1.0), foot(-1.0)],
    }
}

/// Smooth irregularity: sines of incommensurable rates with phases from the seed, about −1 to 1.
struct Noise {
    seed: u64,
}

impl Noise {
    fn at(&self, channel: u64, t: f64, rate: f64) -> f64 {
        let mut sum = 0.0;
        for (k, ratio) in [1.0, 1.618, 2.414].into_iter().enumerate() {
            let phase = TAU * self.uniform(3 * channel + k as u64);
            sum += (TAU * rate * ratio * t + phase).sin() / (1.0 + k as f64);
        }
        sum / 1.5
    }

    /// In [0, 1).
    fn uniform(&self, index: u64) -> f64 {
        (SplitMix64::nth(self.seed, index) >> 11) as f64 / (1u64 << 53) as f64
    }
}
