//! Takes of any length, made of the samples.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use skeletonllm_checks::asset;

/// Writes a take of so many times more than ten seconds: all BVH samples one after the other, for they share one skeleton.
/// The text of it, and its frames.
///
/// # Errors
/// When a sample cannot be read or the take not be written.
pub fn write_long_take(path: &Path, times: usize) -> Result<(String, usize)> {
    let names = ["wave_left_hand", "squat", "clap", "walk", "raise_right_hand"];
    let (mut skeleton, mut lines) = (String::new(), Vec::new());
    for name in names {
        let text = fs::read_to_string(asset("samples").join(format!("{name}.bvh")))?;
        let (above, motion) = text.split_once("MOTION\n").context("a BVH has a motion")?;
        above.clone_into(&mut skeleton);
        lines.extend(motion.lines().skip(2).map(str::to_owned));
    }
    let (frames, once) = (times * lines.len(), lines.join("\n") + "\n");
    let text = format!("{skeleton}MOTION\nFrames: {frames}\nFrame Time: 0.0333333\n{}", once.repeat(times));
    fs::write(path, &text)?;
    Ok((text, frames))
}
