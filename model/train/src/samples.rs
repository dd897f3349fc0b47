//! From clips of a data set to what one step learns from: augmented clips and questions about them, as tokens.

use anyhow::{Context, Result};
use draction::{
    clip::{Clip, ClipOptions, Fit, Viewpoint},
    figure,
    motion::Motion,
    sampling::Sampler,
};
use rayon::prelude::*;
use skeletonllm_data::{
    AugmentOptions, Batches, DataClip, Labels, Proportions, Rng, Truth, augment, degraded, layout, teacher::ShownClip,
    together,
};
use skeletonllm_network::{
    chat::{Chat, Prompt},
    token_reader::TokenBatch,
};

use super::{Curriculum, Note, Piece, Stage, StageConfig, readout};

/// What one optimiser step learns from, a part of it, or a piece of a part.
pub struct StepBatch {
    /// `[B]` augmented clips.
    pub clips: Vec<Clip>,
    /// `[B]` what conversations about them begin with.
    pub openings: TokenBatch,
    /// `[B·Q]` how they go on, those of one clip next to each other.
    pub rests: TokenBatch,
    /// Which tokens of the rests count.
    pub labels: Vec<Vec<i64>>,
    /// `[B]` what a [`super::Readout`] has to read of each clip.
    pub readings: Vec<Option<Vec<f32>>>,
    /// `[B]` the number of each clip's label among those of [`Source::labels`].
    pub said: Vec<Option<usize>>,
    /// `[B, T]` 1 where a frame is shown to the decoder, 0 where it is hidden.
    pub shown: Vec<f32>,
    /// What this is of a part that several processes share.
    pub share: Share,
}

/// Shares of a part of a batch, 0..1: each loss is the mean over another number of things.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Of its answers.
    pub answers: f64,
    /// Of its clips with a label.
    pub labels: f64,
    /// Of its clips with a pose to read.
    pub readings: f64,
}

/// One clip of a batch.
pub struct Sample {
    clip: Clip,
    rests: Vec<Prompt>,
    readings: Option<Vec<f32>>,
    said: Option<usize>,
    shown: Vec<f32>,
}

impl Sample {
    /// How many answers there are, and whether there is a label, and a pose to read.
    #[must_use]
    pub fn note(&self) -> Note {
        [self.rests.len() as u64, u64::from(self.said.is_some()), u64::from(self.readings.is_some())]
    }
}

/// Other clips that are tried for a pair: most sets have one skeleton, and runs a few sets.
const MEETINGS: usize = 8;

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
    /// Share of clips that are performed by the body of another one.
    pub bodies: f32,
    /// Share of clips that are shown on another layout of joints.
    pub layouts: f32,
    /// Share of clips with a second performer, where the stage asks how many there are.
    pub pairs: f32,
    /// What is asked.
    pub curriculum: Curriculum,
    /// Writes conversations.
    pub chat: Chat,
    /// Frames of a clip.
    pub frames: usize,
    /// Questions about each clip.
    pub questions: usize,
    /// Share of frames that are hidden from the decoder.
    pub hidden_frames: f32,
    /// Share of clips of which all frames are.
    pub blind: f32,
    /// Parts of a batch.
    pub parts: usize,
}

