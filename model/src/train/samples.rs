//! From clips of a data set to what one step learns from: augmented clips and questions about them, as tokens.

use anyhow::{Context, Result};
use draction::{
    clip::{Clip, ClipOptions, Fit, View},
    sampling::Sampler,
};
use rayon::prelude::*;

use crate::{
    chat::Chat,
    data::{
        AugmentOptions, Batches, DataClip, FamilyWeights, Labels, Phrasing, Rng, Truth, augment, layout,
        sample_question,
    },
    internvl::TokenBatch,
};

/// What one optimiser step learns from.
pub struct StepBatch {
    /// `[B]` augmented clips.
    pub clips: Vec<Clip>,
    /// `[B·Q]` conversations, those of one clip next to each other.
    pub tokens: TokenBatch,
    /// Which tokens count.
    pub labels: Vec<Vec<i64>>,
}

/// Everything that batches are made from.
pub struct Source<'a> {
    /// Training clips of all folders.
    pub clips: Vec<&'a DataClip>,
    /// Their labels.
    pub labels: Labels,
    /// The order.
    pub batches: Batches,
    /// How clips are changed.
    pub augment: AugmentOptions,
    /// Share of clips that are shown on fewer joints.
    pub sparse: f32,
    /// How often each family is asked.
    pub families: FamilyWeights,
    /// Writes conversations.
    pub chat: Chat,
    /// Frames of a clip.
    pub frames: usize,
    /// Questions about each clip.
    pub questions: usize,
}

impl Source<'_> {
    /// A batch of `epoch`: `members` are one element of [`Batches::epoch`]. Depends on nothing else.
    ///
    /// # Errors
    /// When a clip shows nobody, naming its file.
    pub fn batch(&self, epoch: u64, members: &[(usize, usize)]) -> Result<StepBatch> {
        let samples = members
            .par_iter()
            .map(|&(position, clip)| self.sample(self.clips[clip], self.batches.rng(epoch, position)))
            .collect::<Result<Vec<_>>>()?;
        let mut batch = StepBatch { clips: Vec::new(), tokens: TokenBatch::new(Vec::new()), labels: Vec::new() };
        let mut rows = Vec::new();
        for (clip, conversations) in samples {
            batch.clips.push(clip);
            for prompt in conversations {
                rows.push(prompt.ids);
                batch.labels.push(prompt.labels);
            }
        }
        batch.tokens = TokenBatch::new(rows);
        Ok(batch)
    }

    fn sample(&self, clip: &DataClip, mut rng: Rng) -> Result<(Clip, Vec<crate::chat::Prompt>)> {
        let shown = augment(&clip.motion, &self.augment, &mut rng);
        let still = Fit::default();
        // the fit camera finds the performer's front whatever way the clip is turned, so turning is its business
        let turn = f64::from(self.augment.yaw_deg);
        let fit = Fit {
            yaw: still.yaw + turn * f64::from(rng.range(-1.0, 1.0)),
            pitch: still.pitch + 0.2 * turn * f64::from(rng.range(-1.0, 1.0)),
            margin: still.margin * f64::from(rng.range(0.85, 1.0)),
            ..still
        };
        let options = ClipOptions {
            frames: self.frames,
            sampler: Sampler::Random { seed: rng.next_u64() },
            view: View::Fit(fit),
            ..ClipOptions::default()
        };
        let mut motion = shown.motion.without_empty_bodies();
        if rng.chance(self.sparse) {
            motion = layout::sparse(&motion);
        }
        let seen = Clip::from_motion(&motion, &options).with_context(|| clip.record.file_name.clone())?;
        let truth = Truth::of(&clip.record, &shown.motion, shown.mirrored, &self.labels);
        let mut conversations = Vec::with_capacity(self.questions);
        while conversations.len() < self.questions {
            let asked = sample_question(&truth, &mut rng, Phrasing::Train, &self.families)
                .with_context(|| format!("{}: there is nothing to ask about it", clip.record.file_name))?;
            conversations.push(self.chat.exchange(&as_typed(&asked.question, &mut rng), &asked.answer));
        }
        Ok((seen, conversations))
    }
}

/// A question as people type it: now and then without its capital, without its question mark, or with a pronoun.
fn as_typed(question: &str, rng: &mut Rng) -> String {
    let mut text = question.to_owned();
    if rng.chance(0.2) {
        let who: &str = ["he", "she", "this person", "the performer", "somebody"][rng.below(5)];
        text = text.replace("the person", who);
    }
    if rng.chance(0.3) {
        text = text.to_lowercase();
    }
    if rng.chance(0.3) && text.ends_with('?') {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_stay_questions_however_typed() {
        let mut rng = Rng::new(3);
        let typed: std::collections::BTreeSet<String> =
            (0..5000).map(|_| as_typed("Which hand does the person move?", &mut rng)).collect();
        assert!(typed.contains("Which hand does the person move?"));
        assert!(typed.contains("which hand does she move"));
        assert!(typed.iter().all(|t| t.to_lowercase().starts_with("which hand does ")), "{typed:?}");
    }
}
