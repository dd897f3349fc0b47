//! Judging free answers of many clips at once.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::Tensor;

use super::Assistant;
use crate::{
    data::{DataClip, Family, Labels, Phrasing, QuestionAnswer, Rng, Truth, question_of},
    generate::greedy_batch,
    look::Look,
};

impl Assistant {
    /// Asks each clip of a set the questions of `families` that its motion has a truth for, and counts in `tally` the
    /// right and the asked ones by family. Waits for the device.
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
        let prompts = asked.iter().map(|(i, qa)| self.prompt(&qa.question, look, *i)).collect::<Result<Vec<_>>>()?;
        let visual = Tensor::cat(asked.iter().map(|(i, _)| look.visual_of(*i)).collect(), 1);
        let options = self.generate_options();
        let answers = greedy_batch(&self.model.internvl, &prompts, Some(visual), &options, |_, _| {})?;
        for ((_, qa), ids) in asked.iter().zip(answers) {
            let answer = self.chat.tokenizer().decode(&ids);
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
