//! How much may happen to a clip.

use serde::{Deserialize, Serialize};

/// What may happen to a clip in training. Every range is uniform unless said otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentOptions {
    /// Turn about the vertical, up to this many degrees to either side, 0..180.
    pub yaw_deg: f32,
    /// Probability of a mirrored clip. Left and right change places in its label, too: see [`Augmented::mirrored`](super::Augmented::mirrored).
    pub mirror: f32,
    /// Size, smallest and largest factor.
    pub scale: [f32; 2],
    /// Speed, smallest and largest factor. Acts on the frame rate, which changes velocities but costs nothing.
    pub tempo: [f32; 2],
    /// Fraction of the clip that is kept, smallest and largest; where it is cut is random, too.
    pub keep: [f32; 2],
    /// Uneven tempo, 0..1: the clip runs up to this much faster at one end, and slower at the other.
    pub warp: f32,
    /// Probability that only each second or third frame is there, as of a slower recording (never below 10 a second).
    pub slow_recording: f32,
    /// Largest share of lost frames, 0..1: the pose before stays in their place. A clip's share is mostly small.
    pub lost_frames: f32,
    /// Probability of a flat clip, as an estimate from a video without depth: everything in one upright plane, which
    /// the performer faces up to 40° askew.
    pub flat: f32,
    /// Largest amplitude in metres of a slow error of each joint (about one sway a second), as of a tracker that
    /// drifts. A clip's amplitude is mostly small.
    pub drift_m: f32,
    /// Largest amplitude in metres of an error that is new in each frame, uniform within it. Half of the clips have less
    /// than a sixteenth of this, one in six more than a half.
    pub jitter_m: f32,
    /// Largest share of joints that are lost and held at the next joint towards the root, 0..1. As for jitter, only few
    /// clips lose many.
    pub lost_joints: f32,
    /// Largest relative change of a bone's length; both sides of the body change alike. Does not apply to joints
    /// without a parent.
    pub bone_length: f32,
    /// Largest relative change of how far gestures go: every joint's way about its mean.
    pub amplitude: f32,
    /// Arms and legs are held up to this many degrees otherwise, the whole clip long.
    pub limb_deg: f32,
}

impl Default for AugmentOptions {
    fn default() -> AugmentOptions {
        AugmentOptions {
            yaw_deg: 35.0,
            mirror: 0.5,
            scale: [0.9, 1.1],
            tempo: [0.7, 1.4],
            keep: [0.8, 1.0],
            warp: 0.2,
            slow_recording: 0.15,
            lost_frames: 0.2,
            flat: 0.07,
            drift_m: 0.03,
            jitter_m: 0.12,
            lost_joints: 0.4,
            bone_length: 0.15,
            amplitude: 0.2,
            limb_deg: 10.0,
        }
    }
}

impl AugmentOptions {
    /// The same with a tracker that makes no errors: nothing drifts, shakes or gets lost.
    pub fn well_tracked(&self) -> AugmentOptions {
        AugmentOptions { lost_frames: 0.0, drift_m: 0.0, jitter_m: 0.0, lost_joints: 0.0, ..self.clone() }
    }

    /// For networks that look at joints alone, brought to one size and a number of frames: what those undo is left out, and
    /// so are cuts and turns, which they make themselves.
    pub fn of_joints() -> AugmentOptions {
        AugmentOptions {
            yaw_deg: 0.0,
            scale: [1.0; 2],
            tempo: [1.0; 2],
            keep: [1.0; 2],
            flat: 0.0,
            ..AugmentOptions::default()
        }
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// One sentence naming the field.
    pub fn validate(&self) -> Result<(), String> {
        let shares = [
            ("mirror", self.mirror),
            ("warp", self.warp),
            ("slow_recording", self.slow_recording),
            ("lost_frames", self.lost_frames),
            ("flat", self.flat),
            ("lost_joints", self.lost_joints),
            ("bone_length", self.bone_length),
            ("amplitude", self.amplitude),
        ];
        let sizes = [("drift_m", self.drift_m), ("jitter_m", self.jitter_m)];
        let angles = [("yaw_deg", self.yaw_deg), ("limb_deg", self.limb_deg)];
        let within = |most: f32| move |&(_, value): &(&str, f32)| !(0.0..=most).contains(&value);
        let one =
            |(name, value): (&str, f32), most: f32| Err(format!("augment.{name} is {value}, not within 0..={most}"));
        if let Some(bad) = shares.into_iter().find(within(1.0)) {
            return one(bad, 1.0);
        }
        if let Some(bad) = angles.into_iter().find(within(180.0)) {
            return one(bad, 180.0);
        }
        if let Some((name, value)) = sizes.into_iter().find(within(f32::MAX)) {
            return Err(format!("augment.{name} is {value} metres; it must be 0 or more"));
        }
        let pairs = [("scale", self.scale, 100.0), ("tempo", self.tempo, 100.0), ("keep", self.keep, 1.0)];
        let wrong =
            |&(_, [least, most], limit): &(&str, [f32; 2], f32)| !(least > 0.0 && least <= most && most <= limit);
        match pairs.into_iter().find(wrong) {
            Some((name, [least, most], limit)) => Err(format!(
                "augment.{name} is [{least}, {most}]; it must be the smaller and the larger of two numbers above 0 and at most {limit}"
            )),
            None => Ok(()),
        }
    }

    /// Leaves every clip as it is.
    pub fn none() -> AugmentOptions {
        AugmentOptions {
            yaw_deg: 0.0,
            mirror: 0.0,
            scale: [1.0; 2],
            tempo: [1.0; 2],
            keep: [1.0; 2],
            warp: 0.0,
            slow_recording: 0.0,
            lost_frames: 0.0,
            flat: 0.0,
            drift_m: 0.0,
            jitter_m: 0.0,
            lost_joints: 0.0,
            bone_length: 0.0,
            amplitude: 0.0,
            limb_deg: 0.0,
        }
    }
}
