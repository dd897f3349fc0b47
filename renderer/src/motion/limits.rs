//! How much of a file is taken, checked before anything is allocated by it.

use std::ops::RangeInclusive;

use super::error::Cause;

/// Largest file that is read, in bytes: about half an hour of a detailed BVH.
pub const MAX_FILE_BYTES: u64 = 256 << 20;
/// Most joints of a skeleton, counting helper joints and end sites.
pub const MAX_JOINTS: usize = 1024;
/// Most frames of a motion: more than an hour at 120 frames a second.
pub const MAX_FRAMES: usize = 500_000;
/// Most joint positions of a motion, over all frames and bodies: bounds the memory to about 900 MB.
pub const MAX_JOINT_FRAMES: usize = 20_000_000;
/// Frames a second that a motion may have.
pub(super) const FRAME_RATES: RangeInclusive<f64> = 0.1..=10_000.0;
/// Most bones that a file may list: a few for each joint.
pub(super) const MAX_BONES: usize = 4 * MAX_JOINTS;
/// Largest coordinate in file units: a thousand kilometres in millimetres. Beyond it something else than a body was written.
pub(super) const MAX_COORDINATE: f64 = 1e9;

/// Checks the length of a file.
pub(super) fn check_size(bytes: u64) -> Result<(), Cause> {
    if bytes > MAX_FILE_BYTES {
        return Err(Cause::TooLarge {
            what: "the file's size in bytes",
            value: bytes.to_string(),
            limit: MAX_FILE_BYTES,
        });
    }
    Ok(())
}

/// Checks a count that a file states.
pub(super) fn check_count(what: &'static str, value: usize, limit: usize) -> Result<(), Cause> {
    if value > limit {
        return Err(Cause::TooLarge { what, value: value.to_string(), limit: limit as u64 });
    }
    Ok(())
}

/// Checks frames, bodies and joints together.
pub(super) fn check_volume(frames: usize, bodies: usize, joints: usize) -> Result<(), Cause> {
    check_count("the number of frames", frames, MAX_FRAMES)?;
    check_count("the number of joints", joints, MAX_JOINTS)?;
    check_count("frames × bodies × joints", frames.saturating_mul(bodies).saturating_mul(joints), MAX_JOINT_FRAMES)
}
