//! Finding takes, and windows of long ones, by text and by example: an index of vectors that motions and sentences share.

mod format;
mod index;
mod ranking;
#[cfg(test)]
mod tests;
mod update;

pub use format::IndexError;
pub use index::{Found, Index, IndexedFile, Merged, Row};
pub use ranking::Hit;
pub use update::{Changes, update};

use std::ops::Range;

use anyhow::Result;
use draction::motion::Motion;
use skeletonllm_data::streams::Poses;

use crate::{
    assistant::{LONG_TAKE_SECONDS, SpanOptions, stretches},
    sugar::Sugar,
};

/// A stretch of a take as the network gets it.
pub struct Window {
    /// From when to when, in seconds.
    pub seconds: Range<f32>,
    /// What is looked at.
    pub poses: Poses,
}

/// The windows of a take: all of it, or of a long one windows as its labels are found by, wherever somebody is there.
///
/// # Errors
/// When nobody is ever there, or the skeleton is none that the network can look at.
pub fn windows(sugar: &Sugar, motion: &Motion) -> Result<Vec<Window>> {
    if motion.seconds() < LONG_TAKE_SECONDS {
        return Ok(vec![Window { seconds: 0.0..motion.seconds(), poses: sugar.shown(motion)? }]);
    }
    let frames = stretches(motion, &SpanOptions::default())?.into_iter().flatten();
    let window = |frames: Range<usize>| {
        let seconds = frames.start as f32 / motion.fps..frames.end as f32 / motion.fps;
        Ok(Window { seconds, poses: sugar.shown(&motion.cropped(frames))? })
    };
    let windows = frames.map(window).collect::<Result<Vec<_>>>()?;
    anyhow::ensure!(!windows.is_empty(), "nobody is there");
    Ok(windows)
}
