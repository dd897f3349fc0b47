//! How likely labels are: by the decoder's answer, and in a model that was aligned with words by how well they fit.

use std::sync::Arc;

use anyhow::{Result, ensure};
use skeletonllm_data::Family;
use skeletonllm_network::{
    chat::Prompt,
    generate::Session,
    internvl::{IGNORED, Opening, TokenBatch},
    task::yield_now,
    tensors::host_async,
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
    /// was not taught, of which the decoder knows nothing, and never far below.
    pub answer: f32,
}

/// A taught label is no less likely as an answer than this, whatever the decoder says.
const LEAST_ANSWER: f32 = -3.0;

/// What the decoder keeps of the pictures of some motions.
struct Opened {
    tokens: TokenBatch,
    opening: Opening,
}

impl Assistant {
    /// `[motions][candidates]` scores of each label as the answer to the standard recognition question: the logarithm of
    /// its probability; in a model that was aligned with words, what its [`LabelScores`] come to.
    ///
    /// # Errors
    /// When a label is empty or the device gives nothing back.
    pub async fn rank_async(&self, observation: &Observation, labels: &[String]) -> Result<Vec<Vec<f32>>> {
        let Some(alignment) = &self.model.alignment else {
            let opened = self.open(observation).await?;
            return self.answers_async(opened, observation, labels).await;
        };
        let shares = alignment.shares();
        if shares.answer == 0.0 {
            let fits = self.fits_async(&self.open(observation).await?, observation, labels).await?;
            return Ok(fits.into_iter().map(|row| row.into_iter().map(|fit| shares.fit * fit).collect()).collect());
        }
        let scores = self.label_scores_async(observation, labels).await?;
        let sum = |LabelScores { fit, answer }| shares.fit * fit + shares.answer * answer;
        Ok(scores.into_iter().map(|row| row.into_iter().map(sum).collect()).collect())
    }

    /// `[motions][candidates]` both scores of each label.
    ///
    /// # Errors
    /// As [`Assistant::rank_async`].
    async fn label_scores_async(&self, observation: &Observation, labels: &[String]) -> Result<Vec<Vec<LabelScores>>> {
        let opened = self.open(observation).await?;
        let fits = self.fits_async(&opened, observation, labels).await?;
        let answers = self.answers_async(opened, observation, labels).await?;
        let usual = (self.labels.len() as f32).ln();
        let score = |(i, (fit, said)): (usize, (f32, f32))| {
            let answer = if self.labels.contains(&labels[i]) { (said + usual).max(LEAST_ANSWER) } else { 0.0 };
            LabelScores { fit, answer }
        };
        let rows = fits.into_iter().zip(answers);
        Ok(rows.map(|(fits, said)| fits.into_iter().zip(said).enumerate().map(score).collect()).collect())
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
        yield_now().await;
        let visual = observation.visual.clone().unsqueeze();
        let opening = self.model.internvl.open_async(&tokens, Some(visual)).await?;
        Ok(Opened { tokens, opening })
    }

    /// `[motions][candidates]` how well each text fits what is seen. All the same in a model that was not aligned with
    /// words.
    async fn fits_async(
        &self,
        Opened { tokens, opening }: &Opened,
        observation: &Observation,
        texts: &[String],
    ) -> Result<Vec<Vec<f32>>> {
        ensure!(texts.iter().all(|text| !text.trim().is_empty()), "a label is empty");
        let Some(alignment) = self.model.alignment.as_ref().filter(|_| !texts.is_empty()) else {
            return Ok(vec![vec![0.0; texts.len()]; tokens.rows().len()]);
        };
        let places = observation.places.get_or_init(|| alignment.places(self.model.internvl.seen(tokens, opening)));
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

/// Log-probabilities of a few answers → their probabilities if one of them is given.
pub(crate) fn among_themselves(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = scores.iter().map(|s| (s - most).exp()).sum();
    scores.iter().map(|s| (s - most).exp() / total).collect()
}
