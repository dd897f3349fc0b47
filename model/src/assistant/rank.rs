//! How likely labels are: by the decoder's answer, and in a model that was aligned with words by how well they fit.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

use anyhow::{Context, Result, ensure};
use burn::tensor::Tensor;
use skeletonllm_data::Family;
use skeletonllm_network::{
    chat::Prompt,
    generate::Session,
    task::yield_now,
    tensors::host_async,
    token_reader::{IGNORED, Opening, TokenBatch},
    words::Words,
};

use super::Assistant;
use crate::observation::Observation;

/// What a model that was aligned with words has to say of a label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelScores {
    /// How well it fits what is seen, a logarithm of odds.
    pub fit: f32,
    /// How much likelier the decoder finds it as the answer than labels are on average, a logarithm; 0 for a label that
    /// was not taught, of which the decoder knows nothing, and never far below. Of a model that was also asked without
    /// pictures how much likelier the pictures make it, taught or not: what is taught is likely without any.
    pub answer: f32,
}

/// Labels that a decoder is asked for that was also asked without pictures.
const ASKED: usize = 32;
/// A taught label is no less likely as an answer than this, whatever the decoder says.
const LEAST_ANSWER: f32 = -3.0;

/// What the decoder keeps of the pictures of some motions.
struct Opened {
    tokens: TokenBatch,
    opening: Opening,
}

impl Assistant {
    /// `[motions][candidates]` scores of each label as the answer to the standard recognition question: the logarithm of
    /// its probability, less the same without pictures in a model that was asked without; in a model that was aligned with
    /// words, what its [`LabelScores`] come to. Among labels of which only some were taught those count less, the more the
    /// more others there are.
    ///
    /// # Errors
    /// When a label is empty or the device gives nothing back.
    pub async fn rank_async(&self, observation: &Observation, labels: &[String]) -> Result<Vec<Vec<f32>>> {
        let Some(alignment) = &self.model.alignment else {
            let opened = self.open(observation).await?;
            let mut answers = self.answers_async(opened, observation, labels).await?;
            if self.blind {
                let usual = self.blind_answers_async(observation, labels).await?;
                answers.iter_mut().for_each(|row| row.iter_mut().zip(&usual).for_each(|(said, usual)| *said -= usual));
            }
            return Ok(answers);
        };
        let shares = alignment.shares();
        let among_as_many = shares.fit * shares.taught;
        // a label alone is weighed against those of another list
        let mixed = among_as_many > 0.0 && labels.len() > 1;
        let taught = if mixed { self.taught(labels, alignment.words()) } else { Vec::new() };
        let less = less(among_as_many, &taught);
        // of labels that were not taught the decoder has something to say only if it was asked without pictures, too
        let mut scores = if shares.answer == 0.0 || less.is_some() && !self.blind {
            let opened = match alignment.temporal {
                Some(_) => None,
                None => Some(self.open(observation).await?),
            };
            let fits = self.fits_async(opened.as_ref(), observation, labels).await?;
            fits.into_iter().map(|row| row.into_iter().map(|fit| shares.fit * fit).collect()).collect()
        } else {
            let scores = self.label_scores_async(observation, labels).await?;
            let sum = |LabelScores { fit, answer }| shares.fit * fit + shares.answer * answer;
            scores.into_iter().map(|row| row.into_iter().map(sum).collect()).collect::<Vec<Vec<f32>>>()
        };
        if let Some(less) = less {
            scores
                .iter_mut()
                .for_each(|row| row.iter_mut().zip(&taught).for_each(|(score, taught)| *score -= less * taught));
        }
        Ok(scores)
    }

    /// How far each label was taught, 0..1: in its own words, or in others that mean nearly the same.
    fn taught(&self, labels: &[String], words: &Words) -> Vec<f32> {
        let places: OnceCell<Vec<Vec<f32>>> = OnceCell::new();
        let share = |label: &String| {
            if self.labels.contains(label) {
                return 1.0;
            }
            let known = places.get_or_init(|| self.labels.iter().filter_map(|label| words.embed(label)).collect());
            words.embed(label).map_or(0.0, |place| nearness(&place, known))
        };
        labels.iter().map(share).collect()
    }

