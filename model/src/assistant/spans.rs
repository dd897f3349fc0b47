//! What is done when in a long take: a window slides over it, and what its places say is joined to stretches.

mod smooth;

use std::ops::{ControlFlow, Range};

use anyhow::{Result, ensure};
use draction::motion::Motion;
use serde::{Deserialize, Serialize};
use skeletonllm_network::task::yield_now;

use super::{Assistant, rank::among_themselves};
use crate::drawing::DrawSettings;

/// From this length on, twelve frames of the whole take show too little, and it is better labelled in spans.
pub const LONG_TAKE_SECONDS: f32 = 10.0;

/// Windows drawn and looked at in one go: enough to keep a GPU busy, few enough to let a page breathe.
const BATCH: usize = 4;

/// How a long take is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanOptions {
    /// Length of a window. 3 s is the median length of the clips that our model learned from, and its twelve frames lie
    /// as close together as theirs.
    pub window_seconds: f32,
    /// From one window to the next; spans begin and end at multiples of it.
    pub hop_seconds: f32,
}

impl Default for SpanOptions {
    fn default() -> SpanOptions {
        SpanOptions { window_seconds: 3.0, hop_seconds: 1.0 }
    }
}

/// A stretch of a take in which one thing is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Where it begins.
    pub start_seconds: f32,
    /// Where it ends.
    pub end_seconds: f32,
    /// What is done: one of the model's labels.
    pub label: String,
    /// The label's probability among all labels, the mean over the windows that show the stretch.
    pub probability: f32,
}

impl Assistant {
    /// Labels a take: windows slide over every stretch in which somebody is there, the model recognises each, and a
    /// path through the labels is laid that follows the windows' means but does not change lightly (`smooth`). Spans
    /// are in order and do not overlap; together they cover the stretches, where nobody is there is none. Gaps shorter
    /// than a hop count as somebody's. A stretch shorter than a window is one window.
    ///
    /// `on_progress` hears how many windows are done and how many there are; [`ControlFlow::Break`] ends the work with
    /// the spans of what was done so far.
    ///
    /// # Errors
    /// When the options or settings cannot be used, or the device gives nothing back.
    pub async fn label_spans(
        &self,
        motion: &Motion,
        settings: &DrawSettings,
        options: &SpanOptions,
        mut on_progress: impl FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Vec<Span>> {
        ensure!(!self.labels.is_empty(), "the model knows no labels");
        let stretches = stretches(motion, options)?;
        let windows: Vec<&Range<usize>> = stretches.iter().flatten().collect();
        let mut scores: Vec<Vec<f32>> = Vec::with_capacity(windows.len());
        let mut flow = on_progress(0, windows.len());
        for batch in windows.chunks(BATCH) {
            if flow.is_break() {
                break;
            }
            let parts: Vec<Motion> = batch.iter().map(|&window| motion.cropped(window.clone())).collect();
            let observation = self.observe_async(&parts.iter().collect::<Vec<_>>(), settings).await?;
            let ranked = self.rank_async(&observation, &self.labels).await?;
            scores.extend(ranked.iter().map(|scores| among_themselves(scores)));
            yield_now().await;
            flow = on_progress(scores.len(), windows.len());
        }
        Ok(joined(stretches, scores, &self.labels, motion.fps))
    }
}

/// The spans of the windows of each stretch, of which as many as there are `[windows][labels]` probabilities were looked
/// at.
pub(crate) fn joined(
    stretches: Vec<Vec<Range<usize>>>,
    probabilities: Vec<Vec<f32>>,
    labels: &[String],
    fps: f32,
) -> Vec<Span> {
    let mut probabilities = probabilities.into_iter();
    let mut spans = Vec::new();
    for windows in stretches {
        let done: Vec<_> = windows.into_iter().zip(probabilities.by_ref()).collect();
        for span in smooth::spans(&done, fps) {
            spans.push(Span {
                start_seconds: span.frames.start as f32 / fps,
                end_seconds: span.frames.end as f32 / fps,
                label: labels[span.label].clone(),
                probability: span.probability,
            });
        }
    }
    spans
}

/// The windows of every stretch in which somebody is there, in frames.
///
/// # Errors
/// When the options leave gaps, or windows never end.
pub(crate) fn stretches(motion: &Motion, options: &SpanOptions) -> Result<Vec<Vec<Range<usize>>>> {
    let SpanOptions { window_seconds, hop_seconds } = *options;
    ensure!(
        hop_seconds > 0.0 && hop_seconds <= window_seconds && window_seconds.is_finite(),
        "windows of {window_seconds} s every {hop_seconds} s leave gaps or never end"
    );
    let frames = |seconds: f32| ((seconds * motion.fps).round() as usize).max(1);
    let (window, hop) = (frames(window_seconds), frames(hop_seconds));
    let mut somebody: Vec<Range<usize>> = Vec::new();
    for frame in (0..motion.frames()).filter(|&t| (0..motion.bodies).any(|p| motion.is_present(t, p))) {
        match somebody.last_mut() {
            Some(last) if frame - last.end < hop => last.end = frame + 1,
            _ => somebody.push(frame..frame + 1),
        }
    }
    Ok(somebody.into_iter().map(|stretch| windows(stretch, window, hop)).collect())
}

/// Windows of `window` frames, one every `hop` frames; the last ends where the stretch ends.
fn windows(stretch: Range<usize>, window: usize, hop: usize) -> Vec<Range<usize>> {
    let length = stretch.len();
    if length <= window {
        return vec![stretch];
    }
    let last = length - window;
    let starts = (0..last).step_by(hop).chain([last]);
    starts.map(|start| stretch.start + start..stretch.start + start + window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_a_stretch_to_its_end() {
        let ends = |stretch| windows(stretch, 30, 10).iter().map(|w| [w.start, w.end]).collect::<Vec<_>>();
        assert_eq!(ends(10..25), [[10, 25]]);
        assert_eq!(ends(0..30), [[0, 30]]);
        assert_eq!(ends(5..50), [[5, 35], [15, 45], [20, 50]]);
        assert_eq!(ends(0..50), [[0, 30], [10, 40], [20, 50]]);
    }
}
