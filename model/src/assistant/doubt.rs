//! Questions that are answered from the scores of all labels together, and what is said in doubt.

use anyhow::Result;
use skeletonllm_data::{Asked, Labels, Texts, asked};

use super::{Assistant, rank::among_themselves};
use crate::observation::Observation;

/// Labels that are offered in doubt.
const OFFERED: usize = 3;
/// What no label says is held for true if it fits nearly as well as the label that fits best, in the unit of scores.
const NEARLY: f32 = 1.0;

/// What follows from the scores.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Settled {
    /// The answer, and its probability, 0..1.
    Answer { text: String, confidence: f32 },
    /// How the answer begins; the decoder says the rest.
    Beginning(String),
}

impl Assistant {
    /// The answer to a question about one motion that asks for its label, whether it is this one, or for a sentence.
    /// `None` for other questions, and in a model that was not aligned with words, whose decoder answers all.
    ///
    /// # Errors
    /// When the device gives nothing back.
    pub(super) async fn settled(
        &self,
        observation: &Observation,
        motion: usize,
        question: &str,
    ) -> Result<Option<Settled>> {
        let Some(alignment) = self.model.alignment.as_ref().filter(|_| !self.labels.is_empty()) else {
            return Ok(None);
        };
        let texts = Texts::built_in();
        let Some(asked) = asked(question, texts) else { return Ok(None) };
        let mut names = self.labels.clone();
        if let Asked::Whether(label) = &asked {
            if alignment.words().embed(label).is_none() {
                return Ok(None);
            }
            if !names.contains(label) {
                names.push(label.clone());
            }
        }
        let scores = self.rank_async(&observation.only(motion), &names).await?.swap_remove(0);
        Ok(Some(match asked {
            Asked::Label => named(&names, &scores, alignment.shares().least, texts),
            Asked::Caption => match named(&names, &scores, alignment.shares().least, texts) {
                Settled::Answer { text, .. } if names.contains(&text) => {
                    Settled::Beginning(texts.caption_begins(&text))
                }
                doubt => doubt,
            },
            Asked::Whether(label) => whether(&label, &names, &scores, self.labels.contains(&label), texts),
        }))
    }
}

/// The likeliest label, or those that are most like it where it is not likely enough.
fn named(names: &[String], scores: &[f32], least: f32, texts: &Texts) -> Settled {
    let probabilities = among_themselves(scores);
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let confidence = probabilities[order[0]];
    if confidence >= least {
        return Settled::Answer { text: names[order[0]].clone(), confidence };
    }
    let nearest: Vec<String> = order.iter().take(OFFERED).map(|&i| names[i].clone()).collect();
    Settled::Answer { text: texts.unsure(&nearest), confidence }
}

/// Whether a label holds: it is the likeliest, or may be true together with that.
fn whether(label: &str, names: &[String], scores: &[f32], taught: bool, texts: &Texts) -> Settled {
    let labels = Labels::new(names);
    let holds = |name: &String| name == label || texts.may_both_hold(&labels, name, label);
    let probabilities = among_themselves(scores);
    let together: f32 = names.iter().zip(&probabilities).filter(|(name, _)| holds(name)).map(|(_, p)| p).sum();
    let best = (0..names.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or_default();
    let own = names.iter().position(|name| name == label).map_or(f32::NEG_INFINITY, |i| scores[i]);
    let yes = holds(&names[best]) || !taught && own >= scores[best] - NEARLY;
    let answers = texts.answers();
    let (text, confidence) = if yes { (&answers.yes, together) } else { (&answers.no, 1.0 - together) };
    Settled::Answer { text: text.clone(), confidence }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(settled: Settled) -> (String, f32) {
        match settled {
            Settled::Answer { text, confidence } => (text, confidence),
            Settled::Beginning(text) => panic!("only a beginning: {text}"),
        }
    }

    fn names() -> Vec<String> {
        ["clap", "walk", "walk turn left", "wave left hand", "wave right hand"].map(str::to_owned).to_vec()
    }

    #[test]
    fn yes_and_no_agree_with_the_label() {
        let texts = Texts::built_in();
        let names = names();
        for (best, label) in names.iter().enumerate() {
            let scores: Vec<f32> = (0..names.len()).map(|i| if i == best { 6.0 } else { 0.0 }).collect();
            assert_eq!(&answer(named(&names, &scores, 0.5, texts)).0, label);
            for other in &names {
                let (said, confidence) = answer(whether(other, &names, &scores, true, texts));
                let walks = |name: &str| name.starts_with("walk");
                // who walks and turns left walks
                let yes = other == label || walks(other) && walks(label);
                assert_eq!(said, if yes { "yes" } else { "no" }, "{label}: {other}");
                assert!(confidence > 0.9);
            }
        }
    }

    #[test]
    fn in_doubt_the_nearest_are_offered() {
        let (said, confidence) = answer(named(&names(), &[1.0, 1.4, 1.2, 0.0, 0.0], 0.5, Texts::built_in()));
        assert!(confidence < 0.5);
        assert_eq!(said, "I don't know. It is most like walk, walk turn left, clap.");
    }

    #[test]
    fn what_no_label_says_holds_if_it_fits_nearly_as_well() {
        let mut names = names();
        names.push("applaud".to_owned());
        let said =
            |own| answer(whether("applaud", &names, &[5.0, 0.0, 0.0, 0.0, 0.0, own], false, Texts::built_in())).0;
        assert_eq!((said(4.5).as_str(), said(2.0).as_str()), ("yes", "no"));
    }
}