    /// `[motions][candidates]` both scores of each label.
    ///
    /// # Errors
    /// As [`Assistant::rank_async`].
    async fn label_scores_async(&self, observation: &Observation, labels: &[String]) -> Result<Vec<Vec<LabelScores>>> {
        let opened = self.open(observation).await?;
        let fits = self.fits_async(Some(&opened), observation, labels).await?;
        if self.blind {
            return self.added_async(opened, observation, labels, fits).await;
        }
        let answers = self.answers_async(opened, observation, labels).await?;
        let usual = (self.labels.len() as f32).ln();
        let score = |(i, (fit, said)): (usize, (f32, f32))| {
            let answer = if self.labels.contains(&labels[i]) { (said + usual).max(LEAST_ANSWER) } else { 0.0 };
            LabelScores { fit, answer }
        };
        let rows = fits.into_iter().zip(answers);
        Ok(rows.map(|(fits, said)| fits.into_iter().zip(said).enumerate().map(score).collect()).collect())
    }

    /// `[motions][candidates]` both scores, the answers' by what the pictures add. A large decoder takes a second for two
    /// hundred labels, so of each motion it is asked for those that fit best; the others add as little as the least of these.
    async fn added_async(
        &self,
        opened: Opened,
        observation: &Observation,
        labels: &[String],
        fits: Vec<Vec<f32>>,
    ) -> Result<Vec<Vec<LabelScores>>> {
        let shortlist = |fits: &Vec<f32>| {
            let mut order: Vec<usize> = (0..fits.len()).collect();
            order.sort_by(|&a, &b| fits[b].total_cmp(&fits[a]));
            order.truncate(ASKED);
            order
        };
        let lists: Vec<Vec<usize>> = fits.iter().map(shortlist).collect();
        let asked: BTreeSet<usize> = lists.iter().flatten().copied().collect();
        let names: Vec<String> = asked.iter().map(|&label| labels[label].clone()).collect();
        let answers = self.answers_async(opened, observation, &names).await?;
        let usual = self.blind_answers_async(observation, &names).await?;
        let place: BTreeMap<usize, usize> =
            asked.into_iter().enumerate().map(|(place, label)| (label, place)).collect();
        let row = |((fits, list), said): ((Vec<f32>, Vec<usize>), Vec<f32>)| {
            let added = |label: &usize| (said[place[label]] - usual[place[label]]).max(LEAST_ANSWER);
            let least = list.iter().map(added).fold(f32::INFINITY, f32::min);
            let answer = |label: usize| if list.contains(&label) { added(&label) } else { least };
            fits.into_iter().enumerate().map(|(label, fit)| LabelScores { fit, answer: answer(label) }).collect()
        };
        Ok(fits.into_iter().zip(lists).zip(answers).map(row).collect())
    }

    /// `[motions][candidates]` both scores of each label, waiting for the device.
    ///
    /// # Errors
    /// As [`Assistant::rank_async`].
    #[cfg(not(target_family = "wasm"))]
    pub fn label_scores(&self, observation: &Observation, labels: &[String]) -> Result<Vec<Vec<LabelScores>>> {
        pollster::block_on(self.label_scores_async(observation, labels))
    }

    /// Whether movements were aligned with words.
    #[must_use]
    pub fn is_aligned(&self) -> bool {
        self.model.alignment.is_some()
    }

    /// The pictures, as far as a question begins.
    async fn open(&self, observation: &Observation) -> Result<Opened> {
        let motions = 0..observation.clips.len();
        let tokens = TokenBatch::new(motions.map(|motion| self.opening(observation, motion)).collect());
        self.open_tokens(tokens, observation.visual.clone()).await
    }

    /// Openings with these visual tokens, `[tokens, hidden]`, in them.
    async fn open_tokens(&self, tokens: TokenBatch, visual: Tensor<2>) -> Result<Opened> {
        yield_now().await;
        let opening = self.model.internvl.reader().open_async(&tokens, Some(visual.unsqueeze())).await?;
        Ok(Opened { tokens, opening })
    }

    /// `[candidates]` log-probability of each label as the answer when all pictures are hidden, as training hides them.
    async fn blind_answers_async(&self, observation: &Observation, labels: &[String]) -> Result<Vec<f32>> {
        let known = || self.blind_answers.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<String> = labels.iter().filter(|label| !known().contains_key(*label)).cloned().collect();
        if !new.is_empty() {
            let visual = observation.visual_of(0).squeeze_dim(0).zeros_like();
            let opened = self.open_tokens(TokenBatch::new(vec![self.opening(observation, 0)]), visual).await?;
            let answers = self.answers_async(opened, observation, &new).await?.swap_remove(0);
            known().extend(new.into_iter().zip(answers));
        }
        let known = known();
        Ok(labels.iter().map(|label| known[label]).collect())
    }

