//! Judging free answers of many clips at once.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::Tensor;
use skeletonllm_data::{DataClip, Family, Labels, Phrasing, QuestionAnswer, Rng, Texts, Truth, question_of};
use skeletonllm_network::generate::{GenerateOptions, greedy_batch};

use super::{
    Assistant,
    doubt::{Part, Settled},
};
use crate::observation::Observation;

/// What became of some questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuestionTally {
    /// How many were asked.
    pub asked: usize,
    /// Answers that equal the truth, case and punctuation aside.
    pub right: usize,
    /// Answers that decline to answer; right where no skeleton shows what was asked.
    pub declined: usize,
}

/// Longest answer to [`Assistant::label_in_words`], in tokens.
const MAX_LABEL: usize = 16;
/// How much less likely it makes tokens that occurred before.
const REPETITION_PENALTY: f32 = 1.05;

impl Assistant {
    /// Asks each clip of a set the questions of `families` that its motion has a truth for, and counts in `tally` what
    /// became of them, by family. Captions that a set brings itself can be said in many ways and are not judged. Waits
    /// for the device.
    ///
    /// # Errors
    /// As [`Assistant::observe`].
    pub fn judge_questions(
        &self,
        clips: &[DataClip],
        observation: &Observation,
        families: &[Family],
        tally: &mut BTreeMap<String, QuestionTally>,
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
        let questions: Vec<(usize, &str)> = asked.iter().map(|(i, qa)| (*i, qa.question.as_str())).collect();
        let answers = self.answer_all(observation, &questions, &self.generate_options())?;
        let cannot_tell = &Texts::built_in().answers().cannot_tell;
        for ((_, qa), answer) in asked.iter().zip(answers) {
            let entry = tally.entry(qa.family.name().to_owned()).or_default();
            entry.asked += 1;
            entry.right += usize::from(is_right(qa, &answer));
            entry.declined += usize::from(same_words(&answer, cannot_tell));
        }
        Ok(())
    }

    /// The answer to one question about each motion of `observation`, generated as the paper does it: greedily, at most
    /// sixteen tokens, with a repetition penalty of 1.05 (spec A.10). Waits for the device.
    ///
    /// # Errors
    /// When the device gives nothing back.
    pub fn label_in_words(&self, observation: &Observation, question: &str) -> Result<Vec<String>> {
        let questions: Vec<(usize, &str)> = (0..observation.clips.len()).map(|i| (i, question)).collect();
        let stop = vec![self.chat.tokenizer().turn_end()];
        self.answer_all(
            observation,
            &questions,
            &GenerateOptions { max_tokens: MAX_LABEL, stop, repetition_penalty: REPETITION_PENALTY },
        )
    }

    /// The answer to one question about each motion of `observation`, as [`Assistant::ask`] gives it. Waits for the device.
    ///
    /// # Errors
    /// When the device gives nothing back.
    pub fn answers(&self, observation: &Observation, question: &str) -> Result<Vec<String>> {
        let questions: Vec<(usize, &str)> = (0..observation.clips.len()).map(|i| (i, question)).collect();
        self.answer_all(observation, &questions, &self.generate_options())
    }

    /// Answers to questions, each about the motion of that number. They may be long: sixty labels to choose from.
    fn answer_all(
        &self,
        observation: &Observation,
        asked: &[(usize, &str)],
        options: &GenerateOptions,
    ) -> Result<Vec<String>> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let mut prompts: Vec<Vec<u32>> = Vec::with_capacity(asked.len());
        let (mut said, mut open) = (vec![String::new(); asked.len()], Vec::new());
        for (number, (motion, question)) in asked.iter().enumerate() {
            let (mut beginning, mut ending) = (String::new(), None);
            if let Some(of_labels) = self.asked(question) {
                let Settled { part, text, .. } = pollster::block_on(self.settle(of_labels, observation, *motion))?;
                match part {
                    Part::All => {
                        said[number] = text;
                        continue;
                    }
                    Part::Beginning => beginning = text,
                    Part::Ending => ending = Some(text),
                }
            }
            let mut prompt = self.prompt_of_any_length(question, observation, *motion);
            prompt.extend(self.chat.tokenizer().encode(&beginning));
            prompts.push(prompt);
            open.push((number, *motion, beginning, ending));
        }
        if open.is_empty() {
            return Ok(said);
        }
        let visual = Tensor::cat(open.iter().map(|(_, motion, ..)| observation.visual_of(*motion)).collect(), 1);
        let answers = greedy_batch(&self.model.internvl, &prompts, Some(visual), options, |_, _| {})?;
        for ((number, _, beginning, ending), ids) in open.into_iter().zip(&answers) {
            let text = beginning + &self.chat.tokenizer().decode(ids);
            said[number] = match (ending, Texts::built_in().chain_of(&text)) {
                (Some(ending), Some(chain)) => chain.to_owned() + &ending,
                _ => text,
            };
        }
        Ok(said)
    }

    /// Whether what is said of each motion agrees: its label, yes to that label and no to another one, and a sentence.
    /// Motions of which no label is named are left out.
    ///
    /// # Errors
    /// When the device gives nothing back.
    pub fn judge_agreement(
        &self,
        clips: &[DataClip],
        observation: &Observation,
        agreement: &mut Agreement,
    ) -> Result<()> {
        let (texts, labels) = (Texts::built_in(), Labels::new(&self.labels));
        let canonical = |family| skeletonllm_data::canonical(family).unwrap_or_default();
        let options = self.generate_options();
        let all: Vec<(usize, &str)> = (0..clips.len()).map(|motion| (motion, canonical(Family::Recognition))).collect();
        let said = self.answer_all(observation, &all, &options)?;
        let (mut asked, mut named) = (Vec::new(), Vec::new());
        for (motion, (label, clip)) in
            said.iter().zip(clips).enumerate().filter(|(_, (label, _))| self.labels.contains(label))
        {
            let others: Vec<&String> =
                labels.names().iter().filter(|other| !texts.may_both_hold(&labels, label, other)).collect();
            if others.is_empty() {
                continue;
            }
            let other: &String = Rng::at(0, 1, clip.record.line as u64).pick::<&String>(&others);
            let whether = |label: &str| canonical(Family::YesNo).replace("{doing}", &texts.doing(label));
            asked.extend([whether(label), whether(other), canonical(Family::Caption).to_owned()].map(|q| (motion, q)));
            named.push(label);
        }
        let questions: Vec<(usize, &str)> =
            asked.iter().map(|(motion, question)| (*motion, question.as_str())).collect();
        let answers = self.answer_all(observation, &questions, &options)?;
        for (answers, label) in answers.chunks_exact(3).zip(named) {
            let yes = same_words(&answers[0], &texts.answers().yes);
            let no = same_words(&answers[1], &texts.answers().no);
            agreement.clips += 1;
            agreement.yes += usize::from(yes);
            agreement.no += usize::from(no);
            agreement.caption += usize::from(answers[2].starts_with(&texts.caption_begins(label)));
        }
        Ok(())
    }
}

/// Of how many motions what is said agrees with the label that is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Motions of which a label was named.
    pub clips: usize,
    /// "Yes" to that label.
    pub yes: usize,
    /// "No" to another one that cannot hold with it.
    pub no: usize,
    /// A sentence that says the label.
    pub caption: usize,
}

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
