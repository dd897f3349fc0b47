//! A loaded model that looks at motions and answers: what `ask`, `evaluate` and later the page are made of.

use std::{collections::BTreeMap, path::Path, time::Instant};

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use draction::{
    clip::{Clip, ClipOptions},
    motion::Motion,
};

use crate::{
    chat::Chat,
    data::{self, DataClip, Family, Kinematics, Labels, Phrasing, QuestionAnswer, Rng, Truth, question_of},
    device::{self, DeviceChoice, Selected},
    folder::{Loaded, SkeletonLlm, see},
    generate::{GenerateOptions, Session, greedy, greedy_batch},
    internvl::TokenBatch,
    look::Look,
    tokenizer::Tokenizer,
};

/// A model ready to answer.
pub struct Assistant {
    model: SkeletonLlm,
    chat: Chat,
    labels: Vec<String>,
    device_name: String,
}

/// What the model said.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The words.
    pub text: String,
    /// Number of tokens, the end of the turn not counted.
    pub tokens: usize,
    /// Geometric mean of the tokens' probabilities, 0..1.
    pub confidence: f32,
    /// Time it took.
    pub seconds: f64,
}

/// Longest answer in tokens.
const MAX_ANSWER: usize = 64;
/// Longest question in tokens.
const MAX_QUESTION: usize = 512;

impl Assistant {
    /// Loads a model directory onto the chosen device.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it, or the device cannot be had.
    pub fn load(folder: &Path, choice: DeviceChoice) -> Result<Assistant> {
        let Selected { device, name, .. } = device::select(choice)?;
        let Loaded { model, tokenizer, extra } = Loaded::read(folder, &device)?;
        Ok(Assistant::new(model, &tokenizer, extra.labels, name))
    }

    /// An assistant around a model that is already in memory (without gradients, see `Module::valid`).
    pub fn new(model: SkeletonLlm, tokenizer: &Tokenizer, labels: Vec<String>, device_name: String) -> Assistant {
        let config = model.internvl.config();
        let chat = Chat::new(tokenizer, &config.skeleton(), config.tokens_per_frame());
        Assistant { model, chat, labels, device_name }
    }

    /// The labels that the model was trained on.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Where it computes.
    pub fn device_name(&self) -> &str {
        &self.device_name
    }

    /// Draws motions and looks at the pictures.
    ///
    /// # Errors
    /// When a motion shows nobody or its skeleton gives no template.
    pub fn look(&self, motions: &[&Motion]) -> Result<Look> {
        let config = self.model.internvl.config();
        let options = ClipOptions { frames: config.skeleton().frames, ..ClipOptions::default() };
        let clip = |motion: &&Motion| Clip::from_motion(&motion.without_empty_bodies(), &options);
        let clips = motions.iter().map(clip).collect::<Result<Vec<_>, _>>()?;
        let size = config.render_size();
        let frames = self.model.drawing.render(&clips, size)?;
        let visual = see(&self.model.internvl, frames.clone());
        Ok(Look { clips, frames, visual })
    }

    /// Answers a question about the first motion of `look`; `on_text` gets the words as they come.
    ///
    /// # Errors
    /// When the question is too long.
    pub fn ask(&self, look: &Look, question: &str, mut on_text: impl FnMut(&str)) -> Result<Answer> {
        let start = Instant::now();
        let tokenizer = self.chat.tokenizer();
        if tokenizer.encode(question).len() > MAX_QUESTION {
            bail!("the question is longer than {MAX_QUESTION} tokens");
        }
        let prompt = self.chat.question(&[], question).ids;
        let options =
            GenerateOptions { max_tokens: MAX_ANSWER, stop: vec![tokenizer.turn_end()], ..GenerateOptions::default() };
        let mut ids = Vec::new();
        let mut shown = String::new();
        greedy(&self.model.internvl, &prompt, Some(look.visual.clone()), &options, |token| {
            ids.push(token);
            let text = tokenizer.decode(&ids);
            // half a character waits for its other half
            if !text.ends_with('\u{fffd}')
                && let Some(new) = text.strip_prefix(&shown)
            {
                on_text(new);
                shown = text;
            }
        })?;
        let text = tokenizer.decode(&ids);
        let mut scored = ids.clone();
        scored.push(tokenizer.turn_end());
        let scores = self.score(look, question, &[scored])?;
        let confidence = (scores[0][0] / (ids.len() + 1) as f32).exp();
        Ok(Answer { text, tokens: ids.len(), confidence, seconds: start.elapsed().as_secs_f64() })
    }