    /// `[motions][candidates]` how well each text fits what is seen. All the same in a model that was not aligned with
    /// words.
    async fn fits_async(
        &self,
        opened: Option<&Opened>,
        observation: &Observation,
        texts: &[String],
    ) -> Result<Vec<Vec<f32>>> {
        ensure!(texts.iter().all(|text| !text.trim().is_empty()), "a label is empty");
        let motions = observation.clips.len();
        let Some(alignment) = self.model.alignment.as_ref().filter(|_| !texts.is_empty()) else {
            return Ok(vec![vec![0.0; texts.len()]; motions]);
        };
        if let Some(Opened { tokens, opening }) = opened {
            observation.places.get_or_init(|| alignment.places(self.model.internvl.reader().seen(tokens, opening)));
        }
        let places = observation.places.get().context("nothing was made of the pictures")?;
        let scores = alignment.scores(places.clone(), alignment.texts(texts));
        Ok(host_async(scores).await?.chunks(texts.len()).map(<[f32]>::to_vec).collect())
    }

    /// `[motions][candidates]` log-probability of each label as the decoder's answer to the standard recognition question.
    async fn answers_async(
        &self,
        Opened { tokens, opening }: Opened,
        observation: &Observation,
        labels: &[String],
    ) -> Result<Vec<Vec<f32>>> {
        let question = skeletonllm_data::canonical(Family::Recognition).expect("every family but one has a wording");
        let candidates: Vec<Vec<u32>> = labels.iter().map(|l| self.chat.candidate(l)).collect();
        let rest = |(motion, opening): (usize, &Vec<u32>)| {
            let mut prompt = self.prompt(question, observation, motion)?;
            Ok(prompt.split_off(opening.len()))
        };
        let rests = tokens.rows().iter().enumerate().map(rest).collect::<Result<_>>()?;
        let mut session = Session::behind(&self.model.internvl, opening);
        yield_now().await;
        session.feed(&TokenBatch::new(rests), None)?;
        Ok(session.score_async(&candidates).await?)
    }

    /// `[motions][labels]` scores of all known labels, computed once for what is seen.
    ///
    /// # Errors
    /// As [`Assistant::rank_async`].
    pub(super) async fn own_scores_async<'o>(&self, observation: &'o Observation) -> Result<&'o [Vec<f32>]> {
        if let Some(scores) = observation.own_scores.get() {
            return Ok(scores);
        }
        let scores = self.rank_async(observation, &self.labels).await?;
        Ok(observation.own_scores.get_or_init(|| scores))
    }

    /// As [`Assistant::rank_async`], waiting for the device.
    ///
    /// # Errors
    /// As [`Assistant::rank_async`].
    #[cfg(not(target_family = "wasm"))]
    pub fn rank(&self, observation: &Observation, labels: &[String]) -> Result<Vec<Vec<f32>>> {
        pollster::block_on(self.rank_async(observation, labels))
    }

    /// All known labels for the first motion with their probabilities among themselves, best first.
    ///
    /// # Errors
    /// As [`Assistant::rank_async`].
    pub async fn recognise_async(&self, observation: &Observation) -> Result<Vec<(String, f32)>> {
        let scores = &self.own_scores_async(observation).await?[0];
        let mut ranked: Vec<(String, f32)> = self.labels.iter().cloned().zip(among_themselves(scores)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(ranked)
    }

    /// Where the first motion lies among [`Assistant::words`], a vector of length 1; nothing in a model that was not aligned
    /// with words.
    ///
    /// # Errors
    /// As [`Assistant::rank_async`].
    pub async fn place_async(&self, observation: &Observation) -> Result<Option<Vec<f32>>> {
        if !self.is_aligned() {
            return Ok(None);
        }
        self.own_scores_async(observation).await?;
        let Some(places) = observation.places.get() else { return Ok(None) };
        Ok(Some(host_async(places.clone().narrow(0, 0, 1)).await?))
    }

    /// The words that movements were aligned with, if they were.
    #[must_use]
    pub fn words(&self) -> Option<&Arc<Words>> {
        Some(self.model.alignment.as_ref()?.words())
    }

    /// As [`Assistant::recognise_async`], waiting for the device.
    ///
    /// # Errors
    /// As [`Assistant::recognise_async`].
    #[cfg(not(target_family = "wasm"))]
    pub fn recognise(&self, observation: &Observation) -> Result<Vec<(String, f32)>> {
        pollster::block_on(self.recognise_async(observation))
    }

    /// The tokens of the pictures of one motion of `observation`, up to where a question begins.
    fn opening(&self, observation: &Observation, motion: usize) -> Vec<u32> {
        let image_context = self.chat.tokenizer().image_context();
        let ids = self.chat.opening().to_vec();
        let labels = vec![IGNORED; ids.len()];
        Prompt { ids, labels }.with_tokens(image_context, observation.tokens_of(motion)).ids
    }
}

