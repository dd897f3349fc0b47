//! Questions that are answered from the scores of all labels together, and what is said in doubt.

use anyhow::Result;
use skeletonllm_data::{Asked, Kind, Labels, Texts, asked};

use super::{Assistant, rank::among_themselves};
use crate::observation::Observation;

/// Labels that are offered in doubt.
const OFFERED: usize = 3;
/// What no label says is held for true if it fits nearly as well as the label that fits best, in the unit of scores.
const NEARLY: f32 = 1.0;

/// What follows from the scores.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settled {
    pub part: Part,
    pub text: String,
    /// The probability of what it says, 0..1.
    pub confidence: f32,
}

/// How much of an answer is settled; the decoder says the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    All,
    Beginning,
    /// From where the chain of movements is complete, [`Texts::chain_of`].
    Ending,
}

impl Assistant {
    /// What a question asks for, if it is answered from the scores of labels: the label, whether it is this one, which
    /// of some, a sentence, or an explanation. `None` for other questions, and in a model that was not aligned with words, whose decoder answers all.
    pub(super) fn asked(&self, question: &str) -> Option<Asked> {
        let alignment = self.model.alignment.as_ref().filter(|_| !self.labels.is_empty())?;
        asked(question, Texts::built_in()).filter(|asked| match asked {
            Asked::Whether(label) => alignment.words().embed(label).is_some(),
            Asked::Among(options) => options.iter().all(|option| alignment.words().embed(option).is_some()),
            Asked::Label | Asked::Caption | Asked::Why | Asked::Kind(_) => true,
        })
    }

    /// The answer about one motion.
    ///
    /// # Errors
    /// When the device gives nothing back.
    pub(super) async fn settle(&self, asked: Asked, observation: &Observation, motion: usize) -> Result<Settled> {
        let (texts, names) = (Texts::built_in(), &self.labels);
        Ok(match asked {
            Asked::Label => self.likeliest(observation, motion).await?,
            Asked::Caption => match self.likeliest(observation, motion).await? {
                Settled { text, confidence, .. } if names.contains(&text) => {
                    Settled { part: Part::Beginning, text: texts.caption_begins(&text), confidence }
                }
                doubt => doubt,
            },
            Asked::Why => {
                let Settled { text, confidence, .. } = self.likeliest(observation, motion).await?;
                let text = if names.contains(&text) { texts.concludes(&text) } else { format!(". {text}") };
                Settled { part: Part::Ending, text, confidence }
            }
            Asked::Among(options) => {
                let scores = self.rank_async(&observation.only(motion), &options).await?.swap_remove(0);
                named(&options, &scores, 0.0, texts)
            }
            Asked::Kind(kind) => of_kind(kind, names, &self.own_scores_async(observation).await?[motion], texts),
            Asked::Whether(label) => {
                let own = &self.own_scores_async(observation).await?[motion];
                if names.contains(&label) {
                    return Ok(whether(&label, names, own, true, texts));
                }
                let added = self.rank_async(&observation.only(motion), std::slice::from_ref(&label)).await?;
                let names = [&names[..], std::slice::from_ref(&label)].concat();
                let scores = [&own[..], &added[0]].concat();
                whether(&label, &names, &scores, false, texts)
            }
        })
    }

    /// The likeliest of all known labels for one motion, or doubt.
    async fn likeliest(&self, observation: &Observation, motion: usize) -> Result<Settled> {
        let least = self.model.alignment.as_ref().map_or(0.0, |alignment| alignment.shares().least);
        Ok(named(&self.labels, &self.own_scores_async(observation).await?[motion], least, Texts::built_in()))
    }
}

/// The likeliest label, or those that are most like it where it is not likely enough. How likely it must be was found out
/// on clips of which labels that may be true as well did not count, so they do not speak against it here.
fn named(names: &[String], scores: &[f32], least: f32, texts: &Texts) -> Settled {
    let probabilities = among_themselves(scores);
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (best, labels) = (order[0], Labels::new(names));
    let confidence = probabilities[best];
    let against = |&(i, _): &(usize, &f32)| i != best && !texts.may_both_hold(&labels, &names[i], &names[best]);
    let against: f32 = probabilities.iter().enumerate().filter(against).map(|(_, p)| p).sum();
    if confidence >= least * (confidence + against) {
        return Settled { part: Part::All, text: names[best].clone(), confidence };
    }
    let nearest: Vec<String> = order.iter().take(OFFERED).map(|&i| names[i].clone()).collect();
    Settled { part: Part::All, text: texts.unsure(&nearest), confidence }
}

/// Whether what is done is of a kind: the likeliest label is.
fn of_kind(kind: &Kind, names: &[String], scores: &[f32], texts: &Texts) -> Settled {
    claim(names, scores, |name| kind.holds(name), |_| false, texts)
}

/// Whether a label holds: it is the likeliest, or may be true together with that.
fn whether(label: &str, names: &[String], scores: &[f32], taught: bool, texts: &Texts) -> Settled {
    let labels = Labels::new(names);
    let holds = |name: &String| name == label || texts.may_both_hold(&labels, name, label);
    let own = names.iter().position(|name| name == label).map_or(f32::NEG_INFINITY, |i| scores[i]);
    claim(names, scores, holds, |best| !taught && own >= best - NEARLY, texts)
}

/// Whether a claim holds that some labels make true: the likeliest does, or `nearly` says of its score that it is true
/// nevertheless.
fn claim(
    names: &[String],
    scores: &[f32],
    holds: impl Fn(&String) -> bool,
    nearly: impl Fn(f32) -> bool,
    texts: &Texts,
) -> Settled {
    let probabilities = among_themselves(scores);
    let together: f32 = names.iter().zip(&probabilities).filter(|(name, _)| holds(name)).map(|(_, p)| p).sum();
    let best = (0..names.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or_default();
    let yes = holds(&names[best]) || nearly(scores[best]);
    let answers = texts.answers();
    let (text, confidence) = if yes { (&answers.yes, together) } else { (&answers.no, 1.0 - together) };
    Settled { part: Part::All, text: text.clone(), confidence }
}

#[cfg(test)]
mod tests {
    use skeletonllm_data::Kinds;

    use super::*;

    fn answer(settled: Settled) -> (String, f32) {
        assert_eq!(settled.part, Part::All);
        (settled.text, settled.confidence)
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
    fn what_is_done_is_of_the_kinds_that_its_label_is_of() {
        let kind = |called| Kinds::built_in().find(called, str::to_owned).expect("a kind");
        // both waves are greetings, of which neither need be sure
        let scores = [0.0, 0.0, 0.0, 4.0, 3.9];
        for (name, expected) in [("a greeting", "yes"), ("a gesture", "yes"), ("a sport", "no"), ("a dance", "no")] {
            let (said, confidence) = answer(of_kind(kind(name), &names(), &scores, Texts::built_in()));
            assert_eq!(said, expected, "{name}");
            assert!(confidence > 0.9, "{name}: {confidence}");
        }
    }

    #[test]
    fn in_doubt_the_nearest_are_offered() {
        let (said, confidence) = answer(named(&names(), &[1.4, 0.0, 0.0, 1.2, 1.0], 0.5, Texts::built_in()));
        assert!(confidence < 0.5);
        assert_eq!(said, "I don't know. It is most like clap, wave left hand, wave right hand.");
        // who walks and turns left walks
        let (said, confidence) = answer(named(&names(), &[0.0, 2.0, 1.9, 0.0, 0.0], 0.5, Texts::built_in()));
        assert!(said == "walk" && confidence < 0.5, "{said} {confidence}");
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
