//! What a stage asks about a clip (spec A.9, A.10).

use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::{Similar, Stage};
use crate::{
    data::{Family, FamilyWeights, Phrasing, Rng, question_of, sample_question},
    prompts::Prompts,
    teacher::{ShownClip, Teacher},
};

/// Where a run's questions and answers come from.
#[derive(Clone)]
pub struct Asks {
    /// How often stages 1 and 4 ask each family.
    pub families: FamilyWeights,
    /// The prompts of stages 2 and 3.
    pub prompts: Prompts,
    /// The hard negatives of stage 2.
    pub similar: Similar,
    /// Who explains clips in stage 3.
    pub teacher: Option<Arc<dyn Teacher>>,
}

impl Asks {
    /// `count` questions with their answers. None where the stage has nothing to ask about this clip.
    ///
    /// # Errors
    /// When no question of stages 1 and 4 can be asked, stage 3 has no teacher, or the teacher cannot be reached.
    pub fn ask(
        &self,
        stage: Stage,
        clip: &ShownClip<'_>,
        count: usize,
        rng: &mut Rng,
    ) -> Result<Vec<(String, String)>> {
        match stage {
            Stage::WarmUp | Stage::Refine => {
                let label = self.label(clip, rng);
                let others = count - usize::from(label.is_some());
                label.map(Ok).into_iter().chain((0..others).map(|_| self.mixed(clip, rng))).collect()
            }
            Stage::DiscFt => Ok(self.is_it(clip, count, rng)),
            Stage::CrDistill => {
                let Some(teacher) = &self.teacher else { bail!("stage 3 has no teacher") };
                let told = teacher.rationale(clip).with_context(|| clip.record.file_name.clone())?;
                Ok(told.map(|text| (self.prompts.student().to_owned(), text)).into_iter().collect())
            }
        }
    }

    /// What is the person doing? Asked about every clip that has a label, since what else is asked rests on it.
    fn label(&self, clip: &ShownClip<'_>, rng: &mut Rng) -> Option<(String, String)> {
        let asked = question_of(Family::Recognition, clip.truth, rng, Phrasing::Train);
        let asked = asked.filter(|_| self.families.recognition > 0.0)?;
        Some((as_typed(&asked.question, rng), asked.answer))
    }

    fn mixed(&self, clip: &ShownClip<'_>, rng: &mut Rng) -> Result<(String, String)> {
        let asked = sample_question(clip.truth, rng, Phrasing::Train, &self.families)
            .with_context(|| format!("{}: there is nothing to ask about it", clip.record.file_name))?;
        Ok((as_typed(&asked.question, rng), asked.answer))
    }

    /// In turn, whether it is the true label and whether it is one of those like it; only the first where the label has
    /// no neighbours.
    fn is_it(&self, clip: &ShownClip<'_>, count: usize, rng: &mut Rng) -> Vec<(String, String)> {
        let Some(label) = clip.truth.label.as_deref() else { return Vec::new() };
        let others = self.similar.of(label);
        let first = rng.below(2);
        let asked = (0..count).map(|i| match (i + first).is_multiple_of(2) && !others.is_empty() {
            true => (self.prompts.disc_ft(rng.pick::<String>(&others)), "NO".to_owned()),
            false => (self.prompts.disc_ft(label), "YES".to_owned()),
        });
        asked.collect()
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