/// How far a text means what one of others does, 0..1. Of labels that movements tell apart ("kick to the side", "kick to the
/// front") cosines reach the first of the two bounds; beyond the second are other words for the same ("clap", "clap hands").
fn nearness(place: &[f32], others: &[Vec<f32>]) -> f32 {
    const BETWEEN: [f32; 2] = [0.83, 0.9];
    let cosine = |other: &Vec<f32>| place.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    let nearest = others.iter().map(cosine).fold(-1.0, f32::max);
    ((nearest - BETWEEN[0]) / (BETWEEN[1] - BETWEEN[0])).clamp(0.0, 1.0)
}

/// Where taught labels are so many times as many as others, as a logarithm, all labels are judged alike.
const OUTNUMBERED: f32 = 1.75;

/// What a label that was taught counts less, where that is known and others are to choose among: what it is among as many of
/// either kind, and where more of them were taught less, since more often one of these is true. By the odds of that alone it
/// would be too much: scores of clips of either kind spread so far into each other (some four units, where the two lie less
/// than that apart) that what is gained of few is lost of many.
fn less(among_as_many: f32, taught: &[f32]) -> Option<f32> {
    let count: f32 = taught.iter().sum();
    let others = taught.len() as f32 - count;
    let mixed = count > 0.0 && others > 0.0;
    let share = || 1.0 + (others / count).ln().min(0.0) / OUTNUMBERED;
    mixed.then(|| among_as_many * share()).filter(|less| *less > 0.0)
}

/// Log-probabilities of a few answers → their probabilities if one of them is given.
pub(crate) fn among_themselves(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = scores.iter().map(|s| (s - most).exp()).sum();
    scores.iter().map(|s| (s - most).exp() / total).collect()
}

#[cfg(test)]
mod tests {
    use super::{less, nearness};

    #[test]
    fn labels_that_were_taught_count_less_only_among_others() {
        assert_eq!(less(6.0, &[1.0, 0.0]), Some(6.0));
        assert_eq!(less(6.0, &[1.0, 0.5, 0.5, 0.0]), Some(6.0));
        assert_eq!(less(6.0, &[1.0, 0.0, 0.0]), Some(6.0));
        let few = less(6.0, &[1.0, 1.0, 1.0, 0.0]).unwrap();
        assert!((few - 6.0 * (1.0 - 3f32.ln() / 1.75)).abs() < 1e-6, "{few}");
        let rare: Vec<f32> = (0..2000).map(|n| f32::from(u8::from(n > 0))).collect();
        assert_eq!(less(6.0, &rare), None, "they never count more");
        for all_alike in [&[1.0, 1.0][..], &[0.0, 0.0], &[]] {
            assert_eq!(less(6.0, all_alike), None);
        }
        assert_eq!(less(0.0, &[1.0, 0.0]), None, "nobody has measured it");
    }

    #[test]
    fn other_words_for_the_same_are_taught_as_well() {
        let near = |cosine: f32| nearness(&[1.0, 0.0], &[vec![0.0, 1.0], vec![cosine, (1.0 - cosine * cosine).sqrt()]]);
        assert_eq!([near(0.3), near(0.82), near(0.95)], [0.0, 0.0, 1.0]);
        assert!((near(0.865) - 0.5).abs() < 1e-3);
        assert_eq!(nearness(&[1.0], &[]), 0.0);
    }
}
