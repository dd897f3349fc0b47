//! Walking: two feet half a cycle apart, the body carried between them.

use std::f64::consts::TAU;

use glam::dvec3;

use super::{
    super::quaternion::about,
    easing::{ease, rise},
    pose::{Arm, Body, Foot, Pose},
};

/// Seconds of one cycle of two steps.
const CYCLE: f64 = 1.06;
/// Share of the cycle a foot is on the floor.
const STANCE: f64 = 0.61;
/// Share of the cycle at which the heel leaves the floor.
const HEEL_OFF: f64 = 0.36;
/// Foot pitch at heel strike and at toe-off, radians.
const STRIKE: f64 = 0.30;
const TOE_OFF: f64 = -0.75;

/// Poses a walk along +z at `t` seconds; the origin is passed half-way through.
pub(super) fn walk(body: &Body, pose: &mut Pose, t: f64, energy: f64) {
    let leg = body.leg[0] + body.leg[1];
    let stride = 1.4 * leg * energy.clamp(0.4, 1.3);
    let phase = t / CYCLE + 0.05;
    let start = -1.7 * stride;
    let carried = start + stride * phase;

    // the body is lowest when both feet bear it and swings over the standing foot
    let double = (2.0 * TAU * (phase - 0.06)).cos();
    let left = (TAU * (phase - 0.06)).sin();
    pose.hips = dvec3(
        0.022 * left,
        body.standing() - 0.034 * leg - 0.024 * double,
        carried + 0.008 * (2.0 * TAU * phase).sin(),
    );
    // the hip of the forward leg leads, the hip of the swinging leg drops
    let forward = (TAU * phase).cos();
    pose.hips_turn = about(1, -0.09 * forward) * about(2, 0.04 * left);
    pose.spine = about(1, 0.06 * forward) * about(2, -0.025 * left);
    pose.chest = about(1, 0.13 * forward) * (about(2, -0.015 * left) * about(0, 0.03));
    pose.head = about(1, -0.08 * forward);

    for side in 0..2 {
        let sign = if side == 0 { 1.0 } else { -1.0 };
        // the left foot strikes at whole phases, the right one half a cycle later
        let own = phase - 0.5 * side as f64;
        pose.feet[side] = foot(body, own, stride, start + 0.5 * stride * side as f64, sign);
        // arms swing against the legs, farther to the front than to the back
        let swing = -(TAU * (own - 0.04)).cos() * energy.min(1.3);
        let front = 0.08 + 0.40 * swing;
        let bend = 0.34 + 0.22 * swing;
        pose.arms[side] = Arm {
            upper: dvec3(0.17, -front.cos(), front.sin()),
            fore: dvec3(0.08 - 0.10 * swing.max(0.0), -(front + bend).cos(), (front + bend).sin()),
        };
    }
}

/// A foot that strikes at whole values of `own`; at 0 its ankle comes down 0.27 strides ahead of `start`.
fn foot(body: &Body, own: f64, stride: f64, start: f64, sign: f64) -> Foot {
    let (cycle, part) = (own.floor(), own.rem_euclid(1.0));
    let yaw = sign * 0.10;
    let planted = |cycle: f64| Foot {
        ankle: dvec3(sign * 0.75 * body.stance(), body.ankle, start + stride * (cycle + 0.27)),
        pitch: 0.0,
        yaw,
    };
    let flat = planted(cycle);
    let rolled = |pitch: f64| Foot { ankle: body.ankle_over(body.toe(&flat), pitch, yaw), pitch, yaw };
    if part < HEEL_OFF {
        // from the heel to the whole sole; the ankle hardly moves
        let pitch = STRIKE * (1.0 - ease(part / 0.12));
        return Foot { pitch, ..flat };
    }
    if part < STANCE {
        return rolled(TOE_OFF * rise((part - HEEL_OFF) / (STANCE - HEEL_OFF)));
    }
    let from = rolled(TOE_OFF);
    let to = planted(cycle + 1.0);
    let x = (part - STANCE) / (1.0 - STANCE);
    let mut ankle = from.ankle.lerp_monotonic(to.ankle, 0.35 * x + 0.65 * ease(x));
    // the foot clears the floor: highest soon after toe-off
    ankle.y += 0.05 * body.leg[1] / 0.42 * (std::f64::consts::PI * x.powf(0.7)).sin().powi(2);
    Foot { ankle, pitch: TOE_OFF + (STRIKE - TOE_OFF) * ease(x * 1.15), yaw }
}