    /// `[motions][candidates]` log-probability of each label as the answer to the standard recognition question.
    ///
    /// # Errors
    /// When a label is empty.
    pub fn rank(&self, look: &Look, labels: &[String]) -> Result<Vec<Vec<f32>>> {
        let question = data::canonical(Family::Recognition).expect("every family but one has a wording");
        let candidates: Vec<Vec<u32>> = labels.iter().map(|l| self.chat.candidate(l)).collect();
        self.score(look, question, &candidates)
    }

    fn score(&self, look: &Look, question: &str, candidates: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let prompt = self.chat.question(&[], question).ids;
        let rows = vec![prompt; look.clips.len()];
        let mut session = Session::new(&self.model.internvl);
        session.feed(&TokenBatch::new(rows), Some(look.visual.clone()))?;
        Ok(session.score(candidates)?)
    }

    /// All known labels for the first motion with their probabilities among themselves, best first.
    ///
    /// # Errors
    /// As [`Assistant::rank`].
    pub fn recognise(&self, look: &Look) -> Result<Vec<(String, f32)>> {
        let scores = self.rank(look, &self.labels)?.swap_remove(0);
        let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f32 = scores.iter().map(|s| (s - most).exp()).sum();
        let mut ranked: Vec<(String, f32)> =
            self.labels.iter().cloned().zip(scores.iter().map(|s| (s - most).exp() / total)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(ranked)
    }

    /// Asks each clip of a set the questions of `families` that its motion has a truth for, and counts in `tally` the
    /// right and the asked ones by family.
    ///
    /// # Errors
    /// As [`Assistant::look`].
    pub fn judge_questions(
        &self,
        clips: &[DataClip],
        look: &Look,
        families: &[Family],
        tally: &mut BTreeMap<String, (usize, usize)>,
    ) -> Result<()> {
        let labels = Labels::new(&self.labels);
        let mut asked: Vec<(usize, QuestionAnswer)> = Vec::new();
        for (i, clip) in clips.iter().enumerate() {
            let truth = Truth::of(&clip.record, &clip.motion, false, &labels);
            let mut rng = Rng::at(0, 0, clip.record.line as u64);
            for &family in families {
                asked.extend(question_of(family, &truth, &mut rng, Phrasing::Canonical).map(|qa| (i, qa)));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let tokenizer = self.chat.tokenizer();
        let prompts: Vec<Vec<u32>> = asked.iter().map(|(_, qa)| self.chat.question(&[], &qa.question).ids).collect();
        let per_clip = look.visual.dims()[0] / look.clips.len();
        let visual = asked.iter().map(|(i, _)| look.visual.clone().narrow(0, i * per_clip, per_clip)).collect();
        let options =
            GenerateOptions { max_tokens: MAX_ANSWER, stop: vec![tokenizer.turn_end()], ..GenerateOptions::default() };
        let answers = greedy_batch(&self.model.internvl, &prompts, Some(Tensor::cat(visual, 0)), &options, |_, _| {})?;
        for ((_, qa), ids) in asked.iter().zip(answers) {
            let answer = tokenizer.decode(&ids);
            let entry = tally.entry(qa.family.name().to_owned()).or_default();
            entry.0 += usize::from(same_words(&answer, &qa.answer));
            entry.1 += 1;
        }
        Ok(())
    }
}

/// Equal but for case, punctuation and white space.
fn same_words(a: &str, b: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
    };
    words(a) == words(b)
}

/// A sentence about what was read: only for people.
pub fn describe_motion(motion: &Motion) -> String {
    let kinematics = Kinematics::of(motion);
    let hands = kinematics.hands.map_or(String::new(), |h| format!(", hands {h:?}"));
    format!(
        "{} joints, {} frames at {:.1} fps, {} ({:.2} m tall{hands})",
        motion.joints(),
        motion.frames(),
        motion.fps,
        match motion.bodies {
            1 => "one body".to_owned(),
            n => format!("{n} body slots"),
        },
        motion.height()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decide_not_their_dress() {
        assert!(same_words(" Left hand.", "left hand"));
        assert!(!same_words("left hand", "both hands"));
        assert!(!same_words("", "no"));
    }
}