impl Source<'_> {
    /// Members of a batch of an epoch of a stage, that is, of an element of [`Batches::epoch`]. Depends on nothing else.
    /// Clips that the stage has nothing to ask about, and cuts that show nobody, are left out, which may leave none.
    ///
    /// # Errors
    /// See [`Curriculum::ask`].
    pub fn samples(&self, stage: &StageConfig, epoch: u64, members: &[(usize, usize)]) -> Result<Vec<Sample>> {
        members
            .par_iter()
            .filter_map(|&(position, clip)| {
                self.sample(stage, self.clips[clip], self.batches.rng(epoch, position)).transpose()
            })
            .collect()
    }

    /// Samples as a piece of a part of a batch.
    #[must_use]
    pub fn piece(&self, samples: Vec<Sample>, piece: &Piece<'_>) -> StepBatch {
        let openings = TokenBatch::new(vec![self.chat.opening().to_vec(); samples.len()]);
        let (mut clips, mut readings, mut said, mut shown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut rests, mut labels) = (Vec::new(), Vec::new());
        for sample in samples {
            clips.push(sample.clip);
            readings.push(sample.readings);
            said.push(sample.said);
            shown.extend(sample.shown);
            for prompt in sample.rests {
                rests.push(prompt.ids);
                labels.push(prompt.labels);
            }
        }
        let share = Share { answers: piece.share(0), labels: piece.share(1), readings: piece.share(2) };
        StepBatch { clips, openings, rests: TokenBatch::new(rests), labels, readings, said, shown, share }
    }

    /// Samples as a part of a batch that nobody shares.
    #[must_use]
    pub fn whole(&self, samples: Vec<Sample>) -> StepBatch {
        let notes: Vec<Note> = samples.iter().map(Sample::note).collect();
        self.piece(samples, &Piece { own: 0..notes.len(), notes: &notes })
    }

    /// Now and then the clip with the performer of another one in it.
    fn pair(&self, stage: Stage, clip: &DataClip, rng: &mut Rng) -> Option<DataClip> {
        let counted = matches!(stage, Stage::WarmUp | Stage::Refine) && self.curriculum.families.people > 0.0;
        if !counted || !rng.chance(self.pairs) {
            return None;
        }
        (0..MEETINGS).find_map(|_| together(clip, self.clips[rng.below(self.clips.len())], rng))
    }

    /// Now and then by a body with the proportions of another clip's.
    fn performed(&self, motion: Motion, rng: &mut Rng) -> Motion {
        let (chosen, donor) = (rng.chance(self.bodies), &self.clips[rng.below(self.clips.len())].motion);
        if !chosen || motion.bodies > 1 {
            return motion;
        }
        let own = figure::of(&motion).motion;
        match (Proportions::of(donor), Proportions::of(&own)) {
            (Some(other), Some(before)) => other.put_on(&own, &before),
            _ => own,
        }
    }

    fn sample(&self, config: &StageConfig, clip: &DataClip, mut rng: Rng) -> Result<Option<Sample>> {
        let (stage, count) = (config.stage, config.questions.unwrap_or(self.questions));
        let pair = self.pair(stage, clip, &mut rng);
        let clip = pair.as_ref().unwrap_or(clip);
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
            viewpoint: Viewpoint::Fit(fit),
            ..ClipOptions::default()
        };
        let truth = Truth::of(&clip.record, &shown.motion, shown.mirrored, &self.labels);
        let moved = shown.motion.without_empty_bodies();
        let moved = figure::with_hands(&moved).map_or(moved, |(longer, _)| longer);
        let performed = self.performed(moved, &mut rng);
        // what is to be read is the whole body as it moved, also where joints are missing or shake
        let whole = degraded(&performed, &self.augment.well_tracked(), &mut rng.clone());
        let mut seen = degraded(&performed, &self.augment, &mut rng);
        if rng.chance(self.layouts) {
            seen = layout::random(&seen, &mut rng);
        }
        let [seen, whole] = [seen, whole].map(|motion| figure::of(&motion).motion);
        let context = || clip.record.file_name.clone();
        // the whole clip shows somebody, but not every cut of it need do
        let Ok(seen) = Clip::from_motion(&seen, &options) else { return Ok(None) };
        let readings = readout::truth(&Clip::at_frames(&whole, &seen.frame_indices, &options).with_context(context)?);
        let (record, motion, mirrored) = (&clip.record, &shown.motion, shown.mirrored);
        let told = ShownClip { record, motion, mirrored, truth: &truth };
        let asked = if count == 0 { Vec::new() } else { self.curriculum.ask(stage, &told, count, &mut rng)? };
        let rests: Vec<Prompt> = asked.iter().map(|(question, answer)| self.chat.rest(question, answer)).collect();
        let said = truth.label.as_deref().and_then(|label| self.labels.index(label));
        let mut shown: Vec<f32> =
            (0..self.frames).map(|_| f32::from(u8::from(!rng.chance(self.hidden_frames)))).collect();
        if rng.chance(self.blind) {
            shown.fill(0.0);
        }
        Ok((count == 0 || !rests.is_empty()).then_some(Sample { clip: seen, rests, readings, said, shown }))
    }
}
