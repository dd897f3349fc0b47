//! What a stage asks about a clip (spec A.9, A.10).

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use skeletonllm_data::{
    Family, FamilyWeights, Phrasing, Rng,
    prompts::Prompts,
    question_of, sample_question,
    teacher::{ShownClip, Teacher},
};

use super::{Similar, Stage};

/// Where a run's questions and answers come from.
#[derive(Clone)]
pub struct Curriculum {
    /// How often stages 1 and 4 ask each family.
    pub families: FamilyWeights,
    /// The prompts of stages 2 and 3.
    pub prompts: Prompts,
    /// The hard negatives of stage 2.
    pub similar: Similar,
    /// Who explains clips in stage 3.
    pub teacher: Option<Arc<dyn Teacher>>,
    /// Whether stages 2 and 3 ask for the label as well: what a model whose eyes learn would forget over them.
    pub rehearse: bool,
}

impl Curriculum {
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
            Stage::DiscFt => {
                let label = self.rehearsed(clip, rng);
                let others = count.saturating_sub(label.len()).max(1);
                let asked = self.is_it(clip, others, rng);
                Ok(if asked.is_empty() { asked } else { [label, asked].concat() })
            }
            Stage::CrDistill => {
                let Some(teacher) = &self.teacher else { bail!("stage 3 has no teacher") };
                let told = teacher.rationale(clip).with_context(|| clip.record.file_name.clone())?;
                let Some(text) = told else { return Ok(Vec::new()) };
                Ok([self.rehearsed(clip, rng), vec![(self.prompts.student().to_owned(), text)]].concat())
            }
        }
    }

    fn rehearsed(&self, clip: &ShownClip<'_>, rng: &mut Rng) -> Vec<(String, String)> {
        self.label(clip, rng).filter(|_| self.rehearse).into_iter().collect()
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
    use skeletonllm_data::{Labels, Truth, record::read_metadata, teacher::KinematicTeacher};

    use super::*;
    use crate::stick_figure;

    /// What is asked in a stage about somebody who waves the left hand.
    fn asked(stage: Stage, rehearse: bool, count: usize, seed: u64) -> Vec<(String, String)> {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).unwrap();
            dir.path().join(name)
        };
        file("metadata.jsonl", "{\"file_name\": \"a.bvh\", \"label\": \"wave left hand\"}");
        let similar = file("similar.json", r#"{"wave left hand": ["raise left hand", "clap"]}"#);
        let record = &read_metadata(dir.path()).unwrap()[0];
        let curriculum = Curriculum {
            families: FamilyWeights::default(),
            prompts: Prompts::built_in().clone(),
            similar: Similar::read(&similar).unwrap(),
            teacher: Some(Arc::new(KinematicTeacher)),
            rehearse,
        };
        let motion = &stick_figure::waving(0);
        let labels = Labels::new(["wave left hand", "raise left hand", "clap", "squat"]);
        let truth = &Truth::of(record, motion, false, &labels);
        let clip = ShownClip { record, motion, mirrored: false, truth };
        curriculum.ask(stage, &clip, count, &mut Rng::new(seed)).unwrap()
    }

    #[test]
    fn stage_two_asks_for_the_true_label_and_for_those_like_it_in_turn() {
        let prompts = Prompts::built_in();
        let (yes, no) = (prompts.disc_ft("wave left hand"), ["raise left hand", "clap"].map(|l| prompts.disc_ft(l)));
        for seed in 0..20 {
            let all = asked(Stage::DiscFt, false, 4, seed);
            assert_eq!(all.len(), 4);
            assert_eq!(all.iter().filter(|(question, answer)| *question == yes && answer == "YES").count(), 2);
            assert_eq!(all.iter().filter(|(question, answer)| no.contains(question) && answer == "NO").count(), 2);
            let rehearsed = asked(Stage::DiscFt, true, 3, seed);
            assert_eq!((rehearsed.len(), rehearsed[0].1.as_str()), (3, "wave left hand"));
        }
    }

    #[test]
    fn stage_three_asks_for_an_explanation_and_the_others_for_the_label_first() {
        let told = asked(Stage::CrDistill, false, 3, 1);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].0, Prompts::built_in().student());
        assert!(told[0].1.ends_with("\nLabel: wave left hand"), "{}", told[0].1);
        assert_eq!(asked(Stage::CrDistill, true, 3, 1).len(), 2);
        for stage in [Stage::WarmUp, Stage::Refine] {
            let all = asked(stage, true, 3, 1);
            assert_eq!((all.len(), all[0].1.as_str()), (3, "wave left hand"));
        }
    }

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
