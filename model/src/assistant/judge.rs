//! Judging free answers of many clips at once.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::Tensor;

use super::Assistant;
use crate::{
    data::{DataClip, Family, Labels, Phrasing, QuestionAnswer, Rng, Texts, Truth, question_of},
    generate::greedy_batch,
    look::Look,
};

impl Assistant {
    /// Asks each clip of a set the questions of `families` that its motion has a truth for, and counts in `tally` the
    /// right and the asked ones by family; under [`NOT_DECLINED`] those that have an answer and got one, right or not.
    /// Captions that a set brings itself can be said in many ways and are not judged. Waits for the device.
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
            let own_captions = !truth.captions.is_empty();
            for &family in families.iter().filter(|&&f| f != Family::Caption || !own_captions) {
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
            let mut count = |name: &str, right: bool| {
                let entry = tally.entry(name.to_owned()).or_default();
                entry.0 += usize::from(right);
                entry.1 += 1;
            };
            count(qa.family.name(), is_right(qa, &answer));
            if qa.family != Family::Unanswerable {
                count(NOT_DECLINED, !same_words(&answer, &Texts::built_in().answers().cannot_tell));
            }
        }
        Ok(())
    }
}

/// Under this name the tally holds how many questions that have an answer were not declined.
pub const NOT_DECLINED: &str = "not_declined";

/// Whether an answer is the true one. An explanation must begin with the true first movement and end with the true
/// label; what it says in between may leave something out.
fn is_right(asked: &QuestionAnswer, answer: &str) -> bool {
    if asked.family != Family::Why {
        return same_words(answer, &asked.answer);
    }
    let ends = |text: &str| -> [String; 2] {
        let first = text.split([',', ':']).next().unwrap_or_default();
        let last = text.rsplit(':').next().unwrap_or_default();
        [first.to_owned(), last.to_owned()]
    };
    ends(answer).iter().zip(&ends(&asked.answer)).all(|(a, b)| same_words(a, b))
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

    #[test]
    fn an_explanation_is_judged_by_its_begin_and_its_end() {
        let why = |answer: &str| QuestionAnswer { family: Family::Why, question: "Why?".into(), answer: answer.into() };
        let truth = why("The left arm rises, then the left arm lowers: the person is waving.");
        assert!(is_right(&truth, "The left arm rises, then the body turns: the person is waving."));
        assert!(!is_right(&truth, "The right arm rises, then the left arm lowers: the person is waving."));
        assert!(!is_right(&truth, "The left arm rises, then the left arm lowers: the person is clapping."));
        assert!(!is_right(&truth, ""));
    }
}
